/**
 * Random programs over a few keys of all types, run as a leader runs commands. Virtual time lies far ahead, so
 * that a real redis-server never expires what the programs expire.
 */

import fc from "fast-check";
import { BatchWriter } from "../effects/batch-writer.js";
import { Keyspace } from "../keyspace.js";
import { Txn } from "../txn.js";
import { UndoJournal } from "../undo-journal.js";
import { isStringValue, type Value } from "../value.js";
import { Hash } from "../values/hash.js";
import { List } from "../values/list.js";
import { MemberSet } from "../values/set.js";
import { SortedSet } from "../values/sorted-set.js";
import { Stream } from "../values/stream.js";
import { generatedStreamId, STREAM_ID_MIN, type StreamId } from "../values/stream-id.js";

export const START_MS = 4_000_000_000_000;

const acts = {
  string: ["put", "append", "patch"],
  generic: ["delete", "deadline", "rename", "copy", "look"],
  list: ["push", "push", "pop", "setAt", "insert", "remove", "trim"],
  hash: ["hashSet", "hashSet", "hashDelete"],
  set: ["setAdd", "setAdd", "setRemove"],
  sortedSet: ["scorePut", "scorePut", "scoreRemove", "scoreRemoveRange"],
  stream: ["append entry", "append entry", "delete entries", "trim entries", "set ids"],
  group: ["create group", "set position", "destroy group", "create consumer", "delete consumer"],
  delivery: ["deliver", "deliver", "acknowledge", "acknowledge", "consumer times"],
  library: ["put library", "delete library"],
  rare: ["flush", "persist", "seal", "publish"],
} as const;

const key = fc.constantFrom("a", "b", "c", "{t}1", "{t}2", "\x00\xff\r\n", "");
const length = fc.oneof(fc.nat(20), fc.constantFrom(0, 1, 600, 1000, 1023, 1024, 1025, 3000));
const operation = fc.record({
  act: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...acts.string) },
    { weight: 3, arbitrary: fc.constantFrom(...acts.generic) },
    { weight: 5, arbitrary: fc.constantFrom(...acts.list) },
    { weight: 3, arbitrary: fc.constantFrom(...acts.hash) },
    { weight: 3, arbitrary: fc.constantFrom(...acts.set) },
    { weight: 4, arbitrary: fc.constantFrom(...acts.sortedSet) },
    { weight: 4, arbitrary: fc.constantFrom(...acts.stream) },
    { weight: 3, arbitrary: fc.constantFrom(...acts.group) },
    { weight: 6, arbitrary: fc.constantFrom(...acts.delivery) },
    { weight: 1, arbitrary: fc.constantFrom(...acts.library) },
    { weight: 1, arbitrary: fc.constantFrom(...acts.rare) },
  ),
  key,
  other: key,
  length,
  fill: fc.nat(255),
  offset: fc.oneof(fc.nat(30), fc.constantFrom(1000, 1024, 2000)),
  count: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(40, 200)),
  score: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true })),
  /** How far a deadline lies ahead and how far time goes on: some keys expire. 0: no deadline. */
  aheadMs: fc.nat(30),
});
type Drawn = typeof operation extends fc.Arbitrary<infer T> ? T : never;
export type Operation = Omit<Drawn, "key" | "other"> & {
  readonly key: string;
  readonly other: string;
};
export const program = fc.array(operation, { minLength: 1, maxLength: 60, size: "max" });

const GROUPS = ["g0", "g0", "g1"] as const;
const CONSUMERS = ["alice", "\xff"] as const;
/** Each step's digest looks at all entries. */
const STREAM_APPENDS_MAX = 10;

/** One that redis-server takes. No two libraries register the same function. */
export function libraryCode(name: string, version: number): string {
  return `#!lua name=${name}\nredis.register_function('f_${name}', function() return ${version} end)\n`;
}

function libraryOf({ count }: { readonly count: number }): string {
  return `library_${count % 3}`;
}

export class Leader {
  readonly keyspace = new Keyspace(2);
  readonly journal = new UndoJournal();
  readonly batch = new BatchWriter();
  readonly payloads: Uint8Array[] = [];
  readonly txn = new Txn(this.keyspace, this.journal, this.batch, {
    touched: () => {},
    touchedAll: () => {},
  });
  nowMs = START_MS;

  seal(): void {
    if (this.batch.effects > 0) {
      this.payloads.push(this.batch.take(this.nowMs));
      this.keyspace.logTimeMs = this.nowMs;
    }
  }

  run(step: Operation): void {
    this.nowMs += step.aheadMs % 7;
    this.txn.begin(this.nowMs, "lead");
    if (step.act === "seal") {
      this.seal();
    } else {
      this.execute(step);
    }
  }

  /** Without begin: one of several steps of a command. */
  execute(drawn: Operation): void {
    const { txn } = this;
    const step = { ...drawn, key: keyOf(drawn) };
    const bytes = Buffer.alloc(step.length, step.fill);
    const deadlineMs = step.aheadMs === 0 ? 0 : this.nowMs + step.aheadMs;
    const value = txn.get(step.key);
    if (step.act === "put") {
      txn.putString(step.key, step.fill % 2 ? bytes : bytes.toString("latin1"), deadlineMs);
    } else if (step.act === "flush") {
      txn.flushAll();
    } else if (step.act === "publish") {
      txn.publish(step.key, bytes, step.fill % 2 === 1);
    } else if (step.act === "put library") {
      const name = libraryOf(step);
      txn.putLibrary(name, libraryCode(name, step.fill));
    } else if (step.act === "delete library") {
      const names: string[] = [];
      this.keyspace.libraries.forEach((name) => {
        names.push(name);
      });
      if (names.length > 0) txn.deleteLibrary(names[step.count % names.length]!);
    } else if (step.act === "patch") {
      if (value === undefined || isStringValue(value))
        txn.patchString(step.key, step.offset, bytes);
    } else if (step.act === "delete") {
      txn.delete(step.key);
    } else if (!this.runOnCollection(step, bytes, value) && value !== undefined) {
      this.runOnExisting(step, bytes, deadlineMs, value);
    }
  }

  private runOnExisting(step: Operation, bytes: Buffer, deadlineMs: number, value: Value): void {
    const { txn } = this;
    if (step.act === "append") {
      if (isStringValue(value)) txn.appendString(step.key, bytes);
    } else if (step.act === "deadline") {
      txn.setDeadline(step.key, Math.max(deadlineMs, START_MS));
    } else if (step.act === "persist") {
      txn.setDeadline(step.key, 0);
    } else if (step.act === "rename") {
      txn.rename(step.key, step.other);
    } else if (step.act === "copy" && step.key !== step.other) {
      txn.copy(step.key, step.other);
    }
  }

  /** False: the step is not about a collection. What a key holds of another type makes room. */
  private runOnCollection(step: Operation, bytes: Buffer, value: Value | undefined): boolean {
    const { act } = step;
    if (isOf(acts.list, act)) this.runOnList(step, bytes, this.room(step.key, value, List));
    else if (isOf(acts.hash, act)) this.runOnHash(step, bytes, this.room(step.key, value, Hash));
    else if (isOf(acts.set, act)) this.runOnSet(step, this.room(step.key, value, MemberSet));
    else if (isOf(acts.sortedSet, act))
      this.runOnScores(step, this.room(step.key, value, SortedSet));
    else if (isOf(acts.stream, act)) this.runOnStream(step, this.room(step.key, value, Stream));
    else if (isOf(acts.group, act) || isOf(acts.delivery, act)) {
      this.runOnGroup(step, this.room(step.key, value, Stream));
    } else return false;
    return true;
  }

  private room<T extends Value>(
    name: string,
    value: Value | undefined,
    type: abstract new () => T,
  ): T | undefined {
    if (value === undefined || value instanceof type) return value as T | undefined;
    this.txn.delete(name);
    return undefined;
  }

  private runOnList(step: Operation, bytes: Buffer, list: List | undefined): void {
    const { lists } = this.txn;
    const { act, fill } = step;
    const end = fill % 2 ? "head" : "tail";
    const element = fill % 3 === 0 ? bytes : `e${step.offset % 3}`;
    if (act === "push") {
      lists.push(
        step.key,
        end,
        Array.from({ length: step.count }, (_, i) => (i === 0 ? element : `e${i % 3}`)),
      );
    } else if (list === undefined) return;
    else if (act === "pop") lists.pop(step.key, end, Math.min(step.count, list.length));
    else if (act === "setAt") lists.set(step.key, step.offset % list.length, element);
    else if (act === "insert")
      lists.insert(step.key, fill % 2 ? "before" : "behind", "e1", element);
    else if (act === "remove") lists.remove(step.key, end, step.count, `e${fill % 4}`);
    else {
      const start = step.offset % (list.length + 1);
      lists.trim(step.key, start, Math.min(step.count, list.length - start));
    }
  }

  private runOnHash(step: Operation, bytes: Buffer, hash: Hash | undefined): void {
    const { hashes } = this.txn;
    const fields = Array.from({ length: step.count }, (_, i) => `f${(step.offset + i * i) % 300}`);
    if (step.act === "hashSet") {
      hashes.set(
        step.key,
        fields,
        fields.map((_, i) => (i % 3 === 0 ? bytes : `v${step.fill}`)),
      );
    } else if (hash !== undefined) hashes.delete(step.key, fields);
  }

  private runOnSet(step: Operation, set: MemberSet | undefined): void {
    const { sets } = this.txn;
    const prefix = step.fill % 5 === 0 ? "m" : "";
    const members = Array.from(
      { length: step.count },
      (_, i) => `${prefix}${(step.offset + i * i) % 700}`,
    );
    if (step.act === "setAdd") sets.add(step.key, members);
    else if (set !== undefined) sets.remove(step.key, members);
  }

  private runOnScores(step: Operation, set: SortedSet | undefined): void {
    const { sortedSets } = this.txn;
    const members = Array.from({ length: step.count }, (_, i) => `m${(step.offset + i * i) % 300}`);
    if (step.act === "scorePut") {
      const scores = members.map((_, i) =>
        Number.isFinite(step.score) ? step.score + i : step.score,
      );
      sortedSets.put(step.key, members, scores);
    } else if (set === undefined) return;
    else if (step.act === "scoreRemove") sortedSets.remove(step.key, members);
    else {
      const rank = step.offset % set.size;
      sortedSets.removeRange(step.key, rank, Math.min(step.count, set.size - rank));
    }
  }

  private runOnStream(step: Operation, stream: Stream | undefined): void {
    const { streams } = this.txn;
    if (step.act === "append entry") {
      for (let i = 0; i < Math.min(step.count, STREAM_APPENDS_MAX); i++) {
        const lastId = (this.txn.get(step.key) as Stream | undefined)?.lastId ?? STREAM_ID_MIN;
        const id = generatedStreamId(lastId, this.nowMs);
        if (id !== undefined)
          streams.append(step.key, id, [`f${i % 2}`, "v".repeat(step.length % 50)]);
      }
    } else if (stream === undefined) return;
    else if (step.act === "delete entries") {
      streams.delete(step.key, someIds(stream, step));
    } else if (step.act === "trim entries") {
      streams.trim(step.key, Math.max(0, stream.length - step.count));
    } else {
      // As Redis demands: no entry and no deletion above the last id, no fewer added than there are.
      const { lastId, length, maxDeletedId } = stream;
      const id = generatedStreamId(lastId, this.nowMs) ?? lastId;
      streams.setIds(step.key, id, length + step.offset, step.fill % 2 ? id : maxDeletedId);
    }
  }

  private runOnGroup(step: Operation, stream: Stream | undefined): void {
    const { streams } = this.txn;
    const { act, fill } = step;
    const name = GROUPS[fill % GROUPS.length]!;
    const group = stream?.group(name);
    if (act === "create group") {
      if (group === undefined) {
        streams.createGroup(step.key, name, stream?.lastId ?? STREAM_ID_MIN, (fill % 3) - 1);
      }
      return;
    }
    if (stream === undefined) return;
    if (group === undefined) {
      if (isOf(acts.delivery, act)) streams.createGroup(step.key, name, stream.lastId, -1);
      return;
    }
    const who = CONSUMERS[step.offset % CONSUMERS.length]!;
    const consumer = group.consumer(who);
    const ids = someIds(stream, step);
    if (act === "set position") streams.setGroupPosition(step.key, name, stream.lastId, fill - 1);
    else if (act === "destroy group") streams.destroyGroup(step.key, name);
    else if (act === "acknowledge") streams.acknowledge(step.key, name, ids);
    else if (consumer === undefined) {
      streams.createConsumer(step.key, name, who, this.nowMs);
      if (act === "deliver") this.deliver(step, name, who, ids);
    } else if (act === "delete consumer") streams.deleteConsumer(step.key, name, who);
    else if (act === "consumer times") {
      streams.setConsumerTimes(step.key, name, who, this.nowMs, fill % 2 ? this.nowMs : -1);
    } else if (act === "deliver") {
      this.deliver(step, name, who, ids);
    }
  }

  private deliver(step: Operation, group: string, consumer: string, ids: StreamId[]): void {
    if (ids.length === 0) return;
    const delivery = { consumer, deliveryMs: this.nowMs, deliveryCount: step.fill, ids };
    this.txn.streams.deliver(step.key, group, delivery);
  }
}

/** Collections have keys of their own mostly, or none would live long enough for more than its first effect. */
function keyOf({ act, key, fill }: Operation): string {
  if (fill % 8 === 0) return key;
  if (isOf(acts.generic, act)) return fill % 3 === 0 ? key : `k${fill % 5}`;
  if (isOf(acts.list, act)) return "k0";
  if (isOf(acts.hash, act)) return "k1";
  if (isOf(acts.set, act)) return "k2";
  if (isOf(acts.sortedSet, act)) return "k3";
  return isOf(acts.stream, act) || isOf(acts.group, act) || isOf(acts.delivery, act) ? "k4" : key;
}

function isOf(family: readonly string[], act: string): boolean {
  return family.includes(act);
}

/** Some that are there. */
function someIds(stream: Stream, { count, offset }: Operation): StreamId[] {
  const ids: StreamId[] = [];
  let at = 0;
  stream.forEachUp(STREAM_ID_MIN, (id) => {
    if (at++ >= offset % 10) ids.push(id);
    return ids.length < count;
  });
  return ids;
}
