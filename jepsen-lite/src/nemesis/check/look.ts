/** Looking at a cluster from outside, and saying what was seen. */

import { LOOK_TIMEOUT_MS } from "../../cluster/constants.js";
import type { ProcessCluster } from "../../cluster/process-cluster.js";
import type { ProcessNode } from "../../cluster/process-node.js";
import { complaintOf } from "../../cluster/tool.js";
import { until } from "../../cluster/until.js";
import type { Random } from "../../random.js";
import { ErrorReply, RespClient } from "../../resp/resp-client.js";
import type { FaultInForce } from "../fault.js";
import { faults } from "../faults.js";

export interface Check {
  readonly name: string;
  /** What was seen; rejects when it is not what it should be. */
  act(cluster: ProcessCluster, random: Random): Promise<string>;
}

let failed = 0;

export function failures(): number {
  return failed;
}

export function say(verdict: "ok" | "NOT" | "", name: string, text: string): void {
  if (verdict === "NOT") failed += 1;
  process.stdout.write(`${verdict.padEnd(4)}${name.padEnd(28)} ${text}\n`);
}

export function must(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** Begins that fault, lets `look` see, takes it back, whatever was seen. */
export async function under(
  name: string,
  cluster: ProcessCluster,
  random: Random,
  look: (fault: FaultInForce) => Promise<string>,
): Promise<string> {
  const fault = faults.get(name);
  if (fault === undefined) throw new Error(`no fault ${name}`);
  const lack = fault.unavailable(cluster);
  if (lack !== null) throw new Error(lack);
  const inForce = await fault.begin(cluster, random);
  let seen: string;
  try {
    seen = await look(inForce);
  } catch (error) {
    await complaintOf(() => inForce.end());
    throw error;
  }
  await inForce.end();
  return `${inForce.text} | ${seen}`;
}

export async function leaderOf(cluster: ProcessCluster): Promise<ProcessNode> {
  let leader: ProcessNode | null = null;
  await until("somebody leads", async () => {
    leader = await cluster.leader();
    return leader === null ? "nobody" : null;
  });
  return leader!;
}

/** null: it answers PING; else why not. */
export function silence(node: ProcessNode): Promise<string | null> {
  return complaintOf(async () => {
    const reply = await node.ask("PING");
    if (reply !== "PONG") throw new Error(String(reply));
  });
}

/** Milliseconds from now until somebody else leads. */
export async function newLeaderAfterMs(cluster: ProcessCluster, old: ProcessNode): Promise<number> {
  const begunMs = performance.now();
  await until("somebody else leads", async () => {
    const leader = await cluster.leader();
    return leader === null || leader === old ? "not yet" : null;
  });
  return Math.round(performance.now() - begunMs);
}

/** Writes `prefix`0, 1... to that node, one after the other, for some time or until it fails. How many were acknowledged. */
export async function writeFor(node: ProcessNode, ms: number, prefix: string): Promise<number> {
  let acknowledged = 0;
  await complaintOf(async () => {
    const { host, port } = node;
    const client = await RespClient.connect({ host, port, timeoutMs: LOOK_TIMEOUT_MS });
    const endMs = performance.now() + ms;
    try {
      while (performance.now() < endMs) {
        const reply = await client.send("SET", `${prefix}${acknowledged}`, "x".repeat(100));
        if (reply instanceof ErrorReply) throw new Error(reply.text);
        acknowledged += 1;
      }
    } finally {
      client.close();
    }
  });
  return acknowledged;
}

/** How many of `prefix`0 to `prefix`count-1 are there. */
export async function countOf(node: ProcessNode, prefix: string, count: number): Promise<number> {
  const { host, port } = node;
  const client = await RespClient.connect({ host, port, timeoutMs: 10 * LOOK_TIMEOUT_MS });
  try {
    const commands = Array.from({ length: count }, (_, at) => ["EXISTS", `${prefix}${at}`]);
    const replies = await client.pipeline(commands);
    const error = replies.find((reply) => reply instanceof ErrorReply);
    if (error !== undefined) throw new Error((error as ErrorReply).text);
    return replies.filter((reply) => reply === 1).length;
  } finally {
    client.close();
  }
}
