/**
 * What a node keeps in memory stays under limits that the packages name, and goes when its reason is gone:
 * with nothing in flight there is no undo and no hazard, and the log in memory is the recent window.
 */

import type { ReplicaStatus } from "@redoubt/replica";
import { BATCH_BYTES_MAX, ENTRY_BYTES_MAX, IN_FLIGHT_UNDO_BYTES_MAX } from "@redoubt/replica";
import type { SimulatedNode } from "../world/node.js";
import type { Report } from "./violation.js";

const MIB = 1024 * 1024;
/** Entries kept though nobody asks for them (packages/raft/src/constants.ts, recentEntriesBytesMax). */
const RECENT_LOG_BYTES_MAX = 4 * MIB;
/** Entries kept for peers that lack them (pinnedEntriesBytesMax). */
const PINNED_LOG_BYTES_MAX = 32 * MIB;

export class BoundedMemory {
  readonly #report: Report;
  readonly #sessionsMax: () => number;
  looks = 0;

  constructor(report: Report, sessionsMax: () => number) {
    this.#report = report;
    this.#sessionsMax = sessionsMax;
  }

  looked(node: SimulatedNode, status: ReplicaStatus): void {
    this.looks += 1;
    const { memory, counters, applied, executed, appended, flushed, peers } = status;
    this.#below(node, "undo", memory.undoBytes, IN_FLIGHT_UNDO_BYTES_MAX + ENTRY_BYTES_MAX);
    this.#below(node, "log", memory.logBytes, PINNED_LOG_BYTES_MAX + 2 * ENTRY_BYTES_MAX);
    if (executed === applied) {
      this.#below(node, "undo at rest", memory.undoBytes, 0);
      this.#below(node, "hazards at rest", counters.hazards, 0);
    }
    const level = peers.every((peer) => peer.state === "replicate" && peer.match === appended);
    if (level && applied === appended && flushed === appended) {
      this.#below(node, "log at rest", memory.logBytes, RECENT_LOG_BYTES_MAX + 2 * BATCH_BYTES_MAX);
    }
    this.#below(node, "sessions", counters.sessions, this.#sessionsMax());
    this.#below(node, "parked sessions", counters.parkedSessions, counters.sessions);
  }

  #below(node: SimulatedNode, what: string, value: number, max: number): void {
    if (value <= max) return;
    this.#report("bounded memory", `${what} on node ${node.id}: ${value} of at most ${max}`);
  }
}
