/**
 * The first pass of an import: the whole file is decoded and checked, in depth, before anything is changed. What
 * has no home here is refused by name.
 */

import { setImmediate as turn } from "node:timers/promises";
import { RdbError, RdbReader, type Restored } from "@redoubt/keyspace";
import {
  librariesMax,
  libraryBytesMax,
  shownKeyLengthMax,
  sliceMs,
  textBytesMax,
} from "./constants.js";
import { CarryError } from "./errors.js";
import type { ImportOptions } from "./import-options.js";
import { RdbFile } from "./rdb-file.js";

/** What the second pass will find. */
export interface ImportPlan {
  readonly rdbVersion: number;
  /** Of the file. */
  readonly bytes: number;
  /** To be imported, those that will have expired by then included. */
  readonly keys: number;
  /** Of `keys`, those that had expired when they were read. */
  readonly expired: number;
  /** In other databases than the one that is taken. */
  readonly keysLeftOut: number;
  /** Names of the function libraries to be imported. */
  readonly libraries: readonly string[];
  readonly functionsLeftOut: number;
}

/** What is read while a file is gone through. */
export interface Progress {
  readonly keys: number;
  /** null: not known. */
  readonly keysTotal: number | null;
  readonly bytes: number;
  readonly bytesTotal: number;
}

/**
 * Rejects with DAMAGED (the file is no RDB file, or not as it was written), UNSUPPORTED (by name), or the system's
 * error when it can't be read. `visit` is given each key that will be imported, in order.
 */
export async function checkImport(
  path: string,
  bytesTotal: number,
  options: ImportOptions,
  report: (progress: Progress) => void,
  visit: (key: string, deadlineMs: number) => Promise<void> | void = () => {},
): Promise<ImportPlan> {
  const file = new RdbFile(path);
  try {
    const reader = new RdbReader(file, options.database);
    const counts = { keys: 0, expired: 0, keysLeftOut: 0, functionsLeftOut: 0 };
    const libraries = new LibraryCheck();
    const slices = new Slices();
    for (;;) {
      const found = reader.next();
      if (found === "end") break;
      if (found === "function") {
        if (options.ignoresFunctions) counts.functionsLeftOut += 1;
        else libraries.add(reader.libraryName(), reader.functionCode);
      }
      if (found !== "key") continue;
      if (reader.database !== options.database) {
        if (!options.ignoresOtherDatabases) throw databaseRefused(reader.database);
        counts.keysLeftOut += 1;
        continue;
      }
      checkTexts(reader.key, reader.restored());
      counts.keys += 1;
      if (hasExpired(reader.deadlineMs)) counts.expired += 1;
      await visit(reader.key, reader.deadlineMs);
      if (await slices.yielded()) {
        report({ keys: counts.keys, keysTotal: null, bytes: reader.bytesRead, bytesTotal });
      }
    }
    const { names } = libraries;
    return { rdbVersion: reader.version, bytes: reader.bytesRead, ...counts, libraries: names };
  } catch (error) {
    throw asCarryError(error, path);
  } finally {
    file.close();
  }
}

/** A long walk lets the event loop have its turn now and then: signals, replies, heartbeats. */
export class Slices {
  #beganMs = performance.now();

  /** True: it had one just now, a moment to report. */
  async yielded(): Promise<boolean> {
    if (performance.now() - this.#beganMs < sliceMs) return false;
    await turn();
    this.#beganMs = performance.now();
    return true;
  }
}

export function hasExpired(deadlineMs: number): boolean {
  return deadlineMs !== 0 && deadlineMs <= Date.now();
}

/** What the reader says of a file, in the words of whoever named it. */
export function asCarryError(error: unknown, path: string): unknown {
  if (!(error instanceof RdbError)) return error;
  const code = error.code === "RDB_UNSUPPORTED" ? "UNSUPPORTED" : "DAMAGED";
  return new CarryError(code, `${path}: ${error.message}`, error);
}

export function shownKey(key: string): string {
  const text = JSON.stringify(key.slice(0, shownKeyLengthMax));
  return key.length > shownKeyLengthMax ? `${text}...` : text;
}

/** Each once, and no more of them, or of their bytes, than a node keeps. */
class LibraryCheck {
  readonly #names = new Set<string>();
  #bytes = 0;

  get names(): readonly string[] {
    return [...this.#names];
  }

  add(name: string, code: string): void {
    if (this.#names.has(name)) {
      throw new CarryError("DAMAGED", `function library ${name} is in the file twice`);
    }
    this.#names.add(name);
    this.#bytes += code.length;
    if (this.#names.size > librariesMax) throw librariesRefused(`${librariesMax} libraries`);
    if (this.#bytes > libraryBytesMax) throw librariesRefused(`${libraryBytesMax} bytes`);
  }
}

function librariesRefused(bound: string): CarryError {
  return new CarryError(
    "UNSUPPORTED",
    `the file's function libraries are more than ${bound} together: --without-functions leaves them out`,
  );
}

function databaseRefused(database: number): CarryError {
  return new CarryError(
    "UNSUPPORTED",
    `the file holds keys in database ${database}, and there is only one here: ` +
      "--database N takes those of one and leaves the others out",
  );
}

/** A request can't carry a longer text, so no client could have written or would read it. */
function checkTexts(key: string, restored: Restored): void {
  let longest = key.length;
  const take = (texts: readonly { readonly length: number }[]): void => {
    for (const { length } of texts) if (length > longest) longest = length;
  };
  if (restored.type === "string") take([restored.value]);
  else if (restored.type === "list") take(restored.elements);
  else if (restored.type === "set" || restored.type === "sortedSet") take(restored.members);
  else if (restored.type === "hash") {
    take(restored.fields);
    take(restored.values);
  } else {
    for (const { fields } of restored.entries) take(fields);
  }
  if (longest <= textBytesMax) return;
  throw new CarryError(
    "UNSUPPORTED",
    `key ${shownKey(key)} holds a text of ${longest} bytes: the longest one here has ${textBytesMax}`,
  );
}
