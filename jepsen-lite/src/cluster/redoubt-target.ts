/** Redoubt: redoubt-server processes from the build output, one Raft group. */

import { join } from "node:path";
import { redoubtCliPath, redoubtServerPath } from "./capabilities.js";
import {
  LONG_TOOL_TIMEOUT_MS,
  REDOUBT_HEAP_MEGABYTES,
  REDOUBT_INITIAL_HEAP_MEGABYTES,
  REDOUBT_MAXMEMORY,
} from "./constants.js";
import type { ProcessNode } from "./process-node.js";
import {
  answersOf,
  answersUntil,
  isDecided,
  majorityOf,
  type NodeSettings,
  type TargetDescription,
} from "./target.js";
import { tool } from "./tool.js";
import { Hopeless } from "./until.js";

export function redoubtTarget(mode: "raft" | "wait" | "async", title: string): TargetDescription {
  return {
    name: `redoubt-${mode}`,
    title,
    software: "redoubt",
    acknowledges: mode === "wait" ? { wait: 1 } : null,
    followsMoved: true,
    growsAndShrinks: true,
    lacks: ({ redoubt }) => (redoubt === true ? null : redoubt),
    version: async () => (await redoubtCli(["--version"])).trim(),
    programs: (settings) => {
      const words = serverWords(settings, mode);
      return {
        server: (isBirth) => {
          const peers = ["--peers", peersSeenBy(settings, isBirth)];
          return [...words, ...peers, ...(isBirth ? ["--bootstrap", "yes"] : [])];
        },
        sentinel: null,
      };
    },
    leader: redoubtLeader,
    unborn: async () => null,
    missing: redoubtMissing,
    transfer: async (nodes, to) => {
      const { host, port } = (await redoubtLeader(nodes)) ?? to;
      await redoubtCli(["transfer", String(to.id), "-h", host, "-p", String(port)]);
    },
  };
}

/** The `redoubt` command. Rejects with ToolError when it ends with another code than 0. */
export function redoubtCli(args: readonly string[]): Promise<string> {
  return tool(process.execPath, [redoubtCliPath, ...args], { timeoutMs: LONG_TOOL_TIMEOUT_MS });
}

/** With a heap large enough the process does not start itself again: its pid is the server's. */
function serverWords(
  { id, place, directory, dataDirectory, settings, clusterName }: NodeSettings,
  mode: string,
): string[] {
  return [
    process.execPath,
    `--initial-heap-size=${REDOUBT_INITIAL_HEAP_MEGABYTES}`,
    `--max-old-space-size=${REDOUBT_HEAP_MEGABYTES}`,
    redoubtServerPath,
    ...["--node-id", String(id), "--cluster-id", clusterName, "--replication-mode", mode],
    ...["--bind", place.host, "--port", String(place.port), "--protected-mode", "no"],
    ...["--cluster-announce-ip", place.host, "--cluster-announce-port", String(place.port)],
    ...["--peer-bind", place.peerHost, "--peer-port", String(place.peerPort)],
    ...["--peer-insecure", "yes", "--maxmemory", REDOUBT_MAXMEMORY],
    ...["--dir", dataDirectory, "--logfile", join(directory, "redoubt.log")],
    ...["--enable-debug-command", "yes"],
    ...settings.filter((line) => !line.startsWith("sentinel ")).flatMap(optionWords),
  ];
}

function optionWords(line: string): string[] {
  const [name = "", ...values] = line.trim().split(/\s+/);
  return [`--${name}`, ...values];
}

/** The same for all at birth: it is the first entry of the log. Later each has a view of its own. */
function peersSeenBy({ id, place, members }: NodeSettings, isBirth: boolean): string {
  return members
    .map((member) => {
      const direct = `${member.place.peerHost}:${member.place.peerPort}`;
      const isDirect = isBirth || member.id === id;
      return `${member.id}@${isDirect ? direct : place.peerAddressOf(member.id)}`;
    })
    .join(" ");
}

interface RaftView {
  readonly isServing: boolean;
  readonly leader: number;
  readonly term: number;
  readonly commit: number;
  readonly applied: number;
  /** A change of membership is under way: joint, or somebody is still being filled. */
  readonly isChanging: boolean;
}

async function raftViewOf(node: ProcessNode): Promise<RaftView> {
  const info = await node.info("raft");
  const number = (name: string): number => Number(info.get(`raft_${name}`));
  return {
    isServing: number("serving") === 1,
    leader: number("leader"),
    term: number("term"),
    commit: number("commit"),
    applied: number("applied"),
    isChanging: number("joint") > 0 || number("learners") > 0,
  };
}

/**
 * Who is named by most of those that answer. In a partition the two sides may name two; then it is who serves in the
 * newest term.
 */
async function redoubtLeader(nodes: readonly ProcessNode[]): Promise<ProcessNode | null> {
  const namedBy = (views: readonly (RaftView | null)[]): (number | null)[] =>
    views.map((view) => view?.leader ?? null);
  const views = await answersUntil(nodes, raftViewOf, (some) => isDecided(namedBy(some)));
  const named = majorityOf(namedBy(views));
  // 0: most know of nobody.
  if (named !== null) return nodes.find(({ id }) => id === named) ?? null;
  let newest: { node: ProcessNode; term: number } | null = null;
  for (const [at, view] of views.entries()) {
    if (view?.isServing && view.term > (newest?.term ?? 0)) {
      newest = { node: nodes[at]!, term: view.term };
    }
  }
  return newest?.node ?? null;
}

async function redoubtMissing(nodes: readonly ProcessNode[]): Promise<string | null> {
  for (const node of nodes) {
    if (node.ending !== null) throw new Hopeless(`node ${node.id} ended by ${node.ending}`);
  }
  const leader = await redoubtLeader(nodes);
  if (leader === null) return "nobody leads";
  const leading = await raftViewOf(leader);
  if (!leading.isServing) return `node ${leader.id} does not serve yet`;
  if (leading.isChanging) return "a change of membership is under way";
  // Asked behind the leader: under load they are level with a moment ago.
  const views = await answersOf(nodes, raftViewOf);
  for (const [at, view] of views.entries()) {
    const { id } = nodes[at]!;
    if (view === null) return `node ${id} does not answer`;
    if (view.leader !== leader.id || view.term !== leading.term) {
      return `node ${id} does not follow node ${leader.id}`;
    }
    if (view.applied < leading.commit) {
      return `node ${id} has applied ${view.applied} of ${leading.commit}`;
    }
  }
  return null;
}
