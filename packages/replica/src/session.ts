/**
 * One connection as the replica sees it: a queue of requests, protocol and transaction state, and the
 * replies that wait. It knows no socket (that is its `ClientSink`) and no Raft.
 */

import type { CommandRow } from "@redoubt/commands";
import type { Keyspace, TypeName, Value } from "@redoubt/keyspace";
import type { Index } from "@redoubt/raft";
import { OutputBuffer, ReplyWriter } from "@redoubt/resp";
import {
  SESSION_QUEUED_BYTES_MAX,
  SESSION_WAITING_BYTES_MAX,
  SESSION_WAITING_REQUEST_BYTES_MAX,
} from "./constants.js";
import { CLUSTERDOWN, INDETERMINATE } from "./errors.js";
import type { ClientSink } from "./ports.js";
import type { Subscriptions } from "./pub-sub.js";
import {
  EncodedReply,
  Refusal,
  Repeat,
  type Repeatable,
  type Request,
  requestBytes,
  Transaction,
} from "./requests.js";
import { ReplyKind, WaitingReplies } from "./waiting-replies.js";

/** `skip` silences the command under way; `skipNext` the one after it (Redis: CLIENT REPLY). */
export type ReplyMode = "on" | "off" | "skip" | "skipNext";

/** What a session tells its owner. Implemented by Replica. */
export interface SessionEvents {
  /** It has something to execute. */
  sessionActive(session: Session): void;
  sessionClosed(session: Session): void;
}

/** A command at the queue's head that waits for something other than a leader. */
export type Blocked = BlockedInWait | BlockedInHost | BlockedOnKeys;

interface BlockedCommand {
  readonly request: Request;
  /** Monotonic ms; Infinity: for ever. */
  readonly deadlineMs: number;
}

/** WAIT, WAITAOF. */
export interface BlockedInWait extends BlockedCommand {
  readonly kind: "wait";
  /** 1: this node's own disk, too. */
  readonly local: number;
  readonly replicas: number;
  readonly writeIndex: Index;
}

/** SAVE: the host answers later. Nobody but the host ends it. */
export interface BlockedInHost extends BlockedCommand {
  readonly kind: "host";
}

/** BLPOP and its kin: executed again when a key may have something, or when the time is over. */
export interface BlockedOnKeys extends BlockedCommand {
  readonly kind: "keys";
  /** Each once. */
  readonly keys: readonly string[];
  /** null: any. */
  readonly type: TypeName | null;
  /** Whether a touched key is worth a look; null: it is. */
  readonly mayServe: ((value: Value | undefined) => boolean) | null;
  /** Its time is over, or CLIENT UNBLOCK said so: it does not wait again. */
  timedOut: boolean;
}

export class Session {
  /** CLIENT ID: from 1, never used again. */
  readonly id: number;
  /** The gateway's own object for this connection. */
  readonly hostState: unknown;
  readonly output = new OutputBuffer();
  readonly reply = new ReplyWriter(this.output);
  readonly waiting = new WaitingReplies();
  readonly sink: ClientSink;

  authenticated: boolean;
  /** READONLY was said: a follower answers reads from its applied state. */
  readonlyMode = false;
  replyMode: ReplyMode = "on";
  noTouch = false;
  /** Non-null between MULTI and EXEC/DISCARD. */
  multi: Transaction | null = null;
  readonly watched = new Map<string, number>();
  /** Leadership was lost since WATCH. */
  watchDirty = false;
  /** Null: it listens to nothing. Kept by PubSub. */
  subscriptions: Subscriptions | null = null;
  blockedOn: Blocked | null = null;
  /** A blocked request that must not wait any more (leadership was lost): told when its turn comes, and how. */
  unblocked: { readonly request: Request; readonly error: string } | null = null;
  lastCommand: CommandRow | null = null;
  /** Index of the newest batch with effects of this session, or WRITE_LOST: for WAIT. */
  lastWriteIndex: Index = 0;
  /** A host command sets it: its reply leaves when this entry is committed. */
  hostNeedsCommit: Index = 0;
  /** A host command sets it: it has written nothing and is to be executed again. */
  hostWaits = false;

  /** Monotonic ms at which a command that waits for a leader is answered CLUSTERDOWN; 0: not held. */
  holdDeadlineMs = 0;
  /** This many requests at the queue's head have waited long enough: refused instead of held. */
  refuseHeld = 0;

  /** Output offset up to which bytes may leave; everything behind belongs to a waiting record. */
  readyEnd = 0;

  /** Owned by the replica: membership of its lists, so that neither needs a Set. */
  isActive = false;
  isParked = false;
  isWaiting = false;
  hasOutput = false;
  closed = false;
  closing = false;
  /** The sink was told that nothing more comes. */
  ended = false;

  readonly #events: SessionEvents;
  readonly #keyspace: Keyspace;
  #queue: Request[] = [];
  #queueHead = 0;
  #queuedBytes = 0;
  /** So many requests at the queue's head were taken back: what is told to the client comes behind them. */
  #takenBack = 0;
  #paused = false;

  constructor(
    id: number,
    sink: ClientSink,
    hostState: unknown,
    authenticated: boolean,
    keyspace: Keyspace,
    events: SessionEvents,
  ) {
    this.id = id;
    this.sink = sink;
    this.hostState = hostState;
    this.authenticated = authenticated;
    this.#keyspace = keyspace;
    this.#events = events;
    this.output.overflows = (heldBytes) => {
      if (sink.overflows?.(heldBytes) !== true) return false;
      // The sink closes it soon; what it sent behind this is not executed.
      this.closing = true;
      return true;
    };
  }

  get inMulti(): boolean {
    return this.multi !== null;
  }

  /** CLIENT LIST `multi`: -1 outside MULTI. */
  get multiLength(): number {
    return this.multi === null ? -1 : this.multi.commands.length;
  }

  get watchCount(): number {
    return this.watched.size;
  }

  get blocked(): boolean {
    return this.blockedOn !== null;
  }

  get queuedLength(): number {
    return this.#queue.length - this.#queueHead;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Encoded bytes that have not left yet. */
  get waitingBytes(): number {
    return this.output.end - this.output.start;
  }

  /** So much waits to leave that its further requests must not be executed yet. */
  get backlogged(): boolean {
    if (this.waiting.length === 0) return false;
    return (
      this.waitingBytes > SESSION_WAITING_BYTES_MAX ||
      this.waiting.requestBytes > SESSION_WAITING_REQUEST_BYTES_MAX
    );
  }

  /** Takes a whole request; it is executed in a turn to come. The buffers are not changed by anyone. */
  submit(argv: Buffer[]): void {
    if (argv.length > 0) this.#enqueue(argv);
  }

  /** A protocol error: told in its place among the replies, then the connection ends. */
  protocolError(text: string): void {
    this.#enqueue(new Refusal(text, true));
  }

  /** The connection ends after what was replied so far; requests behind are dropped. */
  closeAfterReply(): void {
    this.closing = true;
    if (Array.isArray(this.head())) this.dropRequests();
    this.blockedOn = null;
    this.holdDeadlineMs = 0;
    this.#events.sessionActive(this);
  }

  /** The socket is gone. What was executed goes its way; nobody is told. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.unwatchAll();
    this.multi = null;
    this.blockedOn = null;
    this.dropRequests();
    this.waiting.clear();
    this.output.truncate(this.output.start);
    this.#events.sessionClosed(this);
  }

  /** RESET: everything a connection can set, but authentication, which the host decides. */
  resetState(): void {
    this.unwatchAll();
    this.multi = null;
    this.readonlyMode = false;
    this.replyMode = "on";
    this.noTouch = false;
    this.reply.protocol = 2;
  }

  /** MULTI ends without EXEC. */
  discard(): void {
    this.multi = null;
    this.unwatchAll();
  }

  /** It knows messages from replies by their order alone, and has fewer commands. */
  get listensInRESP2(): boolean {
    return this.subscriptions !== null && this.reply.protocol === 2;
  }

  unwatchAll(): void {
    for (const key of this.watched.keys()) this.#keyspace.unwatch(key);
    this.watched.clear();
    this.watchDirty = false;
  }

  /** Hands the watched keys to a transaction; the references move with them. */
  moveWatches(transaction: Transaction): void {
    transaction.watched = new Map(this.watched);
    transaction.dirty = this.watchDirty;
    this.watched.clear();
    this.watchDirty = false;
  }

  /** The transaction was executed: its versions are not needed again (a repeat is dirty). */
  releaseWatches(transaction: Transaction): void {
    if (transaction.released) return;
    transaction.released = true;
    for (const key of transaction.watched.keys()) this.#keyspace.unwatch(key);
  }

  head(): Request | undefined {
    return this.#queue[this.#queueHead];
  }

  /** What waits for long keeps no more bytes than its own, and may be executed otherwise next time. */
  replaceHead(request: Request): void {
    const old = this.#queue[this.#queueHead]!;
    this.#queuedBytes += requestBytes(request) - requestBytes(old);
    this.#queue[this.#queueHead] = request;
  }

  /** Removes the head: it was answered. */
  shift(): void {
    const request = this.#queue[this.#queueHead];
    if (request === undefined) return;
    this.#queuedBytes -= requestBytes(request);
    this.#queue[this.#queueHead] = EMPTY;
    this.#queueHead += 1;
    if (this.#takenBack > 0) this.#takenBack -= 1;
    if (this.#queueHead === this.#queue.length) {
      // A lone request leaves the array its room; emptied by its length it would be made anew for each.
      if (this.#queueHead === 1) this.#queue.pop();
      else this.#queue.length = 0;
      this.#queueHead = 0;
    } else if (this.#queueHead > 1024 && this.#queueHead * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#queueHead);
      this.#queueHead = 0;
    }
    if (this.#paused && this.#queuedBytes <= SESSION_QUEUED_BYTES_MAX / 2) {
      this.#paused = false;
      if (!this.closed) this.sink.pause(false);
    }
  }

  dropRequests(): void {
    this.#queue.length = 0;
    this.#queueHead = 0;
    this.#queuedBytes = 0;
    this.#takenBack = 0;
  }

  /** Something it was told, or will be, stands in the queue; a head that waits for a key will be told later. */
  get hasTakenBack(): boolean {
    return this.#takenBack > (this.blockedOn === null ? 0 : 1);
  }

  /** Its output overflowed: nothing of what waits is told, and nothing is kept. */
  dropReplies(): void {
    this.waiting.clear();
    this.output.truncate(this.output.start);
    this.readyEnd = this.output.start;
  }

  /** What is encoded from `start` on is told behind what was taken back: messages keep their order. */
  queueOutput(start: number): void {
    if (this.output.overflowed) {
      this.dropReplies();
      return;
    }
    const encoded = new EncodedReply(this.output.copy(start, this.output.end));
    this.output.truncate(start);
    this.#queue.splice(this.#queueHead + this.#takenBack, 0, encoded);
    if (this.refuseHeld > this.#takenBack) this.refuseHeld += 1;
    this.#takenBack += 1;
    this.#queuedBytes += requestBytes(encoded);
  }

  /**
   * Leadership is lost, everything speculative is rolled back. Cuts the replies that wait and puts what
   * they came from back to the head of the queue, in order: kept bytes (also of a write that is applied and
   * only waited behind a read), INDETERMINATE for what was sealed, and the requests themselves where they
   * were certainly not done (design, section 5).
   *
   * A connection's commands run in the order they were sent (trap 36). What stands before a write that may
   * survive would run behind it, and is refused instead:
   *   1. One pipeline: GET k, SET k v. The read waits for its confirmation, the write is sealed.
   *   2. Leadership is lost, the sealed write survives, this node leads again.
   *   3. The GET would answer v, which its own connection wrote later.
   * Before a write that is applied its reply is kept: an entry of this term that was appended after the read had
   * run is on a quorum, so nobody led a newer term when it ran.
   */
  takeBack(lastSealed: Index, applied: Index): void {
    if (this.waiting.length === 0) return;
    const again: Request[] = [];
    const { vouched, kept } = this.#writesThatStay(lastSealed, applied);
    let start = this.readyEnd;
    let position = 0;
    this.waiting.forEach((end, needsCommit, kind, request, protocol) => {
      position += 1;
      const isApplied = kind === ReplyKind.write && needsCommit <= applied;
      if (kind === ReplyKind.final || isApplied || position < vouched) {
        if (end > start) again.push(new EncodedReply(this.output.copy(start, end)));
      } else if (kind === ReplyKind.write && needsCommit <= lastSealed) {
        again.push(new Refusal(INDETERMINATE, false));
        this.#cutSubscriptions(request);
      } else if (position < kept) {
        again.push(new Refusal(CLUSTERDOWN, false));
        this.#cutSubscriptions(request);
      } else {
        this.#cutSubscriptions(request);
        // Watched versions don't outlive the term they were seen in (trap 52).
        if (request instanceof Transaction && request.watched.size > 0) request.dirty = true;
        again.push(new Repeat(request as Repeatable, protocol));
      }
      start = end;
    });
    this.waiting.clear();
    this.output.truncate(this.readyEnd);
    for (const request of again) this.#queuedBytes += requestBytes(request);
    this.#queue = again.concat(this.#queue.slice(this.#queueHead));
    this.#queueHead = 0;
    this.#takenBack += again.length;
    this.#events.sessionActive(this);
  }

  /**
   * Cut confirmations leave a client that does not know to what it listens, and takes messages for replies: the
   * connection ends behind what is told of its EXEC.
   */
  #cutSubscriptions(request: Repeatable | null): void {
    if (request instanceof Transaction && request.changesSubscriptions) this.closing = true;
  }

  /** Positions, from 1, of the last waiting write that is applied, and of the last that may survive. */
  #writesThatStay(lastSealed: Index, applied: Index): { vouched: number; kept: number } {
    let position = 0;
    let vouched = 0;
    let kept = 0;
    this.waiting.forEach((_end, needsCommit, kind) => {
      position += 1;
      if (kind !== ReplyKind.write) return;
      if (needsCommit <= applied) vouched = position;
      if (needsCommit <= lastSealed) kept = position;
    });
    return { vouched, kept };
  }

  #enqueue(request: Request): void {
    if (this.closed || this.closing) return;
    this.#queue.push(request);
    this.#queuedBytes += requestBytes(request);
    if (!this.#paused && this.#queuedBytes > SESSION_QUEUED_BYTES_MAX) {
      this.#paused = true;
      this.sink.pause(true);
    }
    this.#events.sessionActive(this);
  }
}

/** Stands for a request that was taken, so that its buffers can be collected. */
const EMPTY: Request = [];
