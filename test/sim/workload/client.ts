/**
 * A client of the cluster in the manner of a Redis cluster client: pipelines, follows MOVED, reconnects.
 * It never repeats a write whose outcome it does not know.
 */

import type { Session } from "@redoubt/replica";
import { type Reply, RespError, RespReader } from "../../support/resp-reader.js";
import type { EventQueue } from "../world/event-queue.js";
import type { SimulatedNode } from "../world/node.js";
import type { SeededRandom } from "../world/random.js";
import type { History, Operation } from "./history.js";
import type { OperationSource } from "./operation-source.js";

const REPLY_TIMEOUT_MS = 4000;

export class SimulatedClient {
  readonly #id: number;
  readonly #nodes: readonly SimulatedNode[];
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  readonly #source: OperationSource;
  readonly #history: History;
  readonly #revealed: (operation: Operation) => void;
  readonly #thinkMs: number;
  #target: number;
  #session: Session | null = null;
  #connectedTo: SimulatedNode | null = null;
  #generation = 0;
  #outstanding: Operation[] = [];
  #readonlySaid = false;
  #roundDue = false;
  stopped = false;

  constructor(
    id: number,
    nodes: readonly SimulatedNode[],
    queue: EventQueue,
    random: SeededRandom,
    source: OperationSource,
    history: History,
    thinkMs: number,
    revealed: (operation: Operation) => void,
  ) {
    this.#id = id;
    this.#nodes = nodes;
    this.#queue = queue;
    this.#random = random;
    this.#source = source;
    this.#history = history;
    this.#thinkMs = thinkMs;
    this.#revealed = revealed;
    this.#target = random.below(nodes.length);
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
    if (this.stopped) return;
    if (this.#outstanding.length > 0) return;
    if (!this.#connect()) {
      this.#later();
      return;
    }
    const operations = this.#source.next(this.#id, this.#random, this.#connectedTo!.id);
    const follower = operations[0]!.model === "follower";
    if (follower !== this.#readonlySaid) {
      const node = follower ? this.#random.below(this.#nodes.length) : this.#target;
      if (this.#nodes[node] !== this.#connectedTo) {
        this.#disconnect();
        if (!this.#connectTo(node)) {
          this.#later();
          return;
        }
      }
      this.#readonlySaid = follower;
      this.#submit(this.#control(follower ? "READONLY" : "READWRITE"));
    }
    for (const operation of operations) this.#submit({ ...operation, node: this.#connectedTo!.id });
    const generation = this.#generation;
    if (this.#random.chance(0.01)) {
      // The connection breaks with the pipeline under way.
      this.#queue.after(this.#random.exponential(1), () => {
        if (generation === this.#generation && this.#outstanding.length > 0) this.#disconnect();
      });
    }
    this.#queue.after(REPLY_TIMEOUT_MS, () => {
      if (generation === this.#generation && this.#outstanding.includes(this.#newest!)) {
        this.#disconnect();
        this.#target = this.#random.below(this.#nodes.length);
        this.#later();
      }
    });
  }

  #newest: Operation | null = null;

  #submit(operation: Operation): void {
    this.#outstanding.push(operation);
    this.#newest = operation;
    if (operation.argv[0] !== "READONLY" && operation.argv[0] !== "READWRITE") {
      this.#history.operations.push(operation);
    }
    this.#session!.submit(operation.argv.map((argument) => Buffer.from(argument, "latin1")));
  }

  #control(name: string): Operation {
    return {
      client: this.#id,
      argv: [name],
      model: "follower",
      key: "",
      invokedMs: this.#queue.nowMs,
      returnedMs: 0,
      outcome: "open",
      reply: undefined,
      node: this.#connectedTo!.id,
    };
  }

  #connect(): boolean {
    return this.#session !== null || this.#connectTo(this.#target);
  }

  #connectTo(target: number): boolean {
    const node = this.#nodes[target]!;
    const generation = ++this.#generation;
    const reader = new RespReader();
    this.#session = node.connect({
      write: (chunks) => {
        if (generation !== this.#generation) return;
        for (const chunk of chunks) reader.push(chunk);
        for (let reply = reader.next(); reply !== undefined; reply = reader.next()) {
          this.#answered(reply);
        }
      },
      end: () => undefined,
      pause: () => undefined,
    });
    this.#connectedTo = this.#session === null ? null : node;
    if (this.#session === null) this.#target = this.#random.below(this.#nodes.length);
    return this.#session !== null;
  }

  #answered(reply: Reply): void {
    const operation = this.#outstanding.shift();
    if (operation === undefined) throw new Error("a reply to nothing");
    operation.returnedMs = this.#queue.nowMs;
    operation.reply = reply;
    operation.outcome = outcomeOf(reply);
    this.#source.answered(operation);
    if (operation.outcome === "ok") this.#revealed(operation);
    if (reply instanceof RespError) this.#redirect(reply);
    if (this.#outstanding.length === 0) this.#later();
  }

  #redirect(error: RespError): void {
    if (error.code === "MOVED") this.#target = Number(error.text.split(":").at(-1)) - 1;
    else if (error.code === "CLUSTERDOWN") this.#target = this.#random.below(this.#nodes.length);
    else return;
    if (this.#outstanding.length === 0) this.#disconnect();
  }

  #disconnect(): void {
    this.#generation += 1;
    for (const operation of this.#outstanding) {
      operation.returnedMs = Number.POSITIVE_INFINITY;
      operation.outcome = "info";
      this.#source.answered(operation);
    }
    this.#outstanding = [];
    this.#session?.close();
    this.#session = null;
    if (this.#connectedTo !== null) {
      this.#connectedTo = null;
      this.#readonlySaid = false;
      this.#later();
    }
  }

  /** One next round at a time, whoever asks for it. */
  #later(): void {
    if (this.#roundDue) return;
    this.#roundDue = true;
    this.#queue.after(0.05 + this.#random.exponential(this.#thinkMs), () => {
      this.#roundDue = false;
      this.#round();
    });
  }
}

function outcomeOf(reply: Reply): "ok" | "fail" | "info" {
  if (!(reply instanceof RespError)) return "ok";
  if (reply.code === "INDETERMINATE") return "info";
  return "fail";
}
