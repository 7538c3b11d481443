/** Runs the load generator (load-generator/main.c) once. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { builtProgram } from "./native-program.js";
import type { EncodedOperation } from "./requests.js";

export interface LoadPlan {
  /** Of loopback; connections are dealt to them by turns. */
  readonly ports: readonly number[];
  readonly connections: number;
  /** Operations a connection sends before it waits for their replies. */
  readonly pipeline: number;
  readonly warmupMs: number;
  readonly measuredMs: number;
  /** 1 to 2^32 - 1; the same numbers are drawn from the same seed. */
  readonly seed: number;
  readonly operations: readonly EncodedOperation[];
  /** Sent once on every connection. */
  readonly preamble?: EncodedOperation;
  /** Path of a method: operations are its messages. */
  readonly grpcPath?: string;
}

/** What the generator prints. Counts of what makes it void begin with the warm-up, all else behind it. */
export interface LoadFigures {
  readonly operations: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Microseconds from when an operation was sent to when its last reply was read. */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
  readonly errors: number;
  readonly nulls: number;
  readonly lostConnections: number;
  readonly firstError: string;
  /** Of the generator. */
  readonly cpuMs: number;
}

/** What was measured is no figure: something was refused, missing or lost, or nothing was answered. */
export class VoidLoad extends Error {
  override readonly name = "VoidLoad";
}

/** Milliseconds beyond its own time after which the generator is taken to hang. */
const PATIENCE_MS = 30_000;

/** `whenMeasuring` is called when the warm-up is over, and `whenMeasured` directly behind what is measured. */
export async function runLoad(
  plan: LoadPlan,
  whenMeasuring: () => void = () => {},
  whenMeasured: () => void = () => {},
): Promise<LoadFigures> {
  const child = spawn(builtProgram("load-generator"), argumentsOf(plan), {
    stdio: ["pipe", "pipe", "pipe"],
    timeout: plan.warmupMs + plan.measuredMs + PATIENCE_MS,
  });
  const endWithUs = (): void => void child.kill("SIGKILL");
  process.once("exit", endWithUs);
  try {
    // A generator that ends before it read everything says why by standard error.
    child.stdin.on("error", () => {});
    child.stdin.end(planBytes(plan));
    return await figuresOf(child, whenMeasuring, whenMeasured);
  } finally {
    process.off("exit", endWithUs);
  }
}

/** Throws VoidLoad when the figures are none. */
export function assertSound(figures: LoadFigures): void {
  const { operations, errors, nulls, lostConnections, firstError } = figures;
  if (errors > 0) throw new VoidLoad(`${errors} errors, the first: ${firstError}`);
  if (nulls > 0) throw new VoidLoad(`${nulls} nulls: what was asked for was not there`);
  if (lostConnections > 0) throw new VoidLoad(`${lostConnections} connections were lost`);
  if (operations === 0) throw new VoidLoad("nothing was answered");
}

async function figuresOf(
  child: ChildProcess,
  whenMeasuring: () => void,
  whenMeasured: () => void,
): Promise<LoadFigures> {
  let printed = "";
  let complaint = "";
  let lines = 0;
  child.stdout!.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    for (const character of text) {
      if (character !== "\n") continue;
      lines += 1;
      if (lines === 1) whenMeasuring();
      else whenMeasured();
    }
  });
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  const [code, signal] = await once(child, "close");
  if (code !== 0) throw new VoidLoad(complaint.trim() || `the load generator ended: ${signal}`);
  return JSON.parse(printed.split("\n")[1]!) as LoadFigures;
}

function argumentsOf(plan: LoadPlan): string[] {
  return [
    ...["--ports", plan.ports.join(), "--connections", String(plan.connections)],
    ...["--pipeline", String(plan.pipeline), "--seed", String(plan.seed)],
    ...["--warmup-ms", String(Math.round(plan.warmupMs))],
    ...["--measured-ms", String(Math.round(plan.measuredMs))],
    ...(plan.grpcPath === undefined ? [] : ["--grpc", plan.grpcPath]),
  ];
}

function planBytes({ preamble, operations }: LoadPlan): Buffer {
  const sections = operations.map((operation) => section("operation", operation));
  return Buffer.concat(
    preamble === undefined ? sections : [section("preamble", preamble), ...sections],
  );
}

function section(kind: string, { bytes, replies, weight, numbers }: EncodedOperation): Buffer {
  const head = `${kind} ${weight} ${replies} ${bytes.length} ${numbers.length}\n`;
  const lines = numbers.map(({ offset, range }) => `number ${offset} ${range}\n`);
  return Buffer.concat([Buffer.from(head + lines.join("")), bytes]);
}
