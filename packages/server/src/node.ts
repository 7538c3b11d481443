/**
 * One running node: the composition of log, transport, replica, gateway and host commands, the order in
 * which they start and stop, and nothing else. The only place besides the gateway that reads a clock.
 *
 *   start: directory, log -> replica -> transport -> gateway listens
 *   stop:  leadership handed over -> gateway (replies under way get a moment) -> transport -> turns -> log
 */

import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { GrpcPeerTransport } from "@redoubt/grpc-peer";
import type { EarlyCheck } from "@redoubt/level-log/early-check";
import type { Configuration } from "@redoubt/raft";
import { type Clock, type Logger, type PeerTransport, Replica } from "@redoubt/replica";
import { BusyLeader, canKeepAlive } from "./busy-leader/busy-leader.js";
import { checkFirstImport, FirstImport } from "./carry/first-import.js";
import { readPeerSecret, type ServerConfig } from "./config/index.js";
import { markDiverged, SNAPSHOT_OTHER_STATE, STATE_DIVERGED } from "./diverged.js";
import { meterOfThisThread } from "./event-loop/event-loop-meter.js";
import { formatAddress, isWildcard } from "./gateway/address.js";
import { clientsMaxFor, descriptorsMax } from "./gateway/descriptors.js";
import { errnoOf, NodeError } from "./gateway/errors.js";
import { Gateway, type GatewaySettings } from "./gateway/gateway.js";
import { TurnScheduler } from "./gateway/turn-scheduler.js";
import { handOver } from "./hand-over.js";
import { ServerHost } from "./host/server-host.js";
import type { HostServices } from "./host/services.js";
import { SnapshotReaders } from "./host/snapshot-readers.js";
import { Topology } from "./host/topology.js";
import { electionParametersOf } from "./join-cluster.js";
import { JoinDesk } from "./join-desk.js";
import { Membership, peersOf } from "./membership.js";
import { misfit, warnOfDifferences } from "./misfit.js";
import { birthOf, newestConfiguration, type OpenedNodeLog, openNodeLog } from "./node-log.js";
import { LOG_ROLLED_BACK, markRolledBack } from "./rolled-back.js";
import { lookMs } from "./snapshot/constants.js";
import { runJob } from "./snapshot/run-job.js";
import { SnapshotKeeper } from "./snapshot/snapshot-keeper.js";
import { StopTime } from "./stop-time.js";

export interface StartOptions {
  /** Birth: creates this member of a new cluster in an empty directory first. */
  readonly bootstrap: boolean;
  readonly logger: NodeLogger;
  /** The node can't go on: a broken invariant, a damaged log, a failed write. Default: log, exit code 1. */
  readonly onFatal?: (error: Error) => void;
  /** SHUTDOWN was said, or this node was removed from the cluster. Default: SIGTERM to this process, whose handler stops the node. */
  readonly onShutdown?: () => void;
  /** Begun for `dir` while the program was loaded. Default: the log's tables are checked when they are opened. */
  readonly tableCheck?: EarlyCheck | null;
  /** The process is asked to stop while the node starts: a join under way ends. */
  readonly signal?: AbortSignal;
}

export interface NodeLogger extends Logger {
  fatal(fields: object, event: string): void;
}

export interface RunningNode {
  /** Where clients are accepted. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  readonly peerPort: number;
  readonly replica: Replica;
  readonly gateway: Gateway;
  /** Idempotent. */
  stop(): Promise<void>;
}

const clock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

/** Rejects with an error that has a stable `code` and one clear line; nothing is left running then. */
export async function startNode(config: ServerConfig, options: StartOptions): Promise<RunningNode> {
  const { logger } = options;
  const secret = readPeerSecret(config);
  const fatal = fatalOnce(config, options);
  const { bootstrap, signal = null, tableCheck = null } = options;
  if (config.importPath !== null) await checkFirstImport(config.importPath);
  const opened = await openNodeLog(config, { bootstrap, fatal, logger, signal, tableCheck });
  const { log } = opened;
  const undo: (() => Promise<void>)[] = [() => log.close()];
  try {
    const problem = misfit(config, log.identity, newestConfiguration(log));
    if (problem !== null) throw problem;
    const parts = compose(config, options, opened, fatal);
    const { replica, gateway, topology, scheduler } = parts;
    undo.push(async () => parts.stopMetering());
    undo.push(async () => scheduler.stop());
    undo.push(() => parts.stopSaving(null));
    const { identity } = log;
    warnOfDifferences(config, newestConfiguration(log), logger);
    const transport = await GrpcPeerTransport.start({
      clusterId: identity.clusterId,
      nodeId: identity.nodeId,
      incarnation: identity.incarnation,
      bindHost: config.peerBind,
      port: config.peerPort,
      peers: peersOf(config.peers, newestConfiguration(log)),
      newcomersAbove: replica.configurationIndex,
      secret,
      announce: () => topology.ownAnnouncement(),
      onAnnounce: (peer, bytes) => {
        announced(topology, peer, bytes, logger);
        if (topology.isWeakerThan(peer)) fatal(weakerThan(peer, config));
      },
      events: replica,
      logger,
      random: Math.random,
      electionParametersMs: electionParametersOf(config),
      onJoin: (question) => parts.joinDesk.answer(question),
    });
    parts.link.transport = transport;
    undo.push(() => transport.close());
    if (keepsAlive(config)) {
      const busyLeader = new BusyLeader({
        clusterId: identity.clusterId,
        nodeId: identity.nodeId,
        incarnation: identity.incarnation,
        secret,
        electionParametersMs: electionParametersOf(config),
        busyLeaderMaxMs: config.busyLeaderMaxMs,
        peers: peersOf(config.peers, newestConfiguration(log)),
        logger,
      });
      parts.link.busyLeader = busyLeader;
      undo.push(() => busyLeader.stop());
    }
    undo.push(() => gateway.stop());
    const stopTime = new StopTime(() => config.shutdownTimeoutSeconds * 1000, clock.monotonicMs);
    undo.push(() => parts.stopSaving(stopTime));
    undo.push(() => {
      const { electionTimeoutMs } = config;
      return handOver(replica, logger, { timeoutMs: stopTime.leftMs(), electionTimeoutMs });
    });
    await gateway.listen();
    undo.push(await writePidFile(config));
    const addresses = gateway.addresses();
    logger.info({ clients: addresses, peers: transport.port }, "node started");
    const firstImport = beginFirstImport(config, addresses, logger);
    if (firstImport !== null) {
      parts.late.firstImport = firstImport;
      undo.push(() => firstImport.stop());
    }
    let stopping: Promise<void> | null = null;
    return {
      addresses,
      peerPort: transport.port,
      replica,
      gateway,
      stop: () => {
        stopping ??= unwind(undo);
        return stopping;
      },
    };
  } catch (error) {
    await unwind(undo);
    throw error;
  }
}

/** null: there is nothing to import. */
function beginFirstImport(
  { importPath, requirepass }: ServerConfig,
  addresses: RunningNode["addresses"],
  logger: Logger,
): FirstImport | null {
  const [listener] = addresses;
  if (importPath === null || listener === undefined) return null;
  const host = isWildcard(listener.host) ? "127.0.0.1" : listener.host;
  const address = formatAddress(host, listener.port);
  return new FirstImport({ path: importPath, address, password: requirepass }, logger);
}

/** What a peer says of itself when a link to it comes up. */
function announced(topology: Topology, peer: number, bytes: Uint8Array, logger: Logger): void {
  if (!topology.announced(peer, bytes)) {
    const event = "a peer's client address was not understood: clients are not sent to it";
    logger.warn({ peer }, event);
  } else if (topology.bornApart(peer)) {
    const event = "a peer was born with another first entry: peers was not the same on all members";
    logger.error({ peer }, event);
  }
}

/** Its clients were promised more than this node would keep while it leads. */
function weakerThan(peer: number, { replicationMode }: ServerConfig): NodeError {
  return new NodeError(
    "REPLICATION_MODE_DIFFERS",
    `replication-mode is ${replicationMode} here, and node ${peer} promises more: it must be the same on every member`,
  );
}

interface Parts {
  readonly replica: Replica;
  readonly gateway: Gateway;
  readonly topology: Topology;
  readonly scheduler: TurnScheduler;
  readonly link: PeerLink;
  readonly joinDesk: JoinDesk;
  /** What begins when the node serves. */
  readonly late: { firstImport: FirstImport | null };
  readonly stopMetering: () => void;
  /** None is being made when it resolves: behind a last one if one is wanted, in what is left of the time. */
  stopSaving(stopTime: StopTime | null): Promise<void>;
}

/** Replica, gateway and host know each other; whoever is made later is reached through a closure. */
function compose(
  config: ServerConfig,
  options: StartOptions,
  { log, quarantine }: OpenedNodeLog,
  fatal: (error: Error) => void,
): Parts {
  const { logger } = options;
  const { identity } = log;
  const link = new PeerLink();
  const late: Parts["late"] = { firstImport: null };
  const scheduler = new TurnScheduler(clock.monotonicMs, () => {
    turns.turnBegins();
    gateway.turn(runTurn);
    turns.turnEnds();
  });
  const gateway = new Gateway(gatewaySettings(config, logger), {
    nowMs: clock.monotonicMs,
    connect: (connection) => replica.connect(connection, connection),
    executedCommands: () => replica.status().counters.commandsExecuted,
    logger,
  });
  const topology = new Topology({
    config,
    clusterId: identity.clusterId,
    nodeId: identity.nodeId,
    birth: birthOf(log),
    configuration: () => replica.status().configuration,
    leader: () => replica.leader,
    connected: (peer) => link.transport?.connected(peer) ?? false,
  });
  let savesAtStop: boolean | null = null;
  const snapshots = new SnapshotReaders(log.snapshots);
  const keeper = new SnapshotKeeper({
    directory: config.dir,
    snapshots: log.snapshots,
    replica: () => replica,
    read: () => snapshots.held(clock.monotonicMs()),
    checksumAt: (index) => log.checksumAt(index),
    settings: () => ({
      savePoints: config.savePoints,
      logBytes: config.logSnapshotBytes,
      logEntries: config.logSnapshotEntries,
    }),
    trailingEntries: () => config.logTrailingEntries,
    run: runJob,
    monotonicMs: clock.monotonicMs,
    wallMs: clock.wallMs,
    logger,
    wake: () => scheduler.wake(),
    fatal,
    doubted: (snapshot, found) => {
      if (!hasOthers(replica.status().configuration, identity.nodeId)) return false;
      const mark = { code: SNAPSHOT_OTHER_STATE, found, snapshot } as const;
      const failure = markDiverged(config.dir, mark);
      if (failure !== null) logger.error({ err: failure }, "the log can't be marked as diverged");
      return failure === null;
    },
  });
  const { meter, close: stopMetering } = meterOfThisThread({
    ...clock,
    snapshots: () => ({ servingMs: keeper.servingMs, underWay: keeper.isRunning }),
  });
  const { turns } = meter;
  const looks = setInterval(() => keeper.look(), lookMs).unref();
  const stopSaving: Parts["stopSaving"] = async (stopTime) => {
    clearInterval(looks);
    const saves = savesAtStop ?? config.savesAtShutdown;
    await keeper.stop(saves && stopTime !== null ? stopTime.leftMs() : 0);
  };
  const services: HostServices = {
    config,
    keeper,
    meter,
    gateway,
    topology,
    facts: {
      startedMonotonicMs: clock.monotonicMs(),
      runId: randomBytes(20).toString("hex"),
      clusterId: identity.clusterId,
      incarnation: identity.incarnation,
      quarantine,
    },
    log,
    snapshots,
    firstImport: () => late.firstImport?.status ?? null,
    replica: () => replica,
    nowMs: clock.monotonicMs,
    shutdown: (save) => {
      savesAtStop = save;
      logger.info({ save }, "a client asked this node to stop");
      setImmediate(options.onShutdown ?? terminateSelf);
    },
  };
  const replica = new Replica(
    {
      id: identity.nodeId,
      incarnation: identity.incarnation,
      witness: config.isWitness,
      readMode: () => config.readMode,
      replicationMode: config.replicationMode,
      clockDriftPercentMax: config.clockDriftPercentMax,
      auditIntervalMs: () => config.auditIntervalMs,
      stallToleranceMs: keepsAlive(config) ? config.busyLeaderMaxMs : 0,
      reserveDelayMs: config.reserveDelayMs,
      electionTimeoutMs: config.electionTimeoutMs,
      heartbeatIntervalMs: config.heartbeatIntervalMs,
      maxmemoryBytes: () => config.maxmemoryBytes,
      inFlightWindow: {
        bytesMax: () => config.inFlightBytesMax,
        batchesMax: () => config.inFlightBatchesMax,
      },
      activeExpireEffort: () => config.activeExpireEffort,
      onFatal: (error) => fatal(error instanceof Error ? error : new Error(String(error))),
    },
    {
      clock,
      random: { next: Math.random },
      scheduler,
      log,
      snapshots: log.snapshots,
      transport: link,
      memory: gateway,
      logger,
      turnParts: turns,
      host: new ServerHost(services),
      directory: topology,
    },
  );
  const membership = new Membership({
    view: replica,
    logger,
    peers: config.peers,
    electionTimeoutMs: config.electionTimeoutMs,
    nowMs: clock.monotonicMs,
    link: (peers, configurationIndex) => link.transport?.setPeers(peers, configurationIndex),
    keepAlive: (peers) => link.busyLeader?.setPeers(peers),
    leave: () => services.shutdown(false),
    judge: (configuration) => {
      const problem = misfit(config, identity, configuration);
      if (problem !== null) fatal(problem);
    },
  });
  const runTurn = (): void => {
    replica.turn();
    link.busyLeader?.turned(replica.role === "leader" ? replica.term : 0);
    membership.look();
  };
  const joinDesk = new JoinDesk({
    clusterId: identity.clusterId,
    replica,
    logger,
    peerAddress: (leader) =>
      peersOf(config.peers, replica.status().configuration).find(({ id }) => id === leader)
        ?.address ?? "",
  });
  return { replica, gateway, topology, scheduler, link, joinDesk, late, stopMetering, stopSaving };
}

/** The replica is made before the transport it sends through; until then, messages are lost like any. */
class PeerLink implements PeerTransport {
  transport: GrpcPeerTransport | null = null;
  busyLeader: BusyLeader | null = null;

  send(message: Parameters<PeerTransport["send"]>[0]): void {
    this.transport?.send(message);
  }

  sendAudit(report: Parameters<PeerTransport["sendAudit"]>[0]): void {
    this.transport?.sendAudit(report);
  }
}

function gatewaySettings(config: ServerConfig, logger: Logger): GatewaySettings {
  const clientsMaxByDescriptors = clientsMaxFor(descriptorsMax());
  if (clientsMaxByDescriptors < config.maxclients) {
    const fields = { maxclients: config.maxclients, admitted: clientsMaxByDescriptors };
    logger.warn(
      fields,
      "fewer clients than maxclients are admitted: raise the limit of open files",
    );
  }
  return {
    addresses: config.bind,
    port: config.port,
    backlog: config.tcpBacklog,
    keepaliveSeconds: () => config.tcpKeepaliveSeconds,
    idleSeconds: () => config.timeoutSeconds,
    clientsMax: () => Math.min(config.maxclients, clientsMaxByDescriptors),
    protectedNow: () => config.protectedMode && config.requirepass === "",
    bulkBytesMax: () => config.protoMaxBulkBytes,
    queryBytesMax: () => config.clientQueryBufferBytesMax,
    clientBytesMax: () => config.maxmemoryClientsBytes,
    outputLimits: (subscriber) => config.clientOutputBufferLimits[subscriber ? "pubsub" : "normal"],
  };
}

/** Whether anybody else holds the state: without, there is nobody to get it from. */
function hasOthers({ voters }: Configuration, self: number): boolean {
  return voters.some(({ id, witness }) => id !== self && witness !== true);
}

/** Below an election timeout the core's own patience is longer. */
function keepsAlive(config: ServerConfig): boolean {
  return canKeepAlive && config.busyLeaderMaxMs > config.electionTimeoutMs;
}

/** Written last: it names a process that serves. Returns how it is removed. */
async function writePidFile({ pidfilePath }: ServerConfig): Promise<() => Promise<void>> {
  if (pidfilePath === null) return async () => {};
  try {
    await writeFile(pidfilePath, `${process.pid}\n`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new NodeError("PIDFILE_UNWRITABLE", `the pid file can't be written: ${why}`, error);
  }
  return () => rm(pidfilePath, { force: true });
}

/** Latest first; the first failure is told after everything was tried. */
async function unwind(undo: (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of undo.splice(0).reverse()) {
    try {
      await step();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function fatalOnce(
  { dir }: ServerConfig,
  { logger, onFatal }: StartOptions,
): (error: Error) => void {
  let told = false;
  return (error) => {
    if (told) return;
    told = true;
    logger.fatal({ err: error, code: errnoOf(error) || error.name }, "the node stops");
    const failure = markFor(dir, error);
    if (failure !== null) {
      logger.error({ err: failure }, "the log can't be marked: the next start may find it right");
    }
    (onFatal ?? exitAtOnce)(error);
  };
}

/** What the next start must know of. Null, or why it will not. */
function markFor(dir: string, error: Error): unknown {
  const code = errnoOf(error);
  if (code === LOG_ROLLED_BACK) return markRolledBack(dir, error);
  if (code !== STATE_DIVERGED) return null;
  return markDiverged(dir, { code, found: error.message, snapshot: null });
}

/** What is durable is safe, what is in memory is not to be trusted any more. */
function exitAtOnce(): void {
  process.exit(1);
}

function terminateSelf(): void {
  process.kill(process.pid, "SIGTERM");
}
