/**
 * One client socket: bytes in to the decoder and the session, releasable replies out. It decides nothing
 * about commands, and nothing that happens here reaches another connection.
 *
 *   open ----- reply side ended (QUIT, protocol error) ------> lingering ---> closed
 *     |                                                           ^             ^
 *     '--- peer's sending side ended ---> draining --- replies left'            |
 *     '------------- socket error, limit, idle, CLIENT KILL, stop --------------'
 *
 * open: reads and replies. draining: nothing more will be read, replies still leave. lingering: the last
 * reply was written, what still arrives is discarded. closed: the session is told, the socket is gone.
 */

import type { Socket } from "node:net";
import type { ClientSink, Session } from "@redoubt/replica";
import { type DecoderEvents, type DecoderLimits, RequestDecoder } from "@redoubt/resp";
import { formatAddress, withoutMapping } from "./address.js";
import { drainMs, joinBytesMax, requestsSubmittedMax } from "./constants.js";
import { RequestBacklog } from "./request-backlog.js";
import { alone } from "./shared-reads.js";
import type { GatewayStats } from "./stats.js";

export type ConnectionState = "open" | "draining" | "lingering" | "closed";
export type CloseReason =
  | "peer"
  | "socket-error"
  | "idle"
  | "killed"
  | "query-buffer"
  | "output-buffer"
  | "evicted"
  | "http"
  | "reply-ended"
  | "stop";

/** What a connection needs of the gateway. */
export interface ConnectionOwner {
  readonly stats: GatewayStats;
  readonly decoderLimits: DecoderLimits;
  nowMs(): number;
  /** Bytes of requests one client may have waiting. */
  queryBytesMax(): number;
  /** How long input is discarded after the last reply; 0: not at all. */
  lingerMs(): number;
  /** Reply bytes above which this client's requests are not read. */
  outputBytesPause(): number;
  /** Replies wait to be written: flush() after this turn. */
  dirty(connection: Connection): void;
  /** Memory held outside the keyspace may have grown. */
  heavy(connection: Connection): void;
  /** Requests wait in the connection: feed() after each turn. */
  backlogged(connection: Connection): void;
  /** Reply bytes are waiting for the peer: checks the limits of the configuration. */
  outputHeld(connection: Connection): void;
  /** In the middle of a turn it holds so many reply bytes. True: too many, it will be closed. */
  overflows(connection: Connection, bytes: number): boolean;
  /** Ends as soon as its replies are gone: settle() after each turn. */
  draining(connection: Connection): void;
  /** `heldBytes`: of its buffers, before they were dropped. */
  closed(connection: Connection, reason: CloseReason, error: Error | null, heldBytes: number): void;
}

export class Connection implements ClientSink, DecoderEvents {
  readonly remoteHost: string;
  readonly remotePort: number;
  readonly localHost: string;
  readonly localPort: number;
  readonly descriptor: number;
  /** Monotonic ms. */
  readonly createdMs: number;
  lastActiveMs: number;
  /** CLIENT SETNAME, SETINFO, NO-EVICT. */
  name = "";
  libraryName = "";
  libraryVersion = "";
  noEvict = false;
  /** Monotonic ms since when the soft output limit is exceeded; 0: it is not. */
  softLimitSinceMs = 0;
  /** Owned by the gateway: membership of its lists. */
  isDirty = false;
  /** Its `heldBytes` in the owner's total. */
  countedBytes = 0;
  /** CLIENT KILL said so: closed at the end of the turn. */
  killed = false;

  readonly socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #decoder: RequestDecoder;
  readonly #backlog = new RequestBacklog();
  #session: Session | null = null;
  #state: ConnectionState = "open";
  /** Monotonic ms at which draining or lingering is given up. */
  #deadlineMs = Number.POSITIVE_INFINITY;
  #chunks: Uint8Array[] = [];
  #chunkBytes = 0;
  /** A browser was made to talk to this port. */
  #isHttp = false;
  #pausedBySession = false;
  #pausedByOutput = false;

  constructor(owner: ConnectionOwner, socket: Socket) {
    this.#owner = owner;
    this.socket = socket;
    this.remoteHost = withoutMapping(socket.remoteAddress ?? "");
    this.remotePort = socket.remotePort ?? 0;
    this.localHost = withoutMapping(socket.localAddress ?? "");
    this.localPort = socket.localPort ?? 0;
    this.descriptor = descriptorOf(socket);
    this.createdMs = owner.nowMs();
    this.lastActiveMs = this.createdMs;
    this.#decoder = new RequestDecoder(owner.decoderLimits, this);
  }

  /** Second half of construction: the session needs this connection as its sink. */
  attach(session: Session): void {
    this.#session = session;
    const { socket } = this;
    socket.on("data", (chunk: Buffer) => this.#data(chunk));
    socket.on("drain", () => this.#drained());
    socket.on("end", () => this.#inputEnded());
    socket.on("error", (error: Error) => this.close("socket-error", error));
    socket.on("close", () => this.close("peer"));
  }

  get session(): Session {
    if (this.#session === null) throw new TypeError("connection without a session");
    return this.#session;
  }

  get state(): ConnectionState {
    return this.#state;
  }

  get remote(): string {
    return formatAddress(this.remoteHost, this.remotePort);
  }

  get local(): string {
    return formatAddress(this.localHost, this.localPort);
  }

  /** Bytes of requests that are not executed yet. */
  get queryBytes(): number {
    return this.#decoder.pendingBytes + this.session.queuedBytes;
  }

  /** Bytes of requests the session does not have yet, the incomplete one included. */
  get pendingBytes(): number {
    return this.#decoder.pendingBytes + this.#backlog.bytes;
  }

  /** Memory it holds outside the session, but for the connection itself. */
  get heldBytes(): number {
    return this.pendingBytes + this.releasedBytes;
  }

  /** Reply bytes released and not taken by the system yet. */
  get releasedBytes(): number {
    return this.#chunkBytes + this.socket.writableLength;
  }

  /** Reply bytes in all: those that may not leave yet and those the peer does not take. */
  get outputBytes(): number {
    return this.releasedBytes + this.session.waitingBytes;
  }

  /** All that is kept for it, but for the connection itself: requests, MULTI's included, and replies. */
  get bufferBytes(): number {
    const { queuedBytes, waitingBytes, waiting, multi } = this.session;
    return this.heldBytes + queuedBytes + waitingBytes + waiting.requestBytes + (multi?.bytes ?? 0);
  }

  /** Redis's client type pubsub. */
  get isSubscriber(): boolean {
    return this.session.subscriptions !== null;
  }

  /** Everything that was asked is answered, as far as the replica is concerned. */
  get quiet(): boolean {
    const { queuedBytes, waitingBytes } = this.session;
    return queuedBytes === 0 && waitingBytes === 0 && this.#backlog.isEmpty;
  }

  // --- DecoderEvents

  request(argv: Buffer[]): void {
    this.#isHttp ||= isHttp(argv[0]!);
    if (this.#isHttp) return;
    this.#owner.stats.requests += 1;
    if (this.#backlog.isEmpty && this.#mayFeed()) this.session.submit(argv);
    else this.#backlog.push(argv);
  }

  protocolError(text: string): void {
    this.#owner.stats.protocolErrors += 1;
    if (this.#backlog.isEmpty) this.session.protocolError(text);
    else this.#backlog.protocolError = text;
  }

  // --- ClientSink

  write(chunks: readonly Uint8Array[]): void {
    if (this.#state === "closed" || this.#state === "lingering") return;
    for (const chunk of chunks) {
      this.#chunks.push(chunk);
      this.#chunkBytes += chunk.length;
    }
    this.#owner.dirty(this);
  }

  /** The session is told at the real close: the replica may be in the middle of its sessions now. */
  end(): void {
    if (this.#state === "closed" || this.#state === "lingering") return;
    this.flush();
    // A limit may have closed the connection in flush().
    if (this.#isClosed()) return;
    this.#state = "lingering";
    // A slow reader first gets the time to take what is left, then the moment to see the end.
    this.#deadlineMs = this.#owner.nowMs() + drainMs;
    this.socket.resume();
    this.socket.end(() => {
      const forMs = this.#owner.lingerMs();
      this.#deadlineMs = this.#owner.nowMs() + forMs;
      if (forMs === 0) this.close("reply-ended");
    });
  }

  overflows(bytes: number): boolean {
    return this.#owner.overflows(this, bytes + this.releasedBytes);
  }

  pause(paused: boolean): void {
    this.#pausedBySession = paused;
    this.#applyPause();
  }

  // --- Gateway

  /** Hands everything released to the socket: one write, unless the replies are large. */
  flush(): void {
    const chunks = this.#chunks;
    const bytes = this.#chunkBytes;
    if (chunks.length === 0 || this.#state === "closed") return;
    this.#chunks = [];
    this.#chunkBytes = 0;
    const { stats } = this.#owner;
    stats.writes += 1;
    stats.outputBytes += bytes;
    const { socket } = this;
    if (chunks.length === 1) {
      socket.write(chunks[0]!);
    } else if (bytes <= joinBytesMax) {
      socket.write(Buffer.concat(chunks, bytes));
    } else {
      socket.cork();
      for (const chunk of chunks) socket.write(chunk);
      socket.uncork();
    }
    if (socket.writableLength > 0) {
      this.#owner.heavy(this);
      this.#pausedByOutput = socket.writableLength > this.#owner.outputBytesPause();
      this.#applyPause();
      this.#owner.outputHeld(this);
    }
  }

  /** Hands on what waits while the session has room and the reader takes its replies. True: some is left. */
  feed(): boolean {
    const backlog = this.#backlog;
    if (this.#isLeaving()) backlog.clear();
    while (!backlog.isEmpty && this.#mayFeed()) {
      const argv = backlog.take();
      if (argv !== undefined) this.session.submit(argv);
      else if (backlog.protocolError !== null) {
        this.session.protocolError(backlog.protocolError);
        backlog.clear();
      }
    }
    this.#applyPause();
    return !backlog.isEmpty;
  }

  /** Housekeeping of a connection on its way out. */
  settle(nowMs: number): void {
    if (this.#state === "draining" && (this.quiet || nowMs >= this.#deadlineMs)) this.end();
    if (this.#state === "lingering" && nowMs >= this.#deadlineMs) this.close("reply-ended");
  }

  /** No more requests are read: the replies of those that were go out, then the connection ends. */
  drain(forMs: number): void {
    if (this.#state !== "open") return;
    this.#state = "draining";
    this.#deadlineMs = this.#owner.nowMs() + forMs;
    if (this.quiet || this.session.blocked) this.end();
    else this.#owner.draining(this);
  }

  close(reason: CloseReason, error: Error | null = null): void {
    if (this.#state === "closed") return;
    const heldBytes = this.bufferBytes;
    this.#state = "closed";
    this.#chunks = [];
    this.#chunkBytes = 0;
    this.#backlog.clear();
    this.session.close();
    this.socket.destroy();
    this.#owner.closed(this, reason, error, heldBytes);
  }

  // --- Socket

  #data(chunk: Buffer): void {
    if (this.#state !== "open") return;
    const owner = this.#owner;
    owner.stats.reads += 1;
    owner.stats.inputBytes += chunk.length;
    this.lastActiveMs = owner.nowMs();
    this.#decoder.authenticated = this.session.authenticated;
    // Behind what waits, for a key or a leader, it waits, too.
    this.#decoder.push(this.session.queuedLength > 0 ? alone(chunk) : chunk);
    if (this.#isHttp) {
      this.close("http");
      return;
    }
    if (!this.#backlog.isEmpty) {
      owner.backlogged(this);
      this.#applyPause();
    }
    if (this.pendingBytes === 0) return;
    if (this.queryBytes > owner.queryBytesMax()) this.close("query-buffer");
    else owner.heavy(this);
  }

  #drained(): void {
    this.softLimitSinceMs = 0;
    if (!this.#pausedByOutput) return;
    this.#pausedByOutput = false;
    this.feed();
  }

  /** `printf 'SET a b\r\n' | nc` closes its side at once: it still gets its replies. */
  #inputEnded(): void {
    if (this.#state === "lingering") this.close("reply-ended");
    else this.drain(drainMs);
  }

  #applyPause(): void {
    if (this.#state !== "open") return;
    const paused = this.#pausedBySession || this.#pausedByOutput || !this.#backlog.isEmpty;
    if (paused === this.socket.isPaused()) return;
    if (paused) this.socket.pause();
    else this.socket.resume();
  }

  #mayFeed(): boolean {
    return !this.#pausedByOutput && this.session.queuedLength < requestsSubmittedMax;
  }

  #isLeaving(): boolean {
    return this.#state === "lingering" || this.#state === "closed";
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }
}

/**
 * A web page can make a browser post to a loopback port, and its lines would run as inline commands.
 * Redis: server.c, processCommand: POST and Host: end the connection, unanswered.
 */
function isHttp(name: Buffer): boolean {
  if (name.length !== 4 && name.length !== 5) return false;
  const word = name.toString("latin1").toLowerCase();
  return word === "post" || word === "host:";
}

/** CLIENT LIST shows it; Node keeps it on the handle. -1 when there is none. */
function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, "_handle");
  if (typeof handle !== "object" || handle === null) return -1;
  const descriptor: unknown = Reflect.get(handle, "fd");
  return typeof descriptor === "number" ? descriptor : -1;
}
