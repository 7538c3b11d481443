/** A value of what was read of it. */

import { keptString, type Value } from "../value.js";
import { ConsumerGroup } from "../values/consumer-group.js";
import { Hash } from "../values/hash.js";
import { List } from "../values/list.js";
import { MemberSet } from "../values/set.js";
import { SortedSet } from "../values/sorted-set.js";
import { Stream } from "../values/stream.js";
import type { Restored, RestoredGroup, RestoredStream } from "./types.js";

/** Null: a member or field is there twice. */
export function buildValue(restored: Restored): Value | null {
  switch (restored.type) {
    case "string":
      return keptString(restored.value);
    case "list":
      return listOf(restored.elements);
    case "set":
      return setOf(restored.members);
    case "hash":
      return hashOf(restored.fields, restored.values);
    case "sortedSet":
      return sortedSetOf(restored.members, restored.scores);
    case "stream":
      return streamOf(restored);
  }
}

function listOf(elements: readonly (string | Uint8Array)[]): List {
  const list = new List();
  for (const element of elements) list.pushTail(keptString(element));
  list.settleEncoding();
  return list;
}

function setOf(members: readonly string[]): MemberSet | null {
  const set = new MemberSet();
  for (const member of members) {
    if (!set.add(member)) return null;
  }
  return set;
}

function hashOf(fields: readonly string[], values: readonly (string | Uint8Array)[]): Hash | null {
  const hash = new Hash();
  for (let i = 0; i < fields.length; i++) {
    if (hash.set(fields[i]!, keptString(values[i]!)) !== undefined) return null;
  }
  return hash;
}

function sortedSetOf(members: readonly string[], scores: readonly number[]): SortedSet | null {
  const set = new SortedSet();
  for (let i = 0; i < members.length; i++) {
    if (set.set(members[i]!, scores[i]!) !== undefined) return null;
  }
  return set;
}

function streamOf(restored: RestoredStream): Stream {
  const stream = new Stream();
  for (const { id, fields } of restored.entries) stream.append(id, fields);
  stream.setIds(restored.lastId, restored.entriesAdded, restored.maxDeletedId);
  for (const group of restored.groups) stream.attachGroup(groupOf(group));
  return stream;
}

function groupOf({ name, lastDeliveredId, entriesRead, consumers }: RestoredGroup): ConsumerGroup {
  const group = new ConsumerGroup(name, lastDeliveredId, entriesRead);
  for (const { name, seenMs, activeMs, pending } of consumers) {
    group.createConsumer(name, seenMs, activeMs);
    for (const { id, deliveryMs, deliveryCount } of pending) {
      group.setPending(id, name, deliveryMs, deliveryCount);
    }
  }
  return group;
}
