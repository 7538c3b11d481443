/**
 * One TCP proxy: connections from one node to another, whose two directions follow the rules of the two links. A cut
 * stops reading and writing and keeps both ends open, as a network does: neither side is told anything, not even that
 * the other is gone. It carries connections, not packets: it can't lose, double or reorder what a connection promised.
 *
 *   dialer ==> listener | from->to: queue, rate, delay, cut | ==> target
 *          <==          | to->from: the same                | <==
 */

import { connect, createServer, type Server, type Socket } from "node:net";
import { LINK_BUFFER_BYTES_MAX } from "./constants.js";
import { clearRule, type DirectedLink, type LinkRule } from "./link-rule.js";

/** What waits to be carried on: bytes, or that the sender has ended or is gone. */
interface Item {
  readonly kind: "bytes" | "end" | "gone";
  readonly bytes: Buffer;
  /** By the clock of `performance.now()`. */
  readonly dueMs: number;
}

const nothing = Buffer.alloc(0);

/** A directed link, shared by all connections that use it. */
export class LinkState {
  rule: LinkRule = clearRule;
  /** When what has been sent will have passed at its rate. */
  freeAtMs = 0;
  readonly #listeners = new Set<() => void>();

  set(rule: LinkRule): void {
    this.rule = rule;
    for (const listener of this.#listeners) listener();
  }

  listen(listener: () => void): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: () => void): void {
    this.#listeners.delete(listener);
  }

  /** When so many bytes, given to the link now, come out of it. */
  dueMs(bytes: number, nowMs: number, random: () => number): number {
    const { bitsPerSecond, delayMs, jitterMs } = this.rule;
    let due = nowMs;
    if (bitsPerSecond > 0) {
      this.freeAtMs = Math.max(this.freeAtMs, nowMs) + (bytes * 8_000) / bitsPerSecond;
      due = this.freeAtMs;
    }
    return due + Math.max(0, delayMs + (2 * random() - 1) * jitterMs);
  }
}

/** One direction of one connection. */
class Direction {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #link: LinkState;
  readonly #random: () => number;
  readonly #queue: Item[] = [];
  #queuedBytes = 0;
  #lastDueMs = 0;
  #timer: NodeJS.Timeout | null = null;
  readonly #ruleChanged = (): void => this.#move();

  constructor(source: Socket, target: Socket, link: LinkState, random: () => number) {
    this.#source = source;
    this.#target = target;
    this.#link = link;
    this.#random = random;
    link.listen(this.#ruleChanged);
    source.on("data", (bytes) => this.#add("bytes", bytes));
    source.on("end", () => this.#add("end", nothing));
    // Errors are followed by close, which is what counts.
    source.on("error", () => {});
    source.on("close", () => this.#add("gone", nothing));
    target.on("drain", () => this.#move());
    target.on("close", () => this.#release());
  }

  #add(kind: Item["kind"], bytes: Buffer): void {
    const due = this.#link.dueMs(bytes.length, performance.now(), this.#random);
    // A connection keeps its order.
    this.#lastDueMs = Math.max(this.#lastDueMs, due);
    this.#queue.push({ kind, bytes, dueMs: this.#lastDueMs });
    this.#queuedBytes += bytes.length;
    this.#move();
  }

  #move(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#mayPass()) {
      const item = this.#queue[0];
      if (item === undefined) break;
      const waitMs = item.dueMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(this.#ruleChanged, Math.ceil(waitMs));
        break;
      }
      this.#queue.shift();
      this.#queuedBytes -= item.bytes.length;
      this.#pass(item);
    }
    const isFull = this.#link.rule.cut || this.#queuedBytes > LINK_BUFFER_BYTES_MAX;
    if (isFull) this.#source.pause();
    else if (this.#source.isPaused()) this.#source.resume();
  }

  #mayPass(): boolean {
    return !this.#link.rule.cut && !this.#target.connecting && !this.#target.writableNeedDrain;
  }

  #pass({ kind, bytes }: Item): void {
    if (this.#target.destroyed) return;
    if (kind === "bytes") this.#target.write(bytes);
    else if (kind === "end") this.#target.end();
    else this.#target.destroy();
  }

  /** The receiver is gone: what is still coming is for nobody. */
  #release(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#link.unlisten(this.#ruleChanged);
    this.#queue.length = 0;
  }
}

export class LinkProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #links: { readonly there: LinkState; readonly back: LinkState };
  readonly #random: () => number;

  constructor(there: LinkState, back: LinkState, random: () => number) {
    this.#links = { there, back };
    this.#random = random;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  }

  /** The port it listens at, for `link.from` to dial; what it accepts goes on to `port`. */
  listen(host: string, port: number): Promise<number> {
    this.#server.on("connection", (dialer) => this.#accept(dialer, host, port));
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(0, host, () => {
        const address = this.#server.address();
        if (address === null || typeof address === "string") reject(new Error("no port"));
        else resolve(address.port);
      });
    });
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** A handshake takes both directions: while one is cut, nobody is dialled. */
  #accept(dialer: Socket, host: string, port: number): void {
    this.#keep(dialer);
    const { there, back } = this.#links;
    const dial = (): void => {
      if (there.rule.cut || back.rule.cut) return;
      there.unlisten(dial);
      back.unlisten(dial);
      if (dialer.destroyed) return;
      const target = connect({ host, port, allowHalfOpen: true, noDelay: true });
      this.#keep(target);
      new Direction(dialer, target, there, this.#random);
      new Direction(target, dialer, back, this.#random);
      dialer.resume();
    };
    there.listen(dial);
    back.listen(dial);
    dialer.setNoDelay(true);
    dial();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
  }
}

/** The links of a set of nodes, made as they are asked for. */
export class LinkStates {
  readonly #states = new Map<string, LinkState>();

  of({ from, to }: DirectedLink): LinkState {
    const name = `${from} ${to}`;
    const state = this.#states.get(name) ?? new LinkState();
    this.#states.set(name, state);
    return state;
  }
}
