/**
 * Which arguments of a request are keys, by the row's key specifications. Hazards and routing rest on
 * this: a handler cannot forget a key it reads.
 */

import { keySlot } from "@redoubt/keyspace";
import { assert } from "./errors.js";
import { parseInteger } from "./numbers/int64.js";
import { latin1 } from "./text.js";
import type { CommandRow, KeyBegin, KeySpec } from "./types.js";

/** The positions one specification stands for. Reused: valid until the next call of `locate`. */
interface KeyRange {
  first: number;
  /** Inclusive. Below `first`: no key. */
  last: number;
  step: number;
}

const range: KeyRange = { first: 0, last: -1, step: 1 };

/**
 * Calls `visit` with every key, in order of the specifications; a key named twice is visited twice.
 * Arguments that make no sense (a key count that is no number) yield no key: the handler refuses them.
 */
export function forEachKey(
  row: CommandRow,
  argv: readonly Buffer[],
  visit: (key: string) => void,
): void {
  const specs = row.keySpecs;
  for (let i = 0; i < specs.length; i++) {
    if (!locate(specs[i]!, argv)) continue;
    // Copied first: `visit` may ask for keys again.
    const { last, step } = range;
    for (let at = range.first; at <= last; at += step) {
      const key = argv[at]!;
      visit(latin1(key));
    }
  }
}

/** The slot a redirect names: of the first key, or of what stands for one; -1: none. */
export function firstKeySlot(row: CommandRow, argv: readonly Buffer[]): number {
  const specs = row.keySpecs;
  for (let i = 0; i < specs.length; i++) {
    if (!locate(specs[i]!, argv) || range.last < range.first) continue;
    const key = argv[range.first]!;
    return keySlot(latin1(key));
  }
  const named = row.slotArgument === 0 ? undefined : argv[row.slotArgument];
  return named === undefined ? -1 : keySlot(latin1(named));
}

/**
 * Positions of all keys with the specification each comes from, for COMMAND GETKEYS. Null when the
 * arguments contradict a specification.
 */
export function keyPositions(
  row: CommandRow,
  argv: readonly Buffer[],
): { readonly position: number; readonly spec: KeySpec }[] | null {
  const found: { position: number; spec: KeySpec }[] = [];
  for (const spec of row.keySpecs) {
    if (spec.flags.includes("not_key")) continue;
    if (!locate(spec, argv)) return null;
    for (let at = range.first; at <= range.last; at += range.step) {
      found.push({ position: at, spec });
    }
  }
  return found;
}

/** Fills `range`. False when the arguments contradict the specification. */
function locate(spec: KeySpec, argv: readonly Buffer[]): boolean {
  const find = spec.find;
  const first = firstPosition(spec.begin, argv);
  range.first = first;
  range.last = -1;
  range.step = find.type === "unknown" ? 1 : find.keyStep;
  assert(range.step > 0, "a key step is positive");
  if (first <= 0) return true;
  if (find.type === "unknown") {
    range.last = first;
  } else if (find.type === "keynum") {
    const count = keyCount(argv[first + find.keyNumIndex]);
    if (count < 0) return false;
    range.first = first + find.firstKey;
    range.last = range.first + (count - 1) * find.keyStep;
  } else if (find.lastKey >= 0) {
    range.last = first + find.lastKey;
  } else if (find.limit <= 1) {
    range.last = argv.length + find.lastKey;
  } else {
    assert(find.lastKey === -1, "a limit stands only with the last argument");
    range.last = first + Math.trunc((argv.length - first) / find.limit) - 1;
  }
  if (range.last < argv.length) return true;
  range.last = -1;
  return false;
}

/** 0 or less: there is none. */
function firstPosition(begin: KeyBegin, argv: readonly Buffer[]): number {
  if (begin.type === "index") return begin.index;
  if (begin.type === "keyword" && begin.position === undefined) {
    return keywordIndex(begin.keyword, begin.startFrom, argv);
  }
  return begin.position?.(argv) ?? 0;
}

/** Position after the keyword, 0 when it is not there. */
function keywordIndex(keyword: string, startFrom: number, argv: readonly Buffer[]): number {
  const step = startFrom > 0 ? 1 : -1;
  const start = startFrom > 0 ? startFrom : argv.length + startFrom;
  const end = startFrom > 0 ? argv.length : 0;
  for (let i = start; i !== end; i += step) {
    const text = argv[i];
    if (text === undefined) return 0;
    if (latin1(text).toUpperCase() === keyword) return i + 1;
  }
  return 0;
}

/** A count of keys, -1 when it is none. */
function keyCount(argument: Buffer | undefined): number {
  if (argument === undefined) return -1;
  const count = parseInteger(latin1(argument));
  return typeof count === "number" && count >= 0 ? count : -1;
}
