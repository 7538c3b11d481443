import { randomBytes } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { Message } from "@redoubt/raft";
import { afterEach, describe, expect, test } from "vitest";
import { HostilePeer, type HostileStream, STREAM_KINDS } from "../testing/hostile.js";
import {
  addresses,
  append,
  ELECTION,
  freePort,
  heartbeat,
  startCluster,
  startNode,
  stopAll,
  type TestNode,
  until,
  warnings,
} from "../testing/nodes.js";
import {
  APPEND_QUEUE_BYTES_MAX,
  APPEND_QUEUE_MESSAGES_MAX,
  CONNECTION_STREAMS_MAX,
  GRPC_MESSAGE_BYTES_MAX,
  HANDSHAKE_FRAME_BYTES_MAX,
} from "./constants.js";
import { PING_FRAME, packedBytes, packMessages } from "./frame-codec.js";
import { decodeHandshakeFrame, StreamKind } from "./handshake.js";
import { encodeMessage } from "./message-codec.js";

const running: TestNode[] = [];
const closers: (() => void)[] = [];
const secret = Buffer.from("the secret");

afterEach(async () => {
  for (const close of closers.splice(0)) {
    close();
  }
  await stopAll(running.splice(0));
});

/** Node 1, which node 2 (the hostile one) would dial. */
async function victim(overrides: Parameters<typeof startNode>[2] = {}): Promise<TestNode> {
  const peers = [{ id: 2, address: `127.0.0.1:${await freePort()}` }];
  const node = await startNode(1, peers, overrides);
  running.push(node);
  return node;
}

function hostile(node: TestNode, key: Uint8Array | null, id = 2): HostilePeer {
  const peer = new HostilePeer(id, node.transport.port, key);
  closers.push(() => peer.close());
  return peer;
}

/** Both streams of an honest link. */
async function linkUp(node: TestNode, peer: HostilePeer): Promise<Map<StreamKind, HostileStream>> {
  const streams = new Map<StreamKind, HostileStream>();
  for (const kind of STREAM_KINDS) {
    const stream = peer.open(kind);
    streams.set(kind, stream);
    await until(() => stream.frames.length === 1, "challenge");
    stream.call.write(peer.hello(kind, 1, stream.frames[0]!));
    await until(() => stream.frames.length === 2, "welcome");
  }
  await until(() => node.transport.connected(2));
  return streams;
}

function frameOf(message: Message): Buffer {
  const encoded = encodeMessage(message);
  return packMessages([encoded], packedBytes(encoded));
}

function lastCause(stream: HostileStream): number | undefined {
  return decodeHandshakeFrame(stream.frames.at(-1)!).refusal?.cause;
}

describe("what is not a peer at all", () => {
  const hello = Buffer.from("16030100c8010000c40303", "hex");
  test.each<[string, Buffer]>([
    ["random bytes", randomBytes(4096)],
    ["HTTP/1", Buffer.from("GET / HTTP/1.1\r\nhost: x\r\n\r\n")],
    ["a TLS hello", Buffer.concat([hello, randomBytes(200)])],
    ["a Redis command", Buffer.from("*1\r\n$4\r\nPING\r\n")],
    ["half an HTTP/2 preface", Buffer.from("PRI * HTTP/2.0\r\n")],
    [
      "an HTTP/2 preface and then junk",
      Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), randomBytes(4096)]),
    ],
    ["nothing", Buffer.alloc(0)],
  ])("%s on the port ends with its own connection only", async (_, junk) => {
    const [one, two] = (await startCluster(2)) as [TestNode, TestNode];
    running.push(one, two);
    const sockets = await Promise.all([1, 2, 3].map(() => junkConnection(one, junk)));
    await until(() => sockets.every((socket) => socket.closed), "cut");
    two.transport.send(heartbeat(2, 1, 1));
    await until(() => one.received.length === 1);
    expect(one.transport.status().connections).toBe(1);
    expect(one.transport.status().peers[0]!.linksOpened).toBe(1);
    expect(one.unreachable).toEqual([]);
  });

  async function junkConnection(node: TestNode, junk: Buffer): Promise<Socket> {
    const socket = connect(node.transport.port, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    socket.resume();
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.write(junk);
    return socket;
  }
});

describe("a peer without the secret", () => {
  test("trap-18 messages before the proof are refused and never delivered", async () => {
    const node = await victim({ secret });
    const peer = hostile(node, secret);
    const stream = peer.open(StreamKind.control);
    stream.call.write(frameOf(heartbeat(2, 1, 1)));
    await until(() => stream.state.ended);
    expect(lastCause(stream)).toBe(7);
    expect(node.received).toEqual([]);
    expect(node.transport.connected(2)).toBe(false);
  });

  test("a frame too large for a handshake is refused", async () => {
    const node = await victim({ secret });
    const stream = hostile(node, secret).open(StreamKind.control);
    stream.call.write(Buffer.alloc(HANDSHAKE_FRAME_BYTES_MAX + 1));
    await until(() => stream.state.ended);
    expect(lastCause(stream)).toBe(7);
  });

  test("a proof made for the other stream is refused", async () => {
    const node = await victim({ secret });
    const peer = hostile(node, secret);
    const stream = peer.open(StreamKind.append);
    await until(() => stream.frames.length === 1);
    stream.call.write(peer.hello(StreamKind.control, 1, stream.frames[0]!));
    await until(() => stream.state.ended);
    expect(lastCause(stream)).toBe(6);
  });

  test("a proof made for the other direction is refused", async () => {
    const node = await victim({ secret });
    const peer = hostile(node, secret);
    const stream = peer.open(StreamKind.control);
    await until(() => stream.frames.length === 1);
    stream.call.write(peer.hello(StreamKind.control, 1, stream.frames[0]!, "acceptor"));
    await until(() => stream.state.ended);
    expect(lastCause(stream)).toBe(6);
  });

  test("a recorded hello is refused when it is played again", async () => {
    const node = await victim({ secret });
    const recorded = hostile(node, secret);
    const first = recorded.open(StreamKind.control);
    await until(() => first.frames.length === 1);
    const hello = recorded.hello(StreamKind.control, 1, first.frames[0]!);
    first.call.write(hello);
    await until(() => first.frames.length === 2);
    const second = hostile(node, null).open(StreamKind.control);
    await until(() => second.frames.length === 1);
    second.call.write(hello);
    await until(() => second.state.ended);
    expect(lastCause(second)).toBe(6);
    expect(warnings(node, "peer refused").length).toBe(1);
  });

  test("a proof does not make a member of an unknown id, nor of one that should be dialled", async () => {
    const peers = await addresses(3);
    const node = await startNode(2, peers.slice(0, 2), { secret });
    running.push(node);
    for (const id of [1, 3]) {
      const peer = hostile(node, secret, id);
      const stream = peer.open(StreamKind.control);
      await until(() => stream.frames.length === 1);
      stream.call.write(peer.hello(StreamKind.control, 2, stream.frames[0]!));
      await until(() => stream.state.ended);
      expect(lastCause(stream)).toBe(3);
    }
  });

  test("who never speaks is cut at the deadline, with however many streams", async () => {
    const node = await victim({ secret });
    const peer = hostile(node, null);
    const streams = Array.from({ length: CONNECTION_STREAMS_MAX + 4 }, () =>
      peer.open(StreamKind.control),
    );
    await until(() => node.transport.status().connections === 1);
    await until(() => node.transport.status().connections === 0);
    await until(() => streams.slice(0, CONNECTION_STREAMS_MAX).every((one) => one.state.ended));
  });
});

describe("a peer that misbehaves on an open link", () => {
  test.each<[string, StreamKind, Buffer]>([
    ["bytes that are no frame", "control", Buffer.from("ffffffffffffffffffff", "hex")],
    ["a message of another sender", "control", frameOf(heartbeat(3, 1, 1))],
    ["a message to another node", "control", frameOf(heartbeat(2, 3, 1))],
    ["entries on the control stream", "control", frameOf(append(2, 1, 1, []))],
    ["a heartbeat on the append stream", "append", frameOf(heartbeat(2, 1, 1))],
  ])("%s: logged once, link closed, nothing delivered", async (_, kind, frame) => {
    const node = await victim();
    for (let round = 1; round <= 2; round += 1) {
      const streams = await linkUp(node, hostile(node, null));
      streams.get(kind)!.call.write(frame);
      await until(() => !node.transport.connected(2));
      await until(() => node.unreachable.length >= round);
    }
    expect(node.received).toEqual([]);
    expect(warnings(node, "peer sent a malformed frame").length).toBe(1);
  });

  test("a gRPC message above the limit closes the link", async () => {
    const node = await victim();
    const streams = await linkUp(node, hostile(node, null));
    streams.get(StreamKind.append)!.call.write(Buffer.alloc(GRPC_MESSAGE_BYTES_MAX + 1));
    await until(() => !node.transport.connected(2));
    expect(warnings(node, "peer sent a malformed frame")).toEqual([]);
  });

  test("trap-39 one that pings but takes no entries is not taken for healthy", async () => {
    const node = await victim();
    const streams = await linkUp(node, hostile(node, null));
    streams.get(StreamKind.append)!.call.pause();
    const pings = setInterval(() => streams.get(StreamKind.control)!.call.write(PING_FRAME), 10);
    closers.push(() => clearInterval(pings));
    for (let index = 1; index <= 256; index += 1) {
      node.transport.send(append(1, 2, index, [Buffer.alloc(64 * 1024)]));
    }
    await until(() => !node.transport.connected(2));
    expect(node.transport.status().peers[0]!.lastFault).toBe("the peer takes no bytes");
  });

  test("trap-20 one that stops reading costs bounded memory, and what is dropped is said", async () => {
    const node = await victim();
    const streams = await linkUp(node, hostile(node, null));
    for (const stream of streams.values()) {
      stream.call.pause();
    }
    const payload = Buffer.alloc(64 * 1024, 1);
    const count = (4 * APPEND_QUEUE_BYTES_MAX) / payload.length;
    for (let index = 1; index <= count; index += 1) {
      node.transport.send(append(1, 2, index, [payload]));
    }
    const { traffic, messagesDropped } = node.transport.status().peers[0]!;
    expect(traffic.queuedBytes).toBeLessThanOrEqual(APPEND_QUEUE_BYTES_MAX + 2 * payload.length);
    expect(traffic.queuedMessages).toBeLessThanOrEqual(APPEND_QUEUE_MESSAGES_MAX);
    expect(messagesDropped).toBeGreaterThan(count / 2);
    expect(node.unreachable).toEqual([]);
    await until(() => node.unreachable.length > 0);
  });
});

describe("a link on which nothing comes through any more", () => {
  /** Forwards bytes until told to swallow them; connections stay open. */
  class BlackHole {
    readonly server: Server;
    readonly sockets: Socket[] = [];
    swallowing = false;

    constructor(target: number) {
      this.server = createServer((inner) => {
        const outer = connect(target, "127.0.0.1");
        for (const [from, to] of [
          [inner, outer],
          [outer, inner],
        ] as const) {
          this.sockets.push(from);
          from.on("error", () => {});
          from.on("data", (data) => this.swallowing || to.write(data));
          from.on("close", () => this.swallowing || to.destroy());
        }
      });
    }

    close(): void {
      this.server.close();
      for (const socket of this.sockets) {
        socket.destroy();
      }
    }
  }

  test("trap-39 both ends notice a half-open link, and link again when it heals", async () => {
    const [first, second] = await addresses(2);
    const hole = new BlackHole(Number(first!.address.split(":")[1]));
    const port = await freePort();
    await new Promise<void>((resolve) => hole.server.listen(port, "127.0.0.1", resolve));
    closers.push(() => hole.close());
    const election = { electionParametersMs: { ...ELECTION, heartbeatInterval: 20 } };
    const one = await startNode(1, [first!, second!], election);
    const through = { id: 1, address: `127.0.0.1:${port}` };
    const two = await startNode(2, [through, second!], election);
    running.push(one, two);
    await until(() => one.transport.connected(2) && two.transport.connected(1));
    hole.swallowing = true;
    await until(() => !one.transport.connected(2) && !two.transport.connected(1), "noticed");
    await until(() => one.unreachable.length > 0 && two.unreachable.length > 0);
    hole.swallowing = false;
    await until(() => one.transport.connected(2) && two.transport.connected(1), "linked again");
    two.transport.send(heartbeat(2, 1, 1));
    await until(() => one.received.length === 1);
  });
});
