/** trap-40: what each checker of client histories accepts, and what it must not. */

import { describe, expect, test } from "vitest";
import { History, type Operation } from "../workload/history.js";
import { Acknowledged } from "./acknowledged.js";
import { CommittedLog } from "./committed-log.js";
import { CommittedReads } from "./committed-reads.js";
import { checkLinearizability } from "./linearizability.js";
import { MonotoneReads } from "./monotone-reads.js";
import { checkReplyOrder } from "./reply-order.js";
import { Revealed } from "./revealed.js";
import { batch, collected, operation } from "./testing.js";
import { Transactions } from "./transactions.js";

const KEY = "register0-0";

function logOf(...batches: Parameters<typeof batch>[1][]) {
  const { report, said } = collected();
  const log = new CommittedLog(report);
  batches.forEach((effects, i) => {
    log.add(1, batch(i + 1, effects));
  });
  return { log, report, said };
}

describe("trap-40 acknowledged, never lost", () => {
  test.each([
    ["an answered SET whose value is committed", ["SET", KEY, "v1."], "OK", 0],
    ["an answered SET whose value is not", ["SET", KEY, "v2."], "OK", 1],
    ["a SETNX that wrote nothing", ["SETNX", KEY, "v2."], 0, 0],
    ["a SETNX that wrote", ["SETNX", KEY, "v2."], 1, 1],
    ["an APPEND", ["APPEND", KEY, "v2."], 6, 1],
  ] as const)("%s", (_, argv, reply, violations) => {
    const { log, report, said } = logOf([["SET", KEY, "v1."]]);
    new Acknowledged(log, report).answered(operation(argv, reply));
    expect(said).toHaveLength(violations);
  });
});

describe("trap-40 nothing revealed and then lost", () => {
  test.each([
    ["a committed value", "v1.", 0],
    ["a value nobody committed", "v2.", 1],
    ["one of several", ["v1.", "v2."], 1],
  ])("%s", (_, reply, violations) => {
    const { log, report, said } = logOf([["SET", KEY, "v1."]]);
    new Revealed(log, report).answered(operation(["GET", KEY], reply));
    expect(said).toHaveLength(violations);
  });
});

describe("trap-16 trap-40 trap-44 a leader's reads are committed states of after they were asked", () => {
  test.each([
    ["the newest value", ["GET", KEY], "v2.", 2, 0],
    ["the older one, asked before the newer was committed", ["GET", KEY], "v1.", 1, 0],
    ["the older one, asked afterwards", ["GET", KEY], "v1.", 2, 1],
    ["missing, though nothing removed it", ["GET", KEY], null, 2, 1],
    ["missing, asked at the beginning", ["GET", KEY], null, 0, 0],
    ["a SETNX that found it", ["SETNX", KEY, "v3."], 0, 2, 0],
    ["a DEL that found nothing", ["DEL", KEY], 0, 2, 1],
    ["EXISTS of what is there", ["EXISTS", KEY], 0, 2, 1],
  ] as const)("%s", (_, argv, reply, committedBefore, violations) => {
    const { log, report, said } = logOf([["SET", KEY, "v1."]], [["SET", KEY, "v2."]]);
    new CommittedReads(log, report).answered(operation(argv, reply, { committedBefore }));
    expect(said).toHaveLength(violations);
  });
});

describe("trap-31 trap-40 trap-55 a replica's reads never go back", () => {
  const read = (reply: string | null, at: number, key = KEY): Operation =>
    operation(["GET", key], reply, { model: "follower", invokedMs: at, returnedMs: at + 0.5 });

  test.each([
    ["forward", [read(null, 1), read("v1.", 2), read("v2.", 3)], 0],
    ["back", [read("v2.", 1), read("v1.", 2)], 1],
    ["a value that was never there", [read("v9.", 1)], 1],
    ["missing after it was shown", [read("v1.", 1), read(null, 2)], 1],
    ["two at once, in any order", [read("v2.", 1), { ...read("v1.", 1), returnedMs: 2 }], 0],
  ])("%s", (_, operations, violations) => {
    const { log, report, said } = logOf([["SET", KEY, "v1."]], [["SET", KEY, "v2."]]);
    const reads = new MonotoneReads(log, report);
    for (const each of operations) reads.answered(each);
    expect(said).toHaveLength(violations);
  });

  test.each([
    ["gone once log time is past its deadline", 16, 0],
    ["gone before log time is past its deadline, and there again", 15, 1],
  ])("a key is %s", (_, logTimeMs, violations) => {
    const { report, said } = collected();
    const log = new CommittedLog(report);
    log.add(1, batch(1, [["SET", "expiring0-0", "v1.", 15]], 10));
    log.add(1, batch(2, [["SET", KEY, "v2."]], logTimeMs));
    const reads = new MonotoneReads(log, report);
    reads.answered(read("v1.", 1, "expiring0-0"));
    reads.answered(read(null, 2, "expiring0-0"));
    expect(said).toHaveLength(violations);
  });
});

describe("trap-40 trap-51 an EXEC is whole", () => {
  test("in one entry", () => {
    const { log, report, said } = logOf([
      ["SET", "pair0-0:a", "v1."],
      ["SET", "pair0-0:b", "v1."],
    ]);
    new Transactions(log, report).committed(log.at(1)!);
    expect(said).toEqual([]);
  });

  test("not in two", () => {
    const { log, report, said } = logOf([["SET", "pair0-0:a", "v1."]]);
    new Transactions(log, report).committed(log.at(1)!);
    expect(said).toHaveLength(1);
  });

  test("in what is shown", () => {
    const { log, report, said } = logOf();
    const transactions = new Transactions(log, report);
    const argv = ["MGET", "pair0-0:a", "pair0-0:b"];
    transactions.answered(operation(argv, ["v1.", "v1."]));
    expect(said).toEqual([]);
    transactions.answered(operation(argv, ["v1.", null]));
    expect(said).toHaveLength(1);
  });
});

test("trap-36 trap-40 an answer to another question is seen", () => {
  const { report, said } = collected();
  checkReplyOrder(operation(["ECHO", "V1."], "V1."), report);
  expect(said).toEqual([]);
  checkReplyOrder(operation(["ECHO", "V1."], "V2."), report);
  expect(said).toHaveLength(1);
});

describe("trap-40 linearizability of each key", () => {
  // Each of a client of its own.
  let client = 100;
  const at = (fromMs: number, untilMs: number, argv: string[], reply: Operation["reply"]) =>
    operation(argv, reply, { invokedMs: fromMs, returnedMs: untilMs, client: client++ });
  const unknown = (fromMs: number, argv: string[]) =>
    operation(argv, undefined, { invokedMs: fromMs, returnedMs: Infinity, outcome: "info" });
  const set = (fromMs: number, untilMs: number, value: string) =>
    at(fromMs, untilMs, ["SET", KEY, value], "OK");
  const get = (fromMs: number, untilMs: number, value: string | null) =>
    at(fromMs, untilMs, ["GET", KEY], value);
  const cas = (fromMs: number, untilMs: number, old: string, value: string) =>
    at(fromMs, untilMs, ["CAS", KEY, old, value], ["OK"]);

  const pipelined = (argv: string[], reply: Operation["reply"]) => ({
    ...at(0, 1, argv, reply),
    client: 7,
  });
  const set0 = (value: string) => pipelined(["SET", KEY, value], "OK");

  test.each([
    ["a pipeline in its order", [set0("a"), set0("b"), pipelined(["GET", KEY], "b")], 0],
    ["trap-36 a pipeline out of order", [set0("a"), set0("b"), pipelined(["GET", KEY], "a")], 1],
    ["read what was written", [set(0, 1, "a"), get(2, 3, "a")], 0],
    ["a stale read", [set(0, 1, "a"), set(2, 3, "b"), get(4, 5, "a")], 1],
    ["either of two at once", [set(0, 5, "a"), set(0, 5, "b"), get(6, 7, "a")], 0],
    [
      "first one, then the other",
      [set(0, 5, "a"), set(0, 5, "b"), get(6, 7, "a"), get(8, 9, "b")],
      1,
    ],
    [
      "an unknown write that took effect late",
      [unknown(0, ["SET", KEY, "a"]), get(1, 2, null), get(3, 4, "a")],
      0,
    ],
    [
      "an unknown write that came and went",
      [unknown(0, ["SET", KEY, "a"]), get(1, 2, "a"), get(3, 4, null)],
      1,
    ],
    [
      "one unknown write done again: both may be",
      [unknown(0, ["SET", KEY, "a"]), set(1, 2, "b"), get(3, 4, "a")],
      0,
    ],
    ["compare and set", [set(0, 1, "a"), cas(2, 3, "a", "b"), get(4, 5, "b")], 0],
    [
      "trap-52 compare and set of what was not there any more",
      [set(0, 1, "a"), set(2, 3, "b"), cas(4, 5, "a", "c")],
      1,
    ],
    ["FLUSHALL", [set(0, 1, "a"), at(2, 3, ["FLUSHALL"], "OK"), get(4, 5, null)], 0],
    ["missing without FLUSHALL", [set(0, 1, "a"), get(4, 5, null)], 1],
  ] as const)("%s", (_, operations, violations) => {
    const { report, said } = collected();
    const history = new History();
    for (const each of operations) history.add(each);
    expect(checkLinearizability(history, report)).toBe(0);
    expect(said).toHaveLength(violations);
  });
});
