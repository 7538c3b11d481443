/** 32 bits over some keys of a state, its sizes and its log time: what one entry changed. */

import type { Keyspace } from "@redoubt/keyspace";

export function touchedMark(keyspace: Keyspace, keys: readonly string[]): number {
  let mark = mixed(keyspace.size, keyspace.volatileSize);
  mark = mixed(mark, keyspace.logTimeMs % 0x1_0000_0000);
  for (const key of keys) {
    mark = mixed(textMark(mark, key), keyspace.deadlineOf(key) % 0x1_0000_0000);
    mark = mixed(mark, keyspace.markOf(key));
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
