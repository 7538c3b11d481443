/**
 * Entries of the log in a file: contiguous, each with its checksum, chained to the entry in front of the first. What
 * a backup keeps of the log, and what an export puts on top of a snapshot.
 *
 *   header   "REDOUBTE" u8 version 1
 *   record   u32 bytes of the payload, u64 index, u64 term, u8 kind, u32 checksum, payload       all big-endian
 */

import { closeSync, openSync, readSync } from "node:fs";
import { type Entry, EntryKind, entryChecksum, type Index } from "@redoubt/raft";
import { assert } from "../gateway/assert.js";
import { entryBytesMax, fileBlockBytes } from "./constants.js";
import { CarryError } from "./errors.js";
import { type FileFacts, HashedFile } from "./hashed-file.js";

const header = Buffer.from("REDOUBTE\x01", "latin1");
const recordHeaderBytes = 25;

/** What a log begins behind: index 0 and checksum 0 in front of the first entry ever. */
export interface Anchor {
  readonly index: Index;
  readonly checksum: number;
}

export class EntryFileWriter {
  readonly anchor: Anchor;
  readonly #file: HashedFile;
  #last: Anchor;

  constructor(path: string, anchor: Anchor) {
    this.anchor = anchor;
    this.#last = anchor;
    this.#file = new HashedFile(path);
    this.#file.write(header);
  }

  /** Of the last entry, or the anchor. */
  get last(): Anchor {
    return this.#last;
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  /** Throws DAMAGED when it is not the next one of the chain. */
  append(entry: Entry): void {
    checkChained(entry, this.#last);
    const head = Buffer.allocUnsafe(recordHeaderBytes);
    head.writeUInt32BE(entry.payload.length, 0);
    head.writeBigUInt64BE(BigInt(entry.index), 4);
    head.writeBigUInt64BE(BigInt(entry.term), 12);
    head[20] = entry.kind;
    head.writeUInt32BE(entry.checksum, 21);
    this.#file.write(head);
    this.#file.write(entry.payload);
    this.#last = { index: entry.index, checksum: entry.checksum };
  }

  finish(): FileFacts {
    return this.#file.finish();
  }

  abandon(): void {
    this.#file.abandon();
  }
}

/** All of them in order, each proved. Throws DAMAGED. A payload stays valid. */
export function* readEntryFile(path: string, anchor: Anchor): Generator<Entry> {
  const descriptor = openSync(path, "r");
  try {
    const input = new Input(descriptor, path);
    if (!input.take(header.length).equals(header)) throw damaged(path, "it is no file of entries");
    let last = anchor;
    while (!input.atEnd()) {
      const head = input.take(recordHeaderBytes);
      const payloadBytes = head.readUInt32BE(0);
      const index = Number(head.readBigUInt64BE(4));
      const term = Number(head.readBigUInt64BE(12));
      const kind = head[20]!;
      const checksum = head.readUInt32BE(21);
      if (payloadBytes > entryBytesMax || !isKind(kind)) {
        throw damaged(path, `the record behind entry ${last.index}`);
      }
      const entry: Entry = { index, term, kind, checksum, payload: input.take(payloadBytes) };
      checkChained(entry, last, path);
      last = { index, checksum };
      yield entry;
    }
  } finally {
    closeSync(descriptor);
  }
}

function isKind(kind: number): kind is EntryKind {
  return Object.values(EntryKind).some((each) => each === kind);
}

function checkChained(entry: Entry, previous: Anchor, path = "the log"): void {
  const { index, term, kind, checksum, payload } = entry;
  if (index !== previous.index + 1) {
    throw damaged(path, `entry ${previous.index + 1} is missing, ${index} is there`);
  }
  const safe = Number.isSafeInteger(term) && term >= 1;
  if (!safe || entryChecksum(index, term, kind, previous.checksum, payload) !== checksum) {
    throw damaged(path, `entry ${index} is not the one written`);
  }
}

function damaged(path: string, what: string): CarryError {
  return new CarryError("DAMAGED", `${path}: ${what}`);
}

class Input {
  readonly #descriptor: number;
  readonly #path: string;
  #position = 0;
  #bytes: Buffer = Buffer.alloc(0);

  constructor(descriptor: number, path: string) {
    this.#descriptor = descriptor;
    this.#path = path;
  }

  atEnd(): boolean {
    if (this.#bytes.length === 0) this.#fill(1);
    return this.#bytes.length === 0;
  }

  /** Throws DAMAGED when the file ends before. Never the same memory twice. */
  take(count: number): Buffer {
    if (this.#bytes.length < count) this.#fill(count);
    if (this.#bytes.length < count) throw damaged(this.#path, "it ends in the middle of an entry");
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  #fill(wanted: number): void {
    const rest = this.#bytes;
    assert(wanted > rest.length, "bytes are read when they are lacking");
    const block = Buffer.allocUnsafe(Math.max(wanted, fileBlockBytes));
    let end = rest.copy(block);
    while (end < wanted) {
      const count = readSync(this.#descriptor, block, end, block.length - end, this.#position);
      if (count === 0) break;
      this.#position += count;
      end += count;
    }
    this.#bytes = block.subarray(0, end);
  }
}
