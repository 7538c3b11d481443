import { describe, expect, test } from "vitest";
import { retryMsMax, retryMsMin, turnMsMax, turnMsMin } from "./constants.js";
import { dueReason, type Failures, retryMs, type SinceSnapshot, turnDelayMs } from "./triggers.js";

const settings = {
  savePoints: [
    { seconds: 3600, changes: 1 },
    { seconds: 60, changes: 10_000 },
  ],
  logBytes: 1_000_000,
  logEntries: 5000,
};
const nothing: SinceSnapshot = { ms: 0, changes: 0, bytes: 0, entries: 0 };
const noFailures: Failures = { count: 0, ms: Number.POSITIVE_INFINITY };

function due(since: Partial<SinceSnapshot>, failures: Partial<Failures> = {}) {
  return dueReason(settings, { ...nothing, ...since }, { ...noFailures, ...failures });
}

describe("a snapshot is due", () => {
  test("by a save point: as many changes, and longer ago, as in Redis", () => {
    const written = { bytes: 1, entries: 1 };
    expect(due({ ...written, ms: 3_600_000, changes: 1 })).toBeNull();
    expect(due({ ...written, ms: 3_600_001, changes: 1 })).toBe("save point");
    expect(due({ ...written, ms: 60_001, changes: 9999 })).toBeNull();
    expect(due({ ...written, ms: 60_001, changes: 10_000 })).toBe("save point");
  });

  test("by the log behind the last one, whatever its changes", () => {
    expect(due({ entries: 10, bytes: 999_999 })).toBeNull();
    expect(due({ entries: 10, bytes: 1_000_000 })).toBe("log bytes");
    expect(due({ entries: 4999 })).toBeNull();
    expect(due({ entries: 5000 })).toBe("log entries");
    const off = { savePoints: [], logBytes: 0, logEntries: 0 };
    const much = { ms: 1e9, changes: 1e9, bytes: 1e9, entries: 1e9 };
    expect(dueReason(off, much, noFailures)).toBeNull();
  });

  test("never while nothing was written: also for a save point of no changes", () => {
    const anyTime = { ...settings, savePoints: [{ seconds: 1, changes: 0 }] };
    expect(dueReason(anyTime, { ...nothing, ms: 1e9 }, noFailures)).toBeNull();
    expect(dueReason(anyTime, { ...nothing, ms: 1e9, entries: 1 }, noFailures)).toBe("save point");
  });

  test("and not before a failure is as long ago as there were failures", () => {
    const much = { entries: 5000 };
    expect(due(much, { count: 1, ms: retryMsMin - 1 })).toBeNull();
    expect(due(much, { count: 1, ms: retryMsMin })).toBe("log entries");
    expect(due(much, { count: 2, ms: retryMsMin })).toBeNull();
    expect(due(much, { count: 2, ms: 2 * retryMsMin })).toBe("log entries");
    expect(retryMs(50)).toBe(retryMsMax);
  });
});

describe("nodes take turns", () => {
  test("by id, the leader last, with time for one to end before the next begins", () => {
    const members = [3, 1, 2];
    const places = (leader: number) =>
      [1, 2, 3].map((self) => turnDelayMs(self, leader, members, 4000) / 6000);
    expect(places(1)).toEqual([2, 0, 1]);
    expect(places(3)).toEqual([0, 1, 2]);
    expect(places(0)).toEqual([0, 1, 2]);
  });

  test("a node alone waits for nobody; a first snapshot, or a very long one, waits within bounds", () => {
    expect(turnDelayMs(7, 7, [7], 60_000)).toBe(0);
    expect(turnDelayMs(2, 1, [1, 2, 3], -1)).toBe(0);
    expect(turnDelayMs(3, 1, [1, 2, 3], -1)).toBe(turnMsMin);
    expect(turnDelayMs(3, 1, [1, 2, 3], 1e9)).toBe(turnMsMax);
    // One that is being removed, or not a member yet.
    expect(turnDelayMs(9, 1, [1, 2, 3], 1000)).toBe(0);
  });
});
