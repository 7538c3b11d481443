/**
 * Lets one log line of a kind through and holds back its repetitions. A peer that is refused dials
 * again several times a second; one clear line says it all. Ages by ticks: it needs no clock.
 */

/** Remembered lines: every cause for every member, and a few strangers. */
const LINES_MAX = 1024;

export class RepeatFilter {
  readonly #repeatTicks: number;
  /** Line -> ticks until it may be said again. */
  readonly #lines = new Map<string, number>();

  constructor(repeatTicks: number) {
    this.#repeatTicks = repeatTicks;
  }

  /** True when `line` about `peer` was not said lately. */
  allow(peer: number, line: string): boolean {
    const key = `${peer}:${line}`;
    if (this.#lines.has(key) || this.#lines.size >= LINES_MAX) {
      return false;
    }
    this.#lines.set(key, this.#repeatTicks);
    return true;
  }

  /** What was wrong with `peer` is over: the next fault is news again. */
  forget(peer: number): void {
    for (const key of this.#lines.keys()) {
      if (key.startsWith(`${peer}:`)) {
        this.#lines.delete(key);
      }
    }
  }

  tick(): void {
    for (const [key, ticks] of this.#lines) {
      if (ticks <= 1) {
        this.#lines.delete(key);
      } else {
        this.#lines.set(key, ticks - 1);
      }
    }
  }
}
