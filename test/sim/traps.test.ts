/**
 * One kind of trouble at a time, as often as it will: a few seeds each. Drawn mixtures of all of them are the
 * histories' (histories-a, histories-b).
 */

import { describe, expect, test } from "vitest";
import type { FaultKind } from "./faults/faults.js";
import { type RunOptions, type RunResult, run } from "./run.js";

interface Trouble {
  readonly title: string;
  readonly only: readonly FaultKind[];
  readonly options?: Partial<RunOptions>;
  /** That the trouble was there, beyond strikes that struck. */
  readonly happened?: (result: RunResult) => boolean;
}

const SEEDS = [1, 2, 3];

const TROUBLES: readonly Trouble[] = [
  {
    title: "trap-04 leaders go as soon as they lead, with entries on one disk only",
    only: ["strikeNewLeaders"],
    happened: ({ terms }) => terms > 2,
  },
  {
    title: "trap-06 messages of the last seconds arrive again",
    only: ["oldMessages", "crash"],
  },
  {
    title: "trap-10 two nodes that do not hear each other never stop the third",
    only: ["partialPartition", "slowLink"],
    // A leader that is cut off from one of three still has its quorum.
    happened: ({ longestSilenceMs }) => longestSilenceMs < 5000,
  },
  {
    title: "trap-01 trap-02 trap-07 trap-12 members come and go while leaders do",
    only: ["membership", "strikeChanges", "crash", "partition"],
  },
  {
    title: "trap-11 removed nodes leave, and find nobody to listen when they are started again",
    only: ["membership", "ghost", "crash"],
  },
  {
    title: "trap-13 trap-45 leadership is handed on, by messages that come late and again",
    only: ["transfer", "requestLeadership", "delay", "oldMessages"],
    options: { readMode: "lease" },
    happened: ({ terms }) => terms > 2,
  },
  {
    title: "trap-14 trap-15 trap-46 leaders that sleep, stand still or drift tell nothing stale",
    only: ["suspend", "pauseLeader", "isolateAndPauseLeader", "clockDrift", "clockJump"],
    options: { readMode: "lease" },
    happened: ({ committedReads }) => committedReads > 20,
  },
  {
    title: "trap-17 trap-18 trap-43 a machine with an empty disk comes back as another voter",
    only: ["wipe", "crash", "oldMessages"],
  },
  {
    title:
      "trap-21 trap-22 trap-23 trap-50 snapshots at any time, and followers that lack what was trimmed",
    only: ["snapshot", "outrun", "damagedSnapshot", "membership", "crash", "oldMessages"],
  },
  {
    title: "trap-24 trap-29 disks that refuse end their process and no promise",
    only: ["writeError", "fsyncError", "fullDisk"],
  },
  {
    title: "trap-25 trap-26 damaged and lying disks are found, and replaced one at a time",
    only: ["damage", "lyingFsync", "powerLoss"],
  },
  {
    title: "trap-38 trap-39 a busy leader keeps its place for a bounded time",
    only: ["busyLeader", "stopLeader"],
    happened: ({ longestSilenceMs }) => longestSilenceMs < 8000,
  },
  {
    title: "trap-48 two data nodes and a witness go on through the loss of any one",
    only: ["crash", "isolateLeader", "crashLoop", "wipe"],
    options: { nodes: 3, witnesses: [3] },
  },
];

describe.each(TROUBLES)("$title", ({ only, options = {}, happened = () => true }) => {
  test.each(SEEDS)("seed %i", (seed) => {
    const result = run({ seed, only, ...options });
    expect(result.violation?.message ?? null).toBeNull();
    expect(Object.values(result.faults).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(0);
    expect(happened(result)).toBe(true);
  });
});
