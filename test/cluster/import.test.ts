/** Data of a real Redis, or its dump, into a cluster of processes. */

import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { longTest } from "../support/long-test.js";
import { fill, filledKeys } from "./support/dataset.js";
import { freePorts } from "./support/ports.js";
import { RawClient } from "./support/raw-client.js";
import { RedisServer } from "./support/redis-server.js";
import { redoubt } from "./support/redoubt-cli.js";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";

const directory = mkdtempSync(join(tmpdir(), "redoubt-import-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const farMs = Date.now() + 3_600_000;
let source: RedisServer;
let digest: string;
const dump = join(directory, "dump.rdb");

beforeAll(async () => {
  source = await RedisServer.start(
    ...["--enable-debug-command", "yes", "--repl-diskless-sync-delay", "0"],
    ...["--dir", directory, "--rdbcompression", "no"],
  );
  const client = await RawClient.connect(source.port);
  await fill(client, farMs);
  digest = await client.text("DEBUG", "DIGEST");
  await client.text("SAVE");
  await client.end();
  expect(statSync(dump).size).toBeGreaterThan(1_000_000);
});
afterAll(() => source?.stop());

let cluster: TestCluster;

describe("into a cluster that serves", () => {
  beforeEach(async () => {
    cluster = await TestCluster.start();
  });
  afterEach(() => cluster?.stop());

  const run = (...args: string[]) =>
    redoubt("import", ...args, "-p", String(cluster.nodes[1]!.port), "--json");
  const size = async () => {
    const leader = await cluster.leader();
    return leader.withClient((client) => client.send("DBSIZE"));
  };

  test("a running Redis is imported, whichever way it sends its dump, and read back", async () => {
    const address = `redis://127.0.0.1:${source.port}`;
    const first = await run(address, "--verify", "--temporary-dir", directory);
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(JSON.parse(first.stdout)).toMatchObject({
      keys: filledKeys,
      keysBefore: 0,
      keysAfter: filledKeys,
      verified: filledKeys,
    });
    expect(await digestOf(cluster)).toBe(digest);
    await cluster.equalDigests();
    const streams = ["0:stream", "1:stream"].map((key) => ["XPENDING", key, "g"]);
    const pending = async (port: number) => {
      const client = await RawClient.connect(port);
      const replies = await client.pipeline(streams);
      await client.end();
      return replies;
    };
    expect(await pending((await cluster.leader()).port)).toEqual(await pending(source.port));

    const again = await run(dump);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("--into-existing")]);
    const beside = await run(dump, "--into-existing");
    expect([beside.code, beside.stderr]).toEqual([1, expect.stringContaining("--replace")]);

    const client = await RawClient.connect(source.port);
    await client.text("CONFIG", "SET", "repl-diskless-sync", "no");
    await client.text("CONFIG", "SET", "rdbcompression", "yes");
    await client.end();
    const leader = await cluster.leader();
    await leader.withClient((each) =>
      each.pipeline([
        ["SET", "0:text", "other"],
        ["SET", "own", "v"],
      ]),
    );
    const second = await run(address, "--into-existing", "--replace", "--temporary-dir", directory);
    expect([second.code, second.stderr]).toEqual([0, ""]);
    expect(await size()).toBe(filledKeys + 1);
    await leader.withClient((each) => each.send("DEL", "own"));
    expect(await digestOf(cluster)).toBe(digest);
  });

  test("what has no home or is damaged is refused by name, and nothing is imported", async () => {
    const damaged = join(directory, "damaged.rdb");
    const bytes = readFileSync(dump);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(damaged, bytes);
    const cut = join(directory, "cut.rdb");
    writeFileSync(cut, readFileSync(dump).subarray(0, -100));
    for (const path of [damaged, cut]) {
      const refused = await run(path);
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("(DAMAGED)")]);
    }
    const field = join(directory, "field.rdb");
    writeFileSync(field, hashWithFieldExpiry);
    const expiring = await run(field);
    expect(expiring.code).toBe(1);
    expect(expiring.stderr).toMatch(/field.*expiry.*\(UNSUPPORTED\)/);
    expect(await size()).toBe(0);
  });

  longTest(
    "other databases are refused or picked, functions taken or left out as the operator says",
    async () => {
      const other = await RedisServer.start("--repl-diskless-sync-delay", "0");
      try {
        const client = await RawClient.connect(other.port);
        await client.text("SET", "zero", "v");
        await client.text("SELECT", "3");
        await client.text("SET", "three", "v");
        await client.text(
          ...(["FUNCTION", "LOAD"] as const),
          "#!lua name=l\nredis.register_function('f', function() return 1 end)",
        );
        await client.end();
        const address = `redis://127.0.0.1:${other.port}`;
        const databases = await run(address, "--without-functions");
        expect([databases.code, databases.stderr]).toEqual([
          1,
          expect.stringMatching(/database 3.*\(UNSUPPORTED\)/),
        ]);
        expect(await size()).toBe(0);
        const picked = await run(address, "--database", "3", "--without-functions");
        expect([picked.code, picked.stderr]).toEqual([0, ""]);
        expect(JSON.parse(picked.stdout)).toMatchObject({
          ...{ keys: 1, keysLeftOut: 1, libraries: [], functionsLeftOut: 1 },
        });
        const leader = await cluster.leader();
        expect(await leader.withClient((each) => each.send("KEYS", "*"))).toEqual(["three"]);
        const beside = ["--database", "3", "--into-existing"] as const;
        const whole = await run(address, ...beside, "--replace", "--verify");
        expect([whole.code, whole.stderr]).toEqual([0, ""]);
        expect(JSON.parse(whole.stdout)).toMatchObject({ libraries: ["l"], functionsLeftOut: 0 });
        await leader.withClient((each) => each.send("DEL", "three"));
        const again = await run(address, ...beside);
        expect([again.code, again.stderr]).toEqual([
          1,
          expect.stringMatching(/libraries.*as l.*\(REFUSED\)/),
        ]);
        expect(await size()).toBe(0);
        await leader.withClient((each) => each.text("FUNCTION", "FLUSH"));
      } finally {
        await other.stop();
      }
    },
  );

  longTest(
    "trap-37 leaders that die in the middle of it cost nothing: every key is there once and whole",
    async () => {
      const many = await RedisServer.start(
        ...["--enable-debug-command", "yes", "--dir", directory, "--dbfilename", "many.rdb"],
        ...["--rdbcompression", "no"],
      );
      const path = join(directory, "many.rdb");
      try {
        const client = await RawClient.connect(many.port);
        await client.text("DEBUG", "POPULATE", "30000", "key", "200");
        await fill(client, farMs);
        await client.text("SAVE");
        const expected = await client.text("DEBUG", "DIGEST");
        await client.end();
        const importing = run(path, "--verify");
        for (let kills = 0; kills < 2; kills++) {
          const leader = await cluster.leader();
          const keys = () => leader.withClient((each) => each.send("DBSIZE")).catch(() => null);
          const before = Number(await until("keys are counted", keys));
          await until("keys arrive", async () =>
            Number(await keys()) > before + 2_000 ? true : null,
          );
          await leader.signal("SIGKILL");
          await cluster.leader(cluster.nodes.filter((node) => node.isRunning));
          leader.start();
          await cluster.settled();
        }
        const done = await importing;
        expect([done.code, done.stderr]).toEqual([0, ""]);
        const { keys, repeated } = JSON.parse(done.stdout) as { keys: number; repeated: number };
        expect(keys).toBe(30_000 + filledKeys);
        expect(repeated).toBeGreaterThan(0);
        expect(await digestOf(cluster)).toBe(expected);
        await cluster.equalDigests();
      } finally {
        await many.stop();
      }
    },
  );
});

test("a cluster is born with the data of a file, which is checked before anybody is", async () => {
  const bad = join(directory, "bad.rdb");
  writeFileSync(bad, readFileSync(dump).subarray(0, -1));
  const path = join(directory, "first.rdb");
  copyFileSync(dump, path);
  cluster = new TestCluster({}, 3, await freePorts(6));
  try {
    const [first, ...others] = cluster.nodes;
    first!.start(["--bootstrap", "yes", "--import", bad]);
    await until("it is refused", () => (first!.isRunning ? null : true));
    expect(first!.stderr).toContain("(DAMAGED)");
    first!.start(["--import", path]);
    await until("it is refused", () => (first!.isRunning ? null : true));
    expect(first!.stderr).toContain("import is for the first start");

    first!.start(["--bootstrap", "yes", "--import", path]);
    for (const node of others) node.start(["--bootstrap", "yes"]);
    await cluster.settled();
    await until("the import is done", async () => {
      const info = await first!.info("persistence");
      return info.get("import_status") === "done" ? true : null;
    });
    expect(await digestOf(cluster)).toBe(digest);
    await cluster.equalDigests();
  } finally {
    await cluster.stop();
  }
});

/** As long as it takes: it reads all data. */
async function digestOf(among: TestCluster): Promise<string> {
  const client = await (await among.leader()).connect();
  const digest = await client.text("DEBUG", "DIGEST");
  await client.end();
  return digest;
}

/** As Redis 7.4 writes it: one field that expires. The type alone is what counts here. */
const hashWithFieldExpiry = Buffer.concat([
  Buffer.from("REDIS0012", "latin1"),
  Buffer.from([0xfe, 0, 24, 1]),
  Buffer.from("h"),
  Buffer.alloc(8, 1),
  Buffer.from([1, 0, 1]),
  Buffer.from("f"),
  Buffer.from([1]),
  Buffer.from("v"),
  Buffer.from([0xff]),
  Buffer.alloc(8),
]);
