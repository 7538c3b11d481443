import type { Raft } from "../src/index.js";

/** Time passes for a host that keeps up: what is due on the way is met when it is due, not late. */
export function tickLikeAHost(raft: Raft, fromMs: number, nowMs: number): void {
  let atMs = fromMs;
  while (raft.nextDeadlineMs() < nowMs) {
    const dueMs = Math.max(atMs, raft.nextDeadlineMs());
    if (dueMs === atMs && atMs !== fromMs) break;
    atMs = dueMs;
    raft.tick(atMs);
  }
  raft.tick(nowMs);
}
