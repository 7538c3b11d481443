/** Collects what a checker found: all of it is counted, the first few are kept to be shown. */

import type { Operation } from "../history/history.js";
import { ANOMALIES_MAX } from "./constants.js";
import type { Anomaly, Verdict } from "./verdict.js";

export interface Finding {
  /** A term of the field. */
  readonly kind: string;
  /** Its name among the figures: `lostWrites`. */
  readonly figure: string;
  readonly text: string;
  readonly key: string | null;
  /** In any order. */
  readonly operations: readonly Operation[];
  readonly impossible: Operation | null;
}

export class Findings {
  readonly #checker: string;
  readonly #anomalies: Anomaly[] = [];
  readonly #counts = new Map<string, number>();

  constructor(checker: string) {
    this.#checker = checker;
  }

  add({ kind, figure, text, key, operations, impossible }: Finding): void {
    this.#counts.set(figure, this.count(figure) + 1);
    if (this.#anomalies.length >= ANOMALIES_MAX) return;
    const drawn = new Set(operations.map(({ index }) => index));
    if (impossible !== null) drawn.add(impossible.index);
    this.#anomalies.push({
      kind,
      text,
      key,
      operations: [...drawn].sort((a, b) => a - b),
      impossible: impossible?.index ?? null,
    });
  }

  count(figure: string): number {
    return this.#counts.get(figure) ?? 0;
  }

  /**
   * `undecided`: how much could not be looked at; without a finding the verdict is then unknown. `figures` are those
   * that are told in any case.
   */
  verdict(figures: Readonly<Record<string, number>>, undecided = 0): Verdict {
    const found = this.#counts.size > 0;
    return {
      checker: this.#checker,
      validity: found ? "invalid" : undecided > 0 ? "unknown" : "valid",
      anomalies: this.#anomalies,
      figures: {
        ...figures,
        ...(undecided > 0 ? { undecided } : {}),
        ...Object.fromEntries(this.#counts),
      },
    };
  }
}
