/** Processes that end, stand still, or come and go. */

import type { SimulatedNode } from "../world/node.js";
import type { SeededRandom } from "../world/random.js";
import { isolate } from "./network.js";
import { anyNode, type FaultWorld, leaderOrAny, named, type Strike } from "./strike.js";

const crash: Strike = (world, random) => {
  const node = anyNode(world, random);
  if (!node.up) return null;
  world.crash(node, random.exponential(800));
  return named(node);
};

/** All at once: what was acknowledged was synced on a majority. */
const powerLoss: Strike = (world, random) => {
  for (const node of world.cluster.nodes) world.crash(node, random.exponential(400));
  return "all nodes";
};

/** The second one hits the elections after the first. */
const powerLossTwice: Strike = (world, random) => {
  powerLoss(world, random);
  world.queue.after(random.between(600, 2000), () => powerLoss(world, random));
  return "all nodes";
};

/** Up for a fraction of a second at a time: during elections, catching up, before its first word. */
const crashLoop: Strike = (world, random) => {
  const node = anyNode(world, random);
  if (!node.up) return null;
  const times = 2 + random.below(5);
  loop(world, random, node, times);
  return `${named(node)} ${times} times`;
};

function loop(world: FaultWorld, random: SeededRandom, node: SimulatedNode, times: number): void {
  world.crash(node, random.exponential(50));
  if (times <= 1) return;
  world.queue.after(random.exponential(400), () => loop(world, random, node, times - 1));
}

const pause: Strike = (world, random) => {
  const node = anyNode(world, random);
  node.pause(random.exponential(700));
  return named(node);
};

/** Up to several election timeouts, with reads that wait in it (traps 15, 46). */
const pauseLeader: Strike = (world, random) => {
  const leader = leaderOrAny(world, random);
  leader.pause(random.between(300, 3000));
  return named(leader);
};

/** It stands still until another leads, and wakes where it hears nobody; clients still reach it. */
const isolateAndPauseLeader: Strike = (world, random) => {
  const leader = leaderOrAny(world, random);
  const pauseMs = random.between(200, 2500);
  leader.pause(pauseMs);
  isolate(world, new Set([leader]), pauseMs + random.exponential(1500));
  return `${named(leader)} for ${pauseMs.toFixed(0)} ms`;
};

/** While armed, whoever becomes leader goes: its first entry is on its own disk only (Raft, figure 8). */
const strikeNewLeaders: Strike = (world, random) => {
  const victim = leaderOrAny(world, random);
  world.crash(victim, random.exponential(100));
  world.onLeader(world.queue.nowMs + random.exponential(5000), (leader) => {
    if (!random.chance(0.7)) return;
    world.queue.after(random.exponential(1), () => {
      if (random.chance(0.5)) world.crash(leader, random.exponential(400));
      else if (world.striking) isolate(world, new Set([leader]), random.exponential(2500));
    });
  });
  return `first ${named(victim)}`;
};

export const processStrikes = {
  crash,
  powerLoss,
  powerLossTwice,
  crashLoop,
  pause,
  pauseLeader,
  isolateAndPauseLeader,
  strikeNewLeaders,
} satisfies Record<string, Strike>;
