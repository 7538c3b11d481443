import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrapLog, type LevelLog, openLog } from "@redoubt/level-log";
import { durableLogContract } from "./durable-log.js";

durableLogContract("LevelLog", async ({ entries, hardState }) => {
  const directory = mkdtempSync(join(tmpdir(), "level-log-contract-"));
  const identity = { clusterId: "contract", nodeId: 1, incarnation: 1 };
  await bootstrapLog({ directory, identity, entries, hardState });
  const open = (): Promise<LevelLog> =>
    openLog({
      directory,
      nodeId: identity.nodeId,
      clusterId: identity.clusterId,
      onFatal: (error) => {
        throw error;
      },
    });
  let newest = await open();
  return {
    log: newest,
    reopen: async () => {
      newest = await open();
      return newest;
    },
    dispose: async () => {
      await newest.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
});
