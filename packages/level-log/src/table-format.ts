/**
 * LevelDB's file formats, as far as they must be read to know that nothing in them has changed (LevelDB's documents
 * log_format and table_format; the version edits of MANIFEST). Pure.
 *
 *   table     := block trailer ... footer       trailer := type:u8 crc:u32   footer := handles, zeros, magic: 48 bytes
 *   block     := (shared unshared valueBytes key value)* restart:u32* restarts:u32
 *   log file  := 32 KiB blocks of (crc:u32 length:u16 type:u8 data), zeros where no header fits
 *
 * Integers are little-endian, lengths varints. CRCs are CRC-32C over data and type, rotated and shifted.
 */

import { crc32c } from "@redoubt/raft";

const TABLE_MAGIC_LOW = 0x8b80fb57;
const TABLE_MAGIC_HIGH = 0xdb477524;
export const TABLE_FOOTER_BYTES = 48;
const TRAILER_BYTES = 5;
/** Type of a block that is not compressed. */
const PLAIN = 0;
export const LOG_BLOCK_BYTES = 32_768;
export const LOG_HEADER_BYTES = 7;
const CRC_MASK = 0xa282ead8;

/** What does not fit, in words. Thrown by every function here, and nothing else is. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

export interface LiveTable {
  readonly number: number;
  readonly bytes: number;
}

interface Handle {
  readonly at: number;
  readonly bytes: number;
}

/** What must be right so that LevelDB can open a table and scan it, or every byte. */
export type TableExtent = "index" | "all";

/** Every byte of a table is as it was written: each block by its CRC, the footer by its form. */
export function checkTable(table: Buffer, extent: TableExtent = "all"): void {
  const footerAt = table.length - TABLE_FOOTER_BYTES;
  if (footerAt < 0) throw new FormatError("it is shorter than its footer");
  const [metaindex, index] = footerHandles(table, footerAt);
  const blocks = [metaindex, index];
  for (const parent of [metaindex, index]) {
    checkBlock(table, parent, footerAt);
    if (table[parent.at + parent.bytes] !== PLAIN) {
      throw new FormatError("its index is compressed: it was not written by this log");
    }
    blocks.push(...handlesIn(table.subarray(parent.at, parent.at + parent.bytes)));
  }
  if (extent === "index") return;
  // The two parents were seen already; twice is cheaper than a case of its own.
  for (const block of blocks) checkBlock(table, block, footerAt);
  checkTiled(blocks, footerAt);
}

function footerHandles(table: Buffer, footerAt: number): [Handle, Handle] {
  const footer = new Cursor(table.subarray(footerAt));
  const handles: [Handle, Handle] = [footer.handle(), footer.handle()];
  const magicAt = TABLE_FOOTER_BYTES - 8;
  const isZero = table.subarray(footerAt + footer.at, footerAt + magicAt).every((b) => b === 0);
  const low = table.readUInt32LE(footerAt + magicAt);
  const high = table.readUInt32LE(footerAt + magicAt + 4);
  if (!isZero || low !== TABLE_MAGIC_LOW || high !== TABLE_MAGIC_HIGH) {
    throw new FormatError("its footer is not one");
  }
  return handles;
}

function checkBlock(table: Buffer, { at, bytes }: Handle, end: number): void {
  const trailerAt = at + bytes;
  if (trailerAt + TRAILER_BYTES > end) throw new FormatError("a block lies outside of it");
  const crc = crc32c(table.subarray(at, trailerAt + 1));
  if (table.readUInt32LE(trailerAt + 1) !== masked(crc)) {
    throw new FormatError(`the block at byte ${at} does not match its checksum`);
  }
}

/** Nothing lies between the blocks, before them or behind them. */
function checkTiled(blocks: readonly Handle[], end: number): void {
  let next = 0;
  for (const { at, bytes } of blocks.toSorted((a, b) => a.at - b.at)) {
    if (at !== next) throw new FormatError(`byte ${next} belongs to no block`);
    next = at + bytes + TRAILER_BYTES;
  }
  if (next !== end) throw new FormatError(`byte ${next} belongs to no block`);
}

/** The handles that an index or metaindex block has as its values. */
function handlesIn(block: Buffer): Handle[] {
  if (block.length < 4) throw new FormatError("an index has no restarts");
  const end = block.length - 4 - 4 * block.readUInt32LE(block.length - 4);
  const handles: Handle[] = [];
  const cursor = new Cursor(block);
  while (cursor.at < end) {
    cursor.varint();
    const unshared = cursor.varint();
    const value = cursor.varint();
    cursor.skip(unshared);
    const next = cursor.at + value;
    handles.push(cursor.handle());
    if (cursor.at > next) throw new FormatError("a handle is longer than its value");
    cursor.at = next;
  }
  return handles;
}

/** Tables that a MANIFEST lists in the end. What is torn at its end was never acknowledged by LevelDB. */
export function liveTables(manifest: Buffer): LiveTable[] {
  const live = new Map<number, number>();
  for (const record of logRecords(manifest)) {
    const edit = new Cursor(record);
    while (edit.at < record.length) applyEdit(edit, live);
  }
  return [...live].map(([number, bytes]) => ({ number, bytes }));
}

function applyEdit(edit: Cursor, live: Map<number, number>): void {
  const tag = edit.varint();
  switch (tag) {
    case 1: // comparator
      edit.skip(edit.varint());
      return;
    case 2: // log number
    case 3: // next file number
    case 4: // last sequence
    case 9: // previous log number
      edit.varint();
      return;
    case 5: // where compaction of a level goes on
      edit.varint();
      edit.skip(edit.varint());
      return;
    case 6: // a table that is gone
      edit.varint();
      live.delete(edit.varint());
      return;
    case 7: {
      edit.varint();
      const number = edit.varint();
      live.set(number, edit.varint());
      edit.skip(edit.varint());
      edit.skip(edit.varint());
      return;
    }
    default:
      throw new FormatError(`a version edit has an unknown tag ${tag}`);
  }
}

const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

function* logRecords(log: Buffer): Generator<Buffer> {
  let parts: Buffer[] = [];
  for (let at = recordStart(0); at < log.length; ) {
    const record = recordAt(log, at);
    if (record === null) {
      if (isTorn(log, at)) return;
      throw new FormatError(`the record at byte ${at} does not match its checksum`);
    }
    const { type, data, next } = record;
    if (type === FULL || type === FIRST) parts = [];
    parts.push(data);
    if (type === FULL || type === LAST) yield Buffer.concat(parts);
    else if (type !== FIRST && type !== MIDDLE) throw new FormatError(`a record of type ${type}`);
    at = recordStart(next);
  }
}

/** Where the first record of a log file begins that is not whole; its length if all are. */
export function wholeRecordsEnd(log: Buffer): number {
  let at = recordStart(0);
  while (at < log.length) {
    const record = recordAt(log, at);
    if (record === null) return at;
    at = recordStart(record.next);
  }
  return log.length;
}

/** Where a record that follows byte `at` begins: none begins where no header fits into the block. */
function recordStart(at: number): number {
  const left = LOG_BLOCK_BYTES - (at % LOG_BLOCK_BYTES);
  return left < LOG_HEADER_BYTES ? at + left : at;
}

interface LogRecord {
  readonly type: number;
  readonly data: Buffer;
  readonly next: number;
}

/** Null: it is not whole. */
function recordAt(log: Buffer, at: number): LogRecord | null {
  const dataAt = at + LOG_HEADER_BYTES;
  if (dataAt > log.length) return null;
  const next = dataAt + log.readUInt16LE(at + 4);
  if (next > log.length) return null;
  const crc = crc32c(log.subarray(dataAt - 1, next));
  if (log.readUInt32LE(at) !== masked(crc)) return null;
  return { type: log[dataAt - 1]!, data: log.subarray(dataAt, next), next };
}

/**
 * A record that is not whole is the one that was being written: the file ends in it, or there are zeros to the end (power
 * loss that kept a file's size and not its last data). LevelDB passes over both.
 */
function isTorn(log: Buffer, at: number): boolean {
  const dataAt = at + LOG_HEADER_BYTES;
  const isCut = dataAt > log.length || dataAt + log.readUInt16LE(at + 4) > log.length;
  return isCut || log.subarray(at).every((byte) => byte === 0);
}

function masked(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + CRC_MASK) >>> 0;
}

/** Reads varints; never beyond the end. */
class Cursor {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      const byte = this.#bytes[this.at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new FormatError("a number does not end");
  }

  skip(bytes: number): void {
    this.at += bytes;
    if (this.at > this.#bytes.length) throw new FormatError("a field does not end");
  }

  handle(): Handle {
    return { at: this.varint(), bytes: this.varint() };
  }
}
