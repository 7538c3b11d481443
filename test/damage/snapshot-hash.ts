/** A log's snapshot as one hash: what is said of it, and every byte. */

import { createHash } from "node:crypto";
import type { LevelLog } from "@redoubt/level-log";

/** Bytes read at a time. */
const READ_BYTES = 1024 * 1024;

/** "" without one. Throws LOG_DAMAGED when its bytes are not those described. */
export function snapshotHash({ snapshots }: LevelLog): string {
  const snapshot = snapshots.newest();
  if (snapshot === null) return "";
  const hash = createHash("sha256");
  hash.update(JSON.stringify(snapshot));
  const source = snapshots.open(snapshot);
  const block = Buffer.alloc(READ_BYTES);
  try {
    for (let bytes = source.read(block); bytes > 0; bytes = source.read(block)) {
      hash.update(block.subarray(0, bytes));
    }
  } finally {
    source.close();
  }
  return hash.digest("hex");
}
