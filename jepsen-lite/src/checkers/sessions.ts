/**
 * Sessions with a time to live, each written by one client: a look shows all fields of one version, the newest that was
 * acknowledged before it began or a later one, as long as its time lasts, and nothing when it is over. When clocks were
 * played with, times to live are not judged.
 */

import type { History, Operation } from "../history/history.js";
import { SESSION_SLACK_MS } from "./constants.js";
import { Findings } from "./findings.js";
import type { Checker } from "./verdict.js";
import { seconds } from "./words.js";

/** The field that names the session's time to live, in seconds. */
export const TTL_FIELD = "ttl";
/** A write's version is in every other field. */
const VERSION_FIELD = "user";
const MICROSECONDS_PER_SECOND = 1_000_000;
const SLACK = SESSION_SLACK_MS * 1_000;

export const sessions: Checker = (history) => {
  const findings = new Findings("sessions");
  const isTimed = !history.faults.some(({ name }) => name.startsWith("clock"));
  let looks = 0;
  let expired = 0;
  for (const [key, { writes, reads }] of byKey(history)) {
    for (const read of reads) {
      looks += 1;
      if (read.output === null) expired += 1;
      checkLook(findings, { key, read, writes, isTimed });
    }
  }
  return findings.verdict({ looks, empty: expired });
};

function byKey({ operations }: History): Map<string, { writes: Operation[]; reads: Operation[] }> {
  const keys = new Map<string, { writes: Operation[]; reads: Operation[] }>();
  const of = (key: string): { writes: Operation[]; reads: Operation[] } => {
    const found = keys.get(key) ?? { writes: [], reads: [] };
    keys.set(key, found);
    return found;
  };
  for (const operation of operations) {
    if (operation.op === "session") of(operation.key!).writes.push(operation);
  }
  for (const operation of operations) {
    const { op, key, outcome } = operation;
    if (outcome !== "ok" || key === null || !keys.has(key)) continue;
    if (op === "read-session" || op === "final-read") of(key).reads.push(operation);
  }
  return keys;
}

interface Look {
  readonly key: string;
  readonly read: Operation;
  /** In the order of invocation. */
  readonly writes: readonly Operation[];
  readonly isTimed: boolean;
}

function checkLook(findings: Findings, { key, read, writes, isTimed }: Look): void {
  const newest = writes.findLast(
    ({ outcome, completedAt }) => outcome === "ok" && completedAt < read.invokedAt,
  );
  const found = (kind: string, figure: string, text: string, also: readonly Operation[]): void =>
    findings.add({ kind, figure, text, key, operations: also, impossible: read });
  const at = seconds(read.completedAt);
  if (read.output === null) {
    if (newest === undefined || !isTimed) return;
    const endsAt = newest.invokedAt + ttlOf(newest) * MICROSECONDS_PER_SECOND;
    if (read.completedAt >= endsAt - SLACK) return;
    const text = `At ${at} the session was gone; it had been written at ${seconds(newest.completedAt)} to last ${ttlOf(newest)} s.`;
    found("lost session", "lostSessions", text, [newest]);
    return;
  }
  const fields = read.output as Record<string, string>;
  const { [TTL_FIELD]: _, ...versions } = fields;
  if (new Set(Object.values(versions)).size !== 1) {
    found(
      "torn session",
      "torn",
      `At ${at} the session's fields were of several writes.`,
      writes.slice(-1),
    );
    return;
  }
  const source = writes.findLast((write) => versionOf(write) === fields[VERSION_FIELD]);
  if (source === undefined || source.outcome === "fail" || source.invokedAt > read.completedAt) {
    const text = `At ${at} the session showed what ${source?.outcome === "fail" ? "had been refused" : "nobody had written by then"}.`;
    found("out of thin air", "strangers", text, source === undefined ? [] : [source]);
    return;
  }
  if (
    newest !== undefined &&
    source.index < newest.index &&
    source.completedAt < newest.invokedAt
  ) {
    const text = `At ${at} the session showed an older write than the one acknowledged at ${seconds(newest.completedAt)}.`;
    found("stale read", "staleReads", text, [source, newest]);
    return;
  }
  const goneAt = source.completedAt + ttlOf(source) * MICROSECONDS_PER_SECOND;
  if (!isTimed || source.outcome !== "ok" || read.invokedAt <= goneAt + SLACK) return;
  const text = `At ${at} the session was still there; it had been written at ${seconds(source.completedAt)} to last ${ttlOf(source)} s.`;
  found("session outlived its time", "outlived", text, [source]);
}

function versionOf(write: Operation): string {
  return (write.input as Record<string, string>)[VERSION_FIELD]!;
}

function ttlOf(write: Operation): number {
  return Number((write.input as Record<string, string>)[TTL_FIELD]);
}
