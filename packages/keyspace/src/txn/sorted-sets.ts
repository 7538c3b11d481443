/**
 * Changes of sorted sets. Scores are never NaN. A sorted set is never left empty: who takes its last member
 * deletes the key.
 */

import { assert } from "../assert.js";
import * as effects from "../effects/sorted-set-effects.js";
import { SortedSet } from "../values/sorted-set.js";
import type { EffectScope } from "./effect-scope.js";

export class SortedSets {
  private readonly scope: EffectScope;

  constructor(scope: EffectScope) {
    this.scope = scope;
  }

  /** To a sorted set or a key that is missing. Only scores that are new or change: the caller has looked. */
  put(key: string, members: readonly string[], scores: readonly number[]): void {
    assert(members.length > 0 && members.length === scores.length, "every member has one score");
    const { scope } = this;
    const before = scope.get(key);
    assert(before === undefined || before instanceof SortedSet, "a score belongs to a sorted set");
    for (const score of scores) assert(!Number.isNaN(score), "a score is a number");
    scope.beginEffect();
    effects.encodePut(scope.batch, key, members, scores);
    effects.put(scope.store, scope.journal, key, members, scores);
    scope.touched(key);
  }

  /** Returns how many of the members were there. */
  remove(key: string, members: readonly string[]): number {
    const { scope } = this;
    const set = this.existing(key);
    const found = [...new Set(members)].filter((member) => set.score(member) !== undefined);
    if (found.length === 0) return 0;
    if (found.length === set.size) {
      scope.deleteExisting(key);
      return found.length;
    }
    scope.beginEffect();
    effects.encodeRemove(scope.batch, key, found);
    effects.remove(scope.store, scope.journal, key, found);
    scope.touched(key);
    return found.length;
  }

  /** `count` members from `rank` on, counted from the lowest score; they are there. */
  removeRange(key: string, rank: number, count: number): void {
    const { scope } = this;
    const { size } = this.existing(key);
    assert(rank >= 0 && count >= 0 && rank + count <= size, "a removed range is there");
    if (count === 0) return;
    if (count === size) {
      scope.deleteExisting(key);
      return;
    }
    scope.beginEffect();
    effects.encodeRemoveRange(scope.batch, key, rank, count);
    effects.removeRange(scope.store, scope.journal, key, rank, count);
    scope.touched(key);
  }

  private existing(key: string): SortedSet {
    const value = this.scope.get(key);
    assert(value instanceof SortedSet, "the changed sorted set exists");
    return value;
  }
}
