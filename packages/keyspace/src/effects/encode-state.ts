/** A keyspace as effects that make it out of an empty one: what snapshots consist of. */

import { KEY_EFFECT_ELEMENTS_MAX } from "../constants.js";
import type { Keyspace } from "../keyspace.js";
import { isStringValue, type StringValue, type Value } from "../value.js";
import { type ConsumerGroup, NEVER_ACTIVE } from "../values/consumer-group.js";
import { Hash } from "../values/hash.js";
import { List } from "../values/list.js";
import { MemberSet } from "../values/set.js";
import { SortedSet } from "../values/sorted-set.js";
import type { Stream } from "../values/stream.js";
import { STREAM_ID_MIN, type StreamId, streamId } from "../values/stream-id.js";
import type { BatchWriter } from "./batch-writer.js";
import * as groups from "./group-effects.js";
import * as hashes from "./hash-effects.js";
import * as lists from "./list-effects.js";
import * as sets from "./set-effects.js";
import * as sortedSets from "./sorted-set-effects.js";
import * as streams from "./stream-effects.js";

/** All libraries and keys, in no meaningful order. Log time is the batch's. */
export function encodeState(keyspace: Keyspace, batch: BatchWriter): void {
  keyspace.libraries.forEach((name, code) => {
    batch.putLibrary(name, code);
  });
  keyspace.forEachKey((key, value, deadlineMs) => encodeKey(batch, key, value, deadlineMs));
}

/** One key that does not exist yet. Several effects, none with more than KEY_EFFECT_ELEMENTS_MAX elements. */
export function encodeKey(batch: BatchWriter, key: string, value: Value, deadlineMs: number): void {
  if (isStringValue(value)) {
    batch.putString(key, value, deadlineMs);
    return;
  }
  if (value instanceof List) encodeList(batch, key, value);
  else if (value instanceof Hash) encodeHash(batch, key, value);
  else if (value instanceof MemberSet) encodeSet(batch, key, value);
  else if (value instanceof SortedSet) encodeSortedSet(batch, key, value);
  else encodeStream(batch, key, value);
  if (deadlineMs !== 0) batch.setDeadline(key, deadlineMs);
}

function encodeList(batch: BatchWriter, key: string, list: List): void {
  let values: StringValue[] = [];
  list.forEachFrom(0, 1, (value, index) => {
    values.push(value);
    if (isFull(values) || index === list.length - 1) {
      lists.encodePush(batch, key, "tail", values);
      values = [];
    }
    return true;
  });
}

function encodeHash(batch: BatchWriter, key: string, hash: Hash): void {
  let fields: string[] = [];
  let values: StringValue[] = [];
  let rest = hash.size;
  hash.forEach((field, value) => {
    fields.push(field);
    values.push(value);
    rest--;
    if (isFull(fields) || rest === 0) {
      hashes.encodeSet(batch, key, fields, values);
      fields = [];
      values = [];
    }
  });
}

function encodeSet(batch: BatchWriter, key: string, set: MemberSet): void {
  let members: string[] = [];
  let rest = set.size;
  set.forEach((member) => {
    members.push(member);
    rest--;
    if (isFull(members) || rest === 0) {
      sets.encodeAdd(batch, key, members);
      members = [];
    }
  });
}

function encodeSortedSet(batch: BatchWriter, key: string, set: SortedSet): void {
  let members: string[] = [];
  let scores: number[] = [];
  let rest = set.size;
  set.forEach((member, score) => {
    members.push(member);
    scores.push(score);
    rest--;
    if (isFull(members) || rest === 0) {
      sortedSets.encodePut(batch, key, members, scores);
      members = [];
      scores = [];
    }
  });
}

function encodeStream(batch: BatchWriter, key: string, stream: Stream): void {
  if (stream.length === 0) {
    // Only an entry makes a stream without groups: one that is trimmed again. A deletion would leave its id, which
    // no XSETID takes back.
    streams.encodeAppend(batch, key, streamId(0, 1), ["", ""]);
    streams.encodeTrim(batch, key, 0);
  }
  stream.forEachUp(STREAM_ID_MIN, (id, fields) => {
    streams.encodeAppend(batch, key, id, fields);
    return true;
  });
  const { lastId, entriesAdded, maxDeletedId } = stream;
  streams.encodeSetIds(batch, key, lastId, entriesAdded, maxDeletedId);
  stream.forEachGroup((group) => encodeGroup(batch, key, group));
}

function encodeGroup(batch: BatchWriter, key: string, group: ConsumerGroup): void {
  const { name } = group;
  groups.encodeCreate(batch, key, name, group.lastDeliveredId, group.entriesRead);
  group.forEachConsumer((consumer) => {
    groups.encodeCreateConsumer(batch, key, name, consumer.name, consumer.seenMs);
    if (consumer.activeMs !== NEVER_ACTIVE) {
      const { seenMs, activeMs } = consumer;
      groups.encodeConsumerTimes(batch, key, name, consumer.name, seenMs, activeMs);
    }
  });
  encodePending(batch, key, group);
}

/** Neighbours that were delivered together go into one effect. */
function encodePending(batch: BatchWriter, key: string, group: ConsumerGroup): void {
  let run: { consumer: string; deliveryMs: number; deliveryCount: number; ids: StreamId[] } | null =
    null;
  group.forEachPending(STREAM_ID_MIN, (id, { consumer, deliveryMs, deliveryCount }) => {
    const continues =
      run !== null &&
      run.consumer === consumer.name &&
      run.deliveryMs === deliveryMs &&
      run.deliveryCount === deliveryCount &&
      !isFull(run.ids);
    if (!continues) {
      if (run !== null) groups.encodeDeliver(batch, key, group.name, run);
      run = { consumer: consumer.name, deliveryMs, deliveryCount, ids: [] };
    }
    run!.ids.push(id);
    return true;
  });
  if (run !== null) groups.encodeDeliver(batch, key, group.name, run);
}

function isFull(elements: readonly unknown[]): boolean {
  return elements.length >= KEY_EFFECT_ELEMENTS_MAX;
}
