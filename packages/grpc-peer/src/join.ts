/**
 * How a node without a place in the cluster gets one (design, "Birth" and "Quarantine"): it asks every address
 * it knows until a leader, confirmed by a quorum that does not count it, has given it an incarnation.
 */

import type { NodeId } from "@redoubt/raft";
import { JOIN_DEADLINE_MS, JOIN_REDIRECTS_MAX } from "./constants.js";
import { Frame } from "./generated/redoubt/peer/v1/peer.js";
import type { PeerAddress } from "./grpc-peer-transport.js";
import { GuestCall } from "./guest-call.js";
import { type ElectionParametersMs, encodeFrame } from "./handshake.js";
import type { HandshakeTerms } from "./handshake-run.js";
import { GuestKind } from "./service.js";

export interface JoinQuestion {
  readonly nodeId: NodeId;
  /** host:port others will reach it at. */
  readonly peerAddress: string;
  readonly isWitness: boolean;
  /** What became of its data: for the logs. */
  readonly reason: string;
}

export type JoinAnswer =
  /** Its membership is committed: it may be born as this incarnation, with an empty log. */
  | { readonly kind: "accepted"; readonly clusterId: string; readonly incarnation: number }
  | { readonly kind: "elsewhere"; readonly leader: NodeId; readonly address: string }
  | { readonly kind: "refused"; readonly text: string };

export interface JoinOptions extends JoinQuestion {
  /** "": not known. */
  readonly clusterId: string;
  readonly secret: Uint8Array | null;
  readonly electionParametersMs: ElectionParametersMs;
  readonly peers: readonly PeerAddress[];
  /** Aborted: what is under way is refused at once, and nobody else is asked. */
  readonly signal?: AbortSignal | null;
}

const STOPPED = "stopped before it was answered";

/** What gRPC can dial: it throws at anything else. */
const ADDRESS = /^\S+:\d+$/;

/**
 * Asks each peer once, following redirections. Resolves with the first acceptance, else with the last refusal
 * or fault, in one line.
 */
export async function askToJoin(options: JoinOptions): Promise<JoinAnswer> {
  let last: JoinAnswer = refused("no peer is known");
  for (const peer of options.peers) {
    if (peer.id === options.nodeId) continue;
    if (options.signal?.aborted) return refused(STOPPED);
    last = await askFrom(peer, options);
    if (last.kind === "accepted") return last;
  }
  return last;
}

async function askFrom(first: PeerAddress, options: JoinOptions): Promise<JoinAnswer> {
  let { id, address } = first;
  for (let redirects = 0; redirects <= JOIN_REDIRECTS_MAX; redirects += 1) {
    const answer = await askOne(id, address, options);
    if (answer.kind === "accepted") return judged(answer, options.clusterId);
    if (answer.kind === "refused") return answer;
    const { leader } = answer;
    if (leader === 0) return refused(`node ${id} knows no leader`);
    const listed = options.peers.find((peer) => peer.id === leader);
    address = listed?.address ?? answer.address;
    if (!ADDRESS.test(address)) {
      return refused(`node ${id} does not know where the leader, node ${leader}, listens`);
    }
    id = leader;
  }
  return refused("the leader keeps changing");
}

/** Who knows its cluster is not taken into another by a wrong address. */
function judged(answer: JoinAnswer & { kind: "accepted" }, clusterId: string): JoinAnswer {
  const isOurs = clusterId === "" || answer.clusterId === clusterId;
  return isOurs ? answer : refused(`the place is in another cluster, ${answer.clusterId}`);
}

function askOne(id: NodeId, address: string, options: JoinOptions): Promise<JoinAnswer> {
  return new Promise((resolve) => {
    const settle = (answer: JoinAnswer): void => {
      clearTimeout(deadline);
      options.signal?.removeEventListener("abort", stop);
      call.end("answered");
      resolve(answer);
    };
    const fault = (reason: string): void => settle(refused(`node ${id} at ${address}: ${reason}`));
    const deadline = setTimeout(() => fault("no answer in time"), JOIN_DEADLINE_MS);
    const stop = (): void => fault(STOPPED);
    const call = new GuestCall(GuestKind.join, id, address, termsOf(id, options), {
      guestOpened: (stream) => {
        stream.setHandler({
          frame: (frame) => settle(answerOf(frame)),
          closed: (reason) => call.fail(reason),
        });
        const { peerAddress, isWitness, reason } = options;
        const join = { peerAddress, witness: isWitness, reason };
        stream.write(encodeFrame({ join }), () => undefined);
      },
      guestClosed: fault,
    });
    options.signal?.addEventListener("abort", stop, { once: true });
  });
}

function answerOf(frame: Buffer): JoinAnswer {
  let reply: Frame["joinReply"];
  try {
    reply = Frame.decode(frame).joinReply;
  } catch {
    reply = undefined;
  }
  if (reply === undefined) return refused("the answer can't be read");
  const { clusterId, incarnation, leader, leaderAddress, refusal } = reply;
  if (incarnation > 0 && clusterId !== "") return { kind: "accepted", clusterId, incarnation };
  if (refusal !== "") return refused(refusal);
  return { kind: "elsewhere", leader, address: leaderAddress };
}

function refused(text: string): JoinAnswer {
  return { kind: "refused", text };
}

function termsOf(peer: NodeId, options: JoinOptions): HandshakeTerms {
  const { clusterId, nodeId, secret, electionParametersMs } = options;
  return {
    // It has no incarnation yet.
    identity: { clusterId, nodeId, incarnation: 0, secret, electionParametersMs },
    expectation: { nodeId: peer, judgePeer: () => null, anyCluster: true },
    announce: () => new Uint8Array(0),
  };
}
