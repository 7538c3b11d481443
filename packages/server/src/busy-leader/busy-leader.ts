/**
 * Keeps a leader in its place while a long command or a collection of garbage holds the event loop, for a
 * bounded time: a thread of its own repeats heartbeats of the led term (keepalive-loop.ts).
 */

import { Worker } from "node:worker_threads";
import type { PeerAddress } from "@redoubt/grpc-peer";
import type { Logger } from "@redoubt/replica";
import type { KeepaliveOrder, KeepaliveReport, KeepaliveThreadData } from "./messages.js";
import { SharedLeaderState } from "./shared-state.js";

export interface BusyLeaderOptions extends Omit<KeepaliveThreadData, "shared"> {
  readonly logger: Logger;
}

/** A thread runs compiled sources only; from TypeScript sources, as unit tests run them, there is none. */
export const canKeepAlive = !import.meta.url.endsWith(".ts");

/**
 * MiB. Room for a gRPC client and a few frames; a thread that needs more is at fault, not the node. V8 prefers the process's
 * own --max-old-space-size where that was given: then the thread's limit is the node's.
 */
const THREAD_HEAP_MIB_MAX = 64;

export class BusyLeader {
  readonly #shared = new SharedLeaderState();
  readonly #worker: Worker;
  readonly #logger: Logger;
  /** Listened for from the beginning: a thread that failed is gone long before it is stopped. */
  readonly #exited: Promise<void>;
  #stopping: Promise<void> | null = null;

  constructor({ logger, ...data }: BusyLeaderOptions) {
    this.#logger = logger;
    this.#shared.beat();
    this.#worker = new Worker(new URL("./keepalive-thread.js", import.meta.url), {
      workerData: { ...data, shared: this.#shared.buffer } satisfies KeepaliveThreadData,
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MIB_MAX },
      // The thread writes no log of its own and reads no standard input.
      stdin: false,
    });
    this.#worker.unref();
    this.#exited = new Promise((resolve) => this.#worker.once("exit", () => resolve()));
    this.#worker.on("message", ({ event, fields }: KeepaliveReport) => logger.debug(fields, event));
    // Without the thread a long command may cost leadership, as without this feature; nothing else is lost.
    this.#worker.on("error", (error) => {
      logger.error(
        { err: error },
        "the keep-alive thread failed: a long command may cost leadership",
      );
    });
  }

  /** Resolves when there is no thread any more. */
  get exited(): Promise<void> {
    return this.#exited;
  }

  /** Every turn: the event loop is alive, and leads `term` (0: it does not lead). */
  turned(term: number): void {
    this.#shared.lead(term);
    this.#shared.beat();
  }

  setPeers(peers: readonly PeerAddress[]): void {
    this.#order({ kind: "peers", peers });
  }

  /** Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    this.#shared.lead(0);
    this.#order({ kind: "stop" });
    const timer = setTimeout(() => {
      this.#worker.terminate().catch((error: unknown) => {
        this.#logger.warn({ err: error }, "the keep-alive thread can't be ended");
      });
    }, STOP_MS_MAX);
    await this.#exited;
    clearTimeout(timer);
  }

  #order(order: KeepaliveOrder): void {
    this.#worker.postMessage(order);
  }
}

/** Milliseconds. How long the thread may take to close its connections before it is ended. */
const STOP_MS_MAX = 1000;
