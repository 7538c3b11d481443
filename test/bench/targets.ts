/** The servers that are measured: started by the bench itself on free loopback ports, ended by pid. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Target {
  readonly name: string;
  /** Port that takes writes; during an election, the next leader's. */
  port(): Promise<number>;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Ended with this process, however it ends, except by SIGKILL. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGTERM");
});

/** Three Redoubt nodes by the project's own launcher. */
export async function startRedoubt(
  settings: readonly string[] = [],
  name = "redoubt, 3 nodes",
): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), "redoubt-bench-"));
  const basePort = await freeRange(3);
  const child = start(
    process.execPath,
    [
      join(ROOT, "scripts/start.mjs"),
      ...["--dir", join(folder, "data"), "--base-port", String(basePort)],
      ...settings.flatMap((setting) => ["--set", setting]),
    ],
    "inherit",
  );
  const port = () => until("Redoubt serves", () => leaderOf(basePort));
  await port();
  return {
    name,
    port,
    stop: () => stop([child], folder),
  };
}

/** redis-server as a master with two replicas, every write synced to its append-only file. */
export async function startRedis(): Promise<Target | null> {
  if (!hasRedis()) return null;
  const folder = mkdtempSync(join(tmpdir(), "redis-bench-"));
  const basePort = await freeRange(3);
  const children: ChildProcess[] = [];
  for (let i = 0; i < 3; i++) {
    const dir = join(folder, String(i));
    mkdirSync(dir);
    const options = [
      ...["--port", String(basePort + i), "--bind", "127.0.0.1", "--dir", dir, "--save", ""],
      ...["--appendonly", "yes", "--appendfsync", "always"],
      // A rewrite that begins by itself would be in one figure and not in the next, and BGSAVE is refused meanwhile.
      ...["--auto-aof-rewrite-percentage", "0"],
      ...(i === 0 ? [] : ["--replicaof", "127.0.0.1", String(basePort)]),
    ];
    children.push(start("redis-server", options, "ignore"));
  }
  await until("redis-server has two replicas", () => {
    const info = ask(basePort, "INFO", "replication");
    const online = info.match(/state=online/g)?.length;
    return /connected_slaves:2/.test(info) && online === 2 ? true : null;
  });
  return {
    name: "redis, AOF always + 2 replicas",
    port: () => Promise.resolve(basePort),
    stop: () => stop(children, folder),
  };
}

/** One redis-server that keeps nothing on disk: its memory is its data. */
export async function startLoneRedis(): Promise<Target | null> {
  if (!hasRedis()) return null;
  const folder = mkdtempSync(join(tmpdir(), "redis-bench-"));
  const port = await freeRange(1);
  const options = [
    ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder],
    ...["--save", "", "--appendonly", "no"],
  ];
  const child = start("redis-server", options, "ignore");
  await until("redis-server answers", () => (isMaster(port) ? true : null));
  return { name: "redis", port: () => Promise.resolve(port), stop: () => stop([child], folder) };
}

function start(
  command: string,
  argv: readonly string[],
  stderr: "inherit" | "ignore",
): ChildProcess {
  const child = spawn(command, argv, { stdio: ["ignore", "ignore", stderr] });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

function hasRedis(): boolean {
  return existsSync("/usr/bin/redis-server");
}

function leaderOf(basePort: number): number | null {
  for (let port = basePort; port < basePort + 3; port++) {
    if (isMaster(port)) return port;
  }
  return null;
}

function isMaster(port: number): boolean {
  return /role:master/.test(ask(port, "INFO", "replication"));
}

/** The reply as redis-cli prints it; empty: none within two seconds. */
export function ask(port: number, ...argv: string[]): string {
  try {
    return execFileSync("redis-cli", ["-p", String(port), ...argv], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 2000,
    });
  } catch {
    // Not up yet: the caller asks again until its deadline.
    return "";
  }
}

/** The first answer that is not null. */
async function until<T>(what: string, question: () => T | null): Promise<T> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const answer = question();
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function stop(children: readonly ChildProcess[], folder: string): Promise<void> {
  for (const child of children) {
    if (child.exitCode !== null) continue;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
}

/** First of `count` consecutive ports that are free, with the peers' ports 10 000 above. */
async function freeRange(count: number): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const base = 20_000 + Math.floor(Math.random() * 20_000);
    const ports = Array.from({ length: count }, (_, i) => [base + i, base + i + 10_000]).flat();
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
  throw new Error("no free ports");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
