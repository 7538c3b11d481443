/** How nice the snapshot's thread is to the event loops. */

import { threadNiceness } from "./constants.js";

/**
 * Of a thread that begins with the niceness of its process. Never less: a thread that went before the event loop would
 * have what this is to prevent, and only root may do so (EACCES), which was the end of every snapshot.
 */
export function nicenessBeside(process: number): number {
  return Math.max(threadNiceness, process);
}
