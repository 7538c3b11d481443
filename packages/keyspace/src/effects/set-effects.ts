/** Effects of sets: members that come and members that go. */

import { assert } from "../assert.js";
import { Inverse } from "../inverse.js";
import type { Store } from "../store.js";
import type { UndoJournal } from "../undo-journal.js";
import type { Collection } from "../value.js";
import type { PackedElements } from "../values/packed-elements.js";
import { MemberSet } from "../values/set.js";
import type { BatchReader } from "./batch-reader.js";
import type { BatchWriter } from "./batch-writer.js";
import { changeExisting, existing, existingOrNone, putNew, textBytes } from "./collections.js";
import { type Argument, latin1Argument } from "./command-arguments.js";
import { readTexts } from "./hash-effects.js";
import * as kind from "./kinds.js";

export function encodeAdd(batch: BatchWriter, key: string, members: readonly string[]): void {
  encode(batch, kind.SET_ADD, key, members);
}

export function encodeRemove(batch: BatchWriter, key: string, members: readonly string[]): void {
  encode(batch, kind.SET_REMOVE, key, members);
}

function encode(
  batch: BatchWriter,
  effectKind: number,
  key: string,
  members: readonly string[],
): void {
  batch.beginCollection(effectKind, key);
  batch.addInteger(members.length);
  for (const member of members) batch.addText(member);
}

/** They are all different, and none is there. */
export function add(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  members: readonly string[],
): void {
  const found = existingOrNone(store.value(key), MemberSet);
  if (found === undefined) {
    const made = new MemberSet();
    addAll(made, members);
    putNew(store, journal, key, made);
    return;
  }
  changeExisting(store, journal, key, found, (set, isRecorded) => {
    if (!isRecorded) {
      addAll(set, members);
      return null;
    }
    const isIntset = set.encoding === "intset";
    const raisedAt = addWhilePacked(set, members);
    if (raisedAt === members.length) return new UndoAdd(isIntset, null, members);
    const packed = set.raise();
    addAll(set, members.slice(raisedAt));
    return new UndoAdd(isIntset, packed, members.slice(0, raisedAt));
  });
}

/** They are all different and all there, and another one. */
export function remove(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  members: readonly string[],
): void {
  changeExisting(store, journal, key, existing(store, key, MemberSet), (set, isRecorded) => {
    for (const member of members) {
      assert(set.delete(member), "a removed member is there");
    }
    assert(set.size > 0, "a set that loses members keeps one");
    return isRecorded ? new UndoRemove(members) : null;
  });
}

function addAll(set: MemberSet, members: readonly string[]): void {
  for (const member of members) {
    assert(set.add(member), "an added member is not there");
  }
}

/** Adds them until one would make a table; returns its index. */
function addWhilePacked(set: MemberSet, members: readonly string[]): number {
  for (let i = 0; i < members.length; i++) {
    if (set.raisesBy(members[i]!)) return i;
    assert(set.add(members[i]!), "an added member is not there");
  }
  return members.length;
}

abstract class SetInverse extends Inverse {
  protected override undo(value: Collection): void {
    assert(value instanceof MemberSet, "a set's change is undone on it");
    this.undoIn(value);
  }

  protected abstract undoIn(set: MemberSet): void;
}

class UndoAdd extends SetInverse {
  readonly bytes: number;
  private readonly isIntset: boolean;
  /** What the set was packed in when it became a table; null: it did not. */
  private readonly packed: PackedElements | null;
  /** Without those that were only ever in the new table. */
  private readonly members: readonly string[];

  constructor(isIntset: boolean, packed: PackedElements | null, members: readonly string[]) {
    super();
    this.isIntset = isIntset;
    this.packed = packed;
    this.members = members;
    this.bytes = textBytes(members) + (packed === null ? 0 : packed.memoryBytes);
  }

  protected override undoIn(set: MemberSet): void {
    if (this.packed !== null) set.lower(this.packed);
    for (const member of this.members) set.delete(member);
    if (this.isIntset) set.restoreIntset();
  }
}

class UndoRemove extends SetInverse {
  readonly bytes: number;
  private readonly members: readonly string[];

  constructor(members: readonly string[]) {
    super();
    this.members = members;
    this.bytes = textBytes(members);
  }

  protected override undoIn(set: MemberSet): void {
    addAll(set, this.members);
  }
}

/** The effect's kind and key are read. False: it is not one of these. */
export function applySetEffect(store: Store, effect: BatchReader): boolean {
  if (effect.kind === kind.SET_ADD) add(store, null, effect.key, readTexts(effect));
  else if (effect.kind === kind.SET_REMOVE) remove(store, null, effect.key, readTexts(effect));
  else return false;
  return true;
}

/** null: it is not one of these. */
export function setCommand(effect: BatchReader): Argument[] | null {
  if (effect.kind !== kind.SET_ADD && effect.kind !== kind.SET_REMOVE) return null;
  const name = latin1Argument(effect.kind === kind.SET_ADD ? "SADD" : "SREM");
  return [name, latin1Argument(effect.key), ...readTexts(effect).map(latin1Argument)];
}
