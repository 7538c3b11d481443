/**
 * maxmemory-clients: while the buffers of all clients together are over it, the client with the largest is closed
 * (Redis: server.c, evictClients). It bounds what no limit of a single client can: many that each stay below.
 *
 * Differs from Redis: only buffers count, not what an idle connection costs, so that no limit closes idle clients;
 * and it is looked at now and then, not at every change.
 */

import type { Connection } from "./connection.js";
import { evictionLookMs } from "./constants.js";

export class ClientEvictions {
  readonly #connections: ReadonlySet<Connection>;
  /** Bytes; 0: no limit. */
  readonly #limitBytes: () => number;
  /** Closes it soon. */
  readonly #evict: (connection: Connection) => void;
  #nextLookMs = 0;

  constructor(
    connections: ReadonlySet<Connection>,
    limitBytes: () => number,
    evict: (connection: Connection) => void,
  ) {
    this.#connections = connections;
    this.#limitBytes = limitBytes;
    this.#evict = evict;
  }

  /** After a turn. Without a limit, and between two looks, it costs nothing. */
  look(nowMs: number): void {
    const limitBytes = this.#limitBytes();
    if (limitBytes === 0 || nowMs < this.#nextLookMs) return;
    this.#nextLookMs = nowMs + evictionLookMs;
    let total = 0;
    for (const connection of this.#connections) total += connection.bufferBytes;
    if (total > limitBytes) this.#evictLargest(total - limitBytes);
  }

  /** Those with CLIENT NO-EVICT count, and stay. */
  #evictLargest(tooManyBytes: number): void {
    const candidates = [...this.#connections]
      .filter((connection) => !connection.noEvict && !connection.killed)
      .map((connection) => ({ connection, bytes: connection.bufferBytes }))
      .sort((a, b) => b.bytes - a.bytes);
    let left = tooManyBytes;
    for (const { connection, bytes } of candidates) {
      if (left <= 0 || bytes === 0) return;
      this.#evict(connection);
      left -= bytes;
    }
  }
}
