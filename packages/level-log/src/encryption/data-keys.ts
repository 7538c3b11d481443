/**
 * The keys that the bytes of one directory are sealed with: values of the store directly, snapshot files by a key of
 * their own each. Numbered from 1; the newest seals, all open. Another directory has others, so nothing of it opens
 * here. In memory only: on the disk they are wrapped (keys-file.ts).
 *
 *   data key --HKDF "log values"--------------------> seals values, a random nonce each
 *            --HKDF "snapshot file", salt of the file--> seals the blocks of that file, numbered nonces
 *
 * Derived (RFC 5869) instead of wrapped into each file: nothing to count in the thread that makes snapshots.
 *
 * A sealed value, frozen by a test: version 1, number of the key 4, nonce 12, ciphertext, tag 16. It is bound to its
 * key in the store: values can't change places.
 */

import {
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  randomFillSync,
} from "node:crypto";
import { assert } from "../assert.js";
import {
  CIPHER_KEY_BYTES,
  CIPHER_NONCE_BYTES,
  CIPHER_TAG_BYTES,
  FILE_SALT_BYTES,
} from "../constants.js";
import { openSealed, sealInto } from "./cipher.js";

const VALUE_VERSION = 1;
const NONCE_AT = 5;
const TEXT_AT = NONCE_AT + CIPHER_NONCE_BYTES;
/** What sealing adds to a value. */
export const SEALED_VALUE_BYTES = TEXT_AT + CIPHER_TAG_BYTES;

export interface DataKey {
  /** From 1. */
  readonly number: number;
  readonly secret: Uint8Array;
}

/** What another thread of this process opens and seals with. Passed to it in memory, never by a disk. */
export type ThreadKeys = readonly DataKey[];

/** What one snapshot file is sealed with. */
export interface FileKey {
  /** Of the data key it is derived from. */
  readonly number: number;
  readonly salt: Uint8Array;
  readonly key: KeyObject;
}

interface Derived extends DataKey {
  readonly values: KeyObject;
}

export class DataKeys {
  readonly #keys = new Map<number, Derived>();
  #newest: Derived;

  /** At least one, by number. */
  constructor(keys: ThreadKeys) {
    const [first, ...more] = keys;
    assert(first !== undefined, "there is a data key");
    this.#newest = this.#take(first);
    for (const key of more) this.add(key);
  }

  /** From now on it seals. */
  add(key: DataKey): void {
    assert(key.number === this.#newest.number + 1, "data keys are numbered one by one");
    this.#newest = this.#take(key);
  }

  get newest(): DataKey {
    return this.#newest;
  }

  /** As they are now, by number. */
  forThread(): ThreadKeys {
    return [...this.#keys.values()].map(({ number, secret }) => ({
      number,
      secret: Uint8Array.from(secret),
    }));
  }

  sealValue(key: Uint8Array, value: Uint8Array): Buffer {
    const { number, values } = this.#newest;
    const sealed = Buffer.allocUnsafe(SEALED_VALUE_BYTES + value.length);
    sealed[0] = VALUE_VERSION;
    sealed.writeUInt32BE(number, 1);
    randomFillSync(sealed, NONCE_AT, CIPHER_NONCE_BYTES);
    sealInto(sealed, TEXT_AT, values, sealed.subarray(NONCE_AT, TEXT_AT), key, value);
    return sealed;
  }

  /** Null: not what was sealed for this key. */
  openValue(key: Uint8Array, sealed: Buffer): Buffer | null {
    if (sealed.length < SEALED_VALUE_BYTES || sealed[0] !== VALUE_VERSION) return null;
    const found = this.#keys.get(sealed.readUInt32BE(1));
    if (found === undefined) return null;
    const nonce = sealed.subarray(NONCE_AT, TEXT_AT);
    return openSealed(found.values, nonce, key, sealed.subarray(TEXT_AT));
  }

  newFileKey(): FileKey {
    const { number, secret } = this.#newest;
    const salt = randomBytes(FILE_SALT_BYTES);
    return { number, salt, key: derive(secret, salt, "redoubt snapshot file") };
  }

  /** Null: there is no such data key here. */
  fileKey(number: number, salt: Uint8Array): FileKey | null {
    const found = this.#keys.get(number);
    if (found === undefined) return null;
    return { number, salt, key: derive(found.secret, salt, "redoubt snapshot file") };
  }

  #take({ number, secret }: DataKey): Derived {
    assert(secret.length === CIPHER_KEY_BYTES, "a data key has its length");
    const values = derive(secret, new Uint8Array(0), "redoubt log values");
    const derived = { number, secret, values };
    this.#keys.set(number, derived);
    return derived;
  }
}

export function newDataKey(number: number): DataKey {
  return { number, secret: randomBytes(CIPHER_KEY_BYTES) };
}

function derive(secret: Uint8Array, salt: Uint8Array, purpose: string): KeyObject {
  const bytes = hkdfSync("sha256", secret, salt, purpose, CIPHER_KEY_BYTES);
  return createSecretKey(Buffer.from(bytes));
}
