/**
 * Follows the configuration in force, after every turn: who is linked with, and whether this node is still a
 * member. Who has left is told so by the log, so its link stays for as long as the core speaks to it.
 */

import type { PeerAddress } from "@redoubt/grpc-peer";
import { allMembers, type Configuration, type NodeId } from "@redoubt/raft";
import type { Logger } from "@redoubt/replica";

/** What it looks at: the replica. */
export interface MembershipView {
  /** The same object for as long as its entry is in force. */
  readonly configuration: Configuration;
  readonly configurationIndex: number;
  readonly isRemoved: boolean;
}

export interface MembershipParts {
  readonly view: MembershipView;
  readonly logger: Logger;
  /** Addresses that take the place of those in the log: the configuration file's. */
  readonly peers: readonly PeerAddress[];
  readonly electionTimeoutMs: number;
  nowMs(): number;
  /** Members by the configuration of that index, and those that are told of their removal. */
  link(peers: readonly PeerAddress[], configurationIndex: number): void;
  /** Members alone. */
  keepAlive(peers: readonly PeerAddress[]): void;
  /** This node was removed: it stops. Called once. */
  leave(): void;
  /** Another configuration is in force: is this node made for it? */
  judge(configuration: Configuration): void;
}

interface Leaving {
  readonly peer: PeerAddress;
  readonly untilMs: number;
}

export class Membership {
  readonly #parts: MembershipParts;
  /** Compared as an object: another entry may have taken the place of the one at its index. */
  #seen: Configuration;
  #peers: readonly PeerAddress[];
  #leaving: readonly Leaving[] = [];
  #left = false;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
    this.#seen = parts.view.configuration;
    this.#peers = peersOf(parts.peers, this.#seen);
  }

  /** After every turn: nearly always a few comparisons. */
  look(): void {
    const { view, logger, nowMs, leave } = this.#parts;
    if (view.configuration !== this.#seen) this.#changed();
    if (this.#leaving.length > 0 && this.#leaving.some(({ untilMs }) => nowMs() >= untilMs)) {
      this.#link();
    }
    if (view.isRemoved && !this.#left) {
      this.#left = true;
      logger.warn({}, "this node was removed from the cluster: it stops");
      leave();
    }
  }

  #changed(): void {
    const { view, logger, peers, electionTimeoutMs, nowMs, keepAlive, judge } = this.#parts;
    const before = this.#peers;
    this.#seen = view.configuration;
    this.#peers = peersOf(peers, this.#seen);
    const ids = this.#peers.map(({ id }) => id);
    logger.info({ index: view.configurationIndex, peers: ids }, "membership changed");
    const untilMs = nowMs() + FAREWELL_ELECTION_TIMEOUTS * electionTimeoutMs;
    const gone = before.filter(({ id }) => !ids.includes(id)).map((peer) => ({ peer, untilMs }));
    this.#leaving = [...this.#leaving, ...gone];
    this.#link();
    keepAlive(this.#peers);
    judge(this.#seen);
  }

  #link(): void {
    const { view, nowMs, link } = this.#parts;
    const isMember = (peer: NodeId) => this.#peers.some(({ id }) => id === peer);
    // One that came back is a member like any.
    this.#leaving = this.#leaving.filter(
      ({ peer, untilMs }) => nowMs() < untilMs && !isMember(peer.id),
    );
    const leaving = this.#leaving.map(({ peer }) => peer);
    link([...this.#peers, ...leaving], view.configurationIndex);
  }
}

/** How long the link to a removed member stays: as long as the core speaks to it. */
const FAREWELL_ELECTION_TIMEOUTS = 4;

/**
 * Who is linked with: the members by the log, where they are by the configuration file. A node that is being
 * filled has no log yet: then those of the file.
 */
export function peersOf(
  listed: readonly PeerAddress[],
  configuration: Configuration | null,
): PeerAddress[] {
  if (configuration === null || configuration.voters.length === 0) return [...listed];
  return allMembers(configuration).map(({ id, incarnation, peerAddress }) => ({
    id,
    incarnation,
    address: listed.find((peer) => peer.id === id)?.address ?? peerAddress,
  }));
}
