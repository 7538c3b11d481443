/** ZSCAN: a walk over the members of a sorted set with their scores, some at each call. */

import type { SortedSetView } from "@redoubt/keyspace";
import { formatDouble } from "@redoubt/resp";
import { keyAt, type RowSpec } from "../row.js";
import { type ElementScan, isMatch, scanElements } from "../scan-options.js";
import type { CommandContext } from "../types.js";
import { sortedSetAt } from "../values.js";

function zscan(context: CommandContext): void {
  scanElements(context, sortedSetAt, walk);
}

/** Scores are text here in RESP3 too. */
function walk(set: SortedSetView, scan: ElementScan): number {
  return set.scan(scan.cursor, scan.count, (member, score) => {
    if (isMatch(scan, member)) scan.found.push(member, formatDouble(score));
  });
}

export const zscanRow: RowSpec = {
  name: "zscan",
  arity: -3,
  flags: ["readonly"],
  categories: ["sortedset"],
  keys: [keyAt(1, "RO", "access")],
  tips: ["nondeterministic_output"],
  summary: "Walks over the members of a sorted set with their scores, some at each call.",
  since: "2.8.0",
  group: "sorted-set",
  complexity: "O(COUNT) a call; a small sorted set is given at once",
  syntax: "key:key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
  execute: zscan,
};
