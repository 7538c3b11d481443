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

  constructor(target: NodeId, deadlineMs: number) {
    this.target = target;
    this.deadlineMs = deadlineMs;
  }
}
