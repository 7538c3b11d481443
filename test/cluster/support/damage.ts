/** Damage at rest, as a bad disk does it. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Flips a bit in the middle of the largest file of a stopped node's store: not a torn end. */
export function damage(log: string): void {
  const store = join(log, "store");
  const files = readdirSync(store)
    .filter((name) => /\.(log|ldb)$/.test(name))
    .map((name) => join(store, name))
    .map((path) => ({ path, bytes: readFileSync(path) }))
    .toSorted((a, b) => b.bytes.length - a.bytes.length);
  const { path, bytes } = files[0]!;
  const at = Math.floor(bytes.length / 2);
  bytes[at] = bytes[at]! ^ 0x10;
  writeFileSync(path, bytes);
}
