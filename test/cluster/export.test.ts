/** Data of a cluster out to a real Redis: as an RDB and as an append-only file, while it is written to and at rest. */

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dumpLibraries } from "@redoubt/keyspace";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { longTest } from "../support/long-test.js";
import { fill } from "./support/dataset.js";
import { RawClient } from "./support/raw-client.js";
import { RedisServer } from "./support/redis-server.js";
import { redoubt } from "./support/redoubt-cli.js";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";
import { Writers } from "./support/writers.js";

const directory = mkdtempSync(join(tmpdir(), "redoubt-export-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const library = "#!lua name=answers\nredis.register_function('answer', function() return 42 end)";

let cluster: TestCluster;
beforeEach(async () => {
  cluster = await TestCluster.start({
    options: () => [
      ...["--save", "", "--log-snapshot-entries", "300", "--log-trailing-entries", "50"],
    ],
  });
});
afterEach(() => cluster?.stop());

/** DEBUG DIGEST of a stock redis-server that was started with that file. */
async function loaded(
  form: "rdb" | "aof",
  path: string,
): Promise<{ digest: string; size: number; libraries: string }> {
  const home = mkdtempSync(join(directory, "redis-"));
  const name = form === "rdb" ? "dump.rdb" : "appendonly.aof";
  copyFileSync(path, join(home, name));
  const checker = form === "rdb" ? "redis-check-rdb" : "redis-check-aof";
  execFileSync(checker, [join(home, name)], { stdio: "ignore" });
  const appendOnly = ["--appendonly", form === "aof" ? "yes" : "no"];
  const server = await RedisServer.start(
    ...["--dir", home, "--enable-debug-command", "yes", ...appendOnly],
  );
  try {
    const client = await RawClient.connect(server.port);
    const [digest, size, libraries] = await client.pipeline([
      ...[["DEBUG", "DIGEST"], ["DBSIZE"], ["FUNCTION", "LIST", "WITHCODE"]],
    ]);
    await client.end();
    return { digest: String(digest), size: Number(size), libraries: JSON.stringify(libraries) };
  } finally {
    await server.stop();
  }
}

longTest(
  "what is exported loads into redis-server: under load, at rest, and from a stopped node",
  async () => {
    const source = await RedisServer.start("--repl-diskless-sync-delay", "0");
    const client = await RawClient.connect(source.port);
    await fill(client, Date.now() + 3_600_000);
    await client.text("FUNCTION", "LOAD", library);
    const libraries = JSON.stringify(await client.send("FUNCTION", "LIST", "WITHCODE"));
    expect(libraries).toContain("answer");
    await client.end();
    const imported = await redoubt(
      ...["import", `redis://127.0.0.1:${source.port}`, "-p", String(cluster.nodes[0]!.port)],
      ...["--temporary-dir", directory],
    );
    await source.stop();
    expect([imported.code, imported.stderr]).toEqual([0, ""]);

    const port = ["-p", String((await cluster.leader()).port)];
    const to = (name: string) => join(directory, name);
    const writers = new Writers(cluster.addresses);
    try {
      await until("writes go on", () => writers.acknowledgedCount >= 1_000);
      for (const form of ["rdb", "aof"] as const) {
        const before = writers.acknowledgedCount;
        const busy = await redoubt("export", `--${form}`, to(`busy.${form}`), ...port, "--json");
        expect([busy.code, busy.stderr]).toEqual([0, ""]);
        const { keys } = JSON.parse(busy.stdout) as { keys: number };
        expect((await loaded(form, to(`busy.${form}`))).size).toBe(keys);
        expect(writers.acknowledgedCount).toBeGreaterThan(before);
      }
      // Neither all in a snapshot nor all in the log: nodes take turns, the leader last.
      await until("the leader's log begins behind a snapshot", async () => {
        const info = await (await cluster.leader()).info("raft");
        return Number(info.get("raft_first_index")) > 100;
      });
    } finally {
      await writers.stop();
    }
    await cluster.equalDigests();
    const leader = await cluster.leader();
    const [digest, size] = await leader.withClient((each) =>
      each.pipeline([["DEBUG", "DIGEST"], ["DBSIZE"]]),
    );
    const whole = { digest: String(digest), size: Number(size), libraries };
    for (const form of ["rdb", "aof"] as const) {
      const rest = await redoubt("export", `--${form}`, to(`rest.${form}`), ...port);
      expect([rest.code, rest.stderr]).toEqual([0, ""]);
      expect(await loaded(form, to(`rest.${form}`))).toEqual(whole);
    }
    const fresh = await redoubt("export", "--fresh", "--rdb", to("fresh.rdb"), ...port);
    expect([fresh.code, fresh.stderr]).toEqual([0, ""]);
    expect(await loaded("rdb", to("fresh.rdb"))).toEqual(whole);

    const again = await redoubt("export", "--rdb", to("rest.rdb"), ...port);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("exists already")]);

    const [stopped] = await cluster.followers();
    const data = join(stopped!.directory, "data");
    const running = await redoubt("export", "--rdb", to("running.rdb"), "--dir", data);
    expect([running.code, running.stderr]).toEqual([1, expect.stringContaining("STORE_LOCKED")]);
    await stopped!.signal("SIGKILL");
    const listed = readdirSync(data);
    const offline = await redoubt("export", "--rdb", to("offline.rdb"), "--dir", data);
    expect([offline.code, offline.stderr]).toEqual([0, ""]);
    expect(readdirSync(data)).toEqual(listed);
    expect(await loaded("rdb", to("offline.rdb"))).toEqual(whole);
    expect(readdirSync(directory).filter((name) => name.startsWith("."))).toEqual([]);
  },
);

test("a cluster without a snapshot is exported from its log, an empty one too", async () => {
  mkdirSync(join(directory, "small"));
  const path = (name: string) => join(directory, "small", name);
  const port = ["-p", String((await cluster.leader()).port)];
  const empty = await redoubt("export", "--aof", path("empty.aof"), ...port);
  expect([empty.code, empty.stderr]).toEqual([0, ""]);
  expect(await loaded("aof", path("empty.aof"))).toEqual({
    ...{ digest: "0".repeat(40), size: 0, libraries: "[]" },
  });
  const leader = await cluster.leader();
  await leader.withClient((client) => client.text("SET", "k", "v"));
  const functions = dumpLibraries([library], 1000)!;
  await leader.withClient((client) => client.text("FUNCTION", "RESTORE", functions));
  const digest = await leader.withClient((client) => client.text("DEBUG", "DIGEST"));
  for (const form of ["rdb", "aof"] as const) {
    const one = await redoubt("export", `--${form}`, path(`one.${form}`), ...port);
    expect([one.code, one.stderr]).toEqual([0, ""]);
    const libraries = expect.stringContaining(JSON.stringify(library));
    expect(await loaded(form, path(`one.${form}`))).toEqual({ digest, size: 1, libraries });
  }
});
