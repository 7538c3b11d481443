/**
 * A verdict on a stopped node's log, part by part, without changing a byte of it: what opening would say, and whether
 * the last crash left something behind that no start would miss.
 *
 *   ok           everything that was ever promised is here
 *   torn tail    so it is; a crash left an unfinished write, which nobody was told was done
 *   damaged      something is missing or changed: the node would not start from it
 *
 * LevelDB's own log is looked at because LevelDB tells nobody what it drops.
 */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Index } from "@redoubt/raft";
import {
  LOG_DIRECTORY,
  SNAPSHOT_DIRECTORY,
  STORE_DIRECTORY,
  WATERMARK_FILE,
  WATERMARK_SLOT_BYTES,
  WATERMARK_SLOT_STRIDE,
} from "./constants.js";
import type { MasterKeys } from "./encryption/master-keys.js";
import { codeOf, LogDamagedError } from "./errors.js";
import { snapshotName } from "./snapshots.js";
import { type LogPart, openStoppedLog, type StoppedLog } from "./stopped-log.js";
import { wholeRecordsEnd } from "./table-format.js";
import { decodeSlot } from "./watermark.js";

export type Verdict = "ok" | "torn tail" | "damaged";

export interface PartVerdict {
  readonly part: LogPart;
  readonly verdict: Verdict;
  /** What it holds, or what is wrong with it. */
  readonly text: string;
}

export interface LogVerdict {
  readonly verdict: Verdict;
  /** First entry that is not here as it was promised; null: all are. */
  readonly damagedAt: Index | null;
  /** What is damaged first; null: nothing. */
  readonly what: string | null;
  readonly parts: readonly PartVerdict[];
}

/** Rejects as `openStoppedLog`, except with LOG_DAMAGED: that is a verdict. */
export async function checkLog(
  directory: string,
  masterKeys: MasterKeys | null = null,
): Promise<LogVerdict> {
  const root = join(directory, LOG_DIRECTORY);
  let log: StoppedLog;
  try {
    log = await openStoppedLog(directory, masterKeys);
  } catch (error) {
    if (!(error instanceof LogDamagedError)) throw error;
    const parts = [{ part: "store", verdict: "damaged", text: error.message }] as const;
    return { verdict: "damaged", damagedAt: 1, what: error.message, parts };
  }
  try {
    return verdictOf(log, await tornParts(root, log));
  } finally {
    await log.close();
  }
}

function verdictOf(log: StoppedLog, torn: ReadonlyMap<LogPart, string>): LogVerdict {
  const held = heldBy(log);
  const parts = [...held].map(([part, text]): PartVerdict => {
    const damage = log.damages.find((each) => each.part === part);
    if (damage !== undefined) return { part, verdict: "damaged", text: damage.error.message };
    const tail = torn.get(part);
    return tail === undefined
      ? { part, verdict: "ok", text }
      : { part, verdict: "torn tail", text: `${text}; ${tail}` };
  });
  const [first] = log.damages;
  return {
    verdict: first !== undefined ? "damaged" : torn.size > 0 ? "torn tail" : "ok",
    damagedAt: firstMissing(log),
    what: first?.error.message ?? null,
    parts,
  };
}

/** Entries up to the anchor are in the snapshot alone. */
function firstMissing({ damages, anchorIndex, provedLast }: StoppedLog): Index | null {
  const isDamaged = (part: LogPart) => damages.some((damage) => damage.part === part);
  if (isDamaged("snapshot") && anchorIndex > 0) return 1;
  return isDamaged("entries") ? provedLast + 1 : null;
}

function heldBy(log: StoppedLog): Map<LogPart, string> {
  const { identity, hardState, snapshot, anchorIndex, provedLast, lastTerm } = log;
  const who =
    identity === null
      ? "not known"
      : `node ${identity.nodeId} (incarnation ${identity.incarnation}) of cluster ${identity.clusterId}`;
  const entries =
    provedLast === anchorIndex
      ? `none behind ${anchorIndex}`
      : `${anchorIndex + 1} to ${provedLast}, the last one of term ${lastTerm}`;
  const ofSnapshot =
    snapshot === null ? "none" : `all up to entry ${snapshot.index}, ${snapshot.bytes} bytes`;
  return new Map<LogPart, string>([
    ["identity", who],
    ["store", "opens, and belongs to this identity"],
    ["hard state", `term ${hardState.term}, vote ${hardState.vote}`],
    ["watermark", "nothing that was promised is missing"],
    ["snapshot", ofSnapshot],
    ["entries", entries],
  ]);
}

/** What a crash left that nobody was promised. Only of interest where nothing is damaged. */
async function tornParts(root: string, log: StoppedLog): Promise<Map<LogPart, string>> {
  const torn = new Map<LogPart, string>();
  const dropped = await droppedTail(join(root, STORE_DIRECTORY));
  if (dropped !== null) torn.set("entries", dropped);
  const slots = await readFile(join(root, WATERMARK_FILE)).catch((error: unknown) => {
    // Its absence is damage, which the reader tells.
    if (codeOf(error) !== "ENOENT") throw error;
    return Buffer.alloc(0);
  });
  const bad = [0, WATERMARK_SLOT_STRIDE].filter(
    (at) => decodeSlot(slots.subarray(at, at + WATERMARK_SLOT_BYTES)) === null,
  );
  if (bad.length === 1) torn.set("watermark", "one of its two slots was being written");
  const left = await unfinishedSnapshots(join(root, SNAPSHOT_DIRECTORY), log);
  if (left.length > 0) torn.set("snapshot", `left over by a crash: ${left.join(", ")}`);
  return torn;
}

async function unfinishedSnapshots(directory: string, { recorded }: StoppedLog): Promise<string[]> {
  const counts = recorded === null ? null : snapshotName(recorded);
  return (await namesIn(directory)).filter((name) => name !== counts);
}

/** Null: every one of LevelDB's logs ends behind a whole record, or in zeros that were written ahead (log-space.ts). */
async function droppedTail(store: string): Promise<string | null> {
  for (const name of (await namesIn(store)).filter((each) => each.endsWith(".log"))) {
    const bytes = await readFile(join(store, name));
    const end = wholeRecordsEnd(bytes);
    const isWhole = bytes.subarray(end).every((byte) => byte === 0);
    if (!isWhole) return `${name} is whole up to byte ${end} of ${bytes.length}`;
  }
  return null;
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}
