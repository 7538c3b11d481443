/** Processes that end, stand still, or come and go. */

import { allMembers, MessageType } from "@redoubt/raft";
import { BUSY_LEADER_MAX_MS, HEARTBEAT_INTERVAL_MS, type SimulatedNode } from "../world/node.js";
import type { SeededRandom } from "../world/random.js";
import { isolate } from "./network.js";
import { anyLeader, anyNode, type FaultWorld, leaderOrAny, named, type Strike } from "./strike.js";

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

/** How often a leader that stops is looked at, and for how long it waits for a successor; ms. */
const HAND_OVER_LOOK_MS = 5;
const HAND_OVER_MS_MAX = 800;

/** SIGTERM of a leader: it hands over, and ends (packages/server, hand-over.ts). */
const stopLeader: Strike = (world, random) => {
  const leader = anyLeader(world, random);
  const refusal = leader?.replica?.transferLeadership(0) ?? null;
  if (leader === null || refusal !== null) return null;
  const { crashes } = leader;
  const downMs = random.exponential(800);
  let leftMs = HAND_OVER_MS_MAX;
  const look = (): void => {
    if (leader.crashes !== crashes) return;
    leftMs -= HAND_OVER_LOOK_MS;
    if (leader.leads && leader.replica?.transferring && leftMs > 0) {
      world.queue.after(HAND_OVER_LOOK_MS, look);
    } else {
      world.crash(leader, downMs);
    }
  };
  look();
  return named(leader);
};

/**
 * A long command: the event loop stands still, and the thread beside it repeats the heartbeat of its term for a
 * bounded time (packages/server, busy-leader). It says nothing of commits, reads or leases (traps 38, 39).
 */
const busyLeader: Strike = (world, random) => {
  const leader = anyLeader(world, random);
  if (leader === null || leader.paused) return null;
  const stillMs = random.between(300, 2 * BUSY_LEADER_MAX_MS);
  keepAlive(world, leader, Math.min(stillMs, BUSY_LEADER_MAX_MS));
  leader.pause(stillMs);
  return `${named(leader)} for ${stillMs.toFixed(0)} ms`;
};

function keepAlive(world: FaultWorld, leader: SimulatedNode, forMs: number): void {
  const { id, incarnation, crashes } = leader;
  const { term, configuration } = leader.replica!.status();
  const peers = allMembers(configuration).filter((member) => member.id !== id);
  const endMs = world.queue.nowMs + forMs;
  const repeat = (): void => {
    if (world.queue.nowMs >= endMs || leader.crashes !== crashes) return;
    for (const peer of peers) {
      world.network.send({
        type: MessageType.heartbeat,
        from: id,
        to: peer.id,
        term,
        incarnation,
        toIncarnation: peer.incarnation,
        commit: 0,
        readRound: 0,
      });
    }
    world.queue.after(HEARTBEAT_INTERVAL_MS, repeat);
  };
  world.queue.after(2 * HEARTBEAT_INTERVAL_MS, repeat);
}

/** While armed, whoever becomes leader goes: its first entry is on its own disk only (Raft, figure 8). */
const strikeNewLeaders: Strike = (world, random) => {
  const victim = leaderOrAny(world, random);
  world.crash(victim, random.exponential(100));
  const untilMs = world.queue.nowMs + random.exponential(5000);
  world.watch("became leader", untilMs, (leader) => {
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
  stopLeader,
  busyLeader,
  strikeNewLeaders,
} satisfies Record<string, Strike>;
