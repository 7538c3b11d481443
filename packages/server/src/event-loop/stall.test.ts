import { expect, test } from "vitest";
import { causeOf, ownCauseOf, type Stall } from "./stall.js";
import { TURN_PARTS } from "./turn-times.js";

const noTurns = Object.fromEntries(TURN_PARTS.map((part) => [part, 0])) as Stall["turns"];

/** 100 ms late, of which the thread ran all. */
function stall(differing: Partial<Stall>): Stall {
  return {
    ms: 100,
    seenAtMs: 0,
    thread: { runningMs: 100, noCpuMs: 0 },
    gc: { ms: 0, kind: "minor" },
    turns: noTurns,
    snapshotMs: 0,
    snapshotUnderWay: false,
    ...differing,
  };
}

test.each<[string, Partial<Stall>]>([
  ["no-cpu", { thread: { runningMs: 40, noCpuMs: 60 } }],
  ["no-cpu", { thread: { runningMs: 40, noCpuMs: 60 }, gc: { ms: 90, kind: "major" } }],
  ["gc-major", { gc: { ms: 60, kind: "major" }, turns: { ...noTurns, commands: 95 } }],
  ["gc-minor", { gc: { ms: 60, kind: "minor" }, thread: { runningMs: 30, noCpuMs: 10 } }],
  ["snapshot", { snapshotMs: 80, turns: { ...noTurns, commands: 90 } }],
  ["turn-apply", { turns: { ...noTurns, apply: 40, commands: 30 } }],
  ["turn-state", { turns: { ...noTurns, state: 60 }, thread: { runningMs: 10, noCpuMs: 0 } }],
  ["blocked", { thread: { runningMs: 10, noCpuMs: 5 } }],
  ["outside-turns", {}],
  ["outside-turns", { thread: null }],
  [
    "several",
    {
      thread: { runningMs: 60, noCpuMs: 40 },
      gc: { ms: 30, kind: "minor" },
      turns: { ...noTurns, log: 40 },
    },
  ],
])("%s explains at least half of the stall", (cause, differing) => {
  expect(causeOf(stall(differing))).toBe(cause);
});

test("a stall without a processor has its own cause within", () => {
  const collected = stall({
    thread: { runningMs: 30, noCpuMs: 70 },
    gc: { ms: 20, kind: "minor" },
  });
  expect(causeOf(collected)).toBe("no-cpu");
  expect(ownCauseOf(collected)).toBe("gc-minor");
});

test("what the loop had not to do before it was late blocks nothing", () => {
  // Nothing to do for the 10 ms of a look, then 12 ms in a socket's callback.
  expect(causeOf(stall({ ms: 12, thread: { runningMs: 12, noCpuMs: 0 } }))).toBe("outside-turns");
});
