/** What SCAN, HSCAN, SSCAN and ZSCAN share: the cursor, the options, the shape of the reply. */

import type { StringValue } from "@redoubt/keyspace";
import { SCAN_COUNT_DEFAULT } from "./constants.js";
import { errors } from "./errors.js";
import { globMatch } from "./glob.js";
import { clampToSafe } from "./numbers/int64.js";
import { latin1 } from "./text.js";
import type { CommandContext } from "./types.js";
import { bulkOf, integerArgument, keyArgument, optionArgument } from "./values.js";

/** What strtoul takes when nothing may stand before or after the number. */
const cursorText = /^(?:[+-]?\d+)?$/;
const UINT64_END = 2n ** 64n;

export interface ScanOptions {
  /** Null: all names. */
  pattern: string | null;
  /** Null: all types. Only of SCAN. */
  type: string | null;
  count: number;
}

/** Replies an error and returns null: not a cursor. */
export function cursorArgument(context: CommandContext, index: number): number | null {
  const cursor = parseCursor(latin1(context.argv[index]!));
  if (cursor === null) context.reply.error(errors.invalidCursor);
  return cursor;
}

function parseCursor(text: string): number | null {
  const end = text.indexOf("\0");
  const shown = end < 0 ? text : text.slice(0, end);
  if (!cursorText.test(shown)) return null;
  const digits = shown.replace(/^[+-]/, "");
  const magnitude = digits === "" ? 0n : BigInt(digits);
  if (magnitude >= UINT64_END) return null;
  return Number(shown.startsWith("-") ? (UINT64_END - magnitude) % UINT64_END : magnitude);
}

/** Null: the error was replied. */
export function parseScanOptions(
  context: CommandContext,
  start: number,
  takesType: boolean,
): ScanOptions | null {
  const { argv, reply } = context;
  const options: ScanOptions = { pattern: null, type: null, count: SCAN_COUNT_DEFAULT };
  for (let i = start; i < argv.length; i += 2) {
    const word = i + 1 < argv.length ? optionArgument(context, i) : "";
    if (word === "MATCH") {
      const pattern = latin1(argv[i + 1]!);
      options.pattern = pattern === "*" ? null : pattern;
    } else if (word === "TYPE" && takesType) {
      options.type = latin1(argv[i + 1]!).toLowerCase();
    } else if (word === "COUNT") {
      const count = integerArgument(context, i + 1);
      if (count === null) return null;
      if (count < 1) {
        reply.error(errors.syntax);
        return null;
      }
      options.count = clampToSafe(count);
    } else {
      reply.error(errors.syntax);
      return null;
    }
  }
  return options;
}

/** One step of a scan over the elements of a collection. */
export interface ElementScan {
  /** May be one that was never given out, up to 2^64. */
  readonly cursor: number;
  readonly count: number;
  readonly pattern: string | null;
  /** What the reply lists, filled by the walk: names, or names with their values or scores. */
  readonly found: StringValue[];
}

/**
 * HSCAN, SSCAN, ZSCAN. `walk` visits elements, pushes what `isMatch` wants to `found`, and returns the next
 * cursor. A missing key ends the scan before its options are looked at, as in Redis.
 */
export function scanElements<View>(
  context: CommandContext,
  at: (context: CommandContext, key: string) => View | undefined | null,
  walk: (view: View, scan: ElementScan) => number,
): void {
  const cursor = cursorArgument(context, 2);
  if (cursor === null) return;
  const view = at(context, keyArgument(context, 1));
  if (view === null) return;
  if (view === undefined) {
    replyScan(context, 0, []);
    return;
  }
  const options = parseScanOptions(context, 3, false);
  if (options === null) return;
  const { count, pattern } = options;
  const scan: ElementScan = { cursor, count, pattern, found: [] };
  replyScan(context, walk(view, scan), scan.found);
}

export function isMatch(scan: ElementScan, name: string): boolean {
  return scan.pattern === null || globMatch(scan.pattern, name);
}

export function replyScan(
  context: CommandContext,
  next: number,
  found: readonly StringValue[],
): void {
  context.reply.array(2);
  context.reply.bulk(String(next));
  context.reply.array(found.length);
  context.reply.bulks(found.length, (add) => {
    for (const element of found) add(bulkOf(element));
  });
}
