/**
 * A value in the plainest form that Redis 7.0 and 7.2 both read: nothing packed but the nodes of streams, which
 * have no other form. The time at which a consumer got its last entry has no place there (active-times.ts).
 */

import { STREAM_CHUNK_BYTES_MAX, STREAM_CHUNK_ENTRIES_MAX } from "../constants.js";
import { isStringValue, type StringValue, type Value } from "../value.js";
import { ENTRIES_READ_UNKNOWN } from "../values/consumer-group.js";
import { Hash } from "../values/hash.js";
import { List } from "../values/list.js";
import { MemberSet } from "../values/set.js";
import { SortedSet } from "../values/sorted-set.js";
import { STREAM_ID_MIN } from "../values/stream-id.js";
import type { ConsumerGroupView, ConsumerView, StreamView } from "../views.js";
import type { ByteWriter } from "./byte-writer.js";
import { ListpackWriter } from "./listpack.js";
import { idMs, idSeq, partDifference } from "./stream-ids.js";
import { ENTRIES_READ_UNKNOWN_SAVED, ENTRY_SAME_FIELDS, rdbType } from "./types.js";

/** Its number in the format. */
export function rdbTypeOf(value: Value): number {
  if (isStringValue(value)) return rdbType.string;
  if (value instanceof List) return rdbType.list;
  if (value instanceof MemberSet) return rdbType.set;
  if (value instanceof Hash) return rdbType.hash;
  return value instanceof SortedSet ? rdbType.sortedSet2 : rdbType.streamListpacks2;
}

/** Without its type. */
export function writeValue(writer: ByteWriter, value: Value): void {
  if (isStringValue(value)) {
    writeText(writer, value);
  } else if (value instanceof List) {
    writer.length(value.length);
    value.forEachFrom(0, 1, (element) => {
      writeText(writer, element);
      return !writer.isFull;
    });
  } else if (value instanceof MemberSet) {
    writer.length(value.size);
    value.forEach((member) => {
      writer.string(member);
    });
  } else if (value instanceof Hash) {
    writer.length(value.size);
    value.forEach((field, content) => {
      writer.string(field);
      writeText(writer, content);
    });
  } else if (value instanceof SortedSet) {
    writer.length(value.size);
    value.forEach((member, score) => {
      writer.string(member);
      writer.double(score);
    });
  } else {
    writeStream(writer, value);
  }
}

function writeText(writer: ByteWriter, text: StringValue): void {
  writer.string(typeof text === "string" ? text : text.bytes());
}

interface Entry {
  readonly id: string;
  readonly fields: readonly string[];
}

function writeStream(writer: ByteWriter, stream: StreamView): void {
  writer.length(nodeCount(stream));
  forEachNode(stream, (entries) => {
    writer.string(entries[0]!.id);
    writer.string(nodeBytes(entries));
    return !writer.isFull;
  });
  writer.length(stream.length);
  writeId(writer, stream.lastId);
  writeId(writer, stream.firstId);
  writeId(writer, stream.maxDeletedId);
  writer.length(stream.entriesAdded);
  writer.length(stream.groupCount);
  stream.forEachGroup((group) => writeGroup(writer, group));
}

function writeId(writer: ByteWriter, id: string): void {
  writer.length(idMs(id));
  writer.length(idSeq(id));
}

function nodeCount(stream: StreamView): number {
  let count = 0;
  forEachNode(stream, () => {
    count++;
    return true;
  });
  return count;
}

/** Entries up to the limits of a node, at least one. */
function forEachNode(stream: StreamView, visit: (entries: readonly Entry[]) => boolean): void {
  let entries: Entry[] = [];
  let bytes = 0;
  let goesOn = true;
  stream.forEachUp(STREAM_ID_MIN, (id, fields) => {
    let entryBytes = 0;
    for (const text of fields) entryBytes += text.length;
    const isOver = bytes + entryBytes > STREAM_CHUNK_BYTES_MAX;
    if (entries.length > 0 && (isOver || entries.length >= STREAM_CHUNK_ENTRIES_MAX)) {
      goesOn = visit(entries);
      entries = [];
      bytes = 0;
    }
    entries.push({ id, fields });
    bytes += entryBytes;
    return goesOn;
  });
  if (goesOn && entries.length > 0) visit(entries);
}

function nodeBytes(entries: readonly Entry[]): Buffer {
  const listpack = new ListpackWriter();
  const [master] = entries as readonly [Entry];
  const names = namesOf(master);
  listpack.addInteger(entries.length);
  listpack.addInteger(0);
  listpack.addInteger(names.length);
  for (const name of names) listpack.addText(name);
  listpack.addInteger(0);
  for (const entry of entries) addEntry(listpack, master.id, names, entry);
  return listpack.finish();
}

function addEntry(
  listpack: ListpackWriter,
  masterId: string,
  names: readonly string[],
  { id, fields }: Entry,
): void {
  const count = fields.length / 2;
  const isSame = count === names.length && names.every((name, i) => name === fields[2 * i]);
  listpack.addInteger(isSame ? ENTRY_SAME_FIELDS : 0);
  listpack.addInteger(partDifference(idMs(masterId), idMs(id)));
  listpack.addInteger(partDifference(idSeq(masterId), idSeq(id)));
  if (!isSame) listpack.addInteger(count);
  for (let i = isSame ? 1 : 0; i < fields.length; i += isSame ? 2 : 1) {
    listpack.addText(fields[i]!);
  }
  listpack.addInteger(isSame ? count + 3 : 2 * count + 4);
}

function namesOf({ fields }: Entry): string[] {
  return fields.filter((_text, i) => i % 2 === 0);
}

function writeGroup(writer: ByteWriter, group: ConsumerGroupView): void {
  const { entriesRead } = group;
  writer.string(group.name);
  writeId(writer, group.lastDeliveredId);
  writer.length(entriesRead === ENTRIES_READ_UNKNOWN ? ENTRIES_READ_UNKNOWN_SAVED : entriesRead);
  writer.length(group.pendingCount);
  group.forEachPending(STREAM_ID_MIN, (id, { deliveryMs, deliveryCount }) => {
    writer.raw(id);
    writer.time(deliveryMs);
    writer.length(deliveryCount);
    return !writer.isFull;
  });
  writer.length(group.consumerCount);
  group.forEachConsumer((consumer) => writeConsumer(writer, consumer));
}

function writeConsumer(writer: ByteWriter, { name, seenMs, pending }: ConsumerView): void {
  writer.string(name);
  writer.time(seenMs);
  writer.length(pending.size);
  pending.forEachUp(STREAM_ID_MIN, (id) => {
    writer.raw(id);
    return !writer.isFull;
  });
}
