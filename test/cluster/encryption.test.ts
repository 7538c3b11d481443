/** A cluster whose disks are encrypted: nothing of its data on any of them, keys that change, keys that do not fit. */

import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { longTest } from "../support/long-test.js";
import { redoubt } from "./support/redoubt-cli.js";
import type { ServerProcess } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";

const knownKey = "whereabouts:of-the-northern-gate";
const knownValue = "seven paces west of the old well, under the flat stone";
/** Digits of the first key. */
const firstDigits = "5e".repeat(32);
const secondDigits = "c7".repeat(32);
/** Entries the log keeps behind a snapshot: a member without data is sent the snapshot. */
const trailing = 10;
const largeKeys = 5;

let cluster: TestCluster;
let plain: TestCluster;
let keyPath = "";

beforeAll(async () => {
  const options = ["--save", "", "--log-trailing-entries", String(trailing)];
  cluster = await TestCluster.start({
    options: () => [...options, "--encryption-key-file", "../../keys"],
    prepare: (directory) => {
      keyPath = join(directory, "keys");
      writeKeys(`first ${firstDigits}`);
    },
  });
  plain = await TestCluster.start({ size: 1, options: () => options });
});
afterAll(async () => {
  await cluster?.stop();
  await plain?.stop();
});

function writeKeys(...lines: readonly string[]): void {
  writeFileSync(keyPath, `${lines.join("\n")}\n`, { mode: 0o600 });
}

/** Names of files, those of the node's log included, that hold one of the texts. */
function filesWith(
  { directory }: Pick<ServerProcess, "directory">,
  texts: readonly (string | Buffer)[],
): string[] {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true });
  const names = files
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return names.filter((name) => {
    if (!existsSync(name)) return false;
    const bytes = readFileSync(name);
    return texts.some((text) => bytes.includes(text));
  });
}

const secrets = [
  knownKey,
  knownValue,
  firstDigits,
  secondDigits,
  Buffer.from(firstDigits, "hex"),
  Buffer.from(secondDigits, "hex"),
];

async function fill(from: TestCluster): Promise<void> {
  const client = await (await from.leader()).connect();
  await client.send("SET", knownKey, knownValue);
  await client.send("RPUSH", `${knownKey}:list`, knownValue, knownValue);
  // Stored in pieces, and in many blocks of a snapshot.
  for (let at = 0; at < largeKeys; at++) {
    await client.send("SET", `large:${at}`, knownValue.repeat(20_000));
  }
  await client.end();
}

async function saved(node: ServerProcess): Promise<void> {
  const client = await node.connect();
  expect(await client.send("SAVE")).toBe("OK");
  await client.end();
}

async function holdsAll(): Promise<void> {
  await cluster.settled();
  await cluster.equalDigests();
  const client = await (await cluster.leader()).connect();
  expect(await client.text("GET", knownKey)).toBe(knownValue);
  expect(await client.text("GET", `large:${largeKeys - 1}`)).toBe(knownValue.repeat(20_000));
  await client.end();
}

function told(node: ServerProcess, event: string): Record<string, unknown>[] {
  return node.logLines().filter(({ msg }) => msg === event);
}

test("no file of an encrypted cluster holds a key or a value; those of a plain one do", async () => {
  await fill(cluster);
  await fill(plain);
  await cluster.settled();
  for (const node of [...cluster.nodes, ...plain.nodes]) await saved(node);
  for (const node of cluster.nodes) {
    await node.signal("SIGTERM");
    node.start();
    await cluster.settled();
  }
  await fill(cluster);
  await holdsAll();
  for (const node of cluster.nodes) expect(filesWith(node, secrets)).toEqual([]);
  const [bare] = plain.nodes;
  await bare!.signal("SIGTERM");
  for (const text of [knownKey, knownValue]) {
    const kinds = filesWith(bare!, [text]).map((name) => name.replace(/^.*\./, ""));
    expect(kinds).toContain("rdb");
    expect(kinds.some((kind) => kind === "ldb" || kind === "log")).toBe(true);
  }
});

test("a member whose disk was wiped is sent the snapshot, and encrypts it by keys of its own", async () => {
  const [wiped, other] = await cluster.followers();
  const leader = await cluster.leader();
  await saved(leader);
  await wiped!.signal("SIGKILL");
  rmSync(join(wiped!.directory, "data"), { recursive: true });
  wiped!.start();
  await until("it was sent a snapshot", () => told(wiped!, "snapshot installed").length > 0);
  await cluster.votersAre([1, 2, 3]);
  await holdsAll();
  expect(filesWith(wiped!, secrets)).toEqual([]);
  const keysOf = (node: ServerProcess) => readFileSync(join(node.directory, "data", "log", "keys"));
  expect(keysOf(wiped!).equals(keysOf(other!))).toBe(false);
});

longTest("the key is changed node by node, and the old one is not needed any more", async () => {
  writeKeys(`second ${secondDigits}`, `first ${firstDigits}`);
  for (const node of cluster.nodes) {
    await node.signal("SIGTERM");
    node.start();
    await cluster.settled();
    expect(told(node, "the log is encrypted").at(-1)).toMatchObject({
      masterKey: "second",
      rewrapped: true,
    });
  }
  await fill(cluster);
  writeKeys(`second ${secondDigits}`);
  for (const node of cluster.nodes) await node.signal("SIGKILL");
  for (const node of cluster.nodes) node.start();
  await holdsAll();
  for (const node of cluster.nodes) {
    await saved(node);
    expect(filesWith(node, secrets)).toEqual([]);
  }
});

longTest(
  "a key that does not fit is refused, changes nothing, and is not taken for damage",
  async () => {
    const [node] = await cluster.followers();
    await node!.signal("SIGTERM");
    const data = join(node!.directory, "data");
    const log = (): string[] => readdirSync(data).filter((name) => name.startsWith("log"));
    const before = log();
    const refused = async (code: string, extra: readonly string[] = []): Promise<string> => {
      node!.start(extra);
      await until("it has ended", () => node!.exitCode !== null);
      expect(node!.exitCode).toBe(1);
      expect(node!.stderr).toContain(`(${code})`);
      expect(log()).toEqual(before);
      return node!.stderr;
    };
    writeKeys(`first ${firstDigits}`);
    expect(await refused("ENCRYPTION_KEY_WRONG")).toContain("wrapped by key second");
    writeKeys(`second ${firstDigits}`);
    await refused("ENCRYPTION_KEY_WRONG");
    await refused("ENCRYPTION_KEY_MISSING", ["--encryption-key-file", ""]);
    writeKeys(`second ${secondDigits.slice(1)}`);
    expect(await refused("CONFIG_INVALID")).not.toContain(secondDigits.slice(1));
    writeKeys(`second ${secondDigits}`);
    chmodSync(keyPath, 0o640);
    expect(await refused("CONFIG_INVALID")).toContain("chmod 600");
    chmodSync(keyPath, 0o600);

    expect((await redoubt("check", data)).stderr).toContain("encryption-key-file");
    const checked = await redoubt("check", data, "--encryption-key-file", keyPath);
    expect(checked).toMatchObject({ code: 0 });
    expect(log()).toEqual(before);
    node!.start();
    await holdsAll();
  },
);

longTest("a plain directory is not encrypted by a key: it says what to do", async () => {
  const [node] = plain.nodes;
  await node!.signal("SIGTERM");
  node!.start(["--encryption-key-file", keyPath]);
  await until("it has ended", () => node!.exitCode !== null);
  expect(node!.stderr).toContain("(NOT_ENCRYPTED)");
  expect(node!.stderr).toContain("empty directory");
  node!.start();
  await plain.settled();
});

longTest(
  "a backup is plain; what is restored of it is encrypted if that is asked for",
  async () => {
    const { port } = await cluster.leader();
    const [backup, restored] = ["backup", "restored"].map((name) => join(cluster.directory, name));
    expect(await redoubt("backup", backup!, "-p", String(port))).toMatchObject({ code: 0 });
    expect(filesWith({ directory: backup! }, [knownValue])).not.toEqual([]);
    const done = await redoubt(
      ...["restore", backup!, `1=${restored}`, "--cluster-id", "restored"],
      ...["--peers", "1@127.0.0.1:17001", "--encryption-key-file", keyPath],
    );
    expect([done.code, done.stderr]).toEqual([0, ""]);
    const checked = await redoubt("check", restored!, "--encryption-key-file", keyPath);
    expect(checked).toMatchObject({ code: 0 });
    expect(filesWith({ directory: restored! }, secrets)).toEqual([]);
  },
);

longTest("what one encrypted survivor holds becomes a new cluster, encrypted as well", async () => {
  const [node] = await cluster.followers();
  await node!.signal("SIGTERM");
  const data = join(node!.directory, "data");
  const file = join(cluster.directory, "export.aof");
  const blind = await redoubt("export", "--aof", file, "--dir", data);
  expect(blind).toMatchObject({ code: 1 });
  expect(blind.stderr).toContain("ENCRYPTION_KEY_MISSING");
  const exportAs = ["export", "--aof", file, "--dir", data, "--encryption-key-file", keyPath];
  expect(await redoubt(...exportAs)).toMatchObject({ code: 0 });
  expect(readFileSync(file).includes(knownValue)).toBe(true);
  const recover = ["recover", "--force-new-cluster", data, "--lose-what-this-log-lacks"];
  const done = await redoubt(...recover, "--encryption-key-file", keyPath, "--cluster-id", "again");
  expect(done).toMatchObject({ code: 0 });
  expect(filesWith(node!, secrets)).toEqual([]);
  const checked = await redoubt("check", data, "--encryption-key-file", keyPath);
  expect(checked).toMatchObject({ code: 0 });
});
