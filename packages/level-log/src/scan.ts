/**
 * Reads a store from end to end and proves that it is a log: contiguous, chained, complete, each entry
 * of an epoch that fits, nothing else in it. Then holds it against the watermark. Pure but for the
 * records it is handed; guesses nothing: whatever does not fit is LOG_DAMAGED.
 *
 * A batch that is missing whole at the end is the one loss that looks like a log. Not acknowledged, it is
 * harmless; acknowledged, the watermark knows of it.
 */

import {
  decodeConfiguration,
  type Entry,
  EntryKind,
  entryChecksum,
  type Index,
  type IndexedConfiguration,
  type InitialState,
  type SnapshotDescription,
  type Term,
} from "@redoubt/raft";
import { SNAPSHOT_FORMAT } from "./constants.js";
import { EntryTable } from "./entry-table.js";
import { LogDamagedError } from "./errors.js";
import {
  decodeEntry,
  decodeEntryKey,
  decodeHardState,
  decodeMeta,
  decodeSnapshot,
  ENTRY_KEYS_FIRST,
  type EntryHeader,
  entryKey,
  HARD_STATE_KEY,
  type HardStateRecord,
  HEADER_BYTES,
  META_KEY,
  type Meta,
  pieceCount,
  SNAPSHOT_KEY,
} from "./records.js";
import { ScannedEntries } from "./scanned-entries.js";
import type { Store, StoreRecord } from "./store.js";
import type { Watermark } from "./watermark.js";

/** What an intact store holds. */
export interface ScannedLog {
  readonly meta: Meta;
  readonly hardState: HardStateRecord;
  readonly table: EntryTable;
  /** Those behind the snapshot. */
  readonly entries: ScannedEntries;
  /** Recorded; its file is not looked at here. */
  readonly snapshot: SnapshotDescription | null;
  readonly initial: InitialState;
}

/** An entry whose pieces are still coming. */
interface PartialEntry {
  readonly index: Index;
  readonly header: EntryHeader;
  readonly pieces: number;
  readonly payload: Buffer;
  piecesSeen: number;
  filled: number;
}

export async function scanStore(store: Store, identityStamp: number): Promise<ScannedLog> {
  const meta = readMeta(store, identityStamp);
  const hardState = readHardState(store);
  const snapshot = readSnapshot(store, meta);
  const kept = new ScannedEntries(snapshot?.index ?? meta.anchorIndex);
  const entries = new EntryScan(meta, store.path, (entry) => kept.add(entry));
  for await (const records of scanFromAnchor(store, meta)) {
    for (const record of records) entries.take(record);
  }
  const found = entries.finish();
  if (snapshot !== null) entries.checkSnapshot(snapshot);
  const anchor = { index: meta.anchorIndex, term: meta.anchorTerm, checksum: meta.anchorChecksum };
  const initial = {
    ...found,
    ...(snapshot === null ? null : { anchor, snapshot }),
    hardState: { term: hardState.term, vote: hardState.vote },
  };
  return { meta, hardState, table: entries.table, entries: kept, snapshot, initial };
}

/** Every record but those of entries up to the anchor, which may still be there and are not looked at. */
export async function* scanFromAnchor(
  store: Store,
  meta: Meta,
): AsyncGenerator<readonly StoreRecord[]> {
  if (meta.anchorIndex === 0) {
    yield* store.scan();
  } else {
    yield* store.scan({ lt: ENTRY_KEYS_FIRST });
    yield* store.scan({ gte: entryKey(meta.anchorIndex + 1, 0) });
  }
}

/** Throws when the store is behind what was once promised. See watermark.ts for why each line holds. */
export function checkWatermark(found: ScannedLog, mark: Watermark, where: string): void {
  checkPromisedVote(found.hardState, mark, where);
  checkPromisedLog(found, mark, where);
}

export function checkPromisedVote(
  hardState: HardStateRecord,
  mark: Watermark,
  where: string,
): void {
  if (hardState.sequence < mark.hardStateSequence) {
    throw new LogDamagedError("term and vote are older than what was promised", where);
  }
  const isSame = hardState.term === mark.term && hardState.vote === mark.vote;
  if (hardState.sequence === mark.hardStateSequence && !isSame) {
    throw new LogDamagedError("term and vote differ from what was promised", where);
  }
}

export function checkPromisedLog(
  { meta, table }: Pick<ScannedLog, "meta" | "table">,
  mark: Watermark,
  where: string,
): void {
  const fail = (what: string): never => {
    throw new LogDamagedError(what, where);
  };
  if (meta.revision < mark.revision) fail("the log was trimmed, or a snapshot kept, and it is not");
  if (meta.epoch < mark.epoch) fail("a truncation that was promised is missing");
  if (meta.epoch > mark.epoch) return;
  if (table.lastIndex < mark.lastIndex) {
    fail(`the log ends at ${table.lastIndex}, but ${mark.lastIndex} was promised`);
  }
  // Power loss left an older one, and the log was trimmed since: in one epoch it only grows.
  if (mark.lastIndex < table.firstIndex - 1) return;
  if (table.checksumAt(mark.lastIndex) !== mark.lastChecksum) {
    fail(`entry ${mark.lastIndex} is not the one that was promised`);
  }
}

/** `identityStamp` null: there is no identity to hold it against. */
export function readMeta(store: Store, identityStamp: number | null): Meta {
  const record = store.get(META_KEY);
  const meta = record === undefined ? null : decodeMeta(record);
  if (meta === null) throw new LogDamagedError("the meta record is missing or bad", store.path);
  if (identityStamp !== null && meta.identityStamp !== identityStamp) {
    throw new LogDamagedError("the store belongs to another identity", store.path);
  }
  return meta;
}

export function readHardState(store: Store): HardStateRecord {
  const record = store.get(HARD_STATE_KEY);
  const hardState = record === undefined ? null : decodeHardState(record);
  if (hardState === null) throw new LogDamagedError("the hard state is missing or bad", store.path);
  return hardState;
}

/** Null: there is none. Behind an anchor there must be one. */
export function readSnapshot(store: Store, meta: Meta): SnapshotDescription | null {
  const record = store.get(SNAPSHOT_KEY);
  if (record === undefined) {
    if (meta.anchorIndex === 0) return null;
    const what = `the log begins behind ${meta.anchorIndex}, but the record of a snapshot is missing`;
    throw new LogDamagedError(what, store.path);
  }
  let snapshot: SnapshotDescription | null;
  try {
    snapshot = meta.format >= SNAPSHOT_FORMAT ? decodeSnapshot(record) : null;
  } catch (error) {
    const what = "the configuration in the record of the snapshot cannot be read";
    throw new LogDamagedError(what, store.path, { cause: error });
  }
  if (snapshot === null) throw new LogDamagedError("the record of the snapshot is bad", store.path);
  return snapshot;
}

/** Records in, in key order; throws at the first that does not fit. What came before it is proved. */
export class EntryScan {
  readonly table: EntryTable;
  readonly #meta: Meta;
  readonly #where: string;
  readonly #onEntry: ((entry: Entry) => void) | null;
  readonly #termRuns: [Index, number][] = [];
  readonly #configurations: IndexedConfiguration[] = [];
  #partial: PartialEntry | null = null;
  #lastEpoch = 0;

  /** `onEntry` is given every proved entry; its payload is valid until the next scan step. */
  constructor(meta: Meta, where: string, onEntry: ((entry: Entry) => void) | null = null) {
    this.table = new EntryTable(meta.anchorIndex, meta.anchorChecksum);
    this.#meta = meta;
    this.#where = where;
    this.#onEntry = onEntry;
  }

  get lastTerm(): Term {
    return this.#termRuns.at(-1)?.[1] ?? this.#meta.anchorTerm;
  }

  /** The newest two. */
  get configurations(): readonly IndexedConfiguration[] {
    return this.#configurations;
  }

  take([keyBytes, value]: StoreRecord): void {
    const key = decodeEntryKey(keyBytes);
    if (key === null) {
      const known = [HARD_STATE_KEY, META_KEY, SNAPSHOT_KEY].some((each) => keyBytes.equals(each));
      if (!known) this.#damaged(`an unknown record 0x${keyBytes.toString("hex")}`);
    } else if (key.piece === 0) {
      this.#header(key.index, value);
    } else {
      this.#piece(key.index, key.piece, value);
    }
  }

  finish(): Omit<InitialState, "hardState"> {
    this.#assertNoPartial();
    const { epochLastIndex, epochLastChecksum } = this.#meta;
    const complete = this.table.lastIndex >= epochLastIndex;
    if (!complete || this.table.checksumAt(epochLastIndex) !== epochLastChecksum) {
      this.#damaged(`entry ${epochLastIndex} is not the one of the last truncation`);
    }
    return {
      lastIndex: this.table.lastIndex,
      lastChecksum: this.table.lastChecksum,
      termRuns: this.#termRuns,
      configurations: this.#configurations,
    };
  }

  /** After the end: it is of this log, which holds everything behind it. */
  checkSnapshot({ index, term, checksum }: SnapshotDescription): void {
    const { table } = this;
    if (index < table.firstIndex - 1 || index > table.lastIndex) {
      this.#damaged(
        `the snapshot is of index ${index}, the log from ${table.firstIndex} to ${table.lastIndex}`,
      );
    }
    if (checksum !== table.checksumAt(index) || term !== this.#termAt(index)) {
      this.#damaged(`the snapshot of index ${index} is of another log`);
    }
  }

  #termAt(index: Index): Term {
    const run = this.#termRuns.findLast(([first]) => first <= index);
    return run?.[1] ?? this.#meta.anchorTerm;
  }

  #header(index: Index, value: Buffer): void {
    this.#assertNoPartial();
    if (index !== this.table.lastIndex + 1) {
      this.#damaged(`entry ${this.table.lastIndex + 1} is missing, ${index} follows`);
    }
    const header = decodeEntry(value) ?? this.#damaged(`the header of entry ${index} is bad`);
    const pieces = pieceCount(header.payloadBytes);
    if (pieces === 0) {
      this.#entry(index, header, value.subarray(HEADER_BYTES));
    } else {
      const payload = Buffer.allocUnsafe(header.payloadBytes);
      this.#partial = { index, header, pieces, payload, piecesSeen: 0, filled: 0 };
    }
  }

  #piece(index: Index, piece: number, value: Buffer): void {
    const partial = this.#partial;
    if (partial === null || partial.index !== index || piece !== partial.piecesSeen + 1) {
      this.#damaged(`piece ${piece} of entry ${index} is out of place`);
    }
    if (partial.filled + value.length > partial.payload.length) {
      this.#damaged(`piece ${piece} of entry ${index} is too long`);
    }
    partial.payload.set(value, partial.filled);
    partial.filled += value.length;
    partial.piecesSeen = piece;
    if (piece < partial.pieces) return;
    if (partial.filled !== partial.payload.length) this.#damaged(`entry ${index} is too short`);
    this.#partial = null;
    this.#entry(index, partial.header, partial.payload);
  }

  #entry(index: Index, header: EntryHeader, payload: Buffer): void {
    const { term, kind, checksum, epoch } = header;
    if (entryChecksum(index, term, kind, this.table.lastChecksum, payload) !== checksum) {
      this.#damaged(`entry ${index} does not verify against its chain`);
    }
    this.#checkEpoch(index, epoch);
    const lastTerm = this.lastTerm;
    if (!(term >= lastTerm)) this.#damaged(`the term of entry ${index} goes back`);
    if (term !== lastTerm || this.#termRuns.length === 0) this.#termRuns.push([index, term]);
    if (kind === EntryKind.configuration) this.#configuration(index, payload);
    this.table.append(index, checksum, payload.length);
    this.#onEntry?.({ index, term, kind, checksum, payload });
  }

  /** A truncated entry that came back belongs to an epoch that ended before it. */
  #checkEpoch(index: Index, epoch: number): void {
    const { epoch: current, epochLastIndex } = this.#meta;
    const fits = epoch >= this.#lastEpoch && epoch <= current;
    if (!fits || (index > epochLastIndex && epoch !== current)) {
      this.#damaged(`entry ${index} was truncated and is back`);
    }
    this.#lastEpoch = epoch;
  }

  #configuration(index: Index, payload: Buffer): void {
    try {
      // A copy: the payload may be a view into a whole scan step.
      const configuration = decodeConfiguration(new Uint8Array(payload));
      this.#configurations.push({ index, configuration });
    } catch (error) {
      const what = `the configuration in entry ${index} cannot be read`;
      throw new LogDamagedError(what, this.#where, { cause: error });
    }
    if (this.#configurations.length > 2) this.#configurations.shift();
  }

  #assertNoPartial(): void {
    if (this.#partial !== null) this.#damaged(`entry ${this.#partial.index} is incomplete`);
  }

  #damaged(what: string): never {
    throw new LogDamagedError(what, this.#where);
  }
}
