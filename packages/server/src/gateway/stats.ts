/** Counters of the gateway since start or CONFIG RESETSTAT. Read by INFO. */

import { rateSamples } from "./constants.js";

export class GatewayStats {
  connectionsReceived = 0;
  connectionsRejected = 0;
  /** Requests handed to sessions. */
  requests = 0;
  inputBytes = 0;
  outputBytes = 0;
  reads = 0;
  writes = 0;
  protocolErrors = 0;
  /** Connections closed because a query buffer, or a reply buffer, went over its limit. */
  queryLimitKills = 0;
  outputLimitKills = 0;
  /** Connections closed for maxmemory-clients. */
  evictions = 0;

  readonly opsRate = new Rate();
  readonly inputRate = new Rate();
  readonly outputRate = new Rate();

  /** Takes one sample of each rate. `requests` is the total this node executed. */
  sample(nowMs: number, requests: number): void {
    this.opsRate.sample(nowMs, requests);
    this.inputRate.sample(nowMs, this.inputBytes);
    this.outputRate.sample(nowMs, this.outputBytes);
  }

  reset(): void {
    this.connectionsReceived = 0;
    this.connectionsRejected = 0;
    this.requests = 0;
    this.inputBytes = 0;
    this.outputBytes = 0;
    this.reads = 0;
    this.writes = 0;
    this.protocolErrors = 0;
    this.queryLimitKills = 0;
    this.outputLimitKills = 0;
    this.evictions = 0;
    this.opsRate.reset();
    this.inputRate.reset();
    this.outputRate.reset();
  }
}

/** Mean rate of a growing counter over the last few samples. */
export class Rate {
  readonly #samples: number[] = new Array<number>(rateSamples).fill(0);
  #next = 0;
  #lastMs = 0;
  #lastTotal = 0;
  #started = false;

  sample(nowMs: number, total: number): void {
    const elapsedMs = nowMs - this.#lastMs;
    if (this.#started && elapsedMs > 0) {
      const grown = Math.max(0, total - this.#lastTotal);
      this.#samples[this.#next] = (grown * 1000) / elapsedMs;
      this.#next = (this.#next + 1) % rateSamples;
    }
    this.#started = true;
    this.#lastMs = nowMs;
    this.#lastTotal = total;
  }

  perSecond(): number {
    let sum = 0;
    for (const sample of this.#samples) sum += sample;
    return sum / rateSamples;
  }

  reset(): void {
    this.#samples.fill(0);
    this.#started = false;
  }
}
