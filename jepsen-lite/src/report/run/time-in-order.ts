/**
 * An axis on which the order of moments can be seen whatever lies between them. The write and the read that shows its
 * loss may be a minute apart and last a millisecond each; so every stretch between two moments gets a width that grows
 * with the logarithm of its length. Order and overlap are true, lengths are not, and the drawing says so.
 */

import type { Microseconds } from "../../history/event.js";

/** A stretch that short, in microseconds, still has the smallest width. */
const UNIT_US = 100;

export class TimeInOrder {
  readonly #moments: readonly Microseconds[];
  /** In [0, 1], of each moment. */
  readonly #places: readonly number[];

  /** Of moments in any order, of which those that are not finite are left out. */
  constructor(moments: readonly Microseconds[]) {
    const finite = moments.filter((moment) => Number.isFinite(moment));
    this.#moments = [...new Set(finite)].sort((left, right) => left - right);
    const widths = this.#moments
      .slice(1)
      .map((moment, at) => 1 + Math.log10(1 + (moment - this.#moments[at]!) / UNIT_US));
    const whole = widths.reduce((sum, width) => sum + width, 0);
    const places = [0];
    for (const width of widths) places.push(places.at(-1)! + width / whole);
    this.#places = places;
  }

  /** Between two moments in proportion; beyond them, the edge. */
  place(time: Microseconds): number {
    const after = this.#moments.findIndex((moment) => moment >= time);
    if (after === -1) return 1;
    if (after === 0) return 0;
    const from = this.#moments[after - 1]!;
    const part = (time - from) / (this.#moments[after]! - from);
    return this.#places[after - 1]! + part * (this.#places[after]! - this.#places[after - 1]!);
  }
}
