/** What an operator is told of a stopped node's directory, and that it stays as it is. */

import { createHash } from "node:crypto";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { bootstrapLog, openLog } from "@redoubt/level-log";
import {
  bootstrapEntries,
  type Configuration,
  type Entry,
  EntryKind,
  entryChecksum,
} from "@redoubt/raft";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { ExitCode } from "./redoubt-terminal.js";
import { runCli } from "./redoubt-test-support.js";

const root = mkdtempSync(join(tmpdir(), "redoubt-check-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const configuration: Configuration = {
  clusterId: "demo",
  voters: [{ id: 1, incarnation: 1, peerAddress: "127.0.0.1:17001" }],
  votersOutgoing: [],
  learners: [],
};
const entries = [...bootstrapEntries(configuration)];
for (const text of ["one", "two", "three", "four"]) {
  const { index, checksum } = entries.at(-1)!;
  const payload = Buffer.from(text.repeat(200));
  const kind = EntryKind.batch;
  const sum = entryChecksum(index + 1, 1, kind, checksum, payload);
  entries.push({ index: index + 1, term: 1, kind, checksum: sum, payload });
}
const state = Buffer.from("the state after one");

let directory: string;
let runs = 0;

/** The log begins behind the second entry, the snapshot is of the third. */
beforeEach(async () => {
  runs += 1;
  directory = join(root, `node-${runs}`);
  const identity = { clusterId: "demo", nodeId: 1, incarnation: 1 };
  const [born] = entries;
  await bootstrapLog({
    directory,
    identity,
    entries: [born!],
    hardState: { term: born!.term, vote: 0 },
  });
  const onFatal = (error: Error) => {
    throw error;
  };
  const log = await openLog({ directory, nodeId: 1, clusterId: null, onFatal });
  const persist = (fields: { entries?: Entry[]; trimTo?: number; vote?: number }) =>
    new Promise<void>((resolve) => {
      const { entries: added = [], vote, ...rest } = fields;
      const hardState = vote === undefined ? null : { term: 3, vote };
      log.persist({ sequence: 1, truncateFrom: 0, entries: added, hardState, ...rest }, resolve);
    });
  await persist({ entries: entries.slice(1), vote: 2 });
  const path = log.snapshots.temporaryPath();
  writeFileSync(path, state);
  const { index, term, checksum } = entries[2]!;
  const inForce = { index: 1, configuration };
  const digest = crc32(state);
  const snapshot = { index, term, checksum, configuration: inForce, bytes: state.length, digest };
  await log.snapshots.adopt(snapshot, path, () => []);
  await persist({ trimTo: 2 });
  await log.close();
});

const last = entries.length;

function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

function fingerprint(): string[] {
  return files(directory).map(
    (path) => `${path} ${createHash("sha1").update(readFileSync(path)).digest("hex")}`,
  );
}

function fileEnding(end: string): string {
  const found = files(directory).find((path) => path.endsWith(end));
  if (found === undefined) throw new Error(`no file ends in ${end}`);
  return found;
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at]! ^= 1;
  writeFileSync(path, bytes);
}

describe("redoubt check", () => {
  test("says ok, a line for each part, and changes nothing", async () => {
    const before = fingerprint();
    const { code, out } = await runCli(["check", directory]);
    expect(code).toBe(ExitCode.ok);
    expect(out).toEqual([
      "identity    ok         node 1 (incarnation 1) of cluster demo",
      "store       ok         opens, and belongs to this identity",
      "hard state  ok         term 3, vote 2",
      "watermark   ok         nothing that was promised is missing",
      `snapshot    ok         all up to entry 3, ${state.length} bytes`,
      `entries     ok         3 to ${last}, the last one of term 1`,
      "ok",
    ]);
    expect(fingerprint()).toEqual(before);
  });

  test("a write that was not finished is a torn tail: half a record, a slot, a snapshot", async () => {
    appendFileSync(fileEnding(".log"), Buffer.from([1, 2, 3, 4, 200, 0, 1, 7, 7, 7]));
    writeFileSync(join(directory, "log", "snapshots", "making-1.tmp"), "half");
    flip(fileEnding("watermark"), 20);
    const { code, out } = await runCli(["check", directory, "--json"]);
    expect(code).toBe(ExitCode.ok);
    const { verdict, damagedAt, parts } = JSON.parse(out.join("")) as {
      verdict: string;
      damagedAt: unknown;
      parts: { part: string; verdict: string }[];
    };
    expect({ verdict, damagedAt }).toEqual({ verdict: "torn tail", damagedAt: null });
    const torn = parts.filter((part) => part.verdict === "torn tail").map(({ part }) => part);
    expect(torn).toEqual(["watermark", "snapshot", "entries"]);
  });

  test("trap-25 what was promised and is gone is damage, with its index", async () => {
    const store = fileEnding(".log");
    const bytes = readFileSync(store);
    const at = bytes.indexOf("threethree");
    flip(store, at);
    const { code, out } = await runCli(["check", directory]);
    expect(code).toBe(ExitCode.failed);
    expect(out.at(-1)).toMatch(/^damaged at index \d+: log damaged: /);
    expect(out.join("\n")).toMatch(/\nentries {5}damaged /);
  });

  test("trap-25 so is a snapshot of which one bit has changed", async () => {
    flip(fileEnding(".rdb"), 3);
    const { code, out } = await runCli(["check", directory]);
    expect(code).toBe(ExitCode.failed);
    expect(out.join("\n")).toMatch(/\nsnapshot {4}damaged {4}.*not the one kept/);
    expect(out.at(-1)).toMatch(/^damaged.*snapshot of index 3/);
  });

  test("a store that LevelDB refuses is damage", async () => {
    rmSync(fileEnding("CURRENT"));
    const { code, out } = await runCli(["check", directory]);
    expect(code).toBe(ExitCode.failed);
    expect(out.at(-1)).toContain("CURRENT file is missing");
  });

  test("no log, and wrong use, are errors of their own", async () => {
    const missing = await runCli(["check", join(root, "nowhere")]);
    expect(missing.code).toBe(ExitCode.failed);
    expect(missing.err.join()).toContain("DATA_MISSING");
    for (const argv of [[], [directory, directory], [directory, "--repair"]]) {
      expect((await runCli(["check", ...argv])).code).toBe(ExitCode.usage);
    }
  });
});
