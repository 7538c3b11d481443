/**
 * What each effect does to the state, and its inverse. Leader (with a journal) and follower (null) run the
 * same functions, so they cannot differ. The inverse is recorded from the pre-image in the same call; room
 * for it was made by `journal.beginEffect`, so nothing fails between mutation and record.
 */

import { assert } from "../assert.js";
import type { Store } from "../store.js";
import type { UndoJournal } from "../undo-journal.js";
import { appendedString, isStringValue, patchedString, type StringValue } from "../value.js";

export function putString(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  value: StringValue,
  deadlineMs: number,
): void {
  if (journal === null) {
    store.put(key, value, deadlineMs);
    return;
  }
  const oldDeadlineMs = store.deadline(key);
  const old = store.put(key, value, deadlineMs);
  journal.pushRestore(key, old, oldDeadlineMs, value);
}

export function deleteKey(store: Store, journal: UndoJournal | null, key: string): void {
  const oldDeadlineMs = store.deadline(key);
  const old = store.remove(key);
  assert(old !== undefined, "a deleted key exists");
  journal?.pushRestore(key, old, oldDeadlineMs, undefined);
}

export function setDeadline(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  deadlineMs: number,
): void {
  const value = store.value(key);
  assert(value !== undefined, "a key with a deadline exists");
  const oldDeadlineMs = store.deadline(key);
  store.setDeadline(key, deadlineMs);
  journal?.pushRestore(key, value, oldDeadlineMs, value);
}

export function appendString(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  suffix: Uint8Array,
): void {
  const old = store.value(key);
  assert(old !== undefined && isStringValue(old), "a key that is appended to holds a string");
  const value = appendedString(old, suffix);
  store.replace(key, value);
  journal?.pushRestore(key, old, store.deadline(key), value);
}

export function patchString(
  store: Store,
  journal: UndoJournal | null,
  key: string,
  offset: number,
  bytes: Uint8Array,
): void {
  const old = store.value(key);
  assert(old === undefined || isStringValue(old), "a key that is patched holds a string");
  const value = patchedString(old ?? "", offset, bytes);
  const deadlineMs = old === undefined ? 0 : store.deadline(key);
  store.put(key, value, deadlineMs);
  journal?.pushRestore(key, old, deadlineMs, value);
}

export function rename(
  store: Store,
  journal: UndoJournal | null,
  source: string,
  destination: string,
): void {
  assert(source !== destination, "a key is renamed to another one");
  const deadlineMs = store.deadline(source);
  const oldDeadlineMs = store.deadline(destination);
  const value = store.remove(source);
  assert(value !== undefined, "a renamed key exists");
  const old = store.put(destination, value, deadlineMs);
  if (journal !== null) {
    journal.pushRestore(source, value, deadlineMs, value);
    journal.pushRestore(destination, old, oldDeadlineMs, value);
  }
}

export function copy(
  store: Store,
  journal: UndoJournal | null,
  source: string,
  destination: string,
): void {
  assert(source !== destination, "a key is copied to another one");
  const value = store.value(source);
  assert(value !== undefined, "a copied key exists");
  const copied = isStringValue(value) ? value : value.clone();
  const oldDeadlineMs = store.deadline(destination);
  const old = store.put(destination, copied, store.deadline(source));
  journal?.pushRestore(destination, old, oldDeadlineMs, copied);
}

export function flushAll(store: Store, journal: UndoJournal | null): void {
  const contents = store.detach();
  journal?.pushReattach(contents);
}
