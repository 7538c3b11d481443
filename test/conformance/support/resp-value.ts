/** A small, complete RESP2/RESP3 reader for tests, independent of the product's own code. */

export class ErrorReply {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type RespValue = string | number | bigint | boolean | null | ErrorReply | RespValue[];

export interface Frame {
  readonly value: RespValue;
  /** Offset after the frame. */
  readonly end: number;
}

/** Null: not complete yet. Maps become flat arrays, as in RESP2. */
export function readFrame(bytes: Buffer, offset: number): Frame | null {
  const lineEnd = bytes.indexOf("\r\n", offset, "latin1");
  if (lineEnd < 0) return null;
  const type = String.fromCharCode(bytes[offset]!);
  const line = bytes.toString("latin1", offset + 1, lineEnd);
  const after = lineEnd + 2;
  switch (type) {
    case "+":
    case ",":
      return { value: line, end: after };
    case "-":
      return { value: new ErrorReply(line), end: after };
    case ":": {
      const exact = BigInt(line);
      const safe = Number.isSafeInteger(Number(exact));
      return { value: safe ? Number(exact) : exact, end: after };
    }
    case "_":
      return { value: null, end: after };
    case "#":
      return { value: line === "t", end: after };
    case "$":
    case "=":
      return readBulk(bytes, Number(line), after);
    case "*":
    case "~":
    case ">":
      return readElements(bytes, Number(line), after);
    case "%":
      return readElements(bytes, 2 * Number(line), after);
    default:
      throw new Error(`not a RESP type: ${type}`);
  }
}

function readBulk(bytes: Buffer, length: number, start: number): Frame | null {
  if (length < 0) return { value: null, end: start };
  const end = start + length + 2;
  if (bytes.length < end) return null;
  return { value: bytes.toString("latin1", start, start + length), end };
}

function readElements(bytes: Buffer, count: number, start: number): Frame | null {
  if (count < 0) return { value: null, end: start };
  const value: RespValue[] = [];
  let end = start;
  for (let i = 0; i < count; i++) {
    const element = readFrame(bytes, end);
    if (element === null) return null;
    value.push(element.value);
    end = element.end;
  }
  return { value, end };
}

/** Whole replies, and the offset behind the last of them. */
export function splitReplies(bytes: Buffer): { readonly replies: Buffer[]; readonly end: number } {
  const replies: Buffer[] = [];
  let end = 0;
  while (end < bytes.length) {
    const frame = readFrame(bytes, end);
    if (frame === null) break;
    replies.push(bytes.subarray(end, frame.end));
    end = frame.end;
  }
  return { replies, end };
}

/** The elements of an array or set as they were sent; null: it is neither. */
export function splitElements(reply: Buffer): Buffer[] | null {
  if (!/^[*~]\d/.test(reply.toString("latin1", 0, 2))) return null;
  return splitReplies(reply.subarray(reply.indexOf("\n") + 1)).replies;
}
