/**
 * A connection that sends random pipelines and knows what shape each reply must have, so that a reply
 * lost, doubled, crossed, or encoded for the wrong protocol is seen.
 */

import type { TestClient } from "./test-client.js";
import type { TestNode } from "./test-node.js";

interface Expected {
  readonly request: string;
  readonly shape: RegExp;
  /** Counter this request increments; "": none. */
  readonly counter: string;
}

/** Errors that say: certainly not done. All others but INDETERMINATE are bugs here. */
const NOT_DONE = /^-(MOVED|CLUSTERDOWN|READONLY|EXECABORT|LOADING|UNBLOCKED|ERR WAIT cannot)/;

export interface CounterBounds {
  acknowledged: number;
  unknown: number;
}

export class RandomSession {
  readonly client: TestClient;
  readonly node: TestNode;
  readonly #random: () => number;
  readonly #counters: Map<string, CounterBounds>;
  readonly #expected: Expected[] = [];
  #checked = 0;
  #protocol: 2 | 3 = 2;
  #inMulti = false;
  #multiIncrements: string[] = [];
  #silent = 0;
  #off = false;
  #tag = 0;

  constructor(node: TestNode, random: () => number, counters: Map<string, CounterBounds>) {
    this.node = node;
    this.client = node.connect();
    this.#random = random;
    this.#counters = counters;
  }

  sendSome(): void {
    const count = 1 + Math.floor(this.#random() * 8);
    for (let i = 0; i < count; i++) this.#sendOne();
  }

  /** Ends what would keep a final count of replies open. */
  finish(): void {
    if (this.#inMulti) this.#request("EXEC", /^[*_]/, this.#multiIncrements.join(" "));
    this.#inMulti = false;
    this.#off = false;
    this.#silent = 0;
    this.#request("CLIENT REPLY ON", /^\+OK$/, "");
    this.#request("UNWATCH", /^\+OK$/, "");
  }

  /** Compares what arrived with what was asked for. Returns what is wrong, or null. */
  check(): string | null {
    const { replies } = this.client;
    for (; this.#checked < replies.length; this.#checked++) {
      const expected = this.#expected[this.#checked];
      const reply = replies[this.#checked]!;
      if (expected === undefined) return `a reply to nothing: ${reply}`;
      const unknown = reply.startsWith("-INDETERMINATE");
      if (!expected.shape.test(reply) && !NOT_DONE.test(reply) && !unknown) {
        this.#checked = replies.length;
        return `reply ${this.#checked} to ${expected.request}: ${reply}`;
      }
      if (expected.counter !== "") this.#count(expected.counter, reply, unknown);
    }
    return null;
  }

  get outstanding(): number {
    return this.#expected.length - this.client.replies.length;
  }

  /** The connection is cut: whatever is outstanding may have happened. */
  close(): void {
    this.client.session.close();
    for (const { counter } of this.#expected.slice(this.client.replies.length)) {
      if (counter !== "") this.#count(counter, "", true);
    }
  }

  #count(counters: string, reply: string, unknown: boolean): void {
    for (const counter of counters.split(" ")) {
      const bounds = this.#counters.get(counter) ?? { acknowledged: 0, unknown: 0 };
      if (unknown) bounds.unknown += 1;
      else if (!/^(-|\*-1|_)/.test(reply)) bounds.acknowledged += 1;
      this.#counters.set(counter, bounds);
    }
  }

  #sendOne(): void {
    const dice = Math.floor(this.#random() * 24);
    const key = `k${Math.floor(this.#random() * 5)}`;
    const nil = this.#protocol === 3 ? "_" : "\\$-1";
    if (this.#inMulti && dice < 6) {
      this.#request("EXEC", /^(\*-1$|_$|\*\d)/, this.#multiIncrements.join(" "));
      this.#inMulti = false;
    } else if (dice < 3) this.#increment(this.#counter());
    else if (dice < 7) this.#request(`GET ${key}`, new RegExp(`^(${nil}$|\\$\\d)`), "");
    else if (dice < 9) this.#request(`SET ${key} v${this.#tag++}`, /^\+OK$/, "");
    else if (dice === 9) this.#request(`SET ${key} v PX ${5 + this.#tag++}`, /^\+OK$/, "");
    else if (dice === 10) this.#request(`SET ${key} v NX`, new RegExp(`^(\\+OK|${nil})$`), "");
    else if (dice === 11) this.#request(`DEL ${key} k9`, /^:[012]$/, "");
    else if (dice === 12) this.#request(`RENAME ${key} k9`, /^(\+OK|-ERR no such key)/, "");
    else if (dice === 13) this.#request("DBSIZE", /^:\d+$/, "");
    else if (dice < 17) this.#echo();
    else if (!this.#inMulti) this.#control(dice);
  }

  /** Each connection has counters of its own: what it was told bounds their values closely. */
  #counter(): string {
    return `n${this.node.id}:${this.client.session.id}:${Math.floor(this.#random() * 4)}`;
  }

  #echo(): void {
    const tag = `tag${this.client.session.id}x${this.#tag++}`;
    this.#request(`ECHO ${tag}`, new RegExp(`^\\$\\d+ ${tag}$`), "");
  }

  #increment(counter: string): void {
    this.#request(`INCR ${counter}`, /^:\d+$/, this.#inMulti ? "" : counter);
    if (this.#inMulti) this.#multiIncrements.push(counter);
  }

  #control(dice: number): void {
    if (dice < 19) {
      this.#request("MULTI", /^\+OK$/, "");
      this.#inMulti = true;
      this.#multiIncrements = [];
    } else if (dice === 19) {
      const key = `k${Math.floor(this.#random() * 5)}`;
      this.#request(`WATCH ${key} ${this.#counter()}`, /^\+OK$/, "");
    } else if (dice === 20) {
      this.#protocol = this.#protocol === 2 ? 3 : 2;
      this.#request(`HELLO ${this.#protocol}`, this.#protocol === 3 ? /^%1 / : /^\*2 /, "");
    } else if (dice === 21) {
      this.#request(this.#random() < 0.5 ? "READONLY" : "READWRITE", /^\+OK$/, "");
    } else if (dice === 22) {
      this.#off = this.#random() < 0.2;
      this.#silent = 0;
      this.#request(`CLIENT REPLY ${this.#off ? "OFF" : "ON"}`, /^\+OK$/, "");
    } else if (this.#random() < 0.5 && !this.#off) {
      this.#silent = 2;
      this.#request("CLIENT REPLY SKIP", /^$/, "");
    } else this.#request("WAIT 1 5", /^:\d$/, "");
  }

  #request(request: string, shape: RegExp, counter: string): void {
    this.client.send(request);
    const silent = this.#off || this.#silent > 0;
    if (this.#silent > 0) this.#silent -= 1;
    if (silent) {
      // Nobody is told: it may have happened.
      if (counter !== "") this.#count(counter, "", true);
      return;
    }
    const queued = this.#inMulti && request !== "EXEC" && request !== "MULTI";
    this.#expected.push({ request, shape: queued ? /^\+QUEUED$/ : shape, counter });
  }
}
