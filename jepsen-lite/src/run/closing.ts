/**
 * What is asked when all faults are over: first until every node shows what was written last, then everything of every
 * node, then the digests. Here nothing may be missed by accident: whatever cannot be asked is tried again, and what
 * stays unanswered is written down as such.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster, ClusterNode } from "../cluster/cluster.js";
import { NO_REPLY } from "../history/error-semantics.js";
import { type ProcessRecorder, Recorder } from "../history/recorder.js";
import { ErrorReply, type Reply, RespClient } from "../resp/resp-client.js";
import type { Client } from "../workloads/client.js";
import { stringOf } from "../workloads/replies.js";
import type { FinalRead } from "../workloads/workload.js";
import {
  CLOSING_ATTEMPTS_MAX,
  DIGEST_ATTEMPTS_MAX,
  FINAL_READ_TIMEOUT_MS,
  FINAL_READS_PIPELINE,
  LEVEL_TIMEOUT_MS,
  LOOK_MS,
} from "./constants.js";
import type { Clients } from "./load.js";

/** Until `act` succeeds. Throws when it never does. */
export async function insist(
  what: string,
  client: Client,
  act: (client: Client) => Promise<boolean>,
): Promise<void> {
  for (let attempt = 0; attempt < CLOSING_ATTEMPTS_MAX; attempt++) {
    if (await act(client)) return;
  }
  throw new Error(`${what}: ${CLOSING_ATTEMPTS_MAX} attempts failed`);
}

/** Unrecorded. Commands through the leader, each until it is done. */
export async function prepare(
  commands: readonly (readonly string[])[],
  clients: Clients,
): Promise<void> {
  const client = clients.leading(new Recorder({ path: null }));
  for (const argv of commands) {
    await insist(argv.join(" "), client, async () => {
      const completion = await client.operate(
        { op: "prepare", key: null, value: null, isWrite: true },
        async (link) => {
          await link.write(...argv);
          return null;
        },
      );
      // An attempt whose answer was lost had made it.
      return completion.outcome === "ok" || completion.error.startsWith("BUSYGROUP");
    });
  }
  client.leave();
}

/**
 * Writes a mark through the leader and waits until every node shows it: then every node has what was written before.
 * The ids of those that do not.
 */
export async function level(cluster: Cluster, clients: Clients, mark: string): Promise<number[]> {
  await prepare([["SET", "jepsen-lite:mark", mark]], clients);
  const late = await Promise.all(
    cluster.nodes.map(async (node) => ((await shows(node, mark)) ? null : node.id)),
  );
  return late.filter((id) => id !== null);
}

async function shows(node: ClusterNode, mark: string): Promise<boolean> {
  const until = performance.now() + LEVEL_TIMEOUT_MS;
  while (performance.now() < until) {
    const reply = await withNode(node, (connection) =>
      connection.send("GET", "jepsen-lite:mark"),
    ).catch(() => null);
    if (reply === mark) return true;
    await sleep(LOOK_MS);
  }
  return false;
}

/** Of every node, recorded as `final-read`. */
export async function readEverything(
  cluster: Cluster,
  recorder: Recorder,
  reads: readonly FinalRead[],
): Promise<void> {
  for (const node of cluster.nodes) {
    const process = recorder.process();
    // A node that gave up once is not waited for again.
    let silence: string | null = null;
    for (let at = 0; at < reads.length; at += FINAL_READS_PIPELINE) {
      silence = await readSome(node, process, reads.slice(at, at + FINAL_READS_PIPELINE), silence);
    }
  }
}

/** null, or why the node does not answer. */
async function readSome(
  node: ClusterNode,
  process: ProcessRecorder,
  reads: readonly FinalRead[],
  silence: string | null,
): Promise<string | null> {
  const commands = reads.flatMap((read) => read.commands);
  const replies = silence ?? (await patiently(node, (connection) => connection.pipeline(commands)));
  let at = 0;
  for (const read of reads) {
    process.invoke({ op: "final-read", key: read.key, value: null, node: node.id });
    if (typeof replies === "string") {
      process.failed("fail", replies);
      continue;
    }
    const own = replies.slice(at, at + read.commands.length);
    at += read.commands.length;
    const error = own.find((reply) => reply instanceof ErrorReply);
    if (error === undefined) process.ok(read.value(own));
    else process.failed("fail", error.text);
  }
  return typeof replies === "string" ? replies : null;
}

/** All nodes until all say the same index; recorded as `digest`. */
export async function compareDigests(cluster: Cluster, recorder: Recorder): Promise<void> {
  const processes = cluster.nodes.map(() => recorder.process());
  for (let attempt = 1; attempt <= DIGEST_ATTEMPTS_MAX; attempt++) {
    const digests = await Promise.all(cluster.nodes.map(digestOf));
    const indexes = new Set(digests.map((digest) => (isDigest(digest) ? digest.index : digest)));
    const isLast = attempt === DIGEST_ATTEMPTS_MAX;
    if (indexes.size > 1 && !isLast) {
      await sleep(LOOK_MS);
      continue;
    }
    cluster.nodes.forEach(({ id }, at) => {
      const digest = digests[at]!;
      const process = processes[at]!;
      process.invoke({ op: "digest", key: null, value: null, node: id });
      if (isDigest(digest)) process.ok({ index: digest.index, digest: digest.digest });
      else process.failed("fail", digest);
    });
    return;
  }
}

interface Digest {
  readonly index: number;
  readonly digest: string;
}

function isDigest(value: Digest | string): value is Digest {
  return typeof value !== "string";
}

/** Or why there is none. */
async function digestOf(node: ClusterNode): Promise<Digest | string> {
  const reply = await patiently(node, (connection) => connection.send("DEBUG", "STATEDIGEST"));
  if (reply instanceof ErrorReply) return reply.text;
  if (typeof reply === "string" && reply.startsWith(NO_REPLY)) return reply;
  const [index, digest] = stringOf(reply).split(" ");
  if (digest === undefined) return `no digest: ${stringOf(reply)}`;
  return { index: Number(index), digest };
}

/** Tries again for a while, on a new connection each time. A text: why it never succeeded. */
async function patiently<T extends Reply | Reply[]>(
  node: ClusterNode,
  ask: (connection: RespClient) => Promise<T>,
): Promise<T | string> {
  const until = performance.now() + LEVEL_TIMEOUT_MS;
  for (;;) {
    try {
      return await withNode(node, ask);
    } catch (error) {
      if (performance.now() >= until) return `${NO_REPLY} ${(error as Error).message}`;
    }
    await sleep(LOOK_MS);
  }
}

async function withNode<T>(
  { host, port }: ClusterNode,
  ask: (connection: RespClient) => Promise<T>,
): Promise<T> {
  const connection = await RespClient.connect({ host, port, timeoutMs: FINAL_READ_TIMEOUT_MS });
  try {
    // A server without cluster mode knows it not, and answers reads anyway.
    await connection.send("READONLY");
    return await ask(connection);
  } finally {
    connection.close();
  }
}
