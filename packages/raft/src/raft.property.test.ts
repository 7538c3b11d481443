/** Safety and progress under random schedules. A failing seed becomes a named test below. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runSchedule, type ScheduleOptions } from "../testing/random-schedule.js";
import type { Breach } from "../testing/simulated-node.js";

const seed = 20_260_101;

function holds(runs: number, shape: Omit<ScheduleOptions, "seed">): void {
  const total = { committed: 0, elections: 0, roundsConfirmed: 0, crashes: 0, cuts: 0 };
  const property = fc.property(fc.integer(), (scheduleSeed) => {
    const summary = runSchedule({ ...shape, seed: scheduleSeed });
    total.committed += summary.committed;
    total.elections += summary.elections;
    total.roundsConfirmed += summary.roundsConfirmed;
    total.crashes += summary.crashes;
    total.cuts += summary.cuts;
  });
  fc.assert(property, { seed, numRuns: runs });
  // Schedules in which nothing happens would hold as well.
  expect(total.elections / runs).toBeGreaterThan(1.2);
  expect(total.committed / runs).toBeGreaterThan(10);
  expect(total.roundsConfirmed / runs).toBeGreaterThan(3);
  expect(total.crashes).toBeGreaterThan(runs);
  expect(total.cuts).toBeGreaterThan(runs);
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
