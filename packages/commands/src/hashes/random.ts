/** HRANDFIELD: fields chosen at random, with or without their values. */

import type { HashView } from "@redoubt/keyspace";
import { drawRepeatedly, randomCountArgument } from "../counts.js";
import { assert, errors } from "../errors.js";
import { keyAt, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { hashAt, keyArgument, optionArgument, replyString } from "../values.js";

/** With values the reply has two elements a field: Redis takes half the range then. */
const PAIRS_MAX = (2n ** 63n - 1n) / 2n;

function hrandfield(context: CommandContext): void {
  const { argv, reply } = context;
  if (argv.length === 2) {
    const hash = hashAt(context, keyArgument(context, 1));
    if (hash === null) return;
    const field = hash?.randomField(context.random);
    if (field === undefined) reply.null();
    else reply.bulk(field);
    return;
  }
  const count = randomCountArgument(context, 2);
  if (count === null) return;
  const withValues = argv.length === 4 && optionArgument(context, 3) === "WITHVALUES";
  if (argv.length > 3 && !withValues) {
    reply.error(errors.syntax);
    return;
  }
  if (withValues && !isPairCount(context)) {
    reply.error(errors.outOfRange);
    return;
  }
  const hash = hashAt(context, keyArgument(context, 1));
  if (hash === null) return;
  const fields = hash === undefined ? [] : choose(context, hash, count, withValues);
  if (fields === null) return;
  if (withValues && hash !== undefined) replyPairs(context, hash, fields);
  else replyFields(context, fields);
}

function isPairCount(context: CommandContext): boolean {
  const count = BigInt(String(context.argv[2]));
  return count >= -PAIRS_MAX && count <= PAIRS_MAX;
}

/** Null: the error was replied. */
function choose(
  context: CommandContext,
  hash: HashView,
  count: number,
  withValues: boolean,
): string[] | null {
  const fields: string[] = [];
  if (count < 0) {
    const draw = (random: () => number) => {
      const field = hash.randomField(random);
      assert(field !== undefined, "a hash is never empty");
      return field;
    };
    const bytesOf = (field: string) =>
      field.length + (withValues ? (hash.get(field)?.length ?? 0) : 0);
    return drawRepeatedly(context, -count, draw, bytesOf);
  }
  if (count > 0) hash.randomFields(count, context.random, (field) => fields.push(field));
  return fields;
}

function replyFields(context: CommandContext, fields: readonly string[]): void {
  context.reply.array(fields.length);
  for (const field of fields) context.reply.bulk(field);
}

/** RESP2: one flat array. RESP3: an array of pairs. */
function replyPairs(context: CommandContext, hash: HashView, fields: readonly string[]): void {
  const { reply } = context;
  const nested = reply.protocol === 3;
  reply.array(nested ? fields.length : 2 * fields.length);
  for (const field of fields) {
    const value = hash.get(field);
    assert(value !== undefined, "a chosen field is there");
    if (nested) reply.array(2);
    reply.bulk(field);
    replyString(context, value);
  }
}

export const hrandfieldRow: RowSpec = {
  name: "hrandfield",
  arity: -2,
  flags: ["readonly"],
  categories: ["hash"],
  keys: [keyAt(1, "RO", "access")],
  tips: ["nondeterministic_output"],
  summary: "Fields of a hash, chosen at random.",
  since: "6.2.0",
  group: "hash",
  complexity: "O(N), N: fields returned",
  syntax: "key:key [options{count:integer [WITHVALUES]}]",
  execute: hrandfield,
};
