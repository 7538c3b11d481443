/** Birth and opening of a node's durable log, as the configuration says. */

import { bootstrapLog, type LevelLog, openLog } from "@redoubt/level-log";
import { bootstrapEntries, type Configuration } from "@redoubt/raft";
import type { ServerConfig } from "./config/index.js";
import { NodeError } from "./gateway/errors.js";

/** Incarnation of every member of a cluster that is born. */
const firstIncarnation = 1;

/** Rejects with the log's own coded errors, or DIRECTORY_UNUSABLE. */
export async function openNodeLog(
  config: ServerConfig,
  bootstrap: boolean,
  fatal: (error: Error) => void,
): Promise<LevelLog> {
  const { dir, nodeId, clusterId } = config;
  try {
    if (bootstrap) await bear(config);
    return await openLog({ directory: dir, nodeId, clusterId, onFatal: fatal });
  } catch (error) {
    // The log's own errors say what they are; what is left is the system refusing a file.
    if (!isSystemError(error)) throw error;
    throw new NodeError(
      "DIRECTORY_UNUSABLE",
      `the directory ${dir} can't be used: ${error.message}`,
      error,
    );
  }
}

/** The same bytes on every member: whoever wins the first election finds them equal. */
async function bear(config: ServerConfig): Promise<void> {
  const { dir, nodeId, clusterId, peers } = config;
  if (clusterId === null) {
    throw new NodeError("BOOTSTRAP_INCOMPLETE", "bootstrap needs a cluster-id");
  }
  const configuration: Configuration = {
    clusterId,
    voters: peers.map(({ id, address }) => ({
      id,
      incarnation: firstIncarnation,
      peerAddress: address,
    })),
    votersOutgoing: [],
    learners: [],
  };
  const entries = bootstrapEntries(configuration);
  await bootstrapLog({
    directory: dir,
    identity: { clusterId, nodeId, incarnation: firstIncarnation },
    entries,
    hardState: { term: entries[entries.length - 1]?.term ?? 0, vote: 0 },
  });
}

/** The members as the log names them last; null: a node that a leader has yet to fill. */
export function newestConfiguration(log: LevelLog): Configuration | null {
  return log.initial.configurations.at(-1)?.configuration ?? null;
}

/** Node's errors of system calls carry a number beside the code. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "errno" in error && "syscall" in error;
}
