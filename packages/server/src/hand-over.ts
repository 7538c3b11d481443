/**
 * Before a leader stops it gives its place to another (docs/ARCHITECTURE.md): writes stop for a few round trips
 * instead of an election timeout, and nobody's outcome becomes unknown.
 */

import type { Logger, Replica } from "@redoubt/replica";
import { handOverLookMs } from "./gateway/constants.js";

export interface HandOverPatience {
  /** How long this node may take at most. 0: it does not hand over. */
  readonly timeoutMs: number;
  readonly electionTimeoutMs: number;
}

/** Resolves when another node leads, when that can't be had, or after `timeoutMs`; never rejects. */
export async function handOver(
  replica: Replica,
  logger: Logger,
  { timeoutMs, electionTimeoutMs }: HandOverPatience,
): Promise<void> {
  if (replica.role !== "leader" || timeoutMs === 0) return;
  // One that is under way, as an administrator asked, will do.
  const isUnderWay = replica.isWitness || replica.transferring;
  const refusal = isUnderWay ? null : replica.transferLeadership(0);
  if (refusal !== null) {
    logger.warn({ refusal }, "leadership can't be handed over: the others will elect");
    return;
  }
  const started = performance.now();
  // The core gives up by itself after an election timeout.
  while (replica.role === "leader" && replica.transferring) {
    if (performance.now() - started > timeoutMs) return;
    await pause();
  }
  if ((replica.role as string) === "leader") {
    logger.warn({}, "leadership was not taken over: the others will elect");
    return;
  }
  // Clients learn from this node who leads now, before their connections close. Whoever took over says so within
  // a round trip; where all nodes stop at once, it may have stopped before it did.
  const endMs = Math.min(started + timeoutMs, performance.now() + electionTimeoutMs);
  while (replica.leader === 0 && performance.now() < endMs) await pause();
  logger.info(
    { leader: replica.leader, ms: performance.now() - started },
    "leadership handed over",
  );
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, handOverLookMs));
}
