/**
 * Why the event loop stood still: what overlapped it. Of causes that lie in each other the innermost is told: a turn
 * takes long because garbage is collected in it, and that because the thread has no processor.
 */

import { lookMs } from "./constants.js";
import type { GcKind } from "./gc-pauses.js";
import type { ThreadTime } from "./thread-time.js";
import { type PartTimes, TURN_PARTS } from "./turn-times.js";

/** All of it in milliseconds, between the look before and the one that came late. */
export interface Stall {
  /** By which the look was late. */
  readonly ms: number;
  /** Since the Unix epoch, at its end. */
  readonly seenAtMs: number;
  /** null: this system does not tell. */
  readonly thread: ThreadTime | null;
  readonly gc: { readonly ms: number; readonly kind: GcKind };
  readonly turns: PartTimes;
  /** The event loop's part in beginning and adopting snapshots. */
  readonly snapshotMs: number;
  /** A thread was making one. */
  readonly snapshotUnderWay: boolean;
}

/** Named once at least half of the stall is explained by it. */
export function causeOf(stall: Stall): string {
  const { ms, thread } = stall;
  if (thread !== null && thread.noCpuMs >= ms / 2) return "no-cpu";
  return inside(stall, ms / 2);
}

/** Of what is left without the time in which the thread had no processor. */
export function ownCauseOf(stall: Stall): string {
  return inside(stall, (stall.ms - (stall.thread?.noCpuMs ?? 0)) / 2);
}

function inside(stall: Stall, halfMs: number): string {
  const { thread, gc, turns, snapshotMs } = stall;
  const explains = (ms: number): boolean => ms >= halfMs;
  if (explains(gc.ms)) return `gc-${gc.kind}`;
  if (explains(snapshotMs)) return "snapshot";
  if (explains(turnsMs(turns))) {
    return `turn-${TURN_PARTS.reduce((most, part) => (turns[part] > turns[most] ? part : most))}`;
  }
  // While it was not late yet, the loop may have had nothing to do.
  const awakeMs = thread === null ? null : thread.runningMs + thread.noCpuMs;
  if (awakeMs !== null && explains(stall.ms - awakeMs)) return "blocked";
  const insideMs = turnsMs(turns) + snapshotMs;
  const ranMs = thread === null ? stall.ms : Math.min(thread.runningMs, stall.ms + lookMs);
  return explains(ranMs - insideMs) ? "outside-turns" : "several";
}

export function turnsMs(turns: PartTimes): number {
  let ms = 0;
  for (const part of TURN_PARTS) ms += turns[part];
  return ms;
}
