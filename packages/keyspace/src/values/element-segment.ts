/** A piece of an element table: dense columns and the position of each name in them. */

import type { StringValue } from "../value.js";
import type { Columns } from "./packed-elements.js";

/** Identifies a table's right to change segments. */
export type Owner = object;

export interface ElementSegment {
  readonly owner: Owner;
  readonly positions: Map<string, number>;
  readonly names: string[];
  /** null: names only. */
  readonly values: StringValue[] | null;
}

export function newSegment(owner: Owner, columns: Columns): ElementSegment {
  return { owner, positions: new Map(), names: [], values: columns === 1 ? null : [] };
}

export function copySegment(segment: ElementSegment, owner: Owner): ElementSegment {
  return {
    owner,
    positions: new Map(segment.positions),
    names: segment.names.slice(),
    values: segment.values === null ? null : segment.values.slice(),
  };
}

export function valueAt(segment: ElementSegment, position: number): StringValue {
  return segment.values === null ? "" : segment.values[position]!;
}

/** The name is not there. */
export function appendElement(segment: ElementSegment, name: string, value: StringValue): void {
  segment.positions.set(name, segment.names.length);
  segment.names.push(name);
  segment.values?.push(value);
}

/** The last element takes the place. */
export function removeElement(segment: ElementSegment, name: string, position: number): void {
  const { positions, names, values } = segment;
  positions.delete(name);
  const lastName = names.pop()!;
  const lastValue = values?.pop();
  if (position < names.length) {
    names[position] = lastName;
    positions.set(lastName, position);
    if (values !== null) {
      values[position] = lastValue!;
    }
  }
}
