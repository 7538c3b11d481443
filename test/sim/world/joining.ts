/**
 * Machines without data ask for a place until they have one: the rules of packages/server (join-desk,
 * join-cluster) over the simulated network. The answer may be lost; then the machine asks again, and what it
 * was given before is never born.
 */

import { type Index, type Member, memberOf, type NodeId, withReplacement } from "@redoubt/raft";
import type { Cluster } from "./cluster.js";
import type { EventQueue } from "./event-queue.js";
import type { SimulatedNetwork } from "./network.js";
import type { SimulatedNode } from "./node.js";
import type { SeededRandom } from "./random.js";

/** Pause between two questions, in ms: at least, and on average on top of that. */
const ASK_MS_MIN = 50;
const ASK_MS_MORE = 150;
/** Share of answers that are lost. */
const LOST = 0.15;

/** An answer waits until its entry is committed, by the leader that appended it. */
interface Pending {
  readonly index: Index;
  readonly leader: SimulatedNode;
  readonly term: number;
}

export class Joining {
  readonly #cluster: Cluster;
  readonly #queue: EventQueue;
  readonly #network: SimulatedNetwork;
  readonly #random: SeededRandom;
  readonly #pending = new Map<NodeId, Pending>();

  constructor(
    cluster: Cluster,
    queue: EventQueue,
    network: SimulatedNetwork,
    random: SeededRandom,
  ) {
    this.#cluster = cluster;
    this.#queue = queue;
    this.#network = network;
    this.#random = random;
  }

  /** Until it has a place, or another disk. */
  ask(node: SimulatedNode): void {
    const { disk } = node;
    this.#pending.delete(node.id);
    const look = (): void => {
      if (node.incarnation !== 0 || node.retired || node.disk !== disk) return;
      if (!this.#isPending(node)) this.#askOnce(node);
      this.#queue.after(ASK_MS_MIN + this.#random.exponential(ASK_MS_MORE), look);
    };
    look();
  }

  /** The entry that names `member` first is committed. */
  isAnswered({ id, incarnation }: Member): boolean {
    const pending = this.#pending.get(id);
    if (pending?.index !== incarnation) return false;
    this.#pending.delete(id);
    return leads(pending) && !this.#random.chance(LOST);
  }

  #isPending({ id }: SimulatedNode): boolean {
    const pending = this.#pending.get(id);
    return pending !== undefined && leads(pending);
  }

  /** Anybody is asked, and names the leader. */
  #askOnce(node: SimulatedNode): void {
    const asked = this.#random.pick(this.#cluster.nodes);
    const leader = asked.leads ? asked : this.#cluster.nodeOf(asked.replica?.leader ?? 0);
    if (leader === undefined || !leader.leads || leader.paused) return;
    if (!this.#network.carries(node.id, leader.id)) return;
    if (!this.#network.carries(leader.id, node.id)) return;
    this.#give(leader, node);
  }

  #give(leader: SimulatedNode, { id, isWitness }: SimulatedNode): void {
    const replica = leader.replica!;
    const { configuration, peers } = replica.status();
    const member = memberOf(configuration, id);
    if (member === null || (member.witness === true) !== isWitness || id === leader.id) return;
    const alive = peers.some(
      (peer) => peer.id === id && peer.incarnation === member.incarnation && peer.recentActive,
    );
    if (alive) return;
    const lists = withReplacement(configuration, id, member.peerAddress);
    if (lists === null) return;
    const result = replica.changeMembership({ expectedIndex: 0, ...lists, force: false });
    if ("index" in result) {
      this.#pending.set(id, { index: result.index, leader, term: replica.term });
    }
  }
}

function leads({ leader, term }: Pending): boolean {
  return leader.leads && leader.replica?.term === term;
}
