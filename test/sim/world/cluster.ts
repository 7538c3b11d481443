/**
 * The machines, and what people and supervisors do with them: a process that ended is started again, one that
 * was removed is not; a machine without usable data asks for a place (joining.ts); one that was added is set up.
 *
 * A machine keeps its id. Its incarnation goes with its data: 0 while it has none.
 */

import {
  bootstrapEntries,
  type Configuration,
  decodeConfiguration,
  type Entry,
  EntryKind,
  type Member,
  type NodeId,
  type Persist,
} from "@redoubt/raft";
import { SimulatedDisk } from "./disk.js";
import type { EventQueue } from "./event-queue.js";
import { Joining } from "./joining.js";
import type { SimulatedNetwork } from "./network.js";
import { type NodeEvents, type ReplicaModule, SimulatedNode } from "./node.js";
import type { SeededRandom } from "./random.js";

export interface ClusterParts {
  readonly module: ReplicaModule;
  readonly Disk?: typeof SimulatedDisk;
  readonly queue: EventQueue;
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly events: ClusterEvents;
  readonly readMode: "lease" | "quorum";
}

export interface ClusterEvents
  extends Pick<NodeEvents, "send" | "sendAudit" | "observer" | "logged"> {
  /** The disk that it has goes: told before. */
  lost(node: SimulatedNode): void;
  /** A machine got a disk: what is on it from the start. */
  born(node: SimulatedNode, entries: readonly Entry[]): void;
  written(node: SimulatedNode, persist: Persist): void;
  /** Its process is gone: its connections are cut. */
  crashed(node: SimulatedNode): void;
  trace(line: string): void;
}

const CLUSTER_ID = "simulated";
const LOOP_MS_MIN = 0.02;
const LOOP_MS_MAX = 0.3;
/** How long a process that failed is gone, and how long a removed one takes to leave; mean, in ms. */
const RESTART_MS = 300;
const LEAVING_MS = 20;
/** After so long somebody stops a process that was removed and has not heard of it. */
const EVICTION_MS = 4000;

export class Cluster {
  /** Live: machines are added and stay. */
  readonly nodes: SimulatedNode[] = [];
  /** The newest configuration that anybody applied. */
  committed: Configuration | null = null;
  readonly joining: Joining;
  readonly #parts: ClusterParts;
  readonly #random: SeededRandom;
  /** Nearly every message in a turn of its own, or several together. */
  readonly #loopMs: number;

  constructor(parts: ClusterParts) {
    this.#parts = parts;
    this.#random = parts.random;
    this.#loopMs = parts.random.between(LOOP_MS_MIN, LOOP_MS_MAX);
    this.joining = new Joining(this, parts.queue, parts.network, parts.random.fork());
  }

  nodeOf(id: NodeId): SimulatedNode | undefined {
    return this.nodes.find((node) => node.id === id);
  }

  /** A cluster is born: everybody with the same log. */
  bootstrap(ids: readonly NodeId[], witnesses: readonly NodeId[]): void {
    const voters = ids.map((id) => this.member(id, 1, witnesses.includes(id)));
    const configuration = {
      clusterId: CLUSTER_ID,
      voters,
      votersOutgoing: [],
      learners: [],
    };
    this.committed = configuration;
    const entries = bootstrapEntries(configuration);
    for (const { id, witness } of voters) this.#makeNode(id, witness === true, entries);
  }

  member(id: NodeId, incarnation: number, isWitness: boolean): Member {
    const peerAddress = `sim:${id}`;
    return { id, incarnation, peerAddress, ...(isWitness ? { witness: true } : {}) };
  }

  // ---- processes ---------------------------------------------------------------------------------

  crash(node: SimulatedNode): void {
    if (!node.up) return;
    node.crash();
    this.#parts.events.crashed(node);
  }

  /** As a supervisor would: where there is no usable data the process asks for a place. */
  restart(node: SimulatedNode): void {
    if (node.up || node.retired || node.incarnation === 0) return;
    if (node.disk.isUsable) node.start();
    else this.wipe(node);
  }

  /** Its data is gone, or put aside as damaged. */
  wipe(node: SimulatedNode): void {
    this.crash(node);
    this.#emptyDisk(node);
    this.joining.ask(node);
  }

  /** A place was given: the log is born empty, and a leader fills it. */
  bear(node: SimulatedNode, member: Member): void {
    this.#trace(`node ${member.id} joins as incarnation ${member.incarnation}`);
    node.incarnation = member.incarnation;
    node.isWitness = member.witness === true;
    node.start();
  }

  #failed(node: SimulatedNode, why: string): void {
    this.#trace(`node ${node.id}: stops, ${why}`);
    const { crashes } = node;
    // The process ends at once, but not inside its own turn.
    this.#later(0, () => {
      if (node.crashes === crashes) this.crash(node);
      this.#later(this.#random.exponential(RESTART_MS), () => this.restart(node));
    });
  }

  #removed(node: SimulatedNode): void {
    const { crashes } = node;
    this.#later(this.#random.exponential(LEAVING_MS), () => {
      if (node.crashes === crashes) this.#retire(node);
    });
  }

  #retire(node: SimulatedNode): void {
    this.#trace(`node ${node.id} has left`);
    this.crash(node);
    node.retired = true;
  }

  // ---- membership --------------------------------------------------------------------------------

  /** Somebody applied this entry first. Nothing happens inside the turn that says so. */
  entryCommitted(entry: Entry): void {
    if (entry.kind !== EntryKind.configuration) return;
    const configuration = decodeConfiguration(entry.payload);
    this.committed = configuration;
    for (const node of this.nodes) this.#evict(node, configuration);
    for (const learner of configuration.learners) {
      if (learner.incarnation !== entry.index) continue;
      this.#later(this.#random.exponential(5), () => this.#welcome(learner));
    }
  }

  #welcome(member: Member): void {
    const known = this.nodeOf(member.id);
    if (known !== undefined && known.incarnation >= member.incarnation) return;
    const isAsking = known?.incarnation === 0 && !known.retired;
    if (isAsking) {
      if (this.joining.isAnswered(member)) this.bear(known, member);
      return;
    }
    // Somebody added it: a machine is set up, in place of what this id may have been before.
    const node = known ?? this.#makeNode(member.id, member.witness === true, []);
    this.crash(node);
    if (known !== undefined) this.#emptyDisk(node);
    node.retired = false;
    node.incarnation = 0;
    node.isWitness = member.witness === true;
    if (this.#random.chance(0.5)) this.bear(node, member);
    else this.joining.ask(node);
  }

  /** Whoever is not named any more, and has not heard of it, is stopped by hand some day. */
  #evict(node: SimulatedNode, configuration: Configuration): void {
    const { id, incarnation } = node;
    if (incarnation === 0 || node.retired || isNamed(configuration, id, incarnation)) return;
    this.#later(this.#random.exponential(EVICTION_MS), () => {
      if (node.incarnation === incarnation && !node.retired) this.#retire(node);
    });
  }

  // ---- machines ----------------------------------------------------------------------------------

  #makeNode(id: NodeId, isWitness: boolean, entries: readonly Entry[]): SimulatedNode {
    const { module, queue, events, readMode } = this.#parts;
    const random = this.#random.fork();
    const disk = this.#makeDisk(entries);
    const node = new SimulatedNode({
      module,
      id,
      isWitness,
      disk,
      queue,
      random,
      loopMs: this.#loopMs,
      events: {
        send: events.send,
        sendAudit: events.sendAudit,
        observer: events.observer,
        logged: events.logged,
        failed: (self, why) => this.#failed(self, why),
        removed: (self) => this.#removed(self),
      },
    });
    disk.onWritten = (persist) => events.written(node, persist);
    node.readMode = readMode;
    // Clocks stand apart from the start.
    node.clock.wallOffsetMs = Math.floor(random.between(-2000, 2000));
    node.clock.drift = random.between(-0.0005, 0.0005);
    this.nodes.push(node);
    events.born(node, entries);
    return node;
  }

  #emptyDisk(node: SimulatedNode): void {
    const { events } = this.#parts;
    if (node.incarnation !== 0) events.lost(node);
    node.incarnation = 0;
    node.disk = this.#makeDisk([]);
    node.disk.onWritten = (persist) => events.written(node, persist);
    events.born(node, []);
  }

  #makeDisk(entries: readonly Entry[]): SimulatedDisk {
    const { Disk = SimulatedDisk, queue } = this.#parts;
    return new Disk(queue, this.#random.fork(), entries);
  }

  #later(delayMs: number, action: () => void): void {
    this.#parts.queue.after(delayMs, action);
  }

  #trace(line: string): void {
    this.#parts.events.trace(line);
  }
}

/** In whatever list. */
export function isNamed(
  { voters, votersOutgoing, learners }: Configuration,
  id: NodeId,
  incarnation: number,
): boolean {
  return [...voters, ...votersOutgoing, ...learners].some(
    (member) => member.id === id && member.incarnation === incarnation,
  );
}
