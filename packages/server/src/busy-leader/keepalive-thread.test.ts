/** The thread itself: it speaks while this event loop stands still, and the receiver reads afterwards. */

import { Worker } from "node:worker_threads";
import { GrpcPeerTransport, type PeerAddress } from "@redoubt/grpc-peer";
import type { Message } from "@redoubt/raft";
import { MessageType } from "@redoubt/raft";
import { afterEach, describe, expect, test } from "vitest";
import { collectingLogger, eventually, freePorts } from "../gateway/test-support.js";
import type { KeepaliveOrder, KeepaliveThreadData } from "./messages.js";
import { SharedLeaderState } from "./shared-state.js";

const HEARTBEAT_MS = 20;
const ELECTION = { electionTimeout: 400, heartbeatInterval: HEARTBEAT_MS };
const SELF = 2;

/** Runs the thread's body from TypeScript; the node itself runs what was built. */
const BODY = new URL("./keepalive-thread.ts", import.meta.url).href;
const FROM_SOURCES = `import("tsx/esm/api").then(({ register }) => {
  register();
  return import(${JSON.stringify(BODY)});
});`;

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** Node 1, which hears the thread of node 2. */
async function peer(): Promise<PeerAddress & { readonly received: Message[] }> {
  const received: Message[] = [];
  const [port] = await freePorts(1);
  const transport = await GrpcPeerTransport.start({
    clusterId: "test",
    nodeId: 1,
    incarnation: 1,
    bindHost: "127.0.0.1",
    port: 0,
    peers: [{ id: SELF, address: `127.0.0.1:${port}`, incarnation: 7 }],
    secret: null,
    announce: () => new Uint8Array(0),
    onAnnounce: () => undefined,
    events: {
      receive: (message) => received.push(message),
      receiveAudit: () => undefined,
      unreachable: () => undefined,
    },
    logger: collectingLogger([]),
    random: () => 0.5,
    electionParametersMs: ELECTION,
  });
  closers.push(() => transport.close());
  return { id: 1, address: `127.0.0.1:${transport.port}`, incarnation: 3, received };
}

class Thread {
  readonly state = new SharedLeaderState();
  readonly worker: Worker;
  readonly exited: Promise<void>;
  failure: Error | null = null;

  constructor(peers: readonly PeerAddress[], busyLeaderMaxMs: number) {
    this.state.beat();
    const data: KeepaliveThreadData = {
      shared: this.state.buffer,
      clusterId: "test",
      nodeId: SELF,
      incarnation: 7,
      secret: null,
      electionParametersMs: ELECTION,
      busyLeaderMaxMs,
      peers: peers.map(({ id, address, incarnation }) => ({
        id,
        address,
        incarnation: incarnation!,
      })),
    };
    this.worker = new Worker(FROM_SOURCES, {
      eval: true,
      workerData: data,
      execArgv: ["--conditions=redoubt-source"],
    });
    this.worker.once("error", (error) => {
      this.failure = error;
    });
    this.exited = new Promise((resolve) => this.worker.once("exit", () => resolve()));
    closers.push(() => this.worker.terminate());
  }

  order(order: KeepaliveOrder): void {
    this.worker.postMessage(order);
  }

  /** Every turn of the event loop does this. */
  turned(term: number): void {
    if (this.failure !== null) throw this.failure;
    this.state.lead(term);
    this.state.beat();
  }
}

/** This event loop stands still. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** As the thread sees it: no turn for so long. Messages are read meanwhile. */
function withoutTurns(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Turns seldom until the thread has been heard once: its line is up then. */
async function untilHeard(thread: Thread, received: Message[], term: number): Promise<void> {
  while (received.length === 0) {
    thread.turned(term);
    await withoutTurns(5 * HEARTBEAT_MS);
  }
}

describe("the keep-alive thread", () => {
  test("trap-38 speaks while the event loop stands still: of the led term, and of nothing else", async () => {
    const { received, ...address } = await peer();
    const thread = new Thread([address], 60_000);
    await untilHeard(thread, received, 2 ** 40);
    thread.turned(2 ** 40);
    standStill(20 * HEARTBEAT_MS);
    const before = received.length;
    await eventually(() => received.length > before + 1);
    for (const message of received) {
      expect(message).toEqual({
        type: MessageType.heartbeat,
        from: SELF,
        to: 1,
        term: 2 ** 40,
        incarnation: 7,
        toIncarnation: 3,
        commit: 0,
        readRound: 0,
      });
    }
  });

  test("trap-39 says at most so many heartbeats as fit into busy-leader-max", async () => {
    const { received, ...address } = await peer();
    const busyLeaderMaxMs = 10 * HEARTBEAT_MS;
    const thread = new Thread([address], busyLeaderMaxMs);
    await untilHeard(thread, received, 5);
    thread.turned(5);
    const before = received.length;
    standStill(4 * busyLeaderMaxMs);
    // The loop turns again, and leads another term: what comes from now on names that one.
    thread.turned(6);
    await eventually(() => received.some(({ term }) => term === 6));
    const ofTheFirst = received.slice(before).filter(({ term }) => term === 5);
    expect(ofTheFirst.length).toBeLessThanOrEqual(busyLeaderMaxMs / HEARTBEAT_MS);
  });

  test("says nothing for a node that does not lead, and follows the members", async () => {
    const { received, ...address } = await peer();
    const thread = new Thread([], 60_000);
    thread.turned(4);
    thread.order({ kind: "peers", peers: [address] });
    await untilHeard(thread, received, 4);
    thread.turned(0);
    const other = await peer();
    thread.order({ kind: "peers", peers: [{ id: 1, address: other.address, incarnation: 3 }] });
    await withoutTurns(5 * HEARTBEAT_MS);
    const silent = received.length;
    await untilHeard(thread, other.received, 9);
    expect(received.slice(silent)).toEqual([]);
    expect(new Set(other.received.map(({ term }) => term))).toEqual(new Set([9]));
  });

  test("ends when it is told to, and keeps no connection", async () => {
    const { received, ...address } = await peer();
    const thread = new Thread([address], 60_000);
    await untilHeard(thread, received, 4);
    thread.order({ kind: "stop" });
    await thread.exited;
  });
});
