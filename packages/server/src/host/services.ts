/** What the host commands may use of the process. Made once by node.ts. */

import type { LogReader } from "@redoubt/raft";
import type { Replica, ReplicaStatus, Session } from "@redoubt/replica";
import type { FirstImportStatus } from "../carry/first-import.js";
import type { ServerConfig } from "../config/index.js";
import type { EventLoopMeter } from "../event-loop/event-loop-meter.js";
import { assert } from "../gateway/assert.js";
import { Connection } from "../gateway/connection.js";
import type { Gateway } from "../gateway/gateway.js";
import type { Quarantine } from "../node-log.js";
import type { SnapshotKeeper } from "../snapshot/snapshot-keeper.js";
import type { SnapshotReaders } from "./snapshot-readers.js";
import type { Topology } from "./topology.js";

export interface ProcessFacts {
  readonly startedMonotonicMs: number;
  /** 40 hex digits, new at each start. */
  readonly runId: string;
  readonly clusterId: string;
  readonly incarnation: number;
  /** null: this process found the node's data as it was left. */
  readonly quarantine: Quarantine | null;
}

export interface HostServices {
  readonly config: ServerConfig;
  readonly gateway: Gateway;
  readonly topology: Topology;
  readonly facts: ProcessFacts;
  readonly log: LogReader;
  readonly snapshots: SnapshotReaders;
  /** null: this start was not given a file. */
  firstImport(): FirstImportStatus | null;
  replica(): Replica;
  nowMs(): number;
  /** This node's snapshots. */
  readonly keeper: SnapshotKeeper;
  readonly meter: EventLoopMeter;
  /** Stops this node gracefully, after the turn. `save`: behind a snapshot; null: as the configuration says. */
  shutdown(save: boolean | null): void;
}

/** Writes exactly one reply to `session.reply`. `argv[0]` is the command's name. */
export type HostHandler = (
  services: HostServices,
  session: Session,
  argv: readonly Buffer[],
) => void;

export function connectionOf(session: Session): Connection {
  const { hostState } = session;
  assert(hostState instanceof Connection, "a client session belongs to a connection");
  return hostState;
}

/** Master for clients: it leads and serves. */
export function isMaster(status: ReplicaStatus): boolean {
  return status.role === "leader" && status.serving;
}

/** Upper-case text of an option word. */
export function word(argument: Buffer | undefined): string {
  return argument === undefined ? "" : argument.toString("latin1").toUpperCase();
}

/** A decimal integer as Redis reads it (no sign but '-', no spaces, no leading zeros); null: not one. */
export function integerOf(argument: Buffer | undefined): number | null {
  const text = argument?.toString("latin1") ?? "";
  if (!/^(0|-?[1-9][0-9]{0,18})$/.test(text)) return null;
  return Number(text);
}
