/** Effects of sorted sets: members with their scores, members that go, runs that go by rank. */

import { assert } from "../assert.js";
import { Inverse } from "../inverse.js";
import type { Store } from "../store.js";
import type { UndoJournal } from "../undo-journal.js";
import type { Collection } from "../value.js";
import { type CompactSet, type SortedRun, SortedSet } from "../values/sorted-set.js";
import type { BatchReader } from "./batch-reader.js";
import type { BatchWriter } from "./batch-writer.js";
import { changeExisting, existing, existingOrNone, putNew, textBytes } from "./collections.js";
import {
  type Argument,
  doubleArgument,
  integerArgument,
  latin1Argument,
} from "./command-arguments.js";
import { readTexts } from "./hash-effects.js";
import * as kind from "./kinds.js";

const SCORE_BYTES = 8;

// ---- encoding ------------------------------------------------------------------------------------

export function encodePut(
  batch: BatchWriter,
  key: string,
  members: readonly string[],
  scores: readonly number[],
): void {
  batch.beginCollection(kind.SORTED_SET_PUT, key);
  batch.addInteger(members.length);
  members.forEach((member, i) => {
    // -0 becomes 0, as the value keeps it: else a Redis told this effect might keep -0.
    batch.addDouble(scores[i]! + 0);
    batch.addText(member);
  });
}

export function encodeRemove(batch: BatchWriter, key: string, members: readonly string[]): void {
  batch.beginCollection(kind.SORTED_SET_REMOVE, key);
  batch.addInteger(members.length);
  for (const member of members) batch.addText(member);
}

export function encodeRemoveRange(
  batch: BatchWriter,
  key: string,
  rank: number,
  count: number,
): void {
  batch.beginCollection(kind.SORTED_SET_REMOVE_RANGE, key);
  batch.addInteger(rank);
  batch.addInteger(count);
}

// ---- state ---------------------------------------------------------------------------------------

/** A member may be named twice: the last score counts. */
export function put(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  members: readonly string[],
  scores: readonly number[],
): void {
  const found = existingOrNone(store.value(key), SortedSet);
  if (found === undefined) {
    const made = new SortedSet();
    members.forEach((member, i) => {
      made.set(member, scores[i]!);
    });
    putNew(store, journal, key, made);
    return;
  }
  changeExisting(store, journal, key, found, (set, isRecorded) => {
    let raised: Raised | null = null;
    const olds = members.map((member, i) => {
      if (isRecorded && set.raisesBy(member)) raised = { at: i, compact: set.raise() };
      return set.set(member, scores[i]!);
    });
    return isRecorded ? new UndoPut(raised, members, olds) : null;
  });
}

export function remove(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  members: readonly string[],
): void {
  changeExisting(store, journal, key, existing(store, key, SortedSet), (set) => {
    const scores = members.map((member) => {
      const score = set.delete(member);
      assert(score !== undefined, "a removed member is there");
      return score;
    });
    assert(set.size > 0, "a sorted set that loses members keeps one");
    return new UndoRemove({ members, scores });
  });
}

export function removeRange(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  rank: number,
  count: number,
): void {
  changeExisting(store, journal, key, existing(store, key, SortedSet), (set) => {
    assert(count > 0 && count < set.size, "a sorted set that loses a range keeps a member");
    return new UndoRemove(set.takeRange(rank, count));
  });
}

// ---- undo ----------------------------------------------------------------------------------------

abstract class SortedSetInverse extends Inverse {
  protected override undo(value: Collection): void {
    assert(value instanceof SortedSet, "a sorted set's change is undone on it");
    this.undoIn(value);
  }

  protected abstract undoIn(set: SortedSet): void;
}

/** The member by which a listpack became a skiplist, and the set as it was then. */
interface Raised {
  readonly at: number;
  readonly compact: CompactSet;
}

class UndoPut extends SortedSetInverse {
  readonly bytes: number;
  private readonly raised: Raised | null;
  private readonly members: readonly string[];
  /** undefined: the member was not there. */
  private readonly olds: readonly (number | undefined)[];

  constructor(
    raised: Raised | null,
    members: readonly string[],
    olds: readonly (number | undefined)[],
  ) {
    super();
    this.raised = raised;
    this.members = members;
    this.olds = olds;
    const compact = raised?.compact;
    const compactBytes =
      compact === undefined ? 0 : compact.entries.structureBytes + compact.textBytes;
    this.bytes = textBytes(members) + SCORE_BYTES * olds.length + compactBytes;
  }

  protected override undoIn(set: SortedSet): void {
    if (this.raised !== null) set.lower(this.raised.compact);
    for (let i = (this.raised?.at ?? this.members.length) - 1; i >= 0; i--) {
      const old = this.olds[i];
      if (old === undefined) set.delete(this.members[i]!);
      else set.set(this.members[i]!, old);
    }
  }
}

class UndoRemove extends SortedSetInverse {
  readonly bytes: number;
  private readonly run: SortedRun;

  constructor(run: SortedRun) {
    super();
    this.run = run;
    this.bytes = textBytes(run.members) + SCORE_BYTES * run.scores.length;
  }

  protected override undoIn(set: SortedSet): void {
    set.putBack(this.run);
  }
}

// ---- followers -----------------------------------------------------------------------------------

/** The effect's kind and key are read. False: it is not one of these. */
export function applySortedSetEffect(store: Store, effect: BatchReader): boolean {
  const { key } = effect;
  switch (effect.kind) {
    case kind.SORTED_SET_PUT: {
      const members: string[] = [];
      put(store, null, key, members, readScored(effect, members));
      return true;
    }
    case kind.SORTED_SET_REMOVE:
      remove(store, null, key, readTexts(effect));
      return true;
    case kind.SORTED_SET_REMOVE_RANGE:
      removeRange(store, null, key, effect.integer(), effect.integer());
      return true;
    default:
      return false;
  }
}

/** null: it is not one of these. */
export function sortedSetCommand(effect: BatchReader): Argument[] | null {
  const key = latin1Argument(effect.key);
  switch (effect.kind) {
    case kind.SORTED_SET_PUT: {
      const members: string[] = [];
      const scores = readScored(effect, members);
      const pairs = members.flatMap((member, i) => [
        doubleArgument(scores[i]!),
        latin1Argument(member),
      ]);
      return [latin1Argument("ZADD"), key, ...pairs];
    }
    case kind.SORTED_SET_REMOVE:
      return [latin1Argument("ZREM"), key, ...readTexts(effect).map(latin1Argument)];
    case kind.SORTED_SET_REMOVE_RANGE: {
      const rank = effect.integer();
      const last = rank + effect.integer() - 1;
      const name = latin1Argument("ZREMRANGEBYRANK");
      return [name, key, integerArgument(rank), integerArgument(last)];
    }
    default:
      return null;
  }
}

function readScored(effect: BatchReader, members: string[]): number[] {
  const scores: number[] = [];
  for (let rest = effect.count(SCORE_BYTES + 1); rest > 0; rest--) {
    const score = effect.double();
    assert(!Number.isNaN(score), "a score is a number");
    scores.push(score);
    members.push(effect.text());
  }
  return scores;
}
