/** A line a second about what is going on. */

import type { HistoryEvent } from "../history/event.js";
import { PROGRESS_MS } from "./constants.js";

export class Progress {
  readonly #say: (line: string) => void;
  readonly #counts = { ok: 0, fail: 0, info: 0 };
  readonly #faults = new Map<number, string>();
  #timer: NodeJS.Timeout | null = null;
  #startedAt = 0;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  say(line: string): void {
    this.#say(line);
  }

  see(event: HistoryEvent): void {
    if (event.process === "nemesis") {
      const { id, phase, text } = event.value;
      if (phase === "begin") this.#faults.set(id, `${event.op}: ${text}`);
      else this.#faults.delete(id);
    } else if (event.process !== "harness" && event.type !== "invoke") {
      this.#counts[event.type] += 1;
    }
  }

  start(): void {
    this.#startedAt = performance.now();
    this.#timer = setInterval(() => this.#tell(), PROGRESS_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #tell(): void {
    const { ok, fail, info } = this.#counts;
    const second = Math.round((performance.now() - this.#startedAt) / 1_000);
    const faults = [...this.#faults.values()].join("; ");
    this.#say(
      `${String(second).padStart(4)} s ${String(ok).padStart(7)} ok ${String(fail).padStart(5)} fail ${String(info).padStart(5)} unknown  ${faults}`,
    );
  }
}
