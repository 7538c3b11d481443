/** One node of a TestCluster: disk, clock, log lines, and the production replica on them. */

import type { CommandTable } from "@redoubt/commands";
import type { Entry, HardState } from "@redoubt/raft";
import {
  type EntryObserver,
  type InFlightWindow,
  Replica,
  type ReplicaOptions,
  type ReplicationMode,
} from "../index.js";
import { TestClient } from "./test-client.js";
import type { TestCluster } from "./test-cluster.js";
import { type DiskContents, TestDisk } from "./test-disk.js";
import { TestHost } from "./test-host.js";

/** Wall clock at the cluster's time 0. */
const WALL_START_MS = 1_700_000_000_000;

export const ELECTION_TIMEOUT_MS = 500;
export const HEARTBEAT_INTERVAL_MS = 50;

/** Small: what a test snapshots takes several. */
const SNAPSHOT_CHUNK_BYTES = 64;

export interface TestNodeOptions {
  readonly commands?: CommandTable;
  readonly maxmemoryBytes?: () => number;
  readonly inFlightWindow?: InFlightWindow;
  readonly activeExpireEffort?: () => number;
  readonly observer?: (node: TestNode) => EntryObserver;
  readonly reserveDelayMs?: number;
  readonly readMode?: NonNullable<ReplicaOptions["readMode"]>;
  /** Ms; default: no audits. */
  readonly auditIntervalMs?: number;
  /** Work of one step of an audit's walk. */
  readonly auditStepWorkMax?: number;
  /** Keys of one slice of a snapshot's state. */
  readonly loadStepKeysMax?: number;
  readonly twoStatesBytesMax?: () => number;
  readonly replicationMode?: ReplicationMode;
  /** Ids of the voters that hold no keyspace. */
  readonly witnesses?: readonly number[];
}

export class TestNode {
  readonly id: number;
  readonly cluster: TestCluster;
  readonly disk: TestDisk;
  readonly host = new TestHost();
  readonly replica: Replica;
  readonly incarnation: number;
  /** How far the wall clock is from the cluster's time. */
  wallOffsetMs = 0;
  /** How far the monotonic clock is behind the cluster's time: it stood still so long. */
  clockLostMs = 0;
  /** What each look at the monotonic clock costs: a turn that takes its time. */
  lookCostMs = 0;
  /** No turn runs: the process is stopped. */
  stopped = false;
  /** Ids whose client address is not known to this node. */
  readonly unknownAddresses = new Set<number>();
  readonly events: { readonly event: string; readonly fields: object }[] = [];
  /** What `onFatal` was told. Tests that expect it set `fatalExpected`. */
  fatal: unknown = null;
  fatalExpected = false;
  turns = 0;
  /** How often a turn was wanted now. */
  wantedNow = 0;
  wakeAtMs = Number.POSITIVE_INFINITY;
  #awake = true;

  constructor(
    cluster: TestCluster,
    id: number,
    entries: readonly Entry[],
    options: TestNodeOptions,
    hardState?: HardState,
    incarnation = 1,
    before?: DiskContents,
  ) {
    this.id = id;
    this.incarnation = incarnation;
    this.cluster = cluster;
    this.disk = new TestDisk(entries, hardState, before);
    const line = (fields: object, event: string): void => {
      this.events.push({ event, fields });
    };
    this.replica = new Replica(
      {
        id,
        incarnation,
        electionTimeoutMs: ELECTION_TIMEOUT_MS,
        heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
        maxmemoryBytes: options.maxmemoryBytes ?? (() => 0),
        onFatal: (error) => this.#failed(error),
        snapshotChunkBytes: SNAPSHOT_CHUNK_BYTES,
        // Followers are level when nothing is left to do, unless a test is about those that are not.
        reserveDelayMs: options.reserveDelayMs ?? 0,
        ...(options.inFlightWindow === undefined ? {} : { inFlightWindow: options.inFlightWindow }),
        activeExpireEffort: options.activeExpireEffort ?? (() => 1),
        witness: options.witnesses?.includes(id) ?? false,
        auditIntervalMs: () => options.auditIntervalMs ?? 0,
        ...(options.auditStepWorkMax === undefined
          ? {}
          : { auditStepWorkMax: options.auditStepWorkMax }),
        ...(options.loadStepKeysMax === undefined
          ? {}
          : { loadStepKeysMax: options.loadStepKeysMax }),
        ...(options.twoStatesBytesMax === undefined
          ? {}
          : { twoStatesBytesMax: options.twoStatesBytesMax }),
        ...(options.readMode === undefined ? {} : { readMode: options.readMode }),
        replicationMode: options.replicationMode ?? "raft",
        ...(options.commands === undefined ? {} : { commands: options.commands }),
      },
      {
        clock: {
          monotonicMs: () => {
            this.clockLostMs -= this.lookCostMs;
            return this.monotonicMs;
          },
          wallMs: () => this.wallMs,
        },
        random: { next: () => cluster.random() },
        scheduler: {
          wake: () => {
            this.#awake = true;
          },
          wakeNow: () => {
            this.#awake = true;
            this.wantedNow += 1;
          },
          wakeAt: (deadlineMs) => {
            this.wakeAtMs = deadlineMs;
          },
        },
        log: this.disk,
        snapshots: this.disk,
        transport: {
          send: (message) => cluster.post(message),
          sendAudit: (report) => cluster.postAudit(report),
        },
        memory: { outsideBytes: () => 0 },
        logger: { debug: line, info: line, warn: line, error: line },
        host: this.host,
        directory: {
          clientAddress: (node) =>
            this.unknownAddresses.has(node) ? null : { host: "node", port: node },
        },
        ...(options.observer === undefined ? {} : { observer: options.observer(this) }),
      },
    );
  }

  get wallMs(): number {
    return Math.floor(WALL_START_MS + this.cluster.nowMs + this.wallOffsetMs);
  }

  get monotonicMs(): number {
    return this.cluster.nowMs - this.clockLostMs;
  }

  get serving(): boolean {
    return this.replica.status().serving;
  }

  get wantsTurn(): boolean {
    if (this.stopped || this.fatal !== null) return false;
    return this.#awake || this.wakeAtMs <= this.monotonicMs;
  }

  turn(): void {
    this.#awake = false;
    this.wakeAtMs = Number.POSITIVE_INFINITY;
    this.turns += 1;
    this.replica.turn();
  }

  /** Of what is applied, and the log trimmed behind it but for `trailing` entries. */
  makeSnapshot(trailing = 0): void {
    const snapshot = this.disk.makeSnapshot(this.replica.status().applied);
    this.replica.compactTo(snapshot, trailing);
  }

  connect(): TestClient {
    const client = new TestClient();
    client.session = this.replica.connect(client, null);
    return client;
  }

  #failed(error: unknown): void {
    this.fatal = error;
    if (!this.fatalExpected) throw error;
  }
}
