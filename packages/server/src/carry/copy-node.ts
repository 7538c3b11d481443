/**
 * A consistent copy of what one running node holds: its newest snapshot and the log behind it, up to an index that is
 * committed. Taken through its client port by REDOUBT SNAPSHOT and REDOUBT LOG; nothing stops meanwhile.
 *
 * The node trims while it is copied: what is gone in the middle of it begins anew with the newer snapshot.
 */

import { rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import {
  decodeConfiguration,
  type Entry,
  EntryKind,
  type Index,
  type SnapshotDescription,
} from "@redoubt/raft";
import {
  chunkBytesMax,
  copyAttemptsMax,
  followPatienceMs,
  leaderPollMs,
  readEntriesMax,
} from "./constants.js";
import { type Anchor, EntryFileWriter } from "./entry-file.js";
import { CarryError } from "./errors.js";
import { type FileFacts, HashedFile } from "./hashed-file.js";
import type { Pipe } from "./pipe.js";
import { Fields } from "./reply-fields.js";
import { type BinaryReply, Refusal } from "./reply-stream.js";

/** Where a copy is put. The files must not exist. */
export interface CopyPaths {
  readonly snapshot: string;
  readonly entries: string;
}

export interface CopiedSnapshot {
  readonly description: SnapshotDescription;
  readonly facts: FileFacts;
}

export interface CopiedLog {
  readonly anchor: Anchor;
  readonly last: Anchor;
  readonly facts: FileFacts;
}

export interface NodeCopy {
  /** null: the log begins with the first entry ever. */
  readonly snapshot: CopiedSnapshot | null;
  readonly log: CopiedLog;
}

export interface CopyOptions {
  readonly paths: CopyPaths;
  /** Copied at least up to here: what was acknowledged before is in it. */
  readonly atLeast: Index;
  readonly report: (what: "snapshot" | "log", bytes: number, bytesTotal: number | null) => void;
}

/** Rejects with GONE (again and again trimmed while it was read), DAMAGED, UNREACHABLE, NO_LEADER, ERROR_REPLY. */
export async function copyNode(pipe: Pipe, options: CopyOptions): Promise<NodeCopy> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await copyOnce(pipe, options);
    } catch (error) {
      rmSync(options.paths.snapshot, { force: true });
      rmSync(options.paths.entries, { force: true });
      const again = error instanceof CarryError && error.code === "GONE";
      if (!again || attempt === copyAttemptsMax) throw error;
    }
  }
}

async function copyOnce(pipe: Pipe, options: CopyOptions): Promise<NodeCopy> {
  const description = await newestSnapshot(pipe);
  let snapshot: CopiedSnapshot | null = null;
  if (description !== null) {
    const facts = await copySnapshot(pipe, description, options);
    snapshot = { description, facts };
  }
  const anchor = { index: description?.index ?? 0, checksum: description?.checksum ?? 0 };
  return { snapshot, log: await copyLog(pipe, anchor, options.paths.entries, options) };
}

export async function newestSnapshot(pipe: Pipe): Promise<SnapshotDescription | null> {
  const reply = await answer(pipe, ["REDOUBT", "SNAPSHOT"]);
  if (reply === null) return null;
  const fields = new Fields(reply);
  return {
    index: fields.number("index"),
    term: fields.number("term"),
    checksum: fields.number("checksum"),
    configuration: {
      index: fields.number("configuration-index"),
      configuration: decodeConfiguration(fields.bytes("configuration")),
    },
    bytes: fields.number("bytes"),
    digest: fields.number("digest"),
  };
}

async function copySnapshot(
  pipe: Pipe,
  { index, digest, bytes }: SnapshotDescription,
  { paths, report }: CopyOptions,
): Promise<FileFacts> {
  const file = new HashedFile(paths.snapshot);
  try {
    while (file.bytes < bytes) {
      const argv = ["REDOUBT", "SNAPSHOT", "READ", index, digest, file.bytes, chunkBytesMax];
      const chunk = await answer(pipe, argv.map(String));
      if (!(chunk instanceof Buffer) || chunk.length === 0)
        throw notUnderstood("a piece of a file");
      file.write(chunk);
      report("snapshot", file.bytes, bytes);
    }
  } catch (error) {
    file.abandon();
    throw error;
  }
  const facts = file.finish();
  if (facts.bytes === bytes && facts.crc32 === digest) return facts;
  throw new CarryError("DAMAGED", `snapshot ${index} did not arrive as the node described it`);
}

/** The log behind `anchor` alone. Rejects with GONE when it was trimmed. */
export async function copyLog(
  pipe: Pipe,
  anchor: Anchor,
  path: string,
  { atLeast, report }: Pick<CopyOptions, "atLeast" | "report">,
): Promise<CopiedLog> {
  const writer = new EntryFileWriter(path, anchor);
  try {
    // What commits while it is copied would be followed for ever: up to here, and no further.
    const target = Math.max(atLeast, await committedOf(pipe));
    let untilMs = performance.now() + followPatienceMs;
    while (writer.last.index < target) {
      const entries = await readEntries(pipe, writer.last.index + 1, target);
      for (const entry of entries) writer.append(entry);
      report("log", writer.bytes, null);
      if (entries.length > 0) {
        untilMs = performance.now() + followPatienceMs;
      } else if (performance.now() > untilMs) {
        const what = `the node has not heard of entry ${target}, which is committed`;
        throw new CarryError("NO_LEADER", what);
      } else {
        await pause(leaderPollMs);
      }
    }
  } catch (error) {
    writer.abandon();
    throw error;
  }
  return { anchor, last: writer.last, facts: writer.finish() };
}

export async function committedOf(pipe: Pipe): Promise<Index> {
  return new Fields(await answer(pipe, ["REDOUBT", "STATUS"])).number("commit");
}

async function readEntries(pipe: Pipe, first: Index, target: Index): Promise<Entry[]> {
  const last = Math.min(target, first + readEntriesMax - 1);
  const argv = ["REDOUBT", "LOG", "READ", String(first), String(last), String(chunkBytesMax)];
  const reply = await answer(pipe, argv);
  if (!Array.isArray(reply)) throw notUnderstood("entries");
  return reply.map(entryOf);
}

function entryOf(reply: BinaryReply): Entry {
  const [index, term, kind, checksum, payload] = Array.isArray(reply) ? reply : [];
  const known = Object.values(EntryKind).find((each) => each === kind);
  if (
    typeof index !== "number" ||
    typeof term !== "number" ||
    typeof checksum !== "number" ||
    known === undefined ||
    !(payload instanceof Buffer)
  ) {
    throw notUnderstood("an entry");
  }
  return { index, term, kind: known, checksum, payload };
}

async function answer(pipe: Pipe, argv: readonly string[]): Promise<Exclude<BinaryReply, Refusal>> {
  const reply = await pipe.request(argv);
  if (!(reply instanceof Refusal)) return reply;
  const gone = reply.text.startsWith("REFUSED GONE ");
  throw new CarryError(gone ? "GONE" : "ERROR_REPLY", `${pipe.address}: ${reply.text}`);
}

function notUnderstood(what: string): CarryError {
  return new CarryError("NOT_UNDERSTOOD", `the node did not answer with ${what}: another version?`);
}
