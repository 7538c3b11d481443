/**
 * The client side of a node: listeners on every `bind` address, admission, the list of connections, and
 * the housekeeping that Redis does in its cron. Requests go to sessions, replies come back through
 * `Connection`; what a command means is nobody's business here.
 */

import type { Server, Socket } from "node:net";
import type { Logger, MemoryProbe, Session } from "@redoubt/replica";
import type { DecoderLimits } from "@redoubt/resp";
import { isLoopback, withoutMapping } from "./address.js";
import { ClientEvictions } from "./client-evictions.js";
import { type CloseReason, Connection, type ConnectionOwner } from "./connection.js";
import {
  connectionOverheadBytes,
  housekeepingMs,
  httpToldIntervalMs,
  inlineBytesMax,
  lingerMs,
  multibulkMax,
  outputBytesPause,
  outputBytesPauseTight,
  outputBytesTotalSoft,
  pendingBytesCounted,
  stopGraceMs,
} from "./constants.js";
import { errnoOf } from "./errors.js";
import { type ListenAddress, listenOnAll } from "./listen.js";
import { GatewayStats } from "./stats.js";

/** Settings of the configuration, read at each use: most of them may change while the node runs. */
export interface GatewaySettings {
  readonly addresses: readonly ListenAddress[];
  readonly port: number;
  readonly backlog: number;
  keepaliveSeconds(): number;
  idleSeconds(): number;
  clientsMax(): number;
  /** Refuse clients from beyond loopback: protected mode is on and there is no password. */
  protectedNow(): boolean;
  bulkBytesMax(): number;
  queryBytesMax(): number;
  /** Buffers of all clients together; 0: no limit. */
  clientBytesMax(): number;
  /** `subscriber`: of those who listen to channels. */
  outputLimits(subscriber: boolean): {
    readonly hardBytes: number;
    readonly softBytes: number;
    readonly softSeconds: number;
  };
}

export interface GatewayPorts {
  nowMs(): number;
  connect(connection: Connection): Session;
  /** Commands executed by this node, for the rate. */
  executedCommands(): number;
  readonly logger: Logger;
}

export class Gateway implements ConnectionOwner, MemoryProbe {
  readonly stats = new GatewayStats();
  readonly decoderLimits: DecoderLimits;
  readonly connections = new Set<Connection>();

  readonly #settings: GatewaySettings;
  readonly #ports: GatewayPorts;
  #servers: readonly Server[] = [];
  #timer: NodeJS.Timeout | null = null;
  /** Connections with socket or query buffers worth counting. */
  readonly #heavy = new Set<Connection>();
  /** Connections that end when their replies are gone. */
  readonly #draining = new Set<Connection>();
  /** Connections with requests their sessions have no room for. */
  readonly #backlogged = new Set<Connection>();
  #dirty: Connection[] = [];
  /** To be closed at the end of the turn, and why. */
  #killed: { readonly connection: Connection; readonly reason: CloseReason }[] = [];
  #executedAtReset = 0;
  readonly #evictions: ClientEvictions;
  #inTurn = false;
  #stopping = false;
  #allGone: (() => void) | null = null;
  #outsideBytes = 0;
  #httpToldMs = Number.NEGATIVE_INFINITY;

  constructor(settings: GatewaySettings, ports: GatewayPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#evictions = new ClientEvictions(
      this.connections,
      () => settings.clientBytesMax(),
      (connection) => this.closeAfterTurn(connection, "evicted"),
    );
    this.decoderLimits = {
      multibulkMax,
      inlineBytesMax,
      get bulkBytesMax() {
        return settings.bulkBytesMax();
      },
    };
  }

  /** Starts accepting. Rejects with NodeError when an address that is not optional cannot be used. */
  async listen(): Promise<void> {
    this.#timer = setInterval(() => this.#housekeeping(), housekeepingMs);
    const { addresses, port, backlog } = this.#settings;
    this.#servers = await listenOnAll(addresses, port, backlog, {
      accept: (socket) => this.#accept(socket),
      failed: (error) =>
        this.#ports.logger.warn({ errno: errnoOf(error) }, "a client could not be accepted"),
    });
  }

  /** Where clients are accepted, as the system reports it. */
  addresses(): { host: string; port: number }[] {
    const bound: { host: string; port: number }[] = [];
    for (const server of this.#servers) {
      const address = server.address();
      if (address !== null && typeof address === "object") {
        bound.push({ host: address.address, port: address.port });
      }
    }
    return bound;
  }

  /** Brackets a turn of the replica: replies released in it leave at its end, one write a socket. */
  turn(run: () => void): void {
    this.#inTurn = true;
    try {
      run();
    } finally {
      this.#inTurn = false;
    }
    this.#flush();
  }

  /** Stops accepting, lets replies that are under way go for a bounded time, closes everything. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const server of this.#servers) server.close();
    for (const connection of [...this.connections]) connection.drain(stopGraceMs);
    if (this.connections.size > 0) {
      await new Promise<void>((resolve) => {
        const deadline = setTimeout(resolve, stopGraceMs + housekeepingMs);
        this.#allGone = () => {
          clearTimeout(deadline);
          resolve();
        };
      });
    }
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const connection of [...this.connections]) connection.close("stop");
  }

  /** CLIENT KILL of another: never in the middle of a turn, whose sessions the replica is walking. */
  closeAfterTurn(connection: Connection, reason: CloseReason = "killed"): void {
    if (connection.killed) return;
    connection.killed = true;
    this.#killed.push({ connection, reason });
  }

  /** Clients admitted at a time: maxclients, or fewer when descriptors are. */
  get clientsMax(): number {
    return this.#settings.clientsMax();
  }

  /** Commands executed since start or CONFIG RESETSTAT. */
  executedSinceReset(): number {
    return this.#ports.executedCommands() - this.#executedAtReset;
  }

  resetStats(): void {
    this.stats.reset();
    this.#executedAtReset = this.#ports.executedCommands();
  }

  // --- MemoryProbe

  outsideBytes(): number {
    let bytes = this.connections.size * connectionOverheadBytes;
    for (const connection of this.#heavy) {
      const held = connection.heldBytes;
      const counts = held >= pendingBytesCounted;
      connection.countedBytes = counts ? held : 0;
      bytes += connection.countedBytes;
      if (!counts) this.#heavy.delete(connection);
    }
    this.#outsideBytes = bytes;
    return bytes;
  }

  // --- ConnectionOwner

  nowMs(): number {
    return this.#ports.nowMs();
  }

  lingerMs(): number {
    return this.#stopping ? 0 : lingerMs;
  }

  queryBytesMax(): number {
    return this.#settings.queryBytesMax();
  }

  outputBytesPause(): number {
    if (this.#outsideBytes <= outputBytesTotalSoft) return outputBytesPause;
    return Math.min(outputBytesPauseTight, outputBytesTotalSoft / this.#heavy.size);
  }

  dirty(connection: Connection): void {
    if (!this.#inTurn) {
      connection.flush();
    } else if (!connection.isDirty) {
      connection.isDirty = true;
      this.#dirty.push(connection);
    }
  }

  heavy(connection: Connection): void {
    this.#heavy.add(connection);
    const held = connection.heldBytes;
    this.#outsideBytes += held - connection.countedBytes;
    connection.countedBytes = held;
  }

  /** The hard limit in the middle of a turn: one may tell a subscriber, and one command may answer, too much. */
  overflows(connection: Connection, bytes: number): boolean {
    const { hardBytes } = this.#settings.outputLimits(connection.isSubscriber);
    if (hardBytes === 0 || bytes <= hardBytes) return false;
    this.closeAfterTurn(connection, "output-buffer");
    return true;
  }

  /** client-output-buffer-limit. */
  outputHeld(connection: Connection): void {
    const { hardBytes, softBytes, softSeconds } = this.#settings.outputLimits(
      connection.isSubscriber,
    );
    const bytes = connection.outputBytes;
    if (hardBytes > 0 && bytes > hardBytes) {
      connection.close("output-buffer");
      return;
    }
    if (softBytes === 0 || bytes <= softBytes) {
      connection.softLimitSinceMs = 0;
      return;
    }
    const nowMs = this.nowMs();
    if (connection.softLimitSinceMs === 0) connection.softLimitSinceMs = nowMs;
    else if (nowMs - connection.softLimitSinceMs > softSeconds * 1000) {
      connection.close("output-buffer");
    }
  }

  backlogged(connection: Connection): void {
    this.#backlogged.add(connection);
  }

  draining(connection: Connection): void {
    this.#draining.add(connection);
  }

  closed(
    connection: Connection,
    reason: CloseReason,
    error: Error | null,
    heldBytes: number,
  ): void {
    this.connections.delete(connection);
    this.#draining.delete(connection);
    this.#backlogged.delete(connection);
    this.#heavy.delete(connection);
    this.#outsideBytes -= connection.countedBytes;
    const fields = { client: connection.remote, reason };
    if (reason === "query-buffer" || reason === "output-buffer") {
      if (reason === "query-buffer") this.stats.queryLimitKills += 1;
      else this.stats.outputLimitKills += 1;
      const { name } = connection;
      this.#ports.logger.warn(
        { ...fields, name, heldBytes },
        "client closed: buffer over its limit",
      );
    } else if (reason === "evicted") {
      this.stats.evictions += 1;
      const { name } = connection;
      this.#ports.logger.warn(
        { ...fields, name, heldBytes },
        "client closed: the clients' buffers are over maxmemory-clients, and its are the largest",
      );
    } else if (reason === "http" && this.nowMs() >= this.#httpToldMs + httpToldIntervalMs) {
      this.#httpToldMs = this.nowMs();
      this.#ports.logger.warn(fields, "client closed: it spoke HTTP, which may be an attack");
    } else {
      this.#ports.logger.debug({ ...fields, errno: errnoOf(error) }, "client closed");
    }
    if (this.connections.size === 0) this.#allGone?.();
  }

  // --- Accepting

  #accept(socket: Socket): void {
    this.stats.connectionsReceived += 1;
    // The peer may be gone already; then there is no address to judge by.
    const peer = withoutMapping(socket.remoteAddress ?? "");
    if (peer === "") {
      socket.on("error", ignoreGone);
      socket.destroy();
      return;
    }
    if (this.connections.size >= this.#settings.clientsMax()) {
      this.#reject(socket, "ERR max number of clients reached");
      return;
    }
    if (this.#settings.protectedNow() && !isLoopback(peer)) {
      this.#reject(socket, protectedText);
      return;
    }
    const keepaliveSeconds = this.#settings.keepaliveSeconds();
    if (keepaliveSeconds > 0) socket.setKeepAlive(true, keepaliveSeconds * 1000);
    const connection = new Connection(this, socket);
    this.connections.add(connection);
    connection.attach(this.#ports.connect(connection));
  }

  #reject(socket: Socket, text: string): void {
    this.stats.connectionsRejected += 1;
    socket.on("error", ignoreGone);
    socket.end(`-${text}\r\n`, () => socket.destroy());
  }

  // --- After a turn, and by time

  #flush(): void {
    const dirty = this.#dirty;
    if (dirty.length > 0) {
      this.#dirty = [];
      for (const connection of dirty) {
        connection.isDirty = false;
        connection.flush();
      }
    }
    this.#evictions.look(this.nowMs());
    this.#closeKilled();
    for (const connection of this.#backlogged) {
      if (!connection.feed()) this.#backlogged.delete(connection);
    }
    if (this.#draining.size > 0) {
      const nowMs = this.nowMs();
      for (const connection of this.#draining) connection.settle(nowMs);
    }
  }

  #closeKilled(): void {
    if (this.#killed.length === 0) return;
    for (const { connection, reason } of this.#killed.splice(0)) connection.close(reason);
  }

  #housekeeping(): void {
    const nowMs = this.nowMs();
    this.stats.sample(nowMs, this.#ports.executedCommands());
    this.#evictions.look(nowMs);
    this.#closeKilled();
    // Between two looks the total only grows: what was drained is noticed here.
    this.outsideBytes();
    const idleMs = this.#settings.idleSeconds() * 1000;
    for (const connection of this.connections) {
      if (connection.state !== "open") {
        connection.settle(nowMs);
      } else if (connection.outputBytes > 0) {
        this.outputHeld(connection);
      } else if (
        idleMs > 0 &&
        nowMs - connection.lastActiveMs > idleMs &&
        !connection.session.blocked &&
        !connection.isSubscriber
      ) {
        connection.close("idle");
      }
    }
  }
}

const protectedText =
  "DENIED Protected mode is on and there is no password, so clients are only accepted from this " +
  "machine's loopback address. To let others in, set requirepass, or turn protected mode off with " +
  "'protected-mode no' in the configuration file or by CONFIG SET from a local client.";

/** A refused client that is already gone is no news: there is nothing left to do for it. */
function ignoreGone(): void {}
