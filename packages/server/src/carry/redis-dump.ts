/**
 * A running Redis asked for all its data, as a replica asks for it (Redis: replication.c): the point-in-time dump
 * that answers PSYNC goes into a file, what would follow is not waited for.
 *
 *   AUTH, PING, REPLCONF capa eof, PSYNC ? -1
 *   +FULLRESYNC id offset          then empty lines while it forks
 *   $<length> CRLF <dump>          a dump from its disk
 *   $EOF:<40 bytes> CRLF <dump> <the same 40 bytes>      one of a length it did not know: diskless
 *
 * Redis before 2.8 knows SYNC only, which begins with the empty lines.
 */

import type { FileHandle } from "node:fs/promises";
import type { Socket } from "node:net";
import { encodeRequest } from "@redoubt/resp";
import { endMarkBytes, fileBlockBytes, silenceTimeoutMs } from "./constants.js";
import { CarryError } from "./errors.js";
import { connected } from "./pipe.js";
import type { RedisSource } from "./redis-url.js";

export interface DumpProgress {
  readonly bytes: number;
  /** null: Redis does not know it yet. */
  readonly bytesTotal: number | null;
}

/** Longest line of an answer: an error's text. */
const lineBytesMax = 64 * 1024;
/** "$" and digits, or "$EOF:" and the mark. */
const headerPattern = /^\$(?:(\d{1,16})|EOF:([\x21-\x7e]{40}))$/;

/**
 * Bytes written. Rejects with UNREACHABLE (the connection broke: the file is no dump), ERROR_REPLY (what Redis
 * said), NOT_UNDERSTOOD, or the system's error when the file can't be written.
 */
export async function dumpRedis(
  source: RedisSource,
  file: FileHandle,
  report: (progress: DumpProgress) => void,
): Promise<number> {
  const socket = await connected(source.address);
  const input = new Input(source.address, socket);
  try {
    await handshake(input, source);
    const header = await dumpHeader(input);
    const [, length, mark] = headerPattern.exec(header) ?? [];
    if (length !== undefined) return await copyLength(input, file, Number(length), report);
    if (mark !== undefined)
      return await copyToMark(input, file, Buffer.from(mark, "latin1"), report);
    throw input.error("NOT_UNDERSTOOD", `it answered PSYNC by '${shown(header)}'`);
  } finally {
    socket.destroy();
  }
}

async function handshake(input: Input, { user, password }: RedisSource): Promise<void> {
  if (password !== "") {
    await expectOk(input, user === "" ? ["AUTH", password] : ["AUTH", user, password]);
  }
  const pong = await ask(input, ["PING"]);
  if (pong !== "+PONG") throw refused(input, pong);
  // Those that know no REPLCONF (before 2.8) know no capabilities either.
  await ask(input, ["REPLCONF", "capa", "eof"]);
}

/** The line in front of the dump. */
async function dumpHeader(input: Input): Promise<string> {
  const answer = await ask(input, ["PSYNC", "?", "-1"]);
  if (/^\+FULLRESYNC /.test(answer)) return nextFilledLine(input);
  if (/^-ERR unknown command/i.test(answer)) {
    input.socket.write(encodeRequest(["SYNC"]));
    return nextFilledLine(input);
  }
  throw refused(input, answer);
}

async function expectOk(input: Input, argv: readonly string[]): Promise<void> {
  const answer = await ask(input, argv);
  if (answer !== "+OK") throw refused(input, answer);
}

async function ask(input: Input, argv: readonly string[]): Promise<string> {
  input.socket.write(encodeRequest(argv));
  return nextFilledLine(input);
}

/** Empty ones say that Redis is alive and not ready yet. */
async function nextFilledLine(input: Input): Promise<string> {
  for (;;) {
    const line = await input.line();
    if (line !== "") return line;
  }
}

function refused(input: Input, answer: string): CarryError {
  if (!answer.startsWith("-")) return input.error("NOT_UNDERSTOOD", `it said '${shown(answer)}'`);
  return input.error("ERROR_REPLY", shown(answer.slice(1)));
}

function shown(text: string): string {
  return text.slice(0, 200);
}

async function copyLength(
  input: Input,
  file: FileHandle,
  length: number,
  report: (progress: DumpProgress) => void,
): Promise<number> {
  let bytes = 0;
  while (bytes < length) {
    const chunk = await input.bytes(length - bytes);
    await file.writeFile(chunk);
    bytes += chunk.length;
    report({ bytes, bytesTotal: length });
  }
  return bytes;
}

/** The mark may lie over two chunks, so its length is held back. What follows it would be commands. */
async function copyToMark(
  input: Input,
  file: FileHandle,
  mark: Buffer,
  report: (progress: DumpProgress) => void,
): Promise<number> {
  let held: Buffer = Buffer.alloc(0);
  let bytes = 0;
  for (;;) {
    const chunk = await input.bytes(Number.POSITIVE_INFINITY);
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    // Redis sends nothing behind the mark before the replica has spoken: it ends what has arrived.
    const ended = held.length >= endMarkBytes && held.subarray(-endMarkBytes).equals(mark);
    const ready = held.length - endMarkBytes;
    if (ready > 0 && (ended || ready >= fileBlockBytes)) {
      await file.writeFile(held.subarray(0, ready));
      bytes += ready;
      held = Buffer.from(held.subarray(ready));
      report({ bytes, bytesTotal: null });
    }
    if (ended) return bytes;
  }
}

/** What the socket gave, taken by lines and by bytes; nothing more is read while nobody takes. */
class Input {
  readonly socket: Socket;
  readonly #address: string;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(address: string, socket: Socket) {
    this.#address = address;
    this.socket = socket;
    socket.setNoDelay(true);
    const silent = this.error("UNREACHABLE", "it fell silent");
    socket.setTimeout(silenceTimeoutMs, () => socket.destroy(silent));
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  error(code: "UNREACHABLE" | "ERROR_REPLY" | "NOT_UNDERSTOOD", what: string): CarryError {
    return new CarryError(code, `${this.#address}: ${what}`);
  }

  /** Without its end: CRLF, or LF alone. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\n", 0, "latin1");
      if (end >= 0) {
        const line = this.#rest.toString("latin1", 0, end);
        this.#rest = this.#rest.subarray(end + 1);
        return line.endsWith("\r") ? line.slice(0, -1) : line;
      }
      if (this.#rest.length > lineBytesMax) throw this.error("NOT_UNDERSTOOD", "no Redis answers");
      this.#rest = Buffer.concat([this.#rest, await this.#next()]);
    }
  }

  /** At least one byte, at most `bytesMax`. */
  async bytes(bytesMax: number): Promise<Buffer> {
    const from = this.#rest.length > 0 ? this.#rest : await this.#next();
    this.#rest = from.subarray(Math.min(bytesMax, from.length));
    return from.subarray(0, from.length - this.#rest.length);
  }

  async #next(): Promise<Buffer> {
    let result: IteratorResult<Buffer>;
    try {
      result = await this.#chunks.next();
    } catch (error) {
      if (error instanceof CarryError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw this.error("UNREACHABLE", why);
    }
    if (result.done === true) throw this.error("UNREACHABLE", "it closed the connection");
    return result.value;
  }
}
