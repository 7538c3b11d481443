/** The dialer's side of one stream that is no link: a connection, one handshake, then the caller's frames. */

import { Client, credentials } from "@grpc/grpc-js";
import type { NodeId } from "@redoubt/raft";
import { HANDSHAKE_DEADLINE_MS } from "./constants.js";
import type { Claims } from "./generated/redoubt/peer/v1/peer.js";
import { DialerHandshake, type HandshakeTerms, newLinkId } from "./handshake-run.js";
import { DIALER_OPTIONS, type GuestKind, guestService } from "./service.js";
import { PeerStream } from "./stream.js";

export interface GuestCallOwner {
  /** Its handler is to be set at once. */
  guestOpened(stream: PeerStream, claims: Claims): void;
  /** Once, whatever happened; also instead of `guestOpened`. Never after `end`. */
  guestClosed(reason: string): void;
}

export class GuestCall {
  readonly #client: Client;
  readonly #stream: PeerStream;
  readonly #deadline: NodeJS.Timeout;
  readonly #owner: GuestCallOwner;
  #over = false;

  constructor(
    kind: GuestKind,
    to: NodeId,
    address: string,
    terms: HandshakeTerms,
    owner: GuestCallOwner,
  ) {
    this.#owner = owner;
    this.#client = new Client(address, credentials.createInsecure(), DIALER_OPTIONS);
    this.#deadline = setTimeout(() => this.fail("no answer in time"), HANDSHAKE_DEADLINE_MS);
    const outcome = {
      open: (stream: PeerStream, claims: Claims) => {
        clearTimeout(this.#deadline);
        owner.guestOpened(stream, claims);
      },
      refused: (by: "us" | "peer", cause: string) => this.fail(`refused by ${by}: ${cause}`),
      closed: (reason: string) => this.fail(reason),
    };
    const handshake = new DialerHandshake(terms, outcome, to, newLinkId());
    const method = guestService[kind];
    const call = this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
    );
    this.#stream = new PeerStream(kind, call, handshake, () => call.cancel());
    handshake.begin(this.#stream);
  }

  /** The stream closed, or the caller has no more use for it and wants to be told. */
  fail(reason: string): void {
    if (this.#over) return;
    this.end(reason);
    this.#owner.guestClosed(reason);
  }

  /** Idempotent; nothing is told any more. */
  end(reason: string): void {
    this.#over = true;
    clearTimeout(this.#deadline);
    this.#stream.abort(reason);
    this.#client.close();
  }
}
