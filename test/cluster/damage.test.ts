/** A short run of `npm run damage`: every change of a file of a stopped node is reported, or proved harmless. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrapLog, openLog } from "@redoubt/level-log";
import { bootstrapEntries, EntryKind, entryChecksum, type Persist } from "@redoubt/raft";
import { describe, expect, test } from "vitest";
import { runCampaign } from "../damage/campaign.js";
import { isSame, readCopy } from "../damage/fingerprint.js";
import { ReadBack } from "../damage/read-back.js";
import { runsLong } from "../support/long-test.js";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";

/** Cases. Each stops and starts a node. */
const CASES = runsLong ? 100 : 4;

test("trap-25 trap-26 a stopped node's damaged file is reported and rebuilt, or changes nothing", async () => {
  const seed = Math.trunc(Math.random() * 2 ** 31);
  const { cases, acknowledged, reads } = await runCampaign({
    cases: CASES,
    seed,
    onCase: () => {},
  }).catch((error: unknown) => {
    throw new Error(`npm run damage -- --seed ${seed} finds it again`, { cause: error });
  });
  expect(cases).toHaveLength(CASES);
  expect(acknowledged).toBeGreaterThan(0);
  expect(reads).toBeGreaterThan(0);
});

describe("canaries: what the campaign looks by does see (trap-40)", () => {
  test("two directories that differ in a vote, or in one entry, have two fingerprints", async () => {
    const directory = mkdtempSync(join(tmpdir(), "redoubt-fingerprint-"));
    try {
      const voters = [{ id: 1, incarnation: 1, peerAddress: "h:1" }];
      const entries = bootstrapEntries({
        ...{ clusterId: "c", voters, votersOutgoing: [], learners: [] },
        timing: { electionTimeoutMs: 500, clockDriftPercentMax: 10 },
      });
      const identity = { clusterId: "c", nodeId: 1, incarnation: 1 };
      await bootstrapLog({ directory, identity, entries, hardState: { term: 1, vote: 0 } });
      const before = await holds(directory);
      expect(isSame(before, await holds(directory))).toBe(true);
      await persist(directory, { hardState: { term: 1, vote: 1 } });
      const voted = await holds(directory);
      expect(isSame(before, voted)).toBe(false);
      const { index, checksum } = entries.at(-1)!;
      const [kind, payload] = [EntryKind.noop, new Uint8Array(0)] as const;
      const next = entryChecksum(index + 1, 1, kind, checksum, payload);
      const entry = { index: index + 1, term: 1, kind, checksum: next, payload };
      await persist(directory, { entries: [entry] });
      expect(isSame(voted, await holds(directory))).toBe(false);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  test("a write that is lost, and a value that nobody wrote, are wrong answers", async () => {
    const cluster = await TestCluster.start({ size: 1 });
    const [{ port }] = cluster.nodes as [(typeof cluster.nodes)[0]];
    const client = await cluster.nodes[0]!.connect();
    const faults = async (prefix: string, act: (key: string) => Promise<unknown>) => {
      const readBack = new ReadBack([port], 1, prefix);
      try {
        return await until("it is seen", async () => {
          for (let at = 0; at < 64; at++) await act(`${prefix}own:0:${at}`);
          return readBack.wrong[0];
        });
      } finally {
        await readBack.stop();
      }
    };
    try {
      expect(await faults("lost:", (key) => client.send("DEL", key))).toMatch(/ is 'null', not /);
      expect(await faults("other:", (key) => client.send("SET", key, "x"))).toMatch(
        / is 'x', not /,
      );
      const quiet = new ReadBack([port], 1, "quiet:");
      await until("it reads", () => quiet.reads > 50);
      await quiet.stop();
      await quiet.checkAll();
      expect(quiet.wrong).toEqual([]);
    } finally {
      await client.end();
      await cluster.stop();
    }
  });
});

async function holds(directory: string) {
  const reading = await readCopy(directory, 1);
  if (!("holds" in reading)) throw new Error(reading.refusal);
  return reading.holds;
}

async function persist(
  directory: string,
  change: Partial<Pick<Persist, "hardState" | "entries">>,
): Promise<void> {
  const onFatal = (error: Error): void => {
    throw error;
  };
  const log = await openLog({ directory, nodeId: 1, clusterId: "c", onFatal });
  const empty = { sequence: 1, hardState: null, truncateFrom: 0, entries: [] };
  await new Promise<void>((resolve) => log.persist({ ...empty, ...change }, resolve));
  await log.close();
}
