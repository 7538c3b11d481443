/** How nice the snapshot's thread is to the event loops. */

import { threadNiceness, threadNicenessMax } from "./constants.js";

/**
 * Of a thread that begins with the niceness of its process: as much nicer as there is room for, so that it yields to the
 * event loop of a node that is itself nice. Never less nice than beside a process at 0: only root may go before others
 * (EACCES), which was the end of every snapshot.
 */
export function nicenessBeside(process: number): number {
  return Math.min(Math.max(process, 0) + threadNiceness, threadNicenessMax);
}
