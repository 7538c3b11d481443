/**
 * A log that opens whole and is not this node's newest: a directory that was restored from a backup. Nothing in
 * it shows that. A leader finds it, since what this node had acknowledged is not there; the node stops, and must
 * not come back as the voter it was: it has forgotten votes and acknowledgements (design, "Quarantine").
 *
 * So a mark is left before it stops. It lies inside the log, and is set aside together with it.
 */

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Code of the core's error. */
export const LOG_ROLLED_BACK = "LOG_ROLLED_BACK";

const MARK = "rolled-back";

/** Synchronous: the process is about to end. Null, or why there is no mark: the leader will find the same again. */
export function markRolledBack(directory: string, error: Error): unknown {
  try {
    writeFileSync(join(directory, "log", MARK), `${error.message}\n`, { flush: true });
    return null;
  } catch (cause) {
    return cause;
  }
}

export function isRolledBack(directory: string): boolean {
  return existsSync(join(directory, "log", MARK));
}
