import { type HeartbeatRequest, MessageType, type NodeId } from "@redoubt/raft";
import { afterEach, describe, expect, test } from "vitest";
import { HostilePeer } from "../testing/hostile.js";
import {
  addresses,
  ELECTION,
  freePort,
  heartbeat,
  linked,
  startNode,
  stopAll,
  type TestNode,
  until,
  warnings,
} from "../testing/nodes.js";
import { FRAMES_IN_FLIGHT_MAX } from "./constants.js";
import { StreamKind } from "./handshake.js";
import { KeepaliveSender, type KeepaliveSenderOptions, type PeerAddress } from "./index.js";

const running: TestNode[] = [];
const closers: (() => void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await stopAll(running.splice(0));
});

function sender(
  nodeId: NodeId,
  peers: readonly PeerAddress[],
  overrides: Partial<KeepaliveSenderOptions> = {},
): KeepaliveSender {
  const one = new KeepaliveSender({
    clusterId: "test-cluster",
    nodeId,
    incarnation: 1,
    secret: null,
    electionParametersMs: ELECTION,
    peers,
    onEvent: () => undefined,
    ...overrides,
  });
  closers.push(() => one.close());
  return one;
}

/** What a busy leader's thread says: of its term, and nothing else. */
function alive(from: NodeId, to: NodeId, term = 3): HeartbeatRequest {
  const ends = { from, to, incarnation: 1, toIncarnation: 1 };
  return { type: MessageType.heartbeat, ...ends, term, commit: 0, readRound: 0 };
}

async function nodes(count: number, overrides: Parameters<typeof startNode>[2] = {}) {
  const peers = await addresses(count);
  for (const { id } of peers) running.push(await startNode(id, peers, overrides));
  await until(() => running.every((one) => running.every((other) => linked(one, other))));
  return { peers, nodes: running.slice() };
}

describe("a busy leader's thread", () => {
  test("reaches every peer, of a higher and of a lower id", async () => {
    const { peers, nodes: all } = await nodes(3);
    const thread = sender(2, peers);
    await until(() => thread.connected === 2, "both lines");
    for (const to of [1, 3]) thread.send(alive(2, to));
    await until(() => all[0]!.received.length === 1 && all[2]!.received.length === 1);
    expect(all[0]!.received).toEqual([alive(2, 1)]);
    expect(all[2]!.received).toEqual([alive(2, 3)]);
    expect(all[1]!.received).toEqual([]);
  });

  test("does not disturb the ordinary links", async () => {
    const { peers, nodes: all } = await nodes(2);
    const thread = sender(2, peers);
    await until(() => thread.connected === 1);
    thread.send(alive(2, 1));
    all[1]!.transport.send(heartbeat(2, 1, 9));
    await until(() => all[0]!.received.length === 2);
    thread.close();
    await until(() => all[0]!.transport.status().connections === 1);
    expect(all[0]!.transport.status().peers[0]!.linksOpened).toBe(1);
    expect(all[0]!.transport.connected(2)).toBe(true);
  });

  test("keeps nothing: what cannot leave at once is dropped", async () => {
    const { peers, nodes: all } = await nodes(2);
    const thread = sender(2, peers);
    await until(() => thread.connected === 1);
    for (let term = 1; term <= 10_000; term += 1) thread.send(alive(2, 1, term));
    await until(() => all[0]!.received.length === FRAMES_IN_FLIGHT_MAX);
    thread.send(alive(2, 1, 20_000));
    await until(() => all[0]!.received.some((one) => one.term === 20_000));
    expect(all[0]!.received.map((one) => one.term)).toEqual([1, 2, 20_000]);
  });

  test("finds a peer again that was away, and who is no peer is left alone", async () => {
    const [one, two] = await addresses(2);
    const peers = [one!, two!];
    const thread = sender(2, peers);
    thread.send(alive(2, 1));
    const first = await startNode(1, peers);
    await until(() => thread.connected === 1, "a line");
    await first.transport.close();
    await until(() => thread.connected === 0, "no line");
    const again = await startNode(1, peers);
    running.push(again);
    await until(() => thread.connected === 1, "a line again");
    thread.send(alive(2, 1));
    await until(() => again.received.length === 1);
    thread.setPeers([two!]);
    expect(thread.connected).toBe(0);
    await until(() => again.transport.status().connections === 0, "hung up");
    thread.send(alive(2, 1));
    thread.setPeers(peers);
    await until(() => thread.connected === 1, "a line to the member that returned");
  });

  test("follows a peer to its new address", async () => {
    const [one, two] = await addresses(2);
    const moved = { id: 1, address: `127.0.0.1:${await freePort()}` };
    const thread = sender(2, [moved, two!]);
    const node = await startNode(1, [one!, two!]);
    running.push(node);
    thread.setPeers([one!, two!]);
    await until(() => thread.connected === 1);
    thread.send(alive(2, 1));
    await until(() => node.received.length === 1);
  });

  const secret = Buffer.from("the secret");
  const honest = { secret, incarnation: 5 };
  const otherTiming = { ...ELECTION, electionTimeout: 9999 };
  test.each<[string, NodeId, Partial<KeepaliveSenderOptions>]>([
    ["cluster", 2, { ...honest, clusterId: "another" }],
    ["secret", 2, { ...honest, secret: null }],
    ["electionParameters", 2, { ...honest, electionParametersMs: otherTiming }],
    ["incarnation", 2, { ...honest, incarnation: 4 }],
    ["incarnation", 2, { ...honest, incarnation: 6 }],
    ["identity", 3, honest],
  ])("trap-18 is refused when its %s is not the member's (node %d)", async (cause, id, wrong) => {
    const peer = { id: 2, address: `127.0.0.1:${await freePort()}`, incarnation: 5 };
    const node = await startNode(1, [peer], { secret });
    running.push(node);
    const to = [{ id: 1, address: `127.0.0.1:${node.transport.port}` }];
    const stranger = sender(id, to, wrong);
    await until(() => node.log.some((line) => line.fields.cause === cause), cause);
    expect(stranger.connected).toBe(0);
    const member = sender(2, to, honest);
    await until(() => member.connected === 1, "the honest one");
    member.send({ ...alive(2, 1), incarnation: 5 });
    await until(() => node.received.length === 1);
    expect(stranger.connected).toBe(0);
  });
});

describe("what it keeps alive", () => {
  /** A peer whose link is up and whose event loop then stands still. */
  async function silentPeer() {
    const election = { electionParametersMs: { electionTimeout: 100, heartbeatInterval: 10 } };
    const peer = { id: 2, address: `127.0.0.1:${await freePort()}` };
    const node = await startNode(1, [peer], election);
    running.push(node);
    const still = new HostilePeer(2, node.transport.port, null, election);
    closers.push(() => still.close());
    for (const kind of Object.values(StreamKind)) {
      const stream = still.open(kind);
      await until(() => stream.frames.length === 1, "challenge");
      stream.call.write(still.hello(kind, 1, stream.frames[0]!));
      await until(() => stream.frames.length === 2, "welcome");
    }
    await until(() => node.transport.connected(2));
    const to = [{ id: 1, address: `127.0.0.1:${node.transport.port}` }];
    return { node, thread: sender(2, to, election) };
  }

  test("trap-39 a link outlives its peer's silence as long as the thread speaks, and no longer", async () => {
    const { node, thread } = await silentPeer();
    await until(() => thread.connected === 1);
    // The timer turns beside the transport's own: so many beats are as many ticks of the link's patience.
    let beats = 0;
    const timer = setInterval(() => {
      beats += 1;
      if (beats <= 60) thread.send(alive(2, 1));
    }, 10);
    closers.push(() => clearInterval(timer));
    await until(() => beats >= 60);
    expect(node.transport.status().peers[0]!).toMatchObject({ connected: true, linksOpened: 1 });
    await until(() => !node.transport.connected(2), "given up");
    expect(node.transport.status().peers[0]!.lastFault).toBe("the peer is silent");
    expect(beats).toBeGreaterThan(60);
  });

  test("trap-39 it is no link: nothing is sent to a peer of which only the thread lives", async () => {
    const { node, thread } = await silentPeer();
    await until(() => !node.transport.connected(2), "silent from the beginning");
    await until(() => thread.connected === 1);
    thread.send(alive(2, 1));
    await until(() => node.received.length === 1);
    expect(node.transport.connected(2)).toBe(false);
    const before = node.unreachable.length;
    node.transport.send(heartbeat(1, 2, 1));
    await until(() => node.unreachable.length > before, "said");
    expect(warnings(node, "peer sent a malformed frame")).toEqual([]);
  });

  test("trap-11 who was removed, or has a newer incarnation, is not kept alive", async () => {
    const peer = { id: 2, address: `127.0.0.1:${await freePort()}`, incarnation: 1 };
    for (const after of [[], [{ ...peer, incarnation: 8 }]]) {
      const node = await startNode(1, [peer]);
      running.push(node);
      const thread = sender(2, [{ id: 1, address: `127.0.0.1:${node.transport.port}` }]);
      await until(() => thread.connected === 1);
      thread.send(alive(2, 1));
      await until(() => node.received.length === 1);
      node.transport.setPeers([peer]);
      expect(node.transport.status().connections).toBe(1);
      node.transport.setPeers(after);
      await until(() => thread.connected === 0, "hung up");
      await until(() => warnings(node, "peer refused").length === 1, "and refused from now on");
      expect(node.received.length).toBe(1);
    }
  });
});
