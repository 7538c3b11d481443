/**
 * Pauses of the garbage collector in this thread, by kind. Node tells of one a pass of the event loop after it was:
 * those of a stall are known one look behind it.
 */

import { constants, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";

export const GC_KINDS = ["minor", "major", "incremental", "weakcb"] as const;
export type GcKind = (typeof GC_KINDS)[number];

export interface GcCount {
  pauses: number;
  /** All of them, and the longest. */
  ms: number;
  maxMs: number;
}

/** On the clock of `performance.now()`. */
export interface GcPause {
  readonly kind: GcKind;
  readonly beganMs: number;
  readonly endedMs: number;
}

const kinds: ReadonlyMap<number, GcKind> = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"],
]);

export class GcPauses {
  readonly counts: Readonly<Record<GcKind, GcCount>> = {
    minor: { pauses: 0, ms: 0, maxMs: 0 },
    major: { pauses: 0, ms: 0, maxMs: 0 },
    incremental: { pauses: 0, ms: 0, maxMs: 0 },
    weakcb: { pauses: 0, ms: 0, maxMs: 0 },
  };
  /** Those a stall may still ask for: the owner says which it does not. */
  #recent: GcPause[] = [];
  readonly #observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) this.note(pauseOf(entry));
  });

  start(): void {
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  stop(): void {
    this.#observer.disconnect();
  }

  note(pause: GcPause): void {
    const ms = pause.endedMs - pause.beganMs;
    const count = this.counts[pause.kind];
    count.pauses += 1;
    count.ms += ms;
    count.maxMs = Math.max(count.maxMs, ms);
    this.#recent.push(pause);
  }

  /** Milliseconds of pauses between two times, and the kind that has most of them. */
  within(fromMs: number, toMs: number): { readonly ms: number; readonly kind: GcKind } {
    const sums = { minor: 0, major: 0, incremental: 0, weakcb: 0 };
    let all = 0;
    for (const { kind, beganMs, endedMs } of this.#recent) {
      const ms = Math.max(0, Math.min(endedMs, toMs) - Math.max(beganMs, fromMs));
      sums[kind] += ms;
      all += ms;
    }
    const kind = GC_KINDS.reduce((most, each) => (sums[each] > sums[most] ? each : most));
    return { ms: all, kind };
  }

  /** Nobody asks for what ended before. */
  forgetBefore(ms: number): void {
    const [first] = this.#recent;
    if (first === undefined || first.endedMs >= ms) return;
    this.#recent = this.#recent.filter(({ endedMs }) => endedMs >= ms);
  }

  reset(): void {
    for (const kind of GC_KINDS) Object.assign(this.counts[kind], { pauses: 0, ms: 0, maxMs: 0 });
  }
}

function pauseOf({ startTime, duration, detail }: PerformanceEntry): GcPause {
  const { kind } = detail as { readonly kind: number };
  return {
    // What a later V8 may add stops the loop as a whole collection does.
    kind: kinds.get(kind) ?? "major",
    beganMs: startTime,
    endedMs: startTime + duration,
  };
}
