/**
 * Changes of lists. Indexes count from the head, from 0 on. A list is never left empty: what would take its
 * last element deletes the key.
 */

import { assert } from "../assert.js";
import type { Blob } from "../blob.js";
import * as effects from "../effects/list-effects.js";
import { keptString } from "../value.js";
import { List } from "../values/list.js";
import type { EffectScope } from "./effect-scope.js";

export type { ListEnd, ListSide } from "../effects/list-effects.js";
/** Bytes are copied, strings must be flat. */
export type StringInput = string | Uint8Array | Blob;

export class Lists {
  private readonly scope: EffectScope;

  constructor(scope: EffectScope) {
    this.scope = scope;
  }

  /** One value after the other, to a list or a key that is missing; returns the new length. */
  push(key: string, end: effects.ListEnd, values: readonly StringInput[]): number {
    assert(values.length > 0, "something is pushed");
    const { scope } = this;
    const before = scope.get(key);
    assert(before === undefined || before instanceof List, "pushed to is a list");
    const kept = values.map(keptString);
    scope.beginEffect();
    effects.encodePush(scope.batch, key, end, kept);
    effects.push(scope.store, scope.journal, key, end, kept);
    scope.touched(key);
    return this.existing(key).length;
  }

  /** At most as many as there are. */
  pop(key: string, end: effects.ListEnd, count: number): void {
    const { scope } = this;
    const { length } = this.existing(key);
    assert(count > 0 && count <= length, "popped elements are there");
    if (count === length) {
      scope.deleteExisting(key);
      return;
    }
    scope.beginEffect();
    effects.encodePop(scope.batch, key, end, count);
    effects.pop(scope.store, scope.journal, key, end, count);
    scope.touched(key);
  }

  set(key: string, index: number, value: StringInput): void {
    const { scope } = this;
    assert(index >= 0 && index < this.existing(key).length, "a set element is there");
    const kept = keptString(value);
    scope.beginEffect();
    effects.encodeSet(scope.batch, key, index, kept);
    effects.set(scope.store, scope.journal, key, index, kept);
    scope.touched(key);
  }

  /** Beside the first element that equals `pivot`; false: there is none. */
  insert(key: string, side: effects.ListSide, pivot: StringInput, value: StringInput): boolean {
    const { scope } = this;
    const keptPivot = keptString(pivot);
    if (effects.indexOf(this.existing(key), keptPivot) < 0) return false;
    const kept = keptString(value);
    scope.beginEffect();
    effects.encodeInsert(scope.batch, key, side, keptPivot, kept);
    effects.insert(scope.store, scope.journal, key, side, keptPivot, kept);
    scope.touched(key);
    return true;
  }

  /** The first `countMax` elements from that end on that equal `value`; returns how many there were. */
  remove(key: string, from: effects.ListEnd, countMax: number, value: StringInput): number {
    const { scope } = this;
    const kept = keptString(value);
    const list = this.existing(key);
    const count = effects.indexesOf(list, from, countMax, kept).length;
    if (count === 0) return 0;
    if (count === list.length) {
      scope.deleteExisting(key);
      return count;
    }
    scope.beginEffect();
    effects.encodeRemove(scope.batch, key, from, count, kept);
    effects.remove(scope.store, scope.journal, key, from, count, kept);
    scope.touched(key);
    return count;
  }

  /** Keeps `count` elements from `start` on; none: the key is deleted. All: no effect. */
  trim(key: string, start: number, count: number): void {
    const { scope } = this;
    const { length } = this.existing(key);
    assert(start >= 0 && count >= 0 && start + count <= length, "what is kept is there");
    if (count === length) return;
    if (count === 0) {
      scope.deleteExisting(key);
      return;
    }
    scope.beginEffect();
    effects.encodeTrim(scope.batch, key, start, count);
    effects.trim(scope.store, scope.journal, key, start, count);
    scope.touched(key);
  }

  private existing(key: string): List {
    const value = this.scope.get(key);
    assert(value instanceof List, "the changed list exists");
    return value;
  }
}
