/**
 * What became of everything that was written once and never overwritten: acknowledged or not, seen by whom, there at
 * the end or not. Fresh keys, elements of sets, lists, queues and logs, and writes that a message told of are alike in
 * this; three checkers and the headline figures read it.
 *
 * What it leaves out: keys that are overwritten, counters, balances, whatever is meant to expire.
 */

import type { Json } from "../history/event.js";
import type { History, Operation } from "../history/history.js";

export interface Item {
  readonly key: string;
  readonly element: string;
  /** That wrote it. */
  readonly write: Operation;
  /** The first that saw it; null: nobody did before the final reads. */
  seen: Operation | null;
}

/** At the end, on one node. */
export interface NodeState {
  readonly node: number;
  /** Elements by key; a key that could not be read is not in it. */
  readonly elements: ReadonlyMap<string, ReadonlySet<string>>;
  /** The final read of a key. */
  readonly reads: ReadonlyMap<string, Operation>;
}

export interface Survival {
  readonly items: readonly Item[];
  /** Elements that were seen, now or at the end, and written by nobody: with who saw them. */
  readonly strangers: readonly { key: string; element: string; seen: Operation }[];
  readonly nodes: readonly NodeState[];
}

/** `undecided`: no final read of its key succeeded on some node. */
export type Fate = "kept" | "lost" | "undecided";

interface Written {
  readonly key: string;
  readonly element: string;
}

export function survivalOf(history: History): Survival {
  const once = keysWrittenOnce(history);
  const byKey = new Map<string, Map<string, Item>>();
  for (const operation of history.operations) {
    for (const { key, element } of writtenBy(operation, once)) {
      const items = byKey.get(key) ?? new Map<string, Item>();
      byKey.set(key, items);
      items.set(element, { key, element, write: operation, seen: null });
    }
  }
  const strangers = new Map<string, { key: string; element: string; seen: Operation }>();
  const states = new Map<
    number,
    { elements: Map<string, Set<string>>; reads: Map<string, Operation> }
  >();
  for (const operation of history.operations) {
    if (operation.outcome !== "ok") continue;
    const seen = seenBy(operation, byKey);
    for (const { key, element } of seen) {
      const item = byKey.get(key)?.get(element);
      if (item === undefined) strangers.set(`${key} ${element}`, { key, element, seen: operation });
      else if (operation.op !== "final-read") item.seen ??= operation;
    }
    if (operation.op !== "final-read" || operation.key === null) continue;
    const state = states.get(operation.node) ?? { elements: new Map(), reads: new Map() };
    states.set(operation.node, state);
    state.elements.set(operation.key, new Set(seen.map(({ element }) => element)));
    state.reads.set(operation.key, operation);
  }
  return {
    items: [...byKey.values()].flatMap((items) => [...items.values()]),
    strangers: [...strangers.values()],
    nodes: [...states].sort(([a], [b]) => a - b).map(([node, state]) => ({ node, ...state })),
  };
}

/** On every node. Without any final read nothing is decided. */
export function fateOf({ key, element }: Written, { nodes }: Survival): Fate {
  let fate: Fate = nodes.length === 0 ? "undecided" : "kept";
  for (const { elements } of nodes) {
    const found = elements.get(key);
    if (found === undefined) fate = fate === "lost" ? "lost" : "undecided";
    else if (!found.has(element)) fate = "lost";
  }
  return fate;
}

/** Missing wherever it was looked for, and looked for somewhere. */
export function hasVanished({ key, element }: Written, { nodes }: Survival): boolean {
  const looked = nodes.filter(({ elements }) => elements.has(key));
  return looked.length > 0 && looked.every(({ elements }) => !elements.get(key)!.has(element));
}

/** Where a key that was written once is read back: everything else of `write` may have been overwritten. */
function keysWrittenOnce({ operations }: History): ReadonlySet<string> {
  const writes = new Map<string, number>();
  for (const { op, key } of operations) {
    if (key === null || (op !== "write" && op !== "setnx" && op !== "cas")) continue;
    writes.set(key, (writes.get(key) ?? 0) + (op === "write" ? 1 : 2));
  }
  return new Set([...writes].filter(([, count]) => count === 1).map(([key]) => key));
}

function writtenBy({ op, key, input }: Operation, once: ReadonlySet<string>): Written[] {
  switch (op) {
    case "write":
      return once.has(key!) ? [{ key: key!, element: input as string }] : [];
    case "add":
    case "enqueue":
      return [{ key: key!, element: input as string }];
    case "log":
      return [{ key: key!, element: (input as { element: string }).element }];
    // The write it tells of has the message for its key and value.
    case "publish":
      return [{ key: input as string, element: input as string }];
    case "txn":
      return (input as Json[][])
        .filter(([kind]) => kind === "append")
        .map(([, list, element]) => ({ key: list as string, element: element as string }));
    default:
      return [];
  }
}

function seenBy(
  { op, key, output }: Operation,
  byKey: ReadonlyMap<string, ReadonlyMap<string, Item>>,
): Written[] {
  const of = (elements: readonly Json[]): Written[] =>
    elements.map((element) => ({ key: key!, element: element as string }));
  switch (op) {
    case "read":
    case "read-all":
    case "stale-read":
    case "final-read":
      // A key that nobody wrote in the ways above, a register or a counter, says nothing here.
      return byKey.has(key!) ? of(elementsOf(output)) : [];
    case "dequeue":
      return output === null ? [] : of([output]);
    case "read-log":
      return of(elementsOf(output));
    case "heard":
      return [{ key: output as string, element: output as string }];
    case "txn":
      return (output as Json[][])
        .filter(([kind]) => kind === "r")
        .flatMap(([, list, elements]) =>
          (elements as string[]).map((element) => ({ key: list as string, element })),
        );
    default:
      return [];
  }
}

/** Of a string, a list, a log with its balance, or nothing. */
function elementsOf(value: Json): readonly Json[] {
  if (value === null) return [];
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value;
  return (value as { elements: Json[] }).elements;
}
