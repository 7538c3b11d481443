import { type Entry, type Message, MessageType } from "@redoubt/raft";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AuditDigest, encodeAudit } from "./audit-codec.js";
import { FRAME_BYTES_MAX, MESSAGE_BYTES_MAX, PIECE_BYTES_MAX } from "./constants.js";
import { MalformedFrame } from "./errors.js";
import { FrameReader, PING_FRAME, PieceSource, packedBytes, packMessages } from "./frame-codec.js";
import { Frame, Message as WireMessage } from "./generated/redoubt/peer/v1/peer.js";
import { decodeMessage, encodeMessage } from "./message-codec.js";

const id = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const number = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);
const bytes = fc.uint8Array({ maxLength: 200 });

const incarnation = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const envelope = { from: id, to: id, term: number, incarnation, toIncarnation: number };

const vote = fc
  .record({
    type: fc.constantFrom(MessageType.preVote, MessageType.vote),
    ...envelope,
    lastIndex: number,
    lastTerm: number,
    transfer: fc.boolean(),
  })
  .map((message) => ({ ...message, lastTerm: Math.min(message.lastTerm, message.term) }));

const append = fc
  .record({
    type: fc.constant(MessageType.append),
    ...envelope,
    prevIndex: fc.integer({ min: 0, max: 2 ** 50 }),
    commit: number,
    kinds: fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.nat(2 ** 32 - 1), bytes), {
      maxLength: 8,
    }),
  })
  .map(({ kinds, ...message }): Message => {
    const term = Math.max(1, message.term);
    const entries = kinds.map(
      ([kind, checksum, payload], offset): Entry => ({
        index: message.prevIndex + 1 + offset,
        term,
        kind: kind as Entry["kind"],
        checksum,
        payload,
      }),
    );
    return { ...message, term, prevTerm: Math.floor(term / 2), entries };
  });

const chunk = fc
  .record({
    ...envelope,
    index: fc.integer({ min: 1, max: 2 ** 50 }),
    checksum: fc.nat(2 ** 32 - 1),
    digest: fc.nat(2 ** 32 - 1),
    offset: fc.nat(1_000_000),
    data: bytes,
    rest: fc.integer({ min: 1, max: 1000 }),
  })
  .map(({ index, checksum, digest, rest, ...message }): Message => {
    const term = Math.max(1, message.term);
    const member = { id: 1, incarnation: index, peerAddress: "a:1" };
    const joint = {
      clusterId: "c",
      voters: [member, { ...member, id: 2, witness: true as const }],
      votersOutgoing: [member, { ...member, id: 3 }],
      learners: [{ ...member, id: 4, promote: true as const }],
      timing: { electionTimeoutMs: 500, clockDriftPercentMax: 10 },
    };
    const simple = { clusterId: "c", voters: [member], votersOutgoing: [], learners: [] };
    const configuration = {
      index: Math.ceil(index / 2),
      configuration: digest % 2 === 0 ? joint : simple,
    };
    const size = message.offset + message.data.length + rest;
    const snapshot = {
      index,
      term: Math.ceil(term / 2),
      checksum,
      configuration,
      bytes: size,
      digest,
    };
    return { ...message, type: MessageType.snapshotChunk, term, snapshot };
  });

const message: fc.Arbitrary<Message> = fc.oneof(
  vote,
  append,
  fc.record({
    type: fc.constantFrom(MessageType.preVoteResponse, MessageType.voteResponse),
    ...envelope,
    granted: fc.boolean(),
  }),
  fc.record({
    type: fc.constant(MessageType.appendResponse),
    ...envelope,
    index: number,
    rejected: fc.boolean(),
    hintIndex: number,
    hintTerm: number,
  }),
  fc.record({
    type: fc.constant(MessageType.heartbeat),
    ...envelope,
    commit: number,
    readRound: number,
  }),
  fc.record({
    type: fc.constant(MessageType.heartbeatResponse),
    ...envelope,
    readRound: number,
  }),
  fc.record({
    type: fc.constantFrom(MessageType.timeoutNow, MessageType.transferRequest),
    ...envelope,
  }),
  fc.record({ type: fc.constant(MessageType.readIndex), ...envelope, context: incarnation }),
  fc.record({
    type: fc.constant(MessageType.readIndexResponse),
    ...envelope,
    context: incarnation,
    index: number,
  }),
  fc.record({
    type: fc.constant(MessageType.snapshotResponse),
    ...envelope,
    index: incarnation,
    offset: number,
    installed: fc.boolean(),
  }),
  chunk,
);

function encoded(value: Message): Buffer {
  return Buffer.concat(encodeMessage(value).segments);
}

/** Payloads as plain Uint8Arrays: a view of a frame is a Buffer, which equality would tell apart. */
function plain(value: Message): Message {
  if (value.type === MessageType.snapshotChunk) {
    return { ...value, data: new Uint8Array(value.data) };
  }
  if (value.type !== MessageType.append) {
    return value;
  }
  const entries = value.entries.map((one) => ({ ...one, payload: new Uint8Array(one.payload) }));
  return { ...value, entries };
}

describe("messages", () => {
  test("decode of encode is the message", () => {
    fc.assert(
      fc.property(message, (value) => {
        const buffer = encoded(value);
        expect(buffer.length).toBe(encodeMessage(value).bytes);
        expect(plain(decodeMessage(buffer, 0, buffer.length))).toEqual(value);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test("the bytes are those of peer.proto, by the generated code", () => {
    fc.assert(
      fc.property(message, (value) => {
        const buffer = encoded(value);
        const generated = WireMessage.decode(buffer);
        // A snapshot's description has another shape on the wire; its bytes are compared below.
        if (value.type !== MessageType.snapshotChunk) {
          expect(plain(generated as unknown as Message)).toMatchObject(value);
        }
        expect(Buffer.from(WireMessage.encode(generated).finish())).toEqual(buffer);
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  test("damaged bytes give another message or MalformedFrame, nothing else", () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, flip) => {
        const buffer = encoded(value);
        buffer[at % buffer.length]! ^= flip;
        expectReadableOrMalformed(() => decodeMessage(buffer, 0, buffer.length));
        const cut = at % buffer.length;
        expectReadableOrMalformed(() => decodeMessage(buffer, 0, cut));
      }),
      { seed: 3, numRuns: 2_000 },
    );
  });

  test("arbitrary bytes are a message or MalformedFrame", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (junk) => {
        expectReadableOrMalformed(() => new FrameReader().read(Buffer.from(junk)));
      }),
      { seed: 4, numRuns: 5_000 },
    );
  });

  const valid = {
    type: MessageType.append,
    from: 1,
    to: 2,
    incarnation: 1,
    toIncarnation: 0,
    term: 3,
    prevIndex: 4,
    prevTerm: 2,
    commit: 0,
  } as const;
  const one: Entry = { index: 5, term: 3, kind: 1, checksum: 1, payload: new Uint8Array(0) };
  test.each<[string, object]>([
    ["a gap", { ...valid, entries: [one, { ...one, index: 7 }] }],
    ["a gap after prevIndex", { ...valid, entries: [{ ...one, index: 6 }] }],
    ["a falling term", { ...valid, entries: [one, { ...one, index: 6, term: 2 }] }],
    ["a term above the leader's", { ...valid, entries: [{ ...one, term: 4 }] }],
    ["a previous term above the leader's", { ...valid, prevTerm: 4, entries: [] }],
    ["an unknown kind", { ...valid, entries: [{ ...one, kind: 3 }] }],
    ["an unknown type", { ...valid, type: 15, entries: [] }],
    ["nobody as sender", { ...valid, from: 0, entries: [] }],
    ["an id out of range", { ...valid, to: 2 ** 31, entries: [] }],
    ["an index of 2^53", { ...valid, prevIndex: 2 ** 53, entries: [] }],
  ])("trap-19 entries with %s are refused", (_, bad) => {
    const buffer = encoded({ ...valid, entries: [one] });
    expect(() => decodeMessage(buffer, 0, buffer.length)).not.toThrow();
    const damaged = encoded(bad as Message);
    expect(() => decodeMessage(damaged, 0, damaged.length)).toThrow(MalformedFrame);
  });

  test("a small payload does not keep a huge neighbour alive; nothing else is copied", () => {
    const small = { ...one, payload: new Uint8Array(10).fill(1) };
    const huge = { ...one, index: 6, payload: new Uint8Array(500_000).fill(2) };
    const entriesOf = (frame: Buffer): readonly Entry[] => {
      const decoded = decodeMessage(frame, 0, frame.length);
      return decoded.type === MessageType.append ? decoded.entries : [];
    };
    const reassembled = encoded({ ...valid, entries: [small, huge] });
    const [copied, viewed] = entriesOf(reassembled);
    expect(copied!.payload.buffer.byteLength).toBe(10);
    expect(viewed!.payload.buffer).toBe(reassembled.buffer);
    const frame = encoded({
      ...valid,
      entries: [small, { ...huge, payload: Buffer.alloc(5_000) }],
    });
    expect(entriesOf(frame).map((decoded) => decoded.payload.buffer)).toEqual([
      frame.buffer,
      frame.buffer,
    ]);
  });
});

describe("frames", () => {
  test("packed messages come out in order, and as the generated code reads them", () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 10 }), (values) => {
        const messages = values.map((value) => encodeMessage(value));
        const size = messages.reduce((sum, one) => sum + packedBytes(one), 0);
        const frame = packMessages(messages, size);
        expect(new FrameReader().read(frame).map(plain)).toEqual(values);
        expect(Frame.decode(frame).messages.length).toBe(values.length);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  test("a message in pieces comes out whole, whatever its size", () => {
    const sizes = fc.integer({ min: FRAME_BYTES_MAX, max: 5 * FRAME_BYTES_MAX });
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 1, maxLength: 3 }), (lengths) => {
        const value = largeAppend(lengths);
        const frames = piecesOf(value);
        const reader = new FrameReader();
        const last = frames.pop()!;
        for (const frame of frames) {
          expect(frame.length).toBeLessThan(PIECE_BYTES_MAX + 64);
          expect(reader.read(frame)).toEqual([]);
        }
        expect(reader.read(PING_FRAME)).toEqual([]);
        const [whole, ...rest] = reader.read(last);
        expect(rest).toEqual([]);
        expect(Buffer.compare(encoded(whole!), encoded(value))).toBe(0);
      }),
      { seed: 6, numRuns: 10 },
    );
  });

  test("pieces that do not fit together are refused", () => {
    const frames = piecesOf(largeAppend([FRAME_BYTES_MAX]));
    const other = piecesOf(largeAppend([FRAME_BYTES_MAX + 1]));
    const message = encodeMessage(largeAppend([10]));
    const packed = packMessages([message], packedBytes(message));
    for (const intruder of [other[0]!, packed]) {
      const reader = new FrameReader();
      reader.read(frames[0]!);
      expect(() => reader.read(intruder)).toThrow(MalformedFrame);
    }
    const overflow = new FrameReader();
    expect(() => {
      for (let count = 0; count < 4; count += 1) {
        overflow.read(frames[0]!);
      }
    }).toThrow(MalformedFrame);
  });

  test.each([0, 1, MESSAGE_BYTES_MAX + 1, Number.MAX_SAFE_INTEGER])(
    "a claimed size of %d bytes is refused before anything is reserved",
    (bytesTotal) => {
      const frame = frameOf({ piece: { bytesTotal, data: Buffer.from("x") } });
      expect(() => new FrameReader().read(frame)).toThrow(MalformedFrame);
    },
  );

  test("an empty piece is refused: pieces always come to an end", () => {
    const frame = frameOf({ piece: { bytesTotal: FRAME_BYTES_MAX, data: Buffer.alloc(0) } });
    expect(() => new FrameReader().read(frame)).toThrow(MalformedFrame);
  });

  test.each<[string, Partial<Frame>]>([
    ["a handshake's frame", { refusal: { cause: 1 } }],
    ["a question to join", { join: { peerAddress: "a:1", witness: false, reason: "" } }],
  ])("%s does not belong on an open stream", (_, fields) => {
    expect(() => new FrameReader().read(frameOf(fields))).toThrow(MalformedFrame);
  });

  test("a field of a later version is skipped", () => {
    const later = Buffer.from([11 * 8 + 2, 1, 7]);
    expect(new FrameReader().read(Buffer.concat([later, PING_FRAME]))).toEqual([]);
  });

  test("state digests travel beside messages, as protobuf's own encoder writes them", () => {
    const audit = { index: 2 ** 40, term: 3, format: 1, digest: "00ff00ff00ff00ff" };
    const bytes = encodeAudit(audit);
    const encoded = { bytes: bytes.length, segments: [bytes], isAudit: true } as const;
    const frame = packMessages([encoded, encoded], 2 * packedBytes(encoded));
    expect(frame).toEqual(frameOf({ audits: [audit, audit] }));
    const audits: AuditDigest[] = [];
    expect(new FrameReader().read(frame, audits)).toEqual([]);
    expect(audits).toEqual([audit, audit]);
    // On a stream where none belong.
    expect(() => new FrameReader().read(frame)).toThrow(MalformedFrame);
    for (const wrong of [{ index: 0 }, { term: 0 }, { format: 0 }, { digest: "" }]) {
      const bad = frameOf({ audits: [{ ...audit, ...wrong }] });
      expect(() => new FrameReader().read(bad, [])).toThrow(MalformedFrame);
    }
    for (let end = 1; end < frame.length / 2; end++) {
      expect(() => new FrameReader().read(frame.subarray(0, end), [])).toThrow(MalformedFrame);
    }
  });
});

function frameOf(fields: Partial<Frame>): Buffer {
  return Buffer.from(
    Frame.encode({
      challenge: undefined,
      hello: undefined,
      welcome: undefined,
      refusal: undefined,
      messages: [],
      piece: undefined,
      join: undefined,
      joinReply: undefined,
      audits: [],
      ping: false,
      ...fields,
    }).finish(),
  );
}

function largeAppend(lengths: readonly number[]): Message {
  const entries = lengths.map((length, offset): Entry => {
    const payload = Buffer.alloc(length, `entry ${offset}`);
    return { index: 5 + offset, term: 3, kind: 1, checksum: offset, payload };
  });
  const type = MessageType.append;
  const envelope = { type, from: 1, to: 2, term: 3, incarnation: 1, toIncarnation: 0 };
  return { ...envelope, prevIndex: 4, prevTerm: 3, commit: 0, entries };
}

function piecesOf(value: Message): Buffer[] {
  const source = new PieceSource(encodeMessage(value));
  const frames: Buffer[] = [];
  while (!source.done) {
    frames.push(source.next());
  }
  return frames;
}

function expectReadableOrMalformed(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedFrame);
  }
}
