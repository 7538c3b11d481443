/**
 * A node made of processes: the server that clients speak to, and beside it a sentinel where the target has them. Faults
 * strike the server; only the loss of power, which befalls a machine, takes both.
 *
 *   start -> runs -> stop | ends by itself -> start ...       pause/resume while it runs
 */

import { mkdirSync } from "node:fs";
import { type Reply, RespClient } from "../resp/resp-client.js";
import { Child } from "./child.js";
import type { ClusterNode } from "./cluster.js";
import { LOOK_TIMEOUT_MS, TERMINATION_TIMEOUT_MS } from "./constants.js";
import type { NodeDisk } from "./node-disk.js";
import type { Place } from "./place.js";
import { type ClockControl, type DiskControl, shimEnvironment } from "./shim-controls.js";
import { pause } from "./until.js";

/** Command lines; the place's prefix is put before them. */
export interface NodePrograms {
  /** `isBirth`: the first start of its life, in an empty directory. */
  server(isBirth: boolean): readonly string[];
  /** null: there is none. */
  readonly sentinel: readonly string[] | null;
}

export interface NodeParts {
  readonly id: number;
  readonly place: Place;
  /** All its files; its data are on `disk`, which is mounted below. */
  readonly directory: string;
  readonly disk: NodeDisk;
  readonly clock: ClockControl | null;
  readonly diskControl: DiskControl | null;
  readonly programs: NodePrograms;
}

export class ProcessNode implements ClusterNode {
  readonly id: number;
  readonly place: Place;
  readonly directory: string;
  readonly disk: NodeDisk;
  /** null: it was started without. */
  readonly clock: ClockControl | null;
  readonly diskControl: DiskControl | null;
  /** Name of the fault that stops, starts or damages it; two of these at once would undo each other. */
  claimedBy: string | null = null;
  readonly #programs: NodePrograms;
  #server: Child | null = null;
  #sentinel: Child | null = null;
  #isPaused = false;

  constructor(parts: NodeParts) {
    this.id = parts.id;
    this.place = parts.place;
    this.directory = parts.directory;
    this.disk = parts.disk;
    this.clock = parts.clock;
    this.diskControl = parts.diskControl;
    this.#programs = parts.programs;
    mkdirSync(parts.directory, { recursive: true });
  }

  get host(): string {
    return this.place.host;
  }

  get port(): number {
    return this.place.port;
  }

  get pid(): number | null {
    return this.#server?.ending === null ? this.#server.pid : null;
  }

  get isRunning(): boolean {
    return this.pid !== null;
  }

  get isPaused(): boolean {
    return this.isRunning && this.#isPaused;
  }

  /** How the last run of the server ended, in words; null: it runs, or was never started. */
  get ending(): string | null {
    const server = this.#server;
    if (server?.ending == null) return null;
    const { code, signal } = server.ending;
    const how = signal ?? `exit code ${code}`;
    return server.complaint === "" ? how : `${how}: ${server.complaint.trim()}`;
  }

  /** Server and sentinel, those of them that do not run. At birth a sentinel comes later: `startSentinel`. */
  async start({ isBirth = false } = {}): Promise<void> {
    if (!isBirth) await this.startSentinel();
    if (this.isRunning) return;
    const controls = [this.clock, this.diskControl].filter((each) => each !== null);
    this.#isPaused = false;
    this.#server = await Child.start({
      words: [...this.place.prefix, ...this.#programs.server(isBirth)],
      environment: shimEnvironment(controls),
    });
  }

  /** Nothing happens when it runs, or there is none. */
  async startSentinel(): Promise<void> {
    const { sentinel } = this.#programs;
    if (sentinel === null || this.#sentinel?.ending === null) return;
    const words = [...this.place.prefix, ...sentinel];
    this.#sentinel = await Child.start({ words, environment: {} });
  }

  async stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const server = this.#server;
    if (server === null || server.ending !== null) return;
    server.signal(signal);
    if (signal === "SIGTERM") {
      // A stopped process gets it when it goes on.
      this.resume();
      await Promise.race([server.gone, pause(TERMINATION_TIMEOUT_MS)]);
      server.signal("SIGKILL");
    }
    await server.gone;
  }

  pause(): void {
    this.#server?.signal("SIGSTOP");
    this.#isPaused = true;
  }

  resume(): void {
    this.#server?.signal("SIGCONT");
    this.#isPaused = false;
  }

  /** Server and sentinel stand still at once, and say nothing any more. */
  freeze(): void {
    this.#server?.signal("SIGSTOP");
    this.#sentinel?.signal("SIGSTOP");
  }

  /** Server and sentinel. */
  async stopAll(): Promise<void> {
    const children = [this.#server, this.#sentinel].filter((child) => child !== null);
    for (const child of children) child.signal("SIGKILL");
    await Promise.all(children.map((child) => child.gone));
  }

  /** Resolves when its server has ended by itself; rejects when that takes too long. */
  async ended(timeoutMs: number): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    const timedOut = pause(timeoutMs).then(() => server.ending === null);
    if (await Promise.race([server.gone.then(() => false), timedOut])) {
      throw new Error(`node ${this.id} still runs`);
    }
  }

  /** What its server says; rejects when it does not in time. */
  ask(...argv: readonly string[]): Promise<Reply> {
    return askAt(this.host, this.port, argv);
  }

  askSentinel(...argv: readonly string[]): Promise<Reply> {
    return askAt(this.host, this.place.sentinelPort, argv);
  }

  /** A section of INFO by field. */
  async info(section: string): Promise<ReadonlyMap<string, string>> {
    const reply = await this.ask("INFO", section);
    if (typeof reply !== "string") throw new Error(`node ${this.id}: no INFO`);
    const fields = new Map<string, string>();
    for (const line of reply.split("\r\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
    }
    return fields;
  }
}

async function askAt(host: string, port: number, argv: readonly string[]): Promise<Reply> {
  const client = await RespClient.connect({ host, port, timeoutMs: LOOK_TIMEOUT_MS });
  try {
    return await client.send(...argv);
  } finally {
    client.close();
  }
}
