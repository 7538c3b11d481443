/** What a kind of fault is: a function that strikes the world, by draws of its own. */

import type { Cluster } from "../world/cluster.js";
import type { EventQueue } from "../world/event-queue.js";
import type { SimulatedNetwork } from "../world/network.js";
import type { SimulatedNode } from "../world/node.js";
import type { SeededRandom } from "../world/random.js";
import type { FaultBudget } from "./fault-budget.js";

export interface FaultWorld {
  readonly queue: EventQueue;
  readonly network: SimulatedNetwork;
  readonly cluster: Cluster;
  readonly budget: FaultBudget;
  /** False once the faults have stopped: what a strike does later is only to heal. */
  readonly striking: boolean;
  /** Crashes it now and starts it again after so long. */
  crash(node: SimulatedNode, downMs: number): void;
  /** While `untilMs` lies ahead: told of every node that says `event` in its log. */
  watch(event: string, untilMs: number, strike: (node: SimulatedNode) => void): void;
  trace(line: string): void;
}

/** What was struck, for the trace; null: there was nothing to strike, or it would not be survivable. */
export type Strike = (world: FaultWorld, random: SeededRandom) => string | null;

export function anyNode({ cluster }: FaultWorld, random: SeededRandom): SimulatedNode {
  return random.pick(cluster.nodes);
}

/** Whoever takes itself for the leader: there may be two. */
export function anyLeader({ cluster }: FaultWorld, random: SeededRandom): SimulatedNode | null {
  const leaders = cluster.nodes.filter((node) => node.leads);
  return leaders.length > 0 ? random.pick(leaders) : null;
}

/** Aimed at who has most to lose. Nobody leads: at anyone. */
export function leaderOrAny(world: FaultWorld, random: SeededRandom): SimulatedNode {
  return anyLeader(world, random) ?? anyNode(world, random);
}

export function named(node: SimulatedNode): string {
  return `node ${node.id}.${node.incarnation}`;
}
