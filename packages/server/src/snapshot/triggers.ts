/**
 * When a snapshot is due, and when this node's turn to make it has come. Pure: time and counts go in.
 *
 *   save points   Redis's own: so many changes in so many seconds
 *   log size      bytes or entries behind the last snapshot: a restart replays them
 */

import { retryMsMax, retryMsMin, turnMsMax, turnMsMin, turnShare } from "./constants.js";

/** `save <seconds> <changes>`. */
export interface SavePoint {
  readonly seconds: number;
  readonly changes: number;
}

export interface TriggerSettings {
  readonly savePoints: readonly SavePoint[];
  /** 0: never by it. */
  readonly logBytes: number;
  readonly logEntries: number;
}

/** What was applied since the last snapshot, and when that was. */
export interface SinceSnapshot {
  readonly ms: number;
  /** Effects. */
  readonly changes: number;
  readonly bytes: number;
  readonly entries: number;
}

/** Attempts that failed, one after the other, and how long ago the last one began. */
export interface Failures {
  readonly count: number;
  readonly ms: number;
}

export type DueReason = "save point" | "log bytes" | "log entries";

/** Null: nothing is due, or it is too early to try again. */
export function dueReason(
  { savePoints, logBytes, logEntries }: TriggerSettings,
  since: SinceSnapshot,
  failures: Failures,
): DueReason | null {
  if (since.entries === 0 || failures.ms < retryMs(failures.count)) return null;
  if (logBytes > 0 && since.bytes >= logBytes) return "log bytes";
  if (logEntries > 0 && since.entries >= logEntries) return "log entries";
  // Redis: serverCron. So many changes, and longer ago than so many seconds.
  const met = ({ seconds, changes }: SavePoint) =>
    since.changes >= changes && since.ms > seconds * 1000;
  return savePoints.some(met) ? "save point" : null;
}

/** How long an attempt waits after so many failures in a row. */
export function retryMs(failures: number): number {
  return failures === 0 ? 0 : Math.min(retryMsMin * 2 ** (failures - 1), retryMsMax);
}

/**
 * How long this node lets the others go first: by id, and the leader last, since all clients wait for its disk. All
 * see the same things due at about the same time; `durationMs` is what the last snapshot took here.
 */
export function turnDelayMs(
  self: number,
  leader: number,
  members: readonly number[],
  durationMs: number,
): number {
  const order = members.toSorted((a, b) => a - b).filter((id) => id !== leader);
  if (members.includes(leader)) order.push(leader);
  const place = Math.max(order.indexOf(self), 0);
  return place * Math.min(Math.max(durationMs * turnShare, turnMsMin), turnMsMax);
}
