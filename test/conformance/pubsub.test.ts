/**
 * The same to connections of a redis-server and of a node: what each of them is told must be equal byte for
 * byte, order included.
 */

import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encode } from "./support/encode.js";
import { canonical, listenersCount, PubSubSource } from "./support/pubsub-commands.js";
import { freePort, RedisServer, redisVersion } from "./support/redis-server.js";
import { type RedoubtNode, startRedoubt } from "./support/redoubt-node.js";
import { SeededRandom } from "./support/seeded-random.js";
import { commandsOf, firstSeed, report } from "./support/shares.js";

const commandsMin = commandsOf("pub/sub");
const sequenceLength = 150;

/** One connection: everything it was told, in order. */
class Listener {
  readonly #socket: Socket;
  #received = "";
  #wake: (() => void) | null = null;
  #gone = false;

  static async connect(port: number): Promise<Listener> {
    const socket = connect(port, "127.0.0.1");
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new Listener(socket);
  }

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      this.#received += chunk.toString("latin1");
      this.#wake?.();
    });
    socket.on("close", () => {
      this.#gone = true;
      this.#wake?.();
    });
  }

  /** Resolves when a PING behind the requests is answered: they are done then. */
  async say(requests: readonly (readonly string[])[], mark: string): Promise<void> {
    const from = this.#received.length;
    this.#socket.write(Buffer.concat([...requests, ["PING", mark]].map((argv) => encode(argv))));
    while (!this.#gone && this.#received.indexOf(mark, Math.max(0, from - mark.length)) < 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    if (this.#gone) throw new Error("the connection ended");
  }

  /** Waits until `text` was told. */
  async heard(text: string): Promise<void> {
    while (!this.#gone && !this.#received.includes(text)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }

  take(): Buffer {
    const bytes = Buffer.from(this.#received, "latin1");
    this.#received = "";
    return bytes;
  }

  end(): void {
    this.#socket.destroy();
  }
}

describe.skipIf(redisVersion() === null)("pub/sub like redis-server (skipped without it)", () => {
  let node: RedoubtNode;
  let redis: RedisServer;
  let redisPort: number;

  beforeAll(async () => {
    redisPort = await freePort();
    redis = await RedisServer.start("--port", String(redisPort));
    node = await startRedoubt();
  });

  afterAll(async () => {
    await redis?.stop();
    await node?.stop();
  });

  /** Index of each place: a connection of ours and one of theirs. */
  async function pairs(count: number): Promise<(readonly [Listener, Listener])[]> {
    return Promise.all(
      Array.from({ length: count }, () =>
        Promise.all([Listener.connect(node.port), Listener.connect(redisPort)]),
      ),
    );
  }

  for (const protocol of [2, 3] as const) {
    test(`generated sequences, RESP${protocol}`, async () => {
      let heard = 0;
      for (let at = 0; at * sequenceLength < commandsMin / 2; at++) {
        const random = new SeededRandom(firstSeed + 2 * at + protocol);
        const source = new PubSubSource(random);
        const connections = await pairs(listenersCount + 1);
        let marks = 0;
        const said: string[] = [];
        const both = async (place: number, requests: readonly (readonly string[])[]) => {
          marks += 1;
          await Promise.all(connections[place]!.map((one) => one.say(requests, `mark${marks}.`)));
        };
        for (let place = 0; place < connections.length && protocol === 3; place++) {
          await both(place, [["HELLO", "3"]]);
          for (const one of connections[place]!) one.take();
        }
        for (let step = 0; step < sequenceLength; step++) {
          const { connection, requests } = source.next();
          said.push(
            `${connection}: ${requests.map((argv) => argv.join(" ").slice(0, 60)).join("; ")}`,
          );
          await both(connection, requests);
        }
        // A message arrives before the answer to what was asked later.
        for (let place = 0; place < connections.length; place++) await both(place, []);
        for (const [place, [ours, theirs]] of connections.entries()) {
          const [mine, reference] = [canonical(ours.take()), canonical(theirs.take())];
          const seed = firstSeed + 2 * at + protocol;
          heard += mine.filter((frame) => /^[*>][34]\r\n\$\d\r\n[ps]?message/.test(frame)).length;
          expect(mine, `connection ${place}, seed ${seed}:\n${said.join("\n")}`).toEqual(reference);
          ours.end();
          theirs.end();
        }
      }
      // trap-40: silence on both sides would be equal, too.
      expect(heard).toBeGreaterThan(commandsMin / 10);
      const sequences = Math.ceil(commandsMin / 2 / sequenceLength);
      const commands = sequences * sequenceLength;
      report({ family: "pub/sub", protocol, commands, sequences, digests: 0, rules: {} });
    }, 900_000);
  }

  test("CLIENT REPLY silences neither confirmations nor messages", async () => {
    for (const first of [["PING"], ["HELLO", "3"]]) {
      const [[ours, theirs], publishers] = (await pairs(2)) as [
        readonly [Listener, Listener],
        readonly [Listener, Listener],
      ];
      for (const [at, one] of [ours, theirs].entries()) {
        await one.say([first], "mark.");
        one.take();
        one
          .say(
            [
              ["CLIENT", "REPLY", "OFF"],
              ["SUBSCRIBE", "a", "b"],
              ["PING", "x"],
            ],
            "never",
          )
          .catch(() => {});
        await one.heard("$1\r\nb\r\n:2\r\n");
        await publishers[at]!.say([["PUBLISH", "a", "heard"]], "mark.");
        await one.heard("heard\r\n");
      }
      expect(ours.take().toString("latin1")).toBe(theirs.take().toString("latin1"));
      for (const one of [ours, theirs, ...publishers]) one.end();
    }
  });

  test("EXEC begins and ends subscriptions like any command", async () => {
    for (const first of [["PING"], ["HELLO", "3"]]) {
      const [[ours, theirs]] = (await pairs(1)) as [readonly [Listener, Listener]];
      for (const one of [ours, theirs]) {
        await one.say([first], "mark.");
        one.take();
        const requests = [
          ["MULTI"],
          ["SUBSCRIBE", "a", "b"],
          ["SSUBSCRIBE", "c"],
          ["PSUBSCRIBE", "a*"],
          ["PING"],
          ["PING", "x"],
          ["UNSUBSCRIBE", "b"],
          ["PUBSUB", "CHANNELS"],
          ["PUBSUB", "NUMPAT"],
          ["EXEC"],
          ["GET", "k"],
          ["EXEC"],
        ];
        await one.say(requests, "mark.");
      }
      expect(ours.take().toString("latin1")).toBe(theirs.take().toString("latin1"));
      for (const one of [ours, theirs]) one.end();
    }
  });
});
