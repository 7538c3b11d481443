/** The way of a command in and out, without its execution: in one thread, and with I/O threads beside it. */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { LoadPlan } from "../load-generator.js";
import { encodeCommands, NUMBER } from "../requests.js";
import type { FrontProcess } from "./front-process.js";
import { runTimedLoad } from "./timed-load.js";

export interface Load {
  readonly name: string;
  readonly connections: number;
  readonly pipeline: number;
  readonly command: readonly string[];
}

const SET = ["SET", `key:${NUMBER}`, "v".repeat(64)];
const GET = ["GET", `key:${NUMBER}`];

export const LOADS: readonly Load[] = [
  { name: "SET, 1 connection", connections: 1, pipeline: 1, command: SET },
  { name: "SET, 50 connections", connections: 50, pipeline: 1, command: SET },
  { name: "SET, 200 connections", connections: 200, pipeline: 1, command: SET },
  { name: "SET, 50 connections, pipeline 16", connections: 50, pipeline: 16, command: SET },
  { name: "GET, 50 connections", connections: 50, pipeline: 1, command: GET },
];

/** Range of the random keys. */
const KEYS = 100_000;

export function planOf(load: Load, ports: readonly number[], seconds: number): LoadPlan {
  const { connections, pipeline, command } = load;
  return {
    ports,
    connections,
    pipeline,
    warmupMs: 500,
    measuredMs: seconds * 1000,
    seed: 7,
    operations: [encodeCommands([command], KEYS)],
  };
}

/** Microseconds of processor time a command. */
export interface FrontFigures {
  readonly perSecond: number;
  readonly p50Us: number;
  /** Of the thread that executes. */
  readonly main: number;
  /** Of the I/O threads. */
  readonly io: number;
  /** Of the engine's own threads. */
  readonly others: number;
}

/** `ioThreads`: beside the one that executes; 0: that one reads its sockets itself. */
export async function measureFront(
  ioThreads: number,
  load: Load,
  seconds: number,
): Promise<FrontFigures> {
  const path = fileURLToPath(new URL("./front-process.ts", import.meta.url));
  const child = fork(path, [String(ioThreads)]);
  const endWithUs = (): void => void child.kill();
  process.once("exit", endWithUs);
  try {
    return await measured(child, load, seconds);
  } finally {
    process.off("exit", endWithUs);
    child.disconnect();
    await once(child, "exit");
  }
}

async function measured(child: ChildProcess, load: Load, seconds: number): Promise<FrontFigures> {
  const [{ ports, thread, ioThreads }] = (await once(child, "message")) as [FrontProcess];
  const { figures, ofThread, ofAll } = await runTimedLoad(child.pid!, planOf(load, ports, seconds));
  const main = ofThread(thread);
  const io = ioThreads.reduce((sum, each) => sum + ofThread(each), 0);
  const { perSecond, p50Us } = figures;
  return { perSecond, p50Us, main, io, others: ofAll - main - io };
}
