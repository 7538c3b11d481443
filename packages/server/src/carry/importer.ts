/**
 * The second pass of an import: every key and library of a checked file is written to the leader, many at once, no more than a
 * window of bytes and keys on their way. Whatever happens to leadership meanwhile, each key is there once and
 * whole when `run` resolves.
 *
 * - A key that RESTORE carries is sent again, with REPLACE, when nobody knows whether it was done: twice the same
 *   is the same.
 * - A large one goes alone, a piece at a time, each awaited. When the outcome of one is unknown the key is deleted
 *   and begun anew. What may have survived of the old attempt is in the log before the deletion: a leader serves
 *   only when it has applied all that can be in its log; and a request still in the old connection's buffers on a
 *   leader that goes on was read there before the new connection was greeted.
 */

import { RdbReader } from "@redoubt/keyspace";
import { encodeRequest } from "@redoubt/resp";
import { windowBytesMax, windowKeysMax } from "./constants.js";
import { CarryError } from "./errors.js";
import {
  asCarryError,
  hasExpired,
  type ImportPlan,
  type Progress,
  Slices,
  shownKey,
} from "./import-check.js";
import type { ImportOptions } from "./import-options.js";
import { type KeyRequests, keyBytes, requestsOf, restoreRequest } from "./key-requests.js";
import { type LeaderLink, mayBeDone, Patience, saysAskAgain } from "./leader-link.js";
import { libraryRequest } from "./libraries.js";
import type { Pipe } from "./pipe.js";
import { RdbFile } from "./rdb-file.js";
import { Refusal } from "./reply-stream.js";

export interface ImportResult {
  /** Written. */
  readonly keys: number;
  /** Not written: their time had passed. */
  readonly expired: number;
  /** Written, with a deadline; some may have expired since. */
  readonly volatile: number;
  /** Keys that had to be sent again. */
  readonly repeated: number;
}

/**
 * Of a request; all but `done` are said again to whoever leads then. What was not done has left nothing of ours: a
 * key that is there then is somebody else's.
 */
type Fate = "done" | "not done" | "unknown";

export class Importer {
  readonly #link: LeaderLink;
  readonly #options: ImportOptions;
  readonly #counts = { keys: 0, expired: 0, volatile: 0, repeated: 0 };
  #keysUnderWay = 0;
  #bytesUnderWay = 0;
  #failure: unknown = null;
  #wake: (() => void) | null = null;

  constructor(link: LeaderLink, options: ImportOptions) {
    this.#link = link;
    this.#options = options;
  }

  /** Rejects with NO_LEADER, REFUSED (a key exists by now), ERROR_REPLY; then part of the keys are there. */
  async run(
    path: string,
    plan: ImportPlan,
    report: (progress: Progress) => void,
  ): Promise<ImportResult> {
    const file = new RdbFile(path);
    try {
      const reader = new RdbReader(file, this.#options.database);
      const slices = new Slices();
      for (let found = reader.next(); found !== "end"; found = reader.next()) {
        if (found === "function") await this.#takeLibrary(reader);
        if (found !== "key" || reader.database !== this.#options.database) continue;
        await this.#take(reader);
        if (await slices.yielded()) {
          const { keys, expired } = this.#counts;
          const bytes = reader.bytesRead;
          report({ keys: keys + expired, keysTotal: plan.keys, bytes, bytesTotal: plan.bytes });
        }
      }
      await this.#until(() => this.#keysUnderWay === 0);
      return { ...this.#counts };
    } catch (error) {
      throw asCarryError(error, path);
    } finally {
      file.close();
    }
  }

  /** Few: each alone. */
  async #takeLibrary(reader: RdbReader): Promise<void> {
    const { ignoresFunctions, replaces } = this.#options;
    if (ignoresFunctions) return;
    const name = reader.libraryName();
    const patience = new Patience();
    let isOurs = replaces;
    for (;;) {
      const request = libraryRequest(reader.functionCode, isOurs);
      const fate = await this.#send(await this.#link.pipe(), request, name, refusedLibrary);
      if (fate === "done") return;
      isOurs ||= fate === "unknown";
      await patience.again();
    }
  }

  async #take(reader: RdbReader): Promise<void> {
    if (hasExpired(reader.deadlineMs)) {
      this.#counts.expired += 1;
      return;
    }
    const requests = requestsOf(reader);
    if (requests.payload === null) {
      await this.#until(() => this.#keysUnderWay === 0);
      await this.#putPieces(requests);
      this.#written(requests);
      return;
    }
    await this.#until(() => this.#hasRoom(requests.bytes));
    this.#keysUnderWay += 1;
    this.#bytesUnderWay += requests.bytes;
    this.#putWhole(requests)
      .then(() => this.#written(requests))
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#keysUnderWay -= 1;
        this.#bytesUnderWay -= requests.bytes;
        this.#wake?.();
      });
  }

  #hasRoom(bytes: number): boolean {
    const fits = this.#bytesUnderWay + bytes <= windowBytesMax || this.#keysUnderWay === 0;
    return fits && this.#keysUnderWay < windowKeysMax;
  }

  /** Throws the first failure of any key as soon as there is one. */
  async #until(holds: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      if (holds()) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }

  #written({ deadlineMs }: KeyRequests): void {
    this.#counts.keys += 1;
    if (deadlineMs !== 0) this.#counts.volatile += 1;
  }

  async #putWhole(requests: KeyRequests): Promise<void> {
    const patience = new Patience();
    let isOurs = this.#options.replaces;
    for (;;) {
      const request = restoreRequest(requests, isOurs);
      const fate = await this.#send(await this.#link.pipe(), request, requests.key);
      if (fate === "done") return;
      isOurs ||= fate === "unknown";
      this.#counts.repeated += 1;
      await patience.again();
    }
  }

  async #putPieces({ key, pieces }: KeyRequests): Promise<void> {
    const requests = [encodeRequest(["DEL", keyBytes(key)]), ...pieces];
    const patience = new Patience();
    let isOurs = this.#options.replaces;
    for (;;) {
      if (!isOurs && (await this.#link.ask(["EXISTS", keyBytes(key)])) !== 0) throw keyExists(key);
      const fate = await this.#sendAll(await this.#link.pipe(), requests, key);
      if (fate === "done") return;
      isOurs ||= fate === "unknown";
      this.#counts.repeated += 1;
      await patience.again();
    }
  }

  async #sendAll(pipe: Pipe, requests: readonly Buffer[], key: string): Promise<Fate> {
    for (const [at, request] of requests.entries()) {
      const fate = await this.#send(pipe, request, key);
      if (fate !== "done") return at === 0 ? fate : "unknown";
    }
    return "done";
  }

  async #send(
    pipe: Pipe,
    request: Buffer,
    name: string,
    refused: typeof refusedKey = refusedKey,
  ): Promise<Fate> {
    const isSent = pipe.usable;
    try {
      const reply = await pipe.send(request);
      if (!(reply instanceof Refusal)) return "done";
      if (!saysAskAgain(reply)) throw refused(name, reply);
      await this.#link.lost(pipe, reply);
      return mayBeDone(reply) ? "unknown" : "not done";
    } catch (error) {
      if (!(error instanceof CarryError) || error.code !== "UNREACHABLE") throw error;
      await this.#link.lost(pipe, null);
      return isSent ? "unknown" : "not done";
    }
  }
}

function refusedKey(key: string, reply: Refusal): CarryError {
  if (reply.code === "BUSYKEY") return keyExists(key);
  return new CarryError("ERROR_REPLY", `key ${shownKey(key)} is refused: ${reply.text}`);
}

function refusedLibrary(name: string, reply: Refusal): CarryError {
  return new CarryError("ERROR_REPLY", `function library ${name} is refused: ${reply.text}`);
}

function keyExists(key: string): CarryError {
  const what = `key ${shownKey(key)} is there: somebody wrote it meanwhile, or the file has it twice`;
  return new CarryError("REFUSED", what);
}
