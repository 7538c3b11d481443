/**
 * Reads that followers ask the leader about (Raft section 6.4 of the thesis): each waits for a confirmation
 * round that began after it arrived, then learns the commit index of that moment.
 */
import { forwardedReadsMax } from "./constants.js";
import type { Index, NodeId } from "./types.js";

export interface ForwardedRead {
  readonly from: NodeId;
  readonly incarnation: number;
  readonly context: number;
  readonly round: number;
  readonly index: Index;
}

export class ForwardedReads {
  #waiting: ForwardedRead[] = [];

  /** Ascending by round. False: too many wait; the asker asks again. */
  add(read: ForwardedRead): boolean {
    if (this.#waiting.length >= forwardedReadsMax) return false;
    this.#waiting.push(read);
    return true;
  }

  hasConfirmed(round: number): boolean {
    return this.#waiting.length > 0 && this.#waiting[0]!.round <= round;
  }

  takeConfirmed(round: number): ForwardedRead[] {
    let count = 0;
    while (count < this.#waiting.length && this.#waiting[count]!.round <= round) count += 1;
    const taken = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return taken;
  }
}
