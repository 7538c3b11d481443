/**
 * Heartbeats from outside the event loop: connections of their own to every peer, usable from a worker thread.
 * What cannot be sent now is dropped: the next interval brings another.
 */

import type { HeartbeatRequest, NodeId } from "@redoubt/raft";
import { FRAMES_IN_FLIGHT_MAX, RECONNECT_DELAY_MAX_MS } from "./constants.js";
import { packedBytes, packMessages } from "./frame-codec.js";
import type { PeerAddress } from "./grpc-peer-transport.js";
import { GuestCall } from "./guest-call.js";
import type { ElectionParametersMs } from "./handshake.js";
import type { HandshakeTerms } from "./handshake-run.js";
import { encodeMessage } from "./message-codec.js";
import { GuestKind } from "./service.js";
import type { PeerStream } from "./stream.js";

export interface KeepaliveSenderOptions {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly incarnation: number;
  readonly secret: Uint8Array | null;
  readonly electionParametersMs: ElectionParametersMs;
  /** This node itself may be among them. */
  readonly peers: readonly PeerAddress[];
  readonly onEvent: (event: string, fields: object) => void;
}

export class KeepaliveSender {
  readonly #options: KeepaliveSenderOptions;
  readonly #lines = new Map<NodeId, KeepaliveLine>();

  constructor(options: KeepaliveSenderOptions) {
    this.#options = options;
    this.setPeers(options.peers);
  }

  setPeers(peers: readonly PeerAddress[]): void {
    for (const [id, line] of this.#lines) {
      const same = peers.some((peer) => peer.id === id && peer.address === line.address);
      if (same) continue;
      this.#lines.delete(id);
      line.close();
    }
    for (const { id, address } of peers) {
      if (id === this.#options.nodeId || this.#lines.has(id)) continue;
      this.#lines.set(id, new KeepaliveLine(id, address, this.#terms(id), this.#options.onEvent));
    }
  }

  send(message: HeartbeatRequest): void {
    this.#lines.get(message.to)?.send(message);
  }

  /** How many peers it could reach at this moment. */
  get connected(): number {
    return [...this.#lines.values()].filter((line) => line.isOpen).length;
  }

  close(): void {
    for (const line of this.#lines.values()) line.close();
    this.#lines.clear();
  }

  #terms(peer: NodeId): HandshakeTerms {
    const { clusterId, nodeId, incarnation, secret, electionParametersMs } = this.#options;
    return {
      identity: { clusterId, nodeId, incarnation, secret, electionParametersMs },
      // Heartbeats name the incarnation they are meant for: the receiver's core judges.
      expectation: { nodeId: peer, judgePeer: () => null },
      announce: () => NOTHING,
    };
  }
}

/** One connection to one peer, dialled again when it closes. */
class KeepaliveLine {
  readonly address: string;
  readonly #peer: NodeId;
  readonly #terms: HandshakeTerms;
  readonly #onEvent: (event: string, fields: object) => void;
  #call: GuestCall | null = null;
  #stream: PeerStream | null = null;
  #redial: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(
    peer: NodeId,
    address: string,
    terms: HandshakeTerms,
    onEvent: (event: string, fields: object) => void,
  ) {
    this.#peer = peer;
    this.address = address;
    this.#terms = terms;
    this.#onEvent = onEvent;
    this.#dial();
  }

  get isOpen(): boolean {
    return this.#stream !== null;
  }

  send(message: HeartbeatRequest): void {
    const stream = this.#stream;
    if (stream === null || stream.framesInFlight >= FRAMES_IN_FLIGHT_MAX) return;
    const encoded = encodeMessage(message);
    stream.write(packMessages([encoded], packedBytes(encoded)), () => undefined);
  }

  close(): void {
    this.#closed = true;
    this.#stream = null;
    if (this.#redial !== null) clearTimeout(this.#redial);
    this.#call?.end("closed");
  }

  #dial(): void {
    if (this.#closed) return;
    const call = new GuestCall(GuestKind.keepalive, this.#peer, this.address, this.#terms, {
      guestOpened: (stream) => {
        this.#stream = stream;
        stream.setHandler({ frame: () => undefined, closed: (reason) => call.fail(reason) });
      },
      guestClosed: (reason) => {
        if (this.#stream !== null)
          this.#onEvent("keep-alive line closed", { peer: this.#peer, reason });
        this.#stream = null;
        this.#redial = setTimeout(() => this.#dial(), RECONNECT_DELAY_MAX_MS);
      },
    });
    this.#call = call;
  }
}

const NOTHING = new Uint8Array(0);
