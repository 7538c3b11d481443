/**
 * Fulfils what the consensus core asks for, in the order written on `Ready`. Owns the inbox, the finished
 * syncs, and the promises that wait for one.
 */

import {
  type Entry,
  EntryKind,
  type Index,
  type Message,
  type NodeId,
  type Raft,
  type Ready,
  type SnapshotDescription,
  type Term,
} from "@redoubt/raft";
import { assert } from "./assert.js";
import { APPLY_MS_PER_TURN_MAX, APPLY_PAGES_PER_TURN_MAX } from "./constants.js";
import type { ReplicaPorts } from "./ports.js";
import type { ReplyGate } from "./reply-gate.js";
import type { Speculation } from "./speculation.js";

/** What the driver tells the node. */
export interface DriverEvents {
  /** The state is rolled back; `lastSealed` is the last index this leader had proposed. */
  leadershipLost(lastSealed: Index): void;
  /** Role, leader or readiness changed: held commands look again. */
  routeChanged(): void;
  /** The state is that of this entry, a check index; it was not in the log when the node was started. */
  audited(entry: Entry): void;
  /** Another state stands where this node's was. */
  stateReplaced(): void;
}

/** What the store found of a snapshot that was received. */
interface Verified {
  readonly snapshot: SnapshotDescription;
  readonly ok: boolean;
}

/** Messages that promise durability, waiting for the sync of `sequence`. */
interface Promises {
  readonly sequence: number;
  readonly messages: readonly Message[];
}

export class Driver {
  readonly #raft: Raft;
  readonly #speculation: Speculation;
  readonly #gate: ReplyGate;
  readonly #ports: ReplicaPorts;
  readonly #events: DriverEvents;

  #inbox: Message[] = [];
  #unreachable: NodeId[] = [];
  /** Sequence of the newest Persist handed out, and of the newest that is durable. */
  #handed = 0;
  #durable = 0;
  #reported = 0;
  #promises: Promises[] = [];
  #verified: Verified[] = [];
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
  ) {
    this.#isWitness = isWitness;
    this.#raft = raft;
    this.#speculation = speculation;
    this.#gate = gate;
    this.#ports = ports;
    this.#events = events;
    const { lastIndex, snapshot } = ports.log.initial;
    this.#catchUpTo = lastIndex;
    if (snapshot !== undefined) this.#load(snapshot);
  }

  get hasWork(): boolean {
    return (
      this.#inbox.length > 0 ||
      this.#reported < this.#durable ||
      this.#verified.length > 0 ||
      this.#raft.hasReady()
    );
  }

  /** What was applied before a restart was durable (`Ready.committed`): from the log's end time goes forward. */
  get caughtUp(): boolean {
    return this.#speculation.applied >= this.#catchUpTo;
  }

  receive(message: Message): void {
    this.#inbox.push(message);
  }

  unreachable(peer: NodeId): void {
    this.#unreachable.push(peer);
  }

  /**
   * Feeds the core: time first, because what peers said is taken to have arrived now: with a stale clock a
   * follower would promise its leader too little. Then finished syncs and the peers. The timers last: who
   * has spoken, or whose sync is done, is not given up because this process was slow to look (trap 38).
   */
  collect(nowMs: number): void {
    this.#raft.advanceTime(nowMs);
    if (this.#reported < this.#durable) {
      this.#reported = this.#durable;
      this.#raft.persisted(this.#durable);
      this.#keepPromises();
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
    for (const peer of this.#unreachable) this.#raft.unreachable(peer);
    this.#unreachable.length = 0;
    this.#raft.tick(nowMs);
  }

  /**
   * Takes Readys until there is none. A node that catches up applies a few pages a turn, and stops early
   * when they take long: heartbeats must be read and answered meanwhile (trap 38).
   */
  advance(): void {
    const { clock } = this.#ports;
    const endMs = clock.monotonicMs() + APPLY_MS_PER_TURN_MAX;
    for (let pages = 0; pages < APPLY_PAGES_PER_TURN_MAX && this.#raft.hasReady(); ) {
      const ready = this.#raft.ready();
      this.#fulfil(ready);
      if (ready.committed.length === 0) continue;
      pages += 1;
      if (clock.monotonicMs() >= endMs) return;
    }
  }

  #fulfil(ready: Ready): void {
    // Rollback before anything else of this Ready: truncation, commit and apply may all be in it (trap 49).
    this.#compareLeadership(ready);
    const { transport, log } = this.#ports;
    for (const message of ready.messages) transport.send(message);
    if (ready.persist !== null) {
      const { sequence, truncateFrom, install } = ready.persist;
      assert(sequence === this.#handed + 1, "persists are handed out one by one");
      assert(
        truncateFrom === 0 || truncateFrom > this.#speculation.applied,
        "what is applied is never truncated",
      );
      if (truncateFrom > 0) this.#catchUpTo = Math.min(this.#catchUpTo, truncateFrom - 1);
      // What was applied before a restart was committed: an install begins behind it.
      if (install !== undefined) this.#catchUpTo = Math.min(this.#catchUpTo, install.index);
      this.#handed = sequence;
      log.persist(ready.persist, () => this.#persisted(sequence));
    }
    if (ready.promises.length > 0) this.#promise(ready.promises);
    this.#fulfilSnapshots(ready);
    const { committed } = ready;
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
        this.#verified.push({ snapshot: verify, ok });
        scheduler.wake();
      });
    }
    if (installed === null) return;
    this.#load(installed);
    this.#events.stateReplaced();
    observer?.installed?.(installed);
  }

  #load(snapshot: SnapshotDescription): void {
    const { snapshots } = this.#ports;
    assert(snapshots !== undefined, "a snapshot has a store");
    // A witness stores snapshots unread.
    this.#speculation.install(snapshot.index, this.#isWitness ? [] : snapshots.load(snapshot));
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
      // What was in the log when this node was started may have been told before: nobody hears it twice.
      const isNew = entry.index > this.#catchUpTo;
      const isAudited = speculation.apply(entry.index, entry.payload, isNew);
      if (isAudited && isNew) this.#events.audited(entry);
    } else {
      speculation.skip(entry.index);
    }
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

  #promise(messages: readonly Message[]): void {
    if (this.#reported >= this.#handed) {
      for (const message of messages) this.#ports.transport.send(message);
    } else {
      this.#promises.push({ sequence: this.#handed, messages });
    }
  }

  #persisted(sequence: number): void {
    assert(sequence > this.#durable && sequence <= this.#handed, "syncs complete in order");
    this.#durable = sequence;
    this.#ports.scheduler.wake();
  }

  #keepPromises(): void {
    let kept = 0;
    for (; kept < this.#promises.length; kept++) {
      const promises = this.#promises[kept]!;
      if (promises.sequence > this.#reported) break;
      for (const message of promises.messages) this.#ports.transport.send(message);
    }
    if (kept > 0) this.#promises = this.#promises.slice(kept);
  }
}
