/**
 * What was handed to the log, what of it is durable, and the messages that promise durability: they leave when what
 * they promise is durable, and the core knows it (trap 03).
 */

import type { Message } from "@redoubt/raft";
import { assert } from "./assert.js";

/** Messages that wait for the sync of `sequence`. */
interface Promised {
  readonly sequence: number;
  readonly messages: readonly Message[];
}

export class SyncPromises {
  readonly #send: (message: Message) => void;
  /** Sequence of the newest Persist handed out, of the newest that is durable, and of the newest the core knows of. */
  #handed = 0;
  #durable = 0;
  #reported = 0;
  #promised: Promised[] = [];

  constructor(send: (message: Message) => void) {
    this.#send = send;
  }

  /** Something is durable that the core does not know of. */
  get hasNews(): boolean {
    return this.#reported < this.#durable;
  }

  /** Messages wait for a sync. */
  get isWaiting(): boolean {
    return this.#promised.length > 0;
  }

  handOut(sequence: number): void {
    assert(sequence === this.#handed + 1, "persists are handed out one by one");
    this.#handed = sequence;
  }

  persisted(sequence: number): void {
    assert(sequence > this.#durable && sequence <= this.#handed, "syncs complete in order");
    this.#durable = sequence;
  }

  /** The newest that is durable: the core is told now. */
  report(): number {
    this.#reported = this.#durable;
    return this.#reported;
  }

  /** Promise all that was handed out. */
  promise(messages: readonly Message[]): void {
    if (this.#reported >= this.#handed) for (const message of messages) this.#send(message);
    else this.#promised.push({ sequence: this.#handed, messages });
  }

  /** Sends what the core knows to be durable. False: there was nothing. */
  keep(): boolean {
    let kept = 0;
    for (; kept < this.#promised.length; kept++) {
      const { sequence, messages } = this.#promised[kept]!;
      if (sequence > this.#reported) break;
      for (const message of messages) this.#send(message);
    }
    if (kept > 0) this.#promised = this.#promised.slice(kept);
    return kept > 0;
  }
}
