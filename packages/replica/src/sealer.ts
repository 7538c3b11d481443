/**
 * The leader's open batch: whether anything new may be executed, when the batch is sealed and proposed, and
 * that nothing but batches takes the index predicted for it (design, sections 2 and 10; trap 41).
 */

import type { Index, Raft } from "@redoubt/raft";
import { assert } from "./assert.js";
import {
  BATCH_BYTES_MAX,
  IN_FLIGHT_BATCHES_MAX,
  IN_FLIGHT_BYTES_MAX,
  IN_FLIGHT_UNDO_BYTES_MAX,
  SEAL_LOOKS_MAX,
  UNTOLD_BYTES_HIGH,
} from "./constants.js";
import type { EntryObserver } from "./ports.js";
import type { PubSub } from "./pub-sub.js";
import type { Speculation } from "./speculation.js";

/** How much the leader executes ahead of the commits. Read at each check: CONFIG SET changes it. */
export interface InFlightWindow {
  /** Payload bytes, BATCH_BYTES_MAX to IN_FLIGHT_UNDO_BYTES_MAX. One command may exceed it by itself. */
  bytesMax(): number;
  /** Sealed batches, 1 to IN_FLIGHT_BATCHES_CEILING. */
  batchesMax(): number;
}

export const DEFAULT_WINDOW: InFlightWindow = {
  bytesMax: () => IN_FLIGHT_BYTES_MAX,
  batchesMax: () => IN_FLIGHT_BATCHES_MAX,
};

export class Sealer {
  readonly #raft: Raft;
  readonly #speculation: Speculation;
  readonly #pubSub: PubSub;
  readonly #observer: EntryObserver | undefined;
  readonly #window: InFlightWindow;
  /** Turns that the open batch has waited for arrivals to pause. */
  #looks = 0;

  constructor(
    raft: Raft,
    speculation: Speculation,
    pubSub: PubSub,
    observer: EntryObserver | undefined,
    window: InFlightWindow,
  ) {
    this.#raft = raft;
    this.#speculation = speculation;
    this.#pubSub = pubSub;
    this.#observer = observer;
    this.#window = window;
  }

  /**
   * Room in the in-flight window, and leadership is not on its way to another. Decided before execution: a
   * propose is then never refused.
   */
  get admitting(): boolean {
    return (
      !this.#raft.transferring &&
      this.inFlightBytes < this.#window.bytesMax() &&
      this.#speculation.sealedCount < this.#window.batchesMax() &&
      this.#speculation.journal.memoryBytes < IN_FLIGHT_UNDO_BYTES_MAX &&
      this.#pubSub.untoldBytes < UNTOLD_BYTES_HIGH
    );
  }

  /** Payload that is not committed, that of the open batch included. */
  get inFlightBytes(): number {
    return this.#raft.uncommittedBytes + this.#speculation.batch.bytes;
  }

  /**
   * One batch in flight: the open one is sealed when all before it is durable *here* and arrivals have
   * paused (design, section 10, rule 6). True: look again in the next turn.
   */
  sealWhenDue(arrivals: number): boolean {
    if (this.#speculation.batch.effects === 0) return false;
    if (this.#speculation.batch.bytes >= BATCH_BYTES_MAX) {
      // Active expiry filled it: the next command must find room.
      this.#seal();
      return false;
    }
    // Its end is announced by the sync's completion.
    if (this.#raft.flushed < this.#raft.lastIndex) return false;
    if (arrivals > 0 && this.#looks < SEAL_LOOKS_MAX) {
      this.#looks += 1;
      return true;
    }
    this.#seal();
    return false;
  }

  sealWhenFull(): void {
    if (this.#speculation.batch.bytes >= BATCH_BYTES_MAX) this.#seal();
  }

  /** Before anything else is appended. */
  sealOpen(): void {
    if (this.#speculation.batch.effects > 0) this.#seal();
  }

  /** Ends the open batch, or makes one, with a check index: the state it leaves is the executed one. Its index. */
  sealAudited(wallMs: number): Index {
    const index = this.#raft.lastIndex + 1;
    this.#speculation.audit(index, wallMs);
    this.#seal();
    return index;
  }

  /** The leader appended an entry without effects; 0: it did not. */
  sealedEmpty(index: Index): void {
    if (index === 0 || !this.#speculation.leading) return;
    this.#speculation.sealEmpty(index);
    this.#observer?.sealed(index, this.#speculation.term);
  }

  /** Leadership is lost, and the open batch with it. */
  reset(): void {
    this.#looks = 0;
  }

  #seal(): void {
    const index = this.#speculation.openIndex;
    const { term } = this.#speculation;
    assert(term === this.#raft.term && this.#raft.role === "leader", "only the led term is sealed");
    const proposed = this.#raft.propose(this.#speculation.seal());
    assert(proposed === index, "the proposed index is the predicted one");
    this.#looks = 0;
    this.#observer?.sealed(index, term);
  }
}
