/** What the effects of all collection types share: finding the value, keeping the estimate, recording undo. */

import { assert } from "../assert.js";
import type { Inverse } from "../inverse.js";
import type { Store } from "../store.js";
import type { UndoJournal } from "../undo-journal.js";
import type { Collection, Value } from "../value.js";

type Constructor<T> = abstract new (...parameters: never[]) => T;

/** The key's collection, which exists and has this type. */
export function existing<T extends Collection>(store: Store, key: string, type: Constructor<T>): T {
  const value = store.value(key);
  assert(value instanceof type, "a collection's effect finds a value of its type");
  return value;
}

/** undefined: there is no such key. */
export function existingOrNone<T extends Collection>(
  value: Value | undefined,
  type: Constructor<T>,
): T | undefined {
  assert(value === undefined || value instanceof type, "a collection's effect finds its type");
  return value;
}

/**
 * Runs `change` on the key's collection. What it returns is its inverse; it is asked for one only if there is
 * a journal.
 */
export function changeExisting<T extends Collection>(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  value: T,
  change: (value: T, isRecorded: boolean) => Inverse | null,
): void {
  store.beforeChange(key);
  const before = value.memoryBytes;
  const inverse = change(value, journal !== null);
  store.changed(key, value.memoryBytes - before);
  if (journal !== null) {
    assert(inverse !== null, "every change has an inverse");
    journal.pushInverse(key, inverse);
  }
}

/** The key did not exist; `value` is filled already. */
export function putNew(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  value: Collection,
): void {
  store.put(key, value, 0);
  journal?.pushRestore(key, undefined, 0, value);
}

/** The bytes of texts, to be added to what an inverse keeps alive. */
export function textBytes(texts: readonly string[]): number {
  let bytes = 0;
  for (const text of texts) bytes += text.length;
  return bytes + 16 * texts.length;
}
