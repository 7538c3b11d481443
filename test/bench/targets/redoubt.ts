/** Three Redoubt nodes by the project's own launcher. */

import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freeRange } from "../../cluster/support/ports.js";
import { isMaster, start, stop, until } from "./children.js";
import type { Target } from "./target.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const NODES = 3;

/**
 * Snapshots only when they are asked for: `save` and the log begin none. One takes a core for seconds, so that one that
 * begins by itself would be in one figure and not in the next, as Redis's rewrites would (redis.ts).
 */
export const NO_SNAPSHOTS = ["save=", "log-snapshot-bytes=0", "log-snapshot-entries=0"];

/** `settings` are lines of the conf, as `name=value`. */
export async function startRedoubt(
  settings: readonly string[] = [],
  name = "redoubt, 3 nodes",
): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), "redoubt-bench-"));
  const data = join(folder, "data");
  const basePort = await freeRange(NODES);
  const child = start(
    process.execPath,
    [
      join(ROOT, "scripts/start.mjs"),
      ...["--dir", data, "--base-port", String(basePort)],
      ...settings.flatMap((setting) => ["--set", setting]),
    ],
    "inherit",
  );
  const ports = Array.from({ length: NODES }, (_, i) => basePort + i);
  const port = () => until("Redoubt serves", () => ports.find(isMaster) ?? null);
  await port();
  const processes = ports.map((each, i) => ({
    pid: Number(readFileSync(join(data, `node-${i + 1}`, "redoubt.pid"), "utf8")),
    port: each,
  }));
  return { name, port, processes: () => processes, stop: () => stop([child], folder) };
}
