import { createServer } from "node:net";
import { GrpcPeerTransport, type PeerAddress } from "@redoubt/grpc-peer";
import type { Message, NodeId } from "@redoubt/raft";
import type { AuditReport } from "@redoubt/replica/ports";
import { peerTransportContract } from "./peer-transport.js";

interface Node {
  readonly transport: GrpcPeerTransport;
  readonly received: Message[];
  readonly audits: AuditReport[];
  readonly unreachable: NodeId[];
}

const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

peerTransportContract("GrpcPeerTransport", async () => {
  const peers = await Promise.all([1, 2, 3].map(addressOf));
  const nodes = new Map<NodeId, Node>();
  const stopped = new Set<NodeId>();
  const start = async (id: NodeId, incarnation: number) => {
    nodes.set(id, await startNode(id, incarnation, peers));
    stopped.delete(id);
    await settle(() => linksOf(id).every((linked) => linked));
  };
  const linksOf = (id: NodeId) =>
    peers
      .filter((peer) => peer.id !== id && nodes.has(peer.id) && !stopped.has(peer.id))
      .flatMap((peer) => [
        nodes.get(id)!.transport.connected(peer.id),
        nodes.get(peer.id)!.transport.connected(id),
      ]);
  for (const { id } of peers) {
    await start(id, 1);
  }
  return {
    node: (id) => nodes.get(id)!.transport,
    received: (id) => nodes.get(id)!.received,
    audits: (id) => nodes.get(id)!.audits,
    unreachable: (id) => nodes.get(id)!.unreachable,
    stop: async (id) => {
      stopped.add(id);
      await nodes.get(id)!.transport.close();
    },
    restart: (id) => start(id, 2),
    settle,
    dispose: async () => {
      await Promise.all([...nodes.values()].map((node) => node.transport.close()));
    },
  };
});

async function startNode(
  id: NodeId,
  incarnation: number,
  peers: readonly PeerAddress[],
): Promise<Node> {
  const received: Message[] = [];
  const audits: AuditReport[] = [];
  const unreachable: NodeId[] = [];
  const own = peers.find((peer) => peer.id === id)!;
  const transport = await GrpcPeerTransport.start({
    clusterId: "contract",
    nodeId: id,
    incarnation,
    bindHost: "127.0.0.1",
    port: Number(own.address.split(":")[1]),
    peers,
    secret: Buffer.from("contract"),
    announce: () => new Uint8Array(0),
    onAnnounce: () => {},
    events: {
      receive: (message) => received.push(message),
      receiveAudit: (report) => audits.push(report),
      unreachable: (peer) => unreachable.push(peer),
    },
    logger: QUIET,
    random: () => 0.5,
    electionParametersMs: { electionTimeout: 500, heartbeatInterval: 50 },
  });
  return { transport, received, audits, unreachable };
}

/** A port that was free a moment ago. */
async function addressOf(id: NodeId): Promise<PeerAddress> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return { id, address: `127.0.0.1:${port}` };
}

async function settle(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 4_000; round += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error("never came");
}
