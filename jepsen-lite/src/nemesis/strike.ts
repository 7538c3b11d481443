/** Whom a fault strikes. */

import type { ProcessCluster } from "../cluster/process-cluster.js";
import type { ProcessNode } from "../cluster/process-node.js";
import type { Random } from "../random.js";

export type Whom = "leader" | "one" | "minority" | "majority" | "all";

/** Nothing is wrong: there is nobody to strike just now, because of another fault or what it left behind. */
export class NotNow extends Error {
  override readonly name = "NotNow";
}

/** So many of `count` nodes. */
export function sizeOf(whom: Whom, count: number): number {
  if (whom === "all") return count;
  if (whom === "majority") return Math.floor(count / 2) + 1;
  // Of two nodes there is no minority; one is what comes nearest.
  return whom === "minority" ? Math.max(1, Math.floor((count - 1) / 2)) : 1;
}

/** Of all members, whatever else befalls them. Throws NotNow when the leader is wanted and nobody leads. */
export async function drawAny(
  cluster: ProcessCluster,
  whom: Whom,
  random: Random,
): Promise<ProcessNode[]> {
  return draw(cluster, whom, random, cluster.nodes);
}

/**
 * Of those that run and no other fault stops, starts or damages. They are this fault's until `release`. Throws NotNow
 * when there are too few of them.
 */
export async function claim(
  cluster: ProcessCluster,
  whom: Whom,
  random: Random,
  fault: string,
): Promise<ProcessNode[]> {
  const isFree = ({ claimedBy, isRunning }: ProcessNode): boolean =>
    claimedBy === null && isRunning;
  const struck = await draw(cluster, whom, random, cluster.nodes.filter(isFree));
  // Finding the leader took time: another fault may have been quicker.
  if (!struck.every(isFree)) throw new NotNow("another fault was quicker");
  for (const node of struck) node.claimedBy = fault;
  return struck;
}

export function release(nodes: readonly ProcessNode[]): void {
  for (const node of nodes) node.claimedBy = null;
}

/** `node 2 (leader), node 3`. */
export async function named(
  cluster: ProcessCluster,
  nodes: readonly ProcessNode[],
): Promise<string> {
  const leader = await cluster.leader();
  return namedWith(nodes, leader);
}

export function namedWith(nodes: readonly ProcessNode[], leader: ProcessNode | null): string {
  const ordered = nodes.toSorted((a, b) => a.id - b.id);
  return ordered.map((node) => `node ${node.id}${node === leader ? " (leader)" : ""}`).join(", ");
}

async function draw(
  cluster: ProcessCluster,
  whom: Whom,
  random: Random,
  candidates: readonly ProcessNode[],
): Promise<ProcessNode[]> {
  if (whom === "leader") {
    const leader = await cluster.leader();
    if (leader === null || !candidates.includes(leader)) throw new NotNow("no leader to strike");
    return [leader];
  }
  const size = sizeOf(whom, cluster.nodes.length);
  if (candidates.length < size) throw new NotNow(`fewer than ${size} nodes to strike`);
  return random.sample(candidates, size);
}
