/**
 * A sharded hash table from keys to values, with positions.
 *
 *   shard (by slot) -> first segment, and behind it, when it is full, rows of segments (by a hash of the key)
 *   segment         -> keys[position], values[position]    dense: the last one fills a gap
 *
 * Positions make RANDOMKEY exact and SCAN resumable. A key keeps its segment as long as it exists, and
 * inside the segment it only ever moves to a smaller position. A scan goes through each segment from its
 * end downward, so a key not yet visited never moves to where the scan has already been: that is Redis's
 * guarantee for keys which exist during the whole scan.
 */

import { assert } from "./assert.js";
import {
  NEAR_KEYS,
  ROW_SEGMENTS,
  SEGMENT_ENTRIES_MAX,
  SHARD_COUNT,
  SHARD_SEGMENTS_MAX,
} from "./constants.js";
import { keyHash, Segment } from "./segment.js";
import { nameHash } from "./values/name-hash.js";

/** Cursor: (shard, segment, end of what is not visited). End is never 0 in a cursor, so 0 is free. */
const CURSOR_END_RANGE = 2 * SEGMENT_ENTRIES_MAX;
const CURSOR_SHARD_RANGE = SHARD_SEGMENTS_MAX * CURSOR_END_RANGE;

/** Of `bringNear`: where its keys most likely are. */
const nearPositions = new Int32Array(NEAR_KEYS);

/** Where a scan goes on. */
export function shardOfCursor(cursor: number): number {
  return Math.floor(cursor / CURSOR_SHARD_RANGE);
}

/** Values are never `undefined`: that says "no such key". */
export class Dictionary<V> {
  readonly segmentEntriesMax: number;
  private entries = 0;
  private readonly shards: Segment<V>[][] = [];
  private readonly shardEntries = new Int32Array(SHARD_COUNT);

  constructor(segmentEntriesMax: number = SEGMENT_ENTRIES_MAX) {
    assert(
      segmentEntriesMax > 0 && segmentEntriesMax <= SEGMENT_ENTRIES_MAX,
      "segment limit is in range",
    );
    this.segmentEntriesMax = segmentEntriesMax;
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      this.shards.push([]);
    }
  }

  get size(): number {
    return this.entries;
  }

  get(shard: number, key: string): V | undefined {
    const segments = this.shards[shard]!;
    const hash = keyHash(key);
    for (let i = 0; i < segments.length; i = nextFor(key, segments, i)) {
      const segment = segments[i]!;
      const position = segment.find(key, hash);
      if (position >= 0) return segment.values[position];
    }
    return undefined;
  }

  /** Inserts or replaces; returns the old value. */
  set(shard: number, key: string, value: V): V | undefined {
    const segments = this.shards[shard]!;
    const hash = keyHash(key);
    for (let i = 0; i < segments.length; i = nextFor(key, segments, i)) {
      const segment = segments[i]!;
      const position = segment.find(key, hash);
      if (position >= 0) {
        const old = segment.values[position]!;
        segment.values[position] = value;
        return old;
      }
    }
    this.add(shard, key, hash, value);
    return undefined;
  }

  /** As `set` of a key that is not there. False: it is there, and nothing has changed. */
  insert(shard: number, key: string, value: V): boolean {
    if (this.get(shard, key) !== undefined) return false;
    this.add(shard, key, keyHash(key), value);
    return true;
  }

  /** Returns the removed value. */
  remove(shard: number, key: string): V | undefined {
    const segments = this.shards[shard]!;
    const hash = keyHash(key);
    for (let i = 0; i < segments.length; i = nextFor(key, segments, i)) {
      const segment = segments[i]!;
      const position = segment.find(key, hash);
      if (position >= 0) {
        const old = segment.removeAt(position);
        dropEmptyRows(segments);
        this.shardEntries[shard]!--;
        this.entries--;
        return old;
      }
    }
    return undefined;
  }

  /**
   * Reads what looks at `count` keys with these shards and hashes will read: see effects/near-keys.ts. Returns what
   * depends on all of it. A shard's further segments are left out.
   */
  bringNear(shards: Uint8Array, hashes: Int32Array, count: number): number {
    for (let i = 0; i < count; i++) {
      const segments = this.shards[shards[i]!]!;
      nearPositions[i] = segments.length === 0 ? -1 : segments[0]!.likely(hashes[i]!);
    }
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const position = nearPositions[i]!;
      if (position >= 0) sum += this.shards[shards[i]!]![0]!.touch(position);
    }
    return sum;
  }

  /** Exactly uniform. The walk over the shard counts does not depend on the number of keys. */
  randomKey(random: () => number): string | undefined {
    if (this.entries === 0) {
      return undefined;
    }
    let rest = Math.floor(random() * this.entries);
    assert(rest >= 0 && rest < this.entries, "random number is in [0, 1)");
    let shard = 0;
    while (rest >= this.shardEntries[shard]!) {
      rest -= this.shardEntries[shard]!;
      shard++;
    }
    const segments = this.shards[shard]!;
    let i = 0;
    while (rest >= segments[i]!.keys.length) {
      rest -= segments[i]!.keys.length;
      i++;
    }
    return segments[i]!.keys[rest];
  }

  /**
   * Visits up to `count` keys from `cursor` (0: from the start; one never given out: from where it would
   * be) and returns the next cursor, 0 when all were visited. `visit` may change the dictionary.
   */
  scan(
    cursor: number,
    count: number,
    visit: (key: string, value: V, shard: number) => void,
  ): number {
    let shard = shardOfCursor(cursor);
    let index = Math.floor((cursor % CURSOR_SHARD_RANGE) / CURSOR_END_RANGE);
    let end = cursor === 0 ? SEGMENT_ENTRIES_MAX : cursor % CURSOR_END_RANGE;
    let rest = Math.max(1, count);
    for (; shard < SHARD_COUNT; shard++) {
      const segments = this.shards[shard]!;
      for (; index < segments.length; index++) {
        const { keys, values } = segments[index]!;
        end = Math.min(end, keys.length);
        while (end > 0) {
          if (rest === 0) {
            return shard * CURSOR_SHARD_RANGE + index * CURSOR_END_RANGE + end;
          }
          end--;
          rest--;
          visit(keys[end]!, values[end]!, shard);
          end = Math.min(end, keys.length);
        }
        end = SEGMENT_ENTRIES_MAX;
      }
      index = 0;
      end = SEGMENT_ENTRIES_MAX;
    }
    return 0;
  }

  /** Whether a scan that has come to `cursor` (not 0) is past the place where the key is now. False: or there is none. */
  isPassed(cursor: number, shard: number, key: string): boolean {
    const cursorShard = shardOfCursor(cursor);
    const cursorIndex = Math.floor((cursor % CURSOR_SHARD_RANGE) / CURSOR_END_RANGE);
    const segments = this.shards[shard]!;
    const hash = keyHash(key);
    for (let i = 0; i < segments.length; i = nextFor(key, segments, i)) {
      const position = segments[i]!.find(key, hash);
      if (position < 0) continue;
      if (shard !== cursorShard) return shard < cursorShard;
      return i === cursorIndex ? position >= cursor % CURSOR_END_RANGE : i < cursorIndex;
    }
    return false;
  }

  /** The key that moves to this one's place when this one is removed; undefined: none does. */
  successorOf(shard: number, key: string): string | undefined {
    const segments = this.shards[shard]!;
    const hash = keyHash(key);
    for (let i = 0; i < segments.length; i = nextFor(key, segments, i)) {
      const segment = segments[i]!;
      const position = segment.find(key, hash);
      if (position < 0) continue;
      const { keys } = segment;
      return position === keys.length - 1 ? undefined : keys[keys.length - 1];
    }
    return undefined;
  }

  /** The dictionary must not change meanwhile. */
  forEach(visit: (key: string, value: V, shard: number) => void): void {
    for (let shard = 0; shard < SHARD_COUNT; shard++) {
      for (const segment of this.shards[shard]!) {
        for (let i = 0; i < segment.keys.length; i++) {
          visit(segment.keys[i]!, segment.values[i]!, shard);
        }
      }
    }
  }

  /** Visits the keys of one shard until `visit` returns false. */
  someInShard(shard: number, visit: (key: string) => boolean): void {
    for (const segment of this.shards[shard]!) {
      for (const key of segment.keys) {
        if (!visit(key)) {
          return;
        }
      }
    }
  }

  /** Entries of each segment of a shard. */
  segmentSizes(shard: number): number[] {
    return this.shards[shard]!.map(({ keys }) => keys.length);
  }

  private add(shard: number, key: string, hash: number, value: V): void {
    this.segmentWithRoom(this.shards[shard]!, key).add(key, hash, value);
    this.shardEntries[shard]!++;
    this.entries++;
  }

  private segmentWithRoom(segments: Segment<V>[], key: string): Segment<V> {
    for (let i = 0; i < segments.length; i = nextFor(key, segments, i)) {
      const segment = segments[i]!;
      if (segment.keys.length < this.segmentEntriesMax) return segment;
    }
    return segments.length === 0 ? appendSegment(segments) : appendRow(segments, key);
  }
}

/** A key is in the first segment or in its column of a row: where to look for it behind segment `i`. */
function nextFor<V>(key: string, segments: readonly Segment<V>[], i: number): number {
  if (i > 0) return i + ROW_SEGMENTS;
  return segments.length === 1 ? 1 : 1 + columnOf(key);
}

/** The same in every process, as the order of all keys is. */
function columnOf(key: string): number {
  return (nameHash(key) >>> 24) & (ROW_SEGMENTS - 1);
}

function appendSegment<V>(segments: Segment<V>[]): Segment<V> {
  const segment = new Segment<V>();
  segments.push(segment);
  return segment;
}

/** Returns the segment in the key's column. */
function appendRow<V>(segments: Segment<V>[], key: string): Segment<V> {
  const first = segments.length;
  assert(first + ROW_SEGMENTS <= SHARD_SEGMENTS_MAX, "a shard's segments fit into a cursor");
  for (let i = 0; i < ROW_SEGMENTS; i++) appendSegment(segments);
  return segments[first + columnOf(key)]!;
}

/** The first segment and the first row stay: a key that comes and goes does not make tables each time. */
function dropEmptyRows<V>(segments: Segment<V>[]): void {
  while (
    segments.length > 1 + ROW_SEGMENTS &&
    isRowEmpty(segments, segments.length - ROW_SEGMENTS)
  ) {
    segments.length -= ROW_SEGMENTS;
  }
}

function isRowEmpty<V>(segments: readonly Segment<V>[], first: number): boolean {
  for (let i = first; i < first + ROW_SEGMENTS; i++) {
    if (segments[i]!.keys.length > 0) return false;
  }
  return true;
}
