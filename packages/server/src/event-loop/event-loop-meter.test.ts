import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lookMs } from "./constants.js";
import { EventLoopMeter, meterOfThisThread } from "./event-loop-meter.js";
import { causeOf, ownCauseOf } from "./stall.js";
import { ThreadClock } from "./thread-time.js";

/** Time that stands still until it is moved. */
class World {
  nowMs = 5_000;
  runningMs = 100;
  noCpuMs = 10;
  servingMs = 3;
  underWay = false;
  readonly meter = new EventLoopMeter({
    monotonicMs: () => this.nowMs,
    wallMs: () => 1_000_000 + this.nowMs,
    threadTime: () => ({ runningMs: this.runningMs, noCpuMs: this.noCpuMs }),
    snapshots: () => ({ servingMs: this.servingMs, underWay: this.underWay }),
  });

  runs(ms: number): void {
    this.nowMs += ms;
    this.runningMs += ms;
  }

  looksAfter(ms: number): void {
    this.nowMs += ms;
    this.meter.look();
  }
}

describe("the meter", () => {
  test("tells how much later than due it looked, at which percentile", () => {
    const world = new World();
    for (let i = 0; i < 995; i++) world.looksAfter(lookMs + 1);
    for (let i = 0; i < 5; i++) world.looksAfter(lookMs + 60);
    expect(world.meter.delays.at(50)).toBeCloseTo(1, 1);
    expect(world.meter.delays.at(99)).toBeCloseTo(1, 1);
    expect(world.meter.delays.at(99.9)).toBeCloseTo(60, 0);
    expect(world.meter.delays.worst?.ms).toBe(60);
  });

  test("its own is what is left without waiting for a processor", () => {
    const world = new World();
    const { delays, ownDelays } = world.meter;
    world.noCpuMs += 70;
    world.runs(30);
    world.looksAfter(lookMs + 50);
    world.runs(60);
    world.looksAfter(0);
    expect(delays.longestMs).toBe(80);
    expect(causeOf(delays.worst!)).toBe("no-cpu");
    expect(ownDelays!.longestMs).toBe(50);
    expect(ownDelays!.worst).toMatchObject({ ms: 50, thread: { runningMs: 60, noCpuMs: 0 } });
    expect(ownCauseOf(ownDelays!.worst!)).toBe("outside-turns");
  });

  test("a look that is early is no delay", () => {
    const world = new World();
    world.looksAfter(lookMs / 2);
    expect(world.meter.delays.at(100)).toBeLessThan(0.01);
    expect(world.meter.delays.worst).toBeNull();
  });

  test("keeps the worst stall with what was within it, not what was before or behind", () => {
    const world = new World();
    const { meter } = world;
    meter.turns.turnBegins();
    meter.turns.partBegins("commands");
    world.runs(7);
    meter.turns.turnEnds();
    world.looksAfter(lookMs - 7);
    meter.turns.turnBegins();
    meter.turns.partBegins("apply");
    world.runs(80);
    meter.turns.partBegins("replies");
    world.runs(5);
    meter.turns.turnEnds();
    world.noCpuMs += 4;
    world.servingMs += 2;
    world.underWay = true;
    world.looksAfter(9);
    world.underWay = false;
    world.looksAfter(lookMs + 20);
    const { worst } = meter.delays;
    expect(worst).toMatchObject({
      ms: 84,
      seenAtMs: 1_000_000 + 5_000 + lookMs + 94,
      thread: { runningMs: 85, noCpuMs: 4 },
      turns: { commands: 0, apply: 80, replies: 5 },
      snapshotMs: 2,
      snapshotUnderWay: true,
      gc: { ms: 0 },
    });
    expect(causeOf(worst!)).toBe("turn-apply");
    expect(meter.turns.longest).toEqual({ ms: 85, part: "apply" });
    expect(meter.turns.commandsMs).toBe(7);
  });

  test("a collection that is told after the look that came late belongs to the stall", () => {
    const world = new World();
    const { meter } = world;
    world.runs(70);
    meter.look();
    expect(causeOf(meter.delays.worst!)).toBe("outside-turns");
    meter.gc.note({ kind: "major", beganMs: 5_005, endedMs: 5_055 });
    meter.gc.note({ kind: "minor", beganMs: 5_065, endedMs: 5_090 });
    expect(meter.delays.worst?.gc).toEqual({ ms: 55, kind: "major" });
    world.looksAfter(lookMs);
    meter.gc.note({ kind: "minor", beganMs: 5_000, endedMs: 5_070 });
    expect(meter.delays.worst?.gc).toEqual({ ms: 55, kind: "major" });
    expect(causeOf(meter.delays.worst!)).toBe("gc-major");
    expect(meter.gc.counts.minor).toEqual({ pauses: 2, ms: 95, maxMs: 70 });
  });

  test("reset forgets everything but what is under way", () => {
    const world = new World();
    const { meter } = world;
    meter.gc.note({ kind: "minor", beganMs: 5_000, endedMs: 5_001 });
    meter.turns.turnBegins();
    world.runs(50);
    meter.turns.turnEnds();
    world.looksAfter(lookMs);
    meter.reset();
    expect(meter.delays.worst).toBeNull();
    expect(meter.delays.at(99.9)).toBe(0);
    expect(meter.gc.counts.minor).toEqual({ pauses: 0, ms: 0, maxMs: 0 });
    expect(meter.turns.longest.ms).toBe(0);
    expect(meter.cycles).toBe(0);
    expect(meter.activeMs).toBeLessThan(50);
    world.looksAfter(lookMs + 30);
    expect(meter.delays.worst?.ms).toBe(30);
  });
});

describe("in a real thread", () => {
  const { meter, close } = meterOfThisThread({
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    snapshots: () => ({ servingMs: 0, underWay: false }),
  });
  const pass = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  test("a turn that takes long is a stall, and passes and busy time grow", async () => {
    await pass(5 * lookMs);
    meter.reset();
    const beganMs = performance.now();
    meter.turns.turnBegins();
    meter.turns.partBegins("commands");
    while (performance.now() - beganMs < 300);
    meter.turns.turnEnds();
    await pass(5 * lookMs);
    expect(meter.delays.worst!.ms).toBeGreaterThan(280);
    expect(meter.delays.worst!.turns.commands).toBeGreaterThan(280);
    expect(["turn-commands", "no-cpu"]).toContain(causeOf(meter.delays.worst!));
    expect(meter.delays.at(100)).toBeCloseTo(meter.delays.worst!.ms, -1);
    expect(meter.cycles).toBeGreaterThan(1);
    expect(meter.activeMs).toBeGreaterThan(280);
  });

  test("collections are counted by kind", async () => {
    meter.reset();
    for (let held: object[] = []; meter.gc.counts.minor.pauses === 0; held = []) {
      for (let i = 0; i < 300_000; i++) held.push({ i });
      await pass(1);
    }
    const { pauses, ms, maxMs } = meter.gc.counts.minor;
    expect(ms).toBeGreaterThan(0);
    expect(maxMs).toBeLessThanOrEqual(ms);
    expect(maxMs * pauses).toBeGreaterThanOrEqual(ms * 0.999);
  });

  test("looks no more when it has ended", async () => {
    close();
    meter.reset();
    await pass(5 * lookMs);
    expect(meter.delays.at(100)).toBe(0);
  });
});

test("the thread's time on a processor grows by what it works, where the system tells", () => {
  const clock = new ThreadClock();
  const before = clock.read();
  if (before === null) return expect(() => readFileSync("/proc/thread-self/schedstat")).toThrow();
  const beganMs = performance.now();
  while (performance.now() - beganMs < 100);
  const after = clock.read()!;
  const grownMs = after.runningMs - before.runningMs + after.noCpuMs - before.noCpuMs;
  expect(grownMs).toBeGreaterThan(50);
  expect(grownMs).toBeLessThan(1_000);
  clock.close();
  expect(clock.read()).toBeNull();
});
