/** All fields of a hash: at once, counted, or step by step. */

import type { HashView, StringValue } from "@redoubt/keyspace";
import { keyAt, type RowSpec } from "../row.js";
import { type ElementScan, isMatch, scanElements } from "../scan-options.js";
import type { CommandContext } from "../types.js";
import { bulkOf, hashAt, keyArgument } from "../values.js";

function hlen(context: CommandContext): void {
  const hash = hashAt(context, keyArgument(context, 1));
  if (hash !== null) context.reply.integer(hash?.size ?? 0);
}

function hgetall(context: CommandContext): void {
  const hash = hashAt(context, keyArgument(context, 1));
  if (hash === null) return;
  const size = hash?.size ?? 0;
  context.reply.map(size);
  context.reply.bulks(2 * size, (add) => {
    hash?.forEach((field, value) => {
      add(field);
      add(bulkOf(value));
    });
  });
}

function hkeys(context: CommandContext): void {
  replyEach(context, (field) => field);
}

function hvals(context: CommandContext): void {
  replyEach(context, (_field, value) => value);
}

function replyEach(
  context: CommandContext,
  choose: (field: string, value: StringValue) => StringValue,
): void {
  const hash = hashAt(context, keyArgument(context, 1));
  if (hash === null) return;
  const size = hash?.size ?? 0;
  context.reply.array(size);
  context.reply.bulks(size, (add) => {
    hash?.forEach((field, value) => {
      add(bulkOf(choose(field, value)));
    });
  });
}

function hscan(context: CommandContext): void {
  scanElements(context, hashAt, walk);
}

function walk(hash: HashView, scan: ElementScan): number {
  return hash.scan(scan.cursor, scan.count, (field, value) => {
    if (isMatch(scan, field)) scan.found.push(field, value);
  });
}

const readFacts = {
  arity: 2,
  flags: ["readonly"],
  categories: ["hash"],
  keys: [keyAt(1, "RO", "access")],
  tips: ["nondeterministic_output_order"],
  since: "2.0.0",
  group: "hash",
  complexity: "O(N), N: fields of the hash",
  syntax: "key:key",
} as const satisfies Partial<RowSpec>;

export const wholeHashRows: readonly RowSpec[] = [
  {
    name: "hlen",
    arity: 2,
    flags: ["readonly", "fast"],
    categories: ["hash"],
    keys: [keyAt(1, "RO")],
    summary: "How many fields a hash has.",
    since: "2.0.0",
    group: "hash",
    complexity: "O(1)",
    syntax: "key:key",
    execute: hlen,
  },
  {
    ...readFacts,
    name: "hgetall",
    summary: "All fields of a hash with their values.",
    execute: hgetall,
  },
  {
    ...readFacts,
    name: "hkeys",
    summary: "All fields of a hash.",
    execute: hkeys,
  },
  {
    ...readFacts,
    name: "hvals",
    summary: "The values of all fields of a hash.",
    execute: hvals,
  },
  {
    ...readFacts,
    name: "hscan",
    arity: -3,
    tips: ["nondeterministic_output"],
    summary: "Walks over the fields of a hash with their values, some at each call.",
    since: "2.8.0",
    complexity: "O(COUNT) a call; a small hash is given at once",
    syntax: "key:key cursor:integer [MATCH pattern:pattern] [COUNT count:integer]",
    execute: hscan,
  },
];
