/** Effects of hashes. A batch of fields is one effect; undo has the old values. */

import { assert } from "../assert.js";
import { Inverse } from "../inverse.js";
import { valueBytes } from "../memory.js";
import type { Store } from "../store.js";
import type { UndoJournal } from "../undo-journal.js";
import type { Collection, StringValue } from "../value.js";
import { Hash } from "../values/hash.js";
import type { PackedElements } from "../values/packed-elements.js";
import type { BatchReader } from "./batch-reader.js";
import type { BatchWriter } from "./batch-writer.js";
import { changeExisting, existing, existingOrNone, putNew, textBytes } from "./collections.js";
import { type Argument, latin1Argument, valueArgument } from "./command-arguments.js";
import * as kind from "./kinds.js";

// ---- encoding ------------------------------------------------------------------------------------

export function encodeSet(
  batch: BatchWriter,
  key: string,
  fields: readonly string[],
  values: readonly StringValue[],
): void {
  batch.beginCollection(kind.HASH_SET, key);
  batch.addInteger(fields.length);
  fields.forEach((field, i) => {
    batch.addText(field);
    batch.addValue(values[i]!);
  });
}

export function encodeDelete(batch: BatchWriter, key: string, fields: readonly string[]): void {
  batch.beginCollection(kind.HASH_DELETE, key);
  batch.addInteger(fields.length);
  for (const field of fields) batch.addText(field);
}

// ---- state ---------------------------------------------------------------------------------------

/** A field may be named twice: the last value counts. */
export function set(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  fields: readonly string[],
  values: readonly StringValue[],
): void {
  const hash = existingOrNone(store.value(key), Hash);
  if (hash === undefined) {
    const made = new Hash();
    fields.forEach((field, i) => {
      made.set(field, values[i]!);
    });
    putNew(store, journal, key, made);
    return;
  }
  changeExisting(store, journal, key, hash, (hash, isRecorded) => {
    let raised: Raised | null = null;
    const olds = fields.map((field, i) => {
      if (isRecorded && hash.raisesBy(field, values[i]!)) raised = { at: i, packed: hash.raise() };
      return hash.set(field, values[i]!);
    });
    return isRecorded ? new UndoSet(raised, fields, olds) : null;
  });
}

export function remove(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  fields: readonly string[],
): void {
  changeExisting(store, journal, key, existing(store, key, Hash), (hash) => {
    const values = fields.map((field) => {
      const value = hash.delete(field);
      assert(value !== undefined, "a deleted field is there");
      return value;
    });
    assert(hash.size > 0, "a hash that loses fields keeps one");
    return new UndoDelete(fields, values);
  });
}

// ---- undo ----------------------------------------------------------------------------------------

abstract class HashInverse extends Inverse {
  protected override undo(value: Collection): void {
    assert(value instanceof Hash, "a hash's change is undone on it");
    this.undoIn(value);
  }

  protected abstract undoIn(hash: Hash): void;
}

/** The field by which a listpack became a table, and the listpack as it was then. */
interface Raised {
  readonly at: number;
  readonly packed: PackedElements;
}

class UndoSet extends HashInverse {
  readonly bytes: number;
  private readonly raised: Raised | null;
  private readonly fields: readonly string[];
  /** undefined: the field was not there. */
  private readonly olds: readonly (StringValue | undefined)[];

  constructor(
    raised: Raised | null,
    fields: readonly string[],
    olds: readonly (StringValue | undefined)[],
  ) {
    super();
    this.raised = raised;
    this.fields = fields;
    this.olds = olds;
    const packedBytes = raised === null ? 0 : raised.packed.memoryBytes;
    this.bytes = textBytes(fields) + olds.reduce(addBytes, packedBytes);
  }

  protected override undoIn(hash: Hash): void {
    if (this.raised !== null) hash.lower(this.raised.packed);
    for (let i = (this.raised?.at ?? this.fields.length) - 1; i >= 0; i--) {
      const old = this.olds[i];
      if (old === undefined) hash.delete(this.fields[i]!);
      else hash.set(this.fields[i]!, old);
    }
  }
}

class UndoDelete extends HashInverse {
  readonly bytes: number;
  private readonly fields: readonly string[];
  private readonly values: readonly StringValue[];

  constructor(fields: readonly string[], values: readonly StringValue[]) {
    super();
    this.fields = fields;
    this.values = values;
    this.bytes = textBytes(fields) + values.reduce(addBytes, 0);
  }

  protected override undoIn(hash: Hash): void {
    this.fields.forEach((field, i) => {
      hash.set(field, this.values[i]!);
    });
  }
}

function addBytes(sum: number, value: StringValue | undefined): number {
  return value === undefined ? sum : sum + valueBytes(value);
}

// ---- followers -----------------------------------------------------------------------------------

/** The effect's kind and key are read. False: it is not one of these. */
export function applyHashEffect(store: Store, effect: BatchReader): boolean {
  const { key } = effect;
  if (effect.kind === kind.HASH_SET) {
    const fields: string[] = [];
    const values: StringValue[] = [];
    readPairs(effect, fields, values);
    set(store, null, key, fields, values);
    return true;
  }
  if (effect.kind !== kind.HASH_DELETE) return false;
  remove(store, null, key, readTexts(effect));
  return true;
}

/** null: it is not one of these. */
export function hashCommand(effect: BatchReader): Argument[] | null {
  const key = latin1Argument(effect.key);
  if (effect.kind === kind.HASH_SET) {
    const fields: string[] = [];
    const values: StringValue[] = [];
    readPairs(effect, fields, values);
    const pairs = fields.flatMap((field, i) => [latin1Argument(field), valueArgument(values[i]!)]);
    return [latin1Argument("HSET"), key, ...pairs];
  }
  if (effect.kind !== kind.HASH_DELETE) return null;
  return [latin1Argument("HDEL"), key, ...readTexts(effect).map(latin1Argument)];
}

function readPairs(effect: BatchReader, fields: string[], values: StringValue[]): void {
  for (let rest = effect.count(2); rest > 0; rest--) {
    fields.push(effect.text());
    values.push(effect.value());
  }
}

export function readTexts(effect: BatchReader): string[] {
  const texts: string[] = [];
  for (let rest = effect.count(1); rest > 0; rest--) texts.push(effect.text());
  return texts;
}
