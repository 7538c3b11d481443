import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Lease } from "./lease.js";

/** T = 100 ms, drift bound 10 percent: a lease of 90 ms. */
function lease(): Lease {
  return new Lease(100, 10);
}

describe("a lease", () => {
  test("there is none before a round is confirmed", () => {
    const one = lease();
    expect(one.untilMs(0)).toBe(-Infinity);
    one.sent(1, 1000);
    expect(one.untilMs(0)).toBe(-Infinity);
    expect(one.untilMs(1)).toBe(1090);
  });

  test("trap-14: counts from when the newest confirmed round was sent, not from any later one", () => {
    const one = lease();
    one.sent(1, 1000);
    one.sent(2, 1020);
    one.sent(5, 1040);
    expect(one.untilMs(1)).toBe(1090);
    expect(one.untilMs(4)).toBe(1110);
    expect(one.untilMs(5)).toBe(1130);
    one.sent(6, 5000);
    expect(one.untilMs(5)).toBe(1130);
  });

  test("trap-14: a round that is repeated counts from when it was sent first", () => {
    const one = lease();
    one.sent(3, 1000);
    one.sent(3, 1080);
    expect(one.untilMs(3)).toBe(1090);
  });

  test("trap-13, trap-45: void for the term, whatever is confirmed later", () => {
    const one = lease();
    one.sent(1, 1000);
    one.voidForTerm();
    one.sent(2, 2000);
    expect(one.untilMs(1)).toBe(-Infinity);
    expect(one.untilMs(2)).toBe(-Infinity);
  });

  test("trap-15: after a jump of the clock only rounds that began later vouch", () => {
    const one = lease();
    one.sent(1, 1000);
    one.sent(2, 1020);
    one.voidRounds(2);
    expect(one.untilMs(2)).toBe(-Infinity);
    one.sent(3, 1040);
    expect(one.untilMs(2)).toBe(-Infinity);
    expect(one.untilMs(3)).toBe(1130);
  });

  test("a drift bound is a percentage below 100", () => {
    expect(() => new Lease(100, 100)).toThrow("a drift bound is a percentage");
    expect(() => new Lease(100, -1)).toThrow("a drift bound is a percentage");
    expect(new Lease(100, 0).untilMs(0)).toBe(-Infinity);
  });

  test("trap-14, trap-20: is what a list of all rounds says, and remembers no more than it needs", () => {
    const step = fc.record({
      passedMs: fc.integer({ min: 0, max: 30 }),
      newRounds: fc.integer({ min: 0, max: 3 }),
      confirmed: fc.integer({ min: 0, max: 5 }),
      jumped: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const one = lease();
        const all = new Map<number, number>();
        let nowMs = 0;
        let round = 0;
        let confirmed = 0;
        let first = 0;
        for (const { passedMs, newRounds, confirmed: by, jumped } of steps) {
          nowMs += passedMs;
          if (newRounds > 0) {
            round += newRounds;
            all.set(round, nowMs);
            one.sent(round, nowMs);
          }
          if (jumped && passedMs === 0) {
            first = round + 1;
            one.voidRounds(round);
          }
          confirmed = Math.min(round, confirmed + by);
          const sent = [...all].filter(([each]) => each <= confirmed && confirmed >= first);
          const newest = sent.length === 0 ? -Infinity : Math.max(...sent.map(([, ms]) => ms)) + 90;
          const until = one.untilMs(confirmed);
          // Rounds are sent in leaps: what was confirmed between two of them began with the earlier.
          expect(until).toBe(newest);
          const outstanding = [...all.keys()].filter((each) => each > confirmed).length;
          if (until > -Infinity) expect(one.remembered).toBeLessThanOrEqual(outstanding + 1);
        }
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
