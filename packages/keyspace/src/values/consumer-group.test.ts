import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ConsumerGroup,
  ENTRIES_READ_UNKNOWN,
  type GroupHolder,
  NEVER_ACTIVE,
} from "./consumer-group.js";
import { STREAM_ID_MIN, type StreamId, streamId } from "./stream-id.js";

interface ModelConsumer {
  seenMs: number;
  activeMs: number;
}

interface ModelPending {
  consumer: string;
  deliveryMs: number;
  deliveryCount: number;
}

interface Model {
  position: [StreamId, number];
  consumers: Map<string, ModelConsumer>;
  pending: Map<StreamId, ModelPending>;
}

const step = fc.record({
  act: fc.constantFrom(
    ...["deliver", "deliver", "deliver", "claim", "acknowledge", "create", "times"],
    ...["position", "detach", "undo", "clone"],
  ),
  name: fc.constantFrom("", "a", "b", "long name of a consumer", "\xff"),
  id: fc.nat(40).map((n) => streamId(n % 5, n)),
  ms: fc.nat(2 ** 41),
  count: fc.nat(9),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function sorted<T>(map: Map<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** All that can be seen, in the order in which it is shown. */
function look(group: ConsumerGroup): unknown {
  const consumers: unknown[] = [];
  group.forEachConsumer(({ name, seenMs, activeMs, pending }) => {
    const ids: StreamId[] = [];
    pending.forEach((_entry, id) => {
      ids.push(id);
    });
    consumers.push([name, seenMs, activeMs, ids]);
  });
  const pending: unknown[] = [];
  group.forEachPending(STREAM_ID_MIN, (id, { consumer, deliveryMs, deliveryCount }) => {
    pending.push([id, consumer.name, deliveryMs, deliveryCount]);
    return true;
  });
  const { lastDeliveredId, entriesRead, pendingCount, consumerCount } = group;
  const ends = [group.firstPendingId(), group.lastPendingId()];
  return {
    ...{ lastDeliveredId, entriesRead, pendingCount, consumerCount, ends },
    ...{ consumers, pending },
  };
}

function lookAtModel({ position, consumers, pending }: Model): unknown {
  const entries = sorted(pending);
  return {
    lastDeliveredId: position[0],
    entriesRead: position[1],
    pendingCount: pending.size,
    consumerCount: consumers.size,
    ends: [entries[0]?.[0], entries.at(-1)?.[0]],
    consumers: sorted(consumers).map(([name, { seenMs, activeMs }]) => [
      name,
      seenMs,
      activeMs,
      entries.filter(([, { consumer }]) => consumer === name).map(([id]) => id),
    ]),
    pending: entries.map(([id, p]) => [id, p.consumer, p.deliveryMs, p.deliveryCount]),
  };
}

class Run {
  readonly holder: GroupHolder = { groupBytes: 77 };
  group = new ConsumerGroup("g", STREAM_ID_MIN, 0);
  model: Model = { position: [STREAM_ID_MIN, 0], consumers: new Map(), pending: new Map() };
  readonly undo: { before: unknown; bytes: number; model: Model; invert: () => void }[] = [];

  constructor() {
    this.group.attachTo(this.holder);
  }

  step(one: Step): void {
    if (one.act === "undo") {
      this.undoTo(Math.max(0, this.undo.length - one.count));
      return;
    }
    if (one.act === "clone") {
      this.undo.length = 0;
      const copy = this.group.clone();
      expect(copy.memoryBytes).toBe(this.group.memoryBytes);
      this.group.attachTo(null);
      expect(this.holder.groupBytes).toBe(77);
      this.group = copy;
      copy.attachTo(this.holder);
      return;
    }
    const before = look(this.group);
    const bytes = this.group.memoryBytes;
    const model = structuredClone(this.model);
    const invert = this.mutate(one);
    if (invert !== undefined) {
      this.undo.push({ before, bytes, model, invert });
    }
  }

  undoTo(length: number): void {
    while (this.undo.length > length) {
      const { before, bytes, model, invert } = this.undo.pop()!;
      invert();
      this.group.check();
      expect(look(this.group)).toEqual(before);
      expect(this.group.memoryBytes).toBe(bytes);
      this.model = model;
    }
  }

  private mutate({ act, name, id, ms, count }: Step): (() => void) | undefined {
    const { group, model } = this;
    const known = model.consumers.has(name);
    if (act === "position") {
      const { lastDeliveredId, entriesRead } = group;
      model.position = [id, count - 1];
      group.setPosition(id, count - 1);
      return () => group.setPosition(lastDeliveredId, entriesRead);
    }
    if (act === "acknowledge") {
      return this.acknowledge(id);
    }
    if (act === "create" && !known) {
      model.consumers.set(name, { seenMs: ms, activeMs: NEVER_ACTIVE });
      group.createConsumer(name, ms, NEVER_ACTIVE);
      return () => group.detachConsumer(name);
    }
    if (act === "times" && known) {
      const { seenMs, activeMs } = group.consumer(name)!;
      model.consumers.set(name, { seenMs: ms, activeMs: ms - count });
      group.setConsumerTimes(name, ms, ms - count);
      return () => group.setConsumerTimes(name, seenMs, activeMs);
    }
    if (act === "detach" && known) {
      model.consumers.delete(name);
      for (const [pendingId, { consumer }] of [...model.pending]) {
        if (consumer === name) {
          model.pending.delete(pendingId);
        }
      }
      const consumer = group.detachConsumer(name);
      return () => group.attachConsumer(consumer);
    }
    return known && (act === "deliver" || act === "claim")
      ? this.setPending(id, name, ms, count)
      : undefined;
  }

  private acknowledge(id: StreamId): (() => void) | undefined {
    const { group, model } = this;
    expect(group.pendingEntry(id) !== undefined).toBe(model.pending.has(id));
    if (!model.pending.delete(id)) {
      return undefined;
    }
    const { consumer, deliveryMs, deliveryCount } = group.removePending(id);
    return () => group.setPending(id, consumer.name, deliveryMs, deliveryCount);
  }

  private setPending(id: StreamId, name: string, ms: number, count: number): () => void {
    const { group, model } = this;
    const live = group.pendingEntry(id);
    const old = live === undefined ? undefined : { ...live };
    model.pending.set(id, { consumer: name, deliveryMs: ms, deliveryCount: count });
    group.setPending(id, name, ms, count);
    return old === undefined
      ? () => group.removePending(id)
      : () => group.setPending(id, old.consumer.name, old.deliveryMs, old.deliveryCount);
  }
}

describe("a consumer group", () => {
  test("knows who has what, and takes every mutation back", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
        const run = new Run();
        for (const one of steps) {
          run.step(one);
          run.group.check();
          expect(look(run.group)).toEqual(lookAtModel(run.model));
          expect(run.holder.groupBytes).toBe(77 + run.group.memoryBytes);
          expect(run.group.consumer(one.name)?.name).toBe(
            run.model.consumers.has(one.name) ? one.name : undefined,
          );
        }
        run.undoTo(0);
      }),
      { seed: 51, numRuns: 200 },
    );
  });

  test("pending entries are read from any id on, of the group and of one consumer", () => {
    const group = new ConsumerGroup("g", STREAM_ID_MIN, ENTRIES_READ_UNKNOWN);
    group.createConsumer("a", 1, 1);
    group.createConsumer("b", 1, 1);
    for (let i = 0; i < 500; i++) {
      group.setPending(streamId(i, 0), i % 2 === 0 ? "a" : "b", i, 1);
    }
    const found: number[] = [];
    group.forEachPending(streamId(7, 1), (_id, entry) => found.push(entry.deliveryMs) < 3);
    expect(found).toEqual([8, 9, 10]);
    group.consumer("b")!.pending.forEachUp(streamId(8, 0), (_id, entry) => {
      return found.push(entry.deliveryMs) < 5;
    });
    expect(found).toEqual([8, 9, 10, 9, 11]);
  });

  test("a counter that is no counter is refused, and so is an unknown consumer", () => {
    const group = new ConsumerGroup("g", STREAM_ID_MIN, 0);
    expect(() => group.setPosition(STREAM_ID_MIN, -2)).toThrow("whole number or unknown");
    expect(() => group.setPosition(STREAM_ID_MIN, 2 ** 53)).toThrow("whole number or unknown");
    expect(() => group.setPending(streamId(1, 1), "nobody", 1, 1)).toThrow("the consumer exists");
  });
});
