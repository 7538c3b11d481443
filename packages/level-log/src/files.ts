/**
 * Everything this package does to files, LevelDB's own beside: a seam, so that tests can put a disk in its place
 * that crashes at every one of these calls. Errors are Node's own; callers translate them.
 *
 * Synchronous where a turn must not wait: reads of what is served to peers, and the watermark's fifty bytes.
 */

import {
  close as closeFile,
  closeSync,
  fstat,
  fsync,
  open as openFile,
  openSync,
  read as readFile,
  readSync,
  type Stats,
  write as writeFile,
  writeSync,
} from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { assert } from "./assert.js";
import { codeOf } from "./errors.js";

/** read: must exist. update: must exist, may be written. replace: emptied or created. create: must not exist. */
export type OpenMode = "read" | "update" | "replace" | "create";

export interface OpenFile {
  /** Bytes read into `target` from its start; fewer than it holds only at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>;
  readSync(target: Uint8Array, position: number): number;
  /** All of it. Durable after `sync`. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  writeSync(bytes: Uint8Array, position: number): void;
  sync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
  closeSync(): void;
}

/** Names are durable after `syncDirectory` of the directory they are in. */
export interface Files {
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  /** For reading. */
  openSync(path: string): OpenFile;
  /** Names in it, in no order. */
  list(directory: string): Promise<string[]>;
  /** A file takes the place of another; a directory only that of an empty one. */
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  /** Also those above it; not an error when it is there. */
  makeDirectory(path: string): Promise<void>;
  /** A new one, `prefix` and random letters; returns its path. */
  makeTemporaryDirectory(prefix: string): Promise<string>;
  /** Whatever is there, if anything. */
  removeTree(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
}

const FLAGS = { read: "r", update: "r+", replace: "w+", create: "wx+" } as const;

const openAsync = promisify(openFile) as (path: string, flags: string) => Promise<number>;
const closeAsync = promisify(closeFile);
const fsyncAsync = promisify(fsync);
const fstatAsync = promisify(fstat) as (fd: number) => Promise<Stats>;

/** One class over a descriptor: the same file is read in a turn and written outside of it. */
class DescriptorFile implements OpenFile {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const bytes = await this.#read(target, filled, position + filled);
      if (bytes === 0) break;
      filled += bytes;
    }
    return filled;
  }

  readSync(target: Uint8Array, position: number): number {
    let filled = 0;
    while (filled < target.length) {
      const left = target.length - filled;
      const bytes = readSync(this.#fd, target, filled, left, position + filled);
      if (bytes === 0) break;
      filled += bytes;
    }
    return filled;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; ) done += await this.#write(bytes, done, position);
  }

  writeSync(bytes: Uint8Array, position: number): void {
    const written = writeSync(this.#fd, bytes, 0, bytes.length, position);
    assert(written === bytes.length, "a small write is done whole");
  }

  sync(): Promise<void> {
    return fsyncAsync(this.#fd);
  }

  async size(): Promise<number> {
    return (await fstatAsync(this.#fd)).size;
  }

  close(): Promise<void> {
    return closeAsync(this.#fd);
  }

  closeSync(): void {
    closeSync(this.#fd);
  }

  #read(target: Uint8Array, from: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      readFile(this.#fd, target, from, target.length - from, position, (error, bytes) => {
        if (error === null) resolve(bytes);
        else reject(error);
      });
    });
  }

  #write(bytes: Uint8Array, from: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const left = bytes.length - from;
      writeFile(this.#fd, bytes, from, left, position + from, (error, written) => {
        if (error === null) resolve(written);
        else reject(error);
      });
    });
  }
}

export const realFiles: Files = {
  open: async (path, mode) => new DescriptorFile(await openAsync(path, FLAGS[mode])),
  openSync: (path) => new DescriptorFile(openSync(path, "r")),
  list: (directory) => readdir(directory),
  rename: (from, to) => rename(from, to),
  unlink: (path) => unlink(path),
  exists: async (path) => {
    try {
      await stat(path);
      return true;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
  },
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true });
  },
  makeTemporaryDirectory: (prefix) => mkdtemp(prefix),
  removeTree: (path) => rm(path, { recursive: true, force: true }),
  syncDirectory: (path) => syncPath(path),
};

async function syncPath(path: string): Promise<void> {
  const file = await realFiles.open(path, "read");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Every file of a flat directory, then the directory itself. */
export async function syncTree(files: Files, directory: string): Promise<void> {
  for (const name of await files.list(directory)) {
    const file = await files.open(join(directory, name), "read");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
  await files.syncDirectory(directory);
}

/** After this returns, `path` holds `bytes` whatever happens; before, it holds what it held. */
export async function replaceFile(files: Files, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await files.open(temporary, "replace");
  try {
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(temporary, path);
  await files.syncDirectory(dirname(path));
}

/** For small files. */
export async function readWhole(files: Files, path: string): Promise<Buffer> {
  const file = await files.open(path, "read");
  try {
    const bytes = Buffer.alloc(await file.size());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}
