/** Reads RESP2 replies. The server's parser reads requests; this is the little a command line needs. */

import { replyBytesMax, replyDepthMax } from "./redoubt-constants.js";
import { CliError } from "./redoubt-terminal.js";

/** An error the node replied: a value, since which one it is decides what to do. */
export class ErrorReply {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** NOTLEADER, REFUSED, ERR... */
  get code(): string {
    return this.text.split(" ", 1)[0] ?? "";
  }
}

export type Reply = string | number | null | ErrorReply | Reply[];

/** Collects bytes until a reply is whole. */
export class ReplyReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** The next whole reply; undefined: more bytes are needed. Throws on what is no reply. */
  push(chunk: Uint8Array): Reply | undefined {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    if (this.#bytes.length > replyBytesMax) throw notUnderstood();
    this.#at = 0;
    const reply = this.#read(0);
    if (reply !== undefined) this.#bytes = this.#bytes.subarray(this.#at);
    return reply;
  }

  #read(depth: number): Reply | undefined {
    if (depth > replyDepthMax) throw notUnderstood();
    const end = this.#bytes.indexOf("\r\n", this.#at, "latin1");
    if (end < 0) return undefined;
    const type = String.fromCharCode(this.#bytes[this.#at] ?? 0);
    const line = this.#bytes.toString("utf8", this.#at + 1, end);
    this.#at = end + 2;
    switch (type) {
      case "+":
        return line;
      case "-":
        return new ErrorReply(line);
      case ":":
        return integer(line);
      case "$":
        return this.#bulk(integer(line));
      case "*":
        return this.#array(integer(line), depth);
      default:
        throw notUnderstood();
    }
  }

  #bulk(length: number): string | null | undefined {
    if (length === -1) return null;
    if (length < 0 || length > replyBytesMax) throw notUnderstood();
    const end = this.#at + length;
    if (this.#bytes.length < end + 2) return undefined;
    const text = this.#bytes.toString("utf8", this.#at, end);
    this.#at = end + 2;
    return text;
  }

  #array(length: number, depth: number): Reply[] | null | undefined {
    if (length === -1) return null;
    if (length < 0 || length > replyBytesMax) throw notUnderstood();
    const elements: Reply[] = [];
    for (let i = 0; i < length; i++) {
      const element = this.#read(depth + 1);
      if (element === undefined) return undefined;
      elements.push(element);
    }
    return elements;
  }
}

function integer(line: string): number {
  if (!/^-?\d{1,16}$/.test(line)) throw notUnderstood();
  return Number(line);
}

function notUnderstood(): CliError {
  return new CliError(
    "NOT_UNDERSTOOD",
    "what answered there does not speak as a Redis server does",
  );
}
