/**
 * WAIT numreplicas timeout and WAITAOF numlocal numreplicas timeout (Redis: replication.c): by how many nodes the
 * connection's last write is held. Differs from Redis: a follower counts when it holds the write *durably*,
 * for both commands. They mean the same in every replication mode and undo nothing.
 */

import type { Index } from "@redoubt/raft";
import type { Route } from "./dispatcher.js";
import {
  LOCAL_OUT_OF_RANGE,
  NOT_INTEGER,
  NOT_POSITIVE,
  TIMEOUT_NEGATIVE,
  TIMEOUT_NOT_INTEGER,
} from "./errors.js";
import type { Argv } from "./requests.js";
import type { Session } from "./session.js";

/**
 * `lastWriteIndex` of a connection whose last write was taken back, or may have been: no node is known to hold
 * it, whatever gets its index later. Above every index.
 */
export const WRITE_LOST: Index = Number.MAX_SAFE_INTEGER;

export interface WaitArguments {
  /** 1: this node's own disk, too. */
  readonly local: number;
  readonly replicas: number;
  /** 0: for ever. */
  readonly timeoutMs: number;
}

/** A string is the error to answer. */
export function parseWait(isLocal: boolean, argv: Argv): WaitArguments | string {
  const local = isLocal ? parseInteger(argv[1]!) : 0;
  const replicas = parseInteger(argv[argv.length - 2]!);
  const timeoutMs = parseInteger(argv[argv.length - 1]!);
  if (local === null || local < 0 || local > 1) return LOCAL_OUT_OF_RANGE;
  if (replicas === null) return isLocal ? NOT_POSITIVE : NOT_INTEGER;
  if (isLocal && replicas < 0) return NOT_POSITIVE;
  if (timeoutMs === null) return TIMEOUT_NOT_INTEGER;
  if (timeoutMs < 0) return TIMEOUT_NEGATIVE;
  return { local, replicas, timeoutMs };
}

/** True as well when waiting can't change the answer. */
export function isHeld(route: Route, local: number, replicas: number, index: Index): boolean {
  if (index === WRITE_LOST) return true;
  if (local > 0 && !route.isDurableHere(index)) return false;
  return route.followersWith(index) >= replicas;
}

/** By whom it is held durably now. */
export function replyHeldBy(
  route: Route,
  { reply }: Session,
  isLocal: boolean,
  index: Index,
): void {
  if (isLocal) {
    reply.array(2);
    reply.integer(route.isDurableHere(index) ? 1 : 0);
  }
  reply.integer(route.followersWith(index));
}

/** A decimal integer that is safe in a double; null otherwise. */
function parseInteger(argument: Buffer): number | null {
  const text = argument.toString("latin1");
  if (!/^-?\d{1,15}$/.test(text)) return null;
  return Number(text);
}
