/** A backup of a cluster under load, looked through, and restored as another cluster: whole, to an entry, to a time. */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dumpLibraries } from "@redoubt/keyspace";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { longTest } from "../support/long-test.js";
import { freePorts } from "./support/ports.js";
import { redoubt } from "./support/redoubt-cli.js";
import type { StateDigest } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";
import { pause, until } from "./support/until.js";
import { Writers } from "./support/writers.js";

/** What a quiet moment in the middle of the writes was like. */
interface Moment {
  readonly state: StateDigest;
  readonly redisDigest: string;
  /** Before the next write, after the last one. */
  readonly timeMs: number;
  readonly steps: number;
}

let directory: string;
let cluster: TestCluster;
let restored: TestCluster | null = null;
/** Steps written so far: each is a counter and a list's next element, in one entry. */
let steps = 0;
const moments: Moment[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "redoubt-backup-"));
  cluster = await TestCluster.start({
    options: () => [
      ...["--save", "", "--log-snapshot-entries", "300", "--log-trailing-entries", "2000"],
    ],
  });
  const writers = new Writers(cluster.addresses);
  // Part of the state that every restored cluster is compared with.
  const functions = dumpLibraries(["#!lua name=kept\n-- whatever it does\n"], 1000)!;
  const leader = await cluster.leader();
  await leader.withClient((client) => client.text("FUNCTION", "RESTORE", functions));
  await step(100);
  await until("every node has a snapshot", async () => {
    const infos = await Promise.all(cluster.nodes.map((node) => node.info("raft")));
    return infos.every((info) => Number(info.get("raft_snapshot_index")) > 0) ? true : null;
  });
  await backup("early");
  await writers.stop();
  moments.push(await quiet());
  await step(150);
  moments.push(await quiet());
  const later = new Writers(cluster.addresses, 8, 10, "later:");
  await step(50);
  await backup("more", "--base", path("early"));
  await backup("full");
  await later.stop();
}, 240_000);
afterAll(async () => {
  await cluster?.stop();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(() => {
  restored = null;
});
afterEach(() => restored?.stop());

function path(name: string): string {
  return join(directory, name);
}

async function step(count: number): Promise<void> {
  const client = await (await cluster.leader()).connect();
  for (let at = 0; at < count; at++) {
    steps += 1;
    const [, , , done] = await client.pipeline([
      ["MULTI"],
      ["INCR", "counter"],
      ["RPUSH", "steps", String(steps)],
      ["EXEC"],
    ]);
    expect(done).toEqual([steps, steps]);
  }
  await client.end();
}

/** Nobody writes: what is there now, and a time at which nothing else was. */
async function quiet(): Promise<Moment> {
  await pause(50);
  const state = await cluster.equalDigests();
  const leader = await cluster.leader();
  const redisDigest = await leader.withClient((client) => client.text("DEBUG", "DIGEST"));
  const timeMs = Date.now();
  await pause(50);
  return { state, redisDigest, timeMs, steps };
}

async function backup(name: string, ...options: string[]): Promise<void> {
  const follower = (await cluster.followers())[0]!;
  const made = await redoubt("backup", path(name), "-p", String(follower.port), ...options);
  expect([made.code, made.stderr]).toEqual([0, ""]);
}

/** Its three members run from what was restored. */
async function restore(
  name: string,
  ...options: string[]
): Promise<{ index: number; stateDigest: string }> {
  const next = new TestCluster({}, 3, await freePorts(6));
  restored = next;
  const members = next.nodes.map(({ id, directory: home }) => `${id}=${join(home, "data")}`);
  const common = [...["--cluster-id", next.clusterId, "--peers", next.peers, "--json"], ...options];
  // Two on one machine, one on another: the same words.
  const [first, ...others] = members;
  const outcomes = [
    await redoubt("restore", path(name), first!, ...common),
    await redoubt("restore", path(name), ...others, ...common),
  ];
  for (const { code, stderr } of outcomes) expect([code, stderr]).toEqual([0, ""]);
  const [one, two] = outcomes.map(({ stdout }) => JSON.parse(stdout) as { stateDigest: string });
  expect(one!.stateDigest).toBe(two!.stateDigest);
  for (const node of next.nodes) node.start();
  await next.settled();
  await next.equalDigests();
  return one as unknown as { index: number; stateDigest: string };
}

async function stepsIn(
  among: TestCluster,
): Promise<{ counter: number; list: number; last: string }> {
  const leader = await among.leader();
  const [counter, list, last] = await leader.withClient((client) =>
    client.pipeline([
      ["GET", "counter"],
      ["LLEN", "steps"],
      ["LINDEX", "steps", "-1"],
    ]),
  );
  return { counter: Number(counter), list: Number(list), last: String(last) };
}

test("to the end: a backup under load is a prefix of the log, and the new cluster lives", async () => {
  await restore("full");
  const { counter, list, last } = await stepsIn(restored!);
  expect({ counter, list, last }).toEqual({ counter: steps, list: steps, last: String(steps) });
  const writers = new Writers(restored!.addresses, 8, 10, "new:");
  await until("writes go on", () => writers.acknowledgedCount >= 300);
  const [follower] = await restored!.followers();
  await follower!.signal("SIGKILL");
  follower!.start();
  await restored!.settled();
  await writers.stop();
  await restored!.equalDigests();
  for (const node of restored!.nodes) expect(await writers.faultsOn(node)).toEqual([]);
});

test("to an entry and to a time: the state is the one that the log's prefix had", async () => {
  const [first, second] = moments as [Moment, Moment];
  const byIndex = await restore("more", "--to-index", String(first.state.index));
  expect(byIndex.stateDigest).toBe(first.state.digest);
  const leader = await restored!.leader();
  expect(await leader.withClient((client) => client.text("DEBUG", "DIGEST"))).toBe(
    first.redisDigest,
  );
  expect((await stepsIn(restored!)).counter).toBe(first.steps);
  await restored!.stop();
  const byTime = await restore("more", "--to-time", new Date(second.timeMs).toISOString());
  expect(byTime.stateDigest).toBe(second.state.digest);
  expect(await stepsIn(restored!)).toEqual({
    counter: second.steps,
    list: second.steps,
    last: String(second.steps),
  });
});

longTest(
  "a changed byte in any file of a backup is found, and nothing is restored from it",
  async () => {
    const checked = await redoubt("backup", "--check", path("more"), "--json");
    expect([checked.code, checked.stderr]).toEqual([0, ""]);
    const { first, last } = JSON.parse(checked.stdout) as { first: number; last: number };
    expect(first).toBeGreaterThan(1);
    expect(last).toBeGreaterThan(moments[1]!.state.index);
    // Of the base, too: an increment is nothing without it.
    for (const [name, part] of [
      ["full", "full"],
      ["more", "early"],
    ] as const) {
      for (const file of readdirSync(path(part))) {
        const where = join(path(part), file);
        const whole = readFileSync(where);
        for (const share of [0, 0.3, 0.7, 1]) {
          const at = Math.floor(share * (whole.length - 1));
          const bytes = Buffer.from(whole);
          bytes[at]! ^= 1;
          writeFileSync(where, bytes);
          const bad = await redoubt("backup", "--check", path(name));
          expect([file, at, bad.code]).toEqual([file, at, 1]);
          expect(bad.stderr).toMatch(/\((DAMAGED|UNSUPPORTED)\)/);
        }
        const target = join(directory, "nowhere");
        const refused = await redoubt(
          ...["restore", path(name), `1=${target}`, "--cluster-id", "other"],
          ...["--peers", "1@127.0.0.1:1"],
        );
        expect(refused.code).toBe(1);
        expect(readdirSync(directory)).not.toContain("nowhere");
        writeFileSync(where, whole);
      }
    }
    const good = await redoubt("backup", "--check", path("full"));
    expect([good.code, good.stderr]).toEqual([0, ""]);
  },
);

longTest(
  "nothing is written over: a backup that is there, a directory that holds something, an entry too far",
  async () => {
    const port = ["-p", String((await cluster.leader()).port)];
    const again = await redoubt("backup", path("full"), ...port);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("exists already")]);
    const names = ["--cluster-id", "other", "--peers", "1@127.0.0.1:1"];
    const filled = await redoubt("restore", path("full"), `1=${path("early")}`, ...names);
    expect([filled.code, filled.stderr]).toEqual([1, expect.stringContaining("not empty")]);
    const far = await redoubt(
      ...["restore", path("full"), `1=${path("new")}`, ...names, "--to-index", "99999999"],
    );
    expect([far.code, far.stderr]).toEqual([1, expect.stringContaining("goes from entry")]);
    const same = await redoubt(
      ...["restore", path("full"), `1=${path("new")}`, "--cluster-id", cluster.clusterId],
      ...["--peers", "1@127.0.0.1:1"],
    );
    expect([same.code, same.stderr]).toEqual([1, expect.stringContaining("as the old one")]);
    const lonely = path("lonely");
    cpSync(path("more"), join(lonely, "more"), { recursive: true });
    const missing = await redoubt("backup", "--check", join(lonely, "more"));
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("early")]);
    expect(readdirSync(directory).filter((name) => /partial|^\./.test(name))).toEqual([]);
  },
);
