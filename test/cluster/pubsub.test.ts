/**
 * Hearing a message proves its writes: MULTI, two writes, PUBLISH, EXEC on the leader, subscribers on every node,
 * leaders killed meanwhile.
 */

import { afterAll, beforeAll, expect, test } from "vitest";
import { RespError } from "../support/resp-reader.js";
import type { RawClient } from "./support/raw-client.js";
import type { ServerProcess } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";
import { pause, until } from "./support/until.js";

const kills = 5;
const publishersCount = 6;
/** Messages heard by followers between two kills. */
const heardBetween = 150;

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(() => cluster?.stop());

/** Every message is sent once, with writes to keys nobody else writes to. */
class Publishers {
  readonly acknowledged: string[] = [];
  readonly #running: Promise<void>[] = [];
  #next = 1;
  #stopping = false;

  constructor(count: number) {
    for (let i = 0; i < count; i++) this.#running.push(this.#publish());
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  async #publish(): Promise<void> {
    while (!this.#stopping) {
      const leader = await cluster.leader();
      const client = await leader.connect().catch(() => null);
      if (client === null) continue;
      // Whatever goes wrong, the next round asks who leads.
      await this.#publishTo(client).catch(() => pause(10));
      await client.end();
    }
  }

  async #publishTo(client: RawClient): Promise<void> {
    while (!this.#stopping) {
      const id = String(this.#next++);
      const replies = await client.pipeline([
        ["MULTI"],
        ["SET", `before:${id}`, id],
        ["PUBLISH", "news", id],
        ["SET", `behind:${id}`, id],
        ["EXEC"],
      ]);
      if (replies.at(-1) instanceof RespError) return;
      this.acknowledged.push(id);
    }
  }
}

/** Listens to one node, again when its connection is lost. */
class Subscriber {
  readonly heard: string[] = [];
  readonly #node: ServerProcess;
  readonly #running: Promise<void>;
  #client: RawClient | null = null;
  #stopping = false;

  constructor(node: ServerProcess) {
    this.#node = node;
    this.#running = this.#listen();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#client?.end();
    await this.#running;
  }

  async #listen(): Promise<void> {
    while (!this.#stopping) {
      this.#client = await this.#node.connect().catch(() => null);
      if (this.#client === null) await pause(20);
      else await this.#hear(this.#client).catch(() => {});
    }
  }

  async #hear(client: RawClient): Promise<void> {
    client.write("SUBSCRIBE news\r\n");
    for (;;) {
      const reply = await client.next();
      if (Array.isArray(reply) && reply[0] === "message") this.heard.push(String(reply[2]));
    }
  }
}

/** Ids whose writes are not both on the node, read from its own state. */
function missingOn(node: ServerProcess, ids: readonly string[]): Promise<string[]> {
  return node.withClient(async (client) => {
    await client.send("READONLY");
    const missing: string[] = [];
    for (let at = 0; at < ids.length; at += 500) {
      const page = ids.slice(at, at + 500);
      const replies = await client.pipeline(
        page.flatMap((id) => [
          ["GET", `before:${id}`],
          ["GET", `behind:${id}`],
        ]),
      );
      for (const [i, id] of page.entries()) {
        if (replies[2 * i] !== id || replies[2 * i + 1] !== id) missing.push(id);
      }
    }
    return missing;
  });
}

test("trap-53 every message that was heard on any node is a write that survived its leader", async () => {
  const subscribers = cluster.nodes.map((node) => new Subscriber(node));
  const publishers = new Publishers(publishersCount);
  const heardCount = () => subscribers.reduce((sum, { heard }) => sum + heard.length, 0);
  try {
    for (let round = 0; round < kills; round++) {
      const leader = await cluster.settled();
      const enough = heardCount() + 2 * heardBetween;
      await until("messages are heard", () => heardCount() >= enough);
      await leader.signal("SIGKILL");
      leader.start();
    }
    await cluster.settled();
  } finally {
    await publishers.stop();
    await cluster.settled();
    await Promise.all(subscribers.map((subscriber) => subscriber.stop()));
  }
  await cluster.equalDigests();

  const everywhere = new Set(subscribers.flatMap(({ heard }) => heard));
  for (const node of cluster.nodes) {
    expect(await missingOn(node, [...everywhere]), `node ${node.id}: heard, lost`).toEqual([]);
    expect(await missingOn(node, publishers.acknowledged), `node ${node.id}: lost`).toEqual([]);
  }
  // trap-40: the check finds what is missing.
  expect(await missingOn(cluster.nodes[0]!, ["0"])).toEqual(["0"]);

  for (const [at, { heard }] of subscribers.entries()) {
    expect(heard.length).toBeGreaterThan(heardBetween);
    expect(new Set(heard).size, "heard once").toBe(heard.length);
    for (const other of subscribers.slice(at + 1)) {
      const [mine, theirs] = [new Set(heard), new Set(other.heard)];
      const common = heard.filter((id) => theirs.has(id));
      expect(common, "one order on all nodes").toEqual(other.heard.filter((id) => mine.has(id)));
    }
  }
  console.log(
    `pub/sub: ${kills} leaders killed, ${publishers.acknowledged.length} acknowledged, ` +
      `${everywhere.size} heard, on each node ${subscribers.map(({ heard }) => heard.length)}`,
  );
  expect(cluster.errorLines()).toEqual([]);
});
