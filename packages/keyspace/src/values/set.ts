/**
 * The value of a set key: members, flat latin1 strings whatever their length. (Not called Set: that is
 * JavaScript's.)
 *
 *   intset      PackedElements    few members, all canonical 64-bit integers
 *   listpack    PackedElements    fewer members, all short
 *   hashtable   ElementTable
 *
 * The encoding is what OBJECT ENCODING says, by the rules of Redis 7.2: it is raised by the addition that
 * exceeds a limit, and never lowered. It is no part of the content: digests leave it out, and a rebuilt set
 * may be packed again. Differs from Redis: an SADD of many members raises it by the members that are added,
 * not by the number of arguments, and integers are text in every form.
 *
 * The inverse of `add` is `delete` and the other way round: then all is as before but for the order of the members,
 * which has no meaning. If it was an intset before an `add`, `restoreIntset` follows. The inverse of `raise` is
 * `lower`: what the set was packed in is put back, whatever was done to the table.
 */

import { assert } from "../assert.js";
import { SET_INTSET_ENTRIES_MAX, SET_LISTPACK_ENTRIES_MAX } from "../constants.js";
import { ELEMENT_TABLE_LIMITS, ElementTable, type ElementTableLimits } from "./element-table.js";
import { isCanonicalInteger } from "./integer-text.js";
import { PackedElements } from "./packed-elements.js";
import { visitSample } from "./random-sample.js";

export type SetEncoding = "intset" | "listpack" | "hashtable";

/** Lowered by tests. */
export interface SetLimits {
  readonly intsetEntriesMax: number;
  readonly listpackEntriesMax: number;
  readonly table: ElementTableLimits;
}

const SET_LIMITS: SetLimits = {
  intsetEntriesMax: SET_INTSET_ENTRIES_MAX,
  listpackEntriesMax: SET_LISTPACK_ENTRIES_MAX,
  table: ELEMENT_TABLE_LIMITS,
};

export class MemberSet {
  private readonly limits: SetLimits;
  private elements: PackedElements | ElementTable;
  /** Every member so far was an integer; false for a table. */
  private integers = true;

  constructor(limits: SetLimits = SET_LIMITS) {
    assert(limits.listpackEntriesMax <= limits.intsetEntriesMax, "a full intset is no listpack");
    this.limits = limits;
    this.elements = new PackedElements(1);
  }

  get size(): number {
    return this.elements.size;
  }

  get memoryBytes(): number {
    return this.elements.memoryBytes;
  }

  get encoding(): SetEncoding {
    if (this.integers) {
      return "intset";
    }
    return this.elements instanceof PackedElements ? "listpack" : "hashtable";
  }

  has(member: string): boolean {
    return this.elements.has(member);
  }

  /** Returns whether it was not there. May raise the encoding. */
  add(member: string): boolean {
    const { elements } = this;
    if (elements instanceof ElementTable) {
      return elements.set(member, "") === undefined;
    }
    if (elements.has(member)) {
      return false;
    }
    if (this.raisesBy(member)) {
      this.raise();
      return this.add(member);
    }
    this.integers = this.integers && isCanonicalInteger(member);
    elements.insert(member, "");
    return true;
  }

  /** Returns whether it was there. An empty set keeps its encoding: undo may fill it again. */
  delete(member: string): boolean {
    return this.elements.delete(member) !== undefined;
  }

  /** Whether `add` of a member that is not there would make a table of it first. */
  raisesBy(member: string): boolean {
    const { elements } = this;
    if (elements instanceof ElementTable) {
      return false;
    }
    const { intsetEntriesMax, listpackEntriesMax } = this.limits;
    const integers = this.integers && isCanonicalInteger(member);
    const entriesMax = integers ? intsetEntriesMax : listpackEntriesMax;
    return elements.size >= entriesMax || !PackedElements.fits(member);
  }

  /** Makes a table of it. What it was packed in is the caller's. */
  raise(): PackedElements {
    const { elements } = this;
    assert(elements instanceof PackedElements, "a packed set is raised");
    const table = new ElementTable(1, this.limits.table);
    elements.forEach((member) => {
      table.set(member, "");
    });
    this.integers = false;
    this.elements = table;
    return elements;
  }

  /** The inverse; `packed` is not used by anybody else. `restoreIntset` follows if it was one. */
  lower(packed: PackedElements): void {
    assert(this.encoding === "hashtable", "what was raised is lowered");
    this.elements = packed;
  }

  /** After the addition that ended it has been taken back. */
  restoreIntset(): void {
    assert(this.elements instanceof PackedElements, "an intset is packed");
    this.integers = true;
  }

  /** Uniform; undefined if there is none. */
  randomMember(random: () => number): string | undefined {
    const { elements } = this;
    return elements.size === 0
      ? undefined
      : elements.nameAtRank(Math.floor(random() * elements.size));
  }

  /**
   * `count` different members, or all: every such choice is as probable, its order has no meaning.
   * The set must not change meanwhile.
   */
  randomMembers(count: number, random: () => number, visit: (member: string) => void): void {
    visitSample(this.elements, count, random, visit);
  }

  /** Removes a random member and returns it. */
  pop(random: () => number): string | undefined {
    const member = this.randomMember(random);
    if (member !== undefined) {
      this.elements.delete(member);
    }
    return member;
  }

  /**
   * Visits up to `count` members from `cursor` (0: from the start) and returns the next cursor, 0 when all
   * were visited. A packed set is visited at once, as in Redis, so no cursor outlives its end. A member that
   * exists during the whole scan is visited; cursors of another node's set, or of before an undo, start or
   * go on anywhere. The set must not change during the call.
   */
  scan(cursor: number, count: number, visit: (member: string) => void): number {
    return this.elements.scan(cursor, count, visit);
  }

  /** In no meaningful order: a digest combines members so that the order does not matter. */
  forEach(visit: (member: string) => void): void {
    this.elements.forEach(visit);
  }

  /** Until `visit` returns false; returns whether all were visited. The set must not change meanwhile. */
  every(visit: (member: string) => boolean): boolean {
    return this.elements.everyName(visit);
  }

  /** O(1) for the number of members: what is large is shared until one of the two changes it. */
  clone(): MemberSet {
    const copy = new MemberSet(this.limits);
    copy.elements = this.elements.clone();
    copy.integers = this.integers;
    return copy;
  }

  /** For tests: every invariant. */
  check(): void {
    const { elements } = this;
    const { intsetEntriesMax, listpackEntriesMax } = this.limits;
    elements.check();
    assert(elements.columns === 1, "members have no values");
    if (elements instanceof PackedElements) {
      const entriesMax = this.integers ? intsetEntriesMax : listpackEntriesMax;
      assert(elements.size <= entriesMax, "a packed set is small");
      assert(
        !this.integers || elements.everyName(isCanonicalInteger),
        "an intset has only integers",
      );
    } else {
      assert(!this.integers, "a table is no intset");
    }
  }
}
