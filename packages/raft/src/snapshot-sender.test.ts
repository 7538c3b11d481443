import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { crc32c } from "./checksum.js";
import { emptyConfiguration } from "./configuration.js";
import { snapshotChunkBytes, snapshotIntervalBytesMax, snapshotWindowChunks } from "./constants.js";
import { SnapshotReceiver } from "./snapshot-receiver.js";
import { SnapshotSender } from "./snapshot-sender.js";
import { MessageType, type SnapshotChunk, type SnapshotDescription } from "./types.js";

function describeBytes(bytes: Uint8Array): SnapshotDescription {
  const configuration = { index: 1, configuration: emptyConfiguration };
  const size = bytes.length;
  return { index: 9, term: 2, checksum: 7, configuration, bytes: size, digest: crc32c(bytes) };
}

function senderOf(bytes: number, chunkBytes: number): SnapshotSender {
  return new SnapshotSender(describeBytes(new Uint8Array(bytes)), chunkBytes);
}

/** Offset and length of everything that may leave now. */
function sendAll(sender: SnapshotSender): [number, number][] {
  const sent: [number, number][] = [];
  for (let next = sender.next(); next !== null; next = sender.next()) {
    sent.push([next.offset, next.bytesMax]);
    sender.sent(next.bytesMax);
  }
  return sent;
}

describe("the window", () => {
  test("lets some chunks out, and one more for each that has arrived", () => {
    const sender = senderOf(55, 10);
    expect(sendAll(sender)).toEqual([0, 10, 20, 30].map((offset) => [offset, 10]));
    sender.responded(20);
    expect(sender.acked).toBe(20);
    expect(sendAll(sender)).toEqual([
      [40, 10],
      [50, 5],
    ]);
    sender.responded(55);
    expect(sendAll(sender)).toEqual([]);
  });

  test("counts what was read, also when that was less than asked for", () => {
    const sender = senderOf(100, 10);
    sender.sent(3);
    expect(sender.next()).toEqual({ offset: 3, bytesMax: 10 });
    sender.sent(10);
    sender.sent(10);
    sender.sent(10);
    // 33 bytes are out: another 10 would be more than four chunks.
    expect(sender.next()).toBeNull();
  });

  test("trap-20: an interval carries a bounded number of bytes, however fast they are answered", () => {
    const sender = senderOf(3 * snapshotIntervalBytesMax, snapshotChunkBytes);
    const carried = (): number => {
      let bytes = 0;
      for (let next = sender.next(); next !== null; next = sender.next()) {
        sender.sent(next.bytesMax);
        sender.responded(next.offset + next.bytesMax);
        bytes += next.bytesMax;
      }
      return bytes;
    };
    expect(carried()).toBe(snapshotIntervalBytesMax);
    expect(carried()).toBe(0);
    sender.intervalPassed();
    expect(carried()).toBe(snapshotIntervalBytesMax);
  });
});

describe("answers", () => {
  test("that were overtaken, or lie beyond the end, say nothing", () => {
    const sender = senderOf(100, 10);
    sendAll(sender);
    expect(sender.responded(30)).toBe(false);
    expect(sender.responded(10)).toBe(false);
    expect(sender.responded(101)).toBe(false);
    expect(sender.acked).toBe(30);
  });

  test("ahead of what was sent, of a receiver that had begun before, are gone on from", () => {
    const sender = senderOf(100, 10);
    sendAll(sender);
    sender.responded(70);
    expect(sender.next()).toEqual({ offset: 70, bytesMax: 10 });
  });

  test("to a question are believed, also back to the start", () => {
    const sender = senderOf(100, 10);
    sendAll(sender);
    sender.responded(40);
    sendAll(sender);
    sender.ask();
    expect(sender.next()).toEqual({ offset: 40, bytesMax: 0 });
    sender.sent(0);
    expect(sender.responded(0)).toBe(true);
    expect(sender).toMatchObject({ acked: 0, resumes: 1 });
    expect(sender.next()).toEqual({ offset: 0, bytesMax: 10 });
  });

  test("to a question that nothing was lost before send nothing again", () => {
    const sender = senderOf(40, 10);
    sendAll(sender);
    sender.ask();
    sendAll(sender);
    expect(sender.responded(40)).toBe(false);
    expect(sender).toMatchObject({ acked: 40, resumes: 0 });
    expect(sender.next()).toBeNull();
  });
});

describe("an interval", () => {
  test("without an answer asks once, also with a full window", () => {
    const sender = senderOf(100, 10);
    sendAll(sender);
    sender.responded(10);
    sendAll(sender);
    // Heard of in this one.
    sender.intervalPassed();
    expect(sender.next()).toBeNull();
    sender.intervalPassed();
    expect(sendAll(sender)).toEqual([[10, 0]]);
    sender.intervalPassed();
    expect(sendAll(sender)).toEqual([[10, 0]]);
  });

  test("with an answer asks nothing", () => {
    const sender = senderOf(1000, 10);
    for (let interval = 1; interval <= 5; interval += 1) {
      sendAll(sender);
      sender.responded(interval * 10);
      sender.intervalPassed();
      expect(sender.next()?.bytesMax).toBe(10);
    }
  });
});

/** What happens to messages, and to the two ends; the numbers choose among what is under way. */
const event = fc.oneof(
  fc.record({ kind: fc.constantFrom("chunk", "answer"), at: fc.nat(30), again: fc.boolean() }),
  fc.record({ kind: fc.constantFrom("lose", "loseAnswer"), at: fc.nat(30) }),
  fc.record({ kind: fc.constantFrom("interval", "ask", "crash", "nextLeader") }),
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

/** One snapshot between two nodes, and all that is under way. */
class Transfer {
  readonly #bytes: Uint8Array;
  readonly #snapshot: SnapshotDescription;
  readonly #chunkBytes: number;
  #term = 2;
  #sender: SnapshotSender;
  #receiver = new SnapshotReceiver();
  #chunks: SnapshotChunk[] = [];
  #answers: { readonly term: number; readonly offset: number }[] = [];
  #received: Uint8Array[] = [];
  isComplete = false;

  constructor(bytes: Uint8Array, chunkBytes: number) {
    this.#bytes = bytes;
    this.#snapshot = describeBytes(bytes);
    this.#chunkBytes = chunkBytes;
    this.#sender = new SnapshotSender(this.#snapshot, chunkBytes);
  }

  happens({ kind, at = 0, again = false }: Event & { at?: number; again?: boolean }): void {
    this.send();
    const chunks = this.#chunks;
    const answers = this.#answers;
    if (kind === "chunk" && chunks.length > 0) this.#offer(one(chunks, at, again));
    if (kind === "answer" && answers.length > 0) this.#respond(one(answers, at, again));
    if (kind === "lose") chunks.splice(at % (chunks.length + 1), 1);
    if (kind === "loseAnswer") answers.splice(at % (answers.length + 1), 1);
    if (kind === "interval") this.#sender.intervalPassed();
    if (kind === "ask") this.#sender.ask();
    if (kind === "crash") {
      this.#receiver = new SnapshotReceiver();
      this.#received = [];
      this.isComplete = false;
    }
    if (kind === "nextLeader") {
      this.#term += 1;
      this.#sender = new SnapshotSender(this.#snapshot, this.#chunkBytes + (this.#term % 3));
    }
  }

  send(): void {
    let bytes = 0;
    for (let next = this.#sender.next(); next !== null; next = this.#sender.next()) {
      const { offset, bytesMax } = next;
      const data = this.#bytes.subarray(offset, offset + bytesMax);
      const who = { from: 1, to: 2, incarnation: 1, toIncarnation: 1, term: this.#term };
      const type = MessageType.snapshotChunk;
      this.#chunks.push({ type, ...who, snapshot: this.#snapshot, offset, data });
      this.#sender.sent(data.length);
      bytes += data.length;
    }
    // However often it was sent back and asked: no more than a window at once.
    expect(bytes).toBeLessThanOrEqual(snapshotWindowChunks * (this.#chunkBytes + 2));
  }

  /** Nothing is lost any more: how many intervals it takes. */
  finish(): number {
    for (let interval = 1; interval <= 100; interval += 1) {
      for (let trip = 0; trip < 4; trip += 1) {
        this.send();
        for (const chunk of this.#chunks.splice(0)) this.#offer(chunk);
        for (const answer of this.#answers.splice(0)) this.#respond(answer);
      }
      if (this.isComplete) return interval;
      this.#sender.intervalPassed();
    }
    return Infinity;
  }

  get received(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#received));
  }

  #offer(chunk: SnapshotChunk): void {
    if (chunk.term < this.#term) return;
    const { accepted, complete, offset } = this.#receiver.offer(chunk);
    if (accepted !== null) {
      if (accepted.offset === 0) this.#received = [];
      this.#received.push(accepted.data);
    }
    if (complete !== null) this.isComplete = true;
    if (offset >= 0) this.#answers.push({ term: chunk.term, offset });
  }

  #respond({ term, offset }: { readonly term: number; readonly offset: number }): void {
    if (term === this.#term) this.#sender.responded(offset);
  }
}

function one<T>(from: T[], at: number, again: boolean): T {
  const found = from[at % from.length]!;
  if (!again) from.splice(at % from.length, 1);
  return found;
}

test("trap-21: whatever is lost, repeated, reordered or forgotten, the bytes arrive as they are", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
  const events = fc.array(event, { maxLength: 150, size: "max" });
  let completed = 0;
  const property = fc.property(
    bytes,
    fc.integer({ min: 1, max: 200 }),
    events,
    (whole, size, all) => {
      const transfer = new Transfer(whole, size);
      for (const each of all) transfer.happens(each);
      if (transfer.isComplete) completed += 1;
      // A window of one byte each, four round trips an interval: and what was lost is asked for once.
      expect(transfer.finish()).toBeLessThan(40);
      expect(transfer.received).toEqual(whole);
    },
  );
  fc.assert(property, { seed: 21, numRuns: 300 });
  // Else nothing would be left to repeat and to reorder behind the end.
  expect(completed).toBeGreaterThan(30);
});
