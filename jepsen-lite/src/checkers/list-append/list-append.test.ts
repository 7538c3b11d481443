/** Each kind of anomaly with its good twin. */

import { describe, expect, test } from "vitest";
import type { Json } from "../../history/event.js";
import { Random } from "../../random.js";
import { historyFrom, type Told, told } from "../testing/drafts.js";
import { listHistory } from "../testing/list-store.js";
import { listAppend } from "./list-append.js";

type Step = readonly Json[];

const read = (key: string, ...elements: string[]): Step => ["r", key, elements];
const append = (key: string, element: string, length?: number): Step =>
  length === undefined ? ["append", key, element] : ["append", key, element, length];

function txn(process: number, ms: readonly [number, number], ...output: Step[]): Told {
  const input = output.map(([kind, key, asked]) => [
    kind!,
    key!,
    kind === "append" ? asked! : null,
  ]);
  return { process, op: "txn", input, output, ms };
}

const unknown = (each: Told): Told => ({ ...each, outcome: "info" });
const failed = (each: Told): Told => ({ ...each, outcome: "fail" });

interface Twins {
  readonly kind: string;
  readonly name: string;
  readonly good: readonly Told[];
  readonly bad: readonly Told[];
  /** All kinds found, in the order found. */
  readonly kinds?: readonly string[];
  readonly says: readonly string[];
}

const twins: readonly Twins[] = [
  {
    kind: "G0",
    name: "appends of two transactions are interleaved",
    good: [
      txn(1, [0, 9], append("x", "1"), append("y", "1")),
      txn(2, [0, 9], append("x", "2"), append("y", "2")),
      txn(3, [10, 11], read("x", "1", "2"), read("y", "1", "2")),
    ],
    bad: [
      txn(1, [0, 9], append("x", "1"), append("y", "1")),
      txn(2, [0, 9], append("x", "2"), append("y", "2")),
      txn(3, [10, 11], read("x", "1", "2"), read("y", "2", "1")),
    ],
    says: ["circle", 'T2 appended "2" to list "x" behind', 'T1 appended "1" to list "y" behind'],
  },
  {
    kind: "G1a",
    name: "what was refused is read",
    good: [unknown(txn(1, [0, 1], append("x", "1"))), txn(2, [2, 3], read("x", "1"))],
    bad: [failed(txn(1, [0, 1], append("x", "1"))), txn(2, [2, 3], read("x", "1"))],
    says: ['Client 2 read "1" in list "x" at 0.003 s', "certainly not appended"],
  },
  {
    kind: "G1b",
    name: "half of what a transaction appended is read",
    good: [txn(1, [0, 5], append("x", "1"), append("x", "2")), txn(2, [0, 5], read("x", "1", "2"))],
    bad: [
      txn(1, [0, 5], append("x", "1"), append("x", "2")),
      txn(2, [0, 5], read("x", "1")),
      txn(2, [6, 7], read("x", "1", "2")),
    ],
    kinds: ["G1b", "G-single"],
    says: ['up to "1"', "in the middle of a transaction"],
  },
  {
    kind: "G1c",
    name: "each sees what the other did",
    good: [
      txn(1, [0, 9], append("x", "1"), read("y")),
      txn(2, [0, 9], append("y", "2"), read("x", "1")),
    ],
    bad: [
      txn(1, [0, 9], append("x", "1"), read("y", "2")),
      txn(2, [0, 9], append("y", "2"), read("x", "1")),
    ],
    says: ['T2 read "1" in list "x", which T1 appended', 'T1 read "2" in list "y"'],
  },
  {
    kind: "G-single",
    name: "one half of a transaction is seen",
    good: [
      txn(1, [0, 9], append("x", "1"), append("y", "1")),
      txn(2, [0, 9], read("x", "1"), read("y", "1")),
    ],
    bad: [
      txn(1, [0, 9], append("x", "1", 1), append("y", "1", 1)),
      txn(2, [0, 9], read("x", "1"), read("y")),
    ],
    says: ['T1 read list "y" without "1", which T2 appended', 'read "1" in list "x"'],
  },
  {
    kind: "G2",
    name: "each misses what the other did",
    good: [
      txn(1, [0, 9], read("x"), append("y", "1")),
      txn(2, [0, 9], read("y", "1"), append("x", "2")),
      txn(3, [10, 11], read("x", "2"), read("y", "1")),
    ],
    bad: [
      txn(1, [0, 9], read("x"), append("y", "1")),
      txn(2, [0, 9], read("y"), append("x", "2")),
      txn(3, [10, 11], read("x", "2"), read("y", "1")),
    ],
    says: ['read list "x" without "2"', 'read list "y" without "1"'],
  },
  {
    kind: "G0-realtime",
    name: "the order of appends is not that of time",
    good: [
      txn(1, [0, 3], append("x", "1")),
      txn(2, [2, 4], append("x", "2")),
      txn(3, [5, 6], read("x", "2", "1")),
    ],
    bad: [
      txn(1, [0, 1], append("x", "1")),
      txn(2, [2, 4], append("x", "2")),
      txn(3, [5, 6], read("x", "2", "1")),
    ],
    says: ["had been answered at 0.001 s when", "began at 0.002 s"],
  },
  {
    kind: "G1c-realtime",
    name: "an element is read before it is appended",
    good: [txn(1, [0, 3], read("x", "1")), txn(2, [2, 4], append("x", "1"))],
    bad: [txn(1, [0, 1], read("x", "1")), txn(2, [2, 4], append("x", "1"))],
    says: ['read "1" in list "x"', "had been answered"],
  },
  {
    kind: "G-single-realtime",
    name: "what was acknowledged is not read",
    good: [unknown(txn(1, [0, 1], append("x", "1"))), txn(2, [2, 4], read("x"))],
    bad: [txn(1, [0, 1], append("x", "1", 1)), txn(2, [2, 4], read("x"))],
    says: ['read list "x" without "1"', "had been answered at 0.001 s"],
  },
  {
    kind: "G-single-process",
    name: "a client does not read what it appended, were the clocks to say nothing",
    good: [txn(1, [0, 1], append("x", "1")), txn(1, [1, 2], read("x", "1"))],
    bad: [txn(1, [0, 1], append("x", "1")), txn(1, [1, 2], read("x"))],
    says: ["one client did"],
  },
  {
    kind: "G2-realtime",
    name: "two find two appends in different orders, the second in two steps",
    good: [
      txn(1, [0, 9], append("x", "1")),
      txn(2, [0, 9], append("y", "2")),
      txn(3, [0, 9], read("x"), read("y", "2")),
      txn(4, [1, 4], read("x", "1")),
      txn(5, [3, 5], read("y")),
    ],
    bad: [
      txn(1, [0, 9], append("x", "1")),
      txn(2, [0, 9], append("y", "2")),
      txn(3, [0, 9], read("x"), read("y", "2")),
      txn(4, [1, 2], read("x", "1")),
      txn(5, [3, 5], read("y")),
    ],
    says: ["without", "had been answered at 0.002 s", "without"],
  },
  {
    kind: "incompatible order",
    name: "two lists of which neither begins the other",
    good: [
      txn(1, [0, 9], append("x", "1")),
      txn(2, [0, 9], append("x", "2")),
      txn(3, [0, 9], read("x", "1")),
      txn(4, [0, 9], read("x", "1", "2")),
    ],
    bad: [
      txn(1, [0, 9], append("x", "1")),
      txn(2, [0, 9], append("x", "2")),
      txn(3, [0, 9], read("x", "2")),
      txn(4, [0, 9], read("x", "1", "2")),
    ],
    says: ["client 3 read \\[2\\]", "client 4 read \\[1 2\\]", "neither is the beginning"],
  },
  {
    kind: "duplicate elements",
    name: "an element is there twice",
    good: [txn(1, [0, 1], append("x", "1")), txn(2, [2, 3], read("x", "1"))],
    bad: [txn(1, [0, 1], append("x", "1")), txn(2, [2, 3], read("x", "1", "1"))],
    says: ['found "1" twice in list "x"'],
  },
  {
    kind: "phantom element",
    name: "an element nobody appended",
    good: [txn(1, [0, 1], append("x", "1")), txn(2, [2, 3], read("x", "1"))],
    bad: [txn(1, [0, 1], append("x", "1")), txn(2, [2, 3], read("x", "1", "7"))],
    says: ['read "7" in list "x"', "never appended"],
  },
  {
    kind: "internal",
    name: "a transaction does not see its own append",
    good: [txn(1, [0, 1], append("x", "1"), read("x", "1"))],
    bad: [txn(1, [0, 1], append("x", "1"), read("x"))],
    kinds: ["internal"],
    says: ['read \\[\\] from list "x"', "itself"],
  },
  {
    kind: "internal",
    name: "a list changes within a transaction",
    good: [txn(1, [0, 9], append("x", "1")), txn(2, [0, 9], read("x", "1"), read("x", "1"))],
    bad: [txn(1, [0, 9], append("x", "1")), txn(2, [0, 9], read("x"), read("x", "1"))],
    kinds: ["internal", "G-single"],
    says: ['read \\[1\\] from list "x"'],
  },
  {
    kind: "internal",
    name: "an append behind a read is answered with another length",
    good: [txn(1, [0, 9], read("x"), append("x", "1", 1))],
    bad: [txn(1, [0, 9], read("x"), append("x", "1", 2))],
    says: ["had 0 elements", "made 2 of them"],
  },
  {
    kind: "wrong length",
    name: "an append was answered with another place than lists show",
    good: [txn(1, [0, 1], append("x", "1", 1)), txn(2, [2, 3], read("x", "1"))],
    bad: [txn(1, [0, 1], append("x", "1", 2)), txn(2, [2, 3], read("x", "1"))],
    says: ['where "1" is number 1 of 1', "length of 2"],
  },
  {
    kind: "wrong length",
    name: "two appends were answered with one length",
    good: [txn(1, [0, 9], append("x", "1", 1)), txn(2, [0, 9], append("x", "2", 2))],
    bad: [txn(1, [0, 9], append("x", "1", 1)), txn(2, [0, 9], append("x", "2", 1))],
    says: ['append of "2"', "length of 1", 'that of "1"'],
  },
  {
    kind: "wrong length",
    name: "another element stands where an append was answered to be",
    good: [
      txn(1, [0, 9], append("x", "1", 1)),
      txn(2, [0, 9], append("x", "2", 2)),
      txn(3, [0, 9], read("x", "1")),
    ],
    bad: [
      txn(1, [0, 9], append("x", "1", 1)),
      txn(2, [0, 9], append("x", "2", 1)),
      txn(3, [0, 9], read("x", "1")),
    ],
    says: ['append of "2"', "length of 1", 'number 1 is "1"'],
  },
  {
    kind: "lost update",
    name: "two read the same and both append",
    good: [
      txn(1, [0, 9], read("x"), append("x", "1")),
      txn(2, [0, 9], read("x", "1"), append("x", "2")),
      txn(3, [10, 11], read("x", "1", "2")),
    ],
    bad: [
      txn(1, [0, 9], read("x"), append("x", "1")),
      txn(2, [0, 9], read("x"), append("x", "2")),
      txn(3, [10, 11], read("x", "1", "2")),
    ],
    kinds: ["lost update", "G-single"],
    says: ["both found 0 elements"],
  },
];

describe("of each pair the one is impossible and the other is not:", () => {
  test.each(twins)("$kind: $name", ({ kind, good, bad, kinds = [kind], says }) => {
    expect(listAppend(told(...good))).toMatchObject({ validity: "valid", anomalies: [] });
    const { validity, anomalies, figures } = listAppend(told(...bad));
    expect(validity).toBe("invalid");
    expect(anomalies.map((anomaly) => anomaly.kind)).toEqual(kinds);
    expect(anomalies[0]!.text).toMatch(new RegExp(says.join(".*")));
    expect(figures[kinds[0]!]).toBe(1);
  });
});

test("the shortest cycle is shown, however long the way of time between its ends is", () => {
  const between = Array.from({ length: 200 }, (_, i) =>
    txn(2 + (i % 3), [10 + i, 10.5 + i], append("y", `${i}`, i + 1)),
  );
  const history = told(
    txn(1, [0, 1], append("x", "1", 1)),
    ...between,
    txn(9, [300, 301], read("x")),
  );
  const { anomalies } = listAppend(history);
  expect(anomalies).toHaveLength(1);
  expect(anomalies[0]).toMatchObject({
    kind: "G-single-realtime",
    key: "x",
    operations: [0, 201],
    impossible: 201,
  });
});

test("many who missed many appends without lengths make one contradiction", () => {
  const appends = Array.from({ length: 50 }, (_, i) => txn(i, [0, 1], append("x", `${i}`)));
  const reads = Array.from({ length: 50 }, (_, i) => txn(100 + i, [2, 3], read("x")));
  const { figures, anomalies } = listAppend(told(...appends, ...reads));
  expect(figures.cycles).toBe(1);
  expect(anomalies[0]!.operations).toHaveLength(2);
  // Through the meeting point, not from each to each: that would be 2500.
  expect(figures.edges).toBeLessThan(50 + 50 + 2_501);
});

test("an unknown transaction that nobody saw says nothing, one that was seen happened", () => {
  const append1 = unknown(txn(1, [0, 1], append("x", "1"), append("y", "1")));
  expect(listAppend(told(append1, txn(2, [2, 3], read("x"), read("y")))).validity).toBe("valid");
  // Half of it was seen, so it happened whole.
  const half = listAppend(told(append1, txn(2, [2, 3], read("x", "1"), read("y"))));
  expect(half.anomalies.map(({ kind }) => kind)).toEqual(["G-single"]);
});

test("an element appended twice to a key is the workload's mistake, and nothing is judged", () => {
  const history = told(txn(1, [0, 1], append("x", "1")), txn(2, [2, 3], append("x", "1")));
  expect(() => listAppend(history)).toThrow('"1" is appended twice to x');
});

test("twenty thousand transactions are judged, and edges are a few for each", () => {
  const drafts = listHistory(new Random(9), {
    clients: 10,
    operations: 20_000,
    keys: 10,
    appendsPerKeyMax: 100,
    stepsMax: 2,
    failShare: 0.02,
    infoShare: 0.02,
  });
  const { validity, figures } = listAppend(historyFrom(drafts));
  expect(validity).toBe("valid");
  expect(figures.edges).toBeLessThan(20_000 * 20);
});
