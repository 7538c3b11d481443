/**
 * Writers that know what they were told. Each owns its keys and waits for every answer, so that per key
 * the order of attempts is known: what was acknowledged must be there, what is unknown may be.
 *
 *   SET  key value        last acknowledged, or an unknown one after it
 *   APPEND key ",value"   every acknowledged one exactly once, in order; an unknown one at most once
 */

import { Cluster } from "ioredis";
import type { ServerProcess } from "./server-process.js";
import { pause } from "./until.js";

type Outcome = "acknowledged" | "refused" | "unknown";

interface Attempt {
  readonly value: string;
  outcome: Outcome;
}

interface WrittenKey {
  readonly key: string;
  readonly command: "set" | "append";
  readonly attempts: Attempt[];
}

/** Errors that say for certain that nothing was done; all else is unknown. */
const definiteRefusals = ["MOVED", "CLUSTERDOWN", "READONLY", "OOM", "NOAUTH", "LOADING"];

/** Milliseconds after a failure, so that writers do not spin while there is nobody to write to. */
const afterFailureMs = 10;

export class Writers {
  readonly #client: Cluster;
  readonly #keys: WrittenKey[] = [];
  readonly #running: Promise<void>[] = [];
  #stopping = false;
  #acknowledgedCount = 0;
  /** Monotonic ms of each acknowledgement, ascending. */
  readonly #acknowledgedMs: number[] = [];
  readonly #watching: { begunAfterMs: number; resolve: (atMs: number) => void }[] = [];

  /** `prefix` of every key: two sets of writers share none. */
  constructor(
    addresses: readonly { host: string; port: number }[],
    writers = 16,
    keysEach = 10,
    prefix = "",
  ) {
    this.#client = quietCluster(addresses);
    for (let writer = 0; writer < writers; writer++) {
      const own = Array.from({ length: keysEach }, (_, at): WrittenKey => {
        const command = at % 2 === 0 ? "set" : "append";
        return { key: `${prefix}${command}:${writer}:${at}`, command, attempts: [] };
      });
      this.#keys.push(...own);
      this.#running.push(this.#write(own));
    }
  }

  get acknowledgedCount(): number {
    return this.#acknowledgedCount;
  }

  count(outcome: Outcome): number {
    return this.#keys.reduce(
      (sum, { attempts }) => sum + attempts.filter((each) => each.outcome === outcome).length,
      0,
    );
  }

  /** Monotonic ms of the first acknowledgement of a write that begins from now on. */
  nextAcknowledged(): Promise<number> {
    return new Promise((resolve) => {
      this.#watching.push({ begunAfterMs: performance.now(), resolve });
    });
  }

  /** The longest time without an acknowledgement that began after `fromMs` and has ended, in ms. */
  longestPauseMs(fromMs: number): number {
    const times = this.#acknowledgedMs;
    let longest = 0;
    for (
      let at = Math.max(
        1,
        times.findIndex((time) => time >= fromMs),
      );
      at < times.length;
      at++
    ) {
      longest = Math.max(longest, times[at]! - times[at - 1]!);
    }
    return longest;
  }

  /** Each writer finishes what it is at. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
    this.#client.disconnect();
  }

  /** What is missing or wrong on `node`, in words; empty: nothing. */
  faultsOn(node: ServerProcess): Promise<string[]> {
    return node.withClient(async (client) => {
      await client.send("READONLY");
      const replies = await client.pipeline(this.#keys.map(({ key }) => ["GET", key]));
      return this.#keys.flatMap((written, at) => {
        const value = replies[at] ?? "";
        if (typeof value !== "string") return [`${written.key}: ${String(value)}`];
        return faultOf(written, value).map((fault) => `node ${node.id}, ${written.key}: ${fault}`);
      });
    });
  }

  async #write(own: readonly WrittenKey[]): Promise<void> {
    for (let round = 0; !this.#stopping; round++) {
      const written = own[round % own.length]!;
      const attempt: Attempt = { value: `${written.key}#${round}`, outcome: "unknown" };
      written.attempts.push(attempt);
      const begunMs = performance.now();
      try {
        if (written.command === "set") await this.#client.set(written.key, attempt.value);
        else await this.#client.append(written.key, `,${attempt.value}`);
        attempt.outcome = "acknowledged";
        this.#acknowledged(begunMs);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        if (definiteRefusals.some((code) => text.startsWith(code))) attempt.outcome = "refused";
        await pause(afterFailureMs);
      }
    }
  }

  #acknowledged(begunMs: number): void {
    this.#acknowledgedCount += 1;
    this.#acknowledgedMs.push(performance.now());
    for (let at = this.#watching.length - 1; at >= 0; at--) {
      const { begunAfterMs, resolve } = this.#watching[at]!;
      if (begunMs < begunAfterMs) continue;
      this.#watching.splice(at, 1);
      resolve(performance.now());
    }
  }
}

/** Exported for its own test: a checker that can't fail proves nothing. */
export function faultOf(written: WrittenKey, value: string): string[] {
  return written.command === "set" ? faultOfSet(written, value) : faultOfAppends(written, value);
}

function faultOfSet({ attempts }: WrittenKey, value: string): string[] {
  const lastAcknowledged = attempts.findLastIndex(({ outcome }) => outcome === "acknowledged");
  const possible = attempts
    .slice(Math.max(lastAcknowledged, 0))
    .filter(({ outcome }) => outcome !== "refused")
    .map((attempt) => attempt.value);
  if (lastAcknowledged < 0) possible.push("");
  return possible.includes(value) ? [] : [`'${value}' is none of '${possible.join("', '")}'`];
}

function faultOfAppends({ attempts }: WrittenKey, value: string): string[] {
  const present = value.split(",").slice(1);
  let at = 0;
  for (const attempt of attempts) {
    const isNext = present[at] === attempt.value;
    if (isNext && attempt.outcome === "refused") return [`refused '${attempt.value}' is there`];
    if (!isNext && attempt.outcome === "acknowledged") return [`'${attempt.value}' is missing`];
    if (isNext) at += 1;
  }
  return at === present.length ? [] : [`'${present[at]}' is there too often or out of order`];
}

/** No command is ever sent twice by the client itself, unless a server said that it did nothing. */
function quietCluster(addresses: readonly { host: string; port: number }[]): Cluster {
  const client = new Cluster([...addresses], {
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    clusterRetryStrategy: () => 50,
    slotsRefreshInterval: 500,
    redisOptions: { maxRetriesPerRequest: 0, autoResendUnfulfilledCommands: false },
  });
  // Every command's own error is looked at; these are about connections.
  client.on("error", () => {});
  return client;
}
