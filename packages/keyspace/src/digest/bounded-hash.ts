/**
 * A value's part in an audited digest, taken in bounded time: a command that changes a value waits for it. What is
 * small takes part whole, exactly as in `stateDigest`. Of what is large only that which is cheap to find and the same on
 * all nodes: type, size, and where its order is given by its content also a window, whose place is another at each
 * check index. The tables of hashes and sets stand in an order of their own on each node: of a large one only the size.
 */

import { AUDIT_BOUNDS } from "../constants.js";
import { type Collection, isStringValue, type StringValue, type Value } from "../value.js";
import { Hash } from "../values/hash.js";
import { List } from "../values/list.js";
import { MemberSet } from "../values/set.js";
import { SortedSet } from "../values/sorted-set.js";
import type { Stream } from "../values/stream.js";
import { STREAM_ID_MIN, type StreamId, streamId, streamIdMs } from "../values/stream-id.js";
import { hashValue, type ValueHash } from "./state-digest.js";
import { type Hasher, hashGroup } from "./value-hash.js";

export interface AuditBounds {
  /** Bytes of a string that is hashed whole. */
  readonly stringBytesMax: number;
  /** Bytes of each of the three windows into a longer one. */
  readonly windowBytes: number;
  /** Elements of a collection that is hashed whole; of a stream the fields of all entries, and its records. */
  readonly elementsMax: number;
  /** Elements of the window into a larger one. */
  readonly windowElements: number;
  /** Bytes of all elements, shared out evenly: of a longer element the two ends are hashed. */
  readonly elementBytesMax: number;
  /** Bytes of an element that are hashed in any case. */
  readonly elementBytesMin: number;
}

/** `check`: what places the windows, the same on all nodes. */
export function boundedHash(check: number, bounds: AuditBounds = AUDIT_BOUNDS): ValueHash {
  return (value, into) => {
    if (isStringValue(value)) {
      hashString(value, into, check, bounds);
      return;
    }
    const elements = elementsOf(value, bounds);
    const hashed = Math.min(elements, bounds.elementsMax);
    const share = Math.floor(bounds.elementBytesMax / Math.max(1, hashed));
    into.bytesWholeMax = Math.max(bounds.elementBytesMin, share);
    if (elements <= bounds.elementsMax) hashValue(value, into);
    else hashLarge(value, into, check, bounds);
    into.bytesWholeMax = Number.POSITIVE_INFINITY;
  };
}

/** What hashing the value costs, in elements or as much as one takes. */
export function hashWork(value: Value, bounds: AuditBounds = AUDIT_BOUNDS): number {
  if (isStringValue(value)) {
    return 1 + Math.min(value.length, bounds.stringBytesMax) / bounds.elementBytesMin;
  }
  const elements = elementsOf(value, bounds);
  return 1 + (elements <= bounds.elementsMax ? elements : bounds.windowElements);
}

/**
 * Of a stream every field of its entries and all else it keeps a record of. Above the limit any number that is above it
 * on all nodes.
 */
function elementsOf(value: Collection, { elementsMax }: AuditBounds): number {
  if (value instanceof List) return value.length;
  if (value instanceof Hash || value instanceof MemberSet || value instanceof SortedSet) {
    return value.size;
  }
  let records = value.length + value.groupCount;
  if (value.groupCount > 0 && records <= elementsMax) {
    value.forEachGroup((group) => {
      records += group.consumerCount + group.pendingCount;
    });
  }
  return records <= elementsMax ? records - value.length + value.pairsUpTo(elementsMax) : records;
}

function hashString(value: StringValue, into: Hasher, check: number, bounds: AuditBounds): void {
  const { length } = value;
  const { stringBytesMax, windowBytes } = bounds;
  if (length <= stringBytesMax) {
    into.value(value);
    return;
  }
  const start = placeOf(into, check, length - windowBytes);
  into.window(value, 0, windowBytes);
  into.window(value, start, windowBytes);
  into.window(value, length - windowBytes, windowBytes);
  into.pair(-2, start);
}

function hashLarge(
  value: Collection,
  into: Hasher,
  check: number,
  { windowElements }: AuditBounds,
): void {
  let rest = windowElements;
  if (value instanceof List) {
    const start = placeOf(into, check, value.length - windowElements);
    into.pair(-3, value.length);
    value.forEachFrom(start, 1, (element) => {
      into.part(element);
      return --rest > 0;
    });
  } else if (value instanceof SortedSet) {
    const start = placeOf(into, check, value.size - windowElements);
    into.pair(-4, value.size);
    value.forEachFromRank(start, "up", (member, score) => {
      into.part(member);
      into.double(score);
      return --rest > 0;
    });
  } else if (value instanceof Hash || value instanceof MemberSet) {
    into.pair(value instanceof Hash ? -5 : -6, value.size);
  } else {
    hashLargeStream(value, into, check, windowElements);
  }
}

/** The counters, a window of entries, and of groups their positions and counters and a window of what is pending. */
function hashLargeStream(stream: Stream, into: Hasher, check: number, window: number): void {
  const from = idBetween(stream, placeOf(into, check, 2 ** 32));
  let rest = window;
  into.pair(-7, stream.length);
  into.part(stream.lastId);
  into.part(stream.maxDeletedId);
  into.integer(stream.entriesAdded);
  stream.forEachUp(from, (id, fields) => {
    into.part(id);
    into.pair(fields.length, 0);
    for (const text of fields) into.part(text);
    rest -= 1 + fields.length;
    return rest > 0;
  });
  into.pair(-8, stream.groupCount);
  if (stream.groupCount > window) return;
  const share = Math.floor(window / Math.max(1, stream.groupCount));
  stream.forEachGroup((group) => {
    if (group.consumerCount + group.pendingCount <= share) {
      hashGroup(group, into);
      return;
    }
    into.part(group.name);
    into.part(group.lastDeliveredId);
    into.integer(group.entriesRead);
    into.pair(group.consumerCount, group.pendingCount);
    let left = share;
    group.forEachPending(from, (id, { consumer, deliveryMs, deliveryCount }) => {
      into.part(id);
      into.part(consumer.name);
      into.integer(deliveryMs);
      into.integer(deliveryCount);
      return --left > 0;
    });
  });
}

/** By time between first and last entry; `place` is a part of 2^32. */
function idBetween(stream: Stream, place: number): StreamId {
  if (stream.length === 0) return STREAM_ID_MIN;
  const firstMs = streamIdMs(stream.firstId);
  const lastMs = streamIdMs(stream.lastId);
  // Ids that are no times: from the first one on.
  if (!Number.isSafeInteger(lastMs)) return stream.firstId;
  return streamId(firstMs + Math.floor((lastMs - firstMs) * (place / 2 ** 32)), 0);
}

/** In [0, end): by check index and what the hasher was fed, the key. */
function placeOf(into: Hasher, check: number, end: number): number {
  into.integer(check);
  return Math.floor(((into.a >>> 0) / 2 ** 32) * end);
}
