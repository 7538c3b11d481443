/** SINTER, SUNION and SDIFF, their STORE forms, and SINTERCARD. A missing key is an empty set. */

import { intersect, type SetView, subtract, unite } from "@redoubt/keyspace";
import { countArgument } from "../counts.js";
import { errors } from "../errors.js";
import { keyAt, keysFrom, numberedKeys, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, optionArgument, setAt } from "../values.js";

/** Undefined: a key that is missing. At least one set. */
type Sets = readonly (SetView | undefined)[];
type Combine = (sets: Sets) => string[];

function intersection(sets: Sets): string[] {
  const members: string[] = [];
  visitIntersection(sets, (member) => members.push(member) > 0);
  return members;
}

function visitIntersection(sets: Sets, visit: (member: string) => boolean): void {
  const existing = sets.filter((set) => set !== undefined);
  if (existing.length === sets.length) intersect(existing, visit);
}

function union(sets: Sets): string[] {
  const members: string[] = [];
  const existing = sets.filter((set) => set !== undefined);
  unite(existing, (member) => members.push(member));
  return members;
}

function difference(sets: Sets): string[] {
  const members: string[] = [];
  const [first, ...others] = sets;
  const existing = others.filter((set) => set !== undefined);
  if (first !== undefined) subtract(first, existing, (member) => members.push(member));
  return members;
}

function replyCombined(context: CommandContext, combine: Combine): void {
  const { argv, reply } = context;
  const sets = setsAt(context, 1, argv.length);
  if (sets === null) return;
  const members = combine(sets);
  reply.set(members.length);
  reply.bulks(members.length, (add) => {
    for (const member of members) add(member);
  });
}

/** The destination is replaced, whatever it was. */
function storeCombined(context: CommandContext, combine: Combine): void {
  const { argv, txn, reply } = context;
  const sets = setsAt(context, 2, argv.length);
  if (sets === null) return;
  const members = combine(sets);
  const destination = keyArgument(context, 1);
  txn.delete(destination);
  if (members.length > 0) txn.sets.add(destination, members);
  reply.integer(members.length);
}

/** Of the keys at arguments `start` to `end` (exclusive). Null: one is of another type; it was replied. */
function setsAt(context: CommandContext, start: number, end: number): Sets | null {
  const sets: (SetView | undefined)[] = [];
  for (let i = start; i < end; i++) {
    const set = setAt(context, keyArgument(context, i));
    if (set === null) return null;
    sets.push(set);
  }
  return sets;
}

function sintercard(context: CommandContext): void {
  const { argv, reply } = context;
  const keyCount = countArgument(context, 1, errors.keyCountNotPositive);
  if (keyCount === null) return;
  if (keyCount === 0 || keyCount > argv.length - 2) {
    reply.error(keyCount === 0 ? errors.keyCountNotPositive : errors.keyCountTooLarge);
    return;
  }
  const end = 2 + keyCount;
  const limit = parseLimit(context, end);
  if (limit === null) return;
  const sets = setsAt(context, 2, end);
  if (sets === null) return;
  let count = 0;
  visitIntersection(sets, () => {
    count += 1;
    return count !== limit;
  });
  reply.integer(count);
}

/** 0: none. Null: the error was replied. */
function parseLimit(context: CommandContext, start: number): number | null {
  let limit = 0;
  for (let i = start; i < context.argv.length; i += 2) {
    if (optionArgument(context, i) !== "LIMIT" || i + 1 === context.argv.length) {
      context.reply.error(errors.syntax);
      return null;
    }
    const given = countArgument(context, i + 1, errors.limitNegative);
    if (given === null) return null;
    limit = given;
  }
  return limit;
}

const combinedFacts = {
  arity: -2,
  flags: ["readonly"],
  categories: ["set"],
  keys: [keysFrom(1, 1, "RO", "access")],
  tips: ["nondeterministic_output_order"],
  since: "1.0.0",
  group: "set",
  syntax: "key:key...",
} as const satisfies Partial<RowSpec>;

const storedFacts = {
  arity: -3,
  flags: ["write", "denyoom"],
  categories: ["set"],
  keys: [keyAt(1, "OW", "update"), keysFrom(2, 1, "RO", "access")],
  since: "1.0.0",
  group: "set",
  syntax: "destination:key key:key...",
} as const satisfies Partial<RowSpec>;

const intersectionComplexity = "O(N * M), N: members of the smallest set, M: keys";
const allMembersComplexity = "O(N), N: members of all sets";

export const algebraRows: readonly RowSpec[] = [
  {
    ...combinedFacts,
    name: "sinter",
    summary: "The members that are in all of several sets.",
    complexity: intersectionComplexity,
    execute: (context) => replyCombined(context, intersection),
  },
  {
    ...storedFacts,
    name: "sinterstore",
    keys: [keyAt(1, "RW", "update"), keysFrom(2, 1, "RO", "access")],
    summary: "Stores the members that are in all of several sets.",
    complexity: intersectionComplexity,
    execute: (context) => storeCombined(context, intersection),
  },
  {
    name: "sintercard",
    arity: -3,
    flags: ["readonly", "movablekeys"],
    categories: ["set"],
    keys: [numberedKeys(1, "RO", "access")],
    summary: "How many members are in all of several sets.",
    since: "7.0.0",
    group: "set",
    complexity: intersectionComplexity,
    syntax: "numkeys:integer key:key... [LIMIT limit:integer]",
    execute: sintercard,
  },
  {
    ...combinedFacts,
    name: "sunion",
    summary: "The members that are in any of several sets.",
    complexity: allMembersComplexity,
    execute: (context) => replyCombined(context, union),
  },
  {
    ...storedFacts,
    name: "sunionstore",
    summary: "Stores the members that are in any of several sets.",
    complexity: allMembersComplexity,
    execute: (context) => storeCombined(context, union),
  },
  {
    ...combinedFacts,
    name: "sdiff",
    summary: "The members of the first of several sets that no other one has.",
    complexity: allMembersComplexity,
    execute: (context) => replyCombined(context, difference),
  },
  {
    ...storedFacts,
    name: "sdiffstore",
    summary: "Stores the members of the first of several sets that no other one has.",
    complexity: allMembersComplexity,
    execute: (context) => storeCombined(context, difference),
  },
];
