/** Keys that are worked on for a while and then replaced: what a checker has to search is bounded by key. */

import type { Random } from "../random.js";
import { KEY_OPERATIONS_MAX, KEY_UNKNOWNS_MAX } from "../run/constants.js";
import type { Completion } from "./client.js";

interface Use {
  readonly key: string;
  operations: number;
  unknowns: number;
}

export class FreshKeys {
  /** All that ever were, the oldest first. */
  readonly all: string[] = [];
  readonly #prefix: string;
  readonly #operationsMax: number;
  readonly #active: Use[] = [];

  /** `count`: worked on at once. */
  constructor(prefix: string, count: number, operationsMax = KEY_OPERATIONS_MAX) {
    this.#prefix = prefix;
    this.#operationsMax = operationsMax;
    for (let at = 0; at < count; at++) this.#active.push(this.#fresh());
  }

  get active(): readonly string[] {
    return this.#active.map(({ key }) => key);
  }

  pick(random: Random): string {
    return random.pick(this.#active).key;
  }

  /** Different ones. */
  sample(random: Random, count: number): string[] {
    return random.sample(this.#active, count).map(({ key }) => key);
  }

  /** After each operation on `key`. */
  used(key: string, { outcome }: Completion): void {
    const at = this.#active.findIndex((use) => use.key === key);
    const use = this.#active[at];
    // Operations on a key that was replaced meanwhile.
    if (use === undefined) return;
    use.operations += 1;
    if (outcome === "info") use.unknowns += 1;
    if (use.operations < this.#operationsMax && use.unknowns < KEY_UNKNOWNS_MAX) return;
    this.#active[at] = this.#fresh();
  }

  #fresh(): Use {
    const key = `${this.#prefix}:${this.all.length}`;
    this.all.push(key);
    return { key, operations: 0, unknowns: 0 };
  }
}
