/**
 * The node-to-node transport: one link to every peer, dialled by the higher id of the pair.
 *
 *   send() --> Peer --> Link --> Outbox --> PeerStream ==gRPC==> PeerStream --> Link --> events.receive()
 *
 * It is not reliable and does not try to be: what cannot be sent now is dropped, said to be dropped,
 * and Raft sends it again.
 */

import type { Message, NodeId } from "@redoubt/raft";
import type { AuditReport, Logger, PeerEvents, PeerTransport } from "@redoubt/replica/ports";
import { Acceptor } from "./acceptor.js";
import {
  ANNOUNCE_BYTES_MAX,
  CLUSTER_ID_LENGTH_MAX,
  LOG_REPEAT_MS,
  NEWCOMERS_MAX,
  SILENT_TICKS_MIN,
  STALLED_MS,
} from "./constants.js";
import type { DialFailure } from "./dial.js";
import { assert } from "./errors.js";
import type { Claims } from "./generated/redoubt/peer/v1/peer.js";
import { Guests } from "./guests.js";
import type { ElectionParametersMs, RefusalCause } from "./handshake.js";
import type { HandshakeTerms } from "./handshake-run.js";
import type { JoinAnswer, JoinQuestion } from "./join.js";
import type { Link } from "./link.js";
import { Peer, type PeerOwner, type PeerSettings, type PeerStatus } from "./peer.js";
import { RepeatFilter } from "./repeat-filter.js";
import { GuestKind } from "./service.js";
import type { PeerStream } from "./stream.js";

export interface PeerAddress {
  readonly id: NodeId;
  /** host:port */
  readonly address: string;
  /**
   * When given, an older incarnation is not linked with, and a newer one only as a newcomer: see
   * `newcomersAbove`. When not, any that is not older than one seen.
   */
  readonly incarnation?: number;
}

export interface PeerTransportOptions {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly incarnation: number;
  readonly bindHost: string;
  /** 0: any free port; see `port`. */
  readonly port: number;
  /** This node itself may be among them. */
  readonly peers: readonly PeerAddress[];
  /**
   * Index of the configuration that `peers` are of. An incarnation is the index of the entry that named it
   * first: above this one it may be named by a newer configuration, which only a link can bring us, and is
   * linked with although `peers` does not name it. Default: nobody is.
   */
  readonly newcomersAbove?: number;
  /** The cluster's shared secret; null: anybody who reaches the port can be a peer. The caller decides whether that is allowed. */
  readonly secret: Uint8Array | null;
  /** Opaque bytes told to every peer in the handshake, asked for at each. */
  readonly announce: () => Uint8Array;
  /** Called when a link to `peer` is up, before anything is received as a consequence of it. */
  readonly onAnnounce: (peer: NodeId, announce: Uint8Array) => void;
  readonly events: PeerEvents;
  readonly logger: Logger;
  /** Uniform in [0, 1): jitter of the back-off. */
  readonly random: () => number;
  /** A peer whose parameters differ is refused: leases rest on them. */
  readonly electionParametersMs: ElectionParametersMs;
  /** A node without a place asks for one. Default: it is refused. */
  readonly onJoin?: (question: JoinQuestion) => Promise<JoinAnswer>;
}

export interface PeerTransportStatus {
  readonly port: number;
  readonly connections: number;
  readonly peers: readonly PeerStatus[];
}

export class GrpcPeerTransport implements PeerTransport {
  readonly #options: PeerTransportOptions;
  readonly #peers = new Map<NodeId, Peer>();
  /** Those of `#peers` that only a newer configuration than ours can name: they stay as long as their link. */
  readonly #newcomers = new Set<NodeId>();
  #newcomersAbove = Number.POSITIVE_INFINITY;
  readonly #settings: PeerSettings;
  /** Refusals and failed dials: over once a link is up. */
  readonly #refusals: RepeatFilter;
  /** What a linked peer did wrong: a new link is no sign that it does better. */
  readonly #faults: RepeatFilter;
  readonly #guests: Guests;
  #acceptor: Acceptor | null = null;
  #ticker: NodeJS.Timeout | null = null;
  #closing: Promise<void> | null = null;

  /** Rejects with PeerTransportError (PORT_IN_USE, BIND_FAILED). */
  static async start(options: PeerTransportOptions): Promise<GrpcPeerTransport> {
    const transport = new GrpcPeerTransport(options);
    await transport.#start();
    return transport;
  }

  private constructor(options: PeerTransportOptions) {
    checkOptions(options);
    const { electionTimeout, heartbeatInterval } = options.electionParametersMs;
    this.#options = options;
    const repeatTicks = Math.ceil(LOG_REPEAT_MS / heartbeatInterval);
    this.#refusals = new RepeatFilter(repeatTicks);
    this.#faults = new RepeatFilter(repeatTicks);
    this.#guests = this.#newGuests();
    this.#settings = {
      self: options.nodeId,
      patience: {
        silentTicks: Math.max(SILENT_TICKS_MIN, Math.ceil(electionTimeout / heartbeatInterval)),
        stalledTicks: Math.ceil(STALLED_MS / heartbeatInterval),
      },
      random: options.random,
      owner: this.#peerOwner(),
      isNewcomer: (incarnation) => incarnation > this.#newcomersAbove,
    };
    this.setPeers(options.peers, options.newcomersAbove);
  }

  /** The port listened on. */
  get port(): number {
    return this.#acceptor?.port ?? 0;
  }

  /** Takes the message and returns at once; never throws. Order is kept per peer and stream. */
  send(message: Message): void {
    this.#peers.get(message.to)?.send(message);
  }

  sendAudit(report: AuditReport): void {
    this.#peers.get(report.to)?.sendAudit(report);
  }

  connected(peer: NodeId): boolean {
    return this.#peers.get(peer)?.connected ?? false;
  }

  /** The members changed: links to those who left are closed, new ones are dialled. As the options of the same names. */
  setPeers(
    addresses: readonly PeerAddress[],
    newcomersAbove: number = Number.POSITIVE_INFINITY,
  ): void {
    this.#newcomersAbove = newcomersAbove;
    const others = addresses.filter((address) => address.id !== this.#options.nodeId);
    const ids = new Set(others.map((address) => address.id));
    assert(ids.size === others.length, "peers have distinct ids");
    for (const [id, peer] of this.#peers) {
      const isNewcomer = this.#newcomers.has(id) && peer.status.incarnation > newcomersAbove;
      if (!ids.has(id) && !isNewcomer) {
        this.#remove(id, peer);
      }
    }
    for (const { id, address, incarnation } of others) {
      const known = this.#peers.get(id);
      if (known !== undefined) {
        this.#newcomers.delete(id);
        known.update(address, incarnation ?? null);
      } else if (this.#closing === null) {
        this.#add(id, address, incarnation ?? null);
      }
    }
    this.#guests.retain((id, incarnation) => this.#judgeKeepalive(id, incarnation) === null);
  }

  status(): PeerTransportStatus {
    return {
      port: this.port,
      connections: this.#acceptor?.connections ?? 0,
      peers: [...this.#peers.values()].map((peer) => peer.status),
    };
  }

  /** Ends every link and the listener; no event follows. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #start(): Promise<void> {
    const { bindHost, port, electionParametersMs } = this.#options;
    const peer = this.#terms(null);
    const judgeKeepalive = (id: NodeId, known: number) => this.#judgeKeepalive(id, known);
    const terms = {
      peer,
      keepalive: { ...peer, expectation: { nodeId: null, judgePeer: judgeKeepalive } },
      join: { ...peer, expectation: { nodeId: null, judgePeer: () => null, anyCluster: true } },
    };
    this.#acceptor = await Acceptor.listen(bindHost, port, terms, {
      accepted: (stream, claims) => this.#accepted(stream, claims),
      guestAccepted: (stream, kind, claims) => this.#guest(stream, kind, claims),
      acceptorRefused: (by, cause, claimedId, remoteAddress) =>
        this.#logRefusal(by, cause, claimedId, remoteAddress),
      acceptorFault: (error) =>
        this.#options.logger.error({ error: error.message }, "peer listener fault"),
    });
    this.#ticker = setInterval(() => this.#tick(), electionParametersMs.heartbeatInterval);
    for (const peer of this.#peers.values()) {
      peer.start();
    }
  }

  async #close(): Promise<void> {
    if (this.#ticker !== null) {
      clearInterval(this.#ticker);
    }
    for (const peer of this.#peers.values()) {
      peer.close();
    }
    await this.#acceptor?.close();
  }

  #add(id: NodeId, address: string, incarnation: number | null): Peer {
    const peer = new Peer(id, address, incarnation, this.#terms(id), this.#settings);
    this.#peers.set(id, peer);
    if (this.#acceptor !== null) {
      peer.start();
    }
    return peer;
  }

  #remove(id: NodeId, peer: Peer): void {
    this.#peers.delete(id);
    this.#newcomers.delete(id);
    peer.close();
  }

  /** `peer`: whom we dial; null: whoever calls. */
  #terms(peer: NodeId | null): HandshakeTerms {
    const { clusterId, nodeId, incarnation, secret, electionParametersMs, announce } =
      this.#options;
    return {
      identity: { clusterId, nodeId, incarnation, secret, electionParametersMs },
      expectation: {
        nodeId: peer,
        judgePeer: (id, peerIncarnation) => this.#judgePeer(peer, id, peerIncarnation),
      },
      announce: () => {
        const bytes = announce();
        assert(bytes.length <= ANNOUNCE_BYTES_MAX, "an announcement is within its limit");
        return bytes;
      },
    };
  }

  /**
   * Only the higher id dials: a lower one who calls is not who it says, or misconfigured. But a newcomer is
   * not called by who does not know it:
   *   1. A member is down. Another node is added, or a wiped one comes back under a new incarnation.
   *   2. That node leads when the member returns; the member's configuration does not name it.
   *   3. Were it refused, the member would never get the entry that does.
   */
  #judgePeer(
    dialled: NodeId | null,
    id: NodeId,
    incarnation: number,
  ): "identity" | "incarnation" | null {
    const { nodeId } = this.#options;
    const peer = this.#peers.get(id);
    if (peer === undefined) {
      const isWelcome = id !== nodeId && this.#newcomers.size < NEWCOMERS_MAX;
      return isWelcome && incarnation > this.#newcomersAbove ? null : "identity";
    }
    if (dialled === null && id < nodeId && !peer.isNewcomer(incarnation)) {
      return "identity";
    }
    return peer.judgeIncarnation(incarnation);
  }

  #accepted(stream: PeerStream, claims: Claims): void {
    const peer = this.#peers.get(claims.from) ?? this.#welcome(claims);
    peer.join(stream, claims);
  }

  #welcome({ from, incarnation }: Claims): Peer {
    assert(incarnation > this.#newcomersAbove, "an accepted stream is a known peer's");
    this.#options.logger.info({ peer: from, incarnation }, "peer of a newer configuration");
    this.#newcomers.add(from);
    return this.#add(from, "", null);
  }

  /** Whoever leads dials, whatever its id. */
  #judgeKeepalive(id: NodeId, incarnation: number): "identity" | "incarnation" | null {
    const peer = this.#peers.get(id);
    return peer === undefined ? "identity" : peer.judgeIncarnation(incarnation);
  }

  #guest(stream: PeerStream, kind: GuestKind, claims: Claims): void {
    if (kind === GuestKind.join) {
      this.#guests.serveJoin(stream, claims);
    } else {
      this.#guests.serveKeepalive(stream, claims);
    }
  }

  #newGuests(): Guests {
    const { nodeId, events, logger, onJoin } = this.#options;
    return new Guests(nodeId, {
      keptAlive: (message) => {
        if (this.#closing !== null) return;
        this.#peers.get(message.from)?.alive();
        events.receive(message);
      },
      keepaliveMalformed: (peer, reason) => {
        if (this.#faults.allow(peer, "keepalive")) {
          logger.warn({ peer, reason }, "peer sent a malformed frame");
        }
      },
      joinAsked: async (question) =>
        onJoin?.(question) ?? { kind: "refused", text: "this node takes no joins" },
    });
  }

  #tick(): void {
    this.#refusals.tick();
    this.#faults.tick();
    for (const [id, peer] of this.#peers) {
      peer.tick();
      if (this.#newcomers.has(id) && !peer.linked) this.#remove(id, peer);
    }
  }

  #peerOwner(): PeerOwner {
    const { events, logger, onAnnounce, nodeId, incarnation } = this.#options;
    return {
      peerUp: (link: Link) => {
        this.#refusals.forget(link.peer);
        logger.info({ peer: link.peer, incarnation: link.incarnation }, "peer link up");
        onAnnounce(link.peer, link.announce);
      },
      peerDown: (peer, reason, malformed) => {
        if (this.#closing !== null) {
          return;
        }
        logger.info({ peer, reason }, "peer link down");
        if (malformed && this.#faults.allow(peer, "malformed")) {
          logger.warn({ peer, reason }, "peer sent a malformed frame");
        }
      },
      peerReceived: (message) => {
        if (this.#closing === null) {
          events.receive(message);
        }
      },
      peerAudited: (peer, peerIncarnation, { index, term, format, digest }) => {
        if (this.#closing !== null) return;
        const ends = { from: peer, to: nodeId, incarnation: peerIncarnation };
        events.receiveAudit({ ...ends, toIncarnation: incarnation, index, term, format, digest });
      },
      peerUnreachable: (peer) => events.unreachable(peer),
      peerDialFailed: (peer, address, failure) => this.#logDialFailure(peer, address, failure),
    };
  }

  #logDialFailure(peer: NodeId, address: string, failure: DialFailure): void {
    if (failure.kind === "refused") {
      this.#logRefusal(failure.by, failure.cause, peer, address);
    } else {
      const fields = { peer, address, reason: failure.reason };
      this.#warnOnce(peer, "unreachable", fields, "peer cannot be reached");
    }
  }

  #logRefusal(by: "us" | "peer", cause: RefusalCause, claimedId: NodeId, address: string): void {
    // Strangers share one line a cause: they choose the id they claim. Links and keep-alives are dialled both
    // ways, and who of the two refuses first says nothing more.
    const peer = this.#peers.has(claimedId) ? claimedId : 0;
    const event = by === "us" ? "peer refused" : "refused by peer";
    this.#warnOnce(peer, cause, { peer: claimedId, address, cause }, event);
  }

  #warnOnce(peer: NodeId, line: string, fields: object, event: string): void {
    if (this.#closing === null && this.#refusals.allow(peer, line)) {
      this.#options.logger.warn(fields, event);
    }
  }
}

function checkOptions(options: PeerTransportOptions): void {
  const { electionTimeout, heartbeatInterval } = options.electionParametersMs;
  assert(options.nodeId >= 1 && options.nodeId < 2 ** 31, "a node id is from 1 to 2^31 - 1");
  assert(options.incarnation >= 1, "an incarnation is positive");
  assert(options.clusterId.length > 0, "a cluster has an id");
  assert(options.clusterId.length <= CLUSTER_ID_LENGTH_MAX, "a cluster id is within its limit");
  assert(heartbeatInterval > 0, "the heartbeat interval is positive");
  assert(heartbeatInterval < electionTimeout, "heartbeats are more frequent than elections");
  assert(options.secret === null || options.secret.length > 0, "a secret is not empty");
}
