/** Commands about any key: KEYS, SCAN, RANDOMKEY, DBSIZE. Expired keys are passed over, not deleted. */

import { typeOf } from "@redoubt/keyspace";
import { RANDOM_KEY_TRIES_MAX, SCAN_CURSOR_END } from "../constants.js";
import { globMatch } from "../glob.js";
import type { RowSpec } from "../row.js";
import { cursorArgument, parseScanOptions, replyScan } from "../scan-options.js";
import type { CommandContext } from "../types.js";
import { keyArgument } from "../values.js";

function scan(context: CommandContext): void {
  const cursor = cursorArgument(context, 1);
  if (cursor === null) return;
  const options = parseScanOptions(context, 2, true);
  if (options === null) return;
  const { keyspace, nowMs } = context.txn;
  const found: string[] = [];
  const visit = (key: string) => {
    if (options.pattern !== null && !globMatch(options.pattern, key)) return;
    const deadline = keyspace.deadlineOf(key);
    if (deadline !== 0 && nowMs > deadline) return;
    const value = keyspace.peek(key);
    if (value === undefined) return;
    if (options.type !== null && typeOf(value) !== options.type) return;
    found.push(key);
  };
  // A cursor nobody was given: there is nothing behind it.
  const next = cursor < SCAN_CURSOR_END ? keyspace.scan(cursor, options.count, visit) : 0;
  replyScan(context, next, found);
}

function keys(context: CommandContext): void {
  const { keyspace, nowMs } = context.txn;
  const pattern = keyArgument(context, 1);
  const found: string[] = [];
  keyspace.forEachKey((key, _value, deadline) => {
    if (deadline !== 0 && nowMs > deadline) return;
    if (pattern === "*" || globMatch(pattern, key)) found.push(key);
  });
  replyKeys(context, found);
}

function replyKeys(context: CommandContext, found: readonly string[]): void {
  context.reply.array(found.length);
  context.reply.bulks(found.length, (add) => {
    for (const key of found) add(key);
  });
}

function randomkey(context: CommandContext): void {
  const { txn, reply } = context;
  const random = context.random;
  for (let tries = 0; tries < RANDOM_KEY_TRIES_MAX; tries++) {
    const key = txn.keyspace.randomKey(random);
    if (key === undefined) break;
    // On the leader the look deletes an expired key, so that the next try meets another.
    if (txn.has(key)) {
      reply.bulk(key);
      return;
    }
  }
  // Differs from Redis: where nothing but expired keys was met, it gives one of those.
  reply.null();
}

function dbsize(context: CommandContext): void {
  context.reply.integer(context.txn.keyspace.size);
}

export const iterateRows: readonly RowSpec[] = [
  {
    name: "keys",
    arity: 2,
    flags: ["readonly"],
    categories: ["keyspace", "dangerous"],
    tips: ["request_policy:all_shards", "nondeterministic_output_order"],
    summary: "All keys that match a pattern.",
    since: "1.0.0",
    group: "generic",
    complexity: "O(N), N: all keys",
    syntax: "pattern:pattern",
    visibility: "wholeKeyspace",
    execute: keys,
  },
  {
    name: "scan",
    arity: -2,
    flags: ["readonly"],
    categories: ["keyspace"],
    tips: ["nondeterministic_output", "request_policy:special"],
    summary: "Walks over all keys, some at each call.",
    since: "2.8.0",
    group: "generic",
    complexity: "O(COUNT) a call",
    syntax: "cursor:integer [MATCH pattern:pattern] [COUNT count:integer] [TYPE type:string]",
    visibility: "wholeKeyspace",
    execute: scan,
  },
  {
    name: "randomkey",
    arity: 1,
    flags: ["readonly"],
    categories: ["keyspace"],
    tips: ["request_policy:all_shards", "nondeterministic_output"],
    summary: "Some key, chosen at random.",
    since: "1.0.0",
    group: "generic",
    complexity: "O(1)",
    visibility: "wholeKeyspace",
    execute: randomkey,
  },
  {
    name: "dbsize",
    arity: 1,
    flags: ["readonly", "fast"],
    categories: ["keyspace"],
    tips: ["request_policy:all_shards", "response_policy:agg_sum"],
    summary: "How many keys there are, expired ones not yet deleted included.",
    since: "1.0.0",
    group: "server",
    complexity: "O(1)",
    visibility: "wholeKeyspace",
    execute: dbsize,
  },
];
