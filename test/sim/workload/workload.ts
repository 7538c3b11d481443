/** All clients of a run: how many, how busy and what they ask for is drawn from its seed (mix.ts). */

import type { EventQueue } from "../world/event-queue.js";
import type { SimulatedNode } from "../world/node.js";
import type { SeededRandom } from "../world/random.js";
import { SimulatedClient } from "./client.js";
import { History, type Operation } from "./history.js";
import { drawMix, type Mix } from "./mix.js";
import { OperationSource } from "./operation-source.js";

export interface WorkloadOptions {
  readonly queue: EventQueue;
  readonly random: SeededRandom;
  /** Live: nodes may be added. */
  readonly nodes: readonly SimulatedNode[];
  /** In place of what is drawn. */
  readonly mix?: Partial<Mix>;
  /** The moment a request is handed to a node, and the moment its reply leaves it. */
  readonly invoked: (operation: Operation) => void;
  readonly answered: (operation: Operation) => void;
}

export class Workload {
  readonly history = new History();
  readonly mix: Mix;
  readonly #clients: SimulatedClient[] = [];

  constructor({ queue, random, nodes, mix, invoked, answered }: WorkloadOptions) {
    this.mix = { ...drawMix(random), ...mix };
    const source = new OperationSource(this.mix);
    const world = { queue, nodes, source, history: this.history, invoked, answered };
    for (let id = 0; id < this.mix.clients; id++) {
      this.#clients.push(new SimulatedClient(id, world, random.fork()));
    }
  }

  start(): void {
    for (const client of this.#clients) client.start();
  }

  nodeCrashed(node: SimulatedNode): void {
    for (const client of this.#clients) client.nodeCrashed(node);
  }

  /** Connections are closed; what is under way stays unknown. */
  finish(): void {
    for (const client of this.#clients) client.finish();
  }
}
