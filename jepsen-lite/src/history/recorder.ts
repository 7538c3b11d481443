/**
 * Writes a history while it happens: gives out process numbers, stamps every event with one monotonic clock, keeps all
 * of them for the checkers and appends each as a line of JSON to a file. What stands in the file after a crash of the
 * harness is a history, its open operations are unknown.
 */

import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import type {
  ClientEvent,
  FaultEvent,
  HistoryEvent,
  Json,
  Microseconds,
  Outcome,
} from "./event.js";

export interface Invocation {
  readonly op: string;
  readonly key: string | null;
  readonly value: Json;
  readonly node: number;
}

/** Of everything recorded so far. */
export interface Counts {
  readonly ok: number;
  readonly fail: number;
  readonly info: number;
}

export interface RecorderOptions {
  /** Of the file, which must not exist. null: kept in memory only. */
  readonly path: string | null;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  /** Hears every event once it is recorded. */
  readonly onEvent?: (event: HistoryEvent) => void;
}

export class Recorder {
  readonly events: HistoryEvent[] = [];
  readonly #stream: WriteStream | null;
  readonly #now: () => number;
  readonly #onEvent: ((event: HistoryEvent) => void) | null;
  readonly #startedAt: number;
  readonly #counts = { ok: 0, fail: 0, info: 0 };
  #failure: Error | null = null;
  #nextProcess = 0;

  constructor({ path, now = () => performance.now(), onEvent }: RecorderOptions) {
    this.#stream = path === null ? null : createWriteStream(path, { flags: "wx" });
    // A stream that fails says so when it is closed.
    this.#stream?.on("error", (error) => {
      this.#failure = error;
    });
    this.#now = now;
    this.#onEvent = onEvent ?? null;
    this.#startedAt = now();
  }

  /** Since the recorder was made. */
  get time(): Microseconds {
    return Math.round((this.#now() - this.#startedAt) * 1_000);
  }

  get counts(): Counts {
    return this.#counts;
  }

  process(): ProcessRecorder {
    return new ProcessRecorder(this);
  }

  newProcess(): number {
    const process = this.#nextProcess;
    this.#nextProcess += 1;
    return process;
  }

  client(event: Omit<ClientEvent, "time">): void {
    if (event.type !== "invoke") this.#counts[event.type] += 1;
    this.#add({ ...event, time: this.time });
  }

  /** By the recorder's clock, whatever the event's own time says. */
  fault(event: Omit<FaultEvent, "time">): void {
    this.#add({ ...event, time: this.time });
  }

  /** The harness itself failed at something. */
  failure(op: string, error: unknown): void {
    const value = error instanceof Error ? error.message : String(error);
    this.#add({ process: "harness", type: "error", op, key: null, value, time: this.time });
  }

  /** Resolves when all lines are written; throws when one could not be. */
  async close(): Promise<void> {
    const stream = this.#stream;
    if (stream === null) return;
    if (!stream.destroyed) {
      stream.end();
      await once(stream, "close");
    }
    if (this.#failure !== null) throw this.#failure;
  }

  #add(event: HistoryEvent): void {
    this.events.push(event);
    this.#stream?.write(`${JSON.stringify(event)}\n`);
    this.#onEvent?.(event);
  }
}

/** One client's line through the history: at most one operation is open at a time. */
export class ProcessRecorder {
  readonly #recorder: Recorder;
  #process: number;
  #open: Invocation | null = null;

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
    this.#process = recorder.newProcess();
  }

  get number(): number {
    return this.#process;
  }

  invoke(invocation: Invocation): void {
    if (this.#open !== null) throw new Error(`process ${this.#process} has ${this.#open.op} open`);
    this.#open = invocation;
    this.#recorder.client({ process: this.#process, type: "invoke", ...invocation });
  }

  ok(value: Json): void {
    this.#complete("ok", value);
  }

  /** Behind an `info` the client is another process: what it asked for may still be under way. */
  failed(outcome: Exclude<Outcome, "ok">, error: string): void {
    this.#complete(outcome, this.#open?.value ?? null, error);
    if (outcome === "info") this.#process = this.#recorder.newProcess();
  }

  /** From here on another process: a new connection that promises nothing of what the one before it saw. */
  renew(): void {
    if (this.#open !== null) throw new Error(`process ${this.#process} has ${this.#open.op} open`);
    this.#process = this.#recorder.newProcess();
  }

  #complete(type: Outcome, value: Json, error?: string): void {
    const open = this.#open;
    if (open === null) throw new Error(`process ${this.#process} has nothing open`);
    this.#open = null;
    this.#recorder.client({
      process: this.#process,
      type,
      op: open.op,
      key: open.key,
      value,
      node: open.node,
      ...(error === undefined ? {} : { error }),
    });
  }
}
