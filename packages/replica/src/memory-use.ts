/** What a node's data costs, held against maxmemory. Buffers of clients are summed now and then, not each time. */

import type { Raft } from "@redoubt/raft";
import type { Audits } from "./audits.js";
import { MEMORY_SAMPLE_INTERVAL_MS } from "./constants.js";
import type { MemoryProbe } from "./ports.js";
import type { PubSub } from "./pub-sub.js";
import type { Session } from "./session.js";
import type { Speculation } from "./speculation.js";

export class MemoryUse {
  readonly #raft: Raft;
  readonly #speculation: Speculation;
  readonly #pubSub: PubSub;
  readonly #audits: Audits;
  readonly #outside: MemoryProbe;
  readonly #sessions: ReadonlyMap<number, Session>;
  #bufferBytes = 0;
  #sampledMs = Number.NEGATIVE_INFINITY;

  constructor(
    raft: Raft,
    speculation: Speculation,
    pubSub: PubSub,
    audits: Audits,
    outside: MemoryProbe,
    sessions: ReadonlyMap<number, Session>,
  ) {
    this.#raft = raft;
    this.#speculation = speculation;
    this.#pubSub = pubSub;
    this.#audits = audits;
    this.#outside = outside;
    this.#sessions = sessions;
  }

  /** Keyspace, undo, log in memory and buffers, in bytes (buffers as of the last sample). */
  usedBytes(nowMs: number): number {
    if (nowMs - this.#sampledMs >= MEMORY_SAMPLE_INTERVAL_MS) {
      this.#sampledMs = nowMs;
      this.#bufferBytes = this.#sumOfBuffers();
    }
    const { keyspace, journal, batch } = this.#speculation;
    return (
      keyspace.memoryBytes +
      journal.memoryBytes +
      this.#pubSub.memoryBytes +
      this.#pubSub.untoldBytes +
      batch.bytes +
      this.#audits.memoryBytes +
      this.#raft.memoryBytes +
      this.#bufferBytes
    );
  }

  #sumOfBuffers(): number {
    let bytes = this.#outside.outsideBytes();
    for (const session of this.#sessions.values()) {
      bytes += session.queuedBytes + session.waitingBytes + session.waiting.requestBytes;
      bytes += session.multi?.bytes ?? 0;
    }
    return bytes;
  }
}
