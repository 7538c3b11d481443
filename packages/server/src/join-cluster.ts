/**
 * A node without usable data asks for a place, until it has one or is told to stop (design, "Birth" and
 * "Quarantine"). It starts no service before: it has nothing to serve.
 */

import { askToJoin, type JoinAnswer } from "@redoubt/grpc-peer";
import { bootstrapLog, type MasterKeys } from "@redoubt/level-log";
import type { Logger } from "@redoubt/replica";
import type { ServerConfig } from "./config/index.js";
import { readPeerSecret } from "./config/index.js";
import { joinRetryMs } from "./gateway/constants.js";
import { NodeError } from "./gateway/errors.js";

/** What became of the data. */
export type JoinReason = "empty" | "damaged" | "diverged";

/**
 * Resolves when the log is born as a new incarnation, in a directory that `makeRoom` has emptied once a place was
 * given. Rejects with JOIN_STOPPED when `signal` says so.
 */
export async function joinCluster(
  config: ServerConfig,
  reason: JoinReason,
  logger: Logger,
  signal: AbortSignal | null,
  masterKeys: MasterKeys | null = null,
  makeRoom: () => Promise<void> = async () => {},
): Promise<void> {
  const { nodeId, clusterId, peers } = config;
  const own = peers.find((peer) => peer.id === nodeId);
  const peerAddress = own?.address ?? `${config.peerBind}:${config.peerPort}`;
  logger.warn({ reason, peers: peers.length }, "this node has no usable data: it asks to join");
  let said = "";
  for (;;) {
    const answer = await askToJoin({
      nodeId,
      clusterId: clusterId ?? "",
      peerAddress,
      isWitness: config.isWitness,
      reason,
      secret: readPeerSecret(config),
      electionParametersMs: electionParametersOf(config),
      peers,
      signal,
    });
    if (answer.kind === "accepted") {
      await makeRoom();
      return bear(config, answer, logger, masterKeys);
    }
    if (signal?.aborted) break;
    const text = answer.kind === "refused" ? answer.text : "no leader is known";
    if (text !== said) logger.warn({ answer: text }, "no place in the cluster yet: it asks again");
    said = text;
    await pause(signal);
    if (signal?.aborted) break;
  }
  throw new NodeError("JOIN_STOPPED", "stopped before it had joined");
}

async function bear(
  config: ServerConfig,
  { clusterId, incarnation }: Extract<JoinAnswer, { kind: "accepted" }>,
  logger: Logger,
  masterKeys: MasterKeys | null,
): Promise<void> {
  const { dir, nodeId } = config;
  await bootstrapLog({
    directory: dir,
    identity: { clusterId, nodeId, incarnation },
    entries: [],
    hardState: { term: 0, vote: 0 },
    masterKeys,
  });
  logger.warn({ clusterId, incarnation }, "joined: the leader fills this node's log");
}

export function electionParametersOf(config: ServerConfig) {
  return {
    electionTimeout: config.electionTimeoutMs,
    heartbeatInterval: config.heartbeatIntervalMs,
  };
}

function pause(signal: AbortSignal | null): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      // It may wait for days: not a listener a round.
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, joinRetryMs);
    signal?.addEventListener("abort", done);
  });
}
