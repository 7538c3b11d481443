/**
 * The same steps on several connections to a redis-server and to a node: what each connection is told must be
 * equal in order, byte for byte or by a rule, and so must the datasets. A step is done on both sides before the
 * next one begins, so that clients wait, and are served, in the same order.
 *
 *   step -> ours: sent, settled          a connection that waits for a key is sent nothing: the step is left out
 *        -> theirs: sent, then a PING elsewhere is answered, and as much here as on our side
 *   end  -> CLIENT UNBLOCK of all, then what remains is scanned and dumped on both sides
 */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { agreement, execAgreement, isError } from "./agreement.js";
import { fail, type Mismatch, show } from "./compare.js";
import type { RedisConnection } from "./redis-connection.js";
import { RedisServer, redisVersion } from "./redis-server.js";
import { SeededRandom } from "./seeded-random.js";
import { type Family, replayOf, report, seedsOf } from "./shares.js";
import { shrink } from "./shrink.js";
import { compareWhatRemains } from "./what-remains.js";
import { WholeNode, type WholeNodeClient } from "./whole-node.js";

export interface Step {
  readonly connection: number;
  /** Sent in one write. */
  readonly requests: readonly Buffer[][];
}

export interface StepSource {
  next(): Step;
}

export interface ConnectionsComparison {
  readonly family: Family;
  readonly connections: number;
  /** Requests; the last step may go beyond. */
  readonly sequenceLength: number;
  readonly source: (random: SeededRandom) => StepSource;
  /** Those that are looked at when a sequence ends. */
  readonly keys: readonly string[];
  /** Of all commands, how many ended another client's wait at least (trap-40: nobody served is equal, too). */
  readonly servedShare?: number;
}

type Rules = Record<string, number>;

/** Both sides of one connection. */
interface Pair {
  readonly ours: WholeNodeClient;
  readonly theirs: RedisConnection;
  /** Replies of theirs before the first step. */
  readonly greeted: number;
  /** What was sent, with the step it stood in. */
  readonly sent: { readonly argv: readonly Buffer[]; readonly step: number }[];
}

export function compareConnections(comparison: ConnectionsComparison): void {
  const { family, connections, sequenceLength, source } = comparison;
  describe.skipIf(redisVersion() === null)(
    `${family} like redis-server (skipped without it)`,
    () => {
      let redis: RedisServer;

      beforeAll(async () => {
        redis = await RedisServer.start();
        await redis.call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
      });

      afterAll(async () => {
        await redis.stop();
      });

      for (const protocol of [2, 3] as const) {
        test(`generated sequences, RESP${protocol}`, async () => {
          const seeds = seedsOf(family, sequenceLength);
          const rules: Rules = {};
          let commands = 0;
          let served = 0;
          for (const seed of seeds) {
            const random = new SeededRandom(seed);
            const generator = source(random);
            const steps: Step[] = [];
            for (let length = 0; length < sequenceLength; length += steps.at(-1)!.requests.length) {
              steps.push(generator.next());
            }
            const run = async (part: readonly Step[], counted: Rules) => {
              const sequence = new Sequence(comparison, redis, protocol, counted);
              const mismatch = await sequence.run(part, connections, seed);
              commands += sequence.commands;
              served += sequence.served;
              return mismatch;
            };
            const mismatch = await run(steps, rules);
            if (mismatch === null) continue;
            const shortest = await shrink(await singly(steps, run), mismatch, (part) =>
              run(part, {}),
            );
            const lines = shortest.items.map(
              ({ connection, requests }) => `${connection}: ${requests.map(show).join("; ")}`,
            );
            fail(lines, shortest.failure, replayOf(family, seed), protocol);
          }
          const sequences = seeds.length;
          expect(served).toBeGreaterThanOrEqual(commands * (comparison.servedShare ?? 0));
          report({ family, protocol, commands, sequences, digests: sequences, rules });
        });
      }
    },
  );
}

/** Each request a step of its own, if that makes no difference: then each can be left out. */
async function singly(
  steps: readonly Step[],
  run: (steps: readonly Step[], rules: Rules) => Promise<Mismatch | null>,
): Promise<readonly Step[]> {
  const single = steps.flatMap(({ connection, requests }) =>
    requests.map((argv) => ({ connection, requests: [argv] })),
  );
  return (await run(single, {})) === null ? steps : single;
}

class Sequence {
  /** As many as were sent. */
  commands = 0;
  /** Waits that another client's step ended. */
  served = 0;
  readonly #comparison: ConnectionsComparison;
  readonly #redis: RedisServer;
  readonly #protocol: 2 | 3;
  readonly #rules: Rules;

  constructor(
    comparison: ConnectionsComparison,
    redis: RedisServer,
    protocol: 2 | 3,
    rules: Rules,
  ) {
    this.#comparison = comparison;
    this.#redis = redis;
    this.#protocol = protocol;
    this.#rules = rules;
  }

  async run(steps: readonly Step[], connections: number, seed: number): Promise<Mismatch | null> {
    const random = new SeededRandom(seed);
    const node = new WholeNode(random.next);
    await this.#redis.call("FLUSHALL");
    const pairs: Pair[] = [];
    for (let i = 0; i < connections; i++) {
      const theirs = await this.#redis.connect();
      if (this.#protocol === 3) await theirs.call("HELLO", "3");
      const greeted = theirs.replyCount;
      pairs.push({ ours: node.connect(this.#protocol), theirs, greeted, sent: [] });
    }
    try {
      for (const [at, step] of steps.entries()) await this.#step(node, pairs, step, at);
      await this.#release(node, pairs, random);
      const { keys } = this.#comparison;
      return this.#compare(pairs) ?? (await compareWhatRemains(node, this.#redis, keys, random));
    } finally {
      for (const { theirs } of pairs) theirs.end();
    }
  }

  async #step(node: WholeNode, pairs: readonly Pair[], { connection, requests }: Step, at: number) {
    const pair = pairs[connection]!;
    if (pair.ours.isBlocked) return;
    const waiting = pairs.filter(({ ours }) => ours.isBlocked);
    for (const argv of requests) {
      pair.sent.push({ argv, step: at });
      pair.ours.send(withIds(argv, (client) => pairs[client]!.ours.session.id));
    }
    this.commands += requests.length;
    node.settle();
    this.served += waiting.filter(({ ours }) => !ours.isBlocked).length;
    pair.theirs.send(
      ...requests.map((argv) => withIds(argv, (client) => pairs[client]!.theirs.id)),
    );
    await this.#answered(pair);
  }

  /**
   * A server reads a connection in pieces: a PING elsewhere may be answered before the end of a long pipeline is
   * read, and then the next connection's step would run in its middle. So it is asked again until as much is answered
   * as we answered. What it never answers is a difference, and shows as one.
   */
  async #answered({ ours, theirs, greeted }: Pair): Promise<void> {
    const replyCount = greeted + ours.replyCount;
    for (let asked = 0; asked < ASKED_MAX; asked++) {
      await this.#redis.call("PING");
      if (theirs.replyCount >= replyCount) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Nobody waits any more, and no MULTI is open. */
  async #release(node: WholeNode, pairs: readonly Pair[], random: SeededRandom): Promise<void> {
    const control = node.connect(2);
    // Again: who is released may wait once more, for what was sent behind.
    for (const { ours, theirs } of [...pairs, ...pairs, ...pairs]) {
      const reason = random.pick([[], ["TIMEOUT"], ["error"]]);
      await this.#redis.call("CLIENT", "UNBLOCK", String(theirs.id), ...reason);
      const request = ["CLIENT", "UNBLOCK", String(ours.session.id), ...reason];
      control.send(request.map((word) => Buffer.from(word)));
      node.settle();
    }
    // What a PING elsewhere says is written is here a round of this event loop later.
    await this.#redis.call("PING");
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** The one that comes first in the sequence. */
  #compare(pairs: readonly Pair[]): Mismatch | null {
    let first: (Mismatch & { readonly step: number }) | null = null;
    for (const [i, { ours, theirs, sent }] of pairs.entries()) {
      const [mine, other] = [ours.take(), theirs.take()];
      let queued: (readonly Buffer[])[] = [];
      for (const [at, { argv, step }] of sent.entries()) {
        const [a, b] = [mine[at] ?? NOTHING, other[at] ?? NOTHING];
        const name = argv[0]!.toString("latin1").toUpperCase();
        if (!a.equals(b)) {
          const rule = name === "EXEC" ? execAgreement(queued, a, b) : agreement(argv, a, b);
          if (rule !== null) this.#rules[rule] = (this.#rules[rule] ?? 0) + 1;
          else if (first === null || step < first.step) {
            const where = `what connection ${i} is told on ${show(argv)}`;
            first = { where, ours: show([a]), theirs: show([b]), step };
          }
        }
        // A nested one is refused, and nothing is forgotten.
        if (name === "MULTI" && !isError(a)) queued = [];
        else if (a.equals(QUEUED)) queued.push(argv);
      }
    }
    return first;
  }
}

/** PINGs until what is not answered yet never will be: far beyond what a pipeline of a megabyte takes. */
const ASKED_MAX = 2000;

const NOTHING = Buffer.from("(nothing)");
const QUEUED = Buffer.from("+QUEUED\r\n");

/** `@client:N` stands for the id of a connection, which each side gives for itself. */
function withIds(argv: readonly Buffer[], idOf: (client: number) => number): Buffer[] {
  return argv.map((argument) => {
    const client = /^@client:(\d+)$/.exec(argument.toString("latin1", 0, 20))?.[1];
    return client === undefined ? argument : Buffer.from(String(idOf(Number(client))));
  });
}
