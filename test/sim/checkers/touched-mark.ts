/** 32 bits over some keys of a state, its sizes and its log time: what one entry changed. */

import {
  isStringValue,
  type Keyspace,
  stringBytes,
  stringLength,
  valueMark,
} from "@redoubt/keyspace";

/** Bytes of a large value that are looked at, at each end. */
const END_BYTES = 64;
const SMALL_BYTES = 256;

export function touchedMark(keyspace: Keyspace, keys: readonly string[]): number {
  let mark = mixed(keyspace.size, keyspace.volatileSize);
  mark = mixed(mark, keyspace.logTimeMs % 0x1_0000_0000);
  for (const key of keys) {
    mark = mixed(textMark(mark, key), keyspace.deadlineOf(key) % 0x1_0000_0000);
    const value = keyspace.peek(key);
    if (value === undefined) {
      mark = mixed(mark, -1);
    } else if (typeof value === "string") {
      mark = textMark(mixed(mark, value.length), value);
    } else if (isStringValue(value)) {
      const bytes = stringBytes(value);
      const length = stringLength(value);
      mark = mixed(mark, length);
      const end = length <= SMALL_BYTES ? length : END_BYTES;
      for (let i = 0; i < end; i++) mark = mixed(mark, bytes[i]!);
      for (let i = Math.max(end, length - END_BYTES); i < length; i++)
        mark = mixed(mark, bytes[i]!);
    } else {
      mark = mixed(mark, valueMark(value));
    }
  }
  return mark;
}

function textMark(start: number, text: string): number {
  let mark = start;
  for (let i = 0; i < text.length; i++) {
    mark = Math.imul(mark ^ text.charCodeAt(i), 0x01000193);
  }
  return mark ^ (mark >>> 15);
}

function mixed(mark: number, word: number): number {
  const next = Math.imul(mark ^ word, 0x9e3779b1);
  return next ^ (next >>> 13);
}
