/**
 * Whether a directory is encrypted, and what its store and its snapshot files are then read and written through.
 * That is decided at birth and said by the identity; a key that is given, or is not, must agree with it.
 */

import { join } from "node:path";
import { KEYS_FILE } from "../constants.js";
import { EncryptionKeyMissingError, NotEncryptedError } from "../errors.js";
import { type Files, realFiles } from "../files.js";
import type { IdentityFile } from "../identity.js";
import type { Store } from "../store.js";
import { DataKeys, type ThreadKeys } from "./data-keys.js";
import { encryptedFiles } from "./encrypted-files.js";
import { encryptedStore } from "./encrypted-store.js";
import { createKeys, type KeysFile, readKeys } from "./keys-file.js";
import type { MasterKeys } from "./master-keys.js";
import { BlockSealer } from "./sealed-blocks.js";

/** At birth, behind the identity. Null: nothing is encrypted. */
export async function bearEncryption(
  files: Files,
  root: string,
  stamp: number,
  masters: MasterKeys | null,
): Promise<KeysFile | null> {
  return masters === null ? null : createKeys(files, join(root, KEYS_FILE), stamp, masters);
}

/**
 * Of a directory that is there; changes nothing. `identity` null: it can't be read, the keys file tells. Rejects with
 * ENCRYPTION_KEY_MISSING, ENCRYPTION_KEY_WRONG, NOT_ENCRYPTED or LOG_DAMAGED.
 */
export async function openEncryption(
  files: Files,
  root: string,
  identity: Pick<IdentityFile, "encrypted" | "stamp"> | null,
  masters: MasterKeys | null,
): Promise<KeysFile | null> {
  const path = join(root, KEYS_FILE);
  const isEncrypted = identity?.encrypted ?? (await files.exists(path));
  if (!isEncrypted) {
    if (masters === null) return null;
    throw new NotEncryptedError(
      `${root} is not encrypted, and stays so: encryption begins with an empty directory, which the other members fill`,
    );
  }
  if (masters === null) {
    throw new EncryptionKeyMissingError(
      `${root} is encrypted: it needs the key file that it was encrypted with (encryption-key-file)`,
    );
  }
  return readKeys(files, path, identity?.stamp ?? null, masters);
}

/** What the snapshots of a directory are kept in. */
export function snapshotFilesOf(files: Files, keys: DataKeys | null): Files {
  return keys === null ? files : encryptedFiles(files, keys);
}

/** `keys` null: as it is. */
export function storeOf(store: Store, keys: KeysFile | null): Store {
  if (keys === null) return store;
  return encryptedStore(store, keys.keys, (values) => keys.book(values));
}

/** As another thread reads it. */
export function storeOfThread(store: Store, keys: ThreadKeys | null): Store {
  return keys === null ? store : encryptedStore(store, new DataKeys(keys), null);
}

/** What the thread that makes snapshots writes one through: plain bytes in, those of the file out. */
export interface SnapshotSealer {
  /** In order. The bytes that come out are the caller's; there may be none. */
  seal(bytes: Uint8Array): Uint8Array;
  /** The last ones. Once. */
  end(): Uint8Array;
}

const PLAIN: SnapshotSealer = { seal: (bytes) => bytes, end: () => new Uint8Array(0) };

/** Of one new file. `keys` null: it is not encrypted. */
export function snapshotSealer(keys: ThreadKeys | null): SnapshotSealer {
  return keys === null ? PLAIN : new BlockSealer(new DataKeys(keys).newFileKey());
}

/** The plain bytes of a snapshot's file. `readSync` throws LOG_DAMAGED where an encrypted one does not open. */
export interface SnapshotFileReader {
  /** Bytes read into `target` from its start; fewer than it holds only at the end of the file. */
  readSync(target: Uint8Array, position: number): number;
  closeSync(): void;
}

export function readSnapshotFile(path: string, keys: ThreadKeys | null): SnapshotFileReader {
  const files = snapshotFilesOf(realFiles, keys === null ? null : new DataKeys(keys));
  return files.openSync(path);
}
