/** Correct histories of transactions over lists: the effects of a schedule, carried out one after the other. */

import type { Json } from "../../history/event.js";
import type { Random } from "../../random.js";
import type { Draft } from "./drafts.js";
import { draftOf, type ScheduleOptions, schedule } from "./schedule.js";

export interface ListOptions extends ScheduleOptions {
  /** In use at a time. */
  readonly keys: number;
  /** Behind so many appends a key is replaced by a fresh one. */
  readonly appendsPerKeyMax: number;
  readonly stepsMax: number;
}

export function listHistory(random: Random, options: ListOptions): Draft[] {
  const store = new Store(random, options);
  return schedule(random, options).map((slot) => {
    const input = Array.from({ length: 1 + random.below(options.stepsMax) }, () => store.draw());
    const output = slot.happens ? input.map((step) => store.carryOut(step)) : null;
    return draftOf(slot, { op: "txn", key: null, input, output });
  });
}

type Step = readonly [kind: string, key: string, element: string | null];

class Store {
  readonly #random: Random;
  readonly #options: ListOptions;
  readonly #keys: string[];
  readonly #lists = new Map<string, string[]>();
  readonly #appends = new Map<string, number>();
  #nextKey: number;

  constructor(random: Random, options: ListOptions) {
    this.#random = random;
    this.#options = options;
    this.#keys = Array.from({ length: options.keys }, (_, i) => `l${i}`);
    this.#nextKey = options.keys;
  }

  draw(): Step {
    const at = this.#random.below(this.#keys.length);
    const key = this.#keys[at]!;
    if (this.#random.chance(0.5)) return ["r", key, null];
    const count = (this.#appends.get(key) ?? 0) + 1;
    this.#appends.set(key, count);
    if (count === this.#options.appendsPerKeyMax) this.#keys[at] = `l${this.#nextKey++}`;
    return ["append", key, `${count}`];
  }

  carryOut([kind, key, element]: Step): Json {
    const list = this.#lists.get(key) ?? [];
    if (kind === "r") return [kind, key, [...list]];
    list.push(element!);
    this.#lists.set(key, list);
    return [kind, key, element, list.length];
  }
}
