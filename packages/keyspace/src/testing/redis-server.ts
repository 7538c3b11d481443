/** A stock redis-server to compare with, where there is one. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const REDIS_SERVER = "/usr/bin/redis-server";

export const hasRedis = existsSync(REDIS_SERVER);
/** Title of what is tested with it. */
export const realRedis = hasRedis
  ? "a real redis-server"
  : "a real redis-server (skipped: no redis-server)";

/** A command of latin1 texts. */
export function words(...argv: string[]): Buffer[] {
  return argv.map((word) => Buffer.from(word, "latin1"));
}

/** End of the reply (RESP2) that begins at `at`; -1: it is not all there. */
function endOfReply(bytes: string, at: number): number {
  const lineEnd = bytes.indexOf("\r\n", at);
  if (lineEnd < 0) return -1;
  const count = Number(bytes.slice(at + 1, lineEnd));
  const type = bytes[at];
  let end = lineEnd + 2;
  if (type === "$") {
    end += count < 0 ? 0 : count + 2;
  } else if (type === "*") {
    for (let i = 0; i < count && end >= 0; i++) end = endOfReply(bytes, end);
  }
  return end > bytes.length ? -1 : end;
}

/** A redis-server on a socket of its own. */
export class RedisServer {
  readonly folder = mkdtempSync(join(tmpdir(), "keyspace-redis-"));
  private process: ChildProcess | undefined;
  private socket: Socket | undefined;
  private received = "";
  private waiting: { count: number; done: (replies: string[]) => void } | undefined;

  async start(...options: string[]): Promise<void> {
    const path = join(this.folder, "redis.sock");
    const flags = ["--port", "0", "--unixsocket", path, "--save", "", "--appendonly", "no"];
    const child = spawn(REDIS_SERVER, [...flags, "--enable-debug-command", "yes", ...options], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.process = child;
    await new Promise<void>((ready, failed) => {
      let log = "";
      child.once("exit", () => failed(new Error(`redis-server ended: ${log}`)));
      child.stdout.on("data", (chunk: Buffer) => {
        log += chunk.toString();
        if (log.includes("ready to accept connections at")) {
          ready();
        }
      });
    });
    this.socket = connect(path);
    this.socket.on("data", (chunk) => {
      this.received += chunk.toString("latin1");
      const { waiting } = this;
      if (waiting === undefined) return;
      const replies: string[] = [];
      for (let at = 0; replies.length < waiting.count; ) {
        const end = endOfReply(this.received, at);
        if (end < 0) return;
        replies.push(this.received.slice(at, end - 2));
        at = end;
      }
      this.received = "";
      waiting.done(replies);
    });
  }

  run(commands: Buffer[][]): Promise<string[]> {
    const parts = commands.flatMap((argv) => [
      Buffer.from(`*${argv.length}\r\n`),
      ...argv.flatMap((word) => [Buffer.from(`$${word.length}\r\n`), word, Buffer.from("\r\n")]),
    ]);
    return new Promise((done) => {
      this.waiting = { count: commands.length, done };
      this.socket!.write(Buffer.concat(parts));
    });
  }

  async stop(): Promise<void> {
    this.socket?.destroy();
    const child = this.process;
    if (child !== undefined && child.exitCode === null) {
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGKILL");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
