/** Virtual time: events in order of (time, order of scheduling). A binary heap. */
const EVENTS_AT_SAME_TIME_MAX = 100_000;

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void;
}

export class EventQueue {
  nowMs = 0;
  readonly #heap: Event[] = [];
  #order = 0;
  executed = 0;
  #atSameTime = 0;

  at(timeMs: number, action: () => void): void {
    const event = { atMs: Math.max(timeMs, this.nowMs), order: this.#order++, action };
    const heap = this.#heap;
    // The hole moves up; the event is written once.
    let hole = heap.length;
    heap.push(event);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      const above = heap[parent]!;
      if (!isBefore(event, above)) break;
      heap[hole] = above;
      hole = parent;
    }
    heap[hole] = event;
  }

  after(delayMs: number, action: () => void): void {
    this.at(this.nowMs + delayMs, action);
  }

  /** Runs everything due up to `endMs`, then sets the time to it. */
  runUntil(endMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= endMs; next = this.#heap[0]) {
      this.#countAt(next.atMs);
      this.nowMs = next.atMs;
      this.#removeHead();
      this.executed += 1;
      next.action();
    }
    this.nowMs = endMs;
  }

  /** Time that stands still is a node that asks for turn after turn and gets nowhere. */
  #countAt(timeMs: number): void {
    this.#atSameTime = timeMs === this.nowMs ? this.#atSameTime + 1 : 0;
    if (this.#atSameTime > EVENTS_AT_SAME_TIME_MAX) throw new Error("busy loop: time stands still");
  }

  #removeHead(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return;
    let hole = 0;
    for (;;) {
      const left = 2 * hole + 1;
      if (left >= length) break;
      const right = left + 1;
      const child = right < length && isBefore(heap[right]!, heap[left]!) ? right : left;
      if (!isBefore(heap[child]!, last)) break;
      heap[hole] = heap[child]!;
      hole = child;
    }
    heap[hole] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
