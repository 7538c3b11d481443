/**
 * One attempt to reach one peer: a connection, both streams, both handshakes. It ends as a link that
 * is up, or it ends; trying again is the peer's business (peer.ts).
 */

import { Client, credentials } from "@grpc/grpc-js";
import type { NodeId } from "@redoubt/raft";
import { FAREWELL_MS, HANDSHAKE_DEADLINE_MS } from "./constants.js";
import type { Claims } from "./generated/redoubt/peer/v1/peer.js";
import { type RefusalCause, StreamKind } from "./handshake.js";
import { DialerHandshake, type HandshakeTerms, newLinkId } from "./handshake-run.js";
import { DIALER_OPTIONS, peerService } from "./service.js";
import { PeerStream } from "./stream.js";

export interface DialOwner {
  dialOpened(stream: PeerStream, claims: Claims): void;
  /** At most once, and not after `end`. */
  dialFailed(failure: DialFailure): void;
}

export type DialFailure =
  | { readonly kind: "refused"; readonly by: "us" | "peer"; readonly cause: RefusalCause }
  | { readonly kind: "unreachable"; readonly reason: string };

export class Dial {
  readonly #client: Client;
  readonly #owner: DialOwner;
  readonly #streams: PeerStream[] = [];
  readonly #deadline: NodeJS.Timeout;
  #opened = 0;
  #over = false;

  constructor(to: NodeId, address: string, terms: HandshakeTerms, owner: DialOwner) {
    this.#owner = owner;
    this.#client = new Client(address, credentials.createInsecure(), DIALER_OPTIONS);
    this.#deadline = setTimeout(
      () => this.#fail({ kind: "unreachable", reason: "no link within the deadline" }),
      HANDSHAKE_DEADLINE_MS,
    );
    const link = newLinkId();
    for (const kind of Object.values(StreamKind)) {
      const handshake = new DialerHandshake(terms, this.#outcome(), to, link);
      const method = peerService[kind];
      const call = this.#client.makeBidiStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
      );
      const stream = new PeerStream(kind, call, handshake, () => call.cancel());
      this.#streams.push(stream);
      handshake.begin(stream);
    }
  }

  /** Cuts the connection, and with it a link that came of it. Idempotent. */
  end(reason: string): void {
    this.#over = true;
    this.#release(reason);
  }

  #outcome() {
    return {
      open: (stream: PeerStream, claims: Claims) => {
        this.#opened += 1;
        if (this.#opened === this.#streams.length) {
          clearTimeout(this.#deadline);
        }
        this.#owner.dialOpened(stream, claims);
      },
      refused: (by: "us" | "peer", cause: RefusalCause) =>
        this.#fail({ kind: "refused", by, cause }),
      closed: (reason: string) => this.#fail({ kind: "unreachable", reason }),
    };
  }

  #fail(failure: DialFailure): void {
    if (this.#over) {
      return;
    }
    this.#over = true;
    clearTimeout(this.#deadline);
    if (failure.kind === "refused" && failure.by === "us") {
      // The refusal is still on its way: the peer should be able to log it.
      setTimeout(() => this.#release("refused"), FAREWELL_MS).unref();
    } else {
      this.#release("dial failed");
    }
    this.#owner.dialFailed(failure);
  }

  #release(reason: string): void {
    clearTimeout(this.#deadline);
    for (const stream of this.#streams) {
      stream.abort(reason);
    }
    this.#client.close();
  }
}
