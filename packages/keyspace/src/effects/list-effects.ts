/** Effects of lists: each encoded once, decoded and applied, undone, and told as a Redis command. */

import { assert } from "../assert.js";
import { Inverse } from "../inverse.js";
import { valueBytes } from "../memory.js";
import type { Store } from "../store.js";
import type { UndoJournal } from "../undo-journal.js";
import type { Collection, StringValue } from "../value.js";
import { List, type ListEncoding } from "../values/list.js";
import type { BatchReader } from "./batch-reader.js";
import type { BatchWriter } from "./batch-writer.js";
import { changeExisting, existing, existingOrNone, putNew } from "./collections.js";
import {
  type Argument,
  integerArgument,
  latin1Argument,
  valueArgument,
} from "./command-arguments.js";
import * as kind from "./kinds.js";

export type ListEnd = "head" | "tail";
export type ListSide = "before" | "behind";

// ---- encoding ------------------------------------------------------------------------------------

export function encodePush(
  batch: BatchWriter,
  key: string,
  end: ListEnd,
  values: readonly StringValue[],
): void {
  batch.beginCollection(kind.LIST_PUSH, key);
  batch.addInteger(end === "head" ? 0 : 1);
  batch.addInteger(values.length);
  for (const value of values) batch.addValue(value);
}

export function encodePop(batch: BatchWriter, key: string, end: ListEnd, count: number): void {
  batch.beginCollection(kind.LIST_POP, key);
  batch.addInteger(end === "head" ? 0 : 1);
  batch.addInteger(count);
}

export function encodeSet(
  batch: BatchWriter,
  key: string,
  index: number,
  value: StringValue,
): void {
  batch.beginCollection(kind.LIST_SET, key);
  batch.addInteger(index);
  batch.addValue(value);
}

export function encodeInsert(
  batch: BatchWriter,
  key: string,
  side: ListSide,
  pivot: StringValue,
  value: StringValue,
): void {
  batch.beginCollection(kind.LIST_INSERT, key);
  batch.addInteger(side === "before" ? 0 : 1);
  batch.addValue(pivot);
  batch.addValue(value);
}

export function encodeRemove(
  batch: BatchWriter,
  key: string,
  from: ListEnd,
  count: number,
  value: StringValue,
): void {
  batch.beginCollection(kind.LIST_REMOVE, key);
  batch.addInteger(from === "head" ? 0 : 1);
  batch.addInteger(count);
  batch.addValue(value);
}

export function encodeTrim(batch: BatchWriter, key: string, start: number, count: number): void {
  batch.beginCollection(kind.LIST_TRIM, key);
  batch.addInteger(start);
  batch.addInteger(count);
}

// ---- state ---------------------------------------------------------------------------------------

export function push(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  end: ListEnd,
  values: readonly StringValue[],
): void {
  const list = existingOrNone(store.value(key), List);
  if (list === undefined) {
    const made = new List();
    pushAll(made, end, values);
    made.settleEncoding();
    putNew(store, journal, key, made);
    return;
  }
  changeList(store, journal, key, list, (list, isRecorded) => {
    pushAll(list, end, values);
    return isRecorded ? new UndoPush(end, values.length) : null;
  });
}

export function pop(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  end: ListEnd,
  count: number,
): void {
  changeList(store, journal, key, existing(store, key, List), (list) => {
    assert(count > 0 && count < list.length, "a list that is popped keeps an element");
    const index = end === "head" ? 0 : list.length - count;
    return new UndoTake(index, list.takeRange(index, count));
  });
}

export function set(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  index: number,
  value: StringValue,
): void {
  changeList(store, journal, key, existing(store, key, List), (list) => {
    return new UndoSet(index, list.set(index, value));
  });
}

export function insert(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  side: ListSide,
  pivot: StringValue,
  value: StringValue,
): void {
  changeList(store, journal, key, existing(store, key, List), (list) => {
    const found = indexOf(list, pivot);
    assert(found >= 0, "an element is inserted beside one that is there");
    const index = side === "before" ? found : found + 1;
    list.insertAt(index, value);
    return new UndoInsert(index);
  });
}

/** `count` elements that equal `value` are there, and another one. */
export function remove(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  from: ListEnd,
  count: number,
  value: StringValue,
): void {
  changeList(store, journal, key, existing(store, key, List), (list) => {
    const indexes = indexesOf(list, from, count, value);
    assert(indexes.length === count && count > 0, "what is removed is there");
    assert(count < list.length, "a list that loses elements keeps one");
    const removed: StringValue[] = [];
    for (let i = count - 1; i >= 0; i--) removed.push(list.removeAt(indexes[i]!));
    return new UndoRemove(indexes, removed.reverse());
  });
}

export function trim(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  start: number,
  count: number,
): void {
  changeList(store, journal, key, existing(store, key, List), (list) => {
    const end = start + count;
    assert(count > 0 && end <= list.length, "a list that is trimmed keeps elements");
    const tail = list.takeRange(end, list.length - end);
    return new UndoTrim(list.takeRange(0, start), tail);
  });
}

/** What is changed has the encoding that follows; its inverse restores the one before. */
function changeList(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  list: List,
  change: (list: List, isRecorded: boolean) => ListInverse | null,
): void {
  const { encoding } = list;
  changeExisting(store, journal, key, list, (list, isRecorded) => {
    const inverse = change(list, isRecorded);
    list.settleEncoding();
    if (inverse !== null) inverse.encodingBefore = encoding;
    return inverse;
  });
}

/** From the head; -1: none. */
export function indexOf(list: List, value: StringValue): number {
  let found = -1;
  list.forEachEqual(value, 0, 1, list.length, (index) => {
    found = index;
    return false;
  });
  return found;
}

/** The first `countMax` from that end, always in ascending order. */
export function indexesOf(
  list: List,
  from: ListEnd,
  countMax: number,
  value: StringValue,
): number[] {
  const indexes: number[] = [];
  const isFromHead = from === "head";
  const first = isFromHead ? 0 : list.length - 1;
  list.forEachEqual(value, first, isFromHead ? 1 : -1, list.length, (index) => {
    indexes.push(index);
    return indexes.length < countMax;
  });
  return isFromHead ? indexes : indexes.reverse();
}

function pushAll(list: List, end: ListEnd, values: readonly StringValue[]): void {
  for (const value of values) {
    if (end === "head") list.pushHead(value);
    else list.pushTail(value);
  }
}

// ---- undo ----------------------------------------------------------------------------------------

abstract class ListInverse extends Inverse {
  encodingBefore: ListEncoding = "listpack";

  protected override undo(value: Collection): void {
    assert(value instanceof List, "a list's change is undone on it");
    this.undoIn(value);
    value.restoreEncoding(this.encodingBefore);
  }

  protected abstract undoIn(list: List): void;
}

class UndoPush extends ListInverse {
  readonly bytes = 0;
  private readonly end: ListEnd;
  private readonly count: number;

  constructor(end: ListEnd, count: number) {
    super();
    this.end = end;
    this.count = count;
  }

  protected override undoIn(list: List): void {
    list.takeRange(this.end === "head" ? 0 : list.length - this.count, this.count);
  }
}

class UndoTake extends ListInverse {
  readonly bytes: number;
  private readonly index: number;
  private readonly piece: List;

  constructor(index: number, piece: List) {
    super();
    this.index = index;
    this.piece = piece;
    this.bytes = piece.memoryBytes;
  }

  protected override undoIn(list: List): void {
    list.putRange(this.index, this.piece);
  }
}

class UndoSet extends ListInverse {
  readonly bytes: number;
  private readonly index: number;
  private readonly old: StringValue;

  constructor(index: number, old: StringValue) {
    super();
    this.index = index;
    this.old = old;
    this.bytes = valueBytes(old);
  }

  protected override undoIn(list: List): void {
    list.set(this.index, this.old);
  }
}

class UndoInsert extends ListInverse {
  readonly bytes = 0;
  private readonly index: number;

  constructor(index: number) {
    super();
    this.index = index;
  }

  protected override undoIn(list: List): void {
    list.removeAt(this.index);
  }
}

class UndoRemove extends ListInverse {
  readonly bytes: number;
  /** As they were before the removal, ascending. Equal elements may still be different objects. */
  private readonly indexes: readonly number[];
  private readonly values: readonly StringValue[];

  constructor(indexes: readonly number[], values: readonly StringValue[]) {
    super();
    this.indexes = indexes;
    this.values = values;
    this.bytes = indexes.length * (8 + valueBytes(values[0]!));
  }

  protected override undoIn(list: List): void {
    this.indexes.forEach((index, i) => {
      list.insertAt(index, this.values[i]!);
    });
  }
}

class UndoTrim extends ListInverse {
  readonly bytes: number;
  private readonly head: List;
  private readonly tail: List;

  constructor(head: List, tail: List) {
    super();
    this.head = head;
    this.tail = tail;
    this.bytes = head.memoryBytes + tail.memoryBytes;
  }

  protected override undoIn(list: List): void {
    list.putRange(0, this.head);
    list.putRange(list.length, this.tail);
  }
}

// ---- followers -----------------------------------------------------------------------------------

/** The effect's kind and key are read. False: it is not one of these. */
export function applyListEffect(store: Store, effect: BatchReader): boolean {
  const { key } = effect;
  switch (effect.kind) {
    case kind.LIST_PUSH:
      push(store, null, key, readEnd(effect), readValues(effect));
      return true;
    case kind.LIST_POP:
      pop(store, null, key, readEnd(effect), effect.integer());
      return true;
    case kind.LIST_SET:
      set(store, null, key, effect.integer(), effect.value());
      return true;
    case kind.LIST_INSERT:
      insert(store, null, key, readSide(effect), effect.value(), effect.value());
      return true;
    case kind.LIST_REMOVE:
      remove(store, null, key, readEnd(effect), effect.integer(), effect.value());
      return true;
    case kind.LIST_TRIM:
      trim(store, null, key, effect.integer(), effect.integer());
      return true;
    default:
      return false;
  }
}

/** null: it is not one of these. */
export function listCommand(effect: BatchReader): Argument[] | null {
  const key = latin1Argument(effect.key);
  const text = latin1Argument;
  switch (effect.kind) {
    case kind.LIST_PUSH: {
      const name = readEnd(effect) === "head" ? "LPUSH" : "RPUSH";
      return [text(name), key, ...readValues(effect).map(valueArgument)];
    }
    case kind.LIST_POP: {
      const name = readEnd(effect) === "head" ? "LPOP" : "RPOP";
      return [text(name), key, integerArgument(effect.integer())];
    }
    case kind.LIST_SET:
      return [text("LSET"), key, integerArgument(effect.integer()), effect.binary()];
    case kind.LIST_INSERT: {
      const side = readSide(effect) === "before" ? "BEFORE" : "AFTER";
      return [text("LINSERT"), key, text(side), effect.binary(), effect.binary()];
    }
    case kind.LIST_REMOVE: {
      const sign = readEnd(effect) === "head" ? 1 : -1;
      return [text("LREM"), key, integerArgument(sign * effect.integer()), effect.binary()];
    }
    case kind.LIST_TRIM: {
      const start = effect.integer();
      const last = start + effect.integer() - 1;
      return [text("LTRIM"), key, integerArgument(start), integerArgument(last)];
    }
    default:
      return null;
  }
}

function readEnd(effect: BatchReader): ListEnd {
  return readFlag(effect) ? "tail" : "head";
}

function readSide(effect: BatchReader): ListSide {
  return readFlag(effect) ? "behind" : "before";
}

function readFlag(effect: BatchReader): boolean {
  const flag = effect.integer();
  assert(flag <= 1, "a flag is 0 or 1");
  return flag === 1;
}

function readValues(effect: BatchReader): StringValue[] {
  const values: StringValue[] = [];
  for (let rest = effect.count(1); rest > 0; rest--) values.push(effect.value());
  return values;
}
