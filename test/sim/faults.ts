/**
 * What goes wrong in a run. Each run draws which kinds of fault it has and how often; some have none. At
 * most a minority is down at once - but all may be: power loss of every node is survivable, since what
 * was acknowledged was synced on a majority.
 */

import type { EventQueue } from "./world/event-queue.js";
import type { SimulatedNetwork } from "./world/network.js";
import type { SimulatedNode } from "./world/node.js";
import type { SeededRandom } from "./world/random.js";

export interface FaultEvents {
  /** The node's process is gone: its connections are cut. */
  crashed(node: SimulatedNode): void;
  trace(line: string): void;
}

export type FaultKind =
  | "crash"
  | "powerLoss"
  | "partition"
  | "oneWay"
  | "loss"
  | "pause"
  | "slowDisk"
  | "clockJump"
  | "delay"
  | "isolateLeader"
  | "pauseLeader"
  | "slowLeaderDisk"
  | "stalledLeaderDisk"
  | "crashLoop"
  | "powerLossTwice"
  | "oldMessages";
const KINDS: readonly FaultKind[] = [
  "crash",
  "powerLoss",
  "partition",
  "oneWay",
  "loss",
  "pause",
  "slowDisk",
  "clockJump",
  "delay",
  "isolateLeader",
  "pauseLeader",
  "slowLeaderDisk",
  "stalledLeaderDisk",
  "crashLoop",
  "powerLossTwice",
  "oldMessages",
];

export class Faults {
  readonly counts: Record<string, number> = {};
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  readonly #network: SimulatedNetwork;
  readonly #nodes: readonly SimulatedNode[];
  readonly #events: FaultEvents;
  #endMs = 0;

  constructor(
    queue: EventQueue,
    random: SeededRandom,
    network: SimulatedNetwork,
    nodes: readonly SimulatedNode[],
    events: FaultEvents,
  ) {
    this.#queue = queue;
    this.#random = random;
    this.#network = network;
    this.#nodes = nodes;
    this.#events = events;
  }

  /** `only`: these kinds and no others. */
  begin(durationMs: number, only: readonly FaultKind[] | null): void {
    this.#endMs = durationMs;
    const kinds = only ?? KINDS.filter(() => this.#random.chance(0.4));
    if (kinds.length === 0) return;
    const meanGapMs = this.#random.between(400, 3000);
    const next = (): void => {
      this.#queue.after(this.#random.exponential(meanGapMs), () => {
        if (this.#queue.nowMs >= this.#endMs) return;
        this.#strike(this.#random.pick(kinds));
        next();
      });
    };
    next();
  }

  healAll(): void {
    this.#network.healAll();
    this.#network.faults.loss = 0;
    this.#network.faults.duplication = 0;
    this.#network.faults.delayMs = 0.2;
    for (const node of this.#nodes) {
      node.disk.slowness = 1;
      node.disk.stalledUntilMs = 0;
      if (!node.up) node.start();
    }
  }

  #strike(kind: FaultKind): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    const node = this.#random.pick(this.#nodes);
    this.#events.trace(`fault ${kind} (node ${node.id})`);
    switch (kind) {
      case "crash":
        this.#crash(node, this.#random.exponential(800));
        return;
      case "powerLoss":
        this.#powerLoss();
        return;
      case "powerLossTwice":
        // The second one hits the elections after the first.
        this.#powerLoss();
        this.#queue.after(this.#random.between(600, 2000), () => this.#powerLoss());
        return;
      case "crashLoop":
        this.#crashLoop(node, 2 + this.#random.below(5));
        return;
      case "oldMessages":
        this.#network.replay(50, 4000);
        return;
      case "isolateLeader":
      case "pauseLeader":
      case "slowLeaderDisk":
      case "stalledLeaderDisk":
        this.#strikeLeader(kind);
        return;
      case "partition":
        this.#partition(node);
        return;
      case "oneWay": {
        const other = this.#random.pick(this.#nodes);
        this.#network.cut(node.id, other.id);
        this.#later(2000, () => this.#network.healAll());
        return;
      }
      case "loss":
        this.#network.faults.loss = this.#random.between(0, 0.3);
        this.#network.faults.duplication = this.#random.between(0, 0.2);
        this.#later(2000, () => {
          this.#network.faults.loss = 0;
          this.#network.faults.duplication = 0;
        });
        return;
      case "delay":
        this.#network.faults.delayMs = this.#random.between(1, 60);
        this.#later(1500, () => {
          this.#network.faults.delayMs = 0.2;
        });
        return;
      case "pause":
        node.pause(this.#random.exponential(700));
        return;
      case "slowDisk":
        node.disk.slowness = this.#random.between(10, 800);
        this.#later(1500, () => {
          node.disk.slowness = 1;
        });
        return;
      case "clockJump":
        node.wallOffsetMs += Math.floor(this.#random.between(-5000, 5000));
        return;
    }
  }

  /** Aimed at whoever leads: the node that has most to lose. Nobody leads: at anyone. */
  #strikeLeader(kind: FaultKind): void {
    const leaders = this.#nodes.filter((node) => node.replica?.status().role === "leader");
    const leader = this.#random.pick(leaders.length > 0 ? leaders : this.#nodes);
    if (kind === "pauseLeader") {
      leader.pause(this.#random.between(300, 3000));
    } else if (kind === "stalledLeaderDisk") {
      leader.disk.stalledUntilMs = this.#queue.nowMs + this.#random.between(1000, 20_000);
    } else if (kind === "slowLeaderDisk") {
      leader.disk.slowness = this.#random.between(100, 3000);
      this.#later(2500, () => {
        leader.disk.slowness = 1;
      });
    } else {
      this.#isolate(new Set([leader.id]));
    }
  }

  /** Up for a fraction of a second at a time: during elections, catching up, before its first word. */
  #crashLoop(node: SimulatedNode, times: number): void {
    this.#crash(node, this.#random.exponential(50));
    if (times > 1) this.#later(400, () => this.#crashLoop(node, times - 1));
  }

  #powerLoss(): void {
    for (const each of this.#nodes) this.#crash(each, this.#random.exponential(400));
  }

  #crash(node: SimulatedNode, downMs: number): void {
    if (!node.up || this.#queue.nowMs >= this.#endMs) return;
    node.crash();
    this.#events.crashed(node);
    this.#later(downMs, () => {
      if (!node.up) node.start();
    });
  }

  /** Halves: this node alone, or with one other, against the rest. */
  #partition(node: SimulatedNode): void {
    const side = new Set([node.id]);
    if (this.#random.chance(0.3)) side.add(this.#random.pick(this.#nodes).id);
    this.#isolate(side);
  }

  #isolate(side: ReadonlySet<number>): void {
    for (const a of this.#nodes) {
      for (const b of this.#nodes) {
        if (side.has(a.id) !== side.has(b.id)) this.#network.cut(a.id, b.id);
      }
    }
    this.#later(2500, () => this.#network.healAll());
  }

  #later(meanMs: number, action: () => void): void {
    this.#queue.after(this.#random.exponential(meanMs), action);
  }
}
