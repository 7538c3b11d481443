/** Damage at rest, as a bad disk does it. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { usedBytes } from "../../damage/damages.js";

/** Flips a bit in the middle of what is used of the largest file of a stopped node's store: not a torn end. */
export function damage(log: string): void {
  const store = join(log, "store");
  const [largest] = readdirSync(store)
    .filter((name) => /\.(log|ldb)$/.test(name))
    .map((name) => join(store, name))
    .map((path) => ({ path, used: usedBytes(path) }))
    .toSorted((a, b) => b.used - a.used);
  const { path, used } = largest!;
  const bytes = readFileSync(path);
  const at = Math.floor(used / 2);
  bytes[at] = bytes[at]! ^ 0x10;
  writeFileSync(path, bytes);
}
