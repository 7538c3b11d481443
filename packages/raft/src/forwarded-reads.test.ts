import { expect, test } from "vitest";
import { forwardedReadsMax } from "./constants.js";
import { ForwardedReads } from "./forwarded-reads.js";

function read(context: number, round: number) {
  return { from: 2, incarnation: 1, context, round, index: 10 + context };
}

test("trap-16: a follower's read is answered when its own round is confirmed, not an earlier one", () => {
  const reads = new ForwardedReads();
  reads.add(read(1, 3));
  reads.add(read(2, 3));
  reads.add(read(3, 5));
  expect(reads.hasConfirmed(2)).toBe(false);
  expect(reads.takeConfirmed(2)).toEqual([]);
  expect(reads.hasConfirmed(4)).toBe(true);
  expect(reads.takeConfirmed(4)).toEqual([read(1, 3), read(2, 3)]);
  expect(reads.hasConfirmed(4)).toBe(false);
  expect(reads.takeConfirmed(4)).toEqual([]);
  expect(reads.takeConfirmed(5)).toEqual([read(3, 5)]);
});

test("trap-20: so many wait and no more; there is room again when some are answered", () => {
  const reads = new ForwardedReads();
  for (let context = 1; context <= forwardedReadsMax; context += 1) {
    expect(reads.add(read(context, context))).toBe(true);
  }
  expect(reads.add(read(0, forwardedReadsMax))).toBe(false);
  expect(reads.takeConfirmed(1)).toHaveLength(1);
  expect(reads.add(read(0, forwardedReadsMax + 1))).toBe(true);
  expect(reads.takeConfirmed(forwardedReadsMax + 1)).toHaveLength(forwardedReadsMax);
});
