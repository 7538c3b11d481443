/**
 * The keys an operator gives: the first one wraps the data keys of a directory, the others only unwrap what they
 * wrapped before. They are never on the disk that they protect, unless the operator puts them there.
 *
 *   2026-11 4f1c...   64 hexadecimal digits behind a name, one key a line; # begins a comment
 *   2026-05 a07e...
 */

import { createSecretKey, type KeyObject } from "node:crypto";
import { CIPHER_KEY_BYTES, MASTER_KEY_ID_LENGTH_MAX } from "../constants.js";

export interface MasterKey {
  readonly id: string;
  readonly key: KeyObject;
}

export class MasterKeys {
  /** Wraps. */
  readonly current: MasterKey;
  readonly #all: ReadonlyMap<string, MasterKey>;

  constructor(current: MasterKey, others: readonly MasterKey[] = []) {
    this.current = current;
    this.#all = new Map([current, ...others].map((each) => [each.id, each]));
  }

  find(id: string): MasterKey | null {
    return this.#all.get(id) ?? null;
  }
}

const ID = new RegExp(`^[A-Za-z0-9._-]{1,${MASTER_KEY_ID_LENGTH_MAX}}$`);
const DIGITS = new RegExp(`^[0-9A-Fa-f]{${2 * CIPHER_KEY_BYTES}}$`);

/** The keys in the text of a key file; a string says what is wrong with it, and nothing of a key. */
export function parseMasterKeys(text: string): MasterKeys | string {
  const keys: MasterKey[] = [];
  for (const [at, line] of text.split("\n").entries()) {
    const words = line.trim().split(/\s+/);
    const [id = "", digits = ""] = words;
    if (id === "" || id.startsWith("#")) continue;
    const where = `line ${at + 1}`;
    // Its first word may be the key itself, so it is not said.
    if (words.length !== 2) return `${where} is not a name and a key`;
    if (!ID.test(id)) {
      return `${where}: a name is 1 to ${MASTER_KEY_ID_LENGTH_MAX} letters, digits, dots, dashes or underscores`;
    }
    if (!DIGITS.test(digits)) {
      return `${where}: key ${id} is not ${2 * CIPHER_KEY_BYTES} hexadecimal digits`;
    }
    if (keys.some((each) => each.id === id)) return `${where}: there are two keys ${id}`;
    keys.push({ id, key: createSecretKey(Buffer.from(digits, "hex")) });
  }
  const [current, ...others] = keys;
  return current === undefined ? "it holds no key" : new MasterKeys(current, others);
}
