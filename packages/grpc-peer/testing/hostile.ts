/** A peer that speaks the protocol correctly as far as it is told to, and then misbehaves. */

import { randomBytes } from "node:crypto";
import { Client, type ClientDuplexStream, credentials } from "@grpc/grpc-js";
import type { NodeId } from "@redoubt/raft";
import {
  type Direction,
  decodeHandshakeFrame,
  encodeClaims,
  helloFrame,
  type Identity,
  proofOf,
  StreamKind,
} from "../src/handshake.js";
import { DIALER_OPTIONS, type GuestKind, guestService, peerService } from "../src/service.js";
import { ELECTION } from "./nodes.js";

export interface HostileStream {
  readonly call: ClientDuplexStream<Buffer, Buffer>;
  /** Frames received so far. */
  readonly frames: Buffer[];
  readonly state: { ended: boolean };
}

export class HostilePeer {
  readonly identity: Identity;
  readonly #client: Client;
  readonly #link = randomBytes(16);

  constructor(
    id: NodeId,
    port: number,
    secret: Uint8Array | null,
    overrides: Partial<Identity> = {},
  ) {
    this.identity = {
      clusterId: "test-cluster",
      nodeId: id,
      incarnation: 1,
      secret,
      electionParametersMs: ELECTION,
      ...overrides,
    };
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      ...DIALER_OPTIONS,
      "grpc.max_send_message_length": -1,
    });
  }

  open(kind: StreamKind | GuestKind): HostileStream {
    const method = { ...peerService, ...guestService }[kind];
    const call = this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
    );
    const stream: HostileStream = { call, frames: [], state: { ended: false } };
    call.on("data", (frame: Buffer) => stream.frames.push(frame));
    call.on("error", () => {
      stream.state.ended = true;
    });
    call.on("end", () => {
      stream.state.ended = true;
    });
    return stream;
  }

  /** The hello an honest dialer would send in answer to the challenge already received. */
  hello(
    kind: StreamKind | GuestKind,
    to: NodeId,
    challengeFrame: Buffer,
    direction: Direction = "dialer",
  ): Buffer {
    const challenge = decodeHandshakeFrame(challengeFrame).challenge!.nonce;
    const claims = encodeClaims(this.identity, to, Buffer.from("x"), randomBytes(32), this.#link);
    const proof = proofOf(this.identity.secret, direction, kind, challenge, claims, null);
    return helloFrame("dialer", { claims, proof });
  }

  close(): void {
    this.#client.close();
  }
}

export const STREAM_KINDS: readonly StreamKind[] = Object.values(StreamKind);
