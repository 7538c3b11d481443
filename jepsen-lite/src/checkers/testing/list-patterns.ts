/**
 * Anomalies of several transactions, each as the textbooks have it, planted on keys of its own among the operations of a
 * correct history: concurrent with one another and with what goes on there. Behind them all is read once more.
 */

import type { Json } from "../../history/event.js";
import type { Draft } from "./drafts.js";
import type { Mutation } from "./register-mutations.js";

/** By key: `read("x", 1, 2)` found those, `append("x", 3)` was the third. */
type Step = readonly Json[];
type Pattern = (x: string, y: string) => readonly (readonly Step[])[];

const read = (key: string, ...elements: string[]): Step => ["r", key, elements];
const append = (key: string, element: string, length: number): Step => [
  "append",
  key,
  element,
  length,
];

/** The last transaction of each comes behind the others; these are concurrent. */
const patterns: Readonly<Record<string, Pattern>> = {
  /** Each read what the other wrote, before it was there. */
  "write skew": (x, y) => [
    [read(x), append(y, "a", 1)],
    [read(y), append(x, "b", 1)],
    [read(x, "b"), read(y, "a")],
  ],
  /** Both found nothing and appended. */
  "lost update": (x) => [
    [read(x), append(x, "a", 1)],
    [read(x), append(x, "b", 2)],
    [read(x, "a", "b")],
  ],
  /** Each comes first in one list. */
  "interleaved appends": (x, y) => [
    [append(x, "a", 1), append(y, "a", 2)],
    [append(x, "b", 2), append(y, "b", 1)],
    [read(x, "a", "b"), read(y, "b", "a")],
  ],
  /** Each found what the other appended. */
  "circular information flow": (x, y) => [
    [append(x, "a", 1), read(y, "b")],
    [append(y, "b", 1), read(x, "a")],
    [read(x, "a"), read(y, "b")],
  ],
  /** One half of a transaction is found. */
  "fractured read": (x, y) => [
    [append(x, "a", 1), append(y, "a", 1)],
    [read(x, "a"), read(y)],
    [read(x, "a"), read(y, "a")],
  ],
  /** Two find two appends in different orders. */
  "long fork": (x, y) => [
    [append(x, "a", 1)],
    [append(y, "b", 1)],
    [read(x, "a"), read(y)],
    [read(x), read(y, "b")],
    [read(x, "a"), read(y, "b")],
  ],
  /** Under a predicate a list is: all that were appended. A second look finds more. */
  "phantom between two reads": (x) => [
    [append(x, "a", 1)],
    [read(x), read(x, "a")],
    [read(x, "a")],
  ],
};

export const listPatterns: Readonly<Record<string, Mutation>> = Object.fromEntries(
  Object.entries(patterns).map(([name, pattern]) => [name, planted(pattern)]),
);

/** Microseconds. */
const DURATION = 500;
const FIRST_PROCESS = 1_000_000;

function planted(pattern: Pattern): Mutation {
  return (drafts, random) => {
    const from = random.pick(drafts).invokedAt;
    const until = from + 2 * DURATION;
    const transactions = pattern("planted-x", "planted-y");
    transactions.forEach((output, i) => {
      const process = FIRST_PROCESS + i;
      const isLast = i === transactions.length - 1;
      drafts.push(
        isLast
          ? transaction(process, output, until + 1, until + DURATION)
          : transaction(process, output, from + random.below(DURATION), until),
      );
    });
    return true;
  };
}

function transaction(
  process: number,
  output: readonly Step[],
  invokedAt: number,
  completedAt: number,
): Draft {
  return {
    index: -1,
    process,
    op: "txn",
    key: null,
    input: output.map(([kind, key, asked]) => [kind!, key!, kind === "append" ? asked! : null]),
    output,
    outcome: "ok",
    invokedAt,
    completedAt,
    node: 1,
    error: null,
  };
}
