/**
 * The two sides of a comparison of values: ours as commands reach it (Txn: effect bytes, undo record, mutation;
 * views for reading), and a plain structure, with the same operations by name.
 *
 * Operations leave a value as long as it was. `key` names one of many equal values, `i` an element in it.
 */

import { BatchWriter, Keyspace, Txn, UndoJournal, type Value } from "@redoubt/keyspace";

export type Operation = (key: string, i: number) => unknown;
/** Of element `i`: a fresh flat string each time, as requests make them. */
export type TextOf = (i: number) => string;

export interface Side {
  /** Puts element `i` into the value of `key`, which has those before it. */
  add(key: string, i: number): void;
  /** Bytes we believe all values take; 0: nobody says. */
  estimate(): number;
  readonly operations: Readonly<Record<string, Operation>>;
  /** Forgets the value. */
  drop(key: string): void;
}

export interface ValueType {
  readonly ours: (size: number, textOf: TextOf) => Side;
  readonly plain: (size: number, textOf: TextOf) => Side;
}

/** A keyspace as a leader changes it; every change is committed at once. */
class Led {
  readonly keyspace = new Keyspace();
  readonly txn: Txn;
  readonly #journal = new UndoJournal();
  readonly #batch = new BatchWriter();

  constructor() {
    const touch = { touched: () => {}, touchedAll: () => {} };
    this.txn = new Txn(this.keyspace, this.#journal, this.#batch, touch);
    this.txn.begin(1, "lead");
  }

  value(key: string): Value {
    return this.keyspace.peek(key)!;
  }

  commit(): void {
    this.#journal.commitTo(this.#journal.position, () => {});
    if (this.#batch.effects > 0) this.#batch.truncate(0, this.#batch.effects);
  }
}

type LedOperation = (txn: Txn, key: string, i: number, value: Value) => unknown;

/** `add` and what changes something are committed at once. */
export function led(
  add: (txn: Txn, key: string, i: number) => void,
  operations: Readonly<Record<string, LedOperation>>,
): Side {
  const leader = new Led();
  const { txn } = leader;
  const committed = (change: LedOperation): Operation => {
    return (key, i) => {
      const result = change(txn, key, i, leader.value(key));
      leader.commit();
      return result;
    };
  };
  const all: Record<string, Operation> = {};
  for (const [name, operation] of Object.entries(operations)) all[name] = committed(operation);
  return {
    add: (key, i) => {
      add(txn, key, i);
      leader.commit();
    },
    estimate: () => leader.keyspace.memoryBytes,
    operations: {
      ...all,
      copy: committed((txn, key) => {
        txn.copy(key, "copy");
        txn.delete("copy");
      }),
    },
    drop: (key) => {
      txn.delete(key);
      leader.commit();
    },
  };
}

export function plain<T>(
  create: () => T,
  add: (value: T, i: number) => void,
  copy: (value: T) => unknown,
  operations: Readonly<Record<string, (value: T, i: number) => unknown>>,
): Side {
  const values = new Map<string, T>();
  const all: Record<string, Operation> = {};
  const named: Record<string, (value: T, i: number) => unknown> = { ...operations, copy };
  for (const [name, run] of Object.entries(named)) {
    all[name] = (key, i) => run(values.get(key)!, i);
  }
  return {
    add: (key, i) => {
      let value = values.get(key);
      if (value === undefined) {
        value = create();
        values.set(key, value);
      }
      add(value, i);
    },
    estimate: () => 0,
    operations: all,
    drop: (key) => void values.delete(key),
  };
}
