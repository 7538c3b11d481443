/** All members of a set: at once, or step by step. */

import type { SetView } from "@redoubt/keyspace";
import { keyAt, type RowSpec } from "../row.js";
import { type ElementScan, isMatch, scanElements } from "../scan-options.js";
import type { CommandContext } from "../types.js";
import { keyArgument, setAt } from "../values.js";

function smembers(context: CommandContext): void {
  const { reply } = context;
  const set = setAt(context, keyArgument(context, 1));
  if (set === null) return;
  const size = set?.size ?? 0;
  reply.set(size);
  reply.bulks(size, (add) => {
    set?.forEach((member) => {
      add(member);
    });
  });
}

function sscan(context: CommandContext): void {
  scanElements(context, setAt, walk);
}

function walk(set: SetView, scan: ElementScan): number {
  return set.scan(scan.cursor, scan.count, (member) => {
    if (isMatch(scan, member)) scan.found.push(member);
  });
}

export const wholeSetRows: readonly RowSpec[] = [
  {
    name: "smembers",
    arity: 2,
    flags: ["readonly"],
    categories: ["set"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output_order"],
    summary: "All members of a set.",
    since: "1.0.0",
    group: "set",
    complexity: "O(N), N: members of the set",
    syntax: "key:key",
    execute: smembers,
  },
  {
    name: "sscan",
    arity: -3,
    flags: ["readonly"],
    categories: ["set"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output"],
    summary: "Walks over the members of a set, some at each call.",
    since: "2.8.0",
    group: "set",
    complexity: "O(COUNT) a call; a small set is given at once",
    syntax: "key:key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
    execute: sscan,
  },
];
