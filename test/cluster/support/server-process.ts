/** One redoubt-server as a real process: started, signalled and looked at from outside. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeFlags } from "../../../packages/server/src/cli/node-flags.js";
import { RawClient } from "./raw-client.js";
import { until } from "./until.js";

const binary = fileURLToPath(
  new URL("../../../packages/server/bin/redoubt-server.js", import.meta.url),
);

/** What INFO's Raft section says. */
export interface RaftStatus {
  readonly role: string;
  readonly serving: boolean;
  readonly term: number;
  /** 0: unknown. */
  readonly leader: number;
  readonly commit: number;
  readonly applied: number;
  readonly appended: number;
}

export interface StateDigest {
  readonly index: number;
  readonly digest: string;
}

/** Milliseconds an INFO or a digest may take before the look is given up; a stopped process never answers. */
const lookTimeoutMs = 5_000;

export class ServerProcess {
  readonly id: number;
  readonly port: number;
  readonly peerPort: number;
  readonly directory: string;
  readonly #args: readonly string[];
  readonly #heapMegabytes: number;
  #child: ChildProcess | null = null;
  #stderr = "";

  constructor(
    id: number,
    port: number,
    peerPort: number,
    directory: string,
    args: readonly string[],
    heapMegabytes: number,
  ) {
    this.id = id;
    this.port = port;
    this.peerPort = peerPort;
    this.directory = directory;
    this.#args = args;
    this.#heapMegabytes = heapMegabytes;
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child !== null && child.exitCode === null && child.signalCode === null;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (!this.isRunning || pid === undefined) throw new Error(`node ${this.id} is not running`);
    return pid;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get logPath(): string {
    return join(this.directory, "redoubt.log");
  }

  /**
   * With a heap large enough the process does not start itself again: its pid is the server's. The ipc
   * channel ends it when this test process is gone, so that nothing is left behind.
   */
  start(extra: readonly string[] = []): void {
    if (this.isRunning) throw new Error(`node ${this.id} runs already`);
    mkdirSync(this.directory, { recursive: true });
    const args = [
      ...nodeFlags(this.#heapMegabytes),
      binary,
      ...["--node-id", String(this.id), "--port", String(this.port), "--bind", "127.0.0.1"],
      ...["--dir", join(this.directory, "data"), "--logfile", this.logPath],
      ...["--enable-debug-command", "yes"],
      ...this.#args,
      ...extra,
    ];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.#child = child;
  }

  /** Resolves when the process is gone; SIGSTOP when it is really stopped. */
  async signal(signal: "SIGKILL" | "SIGTERM" | "SIGINT" | "SIGSTOP" | "SIGCONT"): Promise<void> {
    const child = this.#child;
    if (child === null || !this.isRunning) return;
    const ends = signal !== "SIGSTOP" && signal !== "SIGCONT";
    const gone = ends ? once(child, "exit") : null;
    process.kill(this.pid, signal);
    if (signal === "SIGSTOP") await until(`node ${this.id} is stopped`, () => this.#isStopped());
    await gone;
  }

  /** Exit code of the last run; null while it runs or when a signal ended it. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null;
  }

  connect(): Promise<RawClient> {
    return RawClient.connect(this.port);
  }

  async withClient<T>(act: (client: RawClient) => Promise<T>): Promise<T> {
    const client = await this.connect();
    const timer = setTimeout(() => client.socket.destroy(), lookTimeoutMs);
    try {
      return await act(client);
    } finally {
      clearTimeout(timer);
      await client.end();
    }
  }

  info(section: string): Promise<ReadonlyMap<string, string>> {
    return this.withClient(async (client) => {
      const text = await client.text("INFO", section);
      const lines = text.split("\r\n").filter((line) => line.includes(":"));
      return new Map(
        lines.map((line) => {
          const colon = line.indexOf(":");
          return [line.slice(0, colon), line.slice(colon + 1)];
        }),
      );
    });
  }

  async raft(): Promise<RaftStatus> {
    const info = await this.info("raft");
    const number = (name: string): number => Number(info.get(`raft_${name}`));
    return {
      role: info.get("raft_role") ?? "",
      serving: number("serving") === 1,
      term: number("term"),
      leader: number("leader"),
      commit: number("commit"),
      applied: number("applied"),
      appended: number("appended"),
    };
  }

  digest(): Promise<StateDigest> {
    return this.withClient(async (client) => {
      const text = await client.text("DEBUG", "STATEDIGEST");
      const [index, digest] = text.split(" ");
      if (index === undefined || digest === undefined) throw new Error(`no digest: ${text}`);
      return { index: Number(index), digest };
    });
  }

  /** Log lines with at least this severity. */
  logLines(...levels: string[]): Record<string, unknown>[] {
    if (!existsSync(this.logPath)) return [];
    return readFileSync(this.logPath, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ level }) => levels.length === 0 || levels.includes(String(level)));
  }

  /** Resident bytes of the process. */
  rssBytes(): number {
    return Number.parseInt(look(this.pid, "VmRSS", "rss"), 10) * 1024;
  }

  #isStopped(): boolean {
    return look(this.pid, "State", "stat").startsWith("T");
  }
}

/** What the system says of a process: from /proc where there is one, else from `ps`. Sizes in KiB. */
function look(pid: number, procField: string, psField: string): string {
  const path = `/proc/${pid}/status`;
  if (existsSync(path)) {
    const line = readFileSync(path, "utf8")
      .split("\n")
      .find((each) => each.startsWith(`${procField}:`));
    return line?.slice(procField.length + 1).trim() ?? "";
  }
  return execFileSync("ps", ["-o", `${psField}=`, "-p", String(pid)], { encoding: "utf8" }).trim();
}
