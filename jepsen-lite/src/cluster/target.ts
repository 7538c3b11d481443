/** A kind of cluster: how its nodes are configured and started, and how one sees who leads. */

import type { Capabilities } from "./capabilities.js";
import type { Place } from "./place.js";
import type { NodePrograms, ProcessNode } from "./process-node.js";

/** What a node's programs are made of. */
export interface NodeSettings {
  readonly id: number;
  readonly place: Place;
  readonly directory: string;
  readonly dataDirectory: string;
  /** Of those it is born with, itself included. */
  readonly members: readonly { readonly id: number; readonly place: Place }[];
  /** `name value...`, behind the target's own. `sentinel name value...`: of its sentinel. */
  readonly settings: readonly string[];
  /** The same on all nodes of this cluster, and no other's. */
  readonly clusterName: string;
}

export interface TargetDescription {
  /** As in `RunPlan.target`. */
  readonly name: string;
  readonly title: string;
  readonly software: "redoubt" | "redis";
  /** What a client does behind each write before it counts as done: null: nothing; else WAIT for so many replicas. */
  readonly acknowledges: null | { readonly wait: number };
  /** Errors say where the leader is: clients go there. Else they ask `Cluster.leader`. */
  readonly followsMoved: boolean;
  /** Members can be added and removed while it runs. */
  readonly growsAndShrinks: boolean;
  /** What it needs of the machine; null: it is all there. */
  lacks(capabilities: Capabilities): string | null;
  /** `redis-server 7.0.15`. */
  version(): Promise<string>;
  /** Writes the node's configuration, if it has one. */
  programs(settings: NodeSettings): NodePrograms;
  /** As `Cluster.leader`. */
  leader(nodes: readonly ProcessNode[]): Promise<ProcessNode | null>;
  /** One look at newborn servers: null, or what is missing for those who watch over them to be started. */
  unborn(nodes: readonly ProcessNode[]): Promise<string | null>;
  /** As `Cluster.settled`, one look: null, or what is missing. */
  missing(nodes: readonly ProcessNode[]): Promise<string | null>;
  /** Makes `to` the leader, or anybody else where it can't be chosen. Rejects when it is refused. */
  transfer(nodes: readonly ProcessNode[], to: ProcessNode): Promise<void>;
}

/** What more than half of those that answer say; null: there is no such thing. */
export function majorityOf<T>(answers: readonly (T | null)[]): T | null {
  const given = answers.filter((answer) => answer !== null);
  for (const answer of new Set(given)) {
    if (2 * given.filter((each) => each === answer).length > given.length) return answer;
  }
  return null;
}

/** An answer each, in order; null from those that give none. */
export function answersOf<T>(
  nodes: readonly ProcessNode[],
  ask: (node: ProcessNode) => Promise<T>,
): Promise<(T | null)[]> {
  return answersUntil(nodes, ask, () => false);
}

/** The same, but nobody is waited for any more when what has been answered `isEnough`. */
export async function answersUntil<T>(
  nodes: readonly ProcessNode[],
  ask: (node: ProcessNode) => Promise<T>,
  isEnough: (answers: readonly (T | null)[]) => boolean,
): Promise<(T | null)[]> {
  const answers: (T | null)[] = nodes.map(() => null);
  let enough: () => void = () => {};
  const early = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const asking = nodes.map(async (node, at) => {
    try {
      answers[at] = await ask(node);
    } catch {
      // Down, paused or slow: it has no say.
      return;
    }
    if (isEnough(answers)) enough();
  });
  await Promise.race([early, Promise.all(asking)]);
  return [...answers];
}

/** More than half of all, silent ones included, say the same: whatever else comes changes nothing. */
export function isDecided<T>(answers: readonly (T | null)[]): boolean {
  return answers.some(
    (answer) =>
      answer !== null && 2 * answers.filter((each) => each === answer).length > answers.length,
  );
}
