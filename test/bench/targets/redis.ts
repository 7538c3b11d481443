/** redis-server of the system: a master with two replicas, or alone. */

import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freeRange } from "../../cluster/support/ports.js";
import { ask, isMaster, start, stop, until } from "./children.js";
import type { Target } from "./target.js";

/** When its append-only file is synced; none: there is no such file, and nothing on disk. */
export type AofSync = "always" | "everysec" | "none";

const BINARY = "/usr/bin/redis-server";
const SERVERS = 3;

/** Master and replicas alike sync that often. null: not installed. */
export async function startRedis(sync: AofSync = "always"): Promise<Target | null> {
  if (!existsSync(BINARY)) return null;
  const folder = mkdtempSync(join(tmpdir(), "redis-bench-"));
  const basePort = await freeRange(SERVERS);
  const children: ChildProcess[] = [];
  for (let i = 0; i < SERVERS; i++) {
    const dir = join(folder, String(i));
    mkdirSync(dir);
    const replica = i === 0 ? [] : ["--replicaof", "127.0.0.1", String(basePort)];
    children.push(
      start(BINARY, [...common(basePort + i, dir), ...aof(sync), ...replica], "ignore"),
    );
  }
  await until("redis-server has two replicas", () => {
    const info = ask(basePort, "INFO", "replication");
    const online = info.match(/state=online/g)?.length;
    return /connected_slaves:2/.test(info) && online === 2 ? true : null;
  });
  return served(`redis, AOF ${sync} + 2 replicas`, children, basePort, folder);
}

/** One redis-server that keeps nothing on disk: its memory is its data. */
export async function startLoneRedis(): Promise<Target | null> {
  if (!existsSync(BINARY)) return null;
  const folder = mkdtempSync(join(tmpdir(), "redis-bench-"));
  const port = await freeRange(1);
  const child = start(BINARY, [...common(port, folder), ...aof("none")], "ignore");
  await until("redis-server answers", () => (isMaster(port) ? true : null));
  return served("redis", [child], port, folder);
}

function common(port: number, dir: string): string[] {
  return ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--save", ""];
}

function aof(sync: AofSync): string[] {
  if (sync === "none") return ["--appendonly", "no"];
  return [
    ...["--appendonly", "yes", "--appendfsync", sync],
    // A rewrite that begins by itself would be in one figure and not in the next, and BGSAVE is refused meanwhile.
    ...["--auto-aof-rewrite-percentage", "0"],
  ];
}

/** Their ports follow on each other. */
function served(
  name: string,
  children: readonly ChildProcess[],
  basePort: number,
  folder: string,
): Target {
  const processes = children.map((child, i) => ({ pid: child.pid!, port: basePort + i }));
  return {
    name,
    port: () => Promise.resolve(basePort),
    processes: () => processes,
    stop: () => stop(children, folder),
  };
}
