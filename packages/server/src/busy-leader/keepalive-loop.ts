/**
 * What the keep-alive thread does every heartbeat interval: when the event loop leads and stands still, it
 * repeats the heartbeat of that term, so that followers do not elect another (docs/decisions: "A busy leader
 * stays leader"). The heartbeat carries no commit index and no round: it confirms no read and extends no lease.
 */

import type { LeaderView } from "./shared-state.js";

export interface KeepaliveLoopOptions {
  readonly heartbeatIntervalMs: number;
  /** How long it vouches for an event loop that stands still. */
  readonly busyLeaderMaxMs: number;
  readonly view: () => LeaderView | null;
  readonly send: (term: number) => void;
}

/** An event loop that turned this recently sends its own heartbeats. */
const STILL_INTERVALS = 2;

export class KeepaliveLoop {
  readonly #options: KeepaliveLoopOptions;
  /** Heartbeats sent since the thread began. */
  sent = 0;

  constructor(options: KeepaliveLoopOptions) {
    this.#options = options;
  }

  tick(): void {
    const { heartbeatIntervalMs, busyLeaderMaxMs, view, send } = this.#options;
    const seen = view();
    if (seen === null || seen.term === 0) return;
    if (seen.stillMs < STILL_INTERVALS * heartbeatIntervalMs) return;
    // Beyond it the event loop counts as dead: a leader that does nothing must lose its place (trap 39).
    if (seen.stillMs >= busyLeaderMaxMs) return;
    this.sent += 1;
    send(seen.term);
  }
}
