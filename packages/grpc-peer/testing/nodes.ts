/** Transports on loopback for tests: real gRPC, ephemeral ports, everything they say recorded. */

import { createServer } from "node:net";
import type { Entry, Message, NodeId } from "@redoubt/raft";
import { MessageType } from "@redoubt/raft";
import { GrpcPeerTransport, type PeerAddress, type PeerTransportOptions } from "../src/index.js";

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly fields: { readonly cause?: unknown };
}

export interface TestNode {
  readonly id: NodeId;
  readonly transport: GrpcPeerTransport;
  readonly received: Message[];
  readonly unreachable: NodeId[];
  readonly announced: (readonly [NodeId, string])[];
  readonly log: LogLine[];
}

export const ELECTION = { electionTimeout: 500, heartbeatInterval: 50 };

/** Free at this moment; a test that loses the race fails at start with PORT_IN_USE. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") {
    throw new Error("no port");
  }
  return address.port;
}

export async function startNode(
  id: NodeId,
  peers: readonly PeerAddress[],
  overrides: Partial<PeerTransportOptions> & { onReceive?: (message: Message) => void } = {},
): Promise<TestNode> {
  const { onReceive, ...options } = overrides;
  const node = { id, received: [], unreachable: [], announced: [], log: [] } as Omit<
    TestNode,
    "transport"
  >;
  const own = peers.find((peer) => peer.id === id);
  const say = (level: LogLine["level"]) => (fields: object, event: string) => {
    node.log.push({ level, event, fields: fields });
  };
  const transport = await GrpcPeerTransport.start({
    clusterId: "test-cluster",
    nodeId: id,
    incarnation: 1,
    bindHost: "127.0.0.1",
    port: own === undefined ? 0 : Number(own.address.split(":")[1]),
    peers,
    secret: null,
    announce: () => Buffer.from(`node ${id}`),
    onAnnounce: (peer, bytes) => node.announced.push([peer, Buffer.from(bytes).toString()]),
    events: {
      receive: (message) => {
        node.received.push(message);
        onReceive?.(message);
      },
      receiveAudit: () => undefined,
      unreachable: (peer) => node.unreachable.push(peer),
    },
    logger: { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") },
    random: () => 0.5,
    electionParametersMs: ELECTION,
    ...options,
  });
  return { ...node, transport };
}

export async function addresses(count: number): Promise<PeerAddress[]> {
  const peers: PeerAddress[] = [];
  for (let id = 1; id <= count; id += 1) {
    peers.push({ id, address: `127.0.0.1:${await freePort()}` });
  }
  return peers;
}

/** Nodes 1..count, every link up. */
export async function startCluster(
  count: number,
  overrides: Partial<PeerTransportOptions> = {},
): Promise<TestNode[]> {
  const peers = await addresses(count);
  const nodes = await Promise.all(peers.map((peer) => startNode(peer.id, peers, overrides)));
  await until(() => nodes.every((node) => nodes.every((other) => linked(node, other))));
  return nodes;
}

export function linked(node: TestNode, other: TestNode): boolean {
  return node.id === other.id || node.transport.connected(other.id);
}

export async function stopAll(nodes: readonly TestNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.transport.close()));
}

/** Waits for something that must come; how long it takes is not judged, only that it does. */
export async function until(condition: () => boolean, what = "condition"): Promise<void> {
  for (let round = 0; round < 4_000; round += 1) {
    if (condition()) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`never came: ${what}`);
}

/** What every message of a first incarnation says. */
const born = { incarnation: 1, toIncarnation: 0 } as const;

export function heartbeat(from: NodeId, to: NodeId, readRound: number): Message {
  const type = MessageType.heartbeat;
  return { type, from, to, term: 3, ...born, commit: 7, readRound };
}

export function entry(index: number, payload: Uint8Array): Entry {
  return { index, term: 3, kind: 1, checksum: 0xdeadbeef, payload };
}

export function append(
  from: NodeId,
  to: NodeId,
  prevIndex: number,
  payloads: readonly Uint8Array[],
): Message {
  const entries = payloads.map((payload, offset) => entry(prevIndex + 1 + offset, payload));
  const prevTerm = prevIndex === 0 ? 0 : 3;
  const position = { term: 3, prevIndex, prevTerm, commit: 0 };
  return { type: MessageType.append, from, to, ...born, ...position, entries };
}

export function warnings(node: TestNode, event: string): LogLine[] {
  return node.log.filter((line) => line.level === "warn" && line.event === event);
}
