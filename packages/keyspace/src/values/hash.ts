/**
 * The value of a hash key: fields with values. Fields are flat latin1 strings whatever their length, values
 * are as `keptString` leaves them.
 *
 *   listpack    PackedElements    few fields, all texts short
 *   hashtable   ElementTable      from the first mutation on that exceeds a limit, and for good
 *
 * The form is what OBJECT ENCODING says, by Redis's rules. It is no part of the content: digests leave it
 * out, and a rebuilt hash may be packed again.
 *
 * The inverse of `set` is `set` of the old value, or `delete`; the inverse of `delete` is `set`: then all is as
 * before but for the order of the fields, which has no meaning. The inverse of `raise` is `lower`: what the hash was
 * packed in is put back, whatever was done to the table.
 */

import { assert } from "../assert.js";
import { HASH_LISTPACK_ENTRIES_MAX } from "../constants.js";
import type { StringValue } from "../value.js";
import { ELEMENT_TABLE_LIMITS, ElementTable, type ElementTableLimits } from "./element-table.js";
import { PackedElements } from "./packed-elements.js";
import { visitSample } from "./random-sample.js";

export type HashEncoding = "listpack" | "hashtable";

/** Lowered by tests. */
export interface HashLimits {
  readonly listpackEntriesMax: number;
  readonly table: ElementTableLimits;
}

const HASH_LIMITS: HashLimits = {
  listpackEntriesMax: HASH_LISTPACK_ENTRIES_MAX,
  table: ELEMENT_TABLE_LIMITS,
};

export class Hash {
  private readonly limits: HashLimits;
  private elements: PackedElements | ElementTable;

  constructor(limits: HashLimits = HASH_LIMITS) {
    this.limits = limits;
    this.elements = new PackedElements(2);
  }

  get size(): number {
    return this.elements.size;
  }

  get memoryBytes(): number {
    return this.elements.memoryBytes;
  }

  get encoding(): HashEncoding {
    return this.elements instanceof PackedElements ? "listpack" : "hashtable";
  }

  has(field: string): boolean {
    return this.elements.has(field);
  }

  get(field: string): StringValue | undefined {
    return this.elements.get(field);
  }

  /** Inserts or replaces; returns the old value. May raise the encoding. */
  set(field: string, value: StringValue): StringValue | undefined {
    if (this.raisesBy(field, value)) {
      this.raise();
    }
    const { elements } = this;
    if (elements instanceof ElementTable) {
      return elements.set(field, value);
    }
    // raisesBy has seen that the value is a short string.
    const old = elements.replace(field, value as string);
    if (old === undefined) {
      elements.insert(field, value as string);
    }
    return old;
  }

  /** Returns the removed value. An empty hash keeps its encoding: undo may fill it again. */
  delete(field: string): StringValue | undefined {
    return this.elements.delete(field);
  }

  /** Whether `set` would make a table of it first. */
  raisesBy(field: string, value: StringValue): boolean {
    const { elements } = this;
    return (
      elements instanceof PackedElements &&
      !(
        PackedElements.fits(field) &&
        PackedElements.fits(value) &&
        (elements.size < this.limits.listpackEntriesMax || elements.has(field))
      )
    );
  }

  /** Makes a table of it. What it was packed in is the caller's. */
  raise(): PackedElements {
    const { elements } = this;
    assert(elements instanceof PackedElements, "a listpack is raised");
    const table = new ElementTable(2, this.limits.table);
    elements.forEach((field, value) => {
      table.set(field, value);
    });
    this.elements = table;
    return elements;
  }

  /** The inverse; `packed` is not used by anybody else. */
  lower(packed: PackedElements): void {
    assert(this.encoding === "hashtable", "what was raised is lowered");
    this.elements = packed;
  }

  /** Uniform; undefined if there is none. */
  randomField(random: () => number): string | undefined {
    const { elements } = this;
    return elements.size === 0
      ? undefined
      : elements.nameAtRank(Math.floor(random() * elements.size));
  }

  /**
   * `count` different fields, or all: every such choice is as probable, its order has no meaning.
   * The hash must not change meanwhile.
   */
  randomFields(count: number, random: () => number, visit: (field: string) => void): void {
    visitSample(this.elements, count, random, visit);
  }

  /**
   * Visits up to `count` fields from `cursor` (0: from the start) and returns the next cursor, 0 when all
   * were visited. A listpack is visited at once, as in Redis, so no cursor outlives its end. A field that
   * exists during the whole scan is visited; cursors of another node's hash, or of before an undo, start
   * or go on anywhere. The hash must not change during the call.
   */
  scan(cursor: number, count: number, visit: (field: string, value: StringValue) => void): number {
    return this.elements.scan(cursor, count, visit);
  }

  /** In no meaningful order: a digest combines fields so that the order does not matter. */
  forEach(visit: (field: string, value: StringValue) => void): void {
    this.elements.forEach(visit);
  }

  /** O(1) for the number of fields: what is large is shared until one of the two changes it. */
  clone(): Hash {
    const copy = new Hash(this.limits);
    copy.elements = this.elements.clone();
    return copy;
  }

  /** For tests: every invariant. */
  check(): void {
    const { elements } = this;
    elements.check();
    assert(elements.columns === 2, "fields have values");
    if (elements instanceof PackedElements) {
      assert(elements.size <= this.limits.listpackEntriesMax, "a listpack is small");
    }
  }
}
