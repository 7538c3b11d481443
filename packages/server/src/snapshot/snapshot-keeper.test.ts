/** What the keeper makes of outcomes that a real thread gives seldom. With real ones: host/persistence-commands.test. */

import type { SnapshotDescription } from "@redoubt/raft";
import type { ReplicaStatus } from "@redoubt/replica";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { collectingLogger } from "../gateway/test-support.js";
import { retryMsMin, trailingBytesMax } from "./constants.js";
import { cancelledCode, type SnapshotDone, type SnapshotJob, type SnapshotOutcome } from "./job.js";
import { SnapshotKeeper } from "./snapshot-keeper.js";

const members = [1, 2, 3].map((id) => ({ id, incarnation: 1, peerAddress: `h:${id}` }));
const configuration = {
  index: 1,
  configuration: { clusterId: "c", voters: members, votersOutgoing: [], learners: [] },
};

function description(index: number): SnapshotDescription {
  return { index, term: 1, checksum: index, configuration, bytes: 100, digest: index };
}

function made(index: number, logBytes = 1000, effects = index): SnapshotDone {
  const snapshot = description(index);
  const found = { snapshot, keys: 1, stateDigest: "", isAudited: false };
  return { kind: "done", ...found, effects, logBytes, buildMs: 1, verifyMs: 1 };
}

/** A node as the keeper sees it, whose thread ends when a test says so. */
class World {
  nowMs = 1_000_000;
  applied = 100;
  appliedBytes = 1000;
  audit = { index: 0, digest: "", verdict: "unknown" };
  newest: SnapshotDescription | null = null;
  generation = 0;
  /** Indexes of snapshots that somebody outside reads. */
  read: number[] = [];
  jobs: Omit<SnapshotJob, "shared">[] = [];
  cancelled = 0;
  end: (outcome: SnapshotOutcome) => void = () => undefined;
  trims: { readonly index: number; readonly trailing: number }[] = [];
  fatal: Error | null = null;
  readonly doubted: number[] = [];
  readonly discarded: string[] = [];
  readonly lines: { level: string; event: string; fields: object }[] = [];
  readonly keeper: SnapshotKeeper;

  constructor() {
    this.keeper = new SnapshotKeeper({
      directory: "/nowhere",
      snapshots: this.#snapshots(),
      replica: () => ({
        status: () => this.#status(),
        snapshotsSent: [],
        compactTo: ({ index }, trailing) => {
          this.trims.push({ index, trailing });
          return index - trailing;
        },
      }),
      read: () => this.read.map(description),
      checksumAt: (index) => index,
      settings: () => ({ savePoints: [], logBytes: 0, logEntries: 50 }),
      trailingEntries: () => 10_000,
      run: (job) => {
        this.jobs.push(job);
        const outcome = new Promise<SnapshotOutcome>((resolve) => {
          this.end = resolve;
        });
        return { outcome, writtenBytes: 0, cancel: () => (this.cancelled += 1) };
      },
      monotonicMs: () => this.nowMs,
      wallMs: () => this.nowMs,
      logger: collectingLogger(this.lines),
      wake: () => undefined,
      fatal: (error) => {
        this.fatal = error;
      },
      doubted: ({ index }) => {
        this.doubted.push(index);
        return true;
      },
    });
  }

  #snapshots() {
    const world = this;
    return {
      get generation() {
        return world.generation;
      },
      newest: () => world.newest,
      fileOf: ({ index }: SnapshotDescription) => `${index}.rdb`,
      keysForThread: () => null,
      temporaryPath: () => `making-${world.jobs.length}`,
      discard: async (path: string) => {
        world.discarded.push(path);
      },
      adopt: async (
        snapshot: SnapshotDescription,
        _path: string,
        _sent: unknown,
        generation: number,
      ) => {
        const isWanted = generation === world.generation;
        if (isWanted) world.newest = snapshot;
        return isWanted;
      },
    };
  }

  #status(): ReplicaStatus {
    return {
      id: 1,
      leader: 1,
      configuration: configuration.configuration,
      applied: this.applied,
      snapshotIndex: this.newest?.index ?? 0,
      audit: this.audit,
      load: null,
      counters: { appliedEffects: this.applied, appliedBytes: this.appliedBytes },
    } as unknown as ReplicaStatus;
  }

  /** The thread has made what it was asked for. */
  done(logBytes = 1000): Promise<void> {
    const { index } = this.jobs.at(-1)!.to;
    const since = index - (this.newest?.index ?? 0);
    return this.ended(made(index, logBytes, since));
  }

  async ended(outcome: SnapshotOutcome): Promise<void> {
    this.end(outcome);
    // A few promises one behind the other.
    for (let turns = 0; turns < 10; turns++) await Promise.resolve();
  }

  failed(code: string, logDamaged = false): Promise<void> {
    return this.ended({ kind: "failed", code, message: code, logDamaged });
  }

  /** Until this node's turn has come: it leads, so it is last. */
  look(): void {
    this.keeper.look();
    this.nowMs += 120_000;
    this.keeper.look();
  }
}

describe("an install while a snapshot is made (trap-50)", () => {
  test("cancels it, and what it finds then is no damage", async () => {
    const world = new World();
    world.keeper.begin("save");
    world.generation += 1;
    world.keeper.look();
    expect(world.cancelled).toBe(1);
    await world.failed("LOG_DAMAGED", true);
    expect(world.fatal).toBeNull();
    expect(world.keeper.status).toMatchObject({ run: null, saves: { lastOk: true } });
    expect(world.trims).toEqual([]);
  });

  test("makes what was made before it useless", async () => {
    const world = new World();
    world.keeper.begin("save");
    world.generation += 1;
    await world.done();
    expect(world.newest).toBeNull();
    expect(world.trims).toEqual([]);
    // What is counted begins behind the one that was installed.
    world.newest = description(500);
    world.applied = 520;
    world.keeper.look();
    expect(world.keeper.status.changes).toBe(0);
  });
});

describe("a failure", () => {
  test("trap-25 of the log stops the node", async () => {
    const world = new World();
    world.keeper.begin("save");
    await world.failed("LOG_DAMAGED", true);
    expect(world.fatal).toMatchObject({ code: "LOG_DAMAGED" });
  });

  test("of anything else is told and tried again, later each time; what a client asks for does not wait", async () => {
    const world = new World();
    world.look();
    expect(world.jobs).toHaveLength(1);
    await world.failed("ENOSPC");
    expect(world.keeper.status.saves).toMatchObject({ lastOk: false, failuresInARow: 1, done: 0 });
    expect(world.discarded).toEqual(["making-0"]);
    world.nowMs += retryMsMin - 200_000;
    world.keeper.look();
    expect(world.jobs).toHaveLength(1);
    const ticket = { ok: null };
    expect(world.keeper.begin("save", ticket)).toBe("begun");
    await world.done();
    expect(ticket).toEqual({ ok: true });
    expect(world.keeper.status.saves).toMatchObject({ lastOk: true, failuresInARow: 0, done: 1 });
  });

  test("to end in time is no snapshot, and no error when the node stops", async () => {
    const world = new World();
    world.keeper.begin("save");
    const stopped = world.keeper.stop(0);
    expect(world.cancelled).toBe(1);
    await world.failed(cancelledCode);
    await stopped;
    expect(world.lines.filter(({ level }) => level === "error")).toEqual([]);
    world.look();
    expect(world.jobs).toHaveLength(1);
  });
});

describe("a node that stops behind a last snapshot", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test("waits no longer than it was told to, whatever is under way", async () => {
    const world = new World();
    world.keeper.begin("save");
    const stopped = world.keeper.stop(1000);
    vi.advanceTimersByTime(999);
    expect(world.cancelled).toBe(0);
    vi.advanceTimersByTime(1);
    expect(world.cancelled).toBe(1);
    await world.failed(cancelledCode);
    await stopped;
    // Its time was over: another one is not begun, and that is no failure of a snapshot.
    expect(world.jobs).toHaveLength(1);
    expect(world.lines.map(({ level }) => level)).toEqual(["info", "warn"]);
  });

  test("makes it once the one under way has ended, in what is left of the time", async () => {
    const world = new World();
    world.keeper.begin("save");
    const stopped = world.keeper.stop(1000);
    vi.advanceTimersByTime(600);
    world.applied = 200;
    await world.done();
    expect(world.jobs.at(-1)).toMatchObject({ to: { index: 200 } });
    vi.advanceTimersByTime(399);
    expect(world.cancelled).toBe(0);
    vi.advanceTimersByTime(1);
    expect(world.cancelled).toBe(1);
    await world.failed(cancelledCode);
    await stopped;
  });
});

describe("what it is made up to", () => {
  test("is what is applied, or a check index that covers half of what is new", async () => {
    const world = new World();
    world.audit = { index: 49, digest: "aa", verdict: "ok" };
    world.look();
    expect(world.jobs.at(-1)).toMatchObject({ to: { index: 100 }, audited: null });
    await world.done();
    world.applied = 200;
    world.audit = { index: 150, digest: "bb", verdict: "ok" };
    world.look();
    expect(world.jobs.at(-1)).toMatchObject({ to: { index: 150 }, audited: "bb" });
    await world.done();
    // What is behind it counts for the next one.
    expect(world.keeper.status.changes).toBe(50);
    world.audit = { index: 190, digest: "cc", verdict: "differs" };
    world.look();
    expect(world.jobs.at(-1)).toMatchObject({ to: { index: 200 }, audited: null });
  });

  test("and a client that asks gets all of it", () => {
    const world = new World();
    world.audit = { index: 90, digest: "aa", verdict: "ok" };
    world.keeper.begin("save");
    expect(world.jobs.at(-1)).toMatchObject({ to: { index: 100 }, audited: null });
  });
});

test("trap-26 what was found to be of another state is not made again where nobody can tell", async () => {
  const world = new World();
  world.audit = { index: 80, digest: "aa", verdict: "ok" };
  world.look();
  expect(world.jobs.at(-1)).toMatchObject({ audited: "aa" });
  await world.failed("SNAPSHOT_OTHER_STATE");
  // The check index is far behind by now: what is applied has no digest to be compared with.
  world.applied = 1000;
  world.look();
  const ticket = { ok: null };
  world.keeper.begin("save", ticket);
  expect(world.jobs.at(-1)).toMatchObject({ to: { index: 80 }, audited: "aa" });
  await world.failed("SNAPSHOT_OTHER_STATE");
  world.audit = { index: 80, digest: "aa", verdict: "unknown" };
  const refused = { ok: null };
  world.keeper.begin("save", refused);
  expect(refused).toEqual({ ok: false });
  expect(world.keeper.status.saves).toMatchObject({ lastOk: false, done: 0 });
  expect(world.trims).toEqual([]);
  world.audit = { index: 900, digest: "bb", verdict: "ok" };
  world.keeper.begin("save");
  expect(world.jobs.at(-1)).toMatchObject({ to: { index: 900 }, audited: "bb" });
  await world.ended({ ...made(900), isAudited: true });
  // What most nodes hold is in it: the next ones are made of that.
  world.keeper.begin("save");
  expect(world.jobs.at(-1)).toMatchObject({ to: { index: 1000 }, audited: null });
});

describe("trap-43 a snapshot that leads to another state than most nodes hold", () => {
  async function doubtedBehind100(): Promise<World> {
    const world = new World();
    world.look();
    await world.done();
    world.applied = 200;
    world.audit = { index: 200, digest: "aa", verdict: "ok" };
    world.look();
    expect(world.keeper.quarantineDue).toBe(false);
    await world.failed("SNAPSHOT_OTHER_STATE");
    expect(world.doubted).toEqual([100]);
    expect(world.keeper.quarantineDue).toBe(true);
    return world;
  }

  test("is doubted until one made at a check index is right", async () => {
    const world = await doubtedBehind100();
    world.keeper.begin("save");
    await world.ended({ ...made(200), isAudited: true });
    expect(world.keeper.quarantineDue).toBe(false);
    expect(world.newest).toMatchObject({ index: 200 });
  });

  test("or until a leader's is installed", async () => {
    const world = await doubtedBehind100();
    world.newest = description(500);
    world.applied = 520;
    world.audit = { index: 0, digest: "", verdict: "unknown" };
    world.keeper.look();
    expect(world.keeper.quarantineDue).toBe(false);
    world.keeper.begin("save");
    expect(world.jobs.at(-1)).toMatchObject({ to: { index: 520 } });
  });

  test("is nothing to start from: without a snapshot there is none to doubt", async () => {
    const world = new World();
    world.audit = { index: 100, digest: "aa", verdict: "ok" };
    world.look();
    await world.failed("SNAPSHOT_OTHER_STATE");
    expect(world.doubted).toEqual([]);
    expect(world.keeper.quarantineDue).toBe(false);
  });
});

test("trap-21 entries stay behind it, large ones fewer", async () => {
  const world = new World();
  world.keeper.begin("save");
  await world.done(1000);
  world.applied = 200;
  world.keeper.begin("save");
  await world.done(trailingBytesMax * 2);
  expect(world.trims).toEqual([
    { index: 100, trailing: 10_000 },
    { index: 200, trailing: 50 },
  ]);
});

test("trap-21 the log behind a snapshot that somebody reads stays, if it is not too long", async () => {
  const world = new World();
  const saveAt = async (index: number, logBytes: number): Promise<void> => {
    world.applied = index;
    world.keeper.begin("save");
    await world.done(logBytes);
  };
  await saveAt(20_000, 1000);
  world.read = [20_000];
  await saveAt(40_000, trailingBytesMax / 2);
  world.read = [20_000, 40_000];
  await saveAt(60_000, trailingBytesMax / 2);
  await saveAt(80_000, 1);
  // The reader of the first one is too slow. Who reads the second one goes on.
  expect(world.trims.map(({ trailing }) => trailing)).toEqual([10_000, 20_000, 40_000, 40_000]);
  world.read = [];
  await saveAt(100_000, 1);
  expect(world.trims.at(-1)).toEqual({ index: 100_000, trailing: 10_000 });
});

test("what is scheduled begins when the one under way has ended", async () => {
  const world = new World();
  world.keeper.begin("rewrite");
  expect(world.keeper.begin("save")).toBe("busy rewriting");
  world.keeper.schedule("save");
  world.keeper.look();
  expect(world.jobs).toHaveLength(1);
  await world.done();
  world.applied += 1;
  world.keeper.look();
  expect(world.jobs).toHaveLength(2);
  expect(world.keeper.status).toMatchObject({ scheduled: null, rewrites: { done: 1 } });
});
