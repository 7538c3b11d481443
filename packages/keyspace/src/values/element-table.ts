/**
 * The large form of hashes and sets: a hash table from names to values, with positions.
 *
 *   undivided   one part                               a few thousand elements
 *   divided     PART_COUNT parts (by a hash of the name)
 *   part        segments: Map name -> position; names[position], values[position]    dense
 *
 * Parts keep every Map small, so that none is rehashed for long while it grows. A table is divided when it
 * outgrows one part and united when it has shrunk far below that; both touch a bounded number of elements.
 * Somebody who knows the hash can choose names that fall into one part: it gets one segment more each time
 * one is full, a lookup then asks each of them.
 *
 * In a segment the last element takes a removed one's place, and a scan goes downward, so an element not
 * yet visited never moves to where the scan has been: Redis's guarantee. An element that is removed and
 * comes back, by undo too, may have another position; memoryBytes depends on the content alone.
 *
 * A segment is changed only by the table that owns it; a clone shares all of them at first.
 */

import { assert } from "../assert.js";
import {
  CURSOR_ARRANGEMENTS,
  ELEMENT_SEGMENT_ENTRIES_MAX,
  ELEMENT_TABLE_PART_COUNT,
  ELEMENT_TABLE_UNDIVIDED_MAX,
  ELEMENT_TABLE_UNITED_MAX,
  PART_SEGMENTS_MAX,
} from "../constants.js";
import { ELEMENT_BYTES, ELEMENT_TABLE_BYTES, latin1Bytes, valueBytes } from "../memory.js";
import type { StringValue } from "../value.js";
import {
  appendElement,
  copySegment,
  type ElementSegment,
  NOWHERE,
  newSegment,
  type Owner,
  positionOf,
  removeElement,
  valueAt,
} from "./element-segment.js";
import { nameHash } from "./name-hash.js";
import type { Columns } from "./packed-elements.js";

/** Lowered by tests. */
export interface ElementTableLimits {
  readonly undividedMax: number;
  readonly unitedMax: number;
  readonly segmentEntriesMax: number;
}

export const ELEMENT_TABLE_LIMITS: ElementTableLimits = {
  undividedMax: ELEMENT_TABLE_UNDIVIDED_MAX,
  unitedMax: ELEMENT_TABLE_UNITED_MAX,
  segmentEntriesMax: ELEMENT_SEGMENT_ENTRIES_MAX,
};

/** Cursor: ((part, segment, end of what is not visited), arrangement). End is never 0 in a cursor. */
const CURSOR_END_RANGE = 2 * ELEMENT_SEGMENT_ENTRIES_MAX;
const CURSOR_PART_RANGE = PART_SEGMENTS_MAX * CURSOR_END_RANGE;

export class ElementTable {
  readonly columns: Columns;
  private readonly limits: ElementTableLimits;
  private owner: Owner = {};
  private entries = 0;
  private textBytes = 0;
  /** Divisions and unions so far, modulo CURSOR_ARRANGEMENTS: each puts elements into another order. */
  private arrangement = 0;
  /** One part, or all of them. */
  private parts: ElementSegment[][] = [[]];

  constructor(columns: Columns, limits: ElementTableLimits = ELEMENT_TABLE_LIMITS) {
    assert(limits.segmentEntriesMax <= ELEMENT_SEGMENT_ENTRIES_MAX, "positions fit into a cursor");
    assert(limits.unitedMax <= limits.undividedMax, "a united table is not divided at once");
    this.columns = columns;
    this.limits = limits;
  }

  get size(): number {
    return this.entries;
  }

  /** Of a clone too: as if it shared nothing. */
  get memoryBytes(): number {
    const columnBytes = this.columns === 1 ? ELEMENT_BYTES - 8 : ELEMENT_BYTES;
    return ELEMENT_TABLE_BYTES + this.entries * columnBytes + this.textBytes;
  }

  has(name: string): boolean {
    const segments = this.parts[this.partOf(name)]!;
    for (let i = 0; i < segments.length; i++) {
      if (positionOf(segments[i]!, name) !== NOWHERE) {
        return true;
      }
    }
    return false;
  }

  get(name: string): StringValue | undefined {
    const segments = this.parts[this.partOf(name)]!;
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i]!;
      const position = positionOf(segment, name);
      if (position !== NOWHERE) {
        return valueAt(segment, position);
      }
    }
    return undefined;
  }

  /** Inserts or replaces; returns the old value. */
  set(name: string, value: StringValue): StringValue | undefined {
    const segments = this.parts[this.partOf(name)]!;
    for (let i = 0; i < segments.length; i++) {
      const position = positionOf(segments[i]!, name);
      if (position !== NOWHERE) {
        const old = valueAt(segments[i]!, position);
        if (old !== value) {
          this.owned(segments, i).values![position] = value;
          this.textBytes += valueBytes(value) - valueBytes(old);
        }
        return old;
      }
    }
    this.append(segments, name, value);
    this.entries++;
    this.textBytes += this.elementTextBytes(name, value);
    if (this.parts.length === 1 && this.entries > this.limits.undividedMax) {
      this.rearrange(ELEMENT_TABLE_PART_COUNT);
    }
    return undefined;
  }

  /** Returns the removed value. */
  delete(name: string): StringValue | undefined {
    const segments = this.parts[this.partOf(name)]!;
    for (let i = 0; i < segments.length; i++) {
      const position = positionOf(segments[i]!, name);
      if (position !== NOWHERE) {
        const segment = this.owned(segments, i);
        const old = valueAt(segment, position);
        removeElement(segment, name, position);
        while (segments.length > 0 && segments[segments.length - 1]!.names.length === 0) {
          segments.pop();
        }
        this.entries--;
        this.textBytes -= this.elementTextBytes(name, old);
        if (this.parts.length > 1 && this.entries <= this.limits.unitedMax) {
          this.rearrange(1);
        }
        return old;
      }
    }
    return undefined;
  }

  /** The name with `rank` others before it, in no meaningful order. Takes time by parts, not by elements. */
  nameAtRank(rank: number): string {
    let rest = rank;
    for (const segments of this.parts) {
      for (let i = 0; i < segments.length; i++) {
        const { names } = segments[i]!;
        if (rest < names.length) {
          return names[rest]!;
        }
        rest -= names.length;
      }
    }
    assert(false, "a rank is below the size");
  }

  /**
   * Visits up to `count` elements from `cursor` (0: from the start; one never given out: from where it
   * would be) and returns the next cursor, 0 when all were visited. A cursor from before a division or
   * union starts again, so that nothing is left out. The table must not change during the call.
   */
  scan(cursor: number, count: number, visit: (name: string, value: StringValue) => void): number {
    const { arrangement } = this;
    const isCurrent = cursor % CURSOR_ARRANGEMENTS === arrangement;
    const place = isCurrent ? Math.floor(cursor / CURSOR_ARRANGEMENTS) : 0;
    let part = Math.floor(place / CURSOR_PART_RANGE);
    let index = Math.floor((place % CURSOR_PART_RANGE) / CURSOR_END_RANGE);
    let end = place === 0 ? ELEMENT_SEGMENT_ENTRIES_MAX : place % CURSOR_END_RANGE;
    let rest = Math.max(1, count);
    for (; part < this.parts.length; part++) {
      const segments = this.parts[part]!;
      for (; index < segments.length; index++) {
        const segment = segments[index]!;
        for (end = Math.min(end, segment.names.length); end > 0; end--) {
          if (rest === 0) {
            const next = part * CURSOR_PART_RANGE + index * CURSOR_END_RANGE + end;
            return next * CURSOR_ARRANGEMENTS + arrangement;
          }
          rest--;
          visit(segment.names[end - 1]!, valueAt(segment, end - 1));
        }
        end = ELEMENT_SEGMENT_ENTRIES_MAX;
      }
      index = 0;
      end = ELEMENT_SEGMENT_ENTRIES_MAX;
    }
    return 0;
  }

  /** In no meaningful order. The table must not change meanwhile. */
  forEach(visit: (name: string, value: StringValue) => void): void {
    for (const segments of this.parts) {
      for (const segment of segments) {
        for (let i = 0; i < segment.names.length; i++) {
          visit(segment.names[i]!, valueAt(segment, i));
        }
      }
    }
  }

  /** Visits names until `visit` returns false; returns whether all were visited. */
  everyName(visit: (name: string) => boolean): boolean {
    return this.parts.every((segments) => segments.every(({ names }) => names.every(visit)));
  }

  /** O(parts): segments are shared until either of the two changes them. */
  clone(): ElementTable {
    const copy = new ElementTable(this.columns, this.limits);
    copy.entries = this.entries;
    copy.textBytes = this.textBytes;
    copy.parts = this.parts.map((segments) => segments.slice());
    this.owner = {};
    return copy;
  }

  /** For tests: every invariant. Returns the elements of each segment. */
  check(): number[] {
    const sizes: number[] = [];
    let textBytes = 0;
    const { limits, parts } = this;
    assert(
      parts.length === 1 ? this.entries <= limits.undividedMax : this.entries > limits.unitedMax,
      "a table is divided when it is large",
    );
    parts.forEach((segments, part) => {
      for (const { positions, removed, names, values } of segments) {
        const places = removed === null ? names.length : names.length + 1;
        assert(positions.size === places, "every name has one position");
        assert(removed === null || positions.get(removed) === NOWHERE, "what is gone has none");
        assert((values === null) === (this.columns === 1), "only names with values have values");
        assert(values === null || values.length === names.length, "every name has one value");
        assert(names.length <= limits.segmentEntriesMax, "a segment is not overfull");
        names.forEach((name, position) => {
          assert(positions.get(name) === position, "a name is where its position says");
          assert(this.partOf(name) === part, "a name is in its part");
          textBytes += this.elementTextBytes(name, values === null ? "" : values[position]!);
        });
        sizes.push(names.length);
      }
      assert(segments.length === 0 || sizes[sizes.length - 1]! > 0, "no part ends with emptiness");
    });
    assert(sizes.reduce((sum, size) => sum + size, 0) === this.entries, "the size is right");
    assert(textBytes === this.textBytes, "the estimate is what the elements cost");
    return sizes;
  }

  private partOf(name: string): number {
    return this.parts.length === 1 ? 0 : namePart(name);
  }

  private elementTextBytes(name: string, value: StringValue): number {
    return latin1Bytes(name) + (this.columns === 1 ? 0 : valueBytes(value));
  }

  private append(segments: ElementSegment[], name: string, value: StringValue): void {
    let i = 0;
    while (i < segments.length && segments[i]!.names.length >= this.limits.segmentEntriesMax) {
      i++;
    }
    if (i === segments.length) {
      assert(i < PART_SEGMENTS_MAX, "a part's segments fit into a cursor");
      segments.push(newSegment(this.owner, this.columns));
    }
    appendElement(this.owned(segments, i), name, value);
  }

  private rearrange(partCount: number): void {
    const { parts } = this;
    this.arrangement = (this.arrangement + 1) % CURSOR_ARRANGEMENTS;
    this.parts = Array.from({ length: partCount }, () => []);
    for (const segments of parts) {
      for (const segment of segments) {
        for (let i = 0; i < segment.names.length; i++) {
          const name = segment.names[i]!;
          this.append(this.parts[this.partOf(name)]!, name, valueAt(segment, i));
        }
      }
    }
  }

  private owned(segments: ElementSegment[], at: number): ElementSegment {
    const segment = segments[at]!;
    if (segment.owner === this.owner) {
      return segment;
    }
    const copy = copySegment(segment, this.owner);
    segments[at] = copy;
    return copy;
  }
}

function namePart(name: string): number {
  return (nameHash(name) >>> 24) & (ELEMENT_TABLE_PART_COUNT - 1);
}
