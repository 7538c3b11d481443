/**
 * Collections as commands may see them: everything that asks, nothing that changes. Changes go through Txn,
 * which alone knows effect, undo and hazard.
 */

import type { Value } from "./value.js";
import type { Consumer, ConsumerGroup } from "./values/consumer-group.js";
import { Hash } from "./values/hash.js";
import { List } from "./values/list.js";
import { MemberSet } from "./values/set.js";
import { SortedSet } from "./values/sorted-set.js";
import { Stream } from "./values/stream.js";

export type ListView = Pick<
  List,
  "length" | "encoding" | "memoryBytes" | "get" | "forEachFrom" | "forEachEqual"
>;

export type HashView = Pick<
  Hash,
  | "size"
  | "memoryBytes"
  | "encoding"
  | "has"
  | "get"
  | "randomField"
  | "randomFields"
  | "scan"
  | "forEach"
>;

export type SetView = Pick<
  MemberSet,
  | "size"
  | "memoryBytes"
  | "encoding"
  | "has"
  | "randomMember"
  | "randomMembers"
  | "scan"
  | "forEach"
  | "every"
>;

export type SortedSetView = Pick<
  SortedSet,
  | "size"
  | "memoryBytes"
  | "encoding"
  | "score"
  | "rank"
  | "at"
  | "ranksOfScores"
  | "ranksOfMembers"
  | "forEachFromRank"
  | "forEach"
  | "randomEntry"
  | "randomMembers"
  | "scan"
>;

export type ConsumerView = Pick<Consumer, "name" | "seenMs" | "activeMs"> & {
  readonly pending: Pick<
    Consumer["pending"],
    "size" | "get" | "forEachUp" | "firstKey" | "lastKey"
  >;
};

export type ConsumerGroupView = Pick<
  ConsumerGroup,
  | "name"
  | "lastDeliveredId"
  | "entriesRead"
  | "pendingCount"
  | "consumerCount"
  | "pendingEntry"
  | "firstPendingId"
  | "lastPendingId"
  | "forEachPending"
> & {
  consumer(name: string): ConsumerView | undefined;
  forEachConsumer(visit: (consumer: ConsumerView) => void): void;
};

export type StreamView = Pick<
  Stream,
  | "length"
  | "memoryBytes"
  | "lastId"
  | "firstId"
  | "maxDeletedId"
  | "entriesAdded"
  | "chunkCount"
  | "groupCount"
  | "get"
  | "has"
  | "forEachUp"
  | "forEachDown"
  | "countBelow"
  | "countBelowInChunks"
  | "countOverInChunks"
> & {
  group(name: string): ConsumerGroupView | undefined;
  forEachGroup(visit: (group: ConsumerGroupView) => void): void;
};

/** undefined: it is of another type. */
export function asList(value: Value): ListView | undefined {
  return value instanceof List ? value : undefined;
}

export function asHash(value: Value): HashView | undefined {
  return value instanceof Hash ? value : undefined;
}

export function asSet(value: Value): SetView | undefined {
  return value instanceof MemberSet ? value : undefined;
}

export function asSortedSet(value: Value): SortedSetView | undefined {
  return value instanceof SortedSet ? value : undefined;
}

export function asStream(value: Value): StreamView | undefined {
  return value instanceof Stream ? value : undefined;
}
