/** Links that carry nothing, or late, or twice. */

import type { Heal } from "../world/network.js";
import type { SimulatedNode } from "../world/node.js";
import { anyNode, type FaultWorld, leaderOrAny, named, type Strike } from "./strike.js";

const partition: Strike = (world, random) => {
  // This node alone, or with one other, against the rest.
  const side = new Set([anyNode(world, random)]);
  if (random.chance(0.3)) side.add(anyNode(world, random));
  isolate(world, side, random.exponential(2500));
  return [...side].map(named).join(" and ");
};

const isolateLeader: Strike = (world, random) => {
  const leader = leaderOrAny(world, random);
  isolate(world, new Set([leader]), random.exponential(2500));
  return named(leader);
};

/** Two that do not hear each other, and everybody else hears both (trap 10). */
const partialPartition: Strike = (world, random) => {
  const a = leaderOrAny(world, random);
  const b = anyNode(world, random);
  if (a === b) return null;
  const heals = [world.network.cut(a.id, b.id), world.network.cut(b.id, a.id)];
  later(world, random.exponential(3000), heals);
  return `${named(a)} and ${named(b)}`;
};

const oneWay: Strike = (world, random) => {
  const from = anyNode(world, random);
  const to = anyNode(world, random);
  if (from === to) return null;
  later(world, random.exponential(2000), [world.network.cut(from.id, to.id)]);
  return `${named(from)} to ${named(to)}`;
};

const slowLink: Strike = (world, random) => {
  const from = anyNode(world, random);
  const to = anyNode(world, random);
  if (from === to) return null;
  const delayMs = random.between(50, 500);
  later(world, random.exponential(3000), [world.network.slow(from.id, to.id, delayMs)]);
  return `${named(from)} to ${named(to)}: ${delayMs.toFixed(0)} ms`;
};

const loss: Strike = ({ network, queue }, random) => {
  const { faults } = network;
  faults.loss = random.between(0, 0.3);
  faults.duplication = random.between(0, 0.2);
  queue.after(random.exponential(2000), () => {
    faults.loss = 0;
    faults.duplication = 0;
  });
  return `${(faults.loss * 100).toFixed(0)} %`;
};

const delay: Strike = ({ network, queue }, random) => {
  const { faults } = network;
  faults.delayMs = random.between(1, 60);
  queue.after(random.exponential(1500), () => {
    faults.delayMs = 0.2;
  });
  return `${faults.delayMs.toFixed(0)} ms`;
};

const damagedMessages: Strike = ({ network, queue }, random) => {
  const { faults } = network;
  faults.damage = random.between(0.05, 0.5);
  queue.after(random.exponential(2000), () => {
    faults.damage = 0;
  });
  return `${(faults.damage * 100).toFixed(0)} %`;
};

const oldMessages: Strike = ({ network }, random) => {
  network.replay(50, 4000, random);
  return "";
};

export const networkStrikes = {
  partition,
  isolateLeader,
  partialPartition,
  oneWay,
  slowLink,
  loss,
  delay,
  damagedMessages,
  oldMessages,
} satisfies Record<string, Strike>;

/** Nodes that are born meanwhile are on nobody's side. */
export function isolate(
  world: FaultWorld,
  side: ReadonlySet<SimulatedNode>,
  durationMs: number,
): void {
  const heals: Heal[] = [];
  for (const a of world.cluster.nodes) {
    for (const b of world.cluster.nodes) {
      if (side.has(a) !== side.has(b)) heals.push(world.network.cut(a.id, b.id));
    }
  }
  later(world, durationMs, heals);
}

function later({ queue }: FaultWorld, delayMs: number, heals: readonly Heal[]): void {
  queue.after(delayMs, () => {
    for (const heal of heals) heal();
  });
}
