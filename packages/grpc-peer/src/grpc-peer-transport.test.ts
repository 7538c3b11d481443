import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { MessageType } from "@redoubt/raft";
import { afterEach, describe, expect, test } from "vitest";
import {
  addresses,
  append,
  heartbeat,
  startCluster,
  startNode,
  stopAll,
  type TestNode,
  until,
  warnings,
} from "../testing/nodes.js";
import { PeerTransportError } from "./errors.js";

const running: TestNode[] = [];

afterEach(async () => {
  await stopAll(running.splice(0));
});

async function cluster(...parameters: Parameters<typeof startCluster>): Promise<TestNode[]> {
  const nodes = await startCluster(...parameters);
  running.push(...nodes);
  return nodes;
}

describe("delivery", () => {
  test("every kind of message arrives as it was sent, in both directions", async () => {
    const [one, two] = (await cluster(2)) as [TestNode, TestNode];
    for (const [sender, receiver] of [
      [one, two],
      [two, one],
    ] as const) {
      const ends = { from: sender.id, to: receiver.id, term: 9, incarnation: 1, toIncarnation: 0 };
      const messages = [
        { ...ends, type: MessageType.preVote, lastIndex: 4, lastTerm: 2, transfer: false },
        { ...ends, type: MessageType.vote, lastIndex: 2 ** 53 - 1, lastTerm: 9, transfer: true },
        { ...ends, type: MessageType.preVoteResponse, granted: true },
        { ...ends, type: MessageType.voteResponse, granted: false },
        {
          ...ends,
          type: MessageType.appendResponse,
          index: 5,
          rejected: true,
          hintIndex: 3,
          hintTerm: 1,
        },
        { ...ends, type: MessageType.heartbeat, commit: 2 ** 40, readRound: 12 },
        { ...ends, type: MessageType.heartbeatResponse, readRound: 0 },
      ] as const;
      for (const message of messages) {
        sender.transport.send(message);
      }
      await until(() => receiver.received.length === messages.length);
      expect(receiver.received).toEqual(messages);
    }
  });

  test("three nodes reach each other over one connection per pair", async () => {
    const nodes = await cluster(3);
    for (const node of nodes) {
      for (const other of nodes) {
        if (node !== other) {
          node.transport.send(heartbeat(node.id, other.id, node.id));
        }
      }
    }
    await until(() => nodes.every((node) => node.received.length === 2));
    const accepted = nodes.map((node) => node.transport.status().connections);
    expect(accepted).toEqual([2, 1, 0]);
  });

  test("announcements are told to both ends when the link is up", async () => {
    const [one, two] = (await cluster(2)) as [TestNode, TestNode];
    expect(one.announced).toEqual([[2, "node 2"]]);
    expect(two.announced).toEqual([[1, "node 1"]]);
  });

  test("order is kept on each stream, over many ticks and sizes", async () => {
    const [one, two] = (await cluster(2)) as [TestNode, TestNode];
    const count = 600;
    for (let round = 1; round <= count; round += 1) {
      const payload = Buffer.alloc((round * 7919) % 40_000, round);
      one.transport.send(append(1, 2, round, [payload]));
      one.transport.send(heartbeat(1, 2, round));
      if (round % 20 === 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    await until(() => two.received.length === 2 * count);
    const appends = two.received.filter((message) => message.type === MessageType.append);
    const rounds = two.received.filter((message) => message.type === MessageType.heartbeat);
    const expected = Array.from({ length: count }, (_, offset) => offset + 1);
    expect(appends.map((message) => message.prevIndex)).toEqual(expected);
    expect(rounds.map((message) => message.readRound)).toEqual(expected);
    expect(one.unreachable).toEqual([]);
  });

  test("a message larger than a frame arrives whole, between smaller ones, in both directions", async () => {
    const [one, two] = (await cluster(2)) as [TestNode, TestNode];
    const large = randomBytes(3_000_001);
    for (const [sender, receiver] of [
      [one, two],
      [two, one],
    ] as const) {
      const sent = [
        append(sender.id, receiver.id, 1, [Buffer.from("a")]),
        append(sender.id, receiver.id, 2, [Buffer.from("b"), large, new Uint8Array(0)]),
        append(sender.id, receiver.id, 5, []),
      ];
      for (const message of sent) {
        sender.transport.send(message);
      }
      await until(() => receiver.received.length === 3);
      expect(receiver.received.map((message) => comparable(message))).toEqual(
        sent.map((message) => comparable(message)),
      );
    }
  });

  test("trap-39 heartbeats keep their pace while an entry of 64 MiB is on its way", async () => {
    const peers = await addresses(2);
    const one = await startNode(1, peers);
    const bytesSent = () => one.transport.status().peers[0]!.traffic.bytesSent;
    // Bytes of the entry that left by the time each heartbeat arrived. One heartbeat at a time: the
    // next is sent when the last one is there.
    const progress: number[] = [];
    const two = await startNode(2, peers, {
      onReceive: (message) => {
        if (message.type === MessageType.heartbeat) {
          progress.push(bytesSent());
          one.transport.send(heartbeat(1, 2, message.readRound + 1));
        }
      },
    });
    running.push(one, two);
    await until(() => one.transport.connected(2) && two.transport.connected(1));
    const payload = Buffer.alloc(64 * 1024 * 1024, 5);
    one.transport.send(append(1, 2, 1, [payload]));
    one.transport.send(heartbeat(1, 2, 1));
    await until(() => two.received.some((message) => message.type === MessageType.append));
    const during = progress.filter((bytes) => bytes < payload.length);
    const steps = during.map((bytes, at) => bytes - (during[at - 1] ?? 0)).sort((a, b) => a - b);
    expect(steps[steps.length >> 1]).toBeLessThan(1024 * 1024);
    expect(steps.at(-1)).toBeLessThan(payload.length / 8);
    expect(one.unreachable).toEqual([]);
  });
});

describe("losing and finding a peer", () => {
  test("a peer that is away: messages are dropped, said so later, and it is found when it is back", async () => {
    const peers = await addresses(2);
    const two = await startNode(2, peers);
    running.push(two);
    two.transport.send(heartbeat(2, 1, 1));
    two.transport.send(heartbeat(2, 1, 2));
    expect(two.unreachable).toEqual([]);
    await until(() => two.unreachable.length > 0);
    expect(two.unreachable).toEqual([1]);
    const one = await startNode(1, peers);
    running.push(one);
    await until(() => two.transport.connected(1) && one.transport.connected(2));
    two.transport.send(heartbeat(2, 1, 3));
    await until(() => one.received.length === 1);
    expect(one.received).toEqual([heartbeat(2, 1, 3)]);
  });

  test.each([
    ["the acceptor", 1],
    ["the dialer", 2],
  ])("%s restarts and the link comes back", async (_, restarting) => {
    const peers = await addresses(2);
    const nodes = new Map<number, TestNode>();
    for (const { id } of peers) {
      nodes.set(id, await startNode(id, peers));
    }
    const staying = nodes.get(3 - restarting)!;
    running.push(staying);
    await until(() => staying.transport.connected(restarting));
    await nodes.get(restarting)!.transport.close();
    await until(() => !staying.transport.connected(restarting));
    await until(() => staying.unreachable.includes(restarting));
    const back = await startNode(restarting, peers, { incarnation: 2 });
    running.push(back);
    await until(() => staying.transport.connected(restarting));
    await until(() => back.transport.connected(staying.id));
    staying.transport.send(heartbeat(staying.id, restarting, 1));
    back.transport.send(heartbeat(restarting, staying.id, 2));
    await until(() => back.received.length === 1 && staying.received.length === 1);
    expect(staying.transport.status().peers[0]!.incarnation).toBe(2);
  });

  test("members may leave and join", async () => {
    const [one, two, three] = (await cluster(3)) as [TestNode, TestNode, TestNode];
    const entryOf = (node: TestNode) => ({
      id: node.id,
      address: `127.0.0.1:${node.transport.port}`,
    });
    two.transport.setPeers([entryOf(one), entryOf(two)]);
    await until(() => !three.transport.connected(2) && !two.transport.connected(3));
    expect(two.transport.connected(1)).toBe(true);
    two.transport.setPeers([entryOf(one), entryOf(two), entryOf(three)]);
    await until(() => three.transport.connected(2) && two.transport.connected(3));
  });

  test("idle links stay up for many silence limits", async () => {
    const election = { electionTimeout: 20, heartbeatInterval: 5 };
    const nodes = await cluster(2, { electionParametersMs: election });
    // Each tick of an idle link sends a ping: 200 pings are 50 silence limits.
    const bytes = () => nodes[0]!.transport.status().peers[0]!.traffic.bytesSent;
    await until(() => bytes() > 400);
    expect(nodes.map((node) => node.transport.status().peers[0]!.linksOpened)).toEqual([1, 1]);
  });
});

describe("who is refused", () => {
  async function pair(
    first: Parameters<typeof startNode>[2],
    second: Parameters<typeof startNode>[2],
  ): Promise<[TestNode, TestNode]> {
    const peers = await addresses(2);
    const nodes: [TestNode, TestNode] = [
      await startNode(1, peers, first),
      await startNode(2, peers, second),
    ];
    running.push(...nodes);
    return nodes;
  }

  const secret = Buffer.from("a secret of the cluster");
  const cases: [
    string,
    Parameters<typeof startNode>[2],
    Parameters<typeof startNode>[2],
    string,
  ][] = [
    ["another cluster", {}, { clusterId: "other" }, "cluster"],
    ["other secrets", { secret }, { secret: Buffer.from("another secret") }, "secret"],
    ["no secret, dialling", { secret }, {}, "secret"],
    ["no secret, accepting", {}, { secret }, "secret"],
    [
      "another election timeout",
      {},
      { electionParametersMs: { electionTimeout: 501, heartbeatInterval: 50 } },
      "electionParameters",
    ],
    ["an unknown id", { peers: [{ id: 3, address: "127.0.0.1:1" }] }, {}, "identity"],
    [
      "an incarnation that is not the member's",
      { peers: [{ id: 2, address: "127.0.0.1:1", incarnation: 4 }] },
      { incarnation: 3 },
      "incarnation",
    ],
  ];

  test.each(cases)("trap-18 %s: one clear line, no link, nothing delivered", async (...row) => {
    const [, first, second, cause] = row;
    const [one, two] = await pair(first, second);
    await until(() => warnings(one, "peer refused").length > 0, "refusal");
    await until(() => warnings(two, "refused by peer").length > 0, "refusal told");
    // Many more attempts are refused as the first was.
    await until(() => {
      two.transport.send(heartbeat(2, 1, 1));
      one.transport.send(heartbeat(1, 2, 1));
      return two.transport.status().peers[0]!.dialsFailed >= 5;
    }, "attempts");
    expect(warnings(one, "peer refused").map((line) => line.fields.cause)).toEqual([cause]);
    expect(warnings(two, "refused by peer").map((line) => line.fields.cause)).toEqual([cause]);
    expect([one.transport.connected(2), two.transport.connected(1)]).toEqual([false, false]);
    expect([...one.received, ...two.received]).toEqual([]);
    expect([...one.announced, ...two.announced]).toEqual([]);
  });

  test("trap-17 an incarnation older than one already seen is refused", async () => {
    const peers = await addresses(2);
    const one = await startNode(1, peers);
    const newer = await startNode(2, peers, { incarnation: 5 });
    running.push(one);
    await until(() => one.transport.connected(2));
    await newer.transport.close();
    const older = await startNode(2, peers, { incarnation: 4 });
    running.push(older);
    await until(() => warnings(one, "peer refused").length > 0);
    expect(warnings(one, "peer refused")[0]!.fields).toMatchObject({ cause: "incarnation" });
    expect(older.transport.connected(1)).toBe(false);
  });

  test("equal secrets link", async () => {
    const nodes = await cluster(3, { secret });
    nodes[0]!.transport.send(heartbeat(1, 3, 8));
    await until(() => nodes[2]!.received.length === 1);
  });

  test("a second node under the same id replaces the first only once it is authenticated", async () => {
    const peers = await addresses(2);
    const one = await startNode(1, peers, { secret });
    const two = await startNode(2, peers, { secret });
    running.push(one, two);
    await until(() => one.transport.connected(2));
    const elsewhere = { port: 0, bindHost: "127.0.0.2" };
    const impostor = await startNode(2, peers, { ...elsewhere, secret: Buffer.from("guess") });
    running.push(impostor);
    await until(() => warnings(impostor, "refused by peer").length > 0);
    expect(one.transport.connected(2)).toBe(true);
    expect(one.transport.status().peers[0]!.linksOpened).toBe(1);
    await two.transport.close();
    await until(() => !one.transport.connected(2));
    const successor = await startNode(2, peers, { ...elsewhere, secret });
    running.push(successor);
    await until(() => one.transport.connected(2));
    one.transport.send(heartbeat(1, 2, 4));
    await until(() => successor.received.length === 1);
    expect(impostor.received).toEqual([]);
  });
});

describe("starting and closing", () => {
  test("a port in use is said by its code", async () => {
    const [one] = (await cluster(1)) as [TestNode];
    const again = startNode(1, [{ id: 1, address: `127.0.0.1:${one.transport.port}` }]);
    await expect(again).rejects.toThrow(PeerTransportError);
    await expect(again).rejects.toMatchObject({ code: "PORT_IN_USE" });
  });

  test("an address that is not ours is said by its code", async () => {
    const bad = startNode(1, [], { bindHost: "192.0.2.1" });
    await expect(bad).rejects.toMatchObject({ code: "BIND_FAILED" });
  });

  test("after close nothing keeps the process alive", async () => {
    const root = fileURLToPath(new URL("..", import.meta.url));
    const parameters = ["--conditions=redoubt-source", "--import", "tsx", "testing/exit.ts"];
    const child = spawn(process.execPath, parameters, { cwd: root, stdio: "inherit" });
    try {
      const [code] = await once(child, "exit");
      expect(code).toBe(0);
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("after close nothing is received, sent or said", async () => {
    const [one, two] = (await cluster(2)) as [TestNode, TestNode];
    await two.transport.close();
    await two.transport.close();
    const before = two.unreachable.length;
    two.transport.send(heartbeat(2, 1, 1));
    await until(() => one.unreachable.length > 0);
    expect(two.unreachable.length).toBe(before);
    expect(two.transport.connected(1)).toBe(false);
  });
});

function comparable(message: unknown): unknown {
  return JSON.parse(
    JSON.stringify(message, (key, value) => (key === "payload" ? hashOf(value) : value)),
  );
}

function hashOf(value: unknown): string {
  const bytes =
    value instanceof Uint8Array
      ? Buffer.from(value)
      : Buffer.from((value as { data: number[] }).data ?? Object.values(value as object));
  return `${bytes.length}:${bytes.toString("base64").slice(0, 64)}:${bytes.at(-1)}`;
}
