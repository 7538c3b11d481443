/** What garbage collections stop this process for, as Node tells. */

import { constants, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";

/** In milliseconds of performance.now(). */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

export interface GcPause extends Span {
  readonly kind: string;
}

const KINDS: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [constants.NODE_PERFORMANCE_GC_MINOR, "scavenge"],
  [constants.NODE_PERFORMANCE_GC_MAJOR, "mark-compact"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental marking"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weak callbacks"],
]);

/** Told when the event loop turns: who measures lets it, and once more before looking. */
export class GcPauses {
  readonly pauses: GcPause[] = [];
  readonly #observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) this.pauses.push(pauseOf(entry));
  });

  constructor() {
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  stop(): void {
    this.#observer.disconnect();
  }
}

function pauseOf(entry: PerformanceEntry): GcPause {
  const { kind } = entry.detail as { kind: number };
  const { startTime, duration } = entry;
  return {
    kind: KINDS.get(kind) ?? `kind ${kind}`,
    startMs: startTime,
    endMs: startTime + duration,
  };
}
