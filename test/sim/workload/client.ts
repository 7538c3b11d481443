/**
 * A client of the cluster in the manner of a Redis cluster client: pipelines, follows MOVED, reconnects, and
 * stays with a node that does not answer for as long as its patience lasts. An unknown write is never sent
 * again as it was.
 */

import type { Session } from "@redoubt/replica";
import { type Reply, RespError, RespReader } from "../../support/resp-reader.js";
import type { EventQueue } from "../world/event-queue.js";
import type { SimulatedNode } from "../world/node.js";
import type { SeededRandom } from "../world/random.js";
import type { History, Operation } from "./history.js";
import type { OperationSource } from "./operation-source.js";

/** How long a client waits for its replies: short ones look for another leader, long ones ask the old one. */
const PATIENCE_MS_MIN = 300;
const PATIENCE_MS_MAX = 4000;
/** Of rounds: the connection breaks with the pipeline under way; it goes to any node anew. */
const BREAKS = 0.01;
const MOVES = 0.005;

export interface ClientWorld {
  readonly queue: EventQueue;
  /** Live: nodes may be added. */
  readonly nodes: readonly SimulatedNode[];
  readonly source: OperationSource;
  readonly history: History;
  readonly invoked: (operation: Operation) => void;
  readonly answered: (operation: Operation) => void;
}

export class SimulatedClient {
  readonly #id: number;
  readonly #world: ClientWorld;
  readonly #random: SeededRandom;
  readonly #patienceMs: number;
  /** Where it takes the leader to be: a node's id. */
  #target: number;
  #session: Session | null = null;
  #connectedTo: SimulatedNode | null = null;
  #generation = 0;
  #outstanding: Operation[] = [];
  #next: (() => readonly Operation[]) | null = null;
  #readonlySaid = false;
  #roundDue = false;
  stopped = false;

  constructor(id: number, world: ClientWorld, random: SeededRandom) {
    this.#id = id;
    this.#world = world;
    this.#random = random;
    this.#patienceMs = random.between(PATIENCE_MS_MIN, PATIENCE_MS_MAX);
    this.#target = this.#anyNode();
  }

  start(): void {
    this.#later();
  }

  /** The node's process died: the connection is cut, what was under way is unknown. */
  nodeCrashed(node: SimulatedNode): void {
    if (this.#connectedTo === node) this.#disconnect();
  }

  /** Ends the run for this client. */
  finish(): void {
    this.stopped = true;
    this.#disconnect();
  }

  #round(): void {
    if (this.stopped || this.#outstanding.length > 0) return;
    if (this.#session !== null && this.#random.chance(MOVES)) {
      this.#disconnect();
      this.#target = this.#anyNode();
    }
    if (this.#session === null && !this.#connectTo(this.#target)) {
      this.#later();
      return;
    }
    const pipeline = this.#world.source.next(this.#id, this.#random);
    if (pipeline.follower !== this.#readonlySaid && !this.#turnTo(pipeline.follower)) {
      this.#later();
      return;
    }
    this.#next = pipeline.next;
    this.#send(pipeline.operations);
  }

  /** The round's replies are all there. */
  #answeredAll(): void {
    const operations = this.#next?.() ?? [];
    this.#next = null;
    if (operations.length > 0 && this.#session !== null) this.#send(operations);
    else this.#later();
  }

  #send(operations: readonly Operation[]): void {
    for (const operation of operations) this.#submit(operation);
    const generation = this.#generation;
    const newest = operations.at(-1)!;
    if (this.#random.chance(BREAKS)) {
      this.#world.queue.after(this.#random.exponential(1), () => {
        if (generation === this.#generation && this.#outstanding.length > 0) this.#disconnect();
      });
    }
    this.#world.queue.after(this.#patienceMs, () => {
      if (generation === this.#generation && this.#outstanding.includes(newest)) {
        this.#disconnect();
        this.#target = this.#anyNode();
      }
    });
  }

  /** To any node for READONLY reads, back to the leader for everything else. False: nobody there. */
  #turnTo(follower: boolean): boolean {
    const target = follower ? this.#anyNode() : this.#target;
    if (target !== this.#connectedTo?.id) {
      this.#disconnect();
      if (!this.#connectTo(target)) return false;
    }
    if (follower === this.#readonlySaid) return true;
    this.#readonlySaid = follower;
    const { queue } = this.#world;
    this.#submit({
      client: this.#id,
      argv: [follower ? "READONLY" : "READWRITE"],
      model: "control",
      key: "",
      invokedMs: queue.nowMs,
      returnedMs: 0,
      outcome: "open",
      reply: undefined,
      node: 0,
      committedBefore: 0,
      sequence: 0,
    });
    return true;
  }

  #submit(operation: Operation): void {
    const { queue, history, invoked } = this.#world;
    operation.invokedMs = queue.nowMs;
    operation.node = this.#connectedTo!.id;
    invoked(operation);
    this.#outstanding.push(operation);
    history.add(operation);
    const argv = operation.argv[0] === "CAS" ? ["EXEC"] : operation.argv;
    this.#session!.submit(argv.map((argument) => Buffer.from(argument, "latin1")));
  }

  #connectTo(id: number): boolean {
    const node = this.#world.nodes.find((each) => each.id === id);
    const generation = ++this.#generation;
    const reader = new RespReader();
    this.#session =
      node?.connect({
        write: (chunks) => {
          if (generation !== this.#generation) return;
          for (const chunk of chunks) reader.push(chunk);
          for (let reply = reader.next(); reply !== undefined; reply = reader.next()) {
            this.#answered(reply);
            if (generation !== this.#generation) return;
          }
        },
        end: () => undefined,
        pause: () => undefined,
      }) ?? null;
    if (node === undefined || this.#session === null) {
      this.#target = this.#anyNode();
      return false;
    }
    this.#connectedTo = node;
    return true;
  }

  #answered(reply: Reply): void {
    const operation = this.#outstanding.shift();
    if (operation === undefined) throw new Error("a reply to nothing");
    operation.reply = reply;
    this.#returned(operation, this.#world.queue.nowMs, outcomeOf(operation, reply));
    if (operation.outcome === "ok") this.#world.answered(operation);
    if (reply instanceof RespError) this.#redirect(reply);
    if (this.#session !== null && this.#outstanding.length === 0) this.#answeredAll();
  }

  #returned(operation: Operation, atMs: number, outcome: "ok" | "fail" | "info"): void {
    operation.returnedMs = atMs;
    operation.outcome = outcome;
    this.#world.history.returned(operation);
    if (outcome === "info") this.#world.source.unknown(operation, this.#random);
  }

  #redirect(error: RespError): void {
    if (error.code === "MOVED") this.#target = Number(error.text.split(":").at(-1));
    else if (error.code === "CLUSTERDOWN") this.#target = this.#anyNode();
    else return;
    if (this.#outstanding.length === 0) this.#disconnect();
  }

  #disconnect(): void {
    this.#generation += 1;
    this.#next = null;
    const outstanding = this.#outstanding;
    this.#outstanding = [];
    for (const operation of outstanding) {
      this.#returned(operation, Number.POSITIVE_INFINITY, "info");
    }
    this.#session?.close();
    this.#session = null;
    if (this.#connectedTo === null) return;
    this.#connectedTo = null;
    this.#readonlySaid = false;
    this.#later();
  }

  /** One next round at a time, whoever asks for it. */
  #later(): void {
    if (this.#roundDue) return;
    this.#roundDue = true;
    const { queue, source } = this.#world;
    queue.after(0.05 + this.#random.exponential(source.mix.thinkMs), () => {
      this.#roundDue = false;
      this.#round();
    });
  }

  #anyNode(): number {
    return this.#random.pick(this.#world.nodes).id;
  }
}

function outcomeOf(operation: Operation, reply: Reply): "ok" | "fail" | "info" {
  if (reply instanceof RespError) return reply.code === "INDETERMINATE" ? "info" : "fail";
  // An EXEC that was called off did nothing.
  return operation.argv[0] === "CAS" && reply === null ? "fail" : "ok";
}
