/** Changes of hashes. A hash is never left empty: who takes its last field deletes the key. */

import { assert } from "../assert.js";
import * as effects from "../effects/hash-effects.js";
import { keptString } from "../value.js";
import { Hash } from "../values/hash.js";
import type { EffectScope } from "./effect-scope.js";
import type { StringInput } from "./lists.js";

export class Hashes {
  private readonly scope: EffectScope;

  constructor(scope: EffectScope) {
    this.scope = scope;
  }

  /** To a hash or a key that is missing. Of a field named twice the last value counts. */
  set(key: string, fields: readonly string[], values: readonly StringInput[]): void {
    assert(fields.length > 0 && fields.length === values.length, "every field has one value");
    const { scope } = this;
    const before = scope.get(key);
    assert(before === undefined || before instanceof Hash, "a field is set in a hash");
    const kept = values.map(keptString);
    scope.beginEffect();
    effects.encodeSet(scope.batch, key, fields, kept);
    effects.set(scope.store, scope.journal, key, fields, kept);
    scope.touched(key);
  }

  /** Returns how many of the fields were there. */
  delete(key: string, fields: readonly string[]): number {
    const { scope } = this;
    const hash = scope.get(key);
    assert(hash instanceof Hash, "the changed hash exists");
    const found = [...new Set(fields)].filter((field) => hash.has(field));
    if (found.length === 0) return 0;
    if (found.length === hash.size) {
      scope.deleteExisting(key);
      return found.length;
    }
    scope.beginEffect();
    effects.encodeDelete(scope.batch, key, found);
    effects.remove(scope.store, scope.journal, key, found);
    scope.touched(key);
    return found.length;
  }
}
