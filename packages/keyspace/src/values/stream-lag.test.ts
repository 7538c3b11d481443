import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ENTRIES_READ_UNKNOWN } from "./consumer-group.js";
import { Stream } from "./stream.js";
import { STREAM_ID_MIN, type StreamId, streamId } from "./stream-id.js";
import { entriesReadWith, entriesUpTo, groupLag } from "./stream-lag.js";

const at = (ms: number): StreamId => (ms === 0 ? STREAM_ID_MIN : streamId(ms, 0));

/** Entries 1-0 up to count-0. */
function filled(count: number): Stream {
  const stream = new Stream();
  for (let i = 1; i <= count; i++) {
    stream.append(at(i), ["f", "v"]);
  }
  return stream;
}

function lag(stream: Stream, position: number, entriesRead: number): number | undefined {
  stream.createGroup("g", at(position), entriesRead);
  return groupLag(stream, stream.detachGroup("g"));
}

/** Reads on as XREADGROUP does. */
function read(stream: Stream, name: string, count: number): void {
  const group = stream.group(name)!;
  const found: StreamId[] = [];
  stream.forEachUp(group.lastDeliveredId, (id) => {
    if (id > group.lastDeliveredId && found.length < count) {
      found.push(id);
    }
    return found.length < count;
  });
  for (const id of found) {
    group.setPosition(id, entriesReadWith(stream, group.entriesRead, id));
  }
}

describe("the lag of a group", () => {
  test("is the number of entries ahead while nothing is removed", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 30 }), (steps) => {
        const stream = new Stream();
        stream.createGroup("g", STREAM_ID_MIN, 0);
        let next = 1;
        let done = 0;
        for (const [added, wanted] of steps) {
          for (let i = 0; i < added; i++) {
            stream.append(at(next++), ["f", "v"]);
          }
          read(stream, "g", wanted);
          done = Math.min(done + wanted, next - 1);
          expect(stream.group("g")!.entriesRead).toBe(done);
          expect(groupLag(stream, stream.group("g")!)).toBe(next - 1 - done);
        }
      }),
      { seed: 20 },
    );
  });

  test("is 0 in a stream that never had an entry", () => {
    expect(lag(new Stream(), 0, 0)).toBe(0);
    expect(lag(new Stream(), 7, ENTRIES_READ_UNKNOWN)).toBe(0);
  });

  test("is told at the ends for a group that does not know what it read", () => {
    const stream = filled(5);
    expect(lag(stream, 0, ENTRIES_READ_UNKNOWN)).toBe(5);
    expect(lag(stream, 1, ENTRIES_READ_UNKNOWN)).toBe(4);
    expect(lag(stream, 2, ENTRIES_READ_UNKNOWN)).toBeUndefined();
    expect(lag(stream, 5, ENTRIES_READ_UNKNOWN)).toBe(0);
    expect(lag(stream, 6, ENTRIES_READ_UNKNOWN)).toBeUndefined();
  });

  test("can't be told before an entry that XDEL removed, and can be behind it", () => {
    const stream = filled(5);
    stream.removeEntry(at(3));
    expect(lag(stream, 0, 0)).toBeUndefined();
    expect(lag(stream, 3, 3)).toBeUndefined();
    expect(lag(stream, 4, 4)).toBe(1);
    expect(lag(stream, 5, ENTRIES_READ_UNKNOWN)).toBe(0);
  });

  test("can be told again when all that XDEL removed lies before the first entry", () => {
    const stream = filled(5);
    stream.removeEntry(at(1));
    expect(lag(stream, 0, ENTRIES_READ_UNKNOWN)).toBe(4);
    stream.removeEntry(at(3));
    expect(lag(stream, 0, ENTRIES_READ_UNKNOWN)).toBeUndefined();
    stream.takeLow(1);
    expect(lag(stream, 0, ENTRIES_READ_UNKNOWN)).toBe(2);
  });

  test("counts what was trimmed as read by nobody", () => {
    const stream = filled(5);
    stream.takeLow(2);
    expect(lag(stream, 0, ENTRIES_READ_UNKNOWN)).toBe(3);
    expect(lag(stream, 3, ENTRIES_READ_UNKNOWN)).toBe(2);
    expect(lag(stream, 1, 1)).toBe(4);
    stream.takeLow(3);
    expect(lag(stream, 0, ENTRIES_READ_UNKNOWN)).toBe(0);
    expect(lag(stream, 5, ENTRIES_READ_UNKNOWN)).toBe(0);
  });

  test("follows a counter that was set, below zero too", () => {
    expect(lag(filled(5), 1, 9)).toBe(-4);
  });
});

describe("what a group has read", () => {
  test("is lost in front of a gap and found again at the end", () => {
    const stream = filled(5);
    stream.createGroup("g", STREAM_ID_MIN, 0);
    stream.removeEntry(at(3));
    const counters: number[] = [];
    for (let i = 0; i < 4; i++) {
      read(stream, "g", 1);
      counters.push(stream.group("g")!.entriesRead);
    }
    expect(counters).toEqual([ENTRIES_READ_UNKNOWN, ENTRIES_READ_UNKNOWN, ENTRIES_READ_UNKNOWN, 5]);
  });

  test("is told up to the first id and at the last one", () => {
    const stream = filled(5);
    stream.takeLow(2);
    const counts = [0, 2, 3, 4, 5, 6].map((ms) => entriesUpTo(stream, at(ms)));
    expect(counts).toEqual([2, 2, 3, ENTRIES_READ_UNKNOWN, 5, ENTRIES_READ_UNKNOWN]);
    expect(entriesUpTo(new Stream(), at(3))).toBe(0);
  });
});
