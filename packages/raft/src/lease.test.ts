import { describe, expect, test } from "vitest";
import { Lease } from "./lease.js";

describe("a lease", () => {
  test("trap-14 counts from when the confirmed round was sent, less the drift bound", () => {
    const lease = new Lease(500, 10);
    lease.sent(1, 100);
    lease.sent(2, 200);
    expect(lease.untilMs(0)).toBe(-Infinity);
    expect(lease.untilMs(1)).toBe(100 + 450);
    expect(lease.untilMs(2)).toBe(200 + 450);
    // A round that was never sent vouches for nothing newer.
    expect(lease.untilMs(7)).toBe(200 + 450);
  });

  test("trap-13, trap-45 is void until the term ends once TimeoutNow may have left", () => {
    const lease = new Lease(500, 10);
    lease.sent(1, 100);
    lease.voidForTerm();
    expect(lease.untilMs(1)).toBe(-Infinity);
    lease.sent(2, 200);
    expect(lease.untilMs(2)).toBe(-Infinity);
  });

  test("trap-15 counts again from rounds that begin after clocks have jumped", () => {
    const lease = new Lease(500, 10);
    lease.sent(1, 100);
    lease.sent(2, 150);
    lease.voidRounds(2);
    expect(lease.untilMs(2)).toBe(-Infinity);
    lease.sent(3, 200);
    expect(lease.untilMs(2)).toBe(-Infinity);
    expect(lease.untilMs(3)).toBe(200 + 450);
  });

  test("trap-20 remembers a bounded number of rounds, asked for or not, void or not", () => {
    const asked = new Lease(500, 10);
    const unasked = new Lease(500, 10);
    const isVoid = new Lease(500, 10);
    isVoid.voidForTerm();
    for (let round = 1; round <= 1000; round += 1) {
      asked.sent(round, round);
      asked.untilMs(round - 1);
      unasked.forget(round - 1);
      unasked.sent(round, round);
      isVoid.sent(round, round);
    }
    expect(asked.remembered).toBeLessThan(4);
    expect(unasked.remembered).toBeLessThan(4);
    expect(isVoid.remembered).toBe(0);
  });
});
