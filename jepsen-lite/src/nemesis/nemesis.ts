/**
 * Lets faults befall a cluster, one episode after the other, and heals everything at the end.
 *
 *   calm | first fault .......... | calm | first ....... | calm ...
 *        |     second ........... |
 *
 * An episode that can't begin just now (nobody leads, nobody is left to strike) is put off, not counted. One that fails,
 * or can't be taken back, is an event `failed`: the harness is at fault then, and says so.
 */

import type { Cluster } from "../cluster/cluster.js";
import { pause } from "../cluster/until.js";
import type { FaultEvent, FaultPhase, Microseconds } from "../history/event.js";
import type { Random } from "../random.js";
import { END_TIMEOUT_MS, NOT_NOW_PAUSE_MS } from "./constants.js";
import type { Fault, FaultInForce } from "./fault.js";
import { mend } from "./mend.js";
import { episodes, scaleOf } from "./schedule.js";
import { NotNow } from "./strike.js";

interface Running {
  readonly id: number;
  readonly fault: Fault;
  readonly inForce: FaultInForce;
}

export class Nemesis {
  readonly #cluster: Cluster;
  readonly #faults: readonly Fault[];
  readonly #random: Random;
  readonly #emit: (event: FaultEvent) => void;
  readonly #now: () => Microseconds;
  #nextId = 1;

  /**
   * Throws when one of `faults` is not available, or there are none. `now`: for the times of events; by default since
   * construction.
   */
  constructor(
    cluster: Cluster,
    faults: readonly Fault[],
    random: Random,
    emit: (event: FaultEvent) => void,
    now: () => Microseconds = stopwatch(),
  ) {
    for (const fault of faults) {
      const lack = fault.unavailable(cluster);
      if (lack !== null) throw new Error(`${fault.name} is not available: ${lack}`);
    }
    if (faults.length === 0) throw new Error("a nemesis without faults");
    this.#cluster = cluster;
    this.#faults = faults;
    this.#random = random;
    this.#emit = emit;
    this.#now = now;
  }

  /** Resolves when the time is over, the last episode has ended and everything is healed. */
  async run(seconds: number): Promise<void> {
    const endMs = performance.now() + seconds * 1000;
    const until = (afterSeconds: number): Promise<void> =>
      pause(Math.max(0, Math.min(afterSeconds * 1000, endMs - performance.now())));
    const schedule = episodes(this.#faults.length, scaleOf(seconds), this.#random.fork());
    for (const { calm, lasts, faults, joinsAt } of schedule) {
      await until(calm);
      if (performance.now() >= endMs) break;
      const [first, second] = faults.map((at) => this.#faults[at]!);
      const running: Running[] = [];
      running.push(...(await this.#begin(first!)));
      if (running.length === 0) {
        await pause(NOT_NOW_PAUSE_MS);
        continue;
      }
      await until(lasts * joinsAt);
      if (second !== undefined && performance.now() < endMs) {
        running.push(...(await this.#begin(second)));
      }
      await until(lasts * (1 - joinsAt));
      // At once: one may need what the other has taken away.
      await Promise.all(running.map((each) => this.#end(each)));
    }
    await mend(this.#cluster);
  }

  /** One, or none. */
  async #begin(fault: Fault): Promise<Running[]> {
    const id = this.#nextId++;
    try {
      const inForce = await fault.begin(this.#cluster, this.#random.fork());
      this.#say(id, fault, "begin", inForce.text);
      return [{ id, fault, inForce }];
    } catch (error) {
      if (!(error instanceof NotNow)) this.#say(id, fault, "failed", messageOf(error));
      return [];
    }
  }

  async #end({ id, fault, inForce }: Running): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("not taken back in time")), END_TIMEOUT_MS);
    });
    try {
      await Promise.race([inForce.end(), late]);
      this.#say(id, fault, "end", inForce.text);
    } catch (error) {
      this.#say(id, fault, "failed", messageOf(error));
    } finally {
      clearTimeout(timer);
    }
  }

  #say(id: number, fault: Fault, phase: FaultPhase, text: string): void {
    this.#emit({
      process: "nemesis",
      type: "info",
      op: fault.name,
      key: null,
      value: { id, phase, text },
      time: this.#now(),
    });
  }
}

function stopwatch(): () => Microseconds {
  const begunMs = performance.now();
  return () => Math.round((performance.now() - begunMs) * 1000);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
