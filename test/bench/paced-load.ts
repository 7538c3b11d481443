/**
 * SETs at a given rate over many connections, open loop: a request leaves when its time has come, whether or not
 * earlier ones were answered, and its latency counts from that time. So a stall shows in every request it holds up.
 */

import { RawClient } from "../cluster/support/raw-client.js";
import { pause } from "../cluster/support/until.js";
import { RespError } from "../support/resp-reader.js";

export interface PacedLoadOptions {
  readonly port: number;
  readonly connections: number;
  /** Of the keys written, which are `key:` and twelve digits. */
  readonly keys: number;
  readonly value: string;
  /** Requests a second; Infinity: each connection sends the next as soon as one is answered. */
  readonly rate: number;
}

/** Milliseconds. */
export interface Latencies {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Milliseconds between two looks at what is due. */
const TICK_MS = 1;

export class PacedLoad {
  readonly #options: PacedLoadOptions;
  readonly #clients: RawClient[];
  #latenciesMs: number[] = [];
  #sinceMs = performance.now();
  #stopping = false;
  #running: Promise<unknown> = Promise.resolve();
  #sent = 0;
  #failure: Error | null = null;

  static async start(options: PacedLoadOptions): Promise<PacedLoad> {
    const clients: RawClient[] = [];
    for (let i = 0; i < options.connections; i++) {
      clients.push(await RawClient.connect(options.port));
    }
    const load = new PacedLoad(options, clients);
    load.#running = Number.isFinite(options.rate) ? load.#pace() : load.#press();
    return load;
  }

  constructor(options: PacedLoadOptions, clients: RawClient[]) {
    this.#options = options;
    this.#clients = clients;
  }

  /** Of the requests answered since the last call. Throws what a request failed with. */
  take(): Latencies {
    if (this.#failure !== null) throw this.#failure;
    const nowMs = performance.now();
    const sorted = Float64Array.from(this.#latenciesMs).sort();
    const seconds = (nowMs - this.#sinceMs) / 1000;
    this.#latenciesMs = [];
    this.#sinceMs = nowMs;
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
    return {
      requests: sorted.length,
      perSecond: sorted.length / seconds,
      p50: at(0.5),
      p99: at(0.99),
      p999: at(0.999),
      max: at(1),
    };
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    for (const client of this.#clients) await client.end();
  }

  async #pace(): Promise<void> {
    const { rate } = this.#options;
    const beganMs = performance.now();
    const begun = this.#sent;
    while (!this.#stopping && this.#failure === null) {
      const dueNow = Math.floor(((performance.now() - beganMs) * rate) / 1000);
      while (this.#sent - begun < dueNow) {
        const dueMs = beganMs + ((this.#sent - begun) * 1000) / rate;
        void this.#request(this.#clients[this.#sent % this.#clients.length]!, dueMs);
      }
      await pause(TICK_MS);
    }
  }

  #press(): Promise<unknown> {
    return Promise.all(
      this.#clients.map(async (client) => {
        while (!this.#stopping && this.#failure === null) {
          await this.#request(client, performance.now());
        }
      }),
    );
  }

  async #request(client: RawClient, dueMs: number): Promise<void> {
    const { keys, value } = this.#options;
    this.#sent += 1;
    // Multiples of a number that shares no factor with usual counts of keys: all of them, in no order.
    const key = `key:${String((this.#sent * 618_033) % keys).padStart(12, "0")}`;
    try {
      const reply = await client.send("SET", key, value);
      if (reply instanceof RespError) throw new Error(reply.text);
      this.#latenciesMs.push(performance.now() - dueMs);
    } catch (error) {
      if (!this.#stopping) this.#failure ??= error instanceof Error ? error : new Error("failed");
    }
  }
}
