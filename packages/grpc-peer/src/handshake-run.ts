/**
 * The handshake on one stream, from either end, until the stream is open, refused or closed.
 *
 *   dialer:    wait challenge --hello-->   wait welcome  --> open
 *   acceptor:  --challenge--> wait hello   --welcome-->      open
 */

import { randomBytes } from "node:crypto";
import type { NodeId } from "@redoubt/raft";
import { LINK_ID_BYTES, NONCE_BYTES } from "./constants.js";
import { MalformedFrame } from "./errors.js";
import type { Claims, Hello } from "./generated/redoubt/peer/v1/peer.js";
import {
  challengeFrame,
  type Direction,
  decodeClaims,
  decodeHandshakeFrame,
  type Expectation,
  encodeClaims,
  helloFrame,
  type Identity,
  judgeChallenge,
  judgeClaims,
  proofOf,
  proofsMatch,
  type RefusalCause,
  refusalCauseOf,
  refusalFrame,
} from "./handshake.js";
import type { PeerStream, StreamHandler } from "./stream.js";

/** Called at most once in all, except that `closed` may follow nothing else. */
export interface HandshakeOutcome {
  /** Both proofs were accepted; the stream is the caller's now, with its handler to be set at once. */
  open(stream: PeerStream, claims: Claims): void;
  /** `by`: who refused. `claimedId`: whom the other end said to be; 0 when it did not get that far. */
  refused(by: "us" | "peer", cause: RefusalCause, claimedId: NodeId): void;
  closed(reason: string): void;
}

export interface HandshakeTerms {
  readonly identity: Identity;
  readonly expectation: Expectation;
  readonly announce: () => Uint8Array;
}

abstract class HandshakeRun implements StreamHandler {
  protected readonly terms: HandshakeTerms;
  protected readonly outcome: HandshakeOutcome;
  #stream: PeerStream | null = null;
  #settled = false;

  constructor(terms: HandshakeTerms, outcome: HandshakeOutcome) {
    this.terms = terms;
    this.outcome = outcome;
  }

  begin(stream: PeerStream): void {
    this.#stream = stream;
  }

  frame(bytes: Buffer): void {
    try {
      this.step(bytes);
    } catch (error) {
      if (!(error instanceof MalformedFrame)) {
        throw error;
      }
      this.refuse("malformed", 0);
    }
  }

  closed(reason: string): void {
    if (!this.#settled) {
      this.#settled = true;
      this.outcome.closed(reason);
    }
  }

  protected abstract step(bytes: Buffer): void;

  protected get stream(): PeerStream {
    if (this.#stream === null) {
      throw new MalformedFrame("frame before the handshake began");
    }
    return this.#stream;
  }

  protected refuse(cause: RefusalCause, claimedId: NodeId): void {
    if (!this.#settled) {
      this.#settled = true;
      this.stream.farewell(refusalFrame(cause), `refused: ${cause}`);
      this.outcome.refused("us", cause, claimedId);
    }
  }

  protected refusedByPeer(number: number): void {
    this.#settled = true;
    this.outcome.refused("peer", refusalCauseOf(number) ?? "malformed", 0);
  }

  protected open(claims: Claims): void {
    this.#settled = true;
    this.outcome.open(this.stream, claims);
  }

  protected send(direction: Direction, hello: Hello): void {
    this.stream.write(helloFrame(direction, hello), () => {});
  }
}

export class DialerHandshake extends HandshakeRun {
  readonly #to: NodeId;
  readonly #link: Uint8Array;
  #challenge: Uint8Array | null = null;
  #claims: Uint8Array = new Uint8Array(0);

  /** `link`: from newLinkId, the same for both streams of the link. */
  constructor(terms: HandshakeTerms, outcome: HandshakeOutcome, to: NodeId, link: Uint8Array) {
    super(terms, outcome);
    this.#to = to;
    this.#link = link;
  }

  protected override step(bytes: Buffer): void {
    const frame = decodeHandshakeFrame(bytes);
    if (frame.refusal !== undefined) {
      this.refusedByPeer(frame.refusal.cause);
    } else if (this.#challenge === null && frame.challenge !== undefined) {
      const cause = judgeChallenge(frame.challenge);
      if (cause !== null) {
        this.refuse(cause, this.#to);
        return;
      }
      this.#challenge = frame.challenge.nonce;
      this.#sayHello(this.#challenge);
    } else if (this.#challenge !== null && frame.welcome !== undefined) {
      this.#judge(frame.welcome, this.#challenge);
    } else {
      throw new MalformedFrame("handshake out of order");
    }
  }

  #sayHello(challenge: Uint8Array): void {
    const { identity, announce } = this.terms;
    const nonce = randomBytes(NONCE_BYTES);
    this.#claims = encodeClaims(identity, this.#to, announce(), nonce, this.#link);
    const kind = this.stream.kind;
    const proof = proofOf(identity.secret, "dialer", kind, challenge, this.#claims, null);
    this.send("dialer", { claims: this.#claims, proof });
  }

  #judge(welcome: Hello, challenge: Uint8Array): void {
    const { identity, expectation } = this.terms;
    const claims = decodeClaims(welcome.claims);
    const kind = this.stream.kind;
    const secret = identity.secret;
    const proof = proofOf(secret, "acceptor", kind, challenge, welcome.claims, this.#claims);
    const proven = proofsMatch(proof, welcome.proof);
    const cause = judgeClaims(identity, expectation, claims, proven);
    if (cause === null) {
      this.open(claims);
    } else {
      this.refuse(cause, this.#to);
    }
  }
}

export class AcceptorHandshake extends HandshakeRun {
  readonly #challenge = randomBytes(NONCE_BYTES);

  override begin(stream: PeerStream): void {
    super.begin(stream);
    stream.write(challengeFrame(this.#challenge), () => {});
  }

  protected override step(bytes: Buffer): void {
    const frame = decodeHandshakeFrame(bytes);
    if (frame.refusal !== undefined) {
      this.refusedByPeer(frame.refusal.cause);
    } else if (frame.hello !== undefined) {
      this.#judge(frame.hello);
    } else {
      throw new MalformedFrame("handshake out of order");
    }
  }

  #judge(hello: Hello): void {
    const { identity, expectation, announce } = this.terms;
    const claims = decodeClaims(hello.claims);
    const kind = this.stream.kind;
    const secret = identity.secret;
    const expected = proofOf(secret, "dialer", kind, this.#challenge, hello.claims, null);
    const proven = proofsMatch(expected, hello.proof);
    const cause = judgeClaims(identity, expectation, claims, proven);
    if (cause !== null) {
      this.refuse(cause, claims.from);
      return;
    }
    const nonce = randomBytes(NONCE_BYTES);
    const own = encodeClaims(identity, claims.from, announce(), nonce, claims.link);
    const proof = proofOf(secret, "acceptor", kind, this.#challenge, own, hello.claims);
    this.send("acceptor", { claims: own, proof });
    this.open(claims);
  }
}

export function newLinkId(): Uint8Array {
  return randomBytes(LINK_ID_BYTES);
}
