/**
 * The cluster as clients see it: one shard that owns every slot, the leader its master. Made from Raft's
 * configuration, the transport's links and what nodes announced; nothing of it is kept but announcements
 * and the last leader.
 *
 * A node is shown once its client address is known, never with an empty host. While no leader is known, or
 * a witness leads for a moment, the last one is still shown as master, as Redis shows a failed master until
 * it is replaced: a client that finds no master at all forgets its routes.
 *
 * A learner is a replica like any; one that is on its way to becoming a voter is shown as loading, and not
 * in the slot map, since it may hold next to nothing yet. A witness serves nobody and is not shown; only
 * its own CLUSTER NODES names it, because every node must find itself there.
 */

import { createHash } from "node:crypto";
import type { Configuration, Member, NodeId } from "@redoubt/raft";
import {
  type NodeDirectory,
  REPLICATION_MODES,
  type ReplicationMode,
  type Session,
} from "@redoubt/replica";
import type { ServerConfig } from "../config/index.js";
import { hostOf, isLoopback, isWildcard, portOf } from "../gateway/address.js";
import { Connection } from "../gateway/connection.js";
import { type Announcement, decodeAnnouncement, encodeAnnouncement } from "./announce.js";

export interface NodeView {
  readonly id: NodeId;
  /** 40 hex digits, the same on every node. */
  readonly name: string;
  readonly ip: string;
  readonly port: number;
  readonly peerPort: number;
  /** "": none. */
  readonly hostname: string;
  /** What MOVED and CLUSTER SLOTS name it by: `ip` or `hostname`. */
  readonly endpoint: string;
  readonly isSelf: boolean;
  readonly isMaster: boolean;
  /** A link to it stands (always for this node). */
  readonly connected: boolean;
  /** A learner that is brought level to become a voter. */
  readonly isCatchingUp: boolean;
  readonly isWitness: boolean;
}

export interface TopologySources {
  readonly config: ServerConfig;
  readonly clusterId: string;
  readonly nodeId: NodeId;
  /** Checksum of the log's first entry; 0: not known. */
  readonly birth: number;
  configuration(): Configuration;
  /** 0: unknown. */
  leader(): NodeId;
  connected(peer: NodeId): boolean;
}

export class Topology implements NodeDirectory {
  readonly #sources: TopologySources;
  readonly #announced = new Map<NodeId, Announcement>();
  readonly #names = new Map<NodeId, string>();
  #lastLeader: NodeId = 0;

  constructor(sources: TopologySources) {
    this.#sources = sources;
  }

  /** What the transport tells peers about this node. */
  ownAnnouncement(): Uint8Array {
    const { config } = this.#sources;
    return encodeAnnouncement({
      port: this.#ownPort(),
      address: config.clusterAnnounceIp || this.#boundAddress(),
      hostname: config.clusterAnnounceHostname,
      birth: this.#sources.birth,
      replicationMode: this.#mode,
    });
  }

  /** Its log begins with another entry: the two were not born as members of one cluster. */
  bornApart(peer: NodeId): boolean {
    const { birth } = this.#sources;
    const other = this.#announced.get(peer)?.birth ?? 0;
    return birth !== 0 && other !== 0 && birth !== other;
  }

  /** This node acknowledges earlier than that peer does: what its clients trust in would not hold while it leads. */
  isWeakerThan(peer: NodeId): boolean {
    const other = this.#announced.get(peer)?.replicationMode ?? this.#mode;
    return REPLICATION_MODES.indexOf(this.#mode) > REPLICATION_MODES.indexOf(other);
  }

  get #mode(): ReplicationMode {
    return this.#sources.config.replicationMode;
  }

  /** False: not understood, the node stays unknown to clients. */
  announced(peer: NodeId, bytes: Uint8Array): boolean {
    const announcement = decodeAnnouncement(bytes);
    if (announcement === null) return false;
    this.#announced.set(peer, announcement);
    return true;
  }

  /** The name clients know a node by. */
  nameOf(id: NodeId): string {
    let name = this.#names.get(id);
    if (name === undefined) {
      name = createHash("sha1").update(`${this.#sources.clusterId}:${id}`).digest("hex");
      this.#names.set(id, name);
    }
    return name;
  }

  /** Member of that name; null: none. */
  idNamed(name: string): NodeId | null {
    return this.#members().find(({ id }) => this.nameOf(id) === name)?.id ?? null;
  }

  /** Current leader that holds data, or the last one known; 0: none was ever heard of. */
  master(): NodeId {
    const leader = this.#sources.leader();
    if (leader !== 0 && leader !== this.#lastLeader) {
      const member = this.#members().find(({ id }) => id === leader);
      if (member?.witness !== true) this.#lastLeader = leader;
    }
    return this.#lastLeader;
  }

  clientAddress(id: NodeId, session: Session): { host: string; port: number } | null {
    const member = this.#members().find((each) => each.id === id);
    const view = member === undefined ? null : this.#view(member, session, this.master());
    return view === null ? null : { host: view.endpoint, port: view.port };
  }

  /** Every node that may serve clients and whose client address is known, the master first, the others by id. */
  nodes(session: Session): NodeView[] {
    return this.#views(session, false);
  }

  /** As `nodes`, and this node in any case. */
  nodesWithSelf(session: Session): NodeView[] {
    return this.#views(session, true);
  }

  #views(session: Session, withSelf: boolean): NodeView[] {
    const master = this.master();
    const views: NodeView[] = [];
    const shown = this.#members().filter(
      ({ id, witness }) => witness !== true || (withSelf && id === this.#sources.nodeId),
    );
    const self = this.#sources.nodeId;
    if (withSelf && !shown.some(({ id }) => id === self)) shown.push(this.#selfAsStranger());
    for (const member of shown) {
      const view = this.#view(member, session, master);
      if (view !== null) views.push(view);
    }
    return views.sort((a, b) => Number(b.isMaster) - Number(a.isMaster) || a.id - b.id);
  }

  /** Before the log names this node, and after it was removed. */
  #selfAsStranger(): Member {
    const { nodeId, config } = this.#sources;
    return { id: nodeId, incarnation: 0, peerAddress: `${config.peerBind}:${config.peerPort}` };
  }

  /** A member that moved has its new address in the configuration file before the log knows it. */
  #peerAddress(member: Member): string {
    const listed = this.#sources.config.peers.find(({ id }) => id === member.id);
    return listed?.address ?? member.peerAddress;
  }

  /** One each: of two incarnations the newer is the living one. */
  #members(): readonly Member[] {
    const { voters, votersOutgoing, learners } = this.#sources.configuration();
    const members = new Map<NodeId, Member>();
    for (const member of [...voters, ...votersOutgoing, ...learners]) {
      const other = members.get(member.id);
      if (other === undefined || other.incarnation < member.incarnation) {
        members.set(member.id, member);
      }
    }
    return [...members.values()];
  }

  #view(member: Member, session: Session, master: NodeId): NodeView | null {
    const { nodeId, config } = this.#sources;
    const isSelf = member.id === nodeId;
    const announcement = isSelf ? this.#own(session) : this.#announced.get(member.id);
    if (announcement === undefined) return null;
    const ip = announcement.address || hostOf(this.#peerAddress(member));
    const { hostname } = announcement;
    const byName = config.clusterPreferredEndpointType === "hostname" && hostname !== "";
    return {
      id: member.id,
      name: this.nameOf(member.id),
      ip,
      port: announcement.port,
      peerPort: portOf(this.#peerAddress(member)),
      hostname,
      endpoint: byName ? hostname : ip,
      isSelf,
      isMaster: member.id === master,
      connected: isSelf || this.#sources.connected(member.id),
      isCatchingUp: member.promote === true,
      isWitness: member.witness === true,
    };
  }

  /** For itself a node names the address this very client reached it by, unless told another. */
  #own(session: Session): Omit<Announcement, "birth" | "replicationMode"> {
    const { config } = this.#sources;
    const { hostState } = session;
    const reached = hostState instanceof Connection ? hostState.localHost : "";
    return {
      port: this.#ownPort(),
      address: config.clusterAnnounceIp || reached || this.#boundAddress(),
      hostname: config.clusterAnnounceHostname,
    };
  }

  #ownPort(): number {
    const { config } = this.#sources;
    return config.clusterAnnouncePort || config.port;
  }

  /** The listening address others can use; "" when listening on every address. */
  #boundAddress(): string {
    const hosts = this.#sources.config.bind.map(({ host }) => host);
    if (hosts.some(isWildcard)) return "";
    return hosts.find((host) => !isLoopback(host)) ?? hosts[0] ?? "";
  }
}
