/** Each checker beside a history that is right and its twin that is wrong in one thing: the canary that must be caught. */

import { describe, expect, test } from "vitest";
import type { FaultEpisode } from "../history/history.js";
import { availability, availabilityOf } from "./availability.js";
import { bankChecker } from "./bank.js";
import { counterBounds } from "./counter-bounds.js";
import { digests } from "./digests.js";
import { dirtyReads } from "./dirty-reads.js";
import { finalAgreement } from "./final-agreement.js";
import { finalReads } from "./final-reads.js";
import { followerReads } from "./follower-reads.js";
import { pubSub } from "./pub-sub.js";
import { queueChecker } from "./queue.js";
import { recovery } from "./recovery.js";
import { sessions } from "./sessions.js";
import { setFull } from "./set-full.js";
import { finals, kindsOf, told } from "./testing/told-history.js";
import { transactionLog } from "./transaction-log.js";
import { uniqueIds } from "./unique-ids.js";
import type { Checker } from "./verdict.js";

type Lines = Parameters<typeof told>[0];

function expectValid(checker: Checker, lines: Lines): void {
  const verdict = checker(told(lines));
  expect(verdict.anomalies).toEqual([]);
  expect(verdict.validity).toBe("valid");
}

function expectCaught(checker: Checker, lines: Lines, kind: string): void {
  const verdict = checker(told(lines));
  expect(kindsOf(verdict)).toEqual([kind]);
  expect(verdict.validity).toBe("invalid");
}

describe("final reads", () => {
  const write = { from: 1, to: 2, op: "write", key: "w", input: "1" };

  test("an acknowledged write is on every node", () => {
    expectValid(finalReads, [write, ...finals("w", ["1", "1", "1"])]);
  });
  test("missing on one node is lost", () => {
    expectCaught(finalReads, [write, ...finals("w", ["1", null, "1"])], "lost write");
  });
  test("an unknown write may be there or not", () => {
    const unknown = { ...write, outcome: "info" as const };
    expectValid(finalReads, [unknown, ...finals("w", [null, null])]);
    expectValid(finalReads, [unknown, ...finals("w", ["1", "1"])]);
  });
  test("a refused write is nowhere", () => {
    const refused = { ...write, outcome: "fail" as const };
    expectValid(finalReads, [refused, ...finals("w", [null, null])]);
    expectCaught(finalReads, [refused, ...finals("w", ["1", "1"])], "aborted write");
  });
  test("without final reads nothing is decided", () => {
    expect(finalReads(told([write])).validity).toBe("unknown");
    const failed = { from: 9, to: 9, op: "final-read", key: "w", outcome: "fail" as const };
    expect(finalReads(told([write, failed])).validity).toBe("unknown");
  });
  test("a key that was overwritten says nothing", () => {
    const again = { from: 3, to: 4, op: "write", key: "w", input: "2" };
    expectValid(finalReads, [write, again, ...finals("w", ["2"])]);
  });
  test("elements of sets, lists, queues and logs count alike", () => {
    const lines: Lines = [
      { from: 1, to: 2, op: "add", key: "s", input: "a" },
      { from: 1, to: 2, op: "txn", key: null, input: [["append", "l", "b"]] },
      { from: 1, to: 2, op: "enqueue", key: "q", input: "c" },
      { from: 1, to: 2, op: "log", key: "t", input: { element: "1:5", amount: 5 } },
      { from: 1, to: 2, op: "publish", key: "news", input: "m", output: 3 },
    ];
    const all = [
      ...finals("s", [["a"]]),
      ...finals("l", [["b"]]),
      ...finals("q", [["c"]]),
      ...finals("t", [{ elements: ["1:5"], balance: 5 }]),
      ...finals("m", ["m"]),
    ];
    expectValid(finalReads, [...lines, ...all]);
    for (const [key, empty] of [
      ["s", []],
      ["l", []],
      ["q", []],
      ["t", { elements: [], balance: 0 }],
      ["m", null],
    ] as const) {
      const without = all.filter((line) => line.key !== key);
      expectCaught(finalReads, [...lines, ...without, ...finals(key, [empty])], "lost write");
    }
  });
  test("what nobody wrote is out of thin air", () => {
    const add = { from: 1, to: 2, op: "add", key: "s", input: "a" };
    expectCaught(finalReads, [add, ...finals("s", [["a", "z"]])], "out of thin air");
  });
});

describe("dirty reads", () => {
  const write = { from: 1, to: 2, op: "write", key: "w", input: "1", outcome: "info" as const };
  const read = { from: 3, to: 4, op: "read", key: "w", output: "1" };

  test("what was read stays, what was not read may go", () => {
    expectValid(dirtyReads, [write, read, ...finals("w", ["1", "1"])]);
    expectValid(dirtyReads, [write, { ...read, output: null }, ...finals("w", [null, null])]);
  });
  test("read and vanished, acknowledged or not", () => {
    expectCaught(dirtyReads, [write, read, ...finals("w", [null, null])], "dirty read");
  });
  test("a message is a sight of the write it tells of", () => {
    const publish = { from: 1, to: 2, op: "publish", key: "news", input: "m", output: 1 };
    const heard = { from: 2, to: 2, op: "heard", key: "news", input: "m" };
    expectValid(dirtyReads, [publish, heard, ...finals("m", ["m"])]);
    expectCaught(dirtyReads, [publish, heard, ...finals("m", [null])], "dirty read");
  });
  test("what could not be looked up is not decided", () => {
    expect(dirtyReads(told([write, read])).validity).toBe("unknown");
  });
});

describe("agreement of nodes", () => {
  test("fields of a hash have no order, elements of a list do", () => {
    expectValid(
      finalAgreement,
      finals("h", [
        { a: "1", b: "2" },
        { b: "2", a: "1" },
      ]),
    );
    expectCaught(
      finalAgreement,
      finals("l", [
        ["a", "b"],
        ["b", "a"],
      ]),
      "nodes disagree",
    );
  });
});

describe("set", () => {
  const add = { from: 1, to: 2, op: "add", key: "s", input: "a" };
  const look = (from: number, elements: string[]) => ({
    from,
    to: from + 1,
    op: "read-all",
    key: "s",
    output: elements,
  });

  test("seen from its acknowledgement on", () => {
    expectValid(setFull, [add, look(0, []), look(3, ["a"]), look(5, ["a"])]);
  });
  test("lost: seen, and never again", () => {
    expectCaught(setFull, [add, look(3, ["a"]), look(5, [])], "lost element");
  });
  test("stale: missing, and back again", () => {
    expectCaught(setFull, [add, look(3, []), look(5, ["a"])], "stale read");
  });
  test("an unknown one must stay once it was seen", () => {
    const unknown = { ...add, outcome: "info" as const };
    expectValid(setFull, [unknown, look(3, []), look(5, ["a"])]);
    expectCaught(setFull, [unknown, look(3, ["a"]), look(5, [])], "lost element");
  });
  test("out of thin air", () => {
    expectCaught(setFull, [add, look(3, ["a", "z"])], "out of thin air");
  });
});

describe("queue", () => {
  const put = { from: 1, to: 2, op: "enqueue", key: "q", input: "a" };
  const take = { from: 3, to: 4, op: "dequeue", key: "q", output: "a" };

  test("each job once", () => {
    const empty = { ...take, from: 5, to: 6, output: null };
    expectValid(queueChecker, [put, take, empty, ...finals("q", [["a"]])]);
  });
  test("twice", () => {
    expectCaught(queueChecker, [put, take, { ...take, from: 5, to: 6 }], "duplicated job");
    expectCaught(queueChecker, [put, take, ...finals("q", [["a", "a"]])], "duplicated job");
  });
  test("out of thin air, or before it was put in", () => {
    expectCaught(queueChecker, [put, take, { ...take, output: "z" }], "out of thin air");
    expectCaught(queueChecker, [{ ...put, from: 9, to: 9 }, take], "out of thin air");
  });
  test("one that was refused", () => {
    expectCaught(queueChecker, [{ ...put, outcome: "fail" }, take], "aborted write");
  });
});

describe("counter", () => {
  const add = { from: 1, to: 2, op: "increment", key: "c", input: 3, output: 3 };
  const unknown = { from: 3, to: 4, op: "increment", key: "c", input: 2, outcome: "info" as const };
  const look = (from: number, output: number) => ({
    from,
    to: from + 1,
    op: "read-counter",
    key: "c",
    output,
  });

  test("between what is certain and what is possible", () => {
    expectValid(counterBounds, [add, unknown, look(5, 3), look(7, 5), ...finals("c", ["5", "5"])]);
  });
  test("less than was acknowledged", () => {
    expectCaught(counterBounds, [add, look(5, 0)], "lost increment");
    expectCaught(counterBounds, [add, ...finals("c", ["3", null])], "lost increment");
  });
  test("more than was asked for", () => {
    expectCaught(counterBounds, [add, unknown, look(5, 6)], "out of thin air");
    const refused = { ...unknown, outcome: "fail" as const };
    expectCaught(counterBounds, [add, refused, look(5, 5)], "out of thin air");
  });
  test("back, though within the bounds", () => {
    expectCaught(counterBounds, [add, unknown, look(5, 5), look(7, 3)], "counter went back");
  });
  test("looks at the same time may answer in any order", () => {
    expectValid(counterBounds, [add, unknown, look(5, 5), { ...look(5, 3), to: 9 }]);
  });
});

describe("unique ids", () => {
  const given = (from: number, id: number) => ({
    from,
    to: from + 1,
    op: "generate",
    key: "i",
    output: id,
  });

  test("each once, forwards", () => {
    expectValid(uniqueIds, [given(1, 1), given(3, 2), given(3.5, 4), given(4, 3)]);
  });
  test("twice", () => {
    expectCaught(uniqueIds, [given(1, 1), given(3, 2), given(5, 2)], "duplicate id");
  });
  test("back", () => {
    expectCaught(uniqueIds, [given(1, 7), given(3, 2)], "ids went back");
  });
});

describe("bank", () => {
  const look = (balances: Record<string, number>) => ({
    from: 1,
    to: 2,
    op: "read-accounts",
    key: null,
    output: balances,
  });
  const end = finals("accounts", [{ a: 200, b: 300 }]);

  test("the sum stays", () => {
    expectValid(bankChecker, [look({ a: 500, b: 0 }), ...end]);
  });
  test("half a transfer", () => {
    expectCaught(bankChecker, [look({ a: 490, b: 0 }), ...end], "wrong total");
    expectCaught(bankChecker, finals("accounts", [{ a: 1, b: 1 }]), "wrong total");
  });
  test("a debt", () => {
    expectCaught(bankChecker, [look({ a: 510, b: -10 }), ...end], "negative balance");
  });
  test("without the end nothing is decided", () => {
    expect(bankChecker(told([look({ a: 500 })])).validity).toBe("unknown");
  });
});

describe("follower reads", () => {
  const adds: Lines = [
    { from: 1, to: 2, op: "add", key: "f", input: "a" },
    { from: 3, to: 4, op: "add", key: "f", input: "b" },
  ];
  const end = finals("f", [["a", "b"]]);
  const look = (from: number, node: number, elements: string[]) => ({
    from,
    to: from + 0.5,
    op: "stale-read",
    key: "f",
    output: elements,
    node,
  });

  test("stale, but a beginning and ever longer", () => {
    const lines = [...adds, look(5, 2, ["a"]), look(7, 2, ["a", "b"]), look(7, 3, []), ...end];
    expectValid(followerReads, lines);
    expect(followerReads(told(lines)).figures).toMatchObject({ stale: 2, stalenessMaxMs: 5 });
  });
  test("no beginning", () => {
    expectCaught(followerReads, [...adds, look(5, 2, ["b"]), ...end], "not a prefix");
  });
  test("a node goes back", () => {
    const lines = [...adds, look(5, 2, ["a", "b"]), look(7, 2, ["a"]), ...end];
    expectCaught(followerReads, lines, "node went back");
  });
  test("other nodes may be behind", () => {
    expectValid(followerReads, [...adds, look(5, 2, ["a", "b"]), look(7, 3, ["a"]), ...end]);
  });
  test("shown before anybody wrote it", () => {
    expectCaught(followerReads, [...adds, look(0, 2, ["a"]), ...end], "out of thin air");
  });
});

describe("messages", () => {
  const publish = (from: number, element: string) => ({
    from,
    to: from + 1,
    op: "publish",
    key: "news",
    input: element,
    output: 2,
  });
  const heard = (at: number, process: number, element: string) => ({
    from: at,
    to: at,
    op: "heard",
    key: "news",
    input: element,
    process,
  });
  const both = [publish(1, "a"), publish(3, "b")];

  test("once each, in one order", () => {
    const lines = [
      ...both,
      heard(5, 90, "a"),
      heard(6, 90, "b"),
      heard(7, 91, "a"),
      heard(8, 91, "b"),
    ];
    expectValid(pubSub, lines);
    expectValid(pubSub, [...both, heard(6, 90, "b")]);
  });
  test("twice", () => {
    expectCaught(pubSub, [...both, heard(5, 90, "a"), heard(6, 90, "a")], "duplicated message");
  });
  test("never published, or refused", () => {
    expectCaught(pubSub, [...both, heard(5, 90, "z")], "out of thin air");
    const refused = { ...publish(1, "a"), outcome: "fail" as const };
    expectCaught(pubSub, [refused, heard(5, 90, "a")], "aborted write");
  });
  test("in two orders", () => {
    const lines = [
      ...both,
      heard(5, 90, "a"),
      heard(6, 90, "b"),
      heard(7, 91, "b"),
      heard(8, 91, "a"),
    ];
    expectCaught(pubSub, lines, "messages out of order");
  });
});

describe("sessions", () => {
  const version = (number: string, ttl = "2") => ({ user: number, cart: number, ttl });
  const write = (from: number, number: string, ttl?: string) => ({
    from,
    to: from + 1,
    op: "session",
    key: "u",
    input: version(number, ttl),
  });
  const look = (from: number, output: Record<string, string> | null) => ({
    from,
    to: from + 1,
    op: "read-session",
    key: "u",
    output,
  });

  test("whole, newest, and gone when its time is up", () => {
    const lines = [write(1, "1"), look(3, version("1")), write(5, "2"), look(7, version("2"))];
    expectValid(sessions, [...lines, look(9_000, null)]);
  });
  test("gone too early", () => {
    expectCaught(sessions, [write(1, "1"), look(500, null)], "lost session");
  });
  test("there too long", () => {
    const lines = [write(1, "1"), look(9_000, version("1"))];
    expectCaught(sessions, lines, "session outlived its time");
  });
  test("of an older write", () => {
    const lines = [write(1, "1"), write(5, "2"), look(7, version("1"))];
    expectCaught(sessions, lines, "stale read");
  });
  test("torn", () => {
    const torn = { user: "2", cart: "1", ttl: "2" };
    expectCaught(sessions, [write(1, "1"), write(5, "2"), look(7, torn)], "torn session");
  });
  test("of nobody", () => {
    expectCaught(sessions, [write(1, "1"), look(3, version("9"))], "out of thin air");
  });
  test("times to live are not judged by clocks that were played with", () => {
    const fault: FaultEpisode = { id: 1, name: "clock-jump", text: "", beganAt: 0, endedAt: 1 };
    expect(sessions(told([write(1, "1"), look(500, null)], [fault])).validity).toBe("valid");
  });
});

describe("transaction log", () => {
  const log = (from: number, element: string, amount: number) => ({
    from,
    to: from + 1,
    op: "log",
    key: "t",
    input: { element, amount },
  });
  const look = (from: number, elements: string[], balance: number) => ({
    from,
    to: from + 1,
    op: "read-log",
    key: "t",
    output: { elements, balance },
  });

  test("entries first, amounts then", () => {
    const half = { ...log(3, "2:4", 4), outcome: "info" as const };
    expectValid(transactionLog, [log(1, "1:5", 5), half, look(6, ["2:4", "1:5"], 5)]);
    expectValid(transactionLog, [log(1, "1:5", 5), half, look(6, ["2:4", "1:5"], 9)]);
  });
  test("an amount without its entry", () => {
    const unknown = { ...log(3, "2:4", 4), outcome: "info" as const };
    expectCaught(transactionLog, [log(1, "1:5", 5), unknown, look(6, ["1:5"], 9)], "order broken");
  });
  test("an acknowledged amount is missing", () => {
    expectCaught(transactionLog, [log(1, "1:5", 5), look(6, ["1:5"], 0)], "lost increment");
  });
  test("an acknowledged entry is missing", () => {
    const lines = [log(1, "1:5", 5), log(3, "2:4", 4), look(6, ["1:5", "3:4"], 9)];
    expectCaught(transactionLog, lines, "stale read");
  });
  test("an entry is there twice", () => {
    const lines = [log(1, "1:5", 5), look(6, ["1:5", "1:5"], 5)];
    expectCaught(transactionLog, lines, "duplicated entry");
  });
});

describe("digests", () => {
  const digest = (node: number, index: number, value: string) => ({
    from: node,
    to: node,
    op: "digest",
    key: null,
    output: { index, digest: value },
    node,
  });

  test("equal at one index", () => {
    expectValid(digests, [digest(1, 7, "a"), digest(2, 7, "a"), digest(3, 7, "a")]);
  });
  test("different at one index", () => {
    const lines = [digest(1, 7, "a"), digest(2, 7, "b"), digest(3, 7, "a")];
    expectCaught(digests, lines, "states differ");
  });
  test("a node that never stood at the same index is not compared", () => {
    const lines = [digest(1, 7, "a"), digest(2, 7, "a"), digest(3, 8, "b")];
    expect(digests(told(lines)).validity).toBe("unknown");
    expect(digests(told([])).validity).toBe("unknown");
  });
});

describe("availability", () => {
  const fault: FaultEpisode = {
    id: 1,
    name: "kill",
    text: "",
    beganAt: 10_000,
    endedAt: 40_000,
  };
  const write = (at: number) => ({ from: at - 1, to: at, op: "write", key: `w${at}`, input: "1" });

  test("gaps and recoveries in milliseconds", () => {
    const history = told([write(5), write(30), write(45)], [fault]);
    expect(availabilityOf(history, 50_000)).toEqual({
      longestGapMs: 25,
      longestWriteGapMs: 25,
      recoveries: [{ name: "kill", afterBeginMs: 20, afterEndMs: 5 }],
    });
    expect(availability(50_000)(history).validity).toBe("valid");
  });
  test("reads alone are no writes", () => {
    const read = { from: 20, to: 21, op: "read", key: "w5", output: "1" };
    const { longestGapMs, longestWriteGapMs } = availabilityOf(told([write(5), read]), 31_000);
    expect({ longestGapMs, longestWriteGapMs }).toEqual({
      longestGapMs: 16,
      longestWriteGapMs: 26,
    });
  });
  test("who never comes back is caught", () => {
    const verdict = availability(50_000)(told([write(5), write(30)], [fault]));
    expect(kindsOf(verdict)).toEqual(["no recovery"]);
  });
});

test("a cluster that does not become whole is caught", () => {
  expect(recovery(null)(told([])).validity).toBe("valid");
  expect(kindsOf(recovery("node 2 is behind")(told([])))).toEqual(["not whole again"]);
});
