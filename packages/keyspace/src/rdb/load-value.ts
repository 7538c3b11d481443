/**
 * A value of the plain forms, which are all that is written here but for streams: element by element into the
 * collection, so that no more of a large one is held than it takes itself.
 */

import type { Value } from "../value.js";
import { Hash } from "../values/hash.js";
import { List } from "../values/list.js";
import { MemberSet } from "../values/set.js";
import { SortedSet } from "../values/sorted-set.js";
import type { RdbInput } from "./rdb-input.js";
import { rdbType } from "./types.js";

/** Undefined: it is in another form, and nothing was read. Null: it is empty, or an element is twice or no score. */
export function loadValue(input: RdbInput, type: number): Value | null | undefined {
  switch (type) {
    case rdbType.string:
      return input.value();
    case rdbType.list:
      return loadList(input);
    case rdbType.set:
      return loadSet(input);
    case rdbType.hash:
      return loadHash(input);
    case rdbType.sortedSet2:
      return loadSortedSet(input);
  }
  return undefined;
}

function loadList(input: RdbInput): List | null {
  const list = new List();
  for (let rest = input.length(); rest > 0; rest--) list.pushTail(input.value());
  list.settleEncoding();
  return list.length > 0 ? list : null;
}

function loadSet(input: RdbInput): MemberSet | null {
  const set = new MemberSet();
  for (let rest = input.length(); rest > 0; rest--) {
    if (!set.add(input.text())) return null;
  }
  return set.size > 0 ? set : null;
}

function loadHash(input: RdbInput): Hash | null {
  const hash = new Hash();
  for (let rest = input.length(); rest > 0; rest--) {
    if (hash.set(input.text(), input.value()) !== undefined) return null;
  }
  return hash.size > 0 ? hash : null;
}

function loadSortedSet(input: RdbInput): SortedSet | null {
  const set = new SortedSet();
  for (let rest = input.length(); rest > 0; rest--) {
    const member = input.text();
    const score = input.double();
    if (Number.isNaN(score) || set.set(member, score) !== undefined) return null;
  }
  return set.size > 0 ? set : null;
}
