/**
 * The data keys of one directory as they lie in it: `log/keys`, each wrapped by a master key, replaced as a whole.
 *
 *   magic 4, identity stamp 4, booked 8, length of a name 1, that name: which master key
 *   count 4, of each: number 4, nonce 12, key 32, tag 16
 *   CRC-32C 4
 *
 * The CRC tells damage from a key that is wrong: a file that verifies and doesn't open was wrapped by another one.
 * Booked: how many values may have been sealed with the newest key. It is raised durably before they are sealed,
 * so what a process that died had sealed is counted, too.
 */

import { randomBytes } from "node:crypto";
import { assert } from "../assert.js";
import {
  CIPHER_KEY_BYTES,
  CIPHER_NONCE_BYTES,
  CIPHER_TAG_BYTES,
  DATA_KEY_BOOKING,
  DATA_KEY_VALUES_MAX,
} from "../constants.js";
import { codeOf, EncryptionKeyWrongError, LogDamagedError, WriteFailedError } from "../errors.js";
import { type Files, readWhole, replaceFile } from "../files.js";
import { isSealed, readU64, sealRecord, writeU64 } from "../records.js";
import { openSealed, sealInto } from "./cipher.js";
import { type DataKey, DataKeys, newDataKey } from "./data-keys.js";
import type { MasterKey, MasterKeys } from "./master-keys.js";

const MAGIC = 0x524b5931; // "RKY1"
const HEAD_BYTES = 17;
const WRAPPED_BYTES = CIPHER_NONCE_BYTES + CIPHER_KEY_BYTES + CIPHER_TAG_BYTES;
const KEY_BYTES = 4 + WRAPPED_BYTES;
const COUNT_BYTES = 4;
const CRC_BYTES = 4;
const PURPOSE = Buffer.from("redoubt data key");

interface WrappedKey {
  readonly number: number;
  /** Nonce, key, tag. */
  readonly wrapped: Buffer;
}

/** What the file says, before anything of it is opened. */
export interface WrappedKeys {
  /** CRC of the identity file: keys of another directory put in place are found. */
  readonly stamp: number;
  readonly booked: number;
  readonly masterId: string;
  readonly keys: readonly WrappedKey[];
}

export function encodeKeys({ stamp, booked, masterId, keys }: WrappedKeys): Buffer {
  const nameEnd = HEAD_BYTES + masterId.length;
  const record = Buffer.alloc(nameEnd + COUNT_BYTES + keys.length * KEY_BYTES + CRC_BYTES);
  record.writeUInt32BE(MAGIC, 0);
  record.writeUInt32BE(stamp, 4);
  writeU64(record, booked, 8);
  record[16] = masterId.length;
  record.write(masterId, HEAD_BYTES, "latin1");
  record.writeUInt32BE(keys.length, nameEnd);
  for (const [at, { number, wrapped }] of keys.entries()) {
    const from = nameEnd + COUNT_BYTES + at * KEY_BYTES;
    record.writeUInt32BE(number, from);
    record.set(wrapped, from + 4);
  }
  return sealRecord(record);
}

/** Null: damaged. */
export function decodeKeys(record: Buffer): WrappedKeys | null {
  if (record.length < HEAD_BYTES + COUNT_BYTES + CRC_BYTES) return null;
  if (!isSealed(record, record.length) || record.readUInt32BE(0) !== MAGIC) return null;
  const nameEnd = HEAD_BYTES + record[16]!;
  const count = record.readUInt32BE(nameEnd);
  const from = nameEnd + COUNT_BYTES;
  if (count === 0 || record.length !== from + count * KEY_BYTES + CRC_BYTES) return null;
  const keys = Array.from({ length: count }, (_, index) => {
    const at = from + index * KEY_BYTES;
    const wrapped = record.subarray(at + 4, at + KEY_BYTES);
    return { number: record.readUInt32BE(at), wrapped };
  });
  return {
    stamp: record.readUInt32BE(4),
    booked: readU64(record, 8),
    masterId: record.toString("latin1", HEAD_BYTES, nameEnd),
    keys,
  };
}

export class KeysFile {
  readonly keys: DataKeys;
  readonly #files: Files;
  readonly #path: string;
  #wrapped: WrappedKeys;
  #master: MasterKey;
  /** Values that may be sealed before more are booked. */
  #left = 0;

  constructor(files: Files, path: string, wrapped: WrappedKeys, opened: Opened) {
    this.#files = files;
    this.#path = path;
    this.#wrapped = wrapped;
    this.#master = opened.master;
    this.keys = opened.keys;
  }

  get masterId(): string {
    return this.#wrapped.masterId;
  }

  /** Whether another master key is the current one: its wrapping takes the old one's place, and a new data key seals. */
  async wrapBy(masters: MasterKeys): Promise<boolean> {
    if (masters.current.id === this.#master.id) return false;
    this.#master = masters.current;
    const { stamp } = this.#wrapped;
    const all = this.keys.forThread().map((key) => wrap(key, this.#master, stamp));
    await this.#addKey(all);
    return true;
  }

  /** Called before so many values are sealed. Rejects with WRITE_FAILED. */
  async book(values: number): Promise<void> {
    assert(values <= DATA_KEY_VALUES_MAX, "a batch is sealed with one key");
    while (this.#left < values) {
      const booked = this.#wrapped.booked + DATA_KEY_BOOKING;
      if (booked > DATA_KEY_VALUES_MAX) {
        await this.#addKey(this.#wrapped.keys);
      } else {
        await this.#replace({ ...this.#wrapped, booked });
        this.#left += DATA_KEY_BOOKING;
      }
    }
    this.#left -= values;
  }

  /** It seals once it is durable. */
  async #addKey(before: readonly WrappedKey[]): Promise<void> {
    const key = newDataKey(this.keys.newest.number + 1);
    const { stamp } = this.#wrapped;
    const keys = [...before, wrap(key, this.#master, stamp)];
    await this.#replace({ stamp, booked: 0, masterId: this.#master.id, keys });
    this.keys.add(key);
    this.#left = 0;
  }

  async #replace(wrapped: WrappedKeys): Promise<void> {
    try {
      await replaceFile(this.#files, this.#path, encodeKeys(wrapped));
    } catch (error) {
      const line = `the keys of the log could not be written (${this.#path})`;
      throw new WriteFailedError(line, { cause: error });
    }
    this.#wrapped = wrapped;
  }
}

interface Opened {
  readonly keys: DataKeys;
  /** That has wrapped them. */
  readonly master: MasterKey;
}

/** At birth. The caller makes the name durable. */
export async function createKeys(
  files: Files,
  path: string,
  stamp: number,
  masters: MasterKeys,
): Promise<KeysFile> {
  const master = masters.current;
  const first = newDataKey(1);
  const wrapped = { stamp, booked: 0, masterId: master.id, keys: [wrap(first, master, stamp)] };
  await replaceFile(files, path, encodeKeys(wrapped));
  return new KeysFile(files, path, wrapped, { keys: new DataKeys([first]), master });
}

/**
 * Nothing is written. `stamp` null: there is no identity to hold it against. Rejects with LOG_DAMAGED, or
 * ENCRYPTION_KEY_WRONG when the file is whole and no master key opens it.
 */
export async function readKeys(
  files: Files,
  path: string,
  stamp: number | null,
  masters: MasterKeys,
): Promise<KeysFile> {
  const wrapped = decodeKeys(await readThere(files, path));
  if (wrapped === null) throw new LogDamagedError("the keys file does not verify", path);
  if (stamp !== null && wrapped.stamp !== stamp) {
    throw new LogDamagedError("the keys file belongs to another identity", path);
  }
  return new KeysFile(files, path, wrapped, unwrapped(wrapped, masters, path));
}

function unwrapped({ stamp, masterId, keys }: WrappedKeys, masters: MasterKeys, path: string) {
  const master = masters.find(masterId);
  if (master === null) {
    const line = `${path} was wrapped by key ${masterId}, which the key file does not hold`;
    throw new EncryptionKeyWrongError(line);
  }
  const opened = keys.map(({ number, wrapped }) => {
    const secret = openSealed(
      master.key,
      wrapped.subarray(0, CIPHER_NONCE_BYTES),
      boundTo(stamp, number),
      wrapped.subarray(CIPHER_NONCE_BYTES),
    );
    if (secret !== null) return { number, secret };
    const line = `key ${masterId} of the key file is not the one that ${path} was wrapped by`;
    throw new EncryptionKeyWrongError(line);
  });
  return { keys: new DataKeys(opened), master };
}

function wrap({ number, secret }: DataKey, { key }: MasterKey, stamp: number): WrappedKey {
  const wrapped = Buffer.alloc(WRAPPED_BYTES);
  const nonce = randomBytes(CIPHER_NONCE_BYTES);
  wrapped.set(nonce, 0);
  sealInto(wrapped, CIPHER_NONCE_BYTES, key, nonce, boundTo(stamp, number), secret);
  return { number, wrapped };
}

function boundTo(stamp: number, number: number): Buffer {
  const bound = Buffer.alloc(8);
  bound.writeUInt32BE(stamp, 0);
  bound.writeUInt32BE(number, 4);
  return Buffer.concat([PURPOSE, bound]);
}

async function readThere(files: Files, path: string): Promise<Buffer> {
  try {
    return await readWhole(files, path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    throw new LogDamagedError("the keys file is missing", path, { cause: error });
  }
}
