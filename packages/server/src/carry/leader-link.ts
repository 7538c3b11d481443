/**
 * A connection to whoever leads. When it breaks, or its node says that it leads no more, the next one is looked
 * for among all nodes that were ever named. What was under way on the old one is the caller's to send again.
 */

import { setTimeout as pause } from "node:timers/promises";
import { formatAddress } from "../gateway/address.js";
import { leaderPatienceMs, leaderPollMs } from "./constants.js";
import { CarryError } from "./errors.js";
import { type Credentials, Pipe } from "./pipe.js";
import { type BinaryReply, Refusal } from "./reply-stream.js";

export type Answer = Exclude<BinaryReply, Refusal>;

/** The leader has changed, or changes: nothing is wrong with the request. */
const askAgain: ReadonlySet<string> = new Set([
  "MOVED",
  "CLUSTERDOWN",
  "TRYAGAIN",
  "LOADING",
  "INDETERMINATE",
  "READONLY",
  "MASTERDOWN",
  "UNBLOCKED",
]);

/** Some of them of a write that may have been done. */
const unknownOutcome: ReadonlySet<string> = new Set(["INDETERMINATE", "UNBLOCKED"]);

export function saysAskAgain({ code }: Refusal): boolean {
  return askAgain.has(code);
}

/** Of a write that is to be said again: nobody knows whether it was done. Else it certainly was not. */
export function mayBeDone({ code }: Refusal): boolean {
  return unknownOutcome.has(code);
}

/** How long one request is said again and again, whoever refuses it. */
export class Patience {
  readonly #untilMs = performance.now() + leaderPatienceMs;

  /** Whoever leads now may not know it yet: waits a moment. Rejects with NO_LEADER when there were enough. */
  async again(): Promise<void> {
    if (performance.now() > this.#untilMs) {
      throw new CarryError("NO_LEADER", "no leader has answered for a long time");
    }
    await pause(leaderPollMs);
  }
}

export class LeaderLink {
  readonly #credentials: Credentials;
  /** Where nodes are known to answer, the one to ask next first. */
  #addresses: string[];
  #pipe: Promise<Pipe> | null = null;
  /** Asked for nothing more; what is under way on them may still be answered. */
  readonly #retired: Pipe[] = [];
  #closed = false;

  constructor(address: string, credentials: Credentials) {
    this.#addresses = [address];
    this.#credentials = credentials;
  }

  /** Rejects with NO_LEADER when none is found in time, or ERROR_REPLY (a password that is refused). */
  pipe(): Promise<Pipe> {
    this.#pipe ??= this.#find().catch((error: unknown) => {
      this.#pipe = null;
      throw error;
    });
    return this.#pipe;
  }

  /**
   * It did not serve: the next `pipe` is another one. Said of an earlier one it means nothing. One that still answers
   * is heard to the end: what it refuses was not done, and of what nobody hears nobody knows.
   */
  async lost(pipe: Pipe, refusal: Refusal | null): Promise<void> {
    const current = await this.#pipe?.catch(() => null);
    const named = /^MOVED \d+ (\S+)$/.exec(refusal?.text ?? "")?.[1];
    if (named !== undefined) this.#learn(named, true);
    if (current !== pipe) return;
    this.#retired.push(pipe);
    pipe.retire();
    this.#pipe = null;
  }

  /** A question that changes nothing: asked again of whoever leads then. Rejects with ERROR_REPLY, NO_LEADER. */
  async ask(argv: readonly (string | Buffer)[]): Promise<Answer> {
    const patience = new Patience();
    for (;;) {
      const pipe = await this.pipe();
      try {
        const reply = await pipe.request(argv);
        if (!(reply instanceof Refusal)) return reply;
        if (!saysAskAgain(reply)) {
          throw new CarryError("ERROR_REPLY", `${String(argv[0])}: ${reply.text}`);
        }
        await this.lost(pipe, reply);
      } catch (error) {
        if (!(error instanceof CarryError) || error.code !== "UNREACHABLE") throw error;
        await this.lost(pipe, null);
      }
      await patience.again();
    }
  }

  close(): void {
    this.#closed = true;
    for (const pipe of this.#retired) pipe.close();
    this.#pipe?.then(
      (pipe) => pipe.close(),
      // Nothing was opened: whoever asked for it has been told.
      () => {},
    );
  }

  async #find(): Promise<Pipe> {
    const deadlineMs = performance.now() + leaderPatienceMs;
    let failure: CarryError | null = null;
    while (!this.#closed) {
      for (const address of [...this.#addresses]) {
        try {
          const pipe = await this.#askedWhetherItLeads(address);
          if (pipe !== null) return pipe;
        } catch (error) {
          if (!(error instanceof CarryError) || error.code !== "UNREACHABLE") throw error;
          failure = error;
        }
      }
      if (performance.now() > deadlineMs) break;
      await pause(leaderPollMs);
    }
    const why = failure === null ? "no node leads" : failure.message;
    throw new CarryError("NO_LEADER", `no leader was found: ${why}`, failure);
  }

  /** null: another one does, or none. */
  async #askedWhetherItLeads(address: string): Promise<Pipe | null> {
    const pipe = await Pipe.open(address, this.#credentials);
    let leads = false;
    try {
      const role = await pipe.request(["ROLE"]);
      if (!Array.isArray(role)) throw notUnderstood(address, role);
      leads = textOf(role[0]) === "master";
      if (leads) {
        for (const known of nodesOf(await pipe.request(["CLUSTER", "SLOTS"]))) {
          this.#learn(known, false);
        }
        this.#learn(address, true);
        return pipe;
      }
      const host = textOf(role[1]);
      if (host !== "" && typeof role[2] === "number") {
        this.#learn(formatAddress(host, role[2]), true);
      }
      return null;
    } finally {
      if (!leads) pipe.close();
    }
  }

  #learn(address: string, first: boolean): void {
    if (!first && this.#addresses.includes(address)) return;
    const others = this.#addresses.filter((each) => each !== address);
    this.#addresses = first ? [address, ...others] : [...others, address];
  }
}

function textOf(reply: BinaryReply | undefined): string {
  return reply instanceof Buffer ? reply.toString("utf8") : "";
}

/** [[first, last, [host, port, ...], ...]] */
function nodesOf(slots: BinaryReply): string[] {
  const nodes: string[] = [];
  for (const range of Array.isArray(slots) ? slots : []) {
    for (const node of Array.isArray(range) ? range.slice(2) : []) {
      if (!Array.isArray(node)) continue;
      const host = textOf(node[0]);
      if (host !== "" && typeof node[1] === "number") nodes.push(formatAddress(host, node[1]));
    }
  }
  return nodes;
}

function notUnderstood(address: string, reply: BinaryReply): CarryError {
  if (reply instanceof Refusal) return new CarryError("ERROR_REPLY", `${address}: ${reply.text}`);
  return new CarryError("NOT_UNDERSTOOD", `${address} does not tell its role as a node does`);
}
