/**
 * Which score a member has: a hash table with positions, for SCAN.
 *
 *   undivided     one segment                                    a few thousand members
 *   divided       part (by a hash of the member) -> segments     more; undivided again at a quarter
 *   segment       Map member -> position; members[position], scores[position]    dense
 *
 * Parts keep every Map small, so that none is rehashed for long while it grows (measured: 40 ms for the
 * step to a million entries in one Map). A hash of one byte spreads nothing if somebody chooses members
 * to that end; a part that is full gets one more segment.
 *
 * In a segment a removed member's place goes to the last one, and a scan goes downward, so a member not
 * yet visited never moves to where the scan has been: Redis's guarantee. A member that is removed and
 * comes back, by undo too, may have another position.
 *
 * The member removed last keeps its place in the Map until another one is removed. A Map leaves a hole in
 * the chain of its bucket for every deletion until it is rehashed, and a member that comes and goes leaves
 * them all in one chain: 15 us a time among 4 000 members (measured, Node 20), now as fast as any other.
 *
 * A segment is changed only by the table whose number it carries; a clone shares all of them at first.
 */

import { assert } from "../assert.js";
import {
  SCORE_TABLE_KEPT_BYTES_MAX,
  SCORE_TABLE_PART_COUNT,
  SCORE_TABLE_SEGMENT_ENTRIES_MAX,
  SCORE_TABLE_UNDIVIDED_MAX,
  SHARD_SEGMENTS_MAX,
} from "../constants.js";

interface Segment {
  readonly owner: number;
  readonly positions: Map<string, number>;
  /** The one member that is gone and still has a place in `positions`, REMOVED; null: there is none. */
  removed: string | null;
  readonly members: string[];
  readonly scores: number[];
}

const REMOVED = -1;

/** Cursor: ((part, segment, end of what is not visited), divided or not). End is never 0 in a cursor. */
const CURSOR_END_RANGE = 2 * SCORE_TABLE_SEGMENT_ENTRIES_MAX;
const CURSOR_PART_RANGE = SHARD_SEGMENTS_MAX * CURSOR_END_RANGE;

/** Numbers the tables for ownership; none is given twice. */
let lastOwner = 0;

export class ScoreTable {
  private readonly undividedMax: number;
  private readonly segmentEntriesMax: number;
  private owner: number;
  private entries = 0;
  /** One part, or all of them. */
  private parts: Segment[][] = [[]];

  /** The limits are lowered by tests only. */
  constructor(
    undividedMax: number = SCORE_TABLE_UNDIVIDED_MAX,
    segmentEntriesMax: number = SCORE_TABLE_SEGMENT_ENTRIES_MAX,
  ) {
    assert(
      segmentEntriesMax > 0 && segmentEntriesMax <= SCORE_TABLE_SEGMENT_ENTRIES_MAX,
      "segment limit is in range",
    );
    this.undividedMax = undividedMax;
    this.segmentEntriesMax = segmentEntriesMax;
    lastOwner++;
    this.owner = lastOwner;
  }

  get size(): number {
    return this.entries;
  }

  get(member: string): number | undefined {
    const segments = this.parts[this.partOf(member)]!;
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i]!;
      const position = positionOf(segment, member);
      if (position !== REMOVED) {
        return segment.scores[position];
      }
    }
    return undefined;
  }

  /** Inserts or replaces; returns the old score. */
  set(member: string, score: number): number | undefined {
    const part = this.partOf(member);
    const segments = this.parts[part]!;
    for (let i = 0; i < segments.length; i++) {
      const position = positionOf(segments[i]!, member);
      if (position !== REMOVED) {
        const { scores } = this.owned(segments, i);
        const old = scores[position]!;
        scores[position] = score;
        return old;
      }
    }
    this.append(segments, member, score);
    this.entries++;
    if (this.parts.length === 1 && this.entries > this.undividedMax) {
      this.moveToParts(SCORE_TABLE_PART_COUNT);
    }
    return undefined;
  }

  /** Returns the removed score. */
  remove(member: string): number | undefined {
    const segments = this.parts[this.partOf(member)]!;
    for (let i = 0; i < segments.length; i++) {
      const position = positionOf(segments[i]!, member);
      if (position !== REMOVED) {
        const segment = this.owned(segments, i);
        const old = segment.scores[position]!;
        removeAt(segment, member, position);
        while (segments.length > 0 && segments[segments.length - 1]!.members.length === 0) {
          segments.pop();
        }
        this.entries--;
        if (this.parts.length > 1 && this.entries <= this.undividedMax >> 2) {
          this.moveToParts(1);
        }
        return old;
      }
    }
    return undefined;
  }

  /** O(parts): segments are shared until either of the two changes them. */
  clone(): ScoreTable {
    const copy = new ScoreTable(this.undividedMax, this.segmentEntriesMax);
    copy.entries = this.entries;
    copy.parts = this.parts.map((segments) => segments.slice());
    lastOwner++;
    this.owner = lastOwner;
    return copy;
  }

  /**
   * Visits up to `count` members from `cursor` (0: from the start; one never given out: from where it
   * would be) and returns the next cursor, 0 when all were visited. A cursor from before a division
   * (or its end) starts again: nothing is left out. The table must not change during the call.
   */
  scan(cursor: number, count: number, visit: (member: string, score: number) => void): number {
    const divided = this.parts.length > 1 ? 1 : 0;
    const place = cursor % 2 === divided ? Math.floor(cursor / 2) : 0;
    let part = Math.floor(place / CURSOR_PART_RANGE);
    let index = Math.floor((place % CURSOR_PART_RANGE) / CURSOR_END_RANGE);
    let end = place === 0 ? SCORE_TABLE_SEGMENT_ENTRIES_MAX : place % CURSOR_END_RANGE;
    let rest = Math.max(1, count);
    for (; part < this.parts.length; part++) {
      const segments = this.parts[part]!;
      for (; index < segments.length; index++) {
        const { members, scores } = segments[index]!;
        for (end = Math.min(end, members.length); end > 0; end--) {
          if (rest === 0) {
            const next = part * CURSOR_PART_RANGE + index * CURSOR_END_RANGE + end;
            return next * 2 + divided;
          }
          rest--;
          visit(members[end - 1]!, scores[end - 1]!);
        }
        end = SCORE_TABLE_SEGMENT_ENTRIES_MAX;
      }
      index = 0;
      end = SCORE_TABLE_SEGMENT_ENTRIES_MAX;
    }
    return 0;
  }

  /** For tests: every invariant. Returns the entries of each segment. */
  check(): number[] {
    const sizes: number[] = [];
    assert(
      this.parts.length === 1 || this.parts.length === SCORE_TABLE_PART_COUNT,
      "a table has one part or all of them",
    );
    this.parts.forEach((segments, part) => {
      for (const { positions, removed, members, scores } of segments) {
        const places = removed === null ? members.length : members.length + 1;
        assert(positions.size === places, "every member has one position");
        assert(removed === null || positions.get(removed) === REMOVED, "what is gone has none");
        assert(scores.length === members.length, "every member has one score");
        assert(members.length > 0 && members.length <= this.segmentEntriesMax, "a segment's size");
        members.forEach((member, position) => {
          assert(positions.get(member) === position, "a member is where its position says");
          assert(this.partOf(member) === part, "a member is in its part");
        });
        sizes.push(members.length);
      }
    });
    const sum = sizes.reduce((total, size) => total + size, 0);
    assert(sum === this.entries, "the table has as many entries as it says");
    return sizes;
  }

  private partOf(member: string): number {
    return this.parts.length === 1 ? 0 : memberPart(member);
  }

  private append(segments: Segment[], member: string, score: number): void {
    let i = 0;
    while (i < segments.length && segments[i]!.members.length >= this.segmentEntriesMax) {
      i++;
    }
    if (i === segments.length) {
      assert(i < SHARD_SEGMENTS_MAX, "a part's segments fit into a cursor");
      segments.push(newSegment(this.owner));
    }
    const segment = this.owned(segments, i);
    segment.positions.set(member, segment.members.length);
    if (segment.removed === member) {
      segment.removed = null;
    }
    segment.members.push(member);
    segment.scores.push(score);
  }

  /** Divides the table or makes it one again: at most `undividedMax` members and one move over. */
  private moveToParts(count: number): void {
    const before = this.parts;
    this.parts = Array.from({ length: count }, () => []);
    for (const segments of before) {
      for (const { members, scores } of segments) {
        for (let i = 0; i < members.length; i++) {
          const member = members[i]!;
          this.append(this.parts[this.partOf(member)]!, member, scores[i]!);
        }
      }
    }
  }

  private owned(segments: Segment[], at: number): Segment {
    const segment = segments[at]!;
    if (segment.owner === this.owner) {
      return segment;
    }
    const copy: Segment = {
      owner: this.owner,
      positions: new Map(segment.positions),
      removed: segment.removed,
      members: segment.members.slice(),
      scores: segment.scores.slice(),
    };
    segments[at] = copy;
    return copy;
  }
}

function newSegment(owner: number): Segment {
  // Begins as a column of doubles and stays one (see sorted-columns.ts).
  const scores = [0.5];
  scores.pop();
  return { owner, positions: new Map(), removed: null, members: [], scores };
}

function positionOf(segment: Segment, member: string): number {
  return segment.positions.get(member) ?? REMOVED;
}

/** A long text is let go at once: it would be memory that nobody has counted. */
function forget(segment: Segment, member: string): void {
  if (member.length > SCORE_TABLE_KEPT_BYTES_MAX) {
    segment.positions.delete(member);
    return;
  }
  if (segment.removed !== null) {
    segment.positions.delete(segment.removed);
  }
  segment.positions.set(member, REMOVED);
  segment.removed = member;
}

function removeAt(segment: Segment, member: string, position: number): void {
  forget(segment, member);
  const lastMember = segment.members.pop()!;
  const lastScore = segment.scores.pop()!;
  if (position < segment.members.length) {
    segment.members[position] = lastMember;
    segment.scores[position] = lastScore;
    segment.positions.set(lastMember, position);
  }
}

/** The high byte of a 32-bit hash (FNV-1a) after one more step: every bit of the text reaches it. */
function memberPart(member: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < member.length; i++) {
    hash = Math.imul(hash ^ member.charCodeAt(i), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca77);
  return (hash >>> 24) & (SCORE_TABLE_PART_COUNT - 1);
}
