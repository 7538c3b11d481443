/**
 * Where in a file a damaged byte lies, in words: the reason why a case that changed nothing could change nothing.
 * LevelDB's formats are read here by themselves (its documents: log_format, table_format): this explains, it judges
 * nothing. What is harmless was decided before, by reading everything back.
 */

import type { DamagedFile } from "./damages.js";

const LOG_BLOCK_BYTES = 32_768;
const LOG_HEADER_BYTES = 7;
const TABLE_FOOTER_BYTES = 48;
const TABLE_TRAILER_BYTES = 5;
const WATERMARK_SLOT_BYTES = 64;
const WATERMARK_SLOT_STRIDE = 4096;

/** `before`: the file's bytes as they were. `isKept`: the file stays when the undamaged store is opened. */
export function reasonOf({ file, damage }: DamagedFile, before: Buffer, isKept: boolean): string {
  const name = file.split("/").at(-1) ?? "";
  if (name === "LOG" || name === "LOG.old") return "LevelDB's own diary, read by nobody";
  if (name === "LOCK") return "an empty file that is locked, made anew when missing";
  if (name.endsWith(".ldb") && !isKept)
    return "a table that LevelDB has done with, removed at opening";
  if (damage.kind === "deletion") {
    return before.length === 0 ? "it was empty" : "nothing that counts was in it";
  }
  const offset = damage.kind === "flip" ? damage.offset : damage.bytes;
  const what = damage.kind === "flip" ? "" : "what was cut begins in ";
  if (name === "watermark") return what + watermarkRegion(before, offset);
  if (name.endsWith(".log")) return what + logRegion(before, offset, true);
  if (name.startsWith("MANIFEST")) return what + logRegion(before, offset, false);
  if (name.endsWith(".ldb")) return what + tableRegion(before, offset);
  return `${what}byte ${offset} of ${before.length}`;
}

function watermarkRegion(before: Buffer, offset: number): string {
  const slot = Math.floor(offset / WATERMARK_SLOT_STRIDE);
  if (offset % WATERMARK_SLOT_STRIDE >= WATERMARK_SLOT_BYTES) return "the space between the slots";
  const count = (at: number): bigint => before.readBigUInt64BE(at * WATERMARK_SLOT_STRIDE + 4);
  const isNewer = count(slot) > count(1 - slot);
  return isNewer
    ? "the newer slot: the older one is intact, and the store is not behind it"
    : "the older slot: the newer one counts";
}

/** Of the record formats of `.log` and MANIFEST. `isBatches`: records hold batches of ours. */
function logRegion(bytes: Buffer, offset: number, isBatches: boolean): string {
  const parts: Buffer[] = [];
  let starts = 0;
  for (let at = 0; at + LOG_HEADER_BYTES <= bytes.length; ) {
    const left = LOG_BLOCK_BYTES - (at % LOG_BLOCK_BYTES);
    if (left < LOG_HEADER_BYTES) {
      if (offset >= at && offset < at + left) return "the padding at the end of a block";
      at += left;
      continue;
    }
    const length = bytes.readUInt16LE(at + 4);
    const type = bytes[at + 6];
    const end = at + LOG_HEADER_BYTES + length;
    if (type === 1 || type === 2) {
      parts.length = 0;
      starts = at;
    }
    parts.push(bytes.subarray(at + LOG_HEADER_BYTES, end));
    if (type === 1 || type === 4) {
      if (offset >= starts && offset < end) {
        const record = Buffer.concat(parts);
        return isBatches
          ? `a batch of ${batchKeys(record)}, each deleted or written again by a later one`
          : "a record of which later ones say the same";
      }
    }
    at = end;
  }
  return "what is behind the last whole record";
}

/** Of LevelDB's write batch: sequence u64, count u32, then puts and deletions. */
function batchKeys(record: Buffer): string {
  const names = new Set<string>();
  let at = 12;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = record[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < record.length) {
    const tag = record[at++];
    const keyBytes = varint();
    const key = record.subarray(at, at + keyBytes);
    at += keyBytes;
    if (tag === 1) {
      const valueBytes = varint();
      at += valueBytes;
    }
    names.add(keyName(key));
  }
  return [...names].join(", ") || "no keys";
}

function keyName(key: Buffer): string {
  const first = String.fromCharCode(key[0] ?? 0);
  if (first === "h") return "hard state";
  if (first === "m") return "meta";
  if (first === "s") return "snapshot record";
  if (first === "e" && key.length >= 9) return `entry ${key.readBigUInt64BE(1)}`;
  return `key 0x${key.toString("hex")}`;
}

function tableRegion(bytes: Buffer, offset: number): string {
  const footer = bytes.length - TABLE_FOOTER_BYTES;
  if (footer < 0) return "a table without a footer";
  if (offset >= footer) return "the footer's padding, or what the open table was cached from";
  const [metaAt = 0, metaBytes = 0, indexAt = 0, indexBytes = 0] = varints(bytes, footer, 4);
  const inside = (at: number, length: number): string | null => {
    if (offset < at || offset >= at + length + TABLE_TRAILER_BYTES) return null;
    return offset >= at + length
      ? "trailer (LevelDB's own checksum, which it does not look at)"
      : "";
  };
  const index = inside(indexAt, indexBytes);
  if (index !== null)
    return `the index block ${index}: a name between two blocks, or its form`.trim();
  const meta = inside(metaAt, metaBytes);
  if (meta !== null) return `the metaindex block ${meta}: no filter is used`.trim();
  for (const { at, length } of blocksOf(bytes, indexAt, indexBytes)) {
    const block = inside(at, length);
    if (block === null) continue;
    if (block !== "") return `a data block's ${block}`;
    return dataRegion(bytes.subarray(at, at + length), offset - at);
  }
  return "the filter block: no filter is used";
}

function dataRegion(block: Buffer, offset: number): string {
  const restarts = block.readUInt32LE(block.length - 4);
  const end = block.length - 4 - 4 * restarts;
  if (offset >= end) return "a data block's table of restarts, used to jump, not to scan";
  let key: Buffer = Buffer.alloc(0);
  for (let at = 0; at < end; ) {
    const [shared = 0, own = 0, value = 0] = varints(block, at, 3);
    const head = varintsBytes(block, at, 3);
    key = Buffer.concat([key.subarray(0, shared), block.subarray(at + head, at + head + own)]);
    const next = at + head + own + value;
    if (offset < next) {
      // Its last eight bytes are LevelDB's sequence number and kind.
      return `a record of ${keyName(key.subarray(0, -8))} that a newer one hides`;
    }
    at = next;
  }
  return "a data block";
}

function blocksOf(bytes: Buffer, at: number, length: number): { at: number; length: number }[] {
  const index = bytes.subarray(at, at + length);
  const end = index.length - 4 - 4 * index.readUInt32LE(index.length - 4);
  const blocks: { at: number; length: number }[] = [];
  for (let next = 0; next < end; ) {
    const [, own = 0, value = 0] = varints(index, next, 3);
    const handle = next + varintsBytes(index, next, 3) + own;
    const [blockAt = 0, blockBytes = 0] = varints(index, handle, 2);
    blocks.push({ at: blockAt, length: blockBytes });
    next = handle + value;
  }
  return blocks;
}

function varints(bytes: Buffer, at: number, count: number): number[] {
  const found: number[] = [];
  let next = at;
  while (found.length < count) {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[next++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    found.push(value);
  }
  return found;
}

function varintsBytes(bytes: Buffer, at: number, count: number): number {
  let next = at;
  for (let read = 0; read < count; next++) if ((bytes[next] ?? 0) < 0x80) read++;
  return next - at;
}
