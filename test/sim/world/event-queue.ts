/** Virtual time: events in order of (time, order of scheduling). A binary heap. */
const EVENTS_AT_SAME_TIME_MAX = 100_000;

export class EventQueue {
  nowMs = 0;
  #times: number[] = [];
  #orders: number[] = [];
  #actions: (() => void)[] = [];
  #order = 0;
  executed = 0;
  #atSameTime = 0;

  at(timeMs: number, action: () => void): void {
    let i = this.#times.length;
    const time = Math.max(timeMs, this.nowMs);
    const order = this.#order++;
    this.#times.push(time);
    this.#orders.push(order);
    this.#actions.push(action);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(i, parent)) break;
      this.#swap(i, parent);
      i = parent;
    }
  }

  after(delayMs: number, action: () => void): void {
    this.at(this.nowMs + delayMs, action);
  }

  /** Runs everything due up to `endMs`, then sets the time to it. */
  runUntil(endMs: number): void {
    while (this.#times.length > 0 && this.#times[0]! <= endMs) {
      const action = this.#actions[0]!;
      this.#countAt(this.#times[0]!);
      this.nowMs = this.#times[0]!;
      this.#removeHead();
      this.executed += 1;
      action();
    }
    this.nowMs = endMs;
  }

  /** Time that stands still is a node that asks for turn after turn and gets nowhere. */
  #countAt(timeMs: number): void {
    this.#atSameTime = timeMs === this.nowMs ? this.#atSameTime + 1 : 0;
    if (this.#atSameTime > EVENTS_AT_SAME_TIME_MAX) throw new Error("busy loop: time stands still");
  }

  #removeHead(): void {
    const last = this.#times.length - 1;
    this.#swap(0, last);
    this.#times.pop();
    this.#orders.pop();
    this.#actions.pop();
    let i = 0;
    for (;;) {
      const left = 2 * i + 1;
      if (left >= last) return;
      const right = left + 1;
      const child = right < last && this.#before(right, left) ? right : left;
      if (!this.#before(child, i)) return;
      this.#swap(i, child);
      i = child;
    }
  }

  #before(i: number, j: number): boolean {
    const difference = this.#times[i]! - this.#times[j]!;
    return difference < 0 || (difference === 0 && this.#orders[i]! < this.#orders[j]!);
  }

  #swap(i: number, j: number): void {
    const time = this.#times[i]!;
    const order = this.#orders[i]!;
    const action = this.#actions[i]!;
    this.#times[i] = this.#times[j]!;
    this.#orders[i] = this.#orders[j]!;
    this.#actions[i] = this.#actions[j]!;
    this.#times[j] = time;
    this.#orders[j] = order;
    this.#actions[j] = action;
  }
}
