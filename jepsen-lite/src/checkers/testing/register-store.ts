/** Correct histories of registers: the effects of a schedule, carried out one after the other. */

import type { Json } from "../../history/event.js";
import type { Random } from "../../random.js";
import type { Draft } from "./drafts.js";
import { draftOf, type ScheduleOptions, schedule } from "./schedule.js";

export interface RegisterOptions extends ScheduleOptions {
  readonly keys: number;
  /** Of how many different values writes draw; null: every write writes another. */
  readonly values: number | null;
}

export function registerHistory(random: Random, options: RegisterOptions): Draft[] {
  const store = new Map<string, string>();
  const values = new Values(random, options.values);
  return schedule(random, options).map((slot) => {
    const key = `r${random.below(options.keys)}`;
    const held = store.get(key) ?? null;
    const { op, input } = drawOperation(random, held, values);
    const { next, output } = registerEffect(op, input, held);
    if (slot.happens && next !== null) store.set(key, next);
    return draftOf(slot, { op, key, input, output });
  });
}

function drawOperation(
  random: Random,
  held: string | null,
  values: Values,
): { op: string; input: Json } {
  const drawn = random.next();
  if (drawn < 0.5) return { op: "read", input: null };
  if (drawn < 0.8) return { op: "write", input: values.next() };
  if (drawn < 0.88) return { op: "setnx", input: values.next() };
  const from = held !== null && random.chance(0.6) ? held : values.earlier();
  return { op: "cas", input: [from, values.next()] };
}

/** What the operation answers when the register holds `held`, and what it holds then. */
export function registerEffect(
  op: string,
  input: Json,
  held: string | null,
): { next: string | null; output: Json } {
  switch (op) {
    case "write":
      return { next: input as string, output: input };
    case "setnx":
      return held === null
        ? { next: input as string, output: true }
        : { next: held, output: false };
    case "cas": {
      const [from, to] = input as [string, string];
      return held === from ? { next: to, output: true } : { next: held, output: false };
    }
    default:
      return { next: held, output: held };
  }
}

class Values {
  readonly #random: Random;
  readonly #count: number | null;
  #drawn = 0;

  constructor(random: Random, count: number | null) {
    this.#random = random;
    this.#count = count;
  }

  next(): string {
    this.#drawn += 1;
    return `v${this.#count === null ? this.#drawn : this.#random.below(this.#count)}`;
  }

  /** Perhaps written before, to this key or another. */
  earlier(): string {
    return `v${this.#random.below(this.#count ?? this.#drawn + 1)}`;
  }
}
