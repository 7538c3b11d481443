/**
 * When the replica takes its turns: soon after something arrived, or at a deadline. Several asks are one
 * turn; setImmediate runs after the sockets' events of the loop's pass, so one turn sees them all.
 */

import type { Scheduler } from "@redoubt/replica";

/** Longest delay of a Node timer; beyond it would fire at once. */
const timerMsMax = 2 ** 31 - 1;
/** A turn that begins now looks at its deadlines that much later, at most, where nothing comes between. */
const deadlineNearMs = 1;

export class TurnScheduler implements Scheduler {
  readonly #nowMs: () => number;
  readonly #turn: () => void;
  #asked = false;
  #inTurn = false;
  #stopped = false;
  #timer: NodeJS.Timeout | null = null;
  /** When the armed timer fires; when a turn is wanted. Monotonic ms. */
  #timerMs = Number.POSITIVE_INFINITY;
  #deadlineMs = Number.POSITIVE_INFINITY;
  readonly #run = (): void => {
    this.#asked = false;
    if (this.#stopped) return;
    this.#inTurn = true;
    this.#turn();
    this.#inTurn = false;
  };
  /** Long work, a collection of garbage, or a process that stood still may have come between the ask and now. */
  readonly #runNow = (): void => {
    if (this.#isDeadlineNear()) setImmediate(this.#run);
    else this.#run();
  };
  readonly #fire = (): void => {
    this.#timer = null;
    this.#timerMs = Number.POSITIVE_INFINITY;
    if (this.#nowMs() >= this.#deadlineMs) {
      this.#deadlineMs = Number.POSITIVE_INFINITY;
      this.wake();
    } else {
      this.#arm();
    }
  };

  constructor(nowMs: () => number, turn: () => void) {
    this.#nowMs = nowMs;
    this.#turn = turn;
  }

  wake(): void {
    if (this.#asked || this.#stopped) return;
    this.#asked = true;
    setImmediate(this.#run);
  }

  /**
   * In the pass's phase that reads sockets, not behind it: what the turn sends by HTTP/2 leaves with this pass then, not
   * with the next. A deadline that is due waits for the rest of what peers said (trap 38). What a turn itself wants comes
   * behind the sockets: turns that ask for turns would keep the loop from reading any.
   */
  wakeNow(): void {
    if (this.#asked || this.#stopped) return;
    if (this.#inTurn || this.#isDeadlineNear()) {
      this.wake();
      return;
    }
    this.#asked = true;
    process.nextTick(this.#runNow);
  }

  /**
   * Asked at the end of every turn, nearly always for a later time: the timer is left as it is then, and
   * looks again when it fires.
   */
  wakeAt(deadlineMs: number): void {
    this.#deadlineMs = deadlineMs;
    if (deadlineMs < this.#timerMs) this.#arm();
  }

  /** No turn runs any more. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #isDeadlineNear(): boolean {
    return this.#nowMs() + deadlineNearMs >= this.#deadlineMs;
  }

  #arm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerMs = this.#deadlineMs;
    if (this.#stopped || this.#deadlineMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(Math.max(0, this.#deadlineMs - this.#nowMs()), timerMsMax);
    this.#timer = setTimeout(this.#fire, Math.ceil(delayMs));
  }
}
