/**
 * The value of a sorted set key: members (flat latin1 strings whatever their length) with scores, in order
 * of (score, member bytes). Scores are doubles, infinities included, NaN excluded, -0 kept as 0. Differs
 * from Redis: it keeps -0 in a skiplist, and 0 in a listpack.
 *
 *   listpack    CompactEntries    few short members
 *   skiplist    RankedEntries     a tree for the order, a table for the score of a member
 *
 * The encoding is what OBJECT ENCODING says, by the rules of Redis 7.2: it is raised by the addition that
 * exceeds a limit, and never lowered. It is no part of the content: digests leave it out, and a rebuilt set
 * may be compact again. Differs from Redis: a ZADD of many members raises it by the members that are added,
 * not by the number of arguments.
 *
 * Inverses: `set` of a new member and `delete`; `set` of another score and the same with the old one;
 * `takeRange` (and the pops) and `putBack`: then all is as before but for the order of a scan. The inverse of
 * `raise` is `lower`: what the set was compact in is put back, whatever was done to the skiplist.
 */

import { assert } from "../assert.js";
import { ZSET_LISTPACK_ENTRIES_MAX, ZSET_LISTPACK_VALUE_BYTES_MAX } from "../constants.js";
import { latin1Bytes } from "../memory.js";
import { CompactEntries } from "./compact-entries.js";
import { type Ranked, visitSample } from "./random-sample.js";
import type { EntryVisitor } from "./rank-walk.js";
import { RankedEntries } from "./ranked-entries.js";
import {
  type LexRange,
  type RankRange,
  ranksOfMembers,
  ranksOfScores,
  type ScoreRange,
} from "./sorted-range.js";

export type SortedSetEncoding = "listpack" | "skiplist";

export interface SortedEntry {
  readonly member: string;
  readonly score: number;
}

/** Entries in order; what a range was taken out as. */
export interface SortedRun {
  readonly scores: readonly number[];
  readonly members: readonly string[];
}

/** What a sorted set was before it was raised. */
export interface CompactSet {
  readonly entries: CompactEntries;
  /** Of its members. */
  readonly textBytes: number;
}

export class SortedSet {
  private entries: CompactEntries | RankedEntries = CompactEntries.withCapacity(0);
  private textBytes = 0;

  /** From strictly ascending entries, in O(n); compact if it may be. */
  static fromSorted(run: SortedRun): SortedSet {
    const { members } = run;
    const scores = run.scores.map(keptScore);
    const size = members.length;
    assert(scores.length === size, "every member has one score");
    const sorted = new SortedSet();
    let longest = 0;
    for (let i = 0; i < size; i++) {
      assert(i === 0 || ascends(run, i), "entries ascend");
      longest = Math.max(longest, members[i]!.length);
      sorted.textBytes += latin1Bytes(members[i]!);
    }
    const compact = size <= ZSET_LISTPACK_ENTRIES_MAX && longest <= ZSET_LISTPACK_VALUE_BYTES_MAX;
    sorted.entries = (compact ? CompactEntries : RankedEntries).fromSorted(scores, members, size);
    return sorted;
  }

  get size(): number {
    return this.entries.size;
  }

  get memoryBytes(): number {
    return this.entries.structureBytes + this.textBytes;
  }

  get encoding(): SortedSetEncoding {
    return this.entries instanceof CompactEntries ? "listpack" : "skiplist";
  }

  score(member: string): number | undefined {
    return this.entries.score(member);
  }

  /** Inserts or replaces; returns the old score. May raise the encoding. */
  set(member: string, score: number): number | undefined {
    if (this.raisesBy(member)) {
      this.raise();
    }
    const old = this.entries.set(member, keptScore(score));
    if (old === undefined) {
      this.textBytes += latin1Bytes(member);
    }
    return old;
  }

  /** Returns the removed score. An empty sorted set keeps its encoding: undo may fill it again. */
  delete(member: string): number | undefined {
    const old = this.entries.delete(member);
    if (old !== undefined) {
      this.textBytes -= latin1Bytes(member);
    }
    return old;
  }

  /** Whether `set` would make a skiplist of it first. */
  raisesBy(member: string): boolean {
    const { entries } = this;
    return (
      entries instanceof CompactEntries &&
      !entries.hasRoomFor(member) &&
      entries.score(member) === undefined
    );
  }

  /** Makes a skiplist of it. What it was compact in is the caller's. */
  raise(): CompactSet {
    const { entries, textBytes } = this;
    assert(entries instanceof CompactEntries, "a listpack is raised");
    const { scores, members } = this.run();
    this.entries = RankedEntries.fromSorted(scores, members, members.length);
    return { entries, textBytes };
  }

  /** The inverse; nobody else uses what is put back. */
  lower({ entries, textBytes }: CompactSet): void {
    assert(this.encoding === "skiplist", "what was raised is lowered");
    this.entries = entries;
    this.textBytes = textBytes;
  }

  /** Entries before the member's; undefined if it is not there. */
  rank(member: string): number | undefined {
    return this.entries.rank(member);
  }

  at(rank: number): SortedEntry | undefined {
    if (rank < 0 || rank >= this.size) {
      return undefined;
    }
    let entry: SortedEntry | undefined;
    this.entries.forEachUp(rank, (member, score) => {
      entry = { member, score };
      return false;
    });
    return entry;
  }

  ranksOfScores(range: ScoreRange): RankRange {
    return ranksOfScores(this.entries, range);
  }

  ranksOfMembers(range: LexRange): RankRange {
    return ranksOfMembers(this.entries, range);
  }

  /**
   * From `rank` on to the last entry, or down to the first, until `visit` returns false; returns whether it
   * never did. A rank outside visits what lies beyond it. The set must not change meanwhile.
   */
  forEachFromRank(rank: number, direction: "up" | "down", visit: EntryVisitor): boolean {
    const { size } = this;
    return direction === "up"
      ? this.entries.forEachUp(Math.min(Math.max(rank, 0), size), visit)
      : this.entries.forEachDown(Math.max(Math.min(rank, size - 1), -1), visit);
  }

  /** In order: sets with equal content are visited alike. */
  forEach(visit: (member: string, score: number) => void): void {
    this.entries.forEachUp(0, (member, score) => {
      visit(member, score);
      return true;
    });
  }

  /** Removes and returns `count` entries from `rank` on. O(log n + count) for the order. */
  takeRange(rank: number, count: number): SortedRun {
    assert(rank >= 0 && count >= 0 && rank + count <= this.size, "the taken range is in the set");
    const scores: number[] = [];
    const members: string[] = [];
    this.entries.takeRange(rank, count, scores, members);
    for (const member of members) {
      this.textBytes -= latin1Bytes(member);
    }
    return { scores, members };
  }

  /** The inverse of `takeRange`: adds entries whose members are not there. */
  putBack(run: SortedRun): void {
    const { scores, members } = run;
    for (let i = 0; i < members.length; i++) {
      const old = this.set(members[i]!, scores[i]!);
      assert(old === undefined, "what is put back is not there");
    }
  }

  popMin(): SortedEntry | undefined {
    return this.pop(0);
  }

  popMax(): SortedEntry | undefined {
    return this.pop(this.size - 1);
  }

  /** Uniform; undefined if there is none. */
  randomEntry(random: () => number): SortedEntry | undefined {
    return this.at(Math.floor(random() * this.size));
  }

  /**
   * Members of `count` different entries, or of all: every such choice is as probable, its order has no
   * meaning. The set must not change meanwhile.
   */
  randomMembers(count: number, random: () => number, visit: (member: string) => void): void {
    const { entries } = this;
    const ranked: Ranked = {
      size: entries.size,
      nameAtRank: (rank) => {
        const entry = this.at(rank);
        assert(entry !== undefined, "a chosen rank is in the set");
        return entry.member;
      },
      everyName: (visitName) => entries.forEachUp(0, (member) => visitName(member)),
    };
    visitSample(ranked, count, random, visit);
  }

  /**
   * Visits up to `count` entries from `cursor` (0: from the start) and returns the next cursor, 0 when all
   * were visited. A compact set is visited at once, as in Redis. A member that exists during the whole scan
   * is visited; cursors of another node's set, or of before an undo, start or go on anywhere. The set must
   * not change during the call.
   */
  scan(cursor: number, count: number, visit: (member: string, score: number) => void): number {
    return this.entries.scan(cursor, count, visit);
  }

  /** O(1) for the number of entries: what is large is shared until either of the two changes it. */
  clone(): SortedSet {
    const copy = new SortedSet();
    copy.entries = this.entries.clone();
    copy.textBytes = this.textBytes;
    return copy;
  }

  /** For tests: every invariant. */
  check(): void {
    this.entries.check();
    let textBytes = 0;
    this.forEach((member) => {
      textBytes += latin1Bytes(member);
    });
    assert(textBytes === this.textBytes, "the text of the members is counted");
  }

  private pop(rank: number): SortedEntry | undefined {
    const entry = this.at(rank);
    if (entry !== undefined) {
      this.delete(entry.member);
    }
    return entry;
  }

  /** All entries. */
  private run(): SortedRun {
    const scores: number[] = [];
    const members: string[] = [];
    this.forEach((member, score) => {
      scores.push(score);
      members.push(member);
    });
    return { scores, members };
  }
}

/** -0 and 0 are one score. */
function keptScore(score: number): number {
  assert(!Number.isNaN(score), "a score is a number");
  return score === 0 ? 0 : score;
}

function ascends({ scores, members }: SortedRun, at: number): boolean {
  const before = scores[at - 1]!;
  const score = scores[at]!;
  return before < score || (before === score && members[at - 1]! < members[at]!);
}
