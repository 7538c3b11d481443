/** One survivor's log becomes a new cluster: what is asked, what is said, what is written. */

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { bootstrapLog, openLog } from "@redoubt/level-log";
import {
  bootstrapEntries,
  type Configuration,
  type Entry,
  EntryKind,
  encodeConfiguration,
  entryChecksum,
} from "@redoubt/raft";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { ExitCode } from "./redoubt-terminal.js";
import { runCli } from "./redoubt-test-support.js";

const root = mkdtempSync(join(tmpdir(), "redoubt-recover-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const voter = (id: number, incarnation = 1) => ({
  id,
  incarnation,
  peerAddress: `127.0.0.1:1700${id}`,
});
const born: Configuration = {
  clusterId: "demo",
  voters: [1, 2, 3].map((id) => voter(id)),
  votersOutgoing: [],
  learners: [],
  timing: { electionTimeoutMs: 500, clockDriftPercentMax: 10 },
};
const grown: Configuration = {
  ...born,
  learners: [{ ...voter(4, 4), promote: true }],
};
const accept = "--lose-what-this-log-lacks";
const hardState = { term: 6, vote: 2 };

/** configuration, no-op, batch, configuration, batch */
const log = chainOf([
  { term: 1, kind: EntryKind.configuration, payload: encodeConfiguration(born) },
  { term: 2, kind: EntryKind.noop, payload: new Uint8Array(0) },
  { term: 2, kind: EntryKind.batch, payload: Buffer.from("first") },
  { term: 2, kind: EntryKind.configuration, payload: encodeConfiguration(grown) },
  { term: 5, kind: EntryKind.batch, payload: Buffer.from("second") },
]);

function chainOf(parts: readonly Pick<Entry, "term" | "kind" | "payload">[]): Entry[] {
  let previous = 0;
  return parts.map(({ term, kind, payload }, at) => {
    previous = entryChecksum(at + 1, term, kind, previous, payload);
    return { index: at + 1, term, kind, checksum: previous, payload };
  });
}

let directory: string;
let runs = 0;
beforeEach(async () => {
  directory = await directoryOf(log);
});

async function directoryOf(entries: readonly Entry[]): Promise<string> {
  runs += 1;
  const path = join(root, `node-${runs}`);
  const identity = { clusterId: "demo", nodeId: 3, incarnation: 1 };
  await bootstrapLog({ directory: path, identity, entries, hardState });
  return path;
}

const recover = (...rest: string[]) =>
  runCli(["recover", "--force-new-cluster", directory, ...rest]);

async function opened(path: string) {
  const onFatal = (error: Error) => {
    throw error;
  };
  const log = await openLog({ directory: path, nodeId: 3, clusterId: null, onFatal });
  const { identity, initial } = log;
  const entries = initial.lastIndex === 0 ? [] : log.readEntries(1, initial.lastIndex, Infinity);
  await log.close();
  return { identity, initial, entries };
}

describe("a log that begins behind a snapshot", () => {
  test("the new cluster begins behind it too, and it is of that cluster", async () => {
    const state = Buffer.from("state after the first batch");
    const { index, term, checksum } = log[2]!;
    const snapshot = {
      index,
      term,
      checksum,
      configuration: { index: 1, configuration: born },
      bytes: state.length,
      digest: crc32(state),
    };
    directory = join(root, "behind-a-snapshot");
    const identity = { clusterId: "demo", nodeId: 3, incarnation: 1 };
    await bootstrapLog({
      directory,
      identity,
      snapshot: { description: snapshot, source: sourceOf(state) },
      entries: log.slice(3),
      hardState,
    });
    const { code, out } = await recover(accept, "--cluster-id", "new");
    expect(code).toBe(ExitCode.ok);
    expect(out.join("\n")).toContain("snapshot        of all up to entry 3");
    const after = await openLog({ directory, nodeId: 3, clusterId: "new", onFatal: thrown });
    const { initial } = after;
    const entries = after.readEntries(4, initial.lastIndex, Infinity);
    await after.close();
    expect(initial).toMatchObject({ anchor: { index: 3, checksum }, lastIndex: 6 });
    const own = { clusterId: "new", voters: [{ id: 3, incarnation: 6 }], votersOutgoing: [] };
    expect(initial.snapshot).toMatchObject({
      digest: snapshot.digest,
      configuration: { configuration: own },
    });
    expect(initial.configurations).toMatchObject([{ index: 6, configuration: own }]);
    expect(entries.map(({ kind }) => kind)).toEqual([
      EntryKind.noop,
      EntryKind.batch,
      EntryKind.configuration,
    ]);
  });
});

function sourceOf(bytes: Buffer): { read(target: Buffer): number } {
  let position = 0;
  return {
    read(target) {
      const copied = bytes.copy(target, 0, position);
      position += copied;
      return copied;
    },
  };
}

function thrown(error: Error): void {
  throw error;
}

describe("without the flag that names the loss", () => {
  test("says what the log holds, changes nothing, and is refused", async () => {
    const before = await opened(directory);
    const { code, out, err } = await recover();
    expect(code).toBe(ExitCode.failed);
    expect(err.join()).toMatch(/--lose-what-this-log-lacks \(REFUSED\)$/);
    const text = out.join("\n");
    expect(text).toContain("node 3 (incarnation 1) of cluster demo");
    expect(text).toContain("5, the last one of term 5");
    expect(text).toContain("newest term     6");
    expect(text).toContain("by configuration 4");
    expect(text).toContain("node 4 (incarnation 4) at 127.0.0.1:17004, learner");
    expect(readdirSync(directory)).toEqual(["log"]);
    expect(await opened(directory)).toEqual(before);
  });

  test.each([
    ["no directory", ["recover", "--force-new-cluster"]],
    ["no --force-new-cluster", ["recover", root]],
    ["two directories", ["recover", "--force-new-cluster", root, root]],
    ["an unknown option", ["recover", "--force-new-cluster", root, "--yes"]],
    ["an impossible name", ["recover", "--force-new-cluster", root, "--cluster-id", "a b"]],
    ["an impossible address", ["recover", "--force-new-cluster", root, "--peer-address", "x"]],
  ])("wrong use: %s", async (_, argv) => {
    expect((await runCli(argv)).code).toBe(ExitCode.usage);
  });

  test("a directory without a log is missing data", async () => {
    const { code, err } = await runCli(["recover", "--force-new-cluster", join(root, "nowhere")]);
    expect([code, err.join()]).toEqual([ExitCode.failed, expect.stringContaining("DATA_MISSING")]);
  });
});

describe("a new cluster", () => {
  test("keeps every batch at its index, names this node alone, and shares nothing with the old one", async () => {
    const { code, out } = await recover(accept);
    expect(code).toBe(ExitCode.ok);
    expect(out.join("\n")).toContain("log.before-recover-1");
    const { identity, initial, entries } = await opened(directory);
    expect(identity).toMatchObject({ nodeId: 3, incarnation: 6 });
    expect(identity.clusterId).toMatch(/^demo-r[0-9a-f]{8}$/);
    expect(entries.map(({ kind, term }) => [kind, term])).toEqual([
      [EntryKind.noop, 1],
      [EntryKind.noop, 2],
      [EntryKind.batch, 2],
      [EntryKind.noop, 2],
      [EntryKind.batch, 5],
      [EntryKind.configuration, 7],
    ]);
    expect([entries[2]!, entries[4]!].map(({ payload }) => String(payload))).toEqual([
      "first",
      "second",
    ]);
    for (const { checksum } of log) {
      expect(entries.some((entry) => entry.checksum === checksum)).toBe(false);
    }
    expect(initial.hardState).toEqual({ term: 7, vote: 0 });
    expect(initial.configurations).toEqual([
      {
        index: 6,
        configuration: {
          clusterId: identity.clusterId,
          voters: [voter(3, 6)],
          votersOutgoing: [],
          learners: [],
          timing: born.timing,
        },
      },
    ]);
  });

  test("two survivors that are both recovered are two clusters", async () => {
    const names = [];
    for (const path of [directory, await directoryOf(log)]) {
      await runCli(["recover", "--force-new-cluster", path, accept]);
      names.push((await opened(path)).identity.clusterId);
    }
    expect(names[0]).not.toBe(names[1]);
  });

  test("has the name and the address that were said", async () => {
    const said = ["--cluster-id", "phoenix", "--peer-address", "10.0.0.9:7000"];
    expect((await recover(accept, ...said)).code).toBe(ExitCode.ok);
    const { identity, initial } = await opened(directory);
    expect(identity.clusterId).toBe("phoenix");
    expect(initial.configurations[0]!.configuration.voters[0]!.peerAddress).toBe("10.0.0.9:7000");
  });

  test.each([
    ["its old name", ["--cluster-id", "demo"]],
    ["another node's id", ["--node-id", "2"]],
  ])("is refused %s", async (_, said) => {
    const { code, err } = await recover(accept, ...said);
    expect([code, err.join()]).toEqual([ExitCode.failed, expect.stringContaining("REFUSED")]);
    expect(readdirSync(directory)).toEqual(["log"]);
  });

  test("of a node that no entry names needs its address", async () => {
    directory = await directoryOf(
      bootstrapEntries({ ...born, voters: [voter(1), voter(2)] }).slice(0, 1),
    );
    expect((await recover(accept)).err.join()).toContain("--peer-address");
    const { code } = await recover(accept, "--peer-address", "127.0.0.1:17003");
    expect(code).toBe(ExitCode.ok);
  });

  test("of a witness holds data from then on", async () => {
    const voters = [voter(1), voter(2), { ...voter(3), witness: true as const }];
    directory = await directoryOf(bootstrapEntries({ ...born, voters }));
    const { out } = await recover(accept);
    expect(out.join("\n")).toContain("node-role data");
    const { initial } = await opened(directory);
    expect(initial.configurations[0]!.configuration.voters).toEqual([voter(3, 2)]);
  });

  test("is not made of a log without entries", async () => {
    directory = await directoryOf([]);
    const { code, err } = await recover(accept);
    expect([code, err.join()]).toEqual([ExitCode.failed, expect.stringContaining("no intact")]);
  });

  test("is told as one JSON value, everything else on standard error", async () => {
    const { out, err } = await recover(accept, "--json");
    expect(out).toHaveLength(1);
    expect(JSON.parse(out[0]!)).toMatchObject({ nodeId: 3, incarnation: 6, entriesKept: 5 });
    expect(err.join()).toContain("cluster demo");
  });

  test("can be made again of the new one", async () => {
    await recover(accept);
    const first = (await opened(directory)).identity.clusterId;
    expect((await recover(accept)).code).toBe(ExitCode.ok);
    const { identity } = await opened(directory);
    expect(identity.clusterId).toMatch(/^demo-r[0-9a-f]{8}$/);
    expect(identity.clusterId).not.toBe(first);
    expect(identity.incarnation).toBe(7);
  });
});

describe("a damaged log", () => {
  test("is used up to the damage only when its loss is named, too", async () => {
    rmSync(join(directory, "log", "watermark"));
    const refused = await recover(accept);
    expect(refused.code).toBe(ExitCode.failed);
    expect(refused.out.join("\n")).toContain("LOST FOR GOOD: 0 entries or more");
    expect(refused.err.join()).toContain("--lose-damaged-entries");
    expect((await recover("--lose-damaged-entries")).err.join()).toContain(accept);
    expect((await recover(accept, "--lose-damaged-entries")).code).toBe(ExitCode.ok);
    expect((await opened(directory)).initial.lastIndex).toBe(6);
  });

  test("without an identity needs the node's id", async () => {
    rmSync(join(directory, "log", "identity"));
    const both = [accept, "--lose-damaged-entries"];
    expect((await recover(...both)).err.join()).toContain("--node-id");
    expect((await recover(...both, "--node-id", "3")).code).toBe(ExitCode.ok);
    expect((await opened(directory)).identity.clusterId).toMatch(/^demo-r/);
  });
});
