/**
 * A small sorted set: one pair of columns in order. Whatever is asked for a member looks at all of them.
 * The columns grow by a quarter and are cut when half of them is spare.
 */

import { assert } from "../assert.js";
import { ZSET_LISTPACK_ENTRIES_MAX, ZSET_LISTPACK_VALUE_BYTES_MAX } from "../constants.js";
import { SORTED_COMPACT_BYTES, SORTED_COMPACT_ENTRY_BYTES } from "../memory.js";
import type { EntryVisitor } from "./rank-walk.js";
import {
  copyEntries,
  entriesBefore,
  entriesBelowMember,
  entriesBelowScore,
  insertEntry,
  newMembers,
  newScores,
  removeEntries,
} from "./sorted-columns.js";

export class CompactEntries {
  private entries = 0;
  private scores: number[];
  private members: string[];

  private constructor(scores: number[], members: string[]) {
    this.scores = scores;
    this.members = members;
  }

  static withCapacity(capacity: number): CompactEntries {
    return new CompactEntries(newScores(capacity), newMembers(capacity));
  }

  /** The first `size` places of columns in order; they are copied. */
  static fromSorted(
    scores: readonly number[],
    members: readonly string[],
    size: number,
  ): CompactEntries {
    const compact = CompactEntries.withCapacity(size);
    copyEntries(scores, members, 0, compact.scores, compact.members, 0, size);
    compact.entries = size;
    return compact;
  }

  /** Whether one more entry, of this member, leaves the set compact. */
  hasRoomFor(member: string): boolean {
    return (
      this.entries < ZSET_LISTPACK_ENTRIES_MAX && member.length <= ZSET_LISTPACK_VALUE_BYTES_MAX
    );
  }

  get size(): number {
    return this.entries;
  }

  /** Without the members' texts. */
  get structureBytes(): number {
    return SORTED_COMPACT_BYTES + this.entries * SORTED_COMPACT_ENTRY_BYTES;
  }

  score(member: string): number | undefined {
    const at = this.find(member);
    return at < 0 ? undefined : this.scores[at];
  }

  /** Inserts (there is room) or replaces; returns the old score. */
  set(member: string, score: number): number | undefined {
    const at = this.find(member);
    const target = entriesBefore(this.scores, this.members, this.entries, score, member);
    if (at < 0) {
      this.makeRoom();
      insertEntry(this.scores, this.members, this.entries, target, score, member);
      this.entries++;
      return undefined;
    }
    const old = this.scores[at]!;
    if (score !== old) {
      const kept = this.members[at]!;
      removeEntries(this.scores, this.members, this.entries, at, 1);
      const to = target > at ? target - 1 : target;
      insertEntry(this.scores, this.members, this.entries - 1, to, score, kept);
    }
    return old;
  }

  /** Returns the removed score. */
  delete(member: string): number | undefined {
    const at = this.find(member);
    if (at < 0) {
      return undefined;
    }
    const old = this.scores[at]!;
    this.remove(at, 1);
    return old;
  }

  rank(member: string): number | undefined {
    const at = this.find(member);
    return at < 0 ? undefined : at;
  }

  countBelowScore(score: number, orEqual: boolean): number {
    return entriesBelowScore(this.scores, this.entries, score, orEqual);
  }

  countBelowMember(member: string, orEqual: boolean): number {
    return entriesBelowMember(this.members, this.entries, member, orEqual);
  }

  forEachUp(rank: number, visit: EntryVisitor): boolean {
    for (let i = rank; i < this.entries; i++) {
      if (!visit(this.members[i]!, this.scores[i]!)) {
        return false;
      }
    }
    return true;
  }

  forEachDown(rank: number, visit: EntryVisitor): boolean {
    for (let i = rank; i >= 0; i--) {
      if (!visit(this.members[i]!, this.scores[i]!)) {
        return false;
      }
    }
    return true;
  }

  /** Removes the entries and appends them to the columns given. */
  takeRange(rank: number, count: number, scores: number[], members: string[]): void {
    for (let i = rank; i < rank + count; i++) {
      scores.push(this.scores[i]!);
      members.push(this.members[i]!);
    }
    this.remove(rank, count);
  }

  /** All at once, as in Redis: no cursor outlives its end. */
  scan(_cursor: number, _count: number, visit: (member: string, score: number) => void): number {
    for (let i = 0; i < this.entries; i++) {
      visit(this.members[i]!, this.scores[i]!);
    }
    return 0;
  }

  clone(): CompactEntries {
    return CompactEntries.fromSorted(this.scores, this.members, this.entries);
  }

  /** For tests: every invariant. */
  check(): void {
    assert(this.entries <= this.members.length, "used places are places");
    assert(this.members.length <= 2 * this.entries + 1, "half of the places are used");
    assert(this.scores.length === this.members.length, "columns have one length");
    assert(this.entries <= ZSET_LISTPACK_ENTRIES_MAX, "a compact set is small");
    for (let i = 0; i < this.members.length; i++) {
      const member = this.members[i]!;
      assert(i < this.entries || member === "", "spare places keep nothing alive");
      assert(member.length <= ZSET_LISTPACK_VALUE_BYTES_MAX, "a compact set has short members");
    }
    for (let i = 1; i < this.entries; i++) {
      const before = entriesBefore(this.scores, this.members, i, this.scores[i]!, this.members[i]!);
      assert(before === i, "entries ascend");
    }
  }

  /** indexOf: twice as fast as a loop, 0.4 us for 128 members of 16 bytes. Spare places have "". */
  private find(member: string): number {
    const at = this.members.indexOf(member);
    return at < this.entries ? at : -1;
  }

  private makeRoom(): void {
    const { entries } = this;
    if (entries === this.members.length) {
      const capacity = entries + 1 + (entries >> 2);
      this.resize(Math.min(capacity, ZSET_LISTPACK_ENTRIES_MAX));
    }
  }

  private remove(at: number, count: number): void {
    removeEntries(this.scores, this.members, this.entries, at, count);
    this.entries -= count;
    if (this.entries < this.members.length >> 1) {
      this.resize(this.entries);
    }
  }

  private resize(capacity: number): void {
    const scores = newScores(capacity);
    const members = newMembers(capacity);
    copyEntries(this.scores, this.members, 0, scores, members, 0, this.entries);
    this.scores = scores;
    this.members = members;
  }
}
