/**
 * A log that is whole beside a state that is not that of most members. A start would load that state again, serve it,
 * and send it to whoever needs a snapshot. So a mark is left inside the log, and the next start goes through quarantine:
 *
 *   STATE_DIVERGED        what this node holds at an entry, most members do not (replica/audits): it stops
 *   SNAPSHOT_OTHER_STATE  what was made of its newest snapshot and its log is not the state of that entry: the state in
 *                         memory is right, what a start begins from is not. It goes on, the mark names that snapshot
 *
 * The second mark is void once another snapshot is the newest: one that was found right, or a leader's.
 *
 * Unlike a damaged log this one is whole and may be all there is. It keeps its place until a leader has given the
 * node a new one, which takes a quorum that does not count it (docs/decisions/2026-11-21-a-diverged-state-is-kept-aside.md).
 */

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "./gateway/errors.js";

/** Code of the audit's error. */
export const STATE_DIVERGED = "STATE_DIVERGED";
/** Code of a snapshot that fails at a check index. */
export const SNAPSHOT_OTHER_STATE = "SNAPSHOT_OTHER_STATE";

export interface DivergedMark {
  readonly code: typeof STATE_DIVERGED | typeof SNAPSHOT_OTHER_STATE;
  /** What was found, in one line. */
  readonly found: string;
  /** The only one it is about; null: whatever is there. */
  readonly snapshot: SnapshotName | null;
}

/** Which snapshot. */
export interface SnapshotName {
  readonly index: number;
  /** CRC-32 of its bytes. */
  readonly digest: number;
}

const MARK = "diverged";

/**
 * Synchronous: the process may be about to end. Null, or why there is no mark: the next audit will find the same. A
 * mark about whatever is there stays, one about a snapshot is replaced.
 */
export function markDiverged(directory: string, mark: DivergedMark): unknown {
  const log = join(directory, "log");
  const path = join(log, MARK);
  try {
    if (readMark(path)?.snapshot === null) return null;
    const { code, found, snapshot } = mark;
    const named = snapshot === null ? null : { index: snapshot.index, digest: snapshot.digest };
    const text = JSON.stringify({ code, found: found.replaceAll("\n", " "), snapshot: named });
    writeFileSync(`${path}.tmp`, `${text}\n`, { flush: true });
    renameSync(`${path}.tmp`, path);
    syncDirectory(log);
    return null;
  } catch (cause) {
    return cause;
  }
}

/** What is to be done about `newest`, the snapshot that a start would begin from; null: nothing, it is right as far as is known. */
export function divergedMark(directory: string, newest: SnapshotName | null): DivergedMark | null {
  const mark = readMark(join(directory, "log", MARK));
  if (mark === null || mark.snapshot === null) return mark;
  const { index, digest } = mark.snapshot;
  return newest?.index === index && newest.digest === digest ? mark : null;
}

/** A mark that can't be understood counts: somebody left it. */
function readMark(path: string): DivergedMark | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return null;
    throw error;
  }
  return parseMark(text) ?? { code: STATE_DIVERGED, found: text.trim(), snapshot: null };
}

function parseMark(text: string): DivergedMark | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const { code, found, snapshot } = (value ?? {}) as Partial<DivergedMark>;
  if (code !== STATE_DIVERGED && code !== SNAPSHOT_OTHER_STATE) return null;
  if (typeof found !== "string" || snapshot === undefined) return null;
  const isNamed =
    snapshot === null || (Number.isInteger(snapshot.index) && Number.isInteger(snapshot.digest));
  return isNamed ? { code, found, snapshot } : null;
}

function syncDirectory(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
