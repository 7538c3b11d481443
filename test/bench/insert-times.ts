/**
 * How long every single insert took, and what the slow ones are due to. Inserts are made in turns, as an event loop
 * makes them; what GC stopped a turn for is known when the loop has turned.
 */

import { openSync, readSync } from "node:fs";
import type { GcPause, Span } from "./gc-pauses.js";

export interface SlowInsert extends Span {
  /** How many were made before. */
  readonly at: number;
  /** A Map outgrew its table. */
  readonly isGrowth: boolean;
  /** Milliseconds for a processor that others had, since the turn began or another insert was slow. */
  readonly waitedMs: number;
}

export interface Turn extends Span {
  readonly at: number;
  readonly waitedMs: number;
}

/** What an insert or a turn took, in milliseconds. The parts together are no more than the whole. */
export interface Shares {
  readonly wholeMs: number;
  readonly gcMs: number;
  /** The kind that took most of gcMs; empty: there was none. */
  readonly gcKind: string;
  readonly waitedMs: number;
  /** The rest: what the insert itself took. */
  readonly ownMs: number;
}

/** Milliseconds from which an insert is looked at by itself. */
const SLOW_MS = 0.25;
/** Milliseconds, two of the system's slowest ticks: less that a thread did not run is not known by its running time. */
const TICK_MS = 8;
/** Milliseconds of the unit in which the system tells what was stolen. */
const JIFFY_MS = 10;

export class InsertTimes {
  /** Milliseconds of each. */
  readonly each: Float32Array;
  readonly slow: SlowInsert[] = [];
  readonly turns: Turn[] = [];
  #made = 0;

  constructor(count: number) {
    this.each = new Float32Array(count);
  }

  /** Makes `count` inserts. `isGrowth` is asked about the slow ones, directly after each. */
  turn(count: number, insert: (at: number) => void, isGrowth: (at: number) => boolean): void {
    const first = this.#made;
    const start = running();
    let last = start;
    const startMs = performance.now();
    let before = startMs;
    for (let at = first; at < first + count; at++) {
      insert(at);
      const now = performance.now();
      this.each[at] = now - before;
      if (now - before < SLOW_MS) {
        before = now;
        continue;
      }
      const read = running();
      const waitedMs = notRunningMs(last, read);
      last = read;
      this.slow.push({ at, startMs: before, endMs: now, isGrowth: isGrowth(at), waitedMs });
      before = performance.now();
    }
    const waitedMs = notRunningMs(start, running());
    this.turns.push({ at: first, startMs, endMs: before, waitedMs });
    this.#made += count;
  }
}

/** `pauses`: in order. */
export function sharesOf(
  span: Span & { readonly waitedMs: number },
  pauses: readonly GcPause[],
): Shares {
  const wholeMs = span.endMs - span.startMs;
  let gcMs = 0;
  let longestMs = 0;
  let gcKind = "";
  for (let i = firstEndingAfter(pauses, span.startMs); i < pauses.length; i++) {
    const { startMs, endMs, kind } = pauses[i]!;
    if (startMs >= span.endMs) break;
    const ms = Math.min(endMs, span.endMs) - Math.max(startMs, span.startMs);
    gcMs += ms;
    if (ms > longestMs) gcKind = kind;
    longestMs = Math.max(longestMs, ms);
  }
  const waitedMs = Math.min(span.waitedMs, wholeMs - gcMs);
  return { wholeMs, gcMs, gcKind, waitedMs, ownMs: wholeMs - gcMs - waitedMs };
}

/** The greatest part, in words. */
export function causeOf({ isGrowth }: SlowInsert, shares: Shares): string {
  const { gcMs, gcKind, waitedMs, ownMs } = shares;
  if (gcMs >= waitedMs && gcMs >= ownMs) return `GC, ${gcKind}`;
  if (waitedMs >= ownMs) return "others had the processor";
  return isGrowth ? "a Map outgrew its table" : "neither GC nor a Map's growth";
}

function firstEndingAfter(pauses: readonly GcPause[], ms: number): number {
  let first = 0;
  let end = pauses.length;
  while (first < end) {
    const middle = (first + end) >> 1;
    if (pauses[middle]!.endMs > ms) end = middle;
    else first = middle + 1;
  }
  return first;
}

/** Kept open, and read into one buffer: a reading makes no garbage. null: the system does not tell. */
const schedule = openOrNull("/proc/thread-self/schedstat");
const machine = openOrNull("/proc/stat");
const readBytes = Buffer.alloc(128);

function openOrNull(path: string): number | null {
  try {
    return openSync(path, "r");
  } catch {
    // Not Linux: what others took then counts as the insert's own.
    return null;
  }
}

function fieldsOf(file: number): string[] {
  const length = readSync(file, readBytes, 0, readBytes.length, 0);
  return readBytes.toString("latin1", 0, length).split(/\s+/);
}

/** This thread's, in milliseconds. */
interface Running {
  readonly atMs: number;
  /** Exact to a tick of the system's clock. */
  readonly ranMs: number;
  /** Waited for a processor. */
  readonly waitedMs: number;
  /** A virtual machine's processors ran for others: all of them together. */
  readonly stolenMs: number;
}

function running(): Running {
  const atMs = performance.now();
  if (schedule === null || machine === null) {
    return { atMs, ranMs: atMs, waitedMs: 0, stolenMs: 0 };
  }
  const [ranNs, waitedNs] = fieldsOf(schedule);
  const stolenJiffies = fieldsOf(machine)[8];
  return {
    atMs,
    ranMs: Number(ranNs) / 1e6,
    waitedMs: Number(waitedNs) / 1e6,
    stolenMs: Number(stolenJiffies) * JIFFY_MS,
  };
}

function notRunningMs(from: Running, to: Running): number {
  const idleMs = to.atMs - from.atMs - (to.ranMs - from.ranMs);
  const waitedMs = idleMs > TICK_MS ? idleMs : to.waitedMs - from.waitedMs;
  return Math.max(waitedMs, to.stolenMs - from.stolenMs);
}
