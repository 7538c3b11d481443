/** The follower's path: decode and apply. Exactly once and in order is the caller's duty (entry index). */

import { assert } from "../assert.js";
import { NEAR_EFFECTS_MIN, NEAR_KEYS } from "../constants.js";
import { type Keyspace, STORE } from "../keyspace.js";
import type { Published } from "../publication.js";
import type { Store } from "../store.js";
import { BatchReader } from "./batch-reader.js";
import { applyGroupEffect } from "./group-effects.js";
import { applyHashEffect } from "./hash-effects.js";
import * as kind from "./kinds.js";
import { applyLibraryEffect, isLibraryKind } from "./library-effects.js";
import { applyListEffect } from "./list-effects.js";
import * as mutations from "./mutations.js";
import { NearKeys } from "./near-keys.js";
import { applySetEffect } from "./set-effects.js";
import { applySortedSetEffect } from "./sorted-set-effects.js";
import { applyStreamEffect } from "./stream-effects.js";
import { forEachTouched, passFields } from "./touched-keys.js";

/**
 * Applies a committed batch and sets the keyspace's log time; returns the number of effects. Never throws
 * on a payload that a leader with the same state wrote; asserts otherwise. `published` is handed the messages
 * as views of the payload; left out, they are nobody's. `audited` is called when the batch is applied, log time
 * included, if its state is one that nodes compare.
 */
export function applyBatch(
  keyspace: Keyspace,
  payload: Uint8Array,
  published?: Published,
  audited?: () => void,
): number {
  const reader = new BatchReader(payload);
  const store = keyspace[STORE];
  assert(reader.logTimeMs >= keyspace.logTimeMs, "log time does not go back");
  const near = reader.effectCount >= NEAR_EFFECTS_MIN ? new NearKeys(payload) : null;
  let isAudited = false;
  for (let applied = 0; reader.next(); applied++) {
    if (near !== null && applied % NEAR_KEYS === 0) near.bring(store);
    if (reader.kind === kind.AUDIT) isAudited = true;
    else if (reader.kind !== kind.PUBLISH) applyEffect(store, reader);
    else published?.(reader.key, reader.bytes, reader.offset === 1);
  }
  keyspace.logTimeMs = reader.logTimeMs;
  if (isAudited) audited?.();
  return reader.effectCount;
}

/**
 * What follows the batch's last FLUSHALL, which is there: the keyspace is empty, and what came before it is gone
 * anyway, but for libraries of functions.
 */
export function applyBehindFlush(keyspace: Keyspace, payload: Uint8Array): void {
  let flushes = 0;
  forEachTouched(payload, {
    touched: () => {},
    touchedAll: () => {
      flushes++;
    },
  });
  assert(flushes > 0 && keyspace.size === 0, "a flush leaves an empty keyspace");
  const reader = new BatchReader(payload);
  while (reader.next()) {
    if (reader.kind === kind.FLUSH_ALL) flushes--;
    else if (isLibraryKind(reader.kind)) applyEffect(keyspace[STORE], reader);
    else if (flushes > 0) passFields(reader);
    else if (reader.kind !== kind.PUBLISH && reader.kind !== kind.AUDIT) {
      applyEffect(keyspace[STORE], reader);
    }
  }
  keyspace.logTimeMs = reader.logTimeMs;
}

/** Of a batch before a later one's FLUSHALL: what outlives it. */
export function applyLibraries(keyspace: Keyspace, payload: Uint8Array): void {
  const reader = new BatchReader(payload);
  while (reader.next()) {
    if (isLibraryKind(reader.kind)) applyEffect(keyspace[STORE], reader);
    else passFields(reader);
  }
  keyspace.logTimeMs = reader.logTimeMs;
}

function applyEffect(store: Store, effect: BatchReader): void {
  switch (effect.kind) {
    case kind.PUT_STRING:
      mutations.putString(store, null, effect.key, effect.keptBytes, effect.deadlineMs);
      return;
    case kind.DELETE_KEY:
      mutations.deleteKey(store, null, effect.key);
      return;
    case kind.SET_DEADLINE:
      mutations.setDeadline(store, null, effect.key, effect.deadlineMs);
      return;
    case kind.APPEND_STRING:
      mutations.appendString(store, null, effect.key, effect.bytes);
      return;
    case kind.PATCH_STRING:
      mutations.patchString(store, null, effect.key, effect.offset, effect.bytes);
      return;
    case kind.RENAME:
      mutations.rename(store, null, effect.key, effect.destination);
      return;
    case kind.COPY:
      mutations.copy(store, null, effect.key, effect.destination);
      return;
    case kind.FLUSH_ALL:
      mutations.flushAll(store, null);
      return;
    default: {
      const isApplied =
        applyListEffect(store, effect) ||
        applyHashEffect(store, effect) ||
        applySetEffect(store, effect) ||
        applySortedSetEffect(store, effect) ||
        applyStreamEffect(store, effect) ||
        applyGroupEffect(store, effect) ||
        applyLibraryEffect(store, effect);
      assert(isApplied, "every decoded effect is applied");
    }
  }
}
