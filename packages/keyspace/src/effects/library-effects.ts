/** Libraries of functions: bytes, mutation, inverse, Redis command. They are no keys: none of them touches one. */

import type { Buffer } from "node:buffer";
import { Inverse } from "../inverse.js";
import { latin1 } from "../latin1.js";
import { latin1Bytes } from "../memory.js";
import type { Store } from "../store.js";
import type { UndoJournal } from "../undo-journal.js";
import type { BatchReader } from "./batch-reader.js";
import { latin1Argument } from "./command-arguments.js";
import { DELETE_LIBRARY, PUT_LIBRARY } from "./kinds.js";

/** The undo record's key, as a message's: it is nobody's. */
const NO_KEY = "";

export function isLibraryKind(effectKind: number): boolean {
  return effectKind === PUT_LIBRARY || effectKind === DELETE_LIBRARY;
}

export function putLibrary(
  { libraries }: Store,
  journal: UndoJournal | null,
  name: string,
  code: string,
): void {
  const old = libraries.put(name, code);
  journal?.pushInverse(NO_KEY, new LibraryInverse(name, old));
}

/** It is there. */
export function deleteLibrary(
  { libraries }: Store,
  journal: UndoJournal | null,
  name: string,
): void {
  const old = libraries.remove(name);
  journal?.pushInverse(NO_KEY, new LibraryInverse(name, old));
}

/** False: it is another effect. */
export function applyLibraryEffect(store: Store, effect: BatchReader): boolean {
  if (effect.kind === PUT_LIBRARY) putLibrary(store, null, effect.key, latin1(effect.bytes));
  else if (effect.kind === DELETE_LIBRARY) deleteLibrary(store, null, effect.key);
  else return false;
  return true;
}

/** Null: it is another effect. */
export function libraryCommand(effect: BatchReader): Buffer[] | null {
  if (effect.kind === PUT_LIBRARY) {
    return [...["FUNCTION", "LOAD", "REPLACE"].map(latin1Argument), effect.bytes];
  }
  if (effect.kind !== DELETE_LIBRARY) return null;
  return ["FUNCTION", "DELETE", effect.key].map(latin1Argument);
}

class LibraryInverse extends Inverse {
  readonly bytes: number;
  readonly #name: string;
  /** undefined: there was none. */
  readonly #code: string | undefined;

  constructor(name: string, code: string | undefined) {
    super();
    this.#name = name;
    this.#code = code;
    this.bytes = latin1Bytes(name) + (code === undefined ? 0 : latin1Bytes(code));
  }

  override play({ libraries }: Store): void {
    if (this.#code === undefined) libraries.remove(this.#name);
    else libraries.put(this.#name, this.#code);
  }

  protected override undo(): void {}
}
