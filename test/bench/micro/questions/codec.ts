import {
  type AppendRequest,
  type Entry,
  EntryKind,
  type Message,
  MessageType,
} from "@redoubt/raft";
import {
  FrameReader,
  packedBytes,
  packMessages,
} from "../../../../packages/grpc-peer/src/frame-codec.js";
import { encodeMessage } from "../../../../packages/grpc-peer/src/message-codec.js";
import type { Case, Question } from "../question.js";

const INDEX = 1_000_000;
const TERM = 7;
const envelope = { from: 1, to: 2, term: TERM, incarnation: 1, toIncarnation: 1 };

const acknowledgement: Message = {
  type: MessageType.appendResponse,
  ...envelope,
  index: INDEX,
  rejected: false,
  hintIndex: 0,
  hintTerm: 0,
};
const heartbeat: Message = {
  type: MessageType.heartbeat,
  ...envelope,
  commit: INDEX,
  readRound: 12_345,
};

export const question: Question = {
  asks: "What does a message between nodes cost as bytes of a frame, and back?",
  cases: [
    encoding("append of one entry of 3 KiB, to a frame", append(1, 3072)),
    decoding("append of one entry of 3 KiB, from a frame", append(1, 3072)),
    encoding("append of 16 entries of 1 KiB, to a frame", append(16, 1024)),
    decoding("append of 16 entries of 1 KiB, from a frame", append(16, 1024)),
    encoding("acknowledgement, to a frame", acknowledgement),
    decoding("acknowledgement, from a frame", acknowledgement),
    encoding("heartbeat, to a frame", heartbeat),
    decoding("heartbeat, from a frame", heartbeat),
  ],
};

function append(count: number, payloadBytes: number): AppendRequest {
  const entries = Array.from(
    { length: count },
    (_, i): Entry => ({
      index: INDEX + 1 + i,
      term: TERM,
      kind: EntryKind.batch,
      checksum: 0x89abcdef + i,
      payload: Buffer.alloc(payloadBytes, "v"),
    }),
  );
  return {
    type: MessageType.append,
    ...envelope,
    prevIndex: INDEX,
    prevTerm: TERM,
    commit: INDEX,
    entries,
  };
}

/** One message a frame, as a turn of one batch sends it to one peer. */
function frameOf(message: Message): Buffer {
  const encoded = encodeMessage(message);
  return packMessages([encoded], packedBytes(encoded));
}

function encoding(name: string, message: Message): Case {
  return { name, unit: "message", prepare: () => () => (frameOf(message).length > 0 ? 1 : 0) };
}

function decoding(name: string, message: Message): Case {
  return {
    name,
    unit: "message",
    prepare: () => {
      const frame = frameOf(message);
      const reader = new FrameReader();
      return () => reader.read(frame).length;
    },
  };
}
