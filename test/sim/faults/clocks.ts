/** Clocks that jump, drift within the bound that leases allow for, and stand still. */

import { anyNode, leaderOrAny, named, type Strike } from "./strike.js";

/**
 * Each clock gains or loses at most so much: two of them then drift apart by no more than clockDriftPercentMax
 * (10, packages/raft/src/constants.ts): (1 - 0.1) / (1 - 0.05) < 1 / (1 + 0.05).
 */
export const DRIFT_MAX = 0.05;

const clockJump: Strike = (world, random) => {
  const node = anyNode(world, random);
  const jumpMs = Math.floor(random.between(-5000, 5000));
  node.clock.wallOffsetMs += jumpMs;
  return `${named(node)} by ${jumpMs} ms`;
};

const clockDrift: Strike = (world, random) => {
  const node = anyNode(world, random);
  const drift = random.chance(0.5) ? DRIFT_MAX : -DRIFT_MAX;
  node.clock.drift = drift;
  world.queue.after(random.exponential(3000), () => {
    node.clock.drift = 0;
  });
  return `${named(node)} by ${drift}`;
};

/** A machine that sleeps: no clock but the wall's shows it (trap 15). */
const suspend: Strike = (world, random) => {
  const leader = leaderOrAny(world, random);
  const durationMs = random.between(200, 3000);
  leader.suspend(durationMs);
  return `${named(leader)} for ${durationMs.toFixed(0)} ms`;
};

const readModeFlip: Strike = (world, random) => {
  const node = anyNode(world, random);
  node.readMode = node.readMode === "lease" ? "quorum" : "lease";
  return `${named(node)} to ${node.readMode}`;
};

export const clockStrikes = {
  clockJump,
  clockDrift,
  suspend,
  readModeFlip,
} satisfies Record<string, Strike>;
