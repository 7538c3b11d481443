/**
 * One node: collects inputs, takes a turn, emits outputs. No await anywhere; between a check and the
 * mutation it guards nothing else runs.
 *
 *   turn:  tick, peers' messages, finished syncs
 *          -> Ready (rollback, send, persist, apply, commit)
 *          -> membership changes and transfers that are due, between two batches
 *          -> sessions: dispatch, execute ahead into the open batch
 *          -> seal the batch -> propose; confirm reads by the lease, or begin a read round
 *          -> Ready (send, persist)
 *          -> gate: release, one write a connection; assert the pointers
 *
 * Longer than other files: the steps of a turn share its time, its arrivals and its sessions, and their order
 * is what this file is about. What has a state of its own is elsewhere.
 */

import { type CommandTable, commandTable } from "@redoubt/commands";
import {
  type ChangeResult,
  type Configuration,
  type ConfigurationChange,
  clockDriftPercentMaxDefault,
  type Entry,
  type Index,
  type Message,
  type NodeId,
  Raft,
  type Role,
  type SnapshotDescription,
  type Term,
  type TransferRefusal,
} from "@redoubt/raft";
import { ackPolicy, type ReplicationMode } from "./ack-policy.js";
import { ActiveExpiry } from "./active-expiry.js";
import { assert } from "./assert.js";
import { type AuditOptions, Audits } from "./audits.js";
import { BlockedClients } from "./blocked-clients.js";
import {
  APPLY_PAGE_BYTES,
  CLOCK_CHECK_COMMANDS,
  COMMANDS_PER_SESSION_MAX,
  COMMANDS_PER_TURN_MAX,
  COMMIT_DELAY_MS,
  EXPIRY_EFFORT_MIN,
  HOLD_ELECTION_TIMEOUTS,
  LOAD_STEP_KEYS_MAX,
  LOG_TRAILING_ENTRIES,
  RESERVE_DELAY_MS,
  RESERVE_LATE_MS,
  TELL_MS_PER_TURN_MAX,
} from "./constants.js";
import { Dispatcher, type Outcome } from "./dispatcher.js";
import { Driver } from "./driver.js";
import { UNBLOCKED } from "./errors.js";
import { Executor } from "./executor.js";
import { LeadershipChanges } from "./leadership-changes.js";
import { LeaseClock } from "./lease-clock.js";
import { MemoryUse } from "./memory-use.js";
import { NodeRoute } from "./node-route.js";
import { ParkedSessions } from "./parked-sessions.js";
import type { AuditReport, ClientSink, PeerEvents, ReplicaPorts } from "./ports.js";
import { PubSub } from "./pub-sub.js";
import { ReadRounds } from "./read-rounds.js";
import { ReplyGate } from "./reply-gate.js";
import { DEFAULT_WINDOW, type InFlightWindow, Sealer } from "./sealer.js";
import { Session, type SessionEvents } from "./session.js";
import { Speculation } from "./speculation.js";
import { nodeStateDigest, type ReplicaStatus, statusOf } from "./status.js";
import { WRITE_LOST } from "./wait.js";
import { WallClockJumps } from "./wall-clock-jumps.js";

export interface ReplicaOptions {
  readonly id: NodeId;
  /** Of this node's directory. */
  readonly incarnation: number;
  readonly electionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** Percent; default: the core's. */
  readonly clockDriftPercentMax?: number;
  /** How reads are confirmed (design, section 6). Default quorum. */
  readonly readMode?: () => ReadMode;
  /** When replies leave. Default raft; the others are for comparison, and lose what they acknowledged. */
  readonly replicationMode?: ReplicationMode;
  /** How long a helper outside the event loop keeps peers from electing. Default 0. */
  readonly stallToleranceMs?: number;
  /** How long entries for followers that no quorum needs are collected, ms. Default RESERVE_DELAY_MS; 0: not at all. */
  readonly reserveDelayMs?: number;
  /** Bytes of one chunk of a snapshot. Default: the core's. */
  readonly snapshotChunkBytes?: number;
  /** A log-only voter: no keyspace, no clients. */
  readonly witness?: boolean;
  /** Bytes; 0: unlimited. Read at every check: CONFIG SET changes it. */
  readonly maxmemoryBytes: () => number;
  /** Default: IN_FLIGHT_BYTES_MAX and IN_FLIGHT_BATCHES_MAX. */
  readonly inFlightWindow?: InFlightWindow;
  /** Of active expiry, 1 to 10. Read at every cycle: CONFIG SET changes it. Default 1. */
  readonly activeExpireEffort?: () => number;
  /** Ms between two audits of all nodes' states, 0: none (audits.ts). Read at every look. Default: none. */
  readonly auditIntervalMs?: () => number;
  /** Lowered by tests: see AuditOptions. */
  readonly auditStepWorkMax?: number;
  /** Lowered by tests: keys of one slice of a snapshot's state. */
  readonly loadStepKeysMax?: number;
  /** Lowered by tests: bytes an old state and the snapshot's that takes its place may have. Default: maxmemoryBytes. */
  readonly twoStatesBytesMax?: () => number;
  /** A broken invariant, another state than most members', or damaged log: the process must stop. Called once; no turn runs after it. */
  readonly onFatal: (error: unknown) => void;
  /** Rows it serves. Default: all of @redoubt/commands. */
  readonly commands?: CommandTable;
}

export type ReadMode = "lease" | "quorum";

export class Replica implements PeerEvents, SessionEvents {
  readonly self: NodeId;
  readonly #options: ReplicaOptions;
  readonly #ports: ReplicaPorts;
  readonly #raft: Raft;
  readonly #speculation = new Speculation();
  readonly #gate: ReplyGate;
  readonly #pubSub: PubSub;
  readonly #executor: Executor;
  readonly #dispatcher: Dispatcher;
  readonly #driver: Driver;
  readonly #expiry: ActiveExpiry;
  readonly #audits: Audits;
  readonly #leaseClock: LeaseClock;
  readonly #clockJumps: WallClockJumps;
  readonly #sealer: Sealer;
  readonly #readRounds = new ReadRounds();
  readonly #changes: LeadershipChanges;
  readonly #memory: MemoryUse;
  readonly #route: NodeRoute;
  readonly isWitness: boolean;

  readonly #sessions = new Map<number, Session>();
  #nextSessionId = 1;
  /** Sessions with something at the head of their queue to look at, in order of arrival. */
  #active: Session[] = [];
  /** Sessions whose head waits for a leader or for WAIT. */
  readonly #parked = new ParkedSessions();
  /** Waiting for keys. */
  readonly #blocked: BlockedClients;
  readonly #activate = (session: Session): void => {
    session.isActive = true;
    this.#active.push(session);
  };
  #routeChanged = false;
  #warnedTerm: Term = 0;
  #arrivals = 0;
  #dead = false;
  #inTurn = false;
  #nowMs = 0;
  /** Monotonic ms after which this turn begins nothing more. */
  #turnEndMs = 0;

  constructor(options: ReplicaOptions, ports: ReplicaPorts) {
    this.self = options.id;
    this.#options = options;
    this.#ports = ports;
    this.#nowMs = ports.clock.monotonicMs();
    this.isWitness = options.witness ?? false;
    this.#gate = new ReplyGate(ackPolicy(options.replicationMode ?? "raft"));
    this.#pubSub = new PubSub(this.#gate);
    const { clockDriftPercentMax = clockDriftPercentMaxDefault } = options;
    this.#leaseClock = new LeaseClock(ports.clock, options.electionTimeoutMs, clockDriftPercentMax);
    this.#clockJumps = new WallClockJumps(ports.clock, ports.logger);
    this.#raft = raftOf(options, ports, this.#nowMs);
    const speculation = this.#speculation;
    this.#sealer = new Sealer(
      this.#raft,
      speculation,
      this.#pubSub,
      ports.observer,
      options.inFlightWindow ?? DEFAULT_WINDOW,
    );
    this.#changes = new LeadershipChanges(
      this.#raft,
      speculation,
      this.#sealer,
      ports.scheduler,
      this.isWitness,
    );
    this.#audits = new Audits(auditOptionsOf(options), speculation, ports, this.#raft);
    this.#memory = new MemoryUse(
      this.#raft,
      speculation,
      this.#pubSub,
      this.#audits,
      ports.memory,
      this.#sessions,
    );
    const { maxmemoryBytes } = options;
    this.#route = new NodeRoute(
      { self: this.self, isWitness: this.isWitness, maxmemoryBytes },
      this.#raft,
      speculation,
      this.#memory,
      () => this.#driver,
    );
    this.#executor = new Executor(
      this.#speculation,
      this.#gate,
      ports.clock,
      ports.random,
      ports.host,
      ports.logger,
    );
    this.#dispatcher = new Dispatcher(
      options.commands ?? commandTable,
      this.#executor,
      this.#gate,
      ports.directory,
      this.#route,
      this.#pubSub,
    );
    this.#blocked = new BlockedClients(speculation.keyspace);
    this.#connectParts();
    const events = {
      persisted: () => this.#wake(),
      leadershipLost: (lastSealed: Index) => this.#leadershipLost(lastSealed),
      routeChanged: () => {
        this.#routeChanged = true;
        this.#warnIfUnsafe();
        // A leader is told of touches; what was applied just before it began has no other herald.
        this.#blocked.lookForChanges();
      },
      audited: (entry: Entry) => this.#audits.begin(entry, this.#nowMs),
      stateReplaced: () => this.#stateReplaced(),
    };
    this.#driver = new Driver(
      this.#raft,
      this.#speculation,
      this.#gate,
      ports,
      events,
      this.isWitness,
      {
        stepKeysMax: options.loadStepKeysMax ?? LOAD_STEP_KEYS_MAX,
        twoStatesBytesMax: options.twoStatesBytesMax ?? maxmemoryBytes,
      },
    );
    const { activeExpireEffort = () => EXPIRY_EFFORT_MIN } = options;
    this.#expiry = new ActiveExpiry(speculation, ports.clock, ports.random, activeExpireEffort);
    ports.scheduler.wakeAt(this.#raft.nextDeadlineMs());
  }

  /** Once each term it serves in. */
  #warnIfUnsafe(): void {
    const { term } = this.#speculation;
    const { replicationMode = "raft" } = this.#options;
    if (replicationMode === "raft" || !this.serving || term === this.#warnedTerm) return;
    this.#warnedTerm = term;
    const event = "UNSAFE replication mode: what is acknowledged now can be lost";
    this.#ports.logger.warn({ replicationMode, term }, event);
  }

  /** What parts tell each other through their owner. */
  #connectParts(): void {
    this.#speculation.onTouched = (key) => {
      if (this.#blocked.size === 0) return;
      if (key === null) this.#blocked.touchedAll();
      else this.#blocked.touched(key);
    };
    this.#executor.insideExec = (session, row, argv) =>
      this.#dispatcher.insideExec(session, row, argv);
    this.#executor.receivers = (channel, sharded) => this.#pubSub.receivers(channel, sharded);
    this.#speculation.onPublished = (channel, message, sharded) =>
      this.#pubSub.publish(channel, message, sharded);
  }

  // ---- inputs ------------------------------------------------------------------------------------

  receive(message: Message): void {
    if (this.#dead) return;
    // Two answers come to most of what a leader asks, and the second changes nothing: a turn for it alone costs a tenth
    // of an entry. It is not left for the next one: after a pause it would count as just heard (trap 15). WAIT counts all.
    if (!this.#inTurn && this.#parked.length === 0 && this.#takesAtOnce(message)) return;
    this.#driver.receive(message);
    this.#wake();
  }

  #takesAtOnce(message: Message): boolean {
    let isTaken = true;
    this.#guarded(() => {
      isTaken = this.#driver.takeAtOnce(message);
    });
    return isTaken;
  }

  unreachable(peer: NodeId): void {
    if (this.#dead) return;
    this.#driver.unreachable(peer);
    this.#ports.scheduler.wake();
  }

  receiveAudit(report: AuditReport): void {
    if (this.#dead) return;
    this.#audits.receive(report);
    this.#ports.scheduler.wake();
  }

  connect(sink: ClientSink, hostState: unknown): Session {
    const session = new Session(
      this.#nextSessionId,
      sink,
      hostState,
      this.#ports.host.initiallyAuthenticated(),
      this.#speculation.keyspace,
      this,
    );
    this.#nextSessionId += 1;
    this.#sessions.set(session.id, session);
    return session;
  }

  sessionActive(session: Session): void {
    this.#arrivals += 1;
    // It is being closed: what it waited for is nobody's any more.
    if (session.blockedOn === null && this.#blocked.has(session)) this.#unblock(session);
    if (!session.isActive && !session.isParked) this.#activate(session);
    if (this.#dead || this.#inTurn) return;
    // On a follower, too: sockets that are ready are read in the same pass, and their requests share a turn.
    if (this.#mayBeJoined) this.#ports.scheduler.wake();
    else this.#ports.scheduler.wakeNow();
  }

  sessionClosed(session: Session): void {
    this.#blocked.remove(session);
    this.#pubSub.unsubscribeAll(session);
    this.#sessions.delete(session.id);
  }

  /**
   * Something came for which a turn is to be taken: at the end of the event loop's pass, which brings more of it, unless
   * nobody is left who could send a command.
   */
  #wake(): void {
    if (this.serving && this.#mayBeJoined) this.#ports.scheduler.wake();
    else this.#ports.scheduler.wakeNow();
  }

  /** Somebody neither waits for a reply nor has a request that the next turn looks at. */
  get #mayBeJoined(): boolean {
    return this.#gate.waitingSessions + this.#active.length < this.#sessions.size;
  }

  // ---- the turn ----------------------------------------------------------------------------------

  /** Called by the host after `wake` or `wakeAt`. Never throws; a broken invariant goes to `onFatal`. */
  turn(): void {
    if (this.#dead) return;
    this.#inTurn = true;
    this.#guarded(() => this.#turn());
    this.#inTurn = false;
  }

  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#dead = true;
      this.#options.onFatal(error);
    }
  }

  #turn(): void {
    const { clock, scheduler } = this.#ports;
    this.#nowMs = clock.monotonicMs();
    this.#route.nowMs = this.#nowMs;
    this.#turnEndMs = this.#nowMs + this.#options.heartbeatIntervalMs / 2;
    this.#clockJumps.look();
    if (this.#driver.loading) {
      this.#turnWithoutState();
      return;
    }
    this.#watchClocks();
    this.#driver.collect(this.#nowMs);
    this.#driver.advance();
    this.#changes.service();
    this.#unpark();
    if (this.#blocked.size > 0) {
      this.#ports.turnParts?.partBegins("commands");
      if (!this.serving) this.#blocked.lookForChanges();
      this.#serveBlocked();
      this.#endWaits();
    }
    this.#executeSessions();
    if (this.serving && this.#sealer.admitting)
      this.#expiry.run(this.#nowMs, this.#route.nextIndex);
    if (this.serving && this.#sealer.admitting) {
      this.#audits.sealWhenDue(this.#nowMs, this.#sealer);
    }
    const arrivals = this.#mayArrive ? this.#arrivals : 0;
    this.#arrivals = 0;
    let looking = this.#sealer.sealWhenDue(arrivals);
    if (this.serving && this.#gate.readsPending) looking = this.#confirmReads(arrivals) || looking;
    else this.#readRounds.idle();
    this.#driver.advance();
    this.#tellSubscribers();
    this.#audits.run(this.#nowMs);
    this.#driver.loadSlice();
    if (this.#gate.hasWork) this.#ports.turnParts?.partBegins("replies");
    this.#gate.flush();
    this.#assertPointers();
    this.#ports.observer?.turnEnded();
    const waiting = this.#active.length > 0 || this.#blocked.hasReady;
    const more = waiting && (!this.serving || this.#sealer.admitting);
    const released = this.#parked.length > 0 && (this.#routeChanged || this.#parked.mayGoOn);
    const telling = this.#pubSub.untoldBytes > 0;
    if (looking || more || released || telling || this.#driver.hasWork) scheduler.wake();
    scheduler.wakeAt(this.#nextDeadlineMs());
  }

  /** The state is being loaded: clients are told so, or what needs no state; peers are not heard. */
  #turnWithoutState(): void {
    const { scheduler, turnParts } = this.#ports;
    turnParts?.partBegins("state");
    this.#driver.loadState();
    this.#unpark();
    this.#executeSessions();
    this.#gate.flush();
    this.#arrivals = 0;
    scheduler.wake();
  }

  /** Round-robin over the sessions in order of arrival, bounded in commands and time. */
  #executeSessions(): void {
    const sessions = this.#active;
    if (sessions.length === 0) return;
    this.#ports.turnParts?.partBegins("commands");
    this.#active = [];
    let budget = COMMANDS_PER_TURN_MAX;
    let at = 0;
    for (; at < sessions.length && budget > 0; at++) {
      // Who waits for a key that is there comes first, in the next turn if need be.
      if (this.#blocked.hasReady || (this.serving && !this.#sealer.admitting)) break;
      const session = sessions[at]!;
      session.isActive = false;
      budget -= this.#executeSession(session, Math.min(budget, COMMANDS_PER_SESSION_MAX));
      if (this.#isOver()) {
        at += 1;
        break;
      }
    }
    // Those not reached go first next time.
    if (at < sessions.length) this.#active = sessions.slice(at).concat(this.#active);
    this.#ports.turnParts?.partBegins("upkeep");
  }

  /** Executes up to `budget` requests of one session. Returns how many. */
  #executeSession(session: Session, budget: number): number {
    let executed = 0;
    while (executed < budget && !session.closed) {
      const request = session.head();
      if (request === undefined) break;
      if (session.closing && Array.isArray(request)) {
        // What came behind QUIT is not executed; what was taken back is still answered.
        session.dropRequests();
        break;
      }
      if (session.backlogged) {
        // Its replies must go first. Released replies make it active again (see #unpark).
        this.#parked.park(session);
        return executed;
      }
      if (this.serving && !this.#sealer.admitting) break;
      if (!this.#dispatched(session, this.#dispatcher.dispatch(session))) return executed;
      executed += 1;
      this.#sealer.sealWhenFull();
      if (this.#blocked.hasReady) this.#serveBlocked();
      if (this.#blocked.hasReady) break;
      if (executed % CLOCK_CHECK_COMMANDS === 0 && this.#isOver()) break;
    }
    if (session.closed) return executed;
    if (session.closing) this.#gate.touch(session);
    if (session.head() !== undefined && !session.isActive) this.#activate(session);
    return executed;
  }

  /** Somebody waits for no reply, and may be about to send a command that the open batch can take along. */
  get #mayArrive(): boolean {
    return this.#gate.waitingSessions < this.#sessions.size;
  }

  /** The turn has had its share of time. */
  #isOver(): boolean {
    return this.#ports.clock.monotonicMs() > this.#turnEndMs;
  }

  /** True: the head was answered, and is gone. */
  #dispatched(session: Session, outcome: Outcome): boolean {
    if (outcome === "done") {
      session.shift();
      session.blockedOn = null;
      session.holdDeadlineMs = 0;
      if (session.refuseHeld > 0) session.refuseHeld -= 1;
      return true;
    }
    if (outcome === "wait") {
      const heldMs = HOLD_ELECTION_TIMEOUTS * this.#options.electionTimeoutMs;
      this.#parked.hold(session, this.#nowMs + heldMs);
    } else {
      const { blockedOn } = session;
      assert(blockedOn?.kind === "keys", "who is blocked says on what");
      this.#blocked.block(session, blockedOn);
      session.isParked = true;
      session.holdDeadlineMs = 0;
    }
    return false;
  }

  /**
   * Clients that wait for a key which was just touched, first come first served, in the turn of the write that
   * feeds them: nobody who asks later is served before. What they take feeds others again. Too many for one
   * turn: the rest goes on in the next, and nobody executes anything meanwhile.
   */
  #serveBlocked(): void {
    for (let looked = 1; !this.serving || this.#sealer.admitting; looked++) {
      if (looked % CLOCK_CHECK_COMMANDS === 0 && this.#isOver()) return;
      const session = this.#blocked.nextReady();
      if (session === null) return;
      const outcome = this.#dispatcher.dispatch(session);
      if (outcome === "blocked") continue;
      this.#unblock(session);
      if (this.#dispatched(session, outcome)) this.#activate(session);
      this.#sealer.sealWhenFull();
    }
  }

  /** It waits for a key no more. */
  #unblock(session: Session): void {
    this.#blocked.remove(session);
    session.isParked = false;
  }

  /** Those whose time is over find so in this turn, behind those that are served. */
  #endWaits(): void {
    for (;;) {
      const session = this.#blocked.nextExpired(this.#nowMs);
      if (session === null) return;
      this.#endWait(session);
    }
  }

  #endWait(session: Session): void {
    const { blockedOn } = session;
    assert(blockedOn?.kind === "keys", "who waits for a key says for which");
    blockedOn.timedOut = true;
    this.#unblock(session);
    this.#activate(session);
  }

  /**
   * CLIENT UNBLOCK: as if its time were over (`error` null), or with an error. False: there is no such session,
   * or it is not blocked.
   */
  unblockSession(id: number, error: string | null): boolean {
    const session = this.#sessions.get(id);
    const blockedOn = session?.blockedOn ?? null;
    if (session === undefined || blockedOn === null || blockedOn.kind === "host") return false;
    // Its time is over; it only has not been told yet.
    if (blockedOn.kind === "keys" && blockedOn.timedOut) return false;
    if (error !== null) {
      session.unblocked = { request: blockedOn.request, error };
      session.blockedOn = null;
    } else if (blockedOn.kind === "wait") {
      session.blockedOn = { ...blockedOn, deadlineMs: Number.NEGATIVE_INFINITY };
    } else {
      blockedOn.timedOut = true;
    }
    if (this.#blocked.has(session)) {
      this.#unblock(session);
      this.#activate(session);
    }
    this.#ports.scheduler.wake();
    return true;
  }

  // ---- membership and transfer -------------------------------------------------------------------

  /**
   * Leader: begins a change. Refused: nothing has happened. Else its entry has `index`, and the caller lets
   * its reply wait for it (`Session.hostNeedsCommit`).
   */
  changeMembership(change: ConfigurationChange): ChangeResult {
    return this.#changes.changeMembership(change);
  }

  /** Leader: hands over to `target`; 0: to whoever lacks least. Null: it is under way. */
  transferLeadership(target: NodeId): TransferRefusal | null {
    return this.#changes.transferLeadership(target);
  }

  /** Follower: asks the leader for its place. False: none is known, or this node is it. */
  requestLeadership(): boolean {
    return this.#changes.requestLeadership();
  }

  // ---- snapshots ---------------------------------------------------------------------------------

  /**
   * A snapshot of this node is durable: its log may begin behind it, but for the newest `trailing` entries,
   * which followers that are only a little behind are spared a snapshot by. Returns the index it begins behind.
   */
  compactTo(snapshot: SnapshotDescription, trailing: number = LOG_TRAILING_ENTRIES): Index {
    assert(snapshot.index <= this.#speculation.applied, "a snapshot is of what is applied");
    const anchor = this.#raft.trimTo(Math.max(snapshot.index - trailing, 0));
    this.#ports.scheduler.wake();
    return anchor;
  }

  /** What peers are being sent: a store keeps these besides its newest (trap 21). */
  get snapshotsSent(): readonly SnapshotDescription[] {
    return this.#raft.snapshotsSent;
  }

  // ---- reads -------------------------------------------------------------------------------------

  /**
   * All reads of this turn are executed: a sample of the clock taken now, inside the lease, vouches for them.
   * A cached one would not (trap 46):
   *   1. The turn reads the clock inside the lease; the process is stopped.
   *   2. Another node leads and acknowledges a write; the process goes on and executes a read.
   *   3. By the cached time the lease still runs, and the read misses the write.
   *
   * True: reads wait for a round, and the next turn looks again.
   */
  #confirmReads(arrivals: number): boolean {
    const gate = this.#gate;
    const rounds = this.#readRounds;
    if (this.#options.readMode?.() === "lease") {
      const untilMs = this.#raft.leaseUntilMs();
      // NaN, clocks that jumped, is below nothing.
      if (untilMs > Number.NEGATIVE_INFINITY && this.#watchClocks() < untilMs) {
        gate.confirmByLease();
        rounds.idle();
        return false;
      }
    }
    if (rounds.mayBegin(gate.roundsUnderWay, arrivals, this.#nowMs)) {
      gate.roundBegan(this.#raft.beginReadRound());
    }
    return rounds.isLooking;
  }

  /** A fresh monotonic sample; NaN when the clocks have jumped, and then no earlier round counts (trap 15). */
  #watchClocks(): number {
    const nowMs = this.#leaseClock.sampleMs();
    if (Number.isNaN(nowMs)) this.#raft.voidLease();
    return nowMs;
  }

  // ---- leadership --------------------------------------------------------------------------------

  /** The state is rolled back. What waited is taken back, watches are void, WAIT ends. */
  #leadershipLost(lastSealed: Index): void {
    this.#gate.takeBack(lastSealed, this.#speculation.applied);
    for (const session of this.#sessions.values()) {
      if (session.watchCount > 0) session.watchDirty = true;
      // Another entry may take its index: WAIT must not count who holds that one.
      if (session.lastWriteIndex > this.#speculation.applied) session.lastWriteIndex = WRITE_LOST;
      const { blockedOn } = session;
      if (blockedOn === null) continue;
      if (blockedOn.kind !== "host") {
        session.unblocked = { request: blockedOn.request, error: UNBLOCKED };
        session.blockedOn = null;
      } else if (session.head() !== blockedOn.request) {
        // What the host waits for is no matter of leadership; what was taken back stands before it now.
        session.blockedOn = null;
      }
    }
    for (const session of this.#blocked.takeAll()) {
      session.isParked = false;
      this.#activate(session);
    }
    this.#sealer.reset();
  }

  /** Messages of what is committed, in order. A node that is no member any more hears nothing. */
  #tellSubscribers(): void {
    if (this.#raft.isRemoved) this.#pubSub.endAll();
    if (this.#pubSub.untoldBytes === 0) return;
    const { clock, turnParts } = this.#ports;
    turnParts?.partBegins("messages");
    this.#pubSub.tell(clock, clock.monotonicMs() + TELL_MS_PER_TURN_MAX);
  }

  /** What a session watched may have changed and come back unseen, and messages in between were not heard. */
  #stateReplaced(): void {
    this.#pubSub.endAll();
    for (const session of this.#sessions.values()) {
      if (session.watchCount > 0) session.watchDirty = true;
    }
  }

  // ---- sessions that wait ------------------------------------------------------------------------

  #unpark(): void {
    const routeChanged = this.#routeChanged;
    this.#routeChanged = false;
    this.#parked.release(routeChanged, this.#nowMs, this.#activate);
  }

  #nextDeadlineMs(): number {
    // While the window is full expiry rests, too: a cycle that is due but may not run must not spin.
    const executing = this.serving && this.#sealer.admitting;
    return Math.min(
      this.#raft.nextDeadlineMs(),
      this.#driver.applyDueMs,
      this.#readRounds.dueMs,
      this.#expiry.nextDeadlineMs(executing),
      this.#parked.nextDeadlineMs(),
      this.#blocked.nextDeadlineMs(),
      this.#audits.nextDeadlineMs(executing),
    );
  }

  // ---- for the host ------------------------------------------------------------------------------

  /** A leader whose own no-op is applied: it executes commands. */
  get serving(): boolean {
    return this.#route.serving;
  }

  /** 0: unknown. */
  get leader(): NodeId {
    return this.#route.leader;
  }

  /** Monotonic ms of the turn under way, or the last. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Raft's last index + 1. */
  get nextIndex(): Index {
    return this.#route.nextIndex;
  }

  /** Bytes that are held against maxmemory. */
  usedMemoryBytes(): number {
    return this.#memory.usedBytes(this.#nowMs);
  }

  get keyspace() {
    return this.#speculation.keyspace;
  }

  /** Raft's role and term, without the rest of `status()`. */
  get role(): Role {
    return this.#raft.role;
  }

  get term(): Term {
    return this.#raft.term;
  }

  get transferring(): boolean {
    return this.#raft.transferring;
  }

  get configurationIndex(): Index {
    return this.#raft.configurationIndex;
  }

  /** In force. The same object as long as it is the same entry's: after a truncation its index may come again. */
  get configuration(): Configuration {
    return this.#raft.configuration;
  }

  get isRemoved(): boolean {
    return this.#raft.isRemoved;
  }

  forEachSession(visit: (session: Session) => void): void {
    for (const session of this.#sessions.values()) visit(session);
  }

  /** CONFIG RESETSTAT. */
  resetCounters(): void {
    this.#speculation.txn.expiredKeys = 0;
    this.#expiry.resetCounters();
  }

  /** Digest of the state as it is (leader: executed) with the index it belongs to. */
  stateDigest(): { readonly index: Index; readonly digest: string } {
    return { index: this.#speculation.executed, digest: nodeStateDigest(this.#speculation) };
  }

  status(): ReplicaStatus {
    return statusOf({
      raft: this.#raft,
      speculation: this.#speculation,
      route: this.#route,
      driver: this.#driver,
      snapshots: this.#ports.snapshots,
      gate: this.#gate,
      pubSub: this.#pubSub,
      usedMemoryBytes: this.usedMemoryBytes(),
      commandsExecuted: this.#executor.executedCommands,
      sealer: this.#sealer,
      expiry: this.#expiry,
      clockJumps: this.#clockJumps,
      sessions: this.#sessions.size,
      parkedSessions: this.#parked.length,
      blockedSessions: this.#blocked.size,
      audit: this.#audits.status,
    });
  }

  /** design, section 2: the chain of pointers, at the end of every turn. */
  #assertPointers(): void {
    const raft = this.#raft;
    const { applied, executed } = this.#speculation;
    const snapshotted = this.#ports.snapshots?.newest()?.index ?? 0;
    if (!raft.installing) {
      assert(raft.anchorIndex <= snapshotted, "trimmed <= snapshotted");
      assert(snapshotted <= applied, "snapshotted <= applied");
      assert(applied <= raft.flushed, "applied <= flushed");
    }
    assert(this.#gate.released <= raft.commit, "released <= committed");
    assert(raft.flushed <= raft.lastIndex, "flushed <= appended");
    assert(applied <= raft.commit, "applied <= committed");
    assert(raft.commit <= raft.lastIndex, "committed <= appended");
    if (this.serving) {
      const open = this.#speculation.batch.effects > 0;
      assert(
        raft.role === "leader" && raft.term === this.#speculation.term,
        "leads what it executes",
      );
      assert(
        this.#speculation.lastSealed === raft.lastIndex,
        "everything appended was sealed here",
      );
      assert(executed === raft.lastIndex + (open ? 1 : 0), "executed <= appended + 1");
    } else {
      assert(executed === applied, "a follower executes nothing ahead");
      assert(this.#speculation.hazardCount === 0, "no hazard without a leader");
    }
  }
}

function auditOptionsOf(options: ReplicaOptions): AuditOptions {
  const { id, incarnation, auditIntervalMs = () => 0, auditStepWorkMax } = options;
  const stepWorkMax = auditStepWorkMax === undefined ? {} : { stepWorkMax: auditStepWorkMax };
  return { id, incarnation, intervalMs: auditIntervalMs, ...stepWorkMax };
}

function raftOf(options: ReplicaOptions, ports: ReplicaPorts, nowMs: number): Raft {
  const { clockDriftPercentMax = clockDriftPercentMaxDefault, stallToleranceMs = 0 } = options;
  const { reserveDelayMs: delayMs = RESERVE_DELAY_MS } = options;
  return new Raft({
    id: options.id,
    incarnation: options.incarnation,
    clockDriftPercentMax,
    stallToleranceMs,
    initial: ports.log.initial,
    reader: ports.log,
    ...(ports.snapshots === undefined ? {} : { snapshots: ports.snapshots }),
    ...(options.snapshotChunkBytes === undefined
      ? {}
      : { snapshotChunkBytes: options.snapshotChunkBytes }),
    electionTimeoutMs: options.electionTimeoutMs,
    heartbeatIntervalMs: options.heartbeatIntervalMs,
    random: () => ports.random.next(),
    nowMs,
    committedPageBytes: APPLY_PAGE_BYTES,
    commitDelayMs: COMMIT_DELAY_MS,
    ...(delayMs === 0 ? {} : { reserves: { delayMs, lateMs: RESERVE_LATE_MS } }),
    onEvent: (event, fields) => ports.logger.info(fields, event),
  });
}
