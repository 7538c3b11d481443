/**
 * The acceptor's side of streams that are no links: heartbeats of a busy leader's thread, and a node that asks
 * for a place in the cluster. Authenticated like peers, and held to their one purpose.
 */

import { type HeartbeatRequest, type Message, MessageType, type NodeId } from "@redoubt/raft";
import { FAREWELL_MS, JOIN_TEXT_LENGTH_MAX } from "./constants.js";
import { MalformedFrame } from "./errors.js";
import { FrameReader } from "./frame-codec.js";
import { type Claims, Frame } from "./generated/redoubt/peer/v1/peer.js";
import { encodeFrame } from "./handshake.js";
import type { JoinAnswer, JoinQuestion } from "./join.js";
import type { PeerStream } from "./stream.js";

export interface KeepaliveOwner {
  keptAlive(message: HeartbeatRequest): void;
  /** It sent anything but such heartbeats: its stream is closed. */
  keepaliveMalformed(peer: NodeId, reason: string): void;
}

/** Takes heartbeats that confirm nothing, of this peer to this node, and nothing else. */
export function serveKeepalive(
  stream: PeerStream,
  claims: Claims,
  self: NodeId,
  owner: KeepaliveOwner,
): void {
  const reader = new FrameReader();
  stream.setHandler({
    frame: (frame) => {
      try {
        for (const message of reader.read(frame)) owner.keptAlive(harmless(message, claims, self));
      } catch (error) {
        if (!(error instanceof MalformedFrame)) throw error;
        stream.abort(error.message);
        owner.keepaliveMalformed(claims.from, error.message);
      }
    },
    closed: () => undefined,
  });
}

function harmless(message: Message, claims: Claims, self: NodeId): HeartbeatRequest {
  const isIt =
    message.type === MessageType.heartbeat &&
    message.from === claims.from &&
    message.incarnation === claims.incarnation &&
    message.to === self &&
    message.commit === 0 &&
    message.readRound === 0;
  if (!isIt) throw new MalformedFrame("no heartbeat of a busy leader");
  return message;
}

/** Reads one question, answers it once it can be answered, hangs up. */
export function serveJoin(
  stream: PeerStream,
  claims: Claims,
  answer: (question: JoinQuestion) => Promise<JoinAnswer>,
): void {
  let asked = false;
  stream.setHandler({
    frame: (frame) => {
      const question = asked ? null : questionOf(frame, claims);
      if (question === null) {
        stream.abort("not one question");
        return;
      }
      asked = true;
      void reply(stream, answer(question));
    },
    closed: () => undefined,
  });
}

async function reply(stream: PeerStream, answer: Promise<JoinAnswer>): Promise<void> {
  let said: JoinAnswer;
  try {
    said = await answer;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    said = { kind: "refused", text: reason.slice(0, JOIN_TEXT_LENGTH_MAX) };
  }
  stream.write(replyFrame(said), () => undefined);
  setTimeout(() => stream.abort("answered"), FAREWELL_MS).unref();
}

function replyFrame(answer: JoinAnswer): Buffer {
  const nothing = { clusterId: "", incarnation: 0, leader: 0, leaderAddress: "", refusal: "" };
  switch (answer.kind) {
    case "accepted": {
      const { clusterId, incarnation } = answer;
      return encodeFrame({ joinReply: { ...nothing, clusterId, incarnation } });
    }
    case "elsewhere": {
      const { leader, address } = answer;
      return encodeFrame({ joinReply: { ...nothing, leader, leaderAddress: address } });
    }
    case "refused":
      return encodeFrame({ joinReply: { ...nothing, refusal: answer.text } });
  }
}

function questionOf(frame: Buffer, claims: Claims): JoinQuestion | null {
  let join: Frame["join"];
  try {
    join = Frame.decode(frame).join;
  } catch {
    // Not a frame at all: the caller hangs up.
    return null;
  }
  if (join === undefined) return null;
  const { peerAddress, witness, reason } = join;
  if (peerAddress.length > JOIN_TEXT_LENGTH_MAX || reason.length > JOIN_TEXT_LENGTH_MAX)
    return null;
  return { nodeId: claims.from, peerAddress, isWitness: witness, reason };
}
