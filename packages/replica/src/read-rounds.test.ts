import { beforeEach, describe, expect, test } from "vitest";
import { READ_LOOKS_MAX, READ_ROUND_INTERVAL_MS, READ_ROUNDS_IN_FLIGHT_MAX } from "./constants.js";
import { ReadRounds } from "./read-rounds.js";

let rounds: ReadRounds;
beforeEach(() => {
  rounds = new ReadRounds();
});

test("a lone read is not held", () => {
  expect(rounds.mayBegin(0, 0, 100)).toBe(true);
  expect(rounds.isLooking).toBe(false);
  expect(rounds.dueMs).toBe(Infinity);
});

test("a round waits until arrivals pause, but not for ever", () => {
  expect(rounds.mayBegin(0, 3, 100)).toBe(false);
  expect(rounds.isLooking).toBe(true);
  expect(rounds.mayBegin(0, 0, 100)).toBe(true);
  let looks = 0;
  while (!rounds.mayBegin(0, 1, 100)) looks += 1;
  expect(looks).toBe(READ_LOOKS_MAX);
  expect(rounds.isLooking).toBe(false);
});

test("nor longer than a round may take, however slow the turns: neighbours that never pause hold no reads", () => {
  expect(rounds.mayBegin(0, 9, 100)).toBe(false);
  expect(rounds.mayBegin(0, 9, 100 + READ_ROUND_INTERVAL_MS / 2)).toBe(false);
  expect(rounds.mayBegin(0, 9, 100 + READ_ROUND_INTERVAL_MS)).toBe(true);
  // The next hold counts anew.
  expect(rounds.mayBegin(0, 9, 500)).toBe(false);
  expect(rounds.mayBegin(0, 9, 520)).toBe(true);
});

describe("beside a round under way", () => {
  test("another begins when that has taken long, and the wait for it ends by itself", () => {
    expect(rounds.mayBegin(0, 0, 100)).toBe(true);
    expect(rounds.mayBegin(1, 0, 100)).toBe(false);
    expect(rounds.isLooking).toBe(false);
    expect(rounds.dueMs).toBe(100 + READ_ROUND_INTERVAL_MS);
    expect(rounds.mayBegin(1, 0, rounds.dueMs)).toBe(true);
    expect(rounds.dueMs).toBe(Infinity);
  });

  test("it begins as soon as that is confirmed", () => {
    rounds.mayBegin(0, 0, 100);
    expect(rounds.mayBegin(1, 0, 100)).toBe(false);
    expect(rounds.mayBegin(0, 0, 100)).toBe(true);
  });

  test("they are bounded: only a confirmation helps then", () => {
    expect(rounds.mayBegin(READ_ROUNDS_IN_FLIGHT_MAX, 0, 1e6)).toBe(false);
    expect(rounds.dueMs).toBe(Infinity);
    expect(rounds.isLooking).toBe(false);
  });

  test("who has no read any more waits for nothing", () => {
    rounds.mayBegin(0, 0, 100);
    rounds.mayBegin(1, 0, 100);
    rounds.idle();
    expect(rounds.dueMs).toBe(Infinity);
    rounds.mayBegin(0, 5, 200);
    rounds.idle();
    expect(rounds.isLooking).toBe(false);
  });
});
