/** A real redis-server on a unix socket, as the reference: started, asked in pipelines, stopped by its pid. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "./encode.js";
import { RedisConnection } from "./redis-connection.js";
import { readFrame } from "./resp-value.js";

const SOCKET_NAME = "redis.sock";

/** E.g. "7.0.15"; null where it is not installed. */
export function redisVersion(): string | null {
  try {
    const text = execFileSync("redis-server", ["--version"], { encoding: "utf8" });
    return /v=(\S+)/.exec(text)?.[1] ?? null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

export class RedisServer {
  readonly #directory: string;
  readonly #process: ChildProcess;
  readonly #socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #offset = 0;
  #wake: (() => void) | null = null;
  #failure: Error | null = null;

  private constructor(directory: string, process: ChildProcess, socket: Socket) {
    this.#directory = directory;
    this.#process = process;
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#received = Buffer.concat([this.#received.subarray(this.#offset), chunk]);
      this.#offset = 0;
      this.#wake?.();
    });
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("redis-server closed the connection")));
  }

  static async start(...options: string[]): Promise<RedisServer> {
    const directory = mkdtempSync(join(tmpdir(), "redoubt-conformance-"));
    const path = join(directory, SOCKET_NAME);
    const local = ["--port", "0", "--bind", "127.0.0.1", "--unixsocket", path];
    // A generated command may ask for a reply without an end: then the test fails, and not the machine.
    const bounded = ["--client-output-buffer-limit", "normal", "256mb", "0", "0"];
    const base = [...local, "--save", "", "--dir", directory, ...bounded];
    const child = spawn("redis-server", [...base, "--enable-debug-command", "yes", ...options], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise<void>((resolve, reject) => {
      let log = "";
      child.stdout.on("data", (chunk: Buffer) => {
        log += chunk.toString();
        if (/ready to accept connections/i.test(log)) resolve();
      });
      child.on("error", reject);
      child.on("exit", () => reject(new Error(`redis-server did not start:\n${log}`)));
    });
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new RedisServer(directory, child, socket);
  }

  /** A cluster of one that serves all slots. */
  static async startCluster(): Promise<RedisServer> {
    // The bus is never used, but Redis insists on a port for it.
    const bus = String(await freePort());
    const redis = await RedisServer.start("--cluster-enabled", "yes", "--cluster-port", bus);
    await redis.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    let info = "";
    while (!info.includes("cluster_state:ok")) {
      info = (await redis.call("CLUSTER", "INFO")).toString("latin1");
    }
    return redis;
  }

  /** One pipeline; the raw bytes of each reply. */
  async pipeline(commands: readonly (readonly (Buffer | string)[])[]): Promise<Buffer[]> {
    this.#socket.write(Buffer.concat(commands.map(encode) as Uint8Array[]));
    const replies: Buffer[] = [];
    while (replies.length < commands.length) replies.push(await this.#nextReply());
    return replies;
  }

  async call(...argv: string[]): Promise<Buffer> {
    const [reply] = await this.pipeline([argv]);
    return reply!;
  }

  /** Another connection. */
  connect(): Promise<RedisConnection> {
    return RedisConnection.open(join(this.#directory, SOCKET_NAME));
  }

  async stop(): Promise<void> {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
    const gone = new Promise<void>((resolve) => this.#process.once("exit", () => resolve()));
    this.#process.kill("SIGKILL");
    await gone;
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #nextReply(): Promise<Buffer> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const frame =
        this.#offset < this.#received.length ? readFrame(this.#received, this.#offset) : null;
      if (frame !== null) {
        const reply = this.#received.subarray(this.#offset, frame.end);
        this.#offset = frame.end;
        return reply;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#wake?.();
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
