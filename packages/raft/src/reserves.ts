/**
 * Which peers a leader serves at once, and which a little later with several entries in one append.
 *
 *   first      as many voters as make a quorum with this node: entries and read rounds leave for them at once
 *   reserve    the others: what they lack leaves when the oldest of it is `delayMs` old, all together
 *
 * What an entry costs a node hardly depends on its size (a message, a sync, an acknowledgement), and a command is
 * acknowledged when a quorum has it. So a third copy of each entry, at once, makes everybody slower and no write safer: it
 * is not waited for. An entry or a round that has waited `lateMs` for its quorum calls all of this off: everything leaves
 * for everybody. Whoever then acknowledges that entry, or echoes that round, first, is first from then on. Once per
 * heartbeat interval an entry leaves for all at once and is contested, too: the fastest are first, not those that once
 * were. Where nobody is first and nothing is written, the interval's round is contested.
 *
 * It decides when something leaves, never what is counted: commits, rounds and leases rest on acknowledgements as ever.
 * Heartbeats of the interval go to all, so a reserve misses no sign of life.
 *
 * Off in a joint configuration, with a witness (it holds no state: the data node should have the entry first), with a
 * learner to be promoted, while leadership is handed over, and for a leader that is no voter.
 *
 * ("Thrifty": Moraru et al., There is more consensus in egalitarian parliaments, SOSP 2013. Hedging: Dean and Barroso,
 * The tail at scale, CACM 2013.)
 */
import { assert } from "./assert.js";
import type { Progress } from "./progress.js";
import type { Index } from "./types.js";

export interface ReserveTimes {
  /** How long what a reserve lacks may wait, ms. */
  readonly delayMs: number;
  /** How long an entry or a round waits for its quorum before it leaves for all, ms. */
  readonly lateMs: number;
}

export class Reserves {
  readonly #times: ReserveTimes | null;
  #peers: readonly Progress[] = [];
  /** Peers that vote in the configuration in force. */
  #voters: readonly Progress[] = [];
  /** How many of them make a quorum with this node; 0: everybody is served at once. */
  #firstCount = 0;
  /** Who acknowledges it first, is first; meanwhile entries leave for all. Infinity: none is contested. */
  #contestedIndex: Index = Infinity;
  /** So with who echoes it. */
  #contestedRound = Infinity;
  #winners: Progress[] = [];
  /** Waits for its quorum, and had better have it before `#indexLateMs`; 0: none does. */
  #awaitedIndex: Index = 0;
  #indexLateMs = Infinity;
  /** So with the round, which left without the reserves. */
  #awaitedRound = 0;
  #roundLateMs = Infinity;
  /** Up to it no entry waits. */
  #hurriedTo: Index = 0;
  /** Up to it no news of a commit does; at most `#hurriedTo`. */
  #toldTo: Index = 0;
  /** When what reserves lack leaves; Infinity: they lack nothing. */
  #leavesMs = Infinity;

  /** null: nobody is a reserve. */
  constructor(times: ReserveTimes | null) {
    assert(times === null || times.lateMs > 0, "a quorum is given time");
    this.#times = times;
  }

  /**
   * Another configuration: `firstCount` of `voters` make a quorum with this node; 0: everybody is served at once. The
   * entry `next` is contested, and so is `round`; Infinity: none is.
   */
  configure(
    peers: readonly Progress[],
    voters: readonly Progress[],
    firstCount: number,
    next: Index,
    round: number,
  ): void {
    assert(firstCount <= voters.length, "a quorum is of voters");
    this.#peers = peers;
    this.#voters = voters;
    this.#firstCount = this.#times === null ? 0 : firstCount;
    this.callOff(next, round);
  }

  /** Those that had been removed before are gone. */
  keep(peers: readonly Progress[]): void {
    this.#peers = peers;
  }

  /** Everybody is served at once, until `index` or `round` is acknowledged by enough. */
  callOff(index: Index, round: number): void {
    for (const peer of this.#peers) peer.isReserve = false;
    this.#contestedIndex = this.#firstCount === 0 ? Infinity : index;
    this.#contestedRound = this.#firstCount === 0 ? Infinity : round;
    this.#winners = [];
    this.#awaitedIndex = this.#awaitedRound = 0;
    this.#indexLateMs = this.#roundLateMs = this.#leavesMs = Infinity;
  }

  /** The next entry is contested, or where nobody is first yet `round`; Infinity: that is not. */
  contest(next: Index, round: number): void {
    if (this.#firstCount === 0) return;
    if (this.#contestedIndex === Infinity) this.#contestedIndex = next;
    if (this.#contestedRound < Infinity || this.#peers.some((peer) => peer.isReserve)) return;
    this.#contestedRound = round;
  }

  get isIndexContested(): boolean {
    return this.#contestedIndex !== Infinity;
  }

  get isRoundContested(): boolean {
    return this.#contestedRound !== Infinity;
  }

  /** `peer` has acknowledged something. */
  acknowledged(peer: Progress): void {
    if (this.isIndexContested && peer.match >= this.#contestedIndex) this.#wins(peer);
  }

  /** `peer` has echoed a round. `sent` is the newest that left, `confirmed` the newest a quorum has echoed. */
  echoed(peer: Progress, confirmed: number, sent: number, nowMs: number): void {
    if (this.isRoundContested && peer.roundEchoed >= this.#contestedRound) this.#wins(peer);
    if (this.#awaitedRound === 0 || confirmed < this.#awaitedRound) return;
    this.#awaitedRound = 0;
    this.#roundLateMs = Infinity;
    if (sent > confirmed) this.roundSpared(sent, nowMs);
  }

  #wins(peer: Progress): void {
    if (!this.#voters.includes(peer) || this.#winners.includes(peer)) return;
    this.#winners.push(peer);
    if (this.#winners.length < this.#firstCount) return;
    for (const other of this.#peers) {
      // One that is no member any more is told so at once.
      other.isReserve = other.farewellMs === Infinity && !this.#winners.includes(other);
    }
    this.#contestedIndex = this.#contestedRound = Infinity;
    this.#winners = [];
  }

  /** Whether entries and news of commits wait for this peer's time. */
  holds(peer: Progress): boolean {
    return peer.isReserve && !this.isIndexContested && peer.state === "replicate";
  }

  /** Whether a read round goes without this peer. */
  sparesRound(peer: Progress): boolean {
    return peer.isReserve && peer.state === "replicate";
  }

  /** What reserves lack has no time yet, or is waited for: `leaves` gives it one. */
  begins(last: Index, commit: Index, nowMs: number): boolean {
    if (this.#leavesMs === Infinity) return this.#isOwed(last, commit);
    return !this.isLeaving(nowMs) && this.#isHurried(last, commit);
  }

  /** Its time has come. */
  isLeaving(nowMs: number): boolean {
    return nowMs >= this.#leavesMs;
  }

  /** Whether what reserves lack leaves now. */
  leaves(last: Index, commit: Index, nowMs: number): boolean {
    if (this.begins(last, commit, nowMs)) {
      const isHurried = this.#isHurried(last, commit);
      this.#leavesMs = isHurried ? nowMs : nowMs + this.#times!.delayMs;
    }
    return this.isLeaving(nowMs);
  }

  /** Everything that leaves now has left. */
  left(last: Index, commit: Index, nowMs: number): void {
    if (this.#firstCount === 0) return;
    // Who had it before it was late has not lost it.
    for (const peer of this.#voters) this.acknowledged(peer);
    if (this.#leavesMs !== Infinity && !this.#isOwed(last, commit)) this.#leavesMs = Infinity;
    if (this.#awaitedIndex === 0 && commit < last && this.#peers.some((peer) => peer.isReserve)) {
      this.#awaitedIndex = last;
      this.#indexLateMs = nowMs + this.#times!.lateMs;
    }
  }

  /** Entries up to `index`, which may be the next ones, wait for nothing. */
  hurry(index: Index): void {
    this.#hurriedTo = Math.max(this.#hurriedTo, index);
    if (this.#leavesMs !== Infinity) this.#leavesMs = -Infinity;
  }

  /** Nor does the news that they are committed. */
  hurryToTell(index: Index): void {
    this.#toldTo = Math.max(this.#toldTo, index);
    this.hurry(index);
  }

  committed(index: Index): void {
    if (index < this.#awaitedIndex) return;
    this.#awaitedIndex = 0;
    this.#indexLateMs = Infinity;
  }

  /** A round left without the reserves. */
  roundSpared(round: number, nowMs: number): void {
    if (this.#awaitedRound > 0) return;
    this.#awaitedRound = round;
    this.#roundLateMs = nowMs + this.#times!.lateMs;
  }

  get awaitsRound(): boolean {
    return this.#awaitedRound > 0;
  }

  /** An entry or a round has waited too long. */
  isLate(nowMs: number): boolean {
    return nowMs >= this.#indexLateMs || nowMs >= this.#roundLateMs;
  }

  /** When something is to be done; Infinity: nothing is, or it is being done. */
  dueMs(nowMs: number): number {
    const leavesMs = this.isLeaving(nowMs) ? Infinity : this.#leavesMs;
    return Math.min(leavesMs, this.#indexLateMs, this.#roundLateMs);
  }

  /** Some of what reserves lack is waited for. It may have been asked for before it was there, or committed. */
  #isHurried(last: Index, commit: Index): boolean {
    if (this.#hurriedTo === 0) return false;
    for (const peer of this.#peers) {
      if (!this.holds(peer) || !peer.lacks(last, commit)) continue;
      if (peer.next <= Math.min(last, this.#hurriedTo)) return true;
      if (peer.commitSent < Math.min(commit, this.#toldTo)) return true;
    }
    return false;
  }

  #isOwed(last: Index, commit: Index): boolean {
    for (const peer of this.#peers) if (this.holds(peer) && peer.lacks(last, commit)) return true;
    return false;
  }
}
