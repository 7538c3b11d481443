/**
 * The records inside LevelDB: keys and values as bytes, big-endian, frozen by a test.
 *
 *   key                            value
 *   'e' index:u64 0:u32            header, then the payload when it is at most PIECE_BYTES
 *   'e' index:u64 piece:u32 (1..)  a piece of a longer payload
 *   'h'                            hard state
 *   'm'                            meta: format, identity, anchor, truncation epoch
 *   's'                            the snapshot a restart begins from; from format 2 on
 *
 * Each record carries a CRC of its own, because LevelDB serves damaged values without a word. An
 * entry's payload is covered by the entry's checksum (the chain), its header by a CRC beside it.
 * Key order is index order, so one iterator reads the log.
 */

import {
  crc32c,
  decodeConfiguration,
  type Entry,
  type EntryKind,
  encodeConfiguration,
  type HardState,
  type Index,
  type SnapshotDescription,
} from "@redoubt/raft";
import { assert } from "./assert.js";
import { FORMAT_VERSION, FORMAT_VERSION_MIN, PIECE_BYTES } from "./constants.js";

const KEY_ENTRY = 0x65;
export const HARD_STATE_KEY = Buffer.from("h");
export const META_KEY = Buffer.from("m");
export const SNAPSHOT_KEY = Buffer.from("s");
/** Keys of entries, with any piece, are from here on and before the next. */
export const ENTRY_KEYS_FIRST = Buffer.of(KEY_ENTRY);
export const ENTRY_KEYS_END = Buffer.of(KEY_ENTRY + 1);

const ENTRY_KEY_BYTES = 13;
export const HEADER_BYTES = 29;
const HARD_STATE_BYTES = 24;
const META_BYTES = 56;
/** Without the configuration. */
const SNAPSHOT_BYTES = 48;
const CRC_BYTES = 4;

/** What a header record says about an entry beside its payload. */
export interface EntryHeader {
  readonly kind: EntryKind;
  readonly term: number;
  readonly checksum: number;
  readonly payloadBytes: number;
  /** Truncation epoch in which the entry was written (see `Meta.epochLastIndex`). */
  readonly epoch: number;
}

/** `sequence` is raised by one at every write: an older record that LevelDB shows again is told by it. */
export interface HardStateRecord extends HardState {
  readonly sequence: number;
}

/**
 * What the store says about itself. Written at birth and in every batch that truncates, trims or installs.
 *
 * An entry that was truncated can come back when LevelDB loses its deletion. It is told apart so: when
 * `epoch` began, the log ended at `epochLastIndex` with `epochLastChecksum`; the chain fixes everything
 * up to there, and whatever lies behind was written in this epoch and says so in its header. Trimming moves
 * `epochLastIndex` along with the anchor: anchorIndex <= epochLastIndex.
 *
 * Entries at or below the anchor may still be there: they are deleted after it has moved, or LevelDB lost their
 * deletion. They are nobody's business.
 */
export interface Meta {
  /** 2: there may be a snapshot, and there is one if the anchor is not 0. */
  readonly format: number;
  /** CRC of the identity file: a store of another node put in place is found. */
  readonly identityStamp: number;
  /** The entry before the first one kept: (0, 0, 0) until the log is trimmed. */
  readonly anchorIndex: Index;
  readonly anchorTerm: number;
  readonly anchorChecksum: number;
  /** Raised by one with every truncation and every install of a snapshot. From 1. */
  readonly epoch: number;
  readonly epochLastIndex: Index;
  readonly epochLastChecksum: number;
  /** Raised by one whenever this record or the snapshot's is written: the watermark tells an older one by it. */
  readonly revision: number;
}

export function writeU64(target: Buffer, value: number, at: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, "a stored number is a safe natural");
  target.writeUInt32BE(Math.floor(value / 2 ** 32), at);
  target.writeUInt32BE(value % 2 ** 32, at + 4);
}

/** NaN when the number is beyond 2^53 - 1: no record of ours, and no comparison with it is true. */
export function readU64(source: Buffer, at: number): number {
  const value = source.readUInt32BE(at) * 2 ** 32 + source.readUInt32BE(at + 4);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** Writes the CRC of everything before it into the last four bytes. */
export function sealRecord(record: Buffer): Buffer {
  const end = record.length - CRC_BYTES;
  record.writeUInt32BE(crc32c(record.subarray(0, end)), end);
  return record;
}

export function isSealed(record: Buffer, bytes: number): boolean {
  if (record.length !== bytes) return false;
  const end = bytes - CRC_BYTES;
  return record.readUInt32BE(end) === crc32c(record.subarray(0, end));
}

export function entryKey(index: Index, piece: number): Buffer {
  const key = Buffer.allocUnsafe(ENTRY_KEY_BYTES);
  key[0] = KEY_ENTRY;
  writeU64(key, index, 1);
  key.writeUInt32BE(piece, 9);
  return key;
}

/** Null: not a key of an entry. */
export function decodeEntryKey(key: Buffer): { index: Index; piece: number } | null {
  if (key.length !== ENTRY_KEY_BYTES || key[0] !== KEY_ENTRY) return null;
  return { index: readU64(key, 1), piece: key.readUInt32BE(9) };
}

/** Pieces beside the header record; 0 when the payload is stored inline. */
export function pieceCount(payloadBytes: number): number {
  return payloadBytes <= PIECE_BYTES ? 0 : Math.ceil(payloadBytes / PIECE_BYTES);
}

/** Header record, the payload behind it when it is short. */
export function encodeEntry(entry: Entry, epoch: number): Buffer {
  const payloadBytes = entry.payload.length;
  const inline = pieceCount(payloadBytes) === 0;
  const record = Buffer.allocUnsafe(HEADER_BYTES + (inline ? payloadBytes : 0));
  record[0] = entry.kind;
  writeU64(record, entry.term, 1);
  writeU64(record, epoch, 9);
  record.writeUInt32BE(entry.checksum, 17);
  record.writeUInt32BE(payloadBytes, 21);
  sealRecord(record.subarray(0, HEADER_BYTES));
  if (inline) record.set(entry.payload, HEADER_BYTES);
  return record;
}

/** Piece `piece` (from 1) of a payload that has several. Not copied. */
export function payloadPiece(payload: Uint8Array, piece: number): Uint8Array {
  return payload.subarray((piece - 1) * PIECE_BYTES, piece * PIECE_BYTES);
}

/** Null: the header does not verify, or the record has another length than it says. */
export function decodeEntry(record: Buffer): EntryHeader | null {
  if (record.length < HEADER_BYTES) return null;
  if (!isSealed(record.subarray(0, HEADER_BYTES), HEADER_BYTES)) return null;
  const payloadBytes = record.readUInt32BE(21);
  const inlineBytes = pieceCount(payloadBytes) === 0 ? payloadBytes : 0;
  if (record.length !== HEADER_BYTES + inlineBytes) return null;
  return {
    kind: record[0] as EntryKind,
    term: readU64(record, 1),
    epoch: readU64(record, 9),
    checksum: record.readUInt32BE(17),
    payloadBytes,
  };
}

export function encodeHardState(hardState: HardStateRecord): Buffer {
  const record = Buffer.alloc(HARD_STATE_BYTES);
  writeU64(record, hardState.sequence, 0);
  writeU64(record, hardState.term, 8);
  record.writeUInt32BE(hardState.vote, 16);
  return sealRecord(record);
}

export function decodeHardState(record: Buffer): HardStateRecord | null {
  if (!isSealed(record, HARD_STATE_BYTES)) return null;
  return { sequence: readU64(record, 0), term: readU64(record, 8), vote: record.readUInt32BE(16) };
}

export function encodeMeta(meta: Meta): Buffer {
  const record = Buffer.alloc(META_BYTES);
  record.writeUInt32BE(meta.format, 0);
  record.writeUInt32BE(meta.identityStamp, 4);
  writeU64(record, meta.anchorIndex, 8);
  writeU64(record, meta.anchorTerm, 16);
  record.writeUInt32BE(meta.anchorChecksum, 24);
  writeU64(record, meta.epoch, 28);
  writeU64(record, meta.epochLastIndex, 36);
  record.writeUInt32BE(meta.epochLastChecksum, 44);
  record.writeUInt32BE(meta.revision, 48);
  return sealRecord(record);
}

export function decodeMeta(record: Buffer): Meta | null {
  if (!isSealed(record, META_BYTES)) return null;
  const format = record.readUInt32BE(0);
  if (format < FORMAT_VERSION_MIN || format > FORMAT_VERSION) return null;
  return {
    format,
    identityStamp: record.readUInt32BE(4),
    anchorIndex: readU64(record, 8),
    anchorTerm: readU64(record, 16),
    anchorChecksum: record.readUInt32BE(24),
    epoch: readU64(record, 28),
    epochLastIndex: readU64(record, 36),
    epochLastChecksum: record.readUInt32BE(44),
    revision: record.readUInt32BE(48),
  };
}

/** index 8, term 8, checksum 4, bytes 8, digest 4, index of the configuration 8, its length 4, it, own CRC 4. */
export function encodeSnapshot(snapshot: SnapshotDescription): Buffer {
  const configuration = encodeConfiguration(snapshot.configuration.configuration);
  const record = Buffer.alloc(SNAPSHOT_BYTES + configuration.length);
  writeU64(record, snapshot.index, 0);
  writeU64(record, snapshot.term, 8);
  record.writeUInt32BE(snapshot.checksum, 16);
  writeU64(record, snapshot.bytes, 20);
  record.writeUInt32BE(snapshot.digest, 28);
  writeU64(record, snapshot.configuration.index, 32);
  record.writeUInt32BE(configuration.length, 40);
  record.set(configuration, 44);
  return sealRecord(record);
}

/** Throws raft's own error when what verifies is not a configuration. */
export function decodeSnapshot(record: Buffer): SnapshotDescription | null {
  if (record.length < SNAPSHOT_BYTES || !isSealed(record, record.length)) return null;
  const length = record.readUInt32BE(40);
  if (record.length !== SNAPSHOT_BYTES + length) return null;
  const configuration = decodeConfiguration(new Uint8Array(record.subarray(44, 44 + length)));
  return {
    index: readU64(record, 0),
    term: readU64(record, 8),
    checksum: record.readUInt32BE(16),
    configuration: { index: readU64(record, 32), configuration },
    bytes: readU64(record, 20),
    digest: record.readUInt32BE(28),
  };
}
