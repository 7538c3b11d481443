/** Key to CLUSTER slot: CRC16 (XMODEM) of the key or of its hash tag, as in the Redis Cluster specification. */

import { SHARD_COUNT, SLOT_COUNT } from "./constants.js";

const SHARD_MASK = SHARD_COUNT - 1;
const OPENING_BRACE = 0x7b;
const CRC16_TABLE = crc16Table();

export function keySlot(key: string): number {
  const length = key.length;
  let crc = 0;
  for (let i = 0; i < length; i++) {
    const code = key.charCodeAt(i);
    if (code === OPENING_BRACE) {
      return taggedSlot(key, i);
    }
    crc = ((crc << 8) & 0xffff) ^ CRC16_TABLE[((crc >> 8) ^ code) & 0xff]!;
  }
  return crc & (SLOT_COUNT - 1);
}

/** The shard of a key's slot. */
export function keyShard(key: string): number {
  return keySlot(key) & SHARD_MASK;
}

export function slotShard(slot: number): number {
  return slot & SHARD_MASK;
}

/** `opening`: position of the first brace. An empty or unclosed tag does not count. */
function taggedSlot(key: string, opening: number): number {
  const closing = key.indexOf("}", opening + 1);
  if (closing === -1 || closing === opening + 1) {
    return crc16(key, 0, key.length) & (SLOT_COUNT - 1);
  }
  return crc16(key, opening + 1, closing) & (SLOT_COUNT - 1);
}

function crc16(text: string, start: number, end: number): number {
  let crc = 0;
  for (let i = start; i < end; i++) {
    crc = ((crc << 8) & 0xffff) ^ CRC16_TABLE[((crc >> 8) ^ text.charCodeAt(i)) & 0xff]!;
  }
  return crc;
}

function crc16Table(): Uint16Array {
  const table = new Uint16Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    table[byte] = crc;
  }
  return table;
}
