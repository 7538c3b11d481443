/**
 * The one place that knows that state can be undone (design, sections 4 and 5).
 *
 *        applied            appended          executed
 *   ------|-- sealed batches --|-- open batch --|
 *         ^ undo journal reaches back to here
 *
 * The keyspace holds *executed* state. The journal holds the inverses of everything after `applied`.
 * Commit drops undo; loss of leadership plays it backwards to `applied`, whatever Raft's newest commit
 * says: what survives comes back through the follower's path. Marks, hazards and undo belong to
 * (term, index), never to an index alone: nothing of an older term is left when a term begins.
 */

import {
  applyBatch,
  BatchWriter,
  batchLogTimeMs,
  Keyspace,
  type Published,
  replaceState,
  type TouchSink,
  Txn,
  UndoJournal,
} from "@redoubt/keyspace";
import type { Index, Term } from "@redoubt/raft";
import { assert } from "./assert.js";

/** A batch that was proposed and is not committed. */
interface SealedBatch {
  readonly index: Index;
  readonly term: Term;
  /** Journal position after its last record. */
  readonly journalEnd: number;
  readonly logTimeMs: number;
}

export class Speculation implements TouchSink {
  readonly keyspace = new Keyspace();
  readonly journal = new UndoJournal();
  readonly batch = new BatchWriter();
  readonly txn: Txn;

  /** Told of every key an effect of a command touches; null: of all. Set by the owner. */
  onTouched: (key: string | null) => void = () => undefined;

  /** Handed the messages of what is committed, in order: views of an entry, or their own bytes. Set by the owner. */
  onPublished: Published = () => undefined;
  readonly #published: Published = (channel, message, sharded) => {
    this.onPublished(channel, message, sharded);
  };

  /** Called before the state is taken back or replaced as a whole. Set by the owner. */
  onDiscard: () => void = () => undefined;

  /** Index of the last entry whose effects are part of the state and can't be undone any more. */
  applied: Index = 0;
  #appliedLogTimeMs = 0;
  /** Term that is being executed ahead in; 0: not leading. */
  term: Term = 0;
  /** Index the open batch will get. Fixed while it is not empty. */
  #openIndex: Index = 0;
  /** Newest of the log times that commands of the open batch ran at. */
  #openLogTimeMs = 0;
  #sealed: SealedBatch[] = [];
  #sealedHead = 0;

  #isAudited = false;
  readonly #audited = (): void => {
    this.#isAudited = true;
  };

  readonly #hazards = new Map<string, Index>();
  #hazardFloor: Index = 0;
  #commitIndex: Index = 0;
  readonly #dropHazard = (key: string | null): void => {
    if (key === null) return;
    const index = this.#hazards.get(key);
    if (index !== undefined && index <= this.#commitIndex) this.#hazards.delete(key);
  };

  constructor() {
    this.txn = new Txn(this.keyspace, this.journal, this.batch, this);
  }

  get leading(): boolean {
    return this.term !== 0;
  }

  get openIndex(): Index {
    return this.#openIndex;
  }

  get sealedCount(): number {
    return this.#sealed.length - this.#sealedHead;
  }

  /** Index of the newest sealed batch, or `applied` when none is in flight. */
  get lastSealed(): Index {
    // An element -1 that is asked for in vain costs more than all the rest of a look at the pointers.
    if (this.sealedCount === 0) return this.applied;
    return this.#sealed[this.#sealed.length - 1]!.index;
  }

  /** Index of the newest batch with effects that are not committed, the open one included; 0: none. */
  get lastInFlight(): Index {
    if (this.batch.effects > 0) return this.#openIndex;
    return this.sealedCount > 0 ? this.lastSealed : 0;
  }

  /** What the state contains: the open batch's index when it has effects, else the last appended. */
  get executed(): Index {
    return this.batch.effects > 0 ? this.#openIndex : this.lastSealed;
  }

  /** Starts executing ahead. The own term's no-op is applied (trap 05): nothing is in flight. */
  begin(term: Term): void {
    assert(this.term === 0 && term > 0, "speculation begins once a term");
    assert(this.sealedCount === 0 && this.batch.effects === 0, "nothing speculative is left over");
    assert(this.journal.length === 0 && this.#hazards.size === 0, "no undo of an older term");
    this.term = term;
  }

  /**
   * A command is about to run: time and predicted index are fixed. Returns the log time to judge by.
   * `nextIndex`: Raft's last index + 1; nothing else may be appended while a batch is open (trap 41).
   */
  open(nextIndex: Index, wallMs: number): number {
    assert(this.term !== 0, "only a leader executes ahead");
    if (this.batch.effects === 0) this.#openIndex = nextIndex;
    assert(this.#openIndex === nextIndex, "the open batch keeps its predicted index");
    // Monotone while leading, also over commands that leave no effect and over a clock that jumps back.
    const logTimeMs = Math.max(wallMs, this.keyspace.logTimeMs, this.#openLogTimeMs);
    this.#openLogTimeMs = logTimeMs;
    return logTimeMs;
  }

  touched(key: string): void {
    this.#hazards.set(key, this.#openIndex);
    this.onTouched(key);
  }

  touchedAll(): void {
    this.#hazardFloor = this.#openIndex;
    this.onTouched(null);
  }

  /**
   * Index that must be committed before anything about `key` may be told; 0: nothing. Never above
   * `lastInFlight`: a command that was undone leaves hazards of an index that nothing may ever take.
   */
  hazard(key: string): Index {
    const index = this.#hazards.get(key) ?? 0;
    return Math.min(Math.max(index, this.#hazardFloor), this.lastInFlight);
  }

  /** Keys with a hazard. For tests and metrics: bounded by what is in flight. */
  get hazardCount(): number {
    return this.#hazards.size;
  }

  /** Undoes the command under way: it threw, or its effects are too large. */
  undoTo(mark: number): void {
    this.txn.undoTo(mark);
    // What it touched stays touched, too careful but safe; with nothing in flight nobody needs to wait.
    if (this.lastInFlight === 0) this.#forgetHazards();
  }

  /** Makes the open batch's end, or a batch of its own, a check index: it is to be sealed at once. */
  audit(nextIndex: Index, wallMs: number): void {
    this.txn.begin(this.open(nextIndex, wallMs), "lead");
    this.txn.audit();
  }

  /** Ends the open batch: its payload, to be proposed at `openIndex` in `term` at once. */
  seal(): Uint8Array {
    assert(this.term !== 0 && this.batch.effects > 0, "only a leader seals, and never nothing");
    const logTimeMs = this.#openLogTimeMs;
    this.keyspace.logTimeMs = logTimeMs;
    this.#sealed.push({
      index: this.#openIndex,
      term: this.term,
      journalEnd: this.journal.position,
      logTimeMs,
    });
    return this.batch.take(logTimeMs);
  }

  /**
   * An entry without effects that the leader appended between its batches (a configuration): a link of the
   * same chain, with nothing to undo.
   */
  sealEmpty(index: Index): void {
    assert(this.term !== 0 && this.batch.effects === 0, "between batches none is open");
    assert(index === this.lastSealed + 1, "entries are sealed one behind the other");
    const journalEnd = this.journal.position;
    const { logTimeMs } = this.keyspace;
    this.#sealed.push({ index, term: this.term, journalEnd, logTimeMs });
  }

  /** The oldest sealed batch is durable on a majority: it can't be undone any more. */
  commitTo(term: Term, index: Index): void {
    const batch = this.#sealed[this.#sealedHead];
    assert(batch !== undefined, "what commits was sealed here");
    assert(batch.term === term && batch.index === index, "commits come in order and of this term");
    assert(index > this.applied, "an entry is applied once");
    this.#sealedHead += 1;
    if (this.#sealedHead > 256 && this.#sealedHead * 2 > this.#sealed.length) {
      this.#sealed = this.#sealed.slice(this.#sealedHead);
      this.#sealedHead = 0;
    }
    this.#commitIndex = index;
    this.journal.commitTo(batch.journalEnd, this.#dropHazard, this.#published);
    // Each hazard of a batch in flight has its record of undo; any more come from commands that were undone.
    if (this.#hazards.size > this.journal.length) {
      for (const key of this.#hazards.keys()) this.#dropHazard(key);
    }
    this.applied = index;
    this.#appliedLogTimeMs = batch.logTimeMs;
    if (this.lastInFlight === 0) this.#forgetHazards();
  }

  /**
   * Follower's path: an entry with effects that is committed and was not executed here. `heard`: its messages
   * are handed out. True: its end is a check index.
   */
  apply(index: Index, payload: Uint8Array, heard = true): boolean {
    assert(this.term === 0, "a leader applies by commitTo only");
    assert(index === this.applied + 1, "each entry is applied once, in order");
    assert(batchLogTimeMs(payload) >= this.keyspace.logTimeMs, "log time never goes back");
    this.#isAudited = false;
    applyBatch(this.keyspace, payload, heard ? this.#published : undefined, this.#audited);
    this.applied = index;
    this.#appliedLogTimeMs = this.keyspace.logTimeMs;
    return this.#isAudited;
  }

  /** An entry without effects (no-op, configuration). */
  skip(index: Index): void {
    assert(index === this.applied + 1, "each entry is applied once, in order");
    this.applied = index;
  }

  /**
   * The state is given up before the one that takes its place is there: there is no room for both. Until `install`
   * nothing is told of it, and nothing applied to it.
   */
  discard(): void {
    assert(this.term === 0, "a leader holds everything that is committed");
    this.onDiscard();
    const { logTimeMs } = this.keyspace;
    replaceState(this.keyspace, new Keyspace());
    this.keyspace.logTimeMs = logTimeMs;
  }

  /** The state becomes a snapshot's, at once. */
  install(index: Index, loaded: Keyspace): void {
    assert(this.term === 0, "a leader holds everything that is committed");
    assert(index > this.applied, "a snapshot brings what is not there");
    assert(loaded.logTimeMs >= this.keyspace.logTimeMs, "log time never goes back");
    this.onDiscard();
    replaceState(this.keyspace, loaded);
    this.applied = index;
    this.#appliedLogTimeMs = this.keyspace.logTimeMs;
  }

  /**
   * Leadership of `term` is gone: everything after `applied` is taken back, open batch included.
   * Must run before any truncation, commit or apply of the same Ready (trap 49).
   */
  rollback(): void {
    assert(this.term !== 0, "only what was led is rolled back");
    this.onDiscard();
    this.journal.rollbackTo(this.journal.position - this.journal.length, this.keyspace);
    assert(this.journal.length === 0, "rollback reaches back to applied");
    if (this.batch.effects > 0) this.batch.take(0);
    this.keyspace.logTimeMs = this.#appliedLogTimeMs;
    this.#sealed = [];
    this.#sealedHead = 0;
    this.#forgetHazards();
    this.#openIndex = 0;
    this.#openLogTimeMs = 0;
    this.term = 0;
  }

  #forgetHazards(): void {
    // An empty one would be made anew, too.
    if (this.#hazards.size > 0) this.#hazards.clear();
    this.#hazardFloor = 0;
  }
}
