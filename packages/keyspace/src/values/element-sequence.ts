/**
 * What a list is made of: a loose chunk, a packed chunk and the rope of chunks are all sequences of
 * elements with the same operations and the same sums. The sums are kept by whoever changes a sequence,
 * so that pieces can move between sequences without a look at their elements.
 */

import { Buffer } from "node:buffer";
import { valueBytes } from "../memory.js";
import type { StringValue } from "../value.js";
import { listpackEntryBytes } from "./listpack-size.js";

/** 1: toward the tail, -1: toward the head. */
export type Direction = 1 | -1;

/** False ends the visit. */
export type ElementVisitor = (value: StringValue, index: number) => boolean;
export type IndexVisitor = (index: number) => boolean;

/** Length of a packed text that needs one byte on either side. */
const SHORT_TEXT_MAX = 127;

/** A text in a packed chunk: its length before and behind it. */
export function packedSize(length: number): number {
  return length + (length <= SHORT_TEXT_MAX ? 2 : 4);
}

/** A Blob is never packed. */
export function packedLength(value: StringValue): number {
  return typeof value === "string" ? packedSize(value.length) : 0;
}

export abstract class ElementSequence {
  count = 0;
  /** What the elements that are strings take in packed chunks. */
  packedBytes = 0;
  /** What the elements that are Blobs keep alive (estimate). */
  blobBytes = 0;
  /** Sum of the sizes the elements have in Redis's listpacks. */
  elementBytes = 0;

  abstract get(index: number): StringValue;
  /** Returns what was there. */
  abstract set(index: number, value: StringValue): StringValue;
  abstract insert(index: number, value: StringValue): void;
  abstract remove(index: number): StringValue;
  /**
   * From `index` on in `direction`; `base` is added to the indexes told. The sequence must not change
   * meanwhile. False: `visit` ended it.
   */
  abstract visit(index: number, direction: Direction, base: number, visit: ElementVisitor): boolean;
  /**
   * The same for those elements only that equal `wanted`. Makes no strings. Up to a chunk of elements behind
   * the one that is told as `last` are looked at, and told, too.
   */
  abstract visitEqual(
    wanted: StringValue,
    index: number,
    direction: Direction,
    base: number,
    last: number,
    visit: IndexVisitor,
  ): boolean;
  abstract clone(): ElementSequence;

  protected countIn(value: StringValue): void {
    this.count++;
    this.elementBytes += listpackEntryBytes(value);
    if (typeof value === "string") {
      this.packedBytes += packedSize(value.length);
    } else {
      this.blobBytes += valueBytes(value);
    }
  }

  protected countOut(value: StringValue): void {
    this.count--;
    this.elementBytes -= listpackEntryBytes(value);
    if (typeof value === "string") {
      this.packedBytes -= packedSize(value.length);
    } else {
      this.blobBytes -= valueBytes(value);
    }
  }

  addSums(other: ElementSequence): void {
    this.count += other.count;
    this.packedBytes += other.packedBytes;
    this.blobBytes += other.blobBytes;
    this.elementBytes += other.elementBytes;
  }

  subtractSums(other: ElementSequence): void {
    this.count -= other.count;
    this.packedBytes -= other.packedBytes;
    this.blobBytes -= other.blobBytes;
    this.elementBytes -= other.elementBytes;
  }

  sameSums(other: ElementSequence): boolean {
    return (
      this.count === other.count &&
      this.packedBytes === other.packedBytes &&
      this.blobBytes === other.blobBytes &&
      this.elementBytes === other.elementBytes
    );
  }
}

/** The length alone decides the form, so a string never equals a Blob. */
export function equalElements(a: StringValue, b: StringValue): boolean {
  if (typeof a === "string" || typeof b === "string") {
    return a === b;
  }
  return a === b || (a.length === b.length && Buffer.compare(a.bytes(), b.bytes()) === 0);
}
