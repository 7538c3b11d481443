/** Changes of sets. A set is never left empty: who takes its last member deletes the key. */

import { assert } from "../assert.js";
import { ELEMENT_SEGMENT_ENTRIES_MAX } from "../constants.js";
import * as effects from "../effects/set-effects.js";
import { MemberSet } from "../values/set.js";
import type { EffectScope } from "./effect-scope.js";

export class Sets {
  private readonly scope: EffectScope;

  constructor(scope: EffectScope) {
    this.scope = scope;
  }

  /** To a set or a key that is missing; returns how many of the members were not there. */
  add(key: string, members: readonly string[]): number {
    const { scope } = this;
    const before = scope.get(key);
    assert(before === undefined || before instanceof MemberSet, "members are added to a set");
    const added = distinct(members).filter((member) => before === undefined || !before.has(member));
    if (added.length === 0) return 0;
    scope.beginEffect();
    effects.encodeAdd(scope.batch, key, added);
    effects.add(scope.store, scope.journal, key, added);
    scope.touched(key);
    return added.length;
  }

  /** Returns how many of the members were there. */
  remove(key: string, members: readonly string[]): number {
    const { scope } = this;
    const set = scope.get(key);
    assert(set instanceof MemberSet, "the changed set exists");
    const found = distinct(members).filter((member) => set.has(member));
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
}

function distinct(members: readonly string[]): readonly string[] {
  if (members.length === 1) return members;
  if (members.length <= ELEMENT_SEGMENT_ENTRIES_MAX) return [...new Set(members)];
  // One Set throws at 2^24 members; what SUNIONSTORE found may be more.
  const seen = new MemberSet();
  return members.filter((member) => seen.add(member));
}
