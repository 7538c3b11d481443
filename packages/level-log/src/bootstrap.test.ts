import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { bootstrapLog } from "./bootstrap.js";
import { realDisk } from "./disk.js";
import { openLog } from "./open.js";
import { BORN, born, chain, IDENTITY, persist, restart, TestDirectory } from "./test-support.js";

const directory = new TestDirectory();
afterAll(() => directory.remove());

const bootstrap = (path: string, identity = IDENTITY) =>
  bootstrapLog({ directory: path, identity, entries: chain(["a"]), hardState: BORN });

const onFatal = (error: Error) => {
  throw error;
};

describe("birth", () => {
  test("an empty or absent directory has no log, and opening does not make one", async () => {
    const absent = directory.fresh();
    expect(await restart(absent)).toBe("DATA_MISSING");
    const empty = directory.fresh();
    mkdirSync(empty);
    expect(await restart(empty)).toBe("DATA_MISSING");
    expect(readdirSync(empty)).toEqual([]);
  });

  test("a node is born once", async () => {
    const path = directory.fresh();
    await bootstrap(path);
    await expect(bootstrap(path)).rejects.toMatchObject({ code: "ALREADY_INITIALISED" });
    expect(await restart(path)).toMatchObject({ entries: [{ index: 1 }] });
  });

  test("trap-17 what is left of a log, even an empty directory, is not born over", async () => {
    for (const part of ["identity", "store", "watermark"]) {
      const path = directory.fresh();
      await bootstrap(path);
      rmSync(join(path, "log", part), { recursive: true });
      await expect(bootstrap(path)).rejects.toMatchObject({ code: "ALREADY_INITIALISED" });
    }
    const emptied = directory.fresh();
    mkdirSync(join(emptied, "log"), { recursive: true });
    await expect(bootstrap(emptied)).rejects.toMatchObject({ code: "ALREADY_INITIALISED" });
    expect(await restart(emptied)).toBe("DATA_MISSING");
  });

  test("trap-28 a birth that crashed before its rename opens nothing and may be done again", async () => {
    const path = directory.fresh();
    await bootstrap(path);
    renameSync(join(path, "log"), join(path, "log.new-abcdef"));
    expect(await restart(path)).toBe("DATA_MISSING");
    const half = join(path, "log.new-ghijkl");
    mkdirSync(join(half, "store"), { recursive: true });
    await bootstrap(path);
    expect(await restart(path)).toMatchObject({ entries: [{ index: 1 }] });
    expect(readdirSync(path)).toEqual(["log"]);
  });

  test("of several births at once one wins, and its log is whole", async () => {
    const path = directory.fresh();
    const attempts = [1, 2, 3].map((incarnation) => bootstrap(path, { ...IDENTITY, incarnation }));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled") continue;
      expect(outcome.reason).toMatchObject({ code: "ALREADY_INITIALISED" });
    }
    const log = await openLog({ directory: path, nodeId: 1, clusterId: null, onFatal });
    expect(log.identity.incarnation).toBe(
      1 + outcomes.findIndex((outcome) => outcome.status === "fulfilled"),
    );
    expect(log.readEntries(1, 1, 0)).toHaveLength(1);
    await log.close();
  });

  test("who is born is not disturbed by another birth that still writes what is cleared away", async () => {
    const path = directory.fresh();
    const other = join(path, "log.new-abcdef");
    mkdirSync(other, { recursive: true });
    const removeTree = async (tree: string) => {
      // As `rm` ends when a file appears between its look at a directory and the directory's removal.
      if (tree === other) throw Object.assign(new Error("not empty"), { code: "ENOTEMPTY" });
      await realDisk.files.removeTree(tree);
    };
    const disk = { ...realDisk, files: { ...realDisk.files, removeTree } };
    const entries = chain(["a"]);
    await bootstrapLog({ directory: path, identity: IDENTITY, entries, hardState: BORN }, disk);
    expect(await restart(path)).toMatchObject({ entries: [{ index: 1 }] });
  });

  test("who comes too late is told so, whatever of it was cleared away meanwhile", async () => {
    const path = directory.fresh();
    const entries = async function* () {
      await bootstrap(path, { ...IDENTITY, incarnation: 2 });
      yield* chain(["a"]);
    };
    const late = { directory: path, identity: IDENTITY, entries: entries(), hardState: BORN };
    await expect(bootstrapLog(late)).rejects.toMatchObject({ code: "ALREADY_INITIALISED" });
    expect(readdirSync(path)).toEqual(["log"]);
    const log = await openLog({ directory: path, nodeId: 1, clusterId: null, onFatal });
    expect(log.identity.incarnation).toBe(2);
    await log.close();
  });

  test("entries that are not a log are not stored", async () => {
    const path = directory.fresh();
    const entries = chain(["a", "b"]).slice(1);
    const birth = bootstrapLog({ directory: path, identity: IDENTITY, entries, hardState: BORN });
    await expect(birth).rejects.toThrow("contiguous");
    expect(await restart(path)).toBe("DATA_MISSING");
    expect(readdirSync(path)).toEqual([]);
  });
});

describe("identity", () => {
  test("trap-18 the directory of another node or cluster is refused", async () => {
    const path = directory.fresh();
    await (await born(path)).close();
    const open = (nodeId: number, clusterId: string | null) =>
      openLog({ directory: path, nodeId, clusterId, onFatal });
    const mismatch = { code: "IDENTITY_MISMATCH" };
    await expect(open(2, null)).rejects.toMatchObject(mismatch);
    await expect(open(1, "cluster-b")).rejects.toMatchObject(mismatch);
    const log = await open(1, "cluster-a");
    expect(log.identity).toEqual(IDENTITY);
    await log.close();
  });

  test("a cluster id of any letters is kept", async () => {
    const path = directory.fresh();
    const identity = { clusterId: 'two\nlines, "quoted", \u{1f332}', nodeId: 9, incarnation: 4 };
    await bootstrap(path, identity);
    const log = await openLog({ directory: path, nodeId: 9, clusterId: null, onFatal });
    expect(log.identity).toEqual(identity);
    await persist(log, {});
    await log.close();
  });
});
