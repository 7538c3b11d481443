/** REDOUBT SNAPSHOT and REDOUBT LOG READ, and a copy taken by them. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EntryKind, type SnapshotDescription } from "@redoubt/raft";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyNode, newestSnapshot } from "../carry/copy-node.js";
import { readEntryFile } from "../carry/entry-file.js";
import { makeFreshSnapshot } from "../carry/fresh-snapshot.js";
import { Pipe } from "../carry/pipe.js";
import { Refusal } from "../carry/reply-stream.js";
import { eventually, startTestNode, type TestNode } from "../gateway/test-support.js";
import { snapshotReaderPatienceMs, snapshotsReadMax } from "./constants.js";
import { SnapshotReaders } from "./snapshot-readers.js";

const directory = mkdtempSync(join(tmpdir(), "redoubt-copy-"));
let node: TestNode;
let pipe: Pipe;

beforeAll(async () => {
  node = await startTestNode();
  const { port } = node.running.addresses[0]!;
  pipe = await Pipe.open(`127.0.0.1:${port}`, { user: "", password: "" });
});
afterAll(async () => {
  pipe?.close();
  await node?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const ask = (line: string) => pipe.request(line.split(" "));

async function copy(name: string) {
  const paths = {
    snapshot: join(directory, `${name}.rdb`),
    entries: join(directory, `${name}.log`),
  };
  const copied = await copyNode(pipe, { paths, atLeast: 0, report: () => {} });
  return { ...copied, paths };
}

test.each([
  ["REDOUBT SNAPSHOT NONSENSE", /^ERR unknown subcommand 'NONSENSE'/],
  ["REDOUBT SNAPSHOT READ 1 2 3", /^ERR wrong number of arguments/],
  ["REDOUBT SNAPSHOT READ 1 2 x 4", /^ERR value is not an integer/],
  ["REDOUBT SNAPSHOT READ 1 2 -3 4", /^ERR value is not an integer/],
  ["REDOUBT SNAPSHOT READ 1 2 3 4", /^REFUSED GONE snapshot 1 /],
  ["REDOUBT LOG NONSENSE", /^ERR unknown subcommand/],
  ["REDOUBT LOG READ 1 2", /^ERR wrong number of arguments/],
  ["REDOUBT LOG READ 1 two 3", /^ERR value is not an integer/],
  ["REDOUBT LOG READ 0 2 3", /^REFUSED GONE entry 0 was trimmed, the log begins at 1$/],
])("%s is refused", async (line, text) => {
  const reply = await ask(line);
  expect(reply).toBeInstanceOf(Refusal);
  expect((reply as Refusal).text).toMatch(text);
});

test("a log without a snapshot is copied from its first entry, as far as it is committed", async () => {
  expect(await ask("REDOUBT SNAPSHOT")).toBe(null);
  for (let at = 0; at < 20; at++) await ask(`SET k${at} ${"v".repeat(100)}`);
  const { commit } = node.running.replica.status();
  expect(await ask(`REDOUBT LOG READ ${commit + 1} 99999 1000`)).toEqual([]);
  // A payload that is larger than asked for still comes, alone.
  expect(await ask(`REDOUBT LOG READ ${commit - 2} ${commit} 0`)).toHaveLength(1);
  expect(await ask(`REDOUBT LOG READ ${commit - 2} ${commit} 300`)).toHaveLength(2);
  const { snapshot, log, paths } = await copy("first");
  expect([snapshot, existsSync(paths.snapshot), log.last.index]).toEqual([null, false, commit]);
  const kinds = [...readEntryFile(paths.entries, log.anchor)].map(({ kind }) => kind);
  expect(kinds).toHaveLength(commit);
  expect(kinds[0]).toBe(EntryKind.configuration);
});

test("a snapshot is copied with the log behind it; one that is read outlives a newer one", async () => {
  await ask("SAVE");
  const first = await newestSnapshot(pipe);
  expect(first).not.toBe(null);
  const { index, digest, bytes } = first as SnapshotDescription;
  const begin = (await ask(`REDOUBT SNAPSHOT READ ${index} ${digest} 0 7`)) as Buffer;
  expect(begin.toString("latin1")).toBe("REDIS00");
  expect(await ask(`REDOUBT SNAPSHOT READ ${index} ${digest} ${bytes} 7`)).toHaveLength(0);
  expect(await ask(`REDOUBT SNAPSHOT READ ${index} ${digest + 1} 0 7`)).toBeInstanceOf(Refusal);
  await ask("SET more v");
  await ask("SAVE");
  const rest = (await ask(`REDOUBT SNAPSHOT READ ${index} ${digest} 7 1000000`)) as Buffer;
  expect(begin.length + rest.length).toBe(bytes);

  await ask("SET behind v");
  const { snapshot, log, paths } = await copy("second");
  expect(snapshot?.description.index).toBeGreaterThan(index);
  const { status } = { status: node.running.replica.status() };
  expect([log.anchor.index, log.last.index]).toEqual([snapshot?.description.index, status.commit]);
  expect(readFileSync(paths.snapshot).length).toBe(snapshot?.description.bytes);
  expect([...readEntryFile(paths.entries, log.anchor)]).toHaveLength(
    status.commit - log.anchor.index,
  );
  expect(readdirSync(directory).filter((name) => name.startsWith("second"))).toHaveLength(2);
});

test("trap-21 the log behind a snapshot that is read stays, though a newer one is made meanwhile", async () => {
  await ask("CONFIG SET log-trailing-entries 0");
  await ask("SET behind 1");
  await ask("SAVE");
  const { index, digest } = (await newestSnapshot(pipe)) as SnapshotDescription;
  await ask(`REDOUBT SNAPSHOT READ ${index} ${digest} 0 7`);
  for (const at of [2, 3]) await ask(`SET behind ${at}`);
  await ask("SAVE");
  const { commit } = node.running.replica.status();
  expect((await newestSnapshot(pipe))?.index).toBeGreaterThan(index + 1);
  expect(await ask(`REDOUBT LOG READ ${index + 1} ${commit} 1000000`)).toHaveLength(commit - index);
});

test("a fresh snapshot is one that was begun after it was asked for, whatever is under way", async () => {
  const other = await node.client();
  await ask("SET fresh 1");
  const saving = other.send("SAVE");
  await eventually(async () => String(await ask("INFO persistence")).includes("in_progress:1"));
  await ask("SET fresh 2");
  const { commit } = node.running.replica.status();
  await makeFreshSnapshot(pipe);
  expect((await newestSnapshot(pipe))?.index).toBeGreaterThanOrEqual(commit);
  expect(await saving).toEqual({ status: "OK" });
  await other.end();
});

test("a reader that falls silent holds nothing any more, and no more than a few are held", () => {
  const described = (index: number): SnapshotDescription => ({
    index,
    term: 1,
    checksum: 0,
    configuration: {
      index: 1,
      configuration: { clusterId: "c", voters: [], votersOutgoing: [], learners: [] },
    },
    bytes: 1,
    digest: index,
  });
  const gone = new Set<number>();
  const readers = new SnapshotReaders({
    newest: () => described(99),
    read: (snapshot) => (gone.has(snapshot.index) ? null : Buffer.of(1)),
  });
  expect([readers.find(99, 99)?.index, readers.find(99, 1), readers.find(1, 1)]).toEqual([
    99,
    null,
    null,
  ]);
  readers.read(described(1), 0, 1, 1_000);
  expect(readers.find(1, 1)?.index).toBe(1);
  expect(readers.held(1_000 + snapshotReaderPatienceMs - 1)).toHaveLength(1);
  expect(readers.held(1_000 + snapshotReaderPatienceMs)).toEqual([]);
  for (let index = 1; index <= snapshotsReadMax + 1; index++) {
    readers.read(described(index), 0, 1, 2_000);
  }
  expect(readers.held(2_000).map(({ index }) => index)).toEqual(
    Array.from({ length: snapshotsReadMax }, (_, at) => at + 2),
  );
  // Its reader has come to the log behind it; who reads on behind a later one holds that.
  readers.goOn(3, 2_000 + snapshotReaderPatienceMs - 1);
  expect(readers.held(2_000 + snapshotReaderPatienceMs).map(({ index }) => index)).toEqual([2]);
  readers.goOn(2, 2_000 + snapshotReaderPatienceMs);
  readers.goOn(99, 9_000 + 2 * snapshotReaderPatienceMs);
  expect(readers.held(9_000 + 2 * snapshotReaderPatienceMs)).toEqual([]);
  readers.read(described(2), 0, 1, 2_000);
  gone.add(2);
  expect(readers.read(described(2), 0, 1, 2_000)).toBe(null);
  expect(readers.find(2, 2)).toBe(null);
});
