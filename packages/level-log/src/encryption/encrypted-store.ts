/**
 * A store whose values are encrypted. Its keys are not: they are numbers of entries. What does not open is damage,
 * told by the same error as a bad checksum, which it would be otherwise.
 */

import { assert } from "../assert.js";
import { STEP_BYTES } from "../constants.js";
import { LogDamagedError } from "../errors.js";
import {
  eventLoopTurn,
  type KeyRange,
  type Store,
  type StoreOperation,
  type StoreRecord,
} from "../store.js";
import type { DataKeys } from "./data-keys.js";

/** Called before so many values are sealed. Rejects with WRITE_FAILED. */
export type BookValues = (values: number) => Promise<void>;

/** `book` null: nothing is ever written. */
export function encryptedStore(store: Store, keys: DataKeys, book: BookValues | null): Store {
  return new EncryptedStore(store, keys, book);
}

class EncryptedStore implements Store {
  readonly #store: Store;
  readonly #keys: DataKeys;
  readonly #book: BookValues | null;

  constructor(store: Store, keys: DataKeys, book: BookValues | null) {
    this.#store = store;
    this.#keys = keys;
    this.#book = book;
  }

  get path(): string {
    return this.#store.path;
  }

  async write(operations: StoreOperation[]): Promise<void> {
    const values = operations.filter(({ type }) => type === "put").length;
    assert(this.#book !== null, "a store of another thread is only read");
    await this.#book(values);
    const sealed: StoreOperation[] = [];
    let bytes = 0;
    for (const operation of operations) {
      if (operation.type === "del") {
        sealed.push(operation);
        continue;
      }
      // As in the store itself: a long batch must not hold the event loop.
      if (bytes >= STEP_BYTES) {
        await eventLoopTurn();
        bytes = 0;
      }
      const { key, value } = operation;
      sealed.push({ type: "put", key, value: this.#keys.sealValue(key, value) });
      bytes += value.length;
    }
    await this.#store.write(sealed);
  }

  get(key: Uint8Array): Buffer | undefined {
    const sealed = this.#store.get(key);
    if (sealed === undefined) return undefined;
    const value = this.#keys.openValue(key, sealed);
    if (value === null) throw this.#damaged(key);
    return value;
  }

  /** What lies before a value that does not open is handed out before it is told: it may be all that is left. */
  async *scan(range?: KeyRange): AsyncGenerator<readonly StoreRecord[]> {
    for await (const records of this.#store.scan(range)) {
      const opened: StoreRecord[] = [];
      for (const [key, sealed] of records) {
        const value = this.#keys.openValue(key, sealed);
        if (value === null) {
          yield opened;
          throw this.#damaged(key);
        }
        opened.push([key, value]);
      }
      yield opened;
    }
  }

  firstKey(range: KeyRange): Promise<Buffer | null> {
    return this.#store.firstKey(range);
  }

  clear(range: KeyRange): Promise<void> {
    return this.#store.clear(range);
  }

  tableBytes(range: Required<KeyRange>): Promise<number> {
    return this.#store.tableBytes(range);
  }

  compact(range: Required<KeyRange>): Promise<void> {
    return this.#store.compact(range);
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #damaged(key: Uint8Array): LogDamagedError {
    const where = Buffer.from(key).toString("hex");
    return new LogDamagedError(`the value of 0x${where} does not open`, this.path);
  }
}
