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

type Kind =
  | "crash"
  | "powerLoss"
  | "partition"
  | "oneWay"
  | "loss"
  | "pause"
  | "slowDisk"
  | "clockJump"
  | "delay";
const KINDS: readonly Kind[] = [
  "crash",
  "powerLoss",
  "partition",
  "oneWay",
  "loss",
  "pause",
  "slowDisk",
  "clockJump",
  "delay",
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

  begin(durationMs: number): void {
    this.#endMs = durationMs;
    const kinds = KINDS.filter(() => this.#random.chance(0.6));
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
      if (!node.up) node.start();
    }
  }

  #strike(kind: Kind): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    const node = this.#random.pick(this.#nodes);
    this.#events.trace(`fault ${kind} (node ${node.id})`);
    switch (kind) {
      case "crash":
        this.#crash(node, this.#random.exponential(800));
        return;
      case "powerLoss":
        for (const each of this.#nodes) this.#crash(each, this.#random.exponential(400));
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

  #crash(node: SimulatedNode, downMs: number): void {
    if (!node.up) return;
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
