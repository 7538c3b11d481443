/** Safety and progress under random schedules. A failing seed becomes a named test below. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  runSchedule,
  type ScheduleOptions,
  type ScheduleSummary,
} from "../testing/random-schedule.js";
import type { Breach } from "../testing/simulated-node.js";

const seed = 20_260_101;

function holds(runs: number, shape: Omit<ScheduleOptions, "seed">): void {
  const total: Record<keyof ScheduleSummary, number> = {
    committed: 0,
    elections: 0,
    roundsConfirmed: 0,
    crashes: 0,
    cuts: 0,
    changes: 0,
    promotions: 0,
    wipes: 0,
    transfers: 0,
    noNews: 0,
    leases: 0,
    installs: 0,
    resumes: 0,
    readsAnswered: 0,
    keepalives: 0,
    spared: 0,
  };
  const property = fc.property(fc.integer(), (scheduleSeed) => {
    const summary = runSchedule({ ...shape, seed: scheduleSeed });
    for (const name of Object.keys(total) as (keyof ScheduleSummary)[])
      total[name] += summary[name];
  });
  fc.assert(property, { seed, numRuns: runs });
  // Schedules in which nothing happens would hold as well.
  expect(total.elections / runs).toBeGreaterThan(1.2);
  expect(total.committed / runs).toBeGreaterThan(10);
  expect(total.roundsConfirmed / runs).toBeGreaterThan(3);
  expect(total.crashes).toBeGreaterThan(runs);
  expect(total.cuts).toBeGreaterThan(runs);
  expect(total.leases).toBeGreaterThan(runs);
  expect(total.noNews).toBeGreaterThan(runs / 2);
  expect(total.readsAnswered).toBeGreaterThan(runs);
  expect(total.keepalives).toBeGreaterThan(runs);
  const { voters, votersOutgoing, witnesses, changing } = shape;
  const hasReserves = voters.length > 2 && !votersOutgoing && !witnesses && !changing;
  if (hasReserves) expect(total.spared).toBeGreaterThan(runs);
  if (shape.snapshots) {
    expect(total.installs).toBeGreaterThan(runs / 2);
    expect(total.resumes).toBeGreaterThan(runs / 4);
  }
  if (!shape.changing) return;
  expect(total.changes).toBeGreaterThan(runs);
  expect(total.promotions).toBeGreaterThan(runs / 2);
  expect(total.wipes).toBeGreaterThan(runs / 4);
  expect(total.transfers).toBeGreaterThan(runs / 4);
}

describe("under loss, reordering, duplication, partitions and crashes with unsynced loss", () => {
  test("three nodes stay safe and recover", () => {
    holds(150, { steps: 3000, voters: [1, 2, 3] });
  });

  test("five nodes stay safe and recover", () => {
    holds(100, { steps: 4500, voters: [1, 2, 3, 4, 5] });
  });

  test("trap-07: a joint configuration stays safe and recovers", () => {
    holds(80, { steps: 4500, voters: [1, 2, 3], votersOutgoing: [3, 4, 5] });
  });

  test("trap-17, trap-43: members that come, go, are wiped and replaced stay safe and recover", () => {
    holds(150, { steps: 5000, voters: [1, 2, 3], changing: true });
    holds(60, { steps: 5000, voters: [1, 2, 3, 4, 5], changing: true });
  });

  test("trap-48: two data nodes and a witness stay safe and recover", () => {
    holds(100, { steps: 3000, voters: [1, 2, 3], witnesses: [3] });
    holds(80, { steps: 5000, voters: [1, 2, 3], witnesses: [3], changing: true });
  });

  test("trap-21, trap-22, trap-50: nodes that trim their logs and send snapshots stay safe and recover", () => {
    holds(150, { steps: 5000, voters: [1, 2, 3], snapshots: true });
    holds(60, { steps: 5000, voters: [1, 2, 3, 4, 5], snapshots: true });
  });

  test("trap-23: so they do while members come and go", () => {
    holds(150, { steps: 6000, voters: [1, 2, 3], snapshots: true, changing: true });
    holds(60, { steps: 5000, voters: [1, 2, 3], witnesses: [3], snapshots: true, changing: true });
  });

  test("two nodes stay safe and recover", () => {
    holds(100, { steps: 2000, voters: [1, 2] });
  });
});

describe("trap-40: the view from above finds a node that breaks the contract", () => {
  /** Stops at the first schedule in which it is found. */
  function isFound(schedules: number, breach: Breach, message: string): boolean {
    for (let at = 0; at < schedules; at += 1) {
      try {
        runSchedule({ seed: at, steps: 2000, voters: [1, 2, 3], breach });
      } catch (error) {
        if ((error as Error).message.includes(message)) return true;
      }
    }
    return false;
  }

  test("promises that leave before they are durable", () => {
    expect(isFound(10, "eager", "a term left before it was durable")).toBe(true);
  });

  test("votes forgotten in a crash", () => {
    expect(isFound(3000, "amnesia", "two leaders in one term")).toBe(true);
  });
});
