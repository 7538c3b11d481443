/**
 * Clients that read back what they wrote while nodes are damaged: one writer a key, so that a read on the leader
 * has one right answer, the last acknowledged value or one whose outcome is unknown. Anything else is a wrong answer,
 * told with all that happened to the key. Nothing is ever sent twice.
 */

import { RawClient } from "../cluster/support/raw-client.js";
import { pause } from "../cluster/support/until.js";
import { type Reply, RespError } from "../support/resp-reader.js";

/** Milliseconds after a failure. */
const AFTER_FAILURE_MS = 20;
/** Milliseconds between two writes of a client: the nodes are to be damaged, not loaded. */
const BETWEEN_WRITES_MS = 4;
/** Keys of one writer: most are old when they are read. */
const KEYS_EACH = 64;
/** Events of a key that are kept to be told. */
const EVENTS_KEPT = 24;
/** Error replies that say that nothing was done (docs: errors). */
const NOT_DONE = ["MOVED", "CLUSTERDOWN", "LOADING", "READONLY"];

interface Owned {
  readonly key: string;
  /** That may be there now: the last acknowledged one, and those of unknown outcome since. */
  possible: (string | null)[];
  readonly events: string[];
}

type Outcome = { readonly reply: Reply } | { readonly error: string; readonly isDone: boolean };

export class ReadBack {
  acknowledged = 0;
  reads = 0;
  readonly wrong: string[] = [];
  readonly #ports: readonly number[];
  readonly #prefix: string;
  readonly #owned: Owned[] = [];
  readonly #running: Promise<void>[];
  readonly #begunMs = performance.now();
  #stopping = false;

  /** `prefix` of every key: no two share any. */
  constructor(ports: readonly number[], writers: number, prefix: string) {
    this.#ports = ports;
    this.#prefix = prefix;
    this.#running = Array.from({ length: writers }, (_, writer) => this.#run(writer));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  /** Every key once more, when all has calmed down. */
  async checkAll(): Promise<void> {
    const route = new Route(this.#ports);
    for (const owned of this.#owned) await this.#read(route, owned);
    await route.end();
  }

  async #run(writer: number): Promise<void> {
    const own = Array.from({ length: KEYS_EACH }, (_, at): Owned => {
      return { key: `${this.#prefix}own:${writer}:${at}`, possible: [null], events: [] };
    });
    this.#owned.push(...own);
    const route = new Route(this.#ports);
    for (let round = 0; !this.#stopping; round++) {
      const written = own[round % KEYS_EACH]!;
      await this.#write(route, written, `${written.key}#${round}`);
      await this.#read(route, own[(round * 7) % KEYS_EACH]!);
      await pause(BETWEEN_WRITES_MS);
    }
    await route.end();
  }

  async #write(route: Route, owned: Owned, value: string): Promise<void> {
    owned.possible.push(value);
    const outcome = await route.send(["SET", owned.key, value]);
    if ("reply" in outcome) {
      owned.possible = [value];
      this.acknowledged += 1;
    } else if (!outcome.isDone) {
      owned.possible = owned.possible.filter((each) => each !== value);
    }
    this.#note(owned, route, `SET ${value}`, outcome);
  }

  async #read(route: Route, owned: Owned): Promise<void> {
    const outcome = await route.send(["GET", owned.key]);
    this.#note(owned, route, "GET", outcome);
    if (!("reply" in outcome)) return;
    this.reads += 1;
    const { reply } = outcome;
    if (owned.possible.some((each) => each === reply)) return;
    const right = owned.possible.join("', '");
    this.wrong.push(
      `${owned.key} is '${String(reply)}', not '${right}':\n${owned.events.join("\n")}`,
    );
  }

  #note({ events }: Owned, { port }: Route, what: string, outcome: Outcome): void {
    const seconds = ((performance.now() - this.#begunMs) / 1000).toFixed(3);
    const told = "reply" in outcome ? String(outcome.reply) : outcome.error;
    events.push(`  ${seconds} s, port ${port}: ${what} -> ${told}`);
    if (events.length > EVENTS_KEPT) events.shift();
  }
}

/** One connection to whoever leads, as far as is known. */
class Route {
  /** Of the node that was asked last. */
  port: number;
  readonly #ports: readonly number[];
  #client: RawClient | null = null;

  constructor(ports: readonly number[]) {
    this.#ports = ports;
    this.port = ports[0]!;
  }

  /** Redirected at most once a node; a refusal that says so was not done. */
  async send(command: readonly string[]): Promise<Outcome> {
    for (let hops = 0; ; hops++) {
      let isSent = false;
      try {
        this.#client ??= await RawClient.connect(this.port);
        isSent = true;
        const reply = await this.#client.send(...command);
        if (!(reply instanceof RespError)) return { reply };
        const moved = /^MOVED \d+ .*:(\d+)$/.exec(reply.text);
        if (moved !== null && hops < this.#ports.length) {
          await this.#goTo(Number(moved[1]));
          continue;
        }
        await pause(AFTER_FAILURE_MS);
        return { error: reply.text, isDone: !NOT_DONE.some((word) => reply.text.startsWith(word)) };
      } catch (error) {
        const next = (this.#ports.indexOf(this.port) + 1) % this.#ports.length;
        await this.#goTo(this.#ports[next]!);
        await pause(AFTER_FAILURE_MS);
        return { error: String(error), isDone: isSent };
      }
    }
  }

  async end(): Promise<void> {
    await this.#client?.end();
    this.#client = null;
  }

  async #goTo(port: number): Promise<void> {
    await this.end();
    this.port = port;
  }
}
