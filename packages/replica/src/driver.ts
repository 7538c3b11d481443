/**
 * Fulfils what the consensus core asks for, in the order written on `Ready`. Owns the inbox, the finished
 * syncs with the promises that wait for one, and the states of snapshots on their way into this node:
 *
 *   start:    snapshot -> load() in slices -> the state is there -> this node takes part
 *   install:  bytes verified -> loadSlice() beside the old state -> snapshotVerified -> Persist -> installed: replaced
 *             no room for both: the old state is dropped first, and this node takes no part, as at the start
 */

import { batchEffectCount, Keyspace } from "@redoubt/keyspace";
import {
  type Entry,
  EntryKind,
  type Index,
  type Message,
  MessageType,
  type NodeId,
  type Raft,
  type Ready,
  type SnapshotDescription,
  type Term,
} from "@redoubt/raft";
import { assert } from "./assert.js";
import {
  APPLY_BEHIND_ENTRIES_MAX,
  APPLY_BEHIND_MS_MAX,
  APPLY_MS_PER_TURN_MAX,
  APPLY_PAGES_PER_TURN_MAX,
  LOAD_AT_START_MS_PER_TURN,
  LOAD_MEMORY_FACTOR,
  LOAD_MS_PER_TURN,
} from "./constants.js";
import type { ReplicaPorts } from "./ports.js";
import type { ReplyGate } from "./reply-gate.js";
import type { Speculation } from "./speculation.js";
import { StateLoad } from "./state-load.js";
import { SyncPromises } from "./sync-promises.js";

/** What the driver tells the node. */
export interface DriverEvents {
  /** The own disk has something durable: a turn is to be taken. */
  persisted(): void;
  /** The state is rolled back; `lastSealed` is the last index this leader had proposed. */
  leadershipLost(lastSealed: Index): void;
  /** Role, leader or readiness changed: held commands look again. */
  routeChanged(): void;
  /** The state is that of this entry, a check index; it was not in the log when the node was started. */
  audited(entry: Entry): void;
  /** Another state stands where this node's was. */
  stateReplaced(): void;
}

/** How a snapshot's state is read. */
export interface LoadLimits {
  /** Keys of one slice. */
  readonly stepKeysMax: number;
  /** Bytes an old state and the one that takes its place may have together; 0: any. */
  readonly twoStatesBytesMax: () => number;
}

/** What the store found of a snapshot that was received. */
interface Verified {
  readonly snapshot: SnapshotDescription;
  readonly ok: boolean;
}

export class Driver {
  readonly #raft: Raft;
  readonly #speculation: Speculation;
  readonly #gate: ReplyGate;
  readonly #ports: ReplicaPorts;
  readonly #events: DriverEvents;

  #inbox: Message[] = [];
  #unreachable: NodeId[] = [];
  readonly #promises: SyncPromises;
  /** This turn has handed some to the transport. */
  #hasKept = false;
  /** Monotonic ms, of the turn under way or the last. */
  #nowMs = 0;
  /** Monotonic ms until which what is committed may wait; Infinity: nothing does. */
  #applyDueMs = Infinity;
  #verified: Verified[] = [];
  /** Told by the store, to be looked at in the next turn. */
  #arrived: Verified[] = [];
  /** Read while there is no state: at the start, or for an install. */
  #starting: StateLoad | null = null;
  /** The state was dropped, and the one to come is not installed yet. */
  #isStateless = false;
  /** Of a snapshot that is verified and not told to the core yet. */
  #reading: StateLoad | null = null;
  /** Those read whole that the core may be about to install. */
  #read: StateLoad[] = [];
  readonly #limits: LoadLimits;
  #appliedEffects = 0;
  #appliedBytes = 0;
  #loadedKeys = 0;
  #leader: NodeId = 0;
  /** Holds no keyspace: entries are skipped, nothing is executed. */
  readonly #isWitness: boolean;
  /** A witness leads and its own term's no-op is committed: changes of membership may be answered. */
  #witnessTerm: Term = 0;
  /** What must be applied again before this node shows less than it showed before its restart. */
  #catchUpTo: Index;

  constructor(
    raft: Raft,
    speculation: Speculation,
    gate: ReplyGate,
    ports: ReplicaPorts,
    events: DriverEvents,
    isWitness: boolean,
    limits: LoadLimits,
  ) {
    this.#isWitness = isWitness;
    this.#limits = limits;
    this.#raft = raft;
    this.#speculation = speculation;
    this.#gate = gate;
    this.#ports = ports;
    this.#promises = new SyncPromises((message) => ports.transport.send(message));
    this.#events = events;
    const { lastIndex, snapshot } = ports.log.initial;
    this.#catchUpTo = lastIndex;
    if (snapshot === undefined) return;
    // A witness stores snapshots unread.
    if (isWitness) this.#speculation.install(snapshot.index, new Keyspace());
    else this.#starting = this.#open(snapshot);
  }

  /** This node's state is not there yet: it takes no part in anything, and nothing is asked of it but `loadState`. */
  get loading(): boolean {
    return this.#starting !== null;
  }

  /** Nothing may be told of the state. */
  get isStateless(): boolean {
    return this.#isStateless || this.#starting !== null;
  }

  /** The state that is being read, at the start or for an install. */
  get load(): StateLoad | null {
    return this.#starting ?? this.#reading;
  }

  /** What this process applied of the log: effects, and bytes of entries. */
  get appliedEffects(): number {
    return this.#appliedEffects;
  }

  get appliedBytes(): number {
    return this.#appliedBytes;
  }

  /** Keys of the last snapshot that this process has read as its state. */
  get loadedKeys(): number {
    return this.#loadedKeys;
  }

  /** A slice of the state this node has not got. Throws when the file is damaged: the process must stop. */
  loadState(): void {
    const starting = this.#starting;
    assert(starting !== null, "only what is not there is loaded");
    if (!starting.step(LOAD_AT_START_MS_PER_TURN)) return;
    this.#starting = null;
    const { snapshot, keyspace, keys, startedAtMs } = starting;
    if (this.#isStateless) {
      // The core has heard nothing since the old state was dropped: it wants this one, and nothing else.
      this.#read.push(starting);
      this.#raft.snapshotVerified(snapshot, true);
    } else {
      this.#speculation.install(snapshot.index, keyspace);
      this.#loadedKeys = keys;
    }
    const ms = this.#ports.clock.wallMs() - startedAtMs;
    const fields = { index: snapshot.index, bytes: snapshot.bytes, keys, ms };
    this.#ports.logger.info(fields, "state loaded");
  }

  /**
   * A slice of a state that is to take the place of this one. Unreadable: its leader is told to send it again. Last in
   * a turn: where the old state is dropped, nothing of this turn may be applied any more.
   */
  loadSlice(): void {
    for (const { snapshot, ok } of this.#arrived.splice(0)) this.#beginReading(snapshot, ok);
    const reading = this.#reading;
    if (reading === null) return;
    const { snapshot } = reading;
    this.#ports.turnParts?.partBegins("state");
    try {
      if (!reading.step(LOAD_MS_PER_TURN)) return;
      this.#read.push(reading);
      this.#verified.push({ snapshot, ok: true });
    } catch (error) {
      const { index } = snapshot;
      this.#ports.logger.error({ err: error, index }, "a snapshot that came whole can't be read");
      this.#verified.push({ snapshot, ok: false });
    }
    this.#reading = null;
  }

  #open(snapshot: SnapshotDescription): StateLoad {
    const { snapshots, clock } = this.#ports;
    assert(snapshots !== undefined, "a snapshot has a store");
    return new StateLoad(snapshot, snapshots.open(snapshot), clock, this.#limits.stepKeysMax);
  }

  get hasWork(): boolean {
    return (
      this.#inbox.length > 0 ||
      this.#promises.hasNews ||
      this.#verified.length > 0 ||
      this.#arrived.length > 0 ||
      this.load !== null ||
      this.#raft.hasReady(!this.#isAwaited(false))
    );
  }

  /**
   * What was applied before a restart was durable (`Ready.committed`): from the log's end time goes forward. Whoever bore
   * this id before showed nothing behind the entry that took this node in. A state that was dropped shows nothing, to
   * nobody: not to a transaction that was queued before, either.
   */
  get caughtUp(): boolean {
    const { applied } = this.#speculation;
    return !this.isStateless && applied >= this.#catchUpTo && applied >= this.#raft.incarnation;
  }

  /** Monotonic ms at which what was put off must be applied; Infinity: nothing was. */
  get applyDueMs(): number {
    return this.#applyDueMs;
  }

  receive(message: Message): void {
    // Lost, as on a wire: who has no state yet must not collect what peers say meanwhile, nor a snapshot's bytes that
    // the disk can't take. An empty chunk asks how far they have come, and is answered.
    if (this.loading) return;
    const hasBytes = message.type === MessageType.snapshotChunk && message.data.length > 0;
    if (hasBytes && this.#ports.snapshots?.isBehind === true) return;
    this.#inbox.push(message);
  }

  /** A message that nothing comes of is taken at once. False: it is not one, or others wait before it. */
  takeAtOnce(message: Message): boolean {
    if (this.loading || this.#inbox.length > 0 || !this.#raft.needsNoTurn(message)) return false;
    this.#raft.step(message);
    return true;
  }

  unreachable(peer: NodeId): void {
    if (!this.loading) this.#unreachable.push(peer);
  }

  /**
   * Feeds the core: time first, because what peers said is taken to have arrived now: with a stale clock a
   * follower would promise its leader too little. Then finished syncs and the peers. The timers last: who
   * has spoken, or whose sync is done, is not given up because this process was slow to look (trap 38).
   */
  collect(nowMs: number): void {
    this.#nowMs = nowMs;
    this.#hasKept = false;
    this.#raft.advanceTime(nowMs);
    if (this.#promises.hasNews) {
      this.#raft.persisted(this.#promises.report());
      if (this.#promises.keep()) this.#hasKept = this.#raft.role === "follower";
    }
    const inbox = this.#inbox;
    if (inbox.length > 0) {
      this.#inbox = [];
      for (const message of inbox) this.#raft.step(message);
    }
    if (this.#verified.length > 0) {
      const verified = this.#verified;
      this.#verified = [];
      for (const { snapshot, ok } of verified) this.#raft.snapshotVerified(snapshot, ok);
    }
    this.#dropRead();
    if (this.#unreachable.length > 0) {
      for (const peer of this.#unreachable.splice(0)) this.#raft.unreachable(peer);
    }
    this.#raft.tick(nowMs);
  }

  /**
   * Takes Readys until there is none. A node that catches up applies a few pages a turn, and stops early
   * when they take long: heartbeats must be read and answered meanwhile (trap 38).
   */
  advance(): void {
    const { clock } = this.#ports;
    const endMs = clock.monotonicMs() + APPLY_MS_PER_TURN_MAX;
    for (let pages = 0; pages < APPLY_PAGES_PER_TURN_MAX; ) {
      const applies = !this.#isAwaited(this.#hasKept);
      if (!this.#raft.hasReady(applies)) {
        this.#setApplyDue(applies);
        return;
      }
      const ready = this.#raft.ready(applies);
      this.#fulfil(ready);
      if (ready.committed.length === 0) continue;
      pages += 1;
      if (clock.monotonicMs() >= endMs) return;
    }
  }

  #setApplyDue(applies: boolean): void {
    if (applies || !this.#raft.hasReady()) this.#applyDueMs = Infinity;
    else if (this.#applyDueMs === Infinity) this.#applyDueMs = this.#nowMs + APPLY_BEHIND_MS_MAX;
  }

  /**
   * A leader waits for this node's disk, or for the word that it is done. Its clients wait with it, while nobody waits
   * for what is applied here: that comes behind, unless it has become much, or the disk stands still.
   */
  #isAwaited(hasKept: boolean): boolean {
    if (this.#raft.role !== "follower") return false;
    const isWaiting = this.#promises.isWaiting || this.#raft.hasPersist || hasKept;
    if (!isWaiting || this.#nowMs >= this.#applyDueMs) return false;
    return this.#raft.commit - this.#speculation.applied <= APPLY_BEHIND_ENTRIES_MAX;
  }

  #fulfil(ready: Ready): void {
    // Rollback before anything else of this Ready: truncation, commit and apply may all be in it (trap 49).
    this.#compareLeadership(ready);
    const { transport, log, turnParts } = this.#ports;
    turnParts?.partBegins("log");
    for (const message of ready.messages) transport.send(message);
    if (ready.persist !== null) {
      const { sequence, truncateFrom, install } = ready.persist;
      this.#promises.handOut(sequence);
      assert(
        truncateFrom === 0 || truncateFrom > this.#speculation.applied,
        "what is applied is never truncated",
      );
      if (truncateFrom > 0) this.#catchUpTo = Math.min(this.#catchUpTo, truncateFrom - 1);
      // What was applied before a restart was committed: an install begins behind it.
      if (install !== undefined) this.#catchUpTo = Math.min(this.#catchUpTo, install.index);
      // Peers begin their own syncs by what is sent: theirs are waited for, this one is not.
      const sendsFirst = ready.role === "leader" && ready.messages.length > 0;
      log.persist(ready.persist, () => this.#persisted(sequence), sendsFirst);
    }
    if (ready.promises.length > 0) this.#promises.promise(ready.promises);
    this.#fulfilSnapshots(ready);
    const { committed } = ready;
    if (committed.length > 0) turnParts?.partBegins("apply");
    for (let i = 0; i < committed.length; i++) this.#commit(committed[i]!);
    if (this.#speculation.leading) {
      this.#gate.commit(this.#speculation.applied);
      this.#gate.confirm(ready.confirmedRound);
    } else if (this.#witnessTerm !== 0) {
      this.#gate.commit(this.#speculation.applied);
    } else {
      this.#beginWhenReady();
    }
  }

  #fulfilSnapshots({ chunks, verify, installed }: Ready): void {
    const { snapshots, observer, scheduler } = this.#ports;
    for (const chunk of chunks) snapshots!.write(chunk);
    if (verify !== null) {
      snapshots!.verify(verify, (ok) => {
        this.#arrived.push({ snapshot: verify, ok });
        scheduler.wake();
      });
    }
    if (installed === null) return;
    this.#install(installed);
    this.#events.stateReplaced();
    observer?.installed?.(installed);
  }

  /** Its bytes are durable, and those it should have. Its state is read before the log gives way to it (trap 28). */
  #beginReading(snapshot: SnapshotDescription, ok: boolean): void {
    if (!ok || this.#isWitness) {
      this.#verified.push({ snapshot, ok });
      return;
    }
    assert(this.#reading === null && !this.loading, "one snapshot is received at a time");
    // A log that may hold what it ends with goes on by itself: then its state is needed.
    if (this.#raft.lastIndex >= snapshot.index || this.#fitsBeside(snapshot)) {
      this.#reading = this.#open(snapshot);
      return;
    }
    const { index, bytes } = snapshot;
    const event = "the state gives way to a snapshot's before that is read: both do not fit";
    this.#ports.logger.warn({ index, bytes, maxBytes: this.#limits.twoStatesBytesMax() }, event);
    this.#speculation.discard();
    this.#isStateless = true;
    this.#starting = this.#open(snapshot);
  }

  /** How large a state will be is known when it was read: as the old one, or by the bytes of its file. */
  #fitsBeside({ bytes }: SnapshotDescription): boolean {
    const bytesMax = this.#limits.twoStatesBytesMax();
    const { memoryBytes, size } = this.#speculation.keyspace;
    if (bytesMax === 0 || size === 0) return true;
    return memoryBytes + Math.max(memoryBytes, bytes * LOAD_MEMORY_FACTOR) <= bytesMax;
  }

  #install(snapshot: SnapshotDescription): void {
    const { index, digest } = snapshot;
    const found = this.#read.find(
      (read) => read.snapshot.index === index && read.snapshot.digest === digest,
    );
    assert(found !== undefined || this.#isWitness, "what is installed was read");
    this.#speculation.install(index, found?.keyspace ?? new Keyspace());
    this.#loadedKeys = found?.keys ?? 0;
    this.#isStateless = false;
    this.#dropRead();
  }

  /** What entries have brought meanwhile, or a newer snapshot, is not needed any more. */
  #dropRead(): void {
    if (this.#read.length === 0) return;
    this.#read = this.#read.filter(({ snapshot }) => snapshot.index > this.#speculation.applied);
  }

  #compareLeadership(ready: Ready): void {
    const speculation = this.#speculation;
    if (ready.leader !== this.#leader) {
      this.#leader = ready.leader;
      this.#events.routeChanged();
    }
    if (this.#witnessTerm !== 0 && (ready.role !== "leader" || ready.term !== this.#witnessTerm)) {
      this.#witnessTerm = 0;
      this.#events.leadershipLost(Number.MAX_SAFE_INTEGER);
    }
    if (!speculation.leading) return;
    if (ready.role === "leader" && ready.term === speculation.term) return;
    const { term, lastSealed } = speculation;
    speculation.rollback();
    this.#events.leadershipLost(lastSealed);
    this.#events.routeChanged();
    this.#ports.observer?.rolledBack(term, speculation.applied);
    this.#ports.logger.warn({ term, applied: speculation.applied }, "leadership lost");
  }

  #commit(entry: Entry): void {
    const speculation = this.#speculation;
    if (speculation.leading) {
      assert(entry.kind !== EntryKind.noop, "a term's only no-op is applied before it serves");
      speculation.commitTo(entry.term, entry.index);
    } else if (entry.kind === EntryKind.batch && !this.#isWitness) {
      // What was in the log when this node was started, or before it was taken in, may have been told before, by whoever
      // bore its id: nobody hears it twice.
      assert(!this.#isStateless, "what is applied is applied to a state");
      const isNew = entry.index > Math.max(this.#catchUpTo, this.#raft.incarnation);
      const isAudited = speculation.apply(entry.index, entry.payload, isNew);
      if (isAudited && isNew) this.#events.audited(entry);
    } else {
      speculation.skip(entry.index);
    }
    this.#appliedBytes += entry.payload.length;
    if (entry.kind === EntryKind.batch) this.#appliedEffects += batchEffectCount(entry.payload);
    this.#ports.observer?.applied(entry);
    this.#beginWhenReady();
  }

  /** A new leader executes nothing before its own term's no-op is committed and applied (trap 05). */
  #beginWhenReady(): void {
    const raft = this.#raft;
    const speculation = this.#speculation;
    if (speculation.leading || raft.role !== "leader" || raft.ownTermStart === 0) return;
    if (speculation.applied < raft.ownTermStart) return;
    if (this.#isWitness || raft.isWitness) {
      if (this.#witnessTerm === raft.term) return;
      this.#witnessTerm = raft.term;
      this.#gate.begin(speculation.applied);
      return;
    }
    speculation.begin(raft.term);
    this.#gate.begin(speculation.applied);
    this.#events.routeChanged();
    this.#ports.logger.info({ term: raft.term, applied: speculation.applied }, "serving as leader");
  }

  #persisted(sequence: number): void {
    this.#promises.persisted(sequence);
    this.#events.persisted();
  }
}
