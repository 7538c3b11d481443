/** A real redis-server as the reference, on a free loopback port. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./ports.js";
import { RawClient } from "./raw-client.js";
import { until } from "./until.js";

/** Whether `redis-server` or `redis-cli` can be run here. */
export function isInstalled(program: "redis-server" | "redis-cli"): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

export class RedisServer {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #directory: string;

  static async start(...options: string[]): Promise<RedisServer> {
    const [port] = await freePorts(1);
    const directory = mkdtempSync(join(tmpdir(), "redoubt-reference-"));
    const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory];
    const child = spawn("redis-server", [...args, ...options], { stdio: "ignore" });
    const server = new RedisServer(port!, child, directory);
    await until("redis-server answers", async () => {
      const client = await RawClient.connect(port!);
      const reply = await client.send("PING");
      await client.end();
      return reply === "PONG";
    });
    return server;
  }

  constructor(port: number, child: ChildProcess, directory: string) {
    this.port = port;
    this.#child = child;
    this.#directory = directory;
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await gone;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
