/**
 * Leadership on its way to another node (Ongaro's thesis, 3.10): proposals stop, the target is brought level,
 * TimeoutNow is sent, and after one election timeout it is given up (trap 13). Lives in one term.
 */
import type { NodeId } from "./types.js";

export class Transfer {
  readonly target: NodeId;
  readonly deadlineMs: number;
  /** TimeoutNow is due: again after each heartbeat interval, since it may be lost. */
  due = true;
  /**
   * The own disk stands still: leadership goes although what was proposed is not durable here. Else it stays
   * until everything is, so that the leader can tell its clients how each of their writes ended.
   */
  readonly leavesUnsynced: boolean;

  constructor(target: NodeId, deadlineMs: number, leavesUnsynced: boolean) {
    this.target = target;
    this.deadlineMs = deadlineMs;
    this.leavesUnsynced = leavesUnsynced;
  }
}
