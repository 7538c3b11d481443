/**
 * What a batch touches, without a state to apply it to: whoever makes the next snapshot holds these keys alone. Fields
 * behind the key are passed over by their layouts, of which kinds.ts tells the meaning.
 */

import { assert } from "../assert.js";
import { BatchReader } from "./batch-reader.js";
import * as kind from "./kinds.js";
import { isLibraryKind } from "./library-effects.js";

export interface TouchedSink {
  touched(key: string): void;
  /** FLUSHALL: nothing of what was before is left, whatever it was. */
  touchedAll(): void;
}

interface Layout {
  readonly once: string;
  /** Empty: nothing is. */
  readonly counted: string;
}

/** By kind. i: integer, t: text, s: score, d: id of a stream's entry; behind a star, as often as counted. */
const layouts: readonly (Layout | undefined)[] = layoutsOf([
  [kind.LIST_PUSH, "i*t"],
  [kind.LIST_POP, "ii"],
  [kind.LIST_SET, "it"],
  [kind.LIST_INSERT, "itt"],
  [kind.LIST_REMOVE, "iit"],
  [kind.LIST_TRIM, "ii"],
  [kind.HASH_SET, "*tt"],
  [kind.HASH_DELETE, "*t"],
  [kind.SET_ADD, "*t"],
  [kind.SET_REMOVE, "*t"],
  [kind.SORTED_SET_PUT, "*st"],
  [kind.SORTED_SET_REMOVE, "*t"],
  [kind.SORTED_SET_REMOVE_RANGE, "ii"],
  [kind.STREAM_APPEND, "d*tt"],
  [kind.STREAM_DELETE, "*d"],
  [kind.STREAM_TRIM, "i"],
  [kind.STREAM_SET_IDS, "did"],
  [kind.GROUP_CREATE, "tdi"],
  [kind.GROUP_SET_POSITION, "tdi"],
  [kind.GROUP_DESTROY, "t"],
  [kind.CONSUMER_CREATE, "tti"],
  [kind.CONSUMER_DELETE, "tt"],
  [kind.GROUP_DELIVER, "ttii*d"],
  [kind.GROUP_ACKNOWLEDGE, "t*d"],
  [kind.CONSUMER_TIMES, "ttii"],
]);

function layoutsOf(texts: readonly (readonly [number, string])[]): (Layout | undefined)[] {
  const found: (Layout | undefined)[] = new Array(kind.KIND_MAX + 1).fill(undefined);
  for (const [effectKind, text] of texts) {
    const [once = "", counted = ""] = text.split("*");
    found[effectKind] = { once, counted };
  }
  for (const each of kind.COLLECTION_KINDS) {
    assert(found[each] !== undefined, "every effect of a collection has a layout");
  }
  return found;
}

const SCORE_BYTES = 8;
const ID_BYTES = 16;

/** In order. A key may come more than once; of a rename both names come. */
export function forEachTouched(payload: Uint8Array, sink: TouchedSink): void {
  const reader = new BatchReader(payload);
  while (reader.next()) {
    const { kind: effectKind, key } = reader;
    passFields(reader);
    if (effectKind === kind.FLUSH_ALL) {
      sink.touchedAll();
    } else if (!isKeyless(effectKind)) {
      sink.touched(key);
      if (effectKind === kind.RENAME || effectKind === kind.COPY) sink.touched(reader.destination);
    }
  }
}

/** What stands first is no key, or there is nothing. */
export function isKeyless(effectKind: number): boolean {
  return effectKind === kind.PUBLISH || effectKind === kind.AUDIT || isLibraryKind(effectKind);
}

/** Of an effect that the reader has begun: what it left, if anything. */
export function passFields(effect: BatchReader): void {
  const layout = layouts[effect.kind];
  if (layout === undefined) return;
  passOnce(effect, layout.once);
  if (layout.counted === "") return;
  for (let rest = effect.count(1); rest > 0; rest--) passOnce(effect, layout.counted);
}

function passOnce(effect: BatchReader, layout: string): void {
  for (let i = 0; i < layout.length; i++) {
    switch (layout[i]) {
      case "i":
        effect.integer();
        break;
      case "t":
        effect.passText();
        break;
      case "s":
        effect.pass(SCORE_BYTES);
        break;
      default:
        effect.pass(ID_BYTES);
    }
  }
}
