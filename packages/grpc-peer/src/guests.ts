/**
 * The acceptor's side of streams that are no links: heartbeats of a busy leader's thread, and a node that asks
 * for a place in the cluster. Authenticated like peers, and held to their one purpose.
 */

import { type HeartbeatRequest, type Message, MessageType, type NodeId } from "@redoubt/raft";
import { FAREWELL_MS, JOIN_TEXT_LENGTH_MAX, JOINS_IN_PROGRESS_MAX } from "./constants.js";
import { MalformedFrame } from "./errors.js";
import { FrameReader } from "./frame-codec.js";
import { type Claims, Frame } from "./generated/redoubt/peer/v1/peer.js";
import { encodeFrame } from "./handshake.js";
import type { JoinAnswer, JoinQuestion } from "./join.js";
import type { PeerStream } from "./stream.js";

export interface GuestsOwner {
  keptAlive(message: HeartbeatRequest): void;
  /** It sent anything but such heartbeats: its stream is closed. */
  keepaliveMalformed(peer: NodeId, reason: string): void;
  joinAsked(question: JoinQuestion): Promise<JoinAnswer>;
}

interface Keepalive {
  readonly stream: PeerStream;
  readonly incarnation: number;
}

export class Guests {
  readonly #self: NodeId;
  readonly #owner: GuestsOwner;
  /** One a peer: the newest, since an older one may be a connection that died unheard. */
  readonly #keepalives = new Map<NodeId, Keepalive>();
  #joinsInProgress = 0;

  constructor(self: NodeId, owner: GuestsOwner) {
    this.#self = self;
    this.#owner = owner;
  }

  /** Takes heartbeats that confirm nothing, of this peer to this node, and nothing else. */
  serveKeepalive(stream: PeerStream, claims: Claims): void {
    const { from, incarnation } = claims;
    this.#keepalives.get(from)?.stream.abort("replaced by a newer one");
    this.#keepalives.set(from, { stream, incarnation });
    const reader = new FrameReader({ takesPieces: false });
    stream.setHandler({
      frame: (frame) => {
        try {
          for (const message of reader.read(frame)) {
            this.#owner.keptAlive(harmless(message, claims, this.#self));
          }
        } catch (error) {
          if (!(error instanceof MalformedFrame)) throw error;
          stream.abort(error.message);
          this.#owner.keepaliveMalformed(from, error.message);
        }
      },
      closed: (reason) => {
        if (this.#keepalives.get(from)?.stream === stream) this.#keepalives.delete(from);
        // Its connection, too: one that carries nothing would keep a member's place.
        stream.abort(reason);
      },
    });
  }

  /** The members changed: nobody else is kept alive. */
  retain(isMember: (peer: NodeId, incarnation: number) => boolean): void {
    for (const [peer, { stream, incarnation }] of this.#keepalives) {
      if (!isMember(peer, incarnation)) stream.abort("no member any more");
    }
  }

  /** Reads one question, answers it once it can be answered, hangs up. */
  serveJoin(stream: PeerStream, claims: Claims): void {
    let asked = false;
    stream.setHandler({
      frame: (frame) => {
        const question = asked ? null : questionOf(frame, claims);
        if (question === null) {
          stream.abort("not one question");
          return;
        }
        asked = true;
        void this.#reply(stream, question);
      },
      closed: (reason) => stream.abort(reason),
    });
  }

  async #reply(stream: PeerStream, question: JoinQuestion): Promise<void> {
    let said: JoinAnswer;
    if (this.#joinsInProgress >= JOINS_IN_PROGRESS_MAX) {
      said = { kind: "refused", text: "too many nodes ask to join at once" };
    } else {
      this.#joinsInProgress += 1;
      said = await this.#answer(question);
      this.#joinsInProgress -= 1;
    }
    stream.write(replyFrame(said), () => undefined);
    setTimeout(() => stream.abort("answered"), FAREWELL_MS).unref();
  }

  async #answer(question: JoinQuestion): Promise<JoinAnswer> {
    try {
      return await this.#owner.joinAsked(question);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { kind: "refused", text: reason.slice(0, JOIN_TEXT_LENGTH_MAX) };
    }
  }
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
