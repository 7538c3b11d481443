/**
 * What the event loop tells the keep-alive thread, in shared memory: whether it leads, in which term, and
 * when it last turned. One writer (the event loop), one reader (the thread).
 *
 * Time is `process.hrtime`, the one clock both threads share: `performance.now` starts at zero in each.
 */

/** Int32 slots. */
const GENERATION = 0;
const TERM_HIGH = 1;
const TERM_LOW = 2;
const BEAT = 3;
const SLOTS = 4;
const BYTES_PER_SLOT = 4;
const LOW_RANGE = 2 ** 32;

export interface LeaderView {
  /** 0: the event loop did not lead when it last turned. */
  readonly term: number;
  /** How long the event loop has stood still, in ms. */
  readonly stillMs: number;
}

export class SharedLeaderState {
  readonly buffer: SharedArrayBuffer;
  readonly #slots: Int32Array;
  #term = 0;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(SLOTS * BYTES_PER_SLOT)) {
    this.buffer = buffer;
    this.#slots = new Int32Array(buffer);
  }

  /** Writer: the event loop has turned. Some 100 ns. */
  beat(): void {
    Atomics.store(this.#slots, BEAT, sharedMs());
  }

  /** Writer: `term` 0: it does not lead. The reader never sees half of a term. */
  lead(term: number): void {
    if (term === this.#term) return;
    this.#term = term;
    // Odd while it is being written.
    Atomics.add(this.#slots, GENERATION, 1);
    Atomics.store(this.#slots, TERM_HIGH, Math.floor(term / LOW_RANGE));
    Atomics.store(this.#slots, TERM_LOW, term | 0);
    Atomics.add(this.#slots, GENERATION, 1);
  }

  /** Reader. Null: it is being written at this moment. */
  view(): LeaderView | null {
    const before = Atomics.load(this.#slots, GENERATION);
    const high = Atomics.load(this.#slots, TERM_HIGH);
    const low = Atomics.load(this.#slots, TERM_LOW) >>> 0;
    // Milliseconds modulo 2^32: the difference is right for 24 days, far above any bound put on it.
    const stillMs = (sharedMs() - Atomics.load(this.#slots, BEAT)) | 0;
    const after = Atomics.load(this.#slots, GENERATION);
    if (before !== after || before % 2 !== 0) return null;
    return { term: high * LOW_RANGE + low, stillMs };
  }
}

/** Monotonic milliseconds modulo 2^32, the same for every thread of this process. */
function sharedMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return (seconds * 1000 + Math.floor(nanoseconds / 1e6)) | 0;
}
