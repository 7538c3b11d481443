/**
 * node scripts/run-ts.mjs --expose-gc packages/keyspace/bench/stream.bench.ts
 *
 * Bytes per entry and nanoseconds per operation of streams next to a plain array of [id, fields], and of a
 * group's pending entries next to a Map. An entry has two fields of 9 and 4 bytes with values of 6 and 16.
 */

import { ConsumerGroup } from "../src/values/consumer-group.js";
import { OrderedMap } from "../src/values/ordered-map.js";
import { Stream } from "../src/values/stream.js";
import { STREAM_ID_MAX, STREAM_ID_MIN, type StreamId, streamId } from "../src/values/stream-id.js";

const START_MS = 1_700_000_000_000;
const MILLION = 1_000_000;
const SAMPLES = 200_000;

const gc = (globalThis as { gc?: () => void }).gc;
let sink = 0;

function usedBytes(): number {
  gc?.();
  gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function nanoseconds(operations: number, run: () => void): number {
  const start = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - start) / operations;
}

function say(what: string, figures: Record<string, number>): void {
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(0)}`);
  process.stdout.write(`${what.padEnd(26)} ${shown.join("   ")}\n`);
}

/** Each text is a fresh flat string, as the decoder makes them. */
function flat(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

const idOf = (i: number): StreamId => streamId(START_MS + (i >> 1), i & 1);
function fieldsOf(i: number): string[] {
  const number = String(i % MILLION).padStart(6, "0");
  return [flat("sensor-id"), flat(number), flat("note"), flat(`some text ${number}`)];
}

/** Index of pseudo-random order. */
const pick = (n: number, size: number): number => (n * 7_919) % size;

function streamOf(size: number): Stream {
  const stream = new Stream();
  for (let i = 0; i < size; i++) {
    stream.append(idOf(i), fieldsOf(i));
  }
  return stream;
}

function measureMemory(size: number): void {
  const count = Math.max(1, Math.floor((size === 1 ? 50_000 : 400_000) / size));
  const streams: Stream[] = new Array(count).fill(null);
  let before = usedBytes();
  for (let t = 0; t < count; t++) {
    streams[t] = streamOf(size);
  }
  const bytes = (usedBytes() - before) / (count * size);
  const estimate = streams.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0) / (count * size);
  streams.length = 0;
  const arrays: [StreamId, string[]][][] = new Array(count).fill(null);
  before = usedBytes();
  for (let t = 0; t < count; t++) {
    arrays[t] = Array.from({ length: size }, (_, i) => [idOf(i), fieldsOf(i)]);
  }
  const plain = (usedBytes() - before) / (count * size);
  sink += arrays.length;
  say(`${size} entries, bytes each`, { stream: bytes, memoryBytes: estimate, array: plain });
}

/** Fields are made beforehand: making them costs more than appending them. */
function measureAppend(): void {
  const ids = Array.from({ length: SAMPLES }, (_, i) => idOf(i));
  const fields = Array.from({ length: SAMPLES }, (_, i) => fieldsOf(i));
  for (let round = 0; round < 3; round++) {
    const stream = new Stream();
    const append = nanoseconds(SAMPLES, () => {
      for (let i = 0; i < SAMPLES; i++) {
        stream.append(ids[i]!, fields[i]!);
      }
    });
    const array: [StreamId, string[]][] = [];
    const push = nanoseconds(SAMPLES, () => {
      for (let i = 0; i < SAMPLES; i++) {
        array.push([ids[i]!, fields[i]!]);
      }
    });
    const undo = nanoseconds(SAMPLES / 2, () => {
      for (let i = SAMPLES - 1; i >= SAMPLES / 2; i--) {
        stream.removeLast(ids[i - 1]!);
      }
    });
    if (round === 2) {
      say("ns", { append, "removeLast (undo)": undo, "array push": push });
    }
    sink += array.length;
  }
}

function measureLarge(): void {
  let longest = 0;
  const stream = new Stream();
  for (let i = 0; i < MILLION; i++) {
    const fields = fieldsOf(i);
    const id = idOf(i);
    const start = process.hrtime.bigint();
    stream.append(id, fields);
    longest = Math.max(longest, Number(process.hrtime.bigint() - start));
  }
  say("1M entries, longest append us", { append: longest / 1000 });
  const ids = Array.from({ length: SAMPLES }, (_, n) => idOf(pick(n, MILLION)));
  const each = (act: (id: StreamId) => void): number =>
    nanoseconds(SAMPLES, () => ids.forEach(act));
  const get = each((id) => {
    sink += stream.get(id)!.length;
  });
  const has = each((id) => {
    sink += stream.has(id) ? 1 : 0;
  });
  const range = nanoseconds(SAMPLES, () => {
    for (let n = 0; n < SAMPLES / 100; n++) {
      let left = 100;
      stream.forEachUp(ids[n]!, (_id, fields) => {
        sink += fields.length;
        return --left > 0;
      });
    }
  });
  const reverse = nanoseconds(SAMPLES, () => {
    for (let n = 0; n < SAMPLES / 100; n++) {
      let left = 100;
      stream.forEachDown(ids[n]!, (_id, fields) => {
        sink += fields.length;
        return --left > 0;
      });
    }
  });
  say("1M entries, ns", { get, has, "up 100, each": range, "down 100, each": reverse });
  const removed: NonNullable<ReturnType<Stream["removeEntry"]>>[] = [];
  const remove = each((id) => {
    removed.push(stream.removeEntry(id)!);
  });
  const putBack = nanoseconds(SAMPLES, () => {
    while (removed.length > 0) {
      stream.putBack(removed.pop()!);
    }
  });
  say("1M entries, ns", { removeEntry: remove, "putBack (undo)": putBack });
  let copy: Stream | null = null;
  const clone = nanoseconds(1000, () => {
    copy = stream.clone();
  });
  const trim = nanoseconds(1000, () => {
    sink += copy!.takeLow(MILLION - 50).count;
  });
  const letGo = nanoseconds(1000, () => {
    copy = null;
  });
  say("1M entries, us", { clone, "takeLow of nearly all": trim, "let go": letGo });
  stream.check();
}

function measurePending(): void {
  const ids = Array.from({ length: MILLION }, (_, i) => i).map(idOf);
  const before = usedBytes();
  const group = new ConsumerGroup("group", STREAM_ID_MIN, 0);
  for (let c = 0; c < 4; c++) {
    group.createConsumer(`consumer-${c}`, START_MS, START_MS);
  }
  const names = [0, 1, 2, 3].map((c) => `consumer-${c}`);
  const deliver = nanoseconds(MILLION, () => {
    for (let i = 0; i < MILLION; i++) {
      group.setPending(ids[i]!, names[i & 3]!, START_MS + i, 1);
    }
  });
  const bytes = (usedBytes() - before) / MILLION;
  // The ids live beside: as the group keeps them, they are its own.
  say("1M pending, bytes each", { group: bytes + 32, memoryBytes: group.memoryBytes / MILLION });
  const claim = nanoseconds(SAMPLES, () => {
    for (let n = 0; n < SAMPLES; n++) {
      group.setPending(ids[pick(n, MILLION)]!, names[n & 3]!, START_MS, 2);
    }
  });
  const acknowledge = nanoseconds(SAMPLES, () => {
    for (let n = 0; n < SAMPLES; n++) {
      sink += group.removePending(ids[pick(n, MILLION)]!).deliveryCount;
    }
  });
  const detach = nanoseconds(1000, () => {
    sink += group.detachConsumer("consumer-1").pending.size;
  });
  say("1M pending, ns", { deliver, claim, acknowledge });
  say("1M pending, us", { "detachConsumer of 200 000": detach });
}

function measureFanOut(): void {
  const ids = Array.from({ length: SAMPLES }, (_, i) => i).map(idOf);
  for (const fanOut of [16, 32, 64, 128]) {
    const ordered = new OrderedMap<number>(fanOut);
    const mixed = new OrderedMap<number>(fanOut);
    const before = usedBytes();
    const inOrder = nanoseconds(SAMPLES, () => {
      for (let i = 0; i < SAMPLES; i++) {
        ordered.insert(ids[i]!, i);
      }
    });
    const bytes = (usedBytes() - before) / SAMPLES;
    const random = nanoseconds(SAMPLES, () => {
      for (let i = 0; i < SAMPLES; i++) {
        mixed.insert(ids[pick(i, SAMPLES)]!, i);
      }
    });
    const get = nanoseconds(SAMPLES, () => {
      for (let i = 0; i < SAMPLES; i++) {
        sink += mixed.get(ids[pick(i, SAMPLES)]!)!;
      }
    });
    const remove = nanoseconds(SAMPLES, () => {
      for (let i = 0; i < SAMPLES; i++) {
        sink += mixed.remove(ids[pick(i, SAMPLES)]!);
      }
    });
    const figures = { "insert in order": inOrder, anywhere: random, get, remove };
    say(`OrderedMap of ${fanOut}, ns`, { ...figures, "bytes each": bytes });
  }
}

for (const size of [1, 8, 64, MILLION]) {
  measureMemory(size);
}
measureAppend();
measureLarge();
measurePending();
measureFanOut();
sink += STREAM_ID_MAX.length;
process.stdout.write(`(${sink > 0 ? "done" : ""})\n`);
