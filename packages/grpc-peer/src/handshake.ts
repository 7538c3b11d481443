/**
 * Who is there? The rules of the handshake, without I/O: what a node claims, how it proves that it
 * holds the cluster's secret, and why it is refused.
 *
 * The proof is HMAC-SHA256 over everything both said: the acceptor's fresh nonce, the dialer's claims
 * (its fresh nonce, both identities) and, from the acceptor, its own claims; with a label for the
 * direction and one for the stream's kind. So a proof can be neither replayed, nor reflected, nor
 * moved to another stream, pair or cluster. It authenticates the peer at the start; it neither
 * encrypts nor protects the bytes that follow from somebody between the two.
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import type { NodeId } from "@redoubt/raft";
import {
  ANNOUNCE_BYTES_MAX,
  CLUSTER_ID_LENGTH_MAX,
  HANDSHAKE_FRAME_BYTES_MAX,
  LINK_ID_BYTES,
  NONCE_BYTES,
  PROTOCOL_VERSION,
} from "./constants.js";
import { MalformedFrame } from "./errors.js";
import { type Challenge, Claims, Frame, type Hello } from "./generated/redoubt/peer/v1/peer.js";
import type { GuestKind } from "./service.js";

/** The streams of a link. A label of the proof, so never reworded. */
export const StreamKind = { control: "control", append: "append" } as const;
export type StreamKind = (typeof StreamKind)[keyof typeof StreamKind];

/** Why a peer is refused. Persisted on the wire: append-only, frozen by a test. */
export const RefusalCause = {
  version: 1,
  cluster: 2,
  identity: 3,
  incarnation: 4,
  electionParameters: 5,
  secret: 6,
  malformed: 7,
} as const;
export type RefusalCause = keyof typeof RefusalCause;

export interface ElectionParametersMs {
  readonly electionTimeout: number;
  readonly heartbeatInterval: number;
}

/** What this node says of itself in every handshake. */
export interface Identity {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly incarnation: number;
  readonly secret: Uint8Array | null;
  readonly electionParametersMs: ElectionParametersMs;
}

/** What this node knows of a peer before it speaks. */
export interface Expectation {
  /** The only id that may answer; null: any that `judgePeer` accepts. */
  readonly nodeId: NodeId | null;
  judgePeer(nodeId: NodeId, incarnation: number): "identity" | "incarnation" | null;
  /** A cluster id that one side does not know is no reason to refuse: only for Join. */
  readonly anyCluster?: boolean;
}

export type Direction = "dialer" | "acceptor";

export function challengeFrame(nonce: Uint8Array): Buffer {
  return encodeFrame({ challenge: { protocolVersion: PROTOCOL_VERSION, nonce } });
}

export function refusalFrame(cause: RefusalCause): Buffer {
  return encodeFrame({ refusal: { cause: RefusalCause[cause] } });
}

export function helloFrame(direction: Direction, hello: Hello): Buffer {
  return encodeFrame(direction === "dialer" ? { hello } : { welcome: hello });
}

export function encodeFrame(fields: Partial<Frame>): Buffer {
  const frame = Frame.encode({
    challenge: undefined,
    hello: undefined,
    welcome: undefined,
    refusal: undefined,
    messages: [],
    piece: undefined,
    ping: false,
    join: undefined,
    joinReply: undefined,
    audits: [],
    ...fields,
  }).finish();
  return Buffer.from(frame.buffer, frame.byteOffset, frame.length);
}

/** A frame from somebody who has proved nothing yet. Throws MalformedFrame. */
export function decodeHandshakeFrame(frame: Uint8Array): Frame {
  if (frame.length > HANDSHAKE_FRAME_BYTES_MAX) {
    throw new MalformedFrame("handshake frame is too large");
  }
  return decodeOrMalformed(() => Frame.decode(frame));
}

export function encodeClaims(
  identity: Identity,
  to: NodeId,
  announce: Uint8Array,
  nonce: Uint8Array,
  link: Uint8Array,
): Uint8Array {
  return Claims.encode({
    protocolVersion: PROTOCOL_VERSION,
    clusterId: identity.clusterId,
    from: identity.nodeId,
    to,
    incarnation: identity.incarnation,
    electionTimeoutMs: identity.electionParametersMs.electionTimeout,
    heartbeatIntervalMs: identity.electionParametersMs.heartbeatInterval,
    announce,
    nonce,
    link,
  }).finish();
}

export function decodeClaims(bytes: Uint8Array): Claims {
  const claims = decodeOrMalformed(() => Claims.decode(bytes));
  if (
    claims.nonce.length !== NONCE_BYTES ||
    claims.link.length !== LINK_ID_BYTES ||
    claims.announce.length > ANNOUNCE_BYTES_MAX ||
    claims.clusterId.length > CLUSTER_ID_LENGTH_MAX
  ) {
    throw new MalformedFrame("claims are out of range");
  }
  return claims;
}

/** Bytes of the proof; empty without a secret. `answered`: the dialer's claims, when the acceptor proves. */
export function proofOf(
  secret: Uint8Array | null,
  direction: Direction,
  kind: StreamKind | GuestKind,
  challengeNonce: Uint8Array,
  claims: Uint8Array,
  answered: Uint8Array | null,
): Uint8Array {
  if (secret === null) {
    return new Uint8Array(0);
  }
  const hmac = createHmac("sha256", secret);
  const parts = [
    Buffer.from(`redoubt peer ${PROTOCOL_VERSION} ${direction} ${kind}`),
    challengeNonce,
    claims,
    answered ?? new Uint8Array(0),
  ];
  for (const part of parts) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    hmac.update(length).update(part);
  }
  return hmac.digest();
}

export function proofsMatch(expected: Uint8Array, given: Uint8Array): boolean {
  return expected.length === given.length && timingSafeEqual(expected, given);
}

export function judgeChallenge(challenge: Challenge): RefusalCause | null {
  if (challenge.protocolVersion !== PROTOCOL_VERSION) {
    return "version";
  }
  return challenge.nonce.length === NONCE_BYTES ? null : "malformed";
}

/**
 * Null when the claims are acceptable; `proven` says whether their proof was. The proof comes before
 * everything a stranger could probe: without the secret one learns only that it is missing.
 */
export function judgeClaims(
  identity: Identity,
  expectation: Expectation,
  claims: Claims,
  proven: boolean,
): RefusalCause | null {
  if (claims.protocolVersion !== PROTOCOL_VERSION) {
    return "version";
  }
  if (!proven) {
    return "secret";
  }
  // Who asks to join may not know yet which cluster it is of.
  const unnamed = expectation.anyCluster && (claims.clusterId === "" || identity.clusterId === "");
  if (claims.clusterId !== identity.clusterId && !unnamed) {
    return "cluster";
  }
  const unexpected = expectation.nodeId !== null && claims.from !== expectation.nodeId;
  if (unexpected || claims.to !== identity.nodeId) {
    return "identity";
  }
  const cause = expectation.judgePeer(claims.from, claims.incarnation);
  if (cause !== null) {
    return cause;
  }
  const parameters = identity.electionParametersMs;
  const sameParameters =
    claims.electionTimeoutMs === parameters.electionTimeout &&
    claims.heartbeatIntervalMs === parameters.heartbeatInterval;
  return sameParameters ? null : "electionParameters";
}

export function refusalCauseOf(number: number): RefusalCause | null {
  for (const [cause, value] of Object.entries(RefusalCause)) {
    if (value === number) {
      return cause as RefusalCause;
    }
  }
  return null;
}

function decodeOrMalformed<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    throw new MalformedFrame("handshake frame does not decode", { cause });
  }
}
