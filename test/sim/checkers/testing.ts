/** Hand-made entries and operations for the checkers' own tests. */

import { BatchWriter } from "@redoubt/keyspace";
import { type Entry, EntryKind } from "@redoubt/raft";
import type { Operation } from "../workload/history.js";

type Effect =
  | readonly ["SET", string, string]
  | readonly ["SET", string, string, number]
  | readonly ["DEL", string]
  | readonly ["FLUSHALL"];

/** A committed batch; `logTimeMs` rises with the index unless it is given. */
export function batch(index: number, effects: readonly Effect[], logTimeMs = index): Entry {
  const writer = new BatchWriter();
  for (const effect of effects) {
    if (effect[0] === "FLUSHALL") writer.flushAll();
    else if (effect[0] === "DEL") writer.deleteKey(effect[1]);
    else writer.putString(effect[1], Buffer.from(effect[2], "latin1"), effect[3] ?? 0);
  }
  return entry(index, 1, EntryKind.batch, writer.take(logTimeMs));
}

/** Its checksum is its own: (index, term), so that logs with equal ones match. */
export function entry(
  index: number,
  term: number,
  kind: Entry["kind"] = EntryKind.noop,
  payload: Uint8Array = new Uint8Array(0),
): Entry {
  return { index, term, kind, checksum: index * 1000 + term, payload };
}

export function operation(
  argv: readonly string[],
  reply: Operation["reply"],
  rest: Partial<Operation> = {},
): Operation {
  return {
    client: 0,
    argv,
    model: "register",
    key: argv[1] ?? "",
    invokedMs: 0,
    returnedMs: 1,
    outcome: "ok",
    reply,
    node: 1,
    committedBefore: 0,
    sequence: 0,
    ...rest,
  };
}

/** Collects instead of throwing. */
export function collected(): { report: (checker: string, text: string) => void; said: string[] } {
  const said: string[] = [];
  return { said, report: (checker, text) => said.push(`${checker}: ${text}`) };
}
