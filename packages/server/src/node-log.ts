/** Birth and opening of a node's durable log, as the configuration says. */

import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import {
  bootstrapLog,
  DataMissingError,
  type LevelLog,
  LogDamagedError,
  type MasterKeys,
  openLog,
} from "@redoubt/level-log";
import type { EarlyCheck } from "@redoubt/level-log/early-check";
import { bootstrapEntries, type Configuration } from "@redoubt/raft";
import type { Logger } from "@redoubt/replica";
import type { ServerConfig } from "./config/index.js";
import {
  type DivergedMark,
  divergedMark,
  SNAPSHOT_OTHER_STATE,
  STATE_DIVERGED,
} from "./diverged.js";
import { NodeError } from "./gateway/errors.js";
import { type JoinReason, joinCluster } from "./join-cluster.js";
import { readMasterKeys } from "./master-keys.js";
import { isRolledBack, LOG_ROLLED_BACK } from "./rolled-back.js";

/** Incarnation of every member of a cluster that is born. */
const firstIncarnation = 1;

export interface OpenNodeLog {
  readonly bootstrap: boolean;
  readonly fatal: (error: Error) => void;
  readonly logger: Logger;
  /** Of the tables of the directory as it is now; null: they are checked when they are opened. */
  readonly tableCheck: EarlyCheck | null;
  /** The process is asked to stop: joining ends. */
  readonly signal: AbortSignal | null;
}

/** Why this process began without the node's data, and got a new incarnation. For INFO. */
export interface Quarantine {
  readonly reason: JoinReason;
  /** What was found, in one line. */
  readonly found: string;
  /** Milliseconds since the Unix epoch. */
  readonly endedAtMs: number;
}

export interface OpenedNodeLog {
  readonly log: LevelLog;
  /** null: the data was there, and right. */
  readonly quarantine: Quarantine | null;
}

/**
 * Rejects with the log's own coded errors, CONFIG_INVALID (the key file), DIRECTORY_UNUSABLE, LOG_ROLLED_BACK, STATE_DIVERGED, SNAPSHOT_OTHER_STATE or
 * JOIN_STOPPED. Data that is missing, damaged or not that of most members is no reason to stop where there are others
 * to ask: the node comes back as another incarnation.
 */
export async function openNodeLog(
  config: ServerConfig,
  options: OpenNodeLog,
): Promise<OpenedNodeLog> {
  const { dir, nodeId, clusterId } = config;
  const masterKeys = readMasterKeys(config.encryptionKeyPath);
  const open = async (tableCheck: EarlyCheck | null): Promise<LevelLog> => {
    const onFatal = options.fatal;
    const given = { masterKeys, tableCheck };
    const log = await openLog({ directory: dir, nodeId, clusterId, onFatal, ...given });
    if (log.encryption !== null) options.logger.info(log.encryption, "the log is encrypted");
    return log;
  };
  try {
    if (options.bootstrap) await bear(config, masterKeys);
    if (isRolledBack(dir)) throw rolledBack(dir);
    const log = await open(options.tableCheck);
    const mark = divergedMark(dir, log.snapshots.newest());
    if (mark === null) return { log, quarantine: null };
    await log.close();
    throw diverged(dir, mark);
  } catch (error) {
    const reason = joinReasonOf(config, error);
    if (reason !== null) {
      options.logger.error({ err: error }, "the data of this node can't be used");
      const { logger, signal } = options;
      if (reason === "damaged") await setAside(dir, "damaged", logger);
      // What is whole stays until there is a place: nobody else may have it.
      const makeRoom = async (): Promise<void> => {
        if (reason === "diverged") await setAside(dir, "diverged", logger);
      };
      await joinCluster(config, reason, logger, signal, masterKeys, makeRoom);
      const found = (error instanceof Error ? error.message : String(error)).replaceAll("\n", " ");
      // What is in its place now was not there when the check began.
      return { log: await open(null), quarantine: { reason, found, endedAtMs: Date.now() } };
    }
    // The log's own errors say what they are; what is left is the system refusing a file.
    if (!isSystemError(error)) throw error;
    throw new NodeError(
      "DIRECTORY_UNUSABLE",
      `the directory ${dir} can't be used: ${error.message}`,
      error,
    );
  }
}

function joinReasonOf(config: ServerConfig, error: unknown): JoinReason | null {
  const others = config.peers.some(({ id }) => id !== config.nodeId);
  if (!config.rejoins || !others) return null;
  if (error instanceof LogDamagedError) return "damaged";
  if (error instanceof NodeError) {
    if (error.code === LOG_ROLLED_BACK) return "damaged";
    return isDiverged(error) ? "diverged" : null;
  }
  if (!(error instanceof DataMissingError)) return null;
  // Part of a log is a damaged one: it is kept, too.
  return existsSync(join(config.dir, "log")) ? "damaged" : "empty";
}

function rolledBack(dir: string): NodeError {
  return new NodeError(
    LOG_ROLLED_BACK,
    `the log in ${dir} is older than what this node has acknowledged: was it restored from a backup?`,
  );
}

function diverged(dir: string, { code, found }: DivergedMark): NodeError {
  return new NodeError(code, `the state in ${dir} is not that of most members: ${found}`);
}

function isDiverged({ code }: NodeError): boolean {
  return code === STATE_DIVERGED || code === SNAPSHOT_OTHER_STATE;
}

/** Kept for whoever wants to look at it, or to recover what nobody else has. */
async function setAside(dir: string, why: "damaged" | "diverged", logger: Logger): Promise<void> {
  for (let number = 1; ; number += 1) {
    const aside = join(dir, `log.${why}-${number}`);
    if (existsSync(aside)) continue;
    await rename(join(dir, "log"), aside);
    logger.error({ aside }, `the ${why} log is kept aside`);
    return;
  }
}

/** The same bytes on every member: whoever wins the first election finds them equal. */
async function bear(config: ServerConfig, masterKeys: MasterKeys | null): Promise<void> {
  const { dir, nodeId, clusterId, peers } = config;
  if (clusterId === null) {
    throw new NodeError("BOOTSTRAP_INCOMPLETE", "bootstrap needs a cluster-id");
  }
  const configuration: Configuration = {
    clusterId,
    voters: peers.map(({ id, address, witness }) => ({
      id,
      incarnation: firstIncarnation,
      peerAddress: address,
      ...(witness ? { witness } : {}),
    })),
    votersOutgoing: [],
    learners: [],
    timing: {
      electionTimeoutMs: config.electionTimeoutMs,
      clockDriftPercentMax: config.clockDriftPercentMax,
    },
  };
  const entries = bootstrapEntries(configuration);
  await bootstrapLog({
    directory: dir,
    identity: { clusterId, nodeId, incarnation: firstIncarnation },
    entries,
    hardState: { term: entries[entries.length - 1]?.term ?? 0, vote: 0 },
    masterKeys,
  });
}

/** The members as the log names them last; null: a node that a leader has yet to fill. */
export function newestConfiguration(log: LevelLog): Configuration | null {
  const { configurations, snapshot } = log.initial;
  return configurations.at(-1)?.configuration ?? snapshot?.configuration.configuration ?? null;
}

/** Checksum of the first entry, which all members have from their birth; 0: it is not here (yet). */
export function birthOf(log: LevelLog): number {
  const { lastIndex, anchor } = log.initial;
  if (lastIndex === 0 || (anchor !== undefined && anchor.index > 0)) return 0;
  return log.readEntries(1, 1, 0)[0]?.checksum ?? 0;
}

/** Node's errors of system calls carry a number beside the code. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "errno" in error && "syscall" in error;
}
