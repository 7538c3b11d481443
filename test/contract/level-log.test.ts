import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { bootstrapLog, type LevelLog, openLog } from "@redoubt/level-log";
import { type Birth, durableLogContract } from "./durable-log.js";
import { type NodeStorage, snapshotContract } from "./snapshots.js";

const BORN: Birth = { entries: [], hardState: { term: 0, vote: 0 } };

async function open({ entries, hardState }: Birth) {
  const directory = mkdtempSync(join(tmpdir(), "level-log-contract-"));
  const identity = { clusterId: "contract", nodeId: 1, incarnation: 1 };
  await bootstrapLog({ directory, identity, entries, hardState });
  const openAgain = (): Promise<LevelLog> =>
    openLog({
      directory,
      nodeId: identity.nodeId,
      clusterId: identity.clusterId,
      onFatal: (error) => {
        throw error;
      },
    });
  let newest = await openAgain();
  return {
    log: newest,
    reopen: async () => {
      newest = await openAgain();
      return newest;
    },
    dispose: async () => {
      await newest.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function storageOf(log: LevelLog): NodeStorage {
  return {
    log,
    snapshots: log.snapshots,
    adopt: async (snapshot, bytes, sent) => {
      const path = log.snapshots.temporaryPath();
      writeFileSync(path, bytes);
      if (!(await log.snapshots.adopt(snapshot, path, () => sent))) throw new Error("refused");
    },
  };
}

durableLogContract("LevelLog", open);

snapshotContract("LevelLog", async () => {
  const { log, reopen, dispose } = await open(BORN);
  return {
    storage: storageOf(log),
    digestOf: crc32,
    reopen: async () => storageOf(await reopen()),
    dispose,
  };
});
