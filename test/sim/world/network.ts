/** Messages between nodes: delayed, lost, duplicated, reordered, cut by partitions. Never damaged. */

import type { Message, NodeId } from "@redoubt/raft";
import type { EventQueue } from "./event-queue.js";
import type { SeededRandom } from "./random.js";

export interface NetworkFaults {
  /** Probability that a message is lost, or sent twice. */
  loss: number;
  duplication: number;
  /** Mean one-way delay in ms, exponentially distributed over a floor of 0.05 ms: this reorders. */
  delayMs: number;
}

const PAST_MAX = 4096;

export class SimulatedNetwork {
  readonly faults: NetworkFaults = { loss: 0, duplication: 0, delayMs: 0.2 };
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  readonly #deliver: (message: Message) => void;
  /** Directed links that carry nothing. */
  readonly #cut = new Set<string>();
  delivered = 0;
  /** What was sent lately, lost or not: what `replay` draws from. */
  readonly #past: Message[] = [];
  #pastAt = 0;

  constructor(queue: EventQueue, random: SeededRandom, deliver: (message: Message) => void) {
    this.#queue = queue;
    this.#random = random;
    this.#deliver = deliver;
  }

  send(message: Message): void {
    this.#past[this.#pastAt++ % PAST_MAX] = message;
    const copies = this.#random.chance(this.faults.duplication) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.#random.chance(this.faults.loss)) continue;
      this.#arrive(message, 0.05 + this.#random.exponential(this.faults.delayMs));
    }
  }

  /** Messages of the last seconds, also those that were lost, arrive (again) within `withinMs`. */
  replay(count: number, withinMs: number): void {
    if (this.#past.length === 0) return;
    for (let i = 0; i < count; i++) {
      this.#arrive(this.#random.pick(this.#past), this.#random.between(0, withinMs));
    }
  }

  #arrive(message: Message, delayMs: number): void {
    this.#queue.after(delayMs, () => {
      // Judged on arrival: what was under way when the link was cut is lost.
      if (this.#cut.has(`${message.from}>${message.to}`)) return;
      this.delivered += 1;
      this.#deliver(message);
    });
  }

  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(`${from}>${to}`);
  }

  healAll(): void {
    this.#cut.clear();
  }
}
