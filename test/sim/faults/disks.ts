/**
 * Disks that are late, fail, lie, lose or change what they keep. What leaves a node without its promises goes
 * through the budget: a minority of copies at any time.
 */

import { anyNode, leaderOrAny, named, type Strike } from "./strike.js";

const slowDisk: Strike = (world, random) => {
  const { disk } = anyNode(world, random);
  disk.slowness = random.between(10, 800);
  world.queue.after(random.exponential(1500), () => {
    disk.slowness = 1;
  });
  return `${disk.slowness.toFixed(0)} times`;
};

const slowLeaderDisk: Strike = (world, random) => {
  const leader = leaderOrAny(world, random);
  const { disk } = leader;
  disk.slowness = random.between(100, 3000);
  world.queue.after(random.exponential(2500), () => {
    disk.slowness = 1;
  });
  return named(leader);
};

const stalledLeaderDisk: Strike = (world, random) => {
  const leader = leaderOrAny(world, random);
  const stallMs = random.between(1000, 20_000);
  leader.disk.stalledUntilMs = world.queue.nowMs + stallMs;
  return `${named(leader)} for ${stallMs.toFixed(0)} ms`;
};

const latencySpike: Strike = (world, random) => {
  const node = anyNode(world, random);
  const { disk } = node;
  disk.spikes = { share: random.between(0.02, 0.3), delayMs: random.between(20, 800) };
  world.queue.after(random.exponential(3000), () => {
    disk.spikes = { share: 0, delayMs: 0 };
  });
  return named(node);
};

/** The process stops at its next write. What was synced is there when it comes back. */
const writeError: Strike = (world, random) => {
  const node = leaderOrAny(world, random);
  if (!node.up) return null;
  node.disk.failure = "write";
  return named(node);
};

const fsyncError: Strike = (world, random) => {
  const node = leaderOrAny(world, random);
  if (!node.up) return null;
  node.disk.failure = "sync";
  return named(node);
};

/** Until somebody makes room, the process ends as often as it is started. */
const fullDisk: Strike = (world, random) => {
  const node = anyNode(world, random);
  const { disk } = node;
  disk.failure = "full";
  world.queue.after(random.exponential(2500), () => {
    if (disk.failure === "full") disk.failure = null;
  });
  return named(node);
};

/** A new, empty disk under the old id (trap 17). */
const wipe: Strike = (world, random) => {
  const node = random.chance(0.3) ? leaderOrAny(world, random) : anyNode(world, random);
  if (!world.budget.lose(node)) return null;
  const name = named(node);
  world.cluster.wipe(node);
  return name;
};

/** Bits change at rest: found when they are read, at the latest by the next start (trap 25). */
const damage: Strike = (world, random) => {
  const node = anyNode(world, random);
  const { disk } = node;
  if (disk.entries.length === 0 || !world.budget.lose(node)) return null;
  disk.damagedFrom = disk.anchor.index + 1 + random.below(disk.entries.length);
  if (random.chance(0.7)) world.crash(node, random.exponential(800));
  return `${named(node)} from ${disk.damagedFrom}`;
};

/** It acknowledges syncs that are none; a crash makes a damaged disk of it. */
const lyingFsync: Strike = (world, random) => {
  const node = anyNode(world, random);
  const { disk } = node;
  if (!node.up || !world.budget.lose(node)) return null;
  const { incarnation } = node;
  disk.lying = true;
  const crashes = random.chance(0.6);
  world.queue.after(random.exponential(1500), () => {
    if (!disk.lying || node.disk !== disk) return;
    if (crashes && world.striking) {
      world.crash(node, random.exponential(800));
    } else {
      // Its cache went to the medium after all.
      disk.lying = false;
      world.budget.found(node.id, incarnation);
    }
  });
  return named(node);
};

export const diskStrikes = {
  slowDisk,
  slowLeaderDisk,
  stalledLeaderDisk,
  latencySpike,
  writeError,
  fsyncError,
  fullDisk,
  wipe,
  damage,
  lyingFsync,
} satisfies Record<string, Strike>;
