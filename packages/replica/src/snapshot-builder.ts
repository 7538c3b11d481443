/**
 * Makes the next snapshot of the previous one and the log behind it, without the dataset: pure, for the worker thread
 * and for the simulator.
 *
 *   log        entries previous + 1 .. to     1. which keys do they touch?  (FLUSHALL: only what follows it counts, and
 *                                                libraries of functions, which are held all)
 *   previous   ... record, record ...         2. untouched: copied as bytes; touched: loaded, and owed to the digest
 *   log        the same entries again         3. applied to what was loaded, which is then written
 *
 * The digest is carried from file to file: what was touched is taken away as it was and added as it has become. So it is
 * told what the state *should* be, and reading the file back shows whether it is.
 */

import {
  applyBatch,
  applyBehindFlush,
  applyLibraries,
  batchLogTimeMs,
  DistinctTexts,
  forEachTouched,
  Keyspace,
  RdbError,
  RdbReader,
  type RdbSink,
  type RdbSource,
  RdbWriter,
  StateSum,
} from "@redoubt/keyspace";
import {
  decodeConfiguration,
  type Entry,
  EntryKind,
  type Index,
  type IndexedConfiguration,
  type SnapshotDescription,
} from "@redoubt/raft";
import { assert } from "./assert.js";
import { SnapshotFields, type SnapshotHeader, writeHeader, writeSum } from "./snapshot-fields.js";

export interface SnapshotInput {
  /** The newest snapshot of this node; null: none, the log begins at 1. */
  readonly previous: PreviousSnapshot | null;
  /** Entries from behind the previous one up to `to`, in order, verified. Asked for twice. */
  entries(): Iterable<Entry>;
  readonly to: Index;
}

export interface PreviousSnapshot {
  readonly snapshot: SnapshotDescription;
  open(): RdbSource;
}

/** Of a file that was read back. */
export interface SnapshotFacts extends SnapshotHeader {
  /** As `stateDigest` of the whole state: 16 hex digits. */
  readonly stateDigest: string;
  readonly keys: number;
}

export interface BuiltSnapshot extends SnapshotFacts {
  readonly bytes: number;
  /** Keys that the log touched, there or not: what was held beside the loaded ones. */
  readonly keysTouched: number;
  /** Keys that were copied as bytes. */
  readonly keysCopied: number;
}

/** What a first look at the log tells. */
interface Suffix {
  readonly last: Entry;
  readonly touched: DistinctTexts;
  /** Of the entry with the last FLUSHALL; 0: there is none. */
  readonly flushIndex: Index;
  /** Of the last one in it; null: none. */
  readonly configuration: IndexedConfiguration | null;
  readonly logTimeMs: number | null;
}

/** The previous file up to its first key. */
interface Opened {
  readonly reader: RdbReader;
  readonly fields: SnapshotFields;
  readonly header: SnapshotHeader;
  readonly first: "key" | "function" | "end";
}

/**
 * Writes the RDB file of the state after `to`. Throws RdbError when the previous file is not what it should be, and
 * whatever `entries` and the sources throw.
 */
export function buildSnapshot(input: SnapshotInput, sink: RdbSink): BuiltSnapshot {
  const { previous } = input;
  const suffix = readSuffix(input);
  const opened = previous === null ? null : open(previous);
  const configuration = suffix.configuration ?? previous?.snapshot.configuration;
  assert(configuration !== undefined, "a log that begins at 1 begins with a configuration");
  const { index, term, checksum } = suffix.last;
  const logTimeMs = suffix.logTimeMs ?? opened?.header.logTimeMs ?? 0;
  const header = { index, term, checksum, configuration, logTimeMs };
  const writer = new RdbWriter(sink);
  writeHeader(writer, header);
  const held = new Keyspace();
  const sum = new StateSum();
  const keysCopied = opened === null ? 0 : takeOver(opened, suffix, writer, held, sum);
  apply(input, suffix.flushIndex, held);
  assert(held.logTimeMs === logTimeMs, "log time is that of the last batch");
  held.forEachKey((key, value, deadlineMs) => {
    writer.key(key, value, deadlineMs);
    sum.add(key, value, deadlineMs);
  });
  held.libraries.forEach((name, code) => {
    writer.library(code);
    sum.addLibrary(name, code);
  });
  assert(sum.keys === keysCopied + held.size, "the digest is of the keys that were written");
  writeSum(writer, sum);
  writer.finish();
  return {
    ...header,
    stateDigest: sum.digest(logTimeMs),
    keys: sum.keys,
    bytes: writer.bytesWritten,
    keysTouched: suffix.touched.size,
    keysCopied,
  };
}

/**
 * Reads a written file back, key by key: every record decodes, and what was read has the digest that was carried.
 * Throws RdbError otherwise. `beside` is told of every key, too: for another digest.
 */
export function verifySnapshot(source: RdbSource, beside: StateSum | null = null): SnapshotFacts {
  const reader = new RdbReader(source);
  const fields = new SnapshotFields(reader);
  const read = new StateSum();
  for (let part = reader.next(); part !== "end"; part = reader.next()) {
    if (part === "aux") fields.add();
    else if (part === "key") addKey(reader, read, beside);
    else addLibrary(reader, read, beside);
  }
  expectEnd(reader);
  const header = fields.header();
  if (read.toText() !== fields.sum().toText()) damaged(reader, "its keys have another digest");
  return { ...header, stateDigest: read.digest(header.logTimeMs), keys: read.keys };
}

function addKey(reader: RdbReader, read: StateSum, beside: StateSum | null): void {
  const { key, deadlineMs } = reader;
  const value = reader.value();
  read.add(key, value, deadlineMs);
  beside?.add(key, value, deadlineMs);
}

function addLibrary(reader: RdbReader, read: StateSum, beside: StateSum | null): void {
  const name = reader.libraryName();
  read.addLibrary(name, reader.functionCode);
  beside?.addLibrary(name, reader.functionCode);
}

function readSuffix(input: SnapshotInput): Suffix {
  let touched = new DistinctTexts();
  let flushIndex = 0;
  let configuration: IndexedConfiguration | null = null;
  let logTimeMs: number | null = null;
  let last: Entry | null = null;
  for (const entry of inOrder(input)) {
    const { kind, index, payload } = entry;
    last = entry;
    if (kind === EntryKind.configuration) {
      configuration = { index, configuration: decodeConfiguration(payload) };
    }
    if (kind !== EntryKind.batch) continue;
    logTimeMs = batchLogTimeMs(payload);
    forEachTouched(payload, {
      touched: (key) => {
        touched.add(key);
      },
      touchedAll: () => {
        touched = new DistinctTexts();
        flushIndex = index;
      },
    });
  }
  assert(last !== null, "a next snapshot is of a later entry");
  return { last, touched, flushIndex, configuration, logTimeMs };
}

/** All there, each time they are asked for. */
function* inOrder({ previous, to, entries }: SnapshotInput): Iterable<Entry> {
  let index = previous?.snapshot.index ?? 0;
  for (const entry of entries()) {
    index++;
    assert(entry.index === index && index <= to, "entries come in order");
    yield entry;
  }
  assert(index === to, "all entries come");
}

function open(previous: PreviousSnapshot): Opened {
  const { snapshot } = previous;
  const reader = new RdbReader(previous.open());
  const fields = new SnapshotFields(reader);
  let part = reader.next();
  for (; part === "aux"; part = reader.next()) fields.add();
  const header = fields.header();
  const isIt =
    header.index === snapshot.index &&
    header.term === snapshot.term &&
    header.checksum === snapshot.checksum;
  return isIt ? { reader, fields, header, first: part } : damaged(reader, "another snapshot's");
}

/**
 * Reads the previous file to its end. Returns how many keys were copied: none when there is a FLUSHALL, which nothing but
 * libraries of functions outlives.
 */
function takeOver(
  { reader, fields, header, first }: Opened,
  { touched, flushIndex }: Suffix,
  writer: RdbWriter,
  held: Keyspace,
  sum: StateSum,
): number {
  let copied = 0;
  for (let part: string = first; part !== "end"; part = reader.next()) {
    if (part === "aux") {
      fields.add();
    } else if (part === "function") {
      reader.loadLibraryInto(held);
    } else if (flushIndex > 0) {
      // Passed over.
    } else if (touched.has(reader.key)) {
      reader.loadInto(held);
      sum.subtract(reader.key, held.peek(reader.key)!, reader.deadlineMs);
    } else {
      reader.copyTo(writer);
      copied++;
    }
  }
  expectEnd(reader);
  held.logTimeMs = header.logTimeMs;
  if (flushIndex > 0) return 0;
  sum.addSum(fields.sum());
  held.libraries.forEach((name, code) => {
    sum.subtractLibrary(name, code);
  });
  return copied;
}

function apply(input: SnapshotInput, flushIndex: Index, held: Keyspace): void {
  for (const { kind, index, payload } of inOrder(input)) {
    if (kind !== EntryKind.batch) continue;
    if (index < flushIndex) applyLibraries(held, payload);
    else if (index === flushIndex) applyBehindFlush(held, payload);
    else applyBatch(held, payload);
  }
}

function expectEnd(reader: RdbReader): void {
  if (!reader.isChecked) damaged(reader, "it has no checksum");
  if (!reader.isAtEnd) damaged(reader, "bytes follow its end");
}

function damaged(reader: RdbReader, what: string): never {
  throw new RdbError("RDB_DAMAGED", what, reader.bytesRead);
}
