/**
 * One gRPC stream, from either end: frames in, frames out, closed once. It knows nothing of what the
 * frames mean; the handshake and then the link take it over through `handler`.
 *
 * gRPC takes a frame when HTTP/2's flow control does: only FRAMES_IN_FLIGHT_MAX are handed over, so
 * that what waits, waits in the outbox, where it is bounded, coalesced and dropped.
 */

import { assert } from "./errors.js";
import type { StreamKind } from "./handshake.js";
import type { GuestKind } from "./service.js";

export interface StreamHandler {
  /** The frame is the handler's to keep. Never called after `closed`. */
  frame(frame: Buffer): void;
  /** Called once, whoever closed the stream. */
  closed(reason: string): void;
}

/** What a gRPC call of either end is to us: an object stream of frames. */
export interface Wire {
  on(event: "data", listener: (frame: Buffer) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "end" | "close" | "cancelled", listener: () => void): unknown;
  write(frame: Buffer, taken?: () => void): unknown;
}

export class PeerStream {
  readonly kind: StreamKind | GuestKind;
  readonly #wire: Wire;
  readonly #abort: () => void;
  #handler: StreamHandler;
  #closed = false;
  #framesInFlight = 0;
  #bytesSent = 0;
  #bytesReceived = 0;
  #framesSent = 0;

  /** `abort` ends the stream at once, without waiting for the peer. */
  constructor(kind: StreamKind | GuestKind, wire: Wire, handler: StreamHandler, abort: () => void) {
    this.kind = kind;
    this.#wire = wire;
    this.#handler = handler;
    this.#abort = abort;
    wire.on("data", (frame: Buffer) => {
      this.#bytesReceived += frame.length;
      if (!this.#closed) {
        this.#handler.frame(frame);
      }
    });
    wire.on("error", (error: Error) => this.#end(error.message));
    wire.on("end", () => this.#end("ended by the peer"));
    wire.on("close", () => this.#end("closed"));
    wire.on("cancelled", () => this.#end("cancelled by the peer"));
  }

  get closed(): boolean {
    return this.#closed;
  }

  get framesInFlight(): number {
    return this.#framesInFlight;
  }

  get framesSent(): number {
    return this.#framesSent;
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  get bytesReceived(): number {
    return this.#bytesReceived;
  }

  setHandler(handler: StreamHandler): void {
    assert(!this.#closed, "an open stream changes hands");
    this.#handler = handler;
  }

  /** `taken` is called when HTTP/2 has taken the frame; never after the stream closed. */
  write(frame: Buffer, taken: () => void): void {
    if (this.#closed) {
      return;
    }
    this.#framesInFlight += 1;
    this.#framesSent += 1;
    this.#bytesSent += frame.length;
    this.#wire.write(frame, () => {
      this.#framesInFlight -= 1;
      if (!this.#closed) {
        taken();
      }
    });
  }

  /** Sends one last frame; the peer is expected to hang up, the owner to abort after a while. */
  farewell(frame: Buffer, reason: string): void {
    if (!this.#closed) {
      this.#wire.write(frame);
      this.#end(reason);
    }
  }

  /** Ends the stream. Idempotent. */
  abort(reason: string): void {
    this.#end(reason);
    this.#abort();
  }

  #end(reason: string): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#handler.closed(reason);
    }
  }
}
