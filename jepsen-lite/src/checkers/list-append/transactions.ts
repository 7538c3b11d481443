/** Transactions over lists as the checker reads them, and those of each key put together. */

import type { Json } from "../../history/event.js";
import type { History, Operation } from "../../history/history.js";

export interface AppendStep {
  readonly kind: "append";
  readonly key: string;
  readonly element: string;
  /** That the list was answered to have then; null: not told. */
  readonly length: number | null;
}

export interface ReadStep {
  readonly kind: "read";
  readonly key: string;
  /** null: not told. */
  readonly elements: readonly string[] | null;
}

export type Step = AppendStep | ReadStep;

export interface Transaction {
  readonly operation: Operation;
  readonly steps: readonly Step[];
}

/** An append, seen from its key. */
export interface Appended {
  /** Index of the transaction. */
  readonly writer: number;
  readonly element: string;
  readonly length: number | null;
  /** Its transaction appended nothing to the key behind it. */
  isLast: boolean;
}

/** A read that was answered, seen from its key. */
export interface ListRead {
  /** Index of the transaction. */
  readonly reader: number;
  readonly elements: readonly string[];
  /** Its transaction had appended to the key before: how often. */
  readonly ownBefore: number;
}

export interface KeyUse {
  readonly key: string;
  readonly appended: ReadonlyMap<string, Appended>;
  readonly reads: readonly ListRead[];
}

/** Operations `txn`, in the order of invocation. Throws on values that are not shaped as in `operations.md`. */
export function transactionsOf(history: History): Transaction[] {
  return history.operations
    .filter(({ op }) => op === "txn")
    .map((operation) => ({
      operation,
      steps: list(operation.outcome === "ok" ? operation.output : operation.input).map(step),
    }));
}

/** Throws when an element is appended twice to a key: then lists tell nothing. */
export function keyUses(transactions: readonly Transaction[]): KeyUse[] {
  const uses = new Map<string, { appended: Map<string, Appended>; reads: ListRead[] }>();
  transactions.forEach(({ operation, steps }, index) => {
    const own = new Map<string, Appended[]>();
    for (const each of steps) {
      let use = uses.get(each.key);
      if (use === undefined) {
        use = { appended: new Map(), reads: [] };
        uses.set(each.key, use);
      }
      const before = own.get(each.key) ?? [];
      if (each.kind === "append") {
        const { element, length } = each;
        if (use.appended.has(element))
          throw new Error(`"${element}" is appended twice to ${each.key}`);
        const appended = { writer: index, element, length, isLast: true };
        for (const earlier of before) earlier.isLast = false;
        use.appended.set(element, appended);
        own.set(each.key, [...before, appended]);
      } else if (each.elements !== null && operation.outcome === "ok") {
        use.reads.push({ reader: index, elements: each.elements, ownBefore: before.length });
      }
    }
  });
  return [...uses].map(([key, { appended, reads }]) => ({ key, appended, reads }));
}

/** By index: it was answered as done, or is unknown and somebody read what it appended. */
export function happenedOf(
  transactions: readonly Transaction[],
  uses: readonly KeyUse[],
): readonly boolean[] {
  const happened = transactions.map(({ operation }) => operation.outcome === "ok");
  for (const { appended, reads } of uses) {
    for (const element of longestOf(reads)?.elements ?? []) {
      const writer = appended.get(element)?.writer;
      if (writer !== undefined && transactions[writer]!.operation.outcome === "info")
        happened[writer] = true;
    }
  }
  return happened;
}

/** The first of the longest; null: nobody read. */
export function longestOf(reads: readonly ListRead[]): ListRead | null {
  let longest: ListRead | null = null;
  for (const read of reads) {
    if (longest === null || read.elements.length > longest.elements.length) longest = read;
  }
  return longest;
}

function step(value: Json): Step {
  const [kind, key, asked, length] = list(value);
  if (kind === "append" && typeof key === "string" && asked !== undefined) {
    return {
      kind,
      key,
      element: String(asked),
      length: typeof length === "number" ? length : null,
    };
  }
  if (kind === "r" && typeof key === "string")
    return { kind: "read", key, elements: elementsOf(asked) };
  throw new Error(`no step of a transaction: ${JSON.stringify(value)}`);
}

function elementsOf(value: Json | undefined): readonly string[] | null {
  if (value === undefined || value === null) return null;
  const elements = list(value);
  return elements.every((each) => typeof each === "string") ? elements : elements.map(String);
}

function list(value: Json): readonly Json[] {
  if (!Array.isArray(value)) throw new Error(`not a list: ${JSON.stringify(value)}`);
  return value;
}
