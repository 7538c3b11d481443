/**
 * Writes zeros behind the end of LevelDB's log, so that the next synced writes only overwrite. A sync of a file that has
 * grown is the data, then what the file system knows of the file (its size, where its blocks are), one behind the other;
 * one of bytes that were there is the data alone. LevelDB's reader passes over zeros in the place of a record
 * (log_format.h: type zero is reserved for preallocated files; log_reader.cc).
 *
 *   records | records | zeros ........ end      LevelDB writes at its own position, not at the end
 *                     ^ LevelDB's position
 *
 * No record is lost by it:
 * - zeros go behind the end of the file only, and only while LevelDB writes nothing: what it has written lies before;
 * - the sync of the next write makes them durable, before anybody is told of that write;
 * - a log that LevelDB has left meanwhile ends in zeros: its reader passes over those, too;
 * - what the system refuses here, LevelDB does as it would without.
 */

import { closeSync, fstatSync, openSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { LOG_SPACE_BYTES, LOG_SPACE_PAGE_BYTES, LOG_SPACE_WRITE_BYTES_MAX } from "./constants.js";
import { codeOf } from "./errors.js";

const page = Buffer.alloc(LOG_SPACE_PAGE_BYTES);

export class LogSpace {
  readonly #directory: string;
  /** The log that was filled last. LevelDB deletes one some time after it has left it. */
  #file: string | null = null;
  /** Roughly what is left of the zeros. Too much or too little of it costs time, nothing else. */
  #left = 0;

  /** `directory`: of the store. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * LevelDB is about to write so many bytes. `isIdle`: it writes nothing now, nor does whoever else has the store; then
   * there is room for them afterwards.
   */
  reserve(bytes: number, isIdle: boolean): void {
    this.#left -= bytes;
    // A large write takes its time anyhow, and the zeros would be written for it alone.
    if (this.#left >= 0 || !isIdle || bytes > LOG_SPACE_WRITE_BYTES_MAX) return;
    // Also when it fails: not to be tried at every write.
    this.#left = LOG_SPACE_BYTES - bytes;
    try {
      this.#fill();
    } catch (error) {
      // A disk that is full, or a store that is gone, is LevelDB's to find.
      if (codeOf(error) === undefined) throw error;
    }
  }

  #fill(): void {
    const file = this.#openLast() ?? this.#openNewest();
    if (file === null) return;
    try {
      const { size } = fstatSync(file);
      const end = size + LOG_SPACE_BYTES;
      for (let at = size; at < end; ) {
        at += writeSync(file, page, 0, Math.min(page.length - (at % page.length), end - at), at);
      }
    } finally {
      closeSync(file);
    }
  }

  #openLast(): number | null {
    if (this.#file === null) return null;
    try {
      return openSync(this.#file, "r+");
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      return null;
    }
  }

  /** LevelDB numbers all its files in one row, and writes the newest log. Looked for seldom: a store has many tables. */
  #openNewest(): number | null {
    let newest = -1;
    let name = "";
    for (const each of readdirSync(this.#directory)) {
      const number = /^\d+\.log$/.test(each) ? Number.parseInt(each, 10) : -1;
      if (number > newest) [newest, name] = [number, each];
    }
    this.#file = newest === -1 ? null : join(this.#directory, name);
    return this.#file === null ? null : openSync(this.#file, "r+");
  }
}
