/**
 * What waits in a session's queue. Nearly always a plain argv (no object beyond what the decoder made);
 * the classes are the rare rest. Order within a session's queue is the order of its replies.
 */

import type { CommandRow } from "@redoubt/commands";
import { ARGUMENT_OVERHEAD_BYTES } from "./constants.js";

/** argv[0] is the command's name as sent. Views of the received chunk: they pin it, or its slab, until executed. */
export type Argv = readonly Buffer[];

/** A command inside MULTI: its row is known to be valid, its arity checked. */
export interface QueuedCommand {
  readonly row: CommandRow;
  readonly argv: Argv;
}

/** EXEC with everything it needs to be dispatched again after leadership was lost. */
export class Transaction {
  readonly commands: QueuedCommand[] = [];
  /** Watched keys with the versions seen by WATCH. Moved here from the session by EXEC. */
  watched: ReadonlyMap<string, number> = new Map();
  /** Leadership was lost or changed since WATCH: EXEC answers nil (trap 52). */
  dirty = false;
  /** A command was refused while it was queued: EXEC answers EXECABORT. */
  aborted = false;
  /** Request bytes it holds. */
  bytes = 0;
  /** Its watches were given back to the keyspace: it was executed once. */
  released = false;

  /** It changes what the connection listens to, which its confirmations must tell. */
  get changesSubscriptions(): boolean {
    return this.commands.some(({ row }) => row.group === "pubsub" && row.executor === "session");
  }
}

/** Reply bytes that were encoded before leadership was lost and are still true. */
export class EncodedReply {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** An error to be told in its place, then perhaps the end of the connection. */
export class Refusal {
  readonly text: string;
  readonly thenClose: boolean;
  constructor(text: string, thenClose: boolean) {
    this.text = text;
    this.thenClose = thenClose;
  }
}

/** What a waiting reply came from: dispatched again when it was certainly not done. */
export type Repeatable = Argv | Transaction;

/**
 * A request that was executed once, left nothing, and is dispatched again. Never queued into a MULTI that
 * the connection opened behind it, and never answered from a follower's own state by a READONLY said
 * behind it (trap 36).
 */
export class Repeat {
  readonly request: Repeatable;
  /** What the connection spoke when it was sent, whatever a HELLO behind it has changed (trap 36). */
  readonly protocol: 2 | 3;
  constructor(request: Repeatable, protocol: 2 | 3) {
    this.request = request;
    this.protocol = protocol;
  }
}

export type Request = Argv | Repeat | EncodedReply | Refusal;

/** Bytes a request holds, for back-pressure. */
export function requestBytes(request: Request): number {
  if (request instanceof Repeat) {
    return request.request instanceof Transaction
      ? request.request.bytes
      : argvBytes(request.request);
  }
  if (request instanceof EncodedReply) return request.bytes.length;
  if (request instanceof Refusal) return request.text.length;
  return argvBytes(request);
}

/** Memory that a request pins for as long as its reply waits. */
export function pinnedBytes(request: Repeatable): number {
  if (request instanceof Transaction) return request.bytes;
  return argvBytes(request);
}

/** What a kept request costs: a megabyte of PINGs is fifty megabytes of objects. */
export function argvBytes(argv: Argv): number {
  let bytes = argv.length * ARGUMENT_OVERHEAD_BYTES;
  for (let i = 0; i < argv.length; i++) bytes += argv[i]!.length;
  return bytes;
}
