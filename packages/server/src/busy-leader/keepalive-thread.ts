/** The keep-alive thread: connections of its own to every peer, and KeepaliveLoop on a timer. */

import { parentPort, workerData } from "node:worker_threads";
import { KeepaliveSender } from "@redoubt/grpc-peer";
import { MessageType } from "@redoubt/raft";
import { KeepaliveLoop } from "./keepalive-loop.js";
import type { KeepaliveOrder, KeepaliveReport, KeepaliveThreadData } from "./messages.js";
import { SharedLeaderState } from "./shared-state.js";

const data = workerData as KeepaliveThreadData;
const { nodeId, incarnation, electionParametersMs } = data;
const shared = new SharedLeaderState(data.shared);
const port = parentPort;
if (port === null) throw new Error("this module is the body of a thread");

const report = (event: string, fields: object): void =>
  port.postMessage({ event, fields } satisfies KeepaliveReport);

let peers = data.peers;
const sender = new KeepaliveSender({
  clusterId: data.clusterId,
  nodeId,
  incarnation,
  secret: data.secret,
  electionParametersMs,
  peers,
  onEvent: report,
});

const loop = new KeepaliveLoop({
  heartbeatIntervalMs: electionParametersMs.heartbeatInterval,
  busyLeaderMaxMs: data.busyLeaderMaxMs,
  view: () => shared.view(),
  send: (term) => {
    for (const peer of peers) {
      if (peer.id === nodeId) continue;
      sender.send({
        type: MessageType.heartbeat,
        from: nodeId,
        to: peer.id,
        term,
        incarnation,
        toIncarnation: peer.incarnation ?? 0,
        commit: 0,
        readRound: 0,
      });
    }
  },
});

const timer = setInterval(() => loop.tick(), electionParametersMs.heartbeatInterval);

port.on("message", (order: KeepaliveOrder) => {
  if (order.kind === "peers") {
    peers = order.peers;
    sender.setPeers(peers);
    return;
  }
  clearInterval(timer);
  sender.close();
  port.close();
});
