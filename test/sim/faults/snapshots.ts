/** Snapshots at any time, logs that are trimmed behind them, and followers that come back too late for entries. */

import type { SimulatedNode } from "../world/node.js";
import { anyNode, named, type Strike } from "./strike.js";

const snapshot: Strike = (world, random) => {
  const node = anyNode(world, random);
  const trailing = random.chance(0.5) ? 0 : random.below(30);
  return node.makeSnapshot(trailing) ? named(node) : null;
};

/** A node is away while everybody else trims what it lacks. */
const outrun: Strike = (world, random) => {
  const away = anyNode(world, random);
  if (!away.up) return null;
  const awayMs = random.between(100, 2500);
  if (random.chance(0.7)) world.crash(away, awayMs);
  else away.pause(awayMs);
  const others = (): SimulatedNode[] => world.cluster.nodes.filter((node) => node !== away);
  world.queue.after(random.between(50, awayMs), () => {
    for (const node of others()) node.makeSnapshot(0);
  });
  return `${named(away)} for ${awayMs.toFixed(0)} ms`;
};

/** The next snapshot that is received here does not survive its way to the disk. */
const damagedSnapshot: Strike = (world, random) => {
  const node = anyNode(world, random);
  node.disk.snapshots.damagesNext = true;
  return named(node);
};

export const snapshotStrikes = {
  snapshot,
  outrun,
  damagedSnapshot,
} satisfies Record<string, Strike>;
