/**
 * What a stopped node's directory holds, read by the production code from a copy: the proof that damage did nothing.
 * Two directories with one fingerprint give a node the same identity, term, vote, entries and snapshot.
 */

import { createHash } from "node:crypto";
import { cpSync, rmSync } from "node:fs";
import { openLog } from "@redoubt/level-log";
import { filesOf } from "./damages.js";
import { snapshotHash } from "./snapshot-hash.js";

export interface Fingerprint {
  readonly incarnation: number;
  readonly term: number;
  readonly vote: number;
  readonly anchorIndex: number;
  readonly lastIndex: number;
  /** Of every entry: index, term, kind, checksum and payload. */
  readonly entries: string;
  /** Of the snapshot's description and all its bytes; "" without one. */
  readonly snapshot: string;
}

/** Bytes of payload read at a time. */
const READ_BYTES = 8 * 1024 * 1024;

/** What opening the copy said: what the node holds, or the code and text of the refusal. */
export type Reading =
  | {
      readonly holds: Fingerprint /** That opening left in place, below the directory. */;
      readonly files: readonly string[];
    }
  | { readonly refusal: string; readonly code: string };

/** `directory` itself is not touched. */
export async function readCopy(directory: string, nodeId: number): Promise<Reading> {
  const copy = `${directory}.read`;
  cpSync(directory, copy, { recursive: true });
  try {
    return { holds: await fingerprint(copy, nodeId), files: filesOf(copy) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "") throw error;
    return { code, refusal: error instanceof Error ? error.message : "" };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function fingerprint(directory: string, nodeId: number): Promise<Fingerprint> {
  let failure: Error | null = null;
  const onFatal = (error: Error): void => {
    failure ??= error;
  };
  const log = await openLog({ directory, nodeId, clusterId: null, onFatal });
  try {
    const { hardState, anchor, lastIndex } = log.initial;
    const anchorIndex = anchor?.index ?? 0;
    const hash = createHash("sha256");
    for (let next = anchorIndex + 1; next <= lastIndex; ) {
      for (const entry of log.readEntries(next, lastIndex, READ_BYTES)) {
        const { index, term, kind, checksum, payload } = entry;
        hash.update(`${index} ${term} ${kind} ${checksum} ${payload.length}\n`);
        hash.update(payload);
        next = index + 1;
      }
    }
    if (failure !== null) throw failure;
    return {
      incarnation: log.identity.incarnation,
      term: hardState.term,
      vote: hardState.vote,
      anchorIndex,
      lastIndex,
      entries: hash.digest("hex"),
      snapshot: snapshotHash(log),
    };
  } finally {
    await log.close();
  }
}

export function isSame(a: Fingerprint, b: Fingerprint): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
