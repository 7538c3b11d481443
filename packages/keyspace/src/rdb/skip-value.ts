/** Passes a value over by its form alone: nothing is unpacked, nothing is kept. */

import type { RdbInput } from "./rdb-input.js";
import { ID_BYTES } from "./stream-ids.js";
import { rdbType, SCORE_NAN } from "./types.js";

const DOUBLE_BYTES = 8;
const TIME_BYTES = 8;

/** Of a type that can be read (RdbReader has looked). */
export function skipValue(input: RdbInput, type: number): void {
  switch (type) {
    case rdbType.list:
    case rdbType.set:
    case rdbType.listQuicklist:
      skipTexts(input, input.length());
      return;
    case rdbType.hash:
      for (let rest = input.length(); rest > 0; rest--) skipTexts(input, 2);
      return;
    case rdbType.listQuicklist2:
      for (let rest = input.length(); rest > 0; rest--) {
        input.length();
        input.skipText();
      }
      return;
    case rdbType.sortedSet:
      for (let rest = input.length(); rest > 0; rest--) {
        input.skipText();
        const length = input.byte();
        if (length < SCORE_NAN) input.skip(length);
      }
      return;
    case rdbType.sortedSet2:
      for (let rest = input.length(); rest > 0; rest--) {
        input.skipText();
        input.skip(DOUBLE_BYTES);
      }
      return;
    case rdbType.streamListpacks:
      skipStream(input, 1);
      return;
    case rdbType.streamListpacks2:
      skipStream(input, 2);
      return;
    case rdbType.streamListpacks3:
      skipStream(input, 3);
      return;
  }
  // A string, or a collection packed into one.
  input.skipText();
}

function skipTexts(input: RdbInput, count: number): void {
  for (let rest = count; rest > 0; rest--) input.skipText();
}

function skipLengths(input: RdbInput, count: number): void {
  for (let rest = count; rest > 0; rest--) input.length();
}

function skipStream(input: RdbInput, version: 1 | 2 | 3): void {
  for (let nodes = input.length(); nodes > 0; nodes--) skipTexts(input, 2);
  // Length and last id; first id, greatest deleted id, entries added.
  skipLengths(input, version > 1 ? 8 : 3);
  for (let groups = input.length(); groups > 0; groups--) {
    input.skipText();
    skipLengths(input, version > 1 ? 3 : 2);
    for (let pending = input.length(); pending > 0; pending--) {
      input.skip(ID_BYTES + TIME_BYTES);
      input.length();
    }
    for (let consumers = input.length(); consumers > 0; consumers--) {
      input.skipText();
      input.skip(version > 2 ? 2 * TIME_BYTES : TIME_BYTES);
      for (let pending = input.length(); pending > 0; pending--) input.skip(ID_BYTES);
    }
  }
}
