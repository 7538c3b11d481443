/** Collects anomalies: all are counted by kind, the first few of a kind are kept and put into words. */

import { ANOMALIES_MAX } from "../constants.js";
import type { Anomaly } from "../verdict.js";

export class Findings {
  readonly #counts = new Map<string, number>();
  readonly #kept = new Map<string, Anomaly[]>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  /** By kind. */
  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** `describe` is called only if the anomaly is kept. */
  add(kind: string, describe: () => Omit<Anomaly, "kind">): void {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count > ANOMALIES_MAX) return;
    const { text, key, operations, impossible } = describe();
    const anomaly: Anomaly = {
      kind,
      text,
      key,
      operations: [...new Set(operations)].sort((a, b) => a - b),
      impossible,
    };
    const kept = this.#kept.get(kind);
    if (kept === undefined) this.#kept.set(kind, [anomaly]);
    else kept.push(anomaly);
  }

  /** The first of every kind, then the second of every kind, and so on. */
  anomalies(): Anomaly[] {
    const found: Anomaly[] = [];
    for (let nth = 0; nth < ANOMALIES_MAX; nth++) {
      for (const kept of this.#kept.values()) {
        const anomaly = kept[nth];
        if (anomaly !== undefined) found.push(anomaly);
      }
    }
    return found.slice(0, ANOMALIES_MAX);
  }
}
