/** How a change inside a collection is taken back. */

import { assert } from "./assert.js";
import type { Store } from "./store.js";
import { type Collection, isStringValue } from "./value.js";

export abstract class Inverse {
  /** What it keeps alive beside itself, in bytes (estimate). */
  abstract readonly bytes: number;

  /** The collection is as it was right after the change. */
  protected abstract undo(value: Collection): void;

  play(store: Store, key: string): void {
    const value = store.value(key);
    assert(value !== undefined && !isStringValue(value), "a changed collection is still there");
    store.beforeChange(key);
    const before = value.memoryBytes;
    this.undo(value);
    store.changed(key, value.memoryBytes - before);
  }
}
