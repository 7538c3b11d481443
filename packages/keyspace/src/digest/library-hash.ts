/** The hash of one library of functions, kept beside its code: a digest of the state adds it up like a key's. */

import { Hasher } from "./value-hash.js";

const LIBRARY_SEED = 0x510e527f;

const hasher = new Hasher();

/** Two words of 32 bits. */
export function libraryHash(name: string, code: string): readonly [number, number] {
  hasher.start(LIBRARY_SEED);
  hasher.text(name);
  hasher.text(code);
  hasher.pair(name.length, code.length);
  return [hasher.a, hasher.b];
}
