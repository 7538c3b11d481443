/** npm start's script with a whole cluster: it serves, Ctrl-C stops all of it, and it comes back. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RespError } from "../support/resp-reader.js";
import { freeRange } from "./support/ports.js";
import { RawClient } from "./support/raw-client.js";
import { until } from "./support/until.js";

const script = fileURLToPath(new URL("../../scripts/start.mjs", import.meta.url));
const size = 5;

let directory: string;
let basePort: number;
let launcher: ChildProcess | null = null;
let output = "";

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "redoubt-start-"));
  basePort = await freeRange(size);
});
afterAll(async () => {
  const pids = nodePids();
  if (launcher !== null && launcher.exitCode === null) {
    const gone = once(launcher, "close");
    launcher.kill("SIGKILL");
    await gone;
  }
  // Nodes follow a launcher that is gone; a fault that keeps them must not outlive the test.
  for (const pid of pids) killIfThere(pid);
  rmSync(directory, { recursive: true, force: true });
});

async function start(args: readonly string[]): Promise<void> {
  output = "";
  const child = spawn(process.execPath, [script, "--dir", directory, ...args], { stdio: "pipe" });
  launcher = child;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  await until("the launcher says that it serves", () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${output}`);
    return output.includes("Redoubt serves.");
  });
}

/** Ctrl-C; the exit code. */
async function interrupt(): Promise<number | null> {
  const gone = once(launcher!, "close");
  launcher!.kill("SIGINT");
  const [code] = (await gone) as [number | null];
  return code;
}

/** Of those that have said theirs; a file may be there and not be written yet. */
function nodePids(): number[] {
  const paths = Array.from({ length: size }, (_, at) =>
    join(directory, `node-${at + 1}/redoubt.pid`),
  );
  return paths
    .filter(existsSync)
    .map((path) => Number(readFileSync(path, "utf8")))
    .filter((pid) => pid > 0);
}

/** It serves as soon as a majority has a leader: the slowest may not have written its pid yet. */
function everyNodeRuns(): Promise<unknown> {
  return until("every node runs", () => nodePids().length === size);
}

/** The port that the launcher names as the leader's. */
function leaderPort(): number {
  return Number(/127\.0\.0\.1:(\d+) +leader/.exec(output)?.[1]);
}

test("five nodes serve, stop at Ctrl-C, and have their data at the next start", async () => {
  await start([
    "--nodes",
    String(size),
    "--base-port",
    String(basePort),
    "--set",
    "maxmemory=64mb",
  ]);
  await everyNodeRuns();
  const ports = Array.from({ length: size }, (_, at) => basePort + at);
  for (const port of ports) expect(output).toContain(`127.0.0.1:${port}`);
  expect(await setAnywhere(ports, "kept", "1")).toBe("OK");

  const pids = nodePids();
  expect(await interrupt()).toBe(0);
  expect(output).toContain("Stopping ...");
  expect(pids.filter(isThere)).toEqual([]);
  expect(nodePids()).toEqual([]);

  // Without options: what the cluster is, its directory says.
  await start([]);
  await everyNodeRuns();
  expect(ports).toContain(leaderPort());
  const value = await until("the value is read", async () => {
    const client = await RawClient.connect(leaderPort());
    const reply = await client.send("GET", "kept");
    await client.end();
    return reply instanceof RespError ? null : reply;
  });
  expect(value).toBe("1");
  expect(await interrupt()).toBe(0);
});

/** Leadership may move at any time: asks until a node takes it. */
function setAnywhere(ports: readonly number[], key: string, value: string): Promise<string> {
  return until("a write is accepted", async () => {
    for (const port of ports) {
      const client = await RawClient.connect(port);
      const reply = await client.send("SET", key, value);
      await client.end();
      if (typeof reply === "string") return reply;
    }
    return null;
  });
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

function killIfThere(pid: number): void {
  if (isThere(pid)) process.kill(pid, "SIGKILL");
}
