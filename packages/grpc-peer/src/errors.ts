/**
 * Everything this package throws or rejects with. What a peer does wrong is none of these: it is
 * refused or its stream is closed, with a log line.
 */

export type PeerTransportErrorCode =
  /** Another process listens on the peer port. */
  | "PORT_IN_USE"
  /** The peer port could not be listened on for another reason; see `cause`. */
  | "BIND_FAILED";

/** An operating error: the world, not the code, is at fault. */
export class PeerTransportError extends Error {
  override readonly name = "PeerTransportError";
  readonly code: PeerTransportErrorCode;

  constructor(code: PeerTransportErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Bytes that no honest peer sends. Never leaves the package: the stream is closed. */
export class MalformedFrame extends Error {
  override readonly name = "MalformedFrame";
}

/** A broken invariant of this package. The process stops. */
export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

export function assert(condition: boolean, text: string): asserts condition {
  if (!condition) {
    throw new AssertionError(text);
  }
}
