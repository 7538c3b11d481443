import { RequestDecoder } from "@redoubt/resp";
import type { Case, Question } from "../question.js";

const limits = {
  multibulkMax: 1024 * 1024,
  bulkBytesMax: 512 * 2 ** 20,
  inlineBytesMax: 64 * 1024,
};
const VALUE = "v".repeat(64);

export const question: Question = {
  asks: "What does a request cost from the bytes of a socket to its arguments?",
  cases: [
    decoding("one SET of 64 B a chunk", () => [set(1)]),
    decoding("16 SETs a chunk", () => [set(16)]),
    decoding("one SET, cut in its value", () => cut(set(1), set(1).length - 40)),
    decoding("16 SETs, cut between and inside", () => cut(set(16), (set(16).length >> 1) + 3)),
    decoding("a value of 64 KiB, one chunk", () => [large()]),
    decoding("a value of 64 KiB, chunks of 16 KiB", () => inPieces(large(), 16 * 1024)),
    decoding("an inline PING", () => [Buffer.from("PING\r\n")]),
  ],
};

/** Chunks are used again: arguments are views, dropped at once as those of a command that was executed. */
function decoding(name: string, make: () => readonly Buffer[]): Case {
  return {
    name,
    unit: "request",
    prepare: () => {
      const chunks = make();
      let requests = 0;
      const decoder = new RequestDecoder(limits, {
        request: (argv) => {
          requests += argv.length > 0 ? 1 : 0;
        },
        protocolError: (text) => {
          throw new Error(text);
        },
      });
      decoder.authenticated = true;
      return () => {
        const before = requests;
        for (const chunk of chunks) decoder.push(chunk);
        return requests - before;
      };
    },
  };
}

function set(count: number): Buffer {
  const one = `*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000042\r\n$64\r\n${VALUE}\r\n`;
  return Buffer.from(one.repeat(count));
}

function large(): Buffer {
  const head = "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000042\r\n$65536\r\n";
  return Buffer.concat([Buffer.from(head), Buffer.alloc(65536, "v"), Buffer.from("\r\n")]);
}

function cut(bytes: Buffer, at: number): Buffer[] {
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

function inPieces(bytes: Buffer, pieceBytes: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    pieces.push(bytes.subarray(at, at + pieceBytes));
  }
  return pieces;
}
