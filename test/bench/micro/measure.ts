/**
 * Figures of one question: time and memory of each case, and the ratio of its time to the reference loop's.
 *
 *   calibrate   every case until its sample is long enough, twice: the first time it is compiled
 *   round       for each case: reference, case           ... and again, `rounds` times
 *   memory      for each case: heap and buffers before and after a few runs, between two collections
 *
 * Time is the processor's for the whole process, collections of garbage included; what neighbours on the machine take
 * is not in it, what they do to caches and clocks is. A ratio is of two samples taken one behind the other.
 */

import { median } from "../statistics.js";
import type { Case, Operation, Question } from "./question.js";
import { prepareReference } from "./reference.js";

export interface Pace {
  readonly rounds: number;
  /** Of one sample of a case; one of the reference takes half of it. */
  readonly sampleMs: number;
}

/** 30 ms: a hundred times what a short collection takes, and a question is answered in seconds. */
export const PACE: Pace = { rounds: 5, sampleMs: 30 };

export interface CaseFigures {
  readonly name: string;
  readonly unit: string;
  /** Of one unit, by round. */
  readonly nanoseconds: readonly number[];
  /** To the reference sample just before, by round. */
  readonly ratios: readonly number[];
  /** Bytes of a unit; null: no collector can be called, or one run makes more than fits between two collections. */
  readonly heapBytes: number | null;
  /** Bytes outside of the heap, what Buffers and typed arrays hold; null: as above. */
  readonly bufferBytes: number | null;
}

export interface QuestionFigures {
  readonly asks: string;
  /** Nanoseconds of one step of the reference loop. */
  readonly reference: number;
  readonly cases: readonly CaseFigures[];
}

const REFERENCE_SHARE = 1 / 2;
/** Of a sample, done unmeasured before it: a full collection leaves caches cold and code undone. */
const WARM_SHARE = 1 / 8;
/** Heap bytes that one look at memory may make: a quarter of what starts a collection of the young ones. */
const LOOK_HEAP_BYTES_MAX = 256 * 1024;
/** The same of buffers, which start one at twice as much. */
const LOOK_BUFFER_BYTES_MAX = 512 * 1024;
/** A collection falls into one of four and is seen: there is less memory in use behind it, by more than looks differ. */
const LOOKS = 32;
const LOOKS_DIFFER_BYTES_MAX = 1024;
/** Runs of one look. */
const LOOK_RUNS_MAX = 1024;

const collect = (globalThis as { gc?: () => void }).gc;

class Sampled {
  readonly nanoseconds: number[] = [];
  readonly ratios: number[] = [];
  readonly #run: Operation;
  readonly #sampleUs: number;
  #times = 1;

  constructor(name: string, run: Operation, sampleUs: number) {
    if (!(run() > 0)) throw new Error(`${name} did nothing`);
    this.#run = run;
    this.#sampleUs = sampleUs;
  }

  calibrate(): void {
    this.#times = 1;
    while (microseconds(() => repeat(this.#run, this.#times)) < this.#sampleUs) this.#times *= 2;
  }

  /** Nanoseconds of a unit. */
  sample(): number {
    repeat(this.#run, Math.floor(this.#times * WARM_SHARE));
    let units = 0;
    const used = microseconds(() => {
      units = repeat(this.#run, this.#times);
    });
    return (used * 1000) / units;
  }

  /**
   * Bytes of a unit. Only short collections fall between the looks: a full one also undoes code, and what is not
   * compiled makes more.
   */
  memory(): Pick<CaseFigures, "heapBytes" | "bufferBytes"> {
    if (collect === undefined) return { heapBytes: null, bufferBytes: null };
    collect();
    repeat(this.#run, Math.ceil(this.#times * WARM_SHARE));
    const ones = Array.from({ length: LOOKS }, () => look(this.#run, 1));
    const byHeap = LOOK_HEAP_BYTES_MAX / Math.max(1, median(ones.map((one) => one.heap)));
    const byBuffers = LOOK_BUFFER_BYTES_MAX / Math.max(1, median(ones.map((one) => one.buffers)));
    const times = Math.min(LOOK_RUNS_MAX, this.#times, byHeap, byBuffers);
    const looks = Array.from({ length: LOOKS }, () => look(this.#run, Math.max(1, times | 0)));
    const whole = looks.filter(
      ({ heap, buffers }) => Math.min(heap, buffers) >= -LOOKS_DIFFER_BYTES_MAX,
    );
    if (whole.length < LOOKS / 2) return { heapBytes: null, bufferBytes: null };
    const sum = (of: (one: Look) => number): number => whole.reduce((all, one) => all + of(one), 0);
    const units = sum((one) => one.units);
    return {
      heapBytes: Math.max(0, sum((one) => one.heap) / units),
      bufferBytes: Math.max(0, sum((one) => one.buffers) / units),
    };
  }
}

export function measure({ asks, cases }: Question, pace: Pace): QuestionFigures {
  const sampleUs = pace.sampleMs * 1000;
  const reference = new Sampled("the reference", prepareReference(), sampleUs * REFERENCE_SHARE);
  const sampled = cases.map(({ name, prepare }) => new Sampled(name, prepare(), sampleUs));
  for (let pass = 0; pass < 2; pass++) {
    reference.calibrate();
    for (const each of sampled) each.calibrate();
  }
  for (let round = 0; round < pace.rounds; round++) {
    for (const each of sampled) {
      collect?.();
      const beside = reference.sample();
      const mine = each.sample();
      reference.nanoseconds.push(beside);
      each.nanoseconds.push(mine);
      each.ratios.push(mine / beside);
    }
  }
  const figures = cases.map(({ name, unit }: Case, i): CaseFigures => {
    const { nanoseconds, ratios } = sampled[i]!;
    return { name, unit, nanoseconds, ratios, ...sampled[i]!.memory() };
  });
  return { asks, reference: median(reference.nanoseconds), cases: figures };
}

/** Units that were done. */
function repeat(run: Operation, times: number): number {
  let units = 0;
  for (let n = 0; n < times; n++) units += run();
  return units;
}

function microseconds(run: () => void): number {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return user + system;
}

interface Look {
  readonly heap: number;
  readonly buffers: number;
  readonly units: number;
}

/** What `times` runs left in memory, without what the look itself leaves. */
function look(run: Operation, times: number): Look {
  const empty = process.memoryUsage();
  const before = process.memoryUsage();
  const units = repeat(run, times);
  const after = process.memoryUsage();
  const own = before.heapUsed - empty.heapUsed;
  return {
    heap: after.heapUsed - before.heapUsed - own,
    buffers: after.arrayBuffers - before.arrayBuffers,
    units,
  };
}
