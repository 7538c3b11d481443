import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Stream } from "./stream.js";
import type { ChunkLimits } from "./stream-chunk.js";
import {
  formatStreamId,
  STREAM_ID_MAX,
  STREAM_ID_MIN,
  type StreamId,
  streamId,
} from "./stream-id.js";

type Entry = [StreamId, string[]];

/** What a stream of Redis is, node by node: all that was ever added to a node decides about it. */
class Model {
  readonly entriesMax: number;
  nodes: { ids: StreamId[]; entries: Entry[] }[] = [];
  lastId: StreamId = STREAM_ID_MIN;
  maxDeletedId: StreamId = STREAM_ID_MIN;
  entriesAdded = 0;

  constructor(entriesMax: number) {
    this.entriesMax = entriesMax;
  }

  get entries(): Entry[] {
    return this.nodes.flatMap((node) => node.entries);
  }

  append(id: StreamId, fields: string[]): void {
    let node = this.nodes.at(-1);
    if (node === undefined || node.ids.length >= this.entriesMax) {
      node = { ids: [], entries: [] };
      this.nodes.push(node);
    }
    node.ids.push(id);
    node.entries.push([id, fields]);
    this.lastId = id;
    this.entriesAdded++;
  }

  remove(id: StreamId): void {
    for (const node of this.nodes) {
      node.entries = node.entries.filter((entry) => entry[0] !== id);
    }
    this.nodes = this.nodes.filter((node) => node.entries.length > 0);
  }

  /** XTRIM ~: whole nodes from the low end while they may go. */
  countInNodes(limit: number, goes: (ids: StreamId[], left: number) => boolean): number {
    let count = 0;
    for (const { ids, entries } of this.nodes) {
      const left = this.entries.length - count - entries.length;
      if ((limit > 0 && count + entries.length > limit) || !goes(ids, left)) {
        break;
      }
      count += entries.length;
    }
    return count;
  }

  copy(): Model {
    const other = new Model(this.entriesMax);
    other.nodes = this.nodes.map(({ ids, entries }) => ({ ids: [...ids], entries: [...entries] }));
    other.lastId = this.lastId;
    other.maxDeletedId = this.maxDeletedId;
    other.entriesAdded = this.entriesAdded;
    return other;
  }
}

const text = fc.oneof(
  fc.constantFrom("", "a", "b", "\0\xff", "field", "x".repeat(30), "y".repeat(260)),
  fc.string({ maxLength: 6, unit: fc.nat(255).map((code) => String.fromCharCode(code)) }),
);
const fields = fc.oneof(
  { weight: 12, arbitrary: text.map((value) => ["name", value, "n2", value]) },
  {
    weight: 12,
    arbitrary: fc
      .array(fc.tuple(text, text), { minLength: 1, maxLength: 4 })
      .map((pairs) => pairs.flat()),
  },
  fc.constant(Array.from({ length: 520 }, (_, i) => String(i))),
);
const step = fc.record({
  act: fc.constantFrom(
    ...["append", "append", "append", "append", "remove", "remove", "removeLast", "trim"],
    ...["setIds", "undo", "clone", "group", "detachGroup"],
  ),
  fields,
  at: fc.nat(99),
  jump: fc.constantFrom(1, 1, 2, 300, 2 ** 33),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const limits = fc.record({
  bytesMax: fc.constantFrom(100, 400, 4096),
  entriesMax: fc.constantFrom(1, 2, 3, 8, 100),
});

function entriesUp(stream: Stream, from = STREAM_ID_MIN, count = Infinity): Entry[] {
  const found: Entry[] = [];
  stream.forEachUp(from, (id, values) => found.push([id, values]) < count);
  return found;
}

function entriesDown(stream: Stream, from = STREAM_ID_MAX, count = Infinity): Entry[] {
  const found: Entry[] = [];
  stream.forEachDown(from, (id, values) => found.push([id, values]) < count);
  return found;
}

/** All that can be seen, as text: toEqual takes long for what is equal. */
function look(stream: Stream): string {
  const groups: unknown[] = [];
  stream.forEachGroup((group) => {
    groups.push([group.name, group.lastDeliveredId, group.entriesRead, group.memoryBytes]);
  });
  const { length, lastId, firstId, maxDeletedId, entriesAdded } = stream;
  const { groupCount, chunkCount, memoryBytes } = stream;
  const numbers = { length, entriesAdded, groupCount, chunkCount, memoryBytes };
  const entries = entriesUp(stream);
  return JSON.stringify({ ...numbers, lastId, firstId, maxDeletedId, groups, entries });
}

/** A stream, its model, and the way back. */
class Run {
  stream: Stream;
  model: Model;
  readonly undo: { before: string; model: Model; invert: () => void }[] = [];

  constructor({ bytesMax, entriesMax }: ChunkLimits) {
    this.stream = new Stream({ bytesMax, entriesMax });
    this.model = new Model(entriesMax);
  }

  step({ act, fields: given, at, jump }: Step): void {
    const { stream, model } = this;
    const id = model.entries[at % Math.max(1, model.entries.length)]?.[0] ?? streamId(at, at);
    if (act === "undo") {
      this.undoTo(Math.max(0, this.undo.length - (at % 8)));
      return;
    }
    if (act === "clone") {
      this.undo.length = 0;
      const other = stream.clone();
      expect(look(other)).toBe(look(stream));
      this.stream = at % 2 === 0 ? other : stream;
      stream.append(nextId(stream.lastId, jump), given);
      other.append(nextId(other.lastId, jump + 1), given);
      this.model.append(this.stream.lastId, given);
      (this.stream === other ? stream : other).takeLow(1);
      return;
    }
    const before = look(stream);
    const modelBefore = model.copy();
    const invert = this.mutate(act, id, given, at, jump);
    if (invert !== undefined) {
      this.undo.push({ before, model: modelBefore, invert });
    }
  }

  undoTo(length: number): void {
    while (this.undo.length > length) {
      const { before, model, invert } = this.undo.pop()!;
      invert();
      this.stream.check();
      expect(look(this.stream)).toBe(before);
      this.model = model;
    }
  }

  private mutate(
    act: string,
    id: StreamId,
    given: string[],
    at: number,
    jump: number,
  ): (() => void) | undefined {
    const { stream, model } = this;
    const { lastId, maxDeletedId, entriesAdded } = stream;
    if (act === "append") {
      const added = nextId(lastId, jump);
      stream.append(added, given);
      model.append(added, given);
      return () => stream.removeLast(lastId);
    }
    if (act === "remove" || act === "removeLast") {
      const victim = act === "remove" ? id : (model.entries.at(-1)?.[0] ?? id);
      const had = model.entries.some(([other]) => other === victim);
      const removed = stream.removeEntry(victim);
      expect(removed !== undefined).toBe(had);
      if (removed === undefined) {
        return undefined;
      }
      model.remove(victim);
      if (victim > model.maxDeletedId) {
        model.maxDeletedId = victim;
      }
      return () => stream.putBack(removed);
    }
    if (act === "trim") {
      const removed = stream.takeLow(at % (model.entries.length + 1));
      for (const [low] of model.entries.slice(0, removed.count)) {
        model.remove(low);
      }
      return () => stream.putBack(removed);
    }
    if (act === "setIds") {
      model.lastId = nextId(lastId, at + 1);
      model.entriesAdded = at;
      model.maxDeletedId = streamId(at, 0);
      stream.setIds(model.lastId, at, model.maxDeletedId);
      return () => stream.setIds(lastId, entriesAdded, maxDeletedId);
    }
    const name = `g${at % 4}`;
    if (act === "group" && stream.group(name) === undefined) {
      const group = stream.createGroup(name, id, at);
      expect(stream.group(name)).toBe(group);
      group.createConsumer("c", 1, 2);
      return () => stream.detachGroup(name);
    }
    if (act === "detachGroup" && stream.group(name) !== undefined) {
      const group = stream.detachGroup(name);
      expect(stream.group(name)).toBeUndefined();
      return () => stream.attachGroup(group);
    }
    return undefined;
  }
}

/** `jump` up from the id in one of its parts. */
function nextId(id: StreamId, jump: number): StreamId {
  const [ms, seq] = formatStreamId(id).split("-").map(Number) as [number, number];
  return jump === 1 ? streamId(ms, seq + 1) : streamId(ms + jump, jump % 5);
}

function expectEntries(found: Entry[], wanted: Entry[]): void {
  expect(JSON.stringify(found)).toBe(JSON.stringify(wanted));
}

function expectSame(stream: Stream, model: Model, probe: StreamId): void {
  stream.check();
  const { entries } = model;
  expectEntries(entriesUp(stream), entries);
  expectEntries(entriesDown(stream), [...entries].reverse());
  const upward = entries.filter(([id]) => id >= probe);
  const downward = entries.filter(([id]) => id <= probe).reverse();
  expectEntries(entriesUp(stream, probe), upward);
  expectEntries(entriesDown(stream, probe), downward);
  expectEntries(entriesUp(stream, probe, 2), upward.slice(0, 2));
  expectEntries(entriesDown(stream, probe, 2), downward.slice(0, 2));
  const found = entries.find(([id]) => id === probe)?.[1];
  expect(stream.get(probe)).toEqual(found);
  expect(stream.has(probe)).toBe(found !== undefined);
  expect(stream.countBelow(probe)).toBe(entries.length - upward.length);
  const { length, firstId, lastId, maxDeletedId, entriesAdded } = stream;
  expect({ length, firstId, lastId, maxDeletedId, entriesAdded }).toEqual({
    length: entries.length,
    firstId: entries[0]?.[0] ?? STREAM_ID_MIN,
    lastId: model.lastId,
    maxDeletedId: model.maxDeletedId,
    entriesAdded: model.entriesAdded,
  });
}

describe("a stream", () => {
  test("holds what was put in, in order, and takes every mutation back", () => {
    fc.assert(
      fc.property(limits, fc.array(step, { maxLength: 60, size: "max" }), (chunkLimits, steps) => {
        const run = new Run(chunkLimits);
        for (const one of steps) {
          run.step(one);
          const { entries } = run.model;
          const probe = entries[one.at % (entries.length + 1)]?.[0] ?? nextId(run.model.lastId, 2);
          expectSame(run.stream, run.model, probe);
          expectSame(run.stream, run.model, nextId(probe, one.jump));
        }
        run.undoTo(0);
      }),
      { seed: 21, numRuns: 120 },
    );
  });

  test("is trimmed in whole nodes as Redis's, whatever was removed from them", () => {
    const shortSteps = step.map((one) => ({
      ...one,
      act: one.act === "undo" || one.act === "clone" ? "append" : one.act,
      fields: ["f", "v"],
    }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(shortSteps, { maxLength: 60, size: "max" }),
        fc.nat(20),
        (entriesMax, steps, limit) => {
          const { stream, model } = steps.reduce(
            (run, one) => {
              run.step(one);
              return run;
            },
            new Run({ bytesMax: 4096, entriesMax }),
          );
          expect(stream.chunkCount).toBe(model.nodes.length);
          for (let length = 0; length <= model.entries.length; length++) {
            expect(stream.countOverInChunks(length, limit)).toBe(
              model.countInNodes(limit, (_ids, left) => left >= length),
            );
          }
          for (const { ids } of model.nodes) {
            for (const id of ids.flatMap((each) => [each, nextId(each, 1)])) {
              expect(stream.countBelowInChunks(id, limit)).toBe(
                model.countInNodes(limit, (all) => all.at(-1)! < id),
              );
            }
          }
        },
      ),
      { seed: 22, numRuns: 200 },
    );
  });

  test("an entry larger than a chunk has one of its own", () => {
    const stream = new Stream();
    const large = "v".repeat(100_000);
    for (let i = 1; i <= 4; i++) {
      stream.append(streamId(i, 0), ["f", i === 2 ? large : "v"]);
    }
    stream.check();
    expect(stream.chunkCount).toBe(3);
    expect(stream.get(streamId(2, 0))).toEqual(["f", large]);
    const { memoryBytes } = stream;
    const removed = stream.removeEntry(streamId(2, 0))!;
    expect(removed.memoryBytes).toBeGreaterThan(large.length);
    expect(stream.memoryBytes).toBeLessThan(2000);
    stream.putBack(removed);
    expect(stream.memoryBytes).toBe(memoryBytes);
  });

  test("stays whole over hundreds of chunks, and so does its way back", () => {
    const stream = new Stream();
    for (let i = 1; i <= 20_000; i++) {
      stream.append(streamId(i, i), ["f", `v${i}`]);
    }
    const undo: (() => void)[] = [];
    const before = look(stream);
    for (let i = 3; i <= 20_000; i += 1 + (i % 7)) {
      const removed = stream.removeEntry(streamId(i, i));
      if (removed !== undefined) {
        undo.push(() => stream.putBack(removed));
      }
    }
    for (const count of [1, 99, 100, 101, 4321, 0, stream.length - 4622]) {
      const removed = stream.takeLow(count);
      undo.push(() => stream.putBack(removed));
    }
    stream.check();
    expect(stream.length).toBe(0);
    expect(stream.chunkCount).toBe(0);
    while (undo.length > 0) {
      undo.pop()!();
    }
    stream.check();
    expect(stream.chunkCount).toBe(200);
    expect(look(stream)).toBe(before);
  });

  test("a copy of a large stream costs little until it is changed, and then is another one", () => {
    const stream = new Stream();
    for (let i = 1; i <= 1000; i++) {
      stream.append(streamId(i, 0), ["f", `v${i}`]);
    }
    const before = look(stream);
    const copy = stream.clone();
    copy.removeEntry(streamId(500, 0));
    copy.takeLow(150);
    copy.append(streamId(1001, 0), ["f", "new"]);
    copy.check();
    expect(look(stream)).toBe(before);
    const changed = look(copy);
    stream.takeLow(850);
    stream.append(streamId(2000, 0), ["g", "other"]);
    stream.check();
    expect(look(copy)).toBe(changed);
  });

  test("takes ids of 64 bits", () => {
    const stream = new Stream();
    stream.append(streamId(1, 1), ["f", "v"]);
    stream.append(STREAM_ID_MAX, ["f", "w"]);
    expect(entriesUp(stream, STREAM_ID_MAX)).toEqual([[STREAM_ID_MAX, ["f", "w"]]]);
    expect(entriesDown(stream, STREAM_ID_MAX, 1)).toEqual([[STREAM_ID_MAX, ["f", "w"]]]);
    stream.check();
  });

  test("refuses what would break its order", () => {
    const stream = new Stream();
    stream.append(streamId(5, 0), ["f", "v"]);
    expect(() => stream.append(streamId(5, 0), ["f", "v"])).toThrow("is the last one");
    expect(() => stream.append(streamId(6, 0), ["f"])).toThrow("names and values");
    expect(() => stream.setIds(streamId(4, 0), 1, STREAM_ID_MIN)).toThrow("above the last id");
    expect(() => stream.takeLow(2)).toThrow("entries that are there");
    stream.setIds(streamId(6, 0), 1, STREAM_ID_MIN);
    expect(() => stream.removeLast(streamId(4, 0))).toThrow("is the last one");
    stream.removeEntry(streamId(5, 0));
    expect(() => stream.removeLast(STREAM_ID_MIN)).toThrow("is in the stream");
  });
});
