/** import, export, backup and restore: what is refused before anything is asked or written, in which words. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RdbWriter } from "@redoubt/keyspace";
import { afterAll, expect, test } from "vitest";
import { runCli } from "./redoubt-test-support.js";

const directory = mkdtempSync(join(tmpdir(), "redoubt-carry-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Nobody listens there. */
const nowhere = ["-p", "1"];

test.each<[string, string]>([
  ["import", "it is: import FILE"],
  ["import a b", "it is: import FILE"],
  ["import a --replace", "--replace is said with --into-existing"],
  ["import a --database x", "--database is an integer from 0"],
  ["import rediss://h", "the source can't be used: rediss://"],
  ["import redis://u@h", "the source can't be used: a user needs a password"],
  ["export", "it is: export --rdb FILE"],
  ["export --rdb a --aof b", "it is: export --rdb FILE"],
  ["export --rdb a --dir b --fresh", "--fresh is asked of a node that runs"],
  ["backup", "it is: backup DIR"],
  ["backup --check a --fresh", "--check looks at a backup that is there"],
  ["backup a --base b --fresh", "--fresh makes a snapshot, --base needs none"],
  ["restore a", "it is: restore BACKUP ID=DIR..."],
  ["restore a 1=b", "--cluster-id: the new cluster must have a name"],
  ["restore a 1=b --cluster-id c", "--peers"],
  ["restore a 1=b --cluster-id c --peers 1@h:1/witness", "one of them must hold the data"],
  ["restore a b --cluster-id c --peers 1@h:1", "a member is ID=DIR, not 'b'"],
  ["restore a 2=b --cluster-id c --peers 1@h:1", "--peers does not name member 2"],
  ["restore a 1=b 1=d --cluster-id c --peers 1@h:1", "are named once each"],
  ["restore a 1=b --cluster-id c --peers 1@h:1 --to-time soon", "--to-time is ISO 8601"],
  ["restore a 1=b --cluster-id c --peers 1@h:1 --to-time 1 --to-index 1", "it is --to-index or"],
])("redoubt %s is wrong use", async (line, words) => {
  const { code, out, err } = await runCli(line.split(" "));
  expect([code, out]).toEqual([2, []]);
  expect(err).toEqual([expect.stringContaining(words)]);
});

test("a password is taken from the environment, and is in no message", async () => {
  const { code, err } = await runCli(["import", "redis://127.0.0.1:1"], {
    REDOUBT_SOURCE_AUTH: "secret",
  });
  expect([code, err]).toEqual([1, [expect.stringContaining("(UNREACHABLE)")]]);
  expect(err.join()).not.toContain("secret");
});

test("what is no RDB file is refused without a cluster, and what is there is not written over", async () => {
  const text = join(directory, "text.rdb");
  writeFileSync(text, "not an RDB file\n");
  for (const argv of [
    ["import", text, "--check-only"],
    ["import", join(directory, "missing.rdb"), "--check-only"],
    ["export", "--rdb", text, ...nowhere],
    ["backup", directory, ...nowhere],
    ["backup", "--check", directory],
  ]) {
    const { code, err } = await runCli(argv);
    const named = /(DAMAGED|DIRECTORY_UNUSABLE|REFUSED)\)$/;
    expect([argv, code, err]).toEqual([argv, 1, [expect.stringMatching(named)]]);
  }
  const filled = join(directory, "filled");
  mkdirSync(filled);
  writeFileSync(join(filled, "data"), "");
  const { code, err } = await runCli(
    `restore x 1=${filled} --cluster-id c --peers 1@h:1`.split(" "),
  );
  expect([code, err]).toEqual([1, [expect.stringContaining("is not empty (REFUSED)")]]);
  expect(readdirSync(directory).toSorted()).toEqual(["filled", "text.rdb"]);
});

test("--check-only tells what an import would do, without a cluster", async () => {
  const path = join(directory, "two.rdb");
  const parts: Uint8Array[] = [];
  const writer = new RdbWriter({ write: (bytes) => parts.push(bytes) });
  writer.key("a", "1", 0);
  writer.key("b", "2", 1);
  writer.finish();
  writeFileSync(path, Buffer.concat(parts));
  const { code, out } = await runCli(["import", path, "--check-only", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(out[0]!)).toMatchObject({ done: false, keys: 2, expired: 1, keysLeftOut: 0 });
  const told = await runCli(["import", path, "--check-only"]);
  expect(told.out).toEqual([expect.stringMatching(/^checked +2 keys/), "expired    1 of them"]);
  rmSync(path);
});
