/**
 * A client of the cluster: one connection at a time, one operation at a time, no retries. Every operation is written
 * to the history with what became of it. What a real client would hide, a redirect or a refused connection, is an
 * operation that failed; the next one goes to the better place.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterNode } from "../cluster/cluster.js";
import { NO_ROUTE, NOT_CONNECTED } from "../history/error-semantics.js";
import type { Json } from "../history/event.js";
import type { ProcessRecorder, Recorder } from "../history/recorder.js";
import type { Random } from "../random.js";
import { type Reply, RespClient } from "../resp/resp-client.js";
import { BACKOFF_MS, CONNECT_TIMEOUT_MS, OPERATION_TIMEOUT_MS, WAIT_MS } from "../run/constants.js";
import { type Acknowledgement, Link, NotDone } from "./link.js";
import type { Router } from "./router.js";

export interface Asked {
  readonly op: string;
  readonly key: string | null;
  readonly value: Json;
  readonly isWrite: boolean;
}

export interface ClientOptions {
  readonly recorder: Recorder;
  readonly router: Router;
  readonly acknowledgement: Acknowledgement | null;
  readonly random: Random;
  /** Said on each new connection, unrecorded; refusals are ignored (a server without cluster mode knows no READONLY). */
  readonly greetings?: readonly (readonly string[])[];
  /** Hears each error that the table does not list. */
  readonly onUnlisted: (error: string) => void;
  /** Hears messages; each new connection is then another process. */
  readonly onUnclaimed?: (reply: Reply) => void;
}

/** What became of an operation. */
export type Completion =
  | { readonly outcome: "ok"; readonly value: Json }
  | { readonly outcome: "fail" | "info"; readonly error: string };

/** Answers that say: this is not the place. The connection is given up. */
const LEAVE = ["READONLY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "TRYAGAIN", "INDETERMINATE"];
const REDIRECTION = /(?:^|EXECABORT )(MOVED .*)$/;

export class Client {
  readonly random: Random;
  readonly #options: ClientOptions;
  readonly #process: ProcessRecorder;
  #connection: RespClient | null = null;
  /** Of the connection, or where the next one goes. */
  #node: ClusterNode | null = null;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.random = options.random;
    this.#process = options.recorder.process();
  }

  /** Of the open or last connection. */
  get node(): ClusterNode | null {
    return this.#node;
  }

  /** `act` answers with the value of `ok`, or throws NotDone. */
  async operate(asked: Asked, act: (link: Link) => Promise<Json>): Promise<Completion> {
    const { op, key, value, isWrite } = asked;
    this.#node ??= await this.#options.router.choose(null);
    this.#process.invoke({ op, key, value, node: this.#node?.id ?? 0 });
    try {
      const link = await this.#link(isWrite);
      const answer = await act(link);
      this.#process.ok(answer);
      return { outcome: "ok", value: answer };
    } catch (error) {
      if (!(error instanceof NotDone)) {
        // The harness's own mistake: what was asked may have been done.
        this.#process.failed("info", `harness ${String(error)}`);
        throw error;
      }
      if (!error.isListed) this.#options.onUnlisted(error.message);
      this.#process.failed(error.outcome, error.message);
      await this.#goOn(error.message);
      return { outcome: error.outcome, error: error.message };
    }
  }

  /** Something that came unasked, at once `ok`: a message. */
  heard(op: string, key: string, value: Json): void {
    this.#process.invoke({ op, key, value, node: this.#node?.id ?? 0 });
    this.#process.ok(value);
  }

  /** Unrecorded. Connects where there is no connection; false: nobody was there. */
  async connected(): Promise<boolean> {
    try {
      this.#node ??= await this.#options.router.choose(null);
      await this.#link(false);
      return true;
    } catch (error) {
      if (!(error instanceof NotDone)) throw error;
      await this.#goOn(error.message);
      return false;
    }
  }

  /** Lets the connection go; the next operation asks the router anew. */
  leave(): void {
    this.#connection?.close();
    this.#connection = null;
    this.#node = null;
  }

  /** As a client that starts anew: it does not know who leads. */
  roam(): void {
    this.leave();
    this.#options.router.forget();
  }

  async #link(isWrite: boolean): Promise<Link> {
    const { acknowledgement } = this.#options;
    if (this.#node === null) throw new NotDone(`${NO_ROUTE} nobody leads`, isWrite);
    if (this.#connection === null || this.#connection.isClosed) {
      this.#connection = await this.#connect(this.#node, isWrite);
    }
    return new Link(this.#connection, acknowledgement, WAIT_MS);
  }

  async #connect({ host, port }: ClusterNode, isWrite: boolean): Promise<RespClient> {
    const { greetings = [], onUnclaimed } = this.#options;
    let connection: RespClient;
    try {
      connection = await connectWithin({ host, port });
    } catch (error) {
      throw new NotDone(`${NOT_CONNECTED} ${(error as Error).message}`, isWrite);
    }
    try {
      for (const greeting of greetings) await connection.send(...greeting);
    } catch (error) {
      connection.close();
      throw new NotDone(`${NOT_CONNECTED} ${(error as Error).message}`, isWrite);
    }
    if (onUnclaimed !== undefined) {
      this.#process.renew();
      connection.onUnclaimed = onUnclaimed;
    }
    return connection;
  }

  /** Where the next operation goes, and when. */
  async #goOn(error: string): Promise<void> {
    const redirection = REDIRECTION.exec(error)?.[1];
    const named = redirection === undefined ? null : this.#options.router.moved(redirection);
    if (named !== null) {
      if (named !== this.#node) this.leave();
      this.#node = named;
      return;
    }
    const isLost = this.#connection === null || this.#connection.isClosed;
    if (isLost || LEAVE.some((word) => error.startsWith(word)) || redirection !== undefined) {
      const left = this.#node;
      this.leave();
      this.#node = await this.#options.router.choose(left);
    }
    const { min, max } = BACKOFF_MS;
    await sleep(min + this.random.below(max - min));
  }
}

/** A connection attempt has less time than an operation on an open connection. */
async function connectWithin(address: { host: string; port: number }): Promise<RespClient> {
  const connecting = RespClient.connect({ ...address, timeoutMs: OPERATION_TIMEOUT_MS });
  const late = new AbortController();
  const tooLate = sleep(CONNECT_TIMEOUT_MS, null, { signal: late.signal }).catch(() => null);
  const first = await Promise.race([connecting, tooLate]);
  late.abort();
  if (first !== null) return first;
  connecting.then(
    (connection) => connection.close(),
    () => {},
  );
  throw new Error(`${address.host}:${address.port}: no connection in ${CONNECT_TIMEOUT_MS} ms`);
}
