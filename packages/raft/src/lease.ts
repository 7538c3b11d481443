/**
 * A leader's lease: the time in which no other leader can be elected, because a quorum promised not to vote
 * (design, section 6; Ongaro's thesis, 6.4.1).
 *
 *   round sent ------ echoed by a quorum ------------------- lease ends --- first vote against us
 *       |<------------ election timeout less the drift bound ------>|
 *
 * It counts from when the confirmed round was *sent* (trap 14): a follower's promise begins when it hears the
 * round, which is later, and lasts one election timeout on its own clock. It is void for the rest of the term
 * once TimeoutNow may have been sent, aborted or not, since that message may arrive late (traps 13, 45).
 */
import { assert } from "./assert.js";

export class Lease {
  readonly #durationMs: number;
  /** Rounds that were sent and may still become the newest confirmed one, ascending. */
  #rounds: number[] = [];
  #sentMs: number[] = [];
  /** Rounds below it vouch for nothing any more. */
  #firstRound = 0;
  #void = false;

  constructor(electionTimeoutMs: number, clockDriftPercentMax: number) {
    assert(
      clockDriftPercentMax >= 0 && clockDriftPercentMax < 100,
      "a drift bound is a percentage",
    );
    this.#durationMs = electionTimeoutMs * (1 - clockDriftPercentMax / 100);
  }

  /** `round` leaves now, or a moment later. */
  sent(round: number, nowMs: number): void {
    if (this.#void || this.#rounds.at(-1) === round) return;
    this.#rounds.push(round);
    this.#sentMs.push(nowMs);
  }

  /** Until the term ends. */
  voidForTerm(): void {
    this.#void = true;
    this.#rounds = [];
    this.#sentMs = [];
  }

  /** Our clocks can't be trusted back to when the rounds up to `round` were sent (trap 15). */
  voidRounds(round: number): void {
    this.#firstRound = round + 1;
  }

  /** When it ends; `confirmed` is the newest round that a quorum has echoed. -Infinity: there is none. */
  untilMs(confirmed: number): number {
    this.forget(confirmed);
    const [round] = this.#rounds;
    const isConfirmed = round !== undefined && round <= confirmed;
    if (!isConfirmed || confirmed < this.#firstRound) return -Infinity;
    return this.#sentMs[0]! + this.#durationMs;
  }

  /** Rounds before the newest confirmed one say nothing any more (also where nobody asks for a lease). */
  forget(confirmed: number): void {
    let at = 0;
    while (at + 1 < this.#rounds.length && this.#rounds[at + 1]! <= confirmed) at += 1;
    if (at === 0) return;
    this.#rounds = this.#rounds.slice(at);
    this.#sentMs = this.#sentMs.slice(at);
  }

  /** Rounds remembered: bounded by the heartbeats of the time in which no quorum answered. */
  get remembered(): number {
    return this.#rounds.length;
  }
}
