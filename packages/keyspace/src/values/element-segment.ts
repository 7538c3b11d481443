/**
 * A piece of an element table: dense columns and the position of each name in them.
 *
 * A name that is removed as the last one keeps its place in the Map until another such one is. A Map leaves a hole
 * in the chain of its bucket for every deletion until it is rehashed, and a name that comes and goes (a lock, a
 * flag) leaves them all in one chain: 15 us a time among 4 000 names (measured, Node 20), now as any other.
 * Other names pay nothing for it: to keep the place of each would make deletions dearer by a tenth to a third.
 */

import { ELEMENT_TABLE_KEPT_BYTES_MAX } from "../constants.js";
import type { StringValue } from "../value.js";
import type { Columns } from "./packed-elements.js";

/** Identifies a table's right to change segments. */
export type Owner = object;

export interface ElementSegment {
  readonly owner: Owner;
  readonly positions: Map<string, number>;
  /** A name that is gone and still has a place in `positions`, NOWHERE; null: there is none. */
  removed: string | null;
  readonly names: string[];
  /** null: names only. */
  readonly values: StringValue[] | null;
}

/** The position of a name that is not there. */
export const NOWHERE = -1;

export function newSegment(owner: Owner, columns: Columns): ElementSegment {
  const values = columns === 1 ? null : [];
  return { owner, positions: new Map(), removed: null, names: [], values };
}

export function copySegment(segment: ElementSegment, owner: Owner): ElementSegment {
  return {
    owner,
    positions: new Map(segment.positions),
    removed: segment.removed,
    names: segment.names.slice(),
    values: segment.values === null ? null : segment.values.slice(),
  };
}

export function positionOf(segment: ElementSegment, name: string): number {
  return segment.positions.get(name) ?? NOWHERE;
}

export function valueAt(segment: ElementSegment, position: number): StringValue {
  return segment.values === null ? "" : segment.values[position]!;
}

/** The name is not there. */
export function appendElement(segment: ElementSegment, name: string, value: StringValue): void {
  segment.positions.set(name, segment.names.length);
  if (segment.removed === name) {
    segment.removed = null;
  }
  segment.names.push(name);
  segment.values?.push(value);
}

/** The last element takes the place. */
export function removeElement(segment: ElementSegment, name: string, position: number): void {
  const { positions, names, values } = segment;
  const lastName = names.pop()!;
  const lastValue = values?.pop();
  if (position === names.length) {
    keepPlace(segment, name);
  } else {
    positions.delete(name);
    names[position] = lastName;
    positions.set(lastName, position);
    if (values !== null) {
      values[position] = lastValue!;
    }
  }
}

/** A long text is let go at once: it would be memory that nobody has counted. */
function keepPlace(segment: ElementSegment, name: string): void {
  if (name.length > ELEMENT_TABLE_KEPT_BYTES_MAX) {
    segment.positions.delete(name);
    return;
  }
  if (segment.removed !== null) {
    segment.positions.delete(segment.removed);
  }
  segment.positions.set(name, NOWHERE);
  segment.removed = name;
}
