/** Members chosen at random: SRANDMEMBER leaves them, SPOP removes them. */

import type { SetView } from "@redoubt/keyspace";
import { countArgument, drawRepeatedly, randomCountArgument } from "../counts.js";
import { assert, errors } from "../errors.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, setAt } from "../values.js";

function spop(context: CommandContext): void {
  const { argv, txn, reply } = context;
  if (argv.length > 3) {
    reply.error(errors.syntax);
    return;
  }
  const count = argv.length === 3 ? countArgument(context, 2) : 1;
  if (count === null) return;
  const key = keyArgument(context, 1);
  const set = setAt(context, key);
  if (set === null) return;
  const chosen: string[] = [];
  if (count > 0) set?.randomMembers(count, context.random, (member) => chosen.push(member));
  if (chosen.length > 0) txn.sets.remove(key, chosen);
  if (argv.length === 3) {
    reply.set(chosen.length);
    for (const member of chosen) reply.bulk(member);
  } else if (chosen.length === 0) {
    reply.null();
  } else {
    reply.bulk(chosen[0]!);
  }
}

function srandmember(context: CommandContext): void {
  const { argv, reply } = context;
  if (argv.length > 3) {
    reply.error(errors.syntax);
    return;
  }
  const count = argv.length === 3 ? randomCountArgument(context, 2) : 1;
  if (count === null) return;
  const set = setAt(context, keyArgument(context, 1));
  if (set === null) return;
  const chosen = set === undefined ? [] : choose(context, set, count);
  if (chosen === null) return;
  if (argv.length === 3) {
    reply.array(chosen.length);
    for (const member of chosen) reply.bulk(member);
  } else if (chosen.length === 0) {
    reply.null();
  } else {
    reply.bulk(chosen[0]!);
  }
}

/** Null: the error was replied. */
function choose(context: CommandContext, set: SetView, count: number): string[] | null {
  const chosen: string[] = [];
  if (count < 0) {
    const draw = (random: () => number) => {
      const member = set.randomMember(random);
      assert(member !== undefined, "a set is never empty");
      return member;
    };
    return drawRepeatedly(context, -count, draw, (member) => member.length);
  }
  if (count > 0) set.randomMembers(count, context.random, (member) => chosen.push(member));
  return chosen;
}

export const randomMemberRows: readonly RowSpec[] = [
  {
    name: "spop",
    arity: -2,
    flags: ["write", "fast"],
    categories: ["set"],
    keys: [keyAt(1, "RW", "access", "delete")],
    tips: ["nondeterministic_output"],
    summary: "Removes members of a set, chosen at random, and returns them.",
    since: "1.0.0",
    group: "set",
    complexity: "O(1), with a count O(N), N: that count",
    syntax: "key:key [count:integer]",
    execute: spop,
  },
  {
    name: "srandmember",
    arity: -2,
    flags: ["readonly"],
    categories: ["set"],
    keys: [keyAt(1, "RO", "access")],
    tips: ["nondeterministic_output"],
    summary: "Members of a set, chosen at random.",
    since: "1.0.0",
    group: "set",
    complexity: "O(1), with a count O(N), N: that count",
    syntax: "key:key [count:integer]",
    execute: srandmember,
  },
];
