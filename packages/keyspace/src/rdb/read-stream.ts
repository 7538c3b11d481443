/**
 * A stream: nodes of entries, counters, groups with what is pending. Three versions: the second has the counters
 * of 7.0, the third consumers' active times of 7.2.
 *
 *   node    = id of its master | listpack
 *   master  = entries, deleted ones, fields, names ..., 0
 *   entry   = flags, ms and seq above the master's, [fields, name, value ... | value ...], elements of it
 *   group   = name, position, pending (id, time, count) ..., consumers (name, times, ids) ...
 *
 * Differs from Redis: ids that do not ascend, counters above 2^53 - 1 and pending entries without consumer
 * are refused.
 */

import { SET_MEMBERS_MAX } from "../constants.js";
import { type Integer, parseInteger } from "../int64.js";
import { ENTRIES_READ_UNKNOWN, NEVER_ACTIVE } from "../values/consumer-group.js";
import { entriesUpTo } from "../values/stream-lag.js";
import { DistinctTexts } from "./distinct-texts.js";
import { readListpack } from "./listpack.js";
import type { PayloadReader } from "./payload-reader.js";
import { ID_BYTES, idMs, idOf, idSeq, movedPart } from "./stream-ids.js";
import type {
  RestoredConsumer,
  RestoredEntry,
  RestoredGroup,
  RestoredPending,
  RestoredStream,
} from "./types.js";
import * as types from "./types.js";

export type StreamVersion = 1 | 2 | 3;

const NO_ID = "\0".repeat(ID_BYTES);
const TIME_BYTES = 8;

export function readStream(reader: PayloadReader, version: StreamVersion): RestoredStream {
  const entries: RestoredEntry[] = [];
  const nodes = reader.count(ID_BYTES + 1);
  for (let i = 0; i < nodes && reader.ok; i++) readNode(reader, entries);
  const length = reader.length();
  const lastId = readId(reader);
  // The first entry's id follows from the entries.
  if (version > 1) readId(reader);
  const maxDeletedId = version > 1 ? readId(reader) : NO_ID;
  const entriesAdded = version > 1 ? reader.length() : length;
  const greatest = entries.at(-1)?.id ?? NO_ID;
  if (length !== entries.length || lastId < greatest) reader.fail();
  const firstId = entries[0]?.id ?? NO_ID;
  const counters = { length, firstId, lastId, maxDeletedId, entriesAdded };
  const groups: RestoredGroup[] = [];
  const names = new DistinctTexts();
  const count = reader.count(5);
  for (let i = 0; i < count && reader.ok; i++) {
    const group = readGroup(reader, version, counters);
    if (!names.add(group.name)) reader.fail();
    groups.push(group);
  }
  return { type: "stream", entries, lastId, maxDeletedId, entriesAdded, groups };
}

function readId(reader: PayloadReader): string {
  const ms = reader.unsigned();
  return idOf(ms, reader.unsigned());
}

/** Elements of a listpack, one after the other; what is not there is a mistake that `ok` tells. */
class Elements {
  ok = true;
  private readonly elements: readonly string[];
  private at = 0;

  constructor(elements: readonly string[]) {
    this.elements = elements;
  }

  get left(): number {
    return this.elements.length - this.at;
  }

  text(): string {
    const text = this.elements[this.at++];
    if (text === undefined) this.ok = false;
    return text ?? "";
  }

  integer(): Integer {
    const value = parseInteger(this.text());
    if (value === null) this.ok = false;
    return value ?? 0;
  }

  /** Of elements that are there. */
  count(elementsEach: number): number {
    const value = this.integer();
    if (typeof value === "number" && value >= 0 && value * elementsEach <= this.left) return value;
    this.ok = false;
    return 0;
  }

  texts(count: number): string[] {
    const texts: string[] = [];
    for (let i = 0; i < count; i++) texts.push(this.text());
    return texts;
  }
}

function readNode(reader: PayloadReader, entries: RestoredEntry[]): void {
  const idBytes = reader.string();
  const listpack = readListpack(reader.string());
  if (!reader.ok || idBytes.length !== ID_BYTES || listpack === null) {
    reader.fail();
    return;
  }
  const master = idBytes.toString("latin1");
  const elements = new Elements(listpack);
  const live = elements.count(1);
  const deleted = elements.count(1);
  const names = elements.texts(elements.count(1));
  if (elements.integer() !== 0) elements.ok = false;
  const before = entries.length;
  let seen = 0;
  while (elements.ok && elements.left > 0 && reader.ok) {
    const entry = readEntry(reader, elements, master, names);
    seen++;
    if (entry === null) continue;
    if (entry.id <= (entries.at(-1)?.id ?? NO_ID)) elements.ok = false;
    entries.push(entry);
  }
  const added = entries.length - before;
  if (!elements.ok || added !== live || seen - added !== deleted) reader.fail();
}

/** Null: it is marked as deleted. */
function readEntry(
  reader: PayloadReader,
  elements: Elements,
  master: string,
  names: readonly string[],
): RestoredEntry | null {
  const start = elements.left;
  const flags = Number(elements.integer());
  const ms = movedPart(idMs(master), elements.integer());
  const id = idOf(ms, movedPart(idSeq(master), elements.integer()));
  let fields: string[] = [];
  if ((flags & types.ENTRY_SAME_FIELDS) !== 0) {
    let bytes = 0;
    for (const name of names) {
      fields.push(name, elements.text());
      bytes += name.length + 1;
      // The names are in the payload once.
      if (!elements.ok) break;
    }
    reader.make(bytes);
  } else {
    fields = elements.texts(elements.count(2) * 2);
  }
  const size = start - elements.left;
  if (fields.length === 0 || elements.integer() !== size) elements.ok = false;
  return (flags & types.ENTRY_DELETED) !== 0 ? null : { id, fields };
}

function readGroup(
  reader: PayloadReader,
  version: StreamVersion,
  counters: Parameters<typeof entriesUpTo>[0],
): RestoredGroup {
  const name = reader.text();
  const lastDeliveredId = readId(reader);
  const entriesRead =
    version > 1 ? readEntriesRead(reader) : entriesUpTo(counters, lastDeliveredId);
  const unclaimed = readPending(reader);
  const consumers: RestoredConsumer[] = [];
  const names = new DistinctTexts();
  const count = reader.count(1 + TIME_BYTES + 1);
  for (let i = 0; i < count && reader.ok; i++) {
    const consumer = readConsumer(reader, version, unclaimed);
    if (!names.add(consumer.name)) reader.fail();
    consumers.push(consumer);
  }
  if (unclaimed.size > 0) reader.fail();
  return { name, lastDeliveredId, entriesRead, consumers };
}

function readEntriesRead(reader: PayloadReader): number {
  const saved = reader.unsigned();
  if (saved === types.ENTRIES_READ_UNKNOWN_SAVED) return ENTRIES_READ_UNKNOWN;
  if (typeof saved === "number") return saved;
  reader.fail();
  return 0;
}

/** A group's, by id. */
function readPending(reader: PayloadReader): Map<string, RestoredPending> {
  const pending = new Map<string, RestoredPending>();
  const count = reader.count(ID_BYTES + TIME_BYTES + 1);
  if (count > SET_MEMBERS_MAX) reader.fail("tooLarge");
  for (let i = 0; i < count && reader.ok; i++) {
    const id = reader.rawId();
    const deliveryMs = reader.time();
    const deliveryCount = reader.length();
    if (pending.has(id) || deliveryMs < 0) reader.fail();
    pending.set(id, { id, deliveryMs, deliveryCount });
  }
  return pending;
}

/** Takes its pending entries out of the group's that nobody has claimed yet. */
function readConsumer(
  reader: PayloadReader,
  version: StreamVersion,
  unclaimed: Map<string, RestoredPending>,
): RestoredConsumer {
  const name = reader.text();
  const seenMs = reader.time();
  // As Redis 7.2 reads what 7.0 wrote.
  const activeMs = version > 2 ? reader.time() : seenMs;
  if (seenMs < 0 || activeMs < NEVER_ACTIVE) reader.fail();
  const pending: RestoredPending[] = [];
  const count = reader.count(ID_BYTES);
  for (let i = 0; i < count && reader.ok; i++) {
    const id = reader.rawId();
    const entry = unclaimed.get(id);
    if (entry === undefined) reader.fail();
    else pending.push(entry);
    unclaimed.delete(id);
  }
  return { name, seenMs, activeMs, pending };
}
