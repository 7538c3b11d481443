/**
 * What is sent to the leader to make one key of a file. Small ones are one RESTORE of the record's own bytes: the
 * type and the value as they stand in the file, with a footer behind. Larger ones come in pieces by the commands
 * of their own, from the state's canonical effects, so that none holds the leader up:
 *
 *   SET k piece, APPEND k piece ..., PEXPIREAT k ms       RPUSH k 512 elements, RPUSH ..., PEXPIREAT k ms
 *
 * What commands can't say is lost of large streams alone: when a consumer was seen last.
 */

import {
  BatchWriter,
  encodeKey,
  isStringValue,
  type RdbReader,
  stringBytes,
  toCommands,
  type Value,
} from "@redoubt/keyspace";
import { encodeRequest } from "@redoubt/resp";
import { assert } from "../gateway/assert.js";
import { pieceBytesMax, wholeRecordBytesMax } from "./constants.js";
import { readerOfRecords } from "./memory-source.js";
import { dumpOf, recordParts } from "./record.js";

export type Argv = readonly (string | Buffer)[];

/** One key as requests; `key` is latin1 text. */
export interface KeyRequests {
  readonly key: string;
  readonly deadlineMs: number;
  /** The type and value as in a DUMP; null: too large, it goes in `pieces`. */
  readonly payload: Buffer | null;
  /** In order, each the bytes of a request; of a key that does not exist. */
  readonly pieces: Iterable<Buffer>;
  readonly bytes: number;
}

/** Of the key the reader stands at; valid after it has gone on. */
export function requestsOf(reader: RdbReader): KeyRequests {
  const { key, deadlineMs } = reader;
  const record = reader.record();
  if (record.length <= wholeRecordBytesMax) {
    const payload = dumpOf(recordParts(record));
    return { key, deadlineMs, payload, pieces: [], bytes: payload.length };
  }
  // A value is read once, as bytes or decoded: this one is both.
  const again = readerOfRecords(reader.version, [record]);
  assert(again.next() === "key", "a file of one key begins with it");
  const value = again.value();
  const pieces = piecesOf(key, value, deadlineMs);
  return { key, deadlineMs, payload: null, pieces, bytes: record.length };
}

/** As `encodeRequest` would; one buffer a key: millions of them are the whole work of an import. */
export function restoreRequest(
  { key, deadlineMs, payload }: KeyRequests,
  replaces: boolean,
): Buffer {
  assert(payload !== null, "only a whole key is restored");
  const deadline = String(deadlineMs);
  const head =
    `*${replaces ? 6 : 5}\r\n$7\r\nRESTORE\r\n$${key.length}\r\n${key}\r\n` +
    `$${deadline.length}\r\n${deadline}\r\n$${payload.length}\r\n`;
  const tail = replaces ? "\r\n$6\r\nABSTTL\r\n$7\r\nREPLACE\r\n" : "\r\n$6\r\nABSTTL\r\n";
  const request = Buffer.allocUnsafe(head.length + payload.length + tail.length);
  request.write(head, 0, "latin1");
  payload.copy(request, head.length);
  request.write(tail, head.length + payload.length, "latin1");
  return request;
}

export function keyBytes(key: string): Buffer {
  return Buffer.from(key, "latin1");
}

function* piecesOf(key: string, value: Value, deadlineMs: number): Generator<Buffer> {
  for (const argv of commandsOf(key, value, deadlineMs)) yield encodeRequest(argv);
}

/** The canonical commands that make a key out of nothing: also what an append-only file holds. */
export function* commandsOf(key: string, value: Value, deadlineMs: number): Generator<Argv> {
  if (isStringValue(value) && value.length > pieceBytesMax) {
    yield* longStringCommands(keyBytes(key), stringBytes(value), deadlineMs);
    return;
  }
  const batch = new BatchWriter();
  encodeKey(batch, key, value, deadlineMs);
  for (const argv of toCommands(batch.take(0))) yield* splitByBytes(argv);
}

/** Arguments that belong together, of commands that may as well be said twice with a half each. */
const groupLengths: ReadonlyMap<string, number> = new Map([
  ["RPUSH", 1],
  ["SADD", 1],
  ["HSET", 2],
  ["ZADD", 2],
]);

/** A piece has few elements, but each may be large. */
function* splitByBytes(argv: readonly Buffer[]): Generator<Argv> {
  const [name, key] = argv;
  const group = groupLengths.get(name?.toString("latin1") ?? "");
  if (group === undefined || name === undefined || key === undefined) {
    yield argv;
    return;
  }
  let piece: Buffer[] = [name, key];
  let bytes = 0;
  for (let at = 2; at < argv.length; at += group) {
    const next = argv.slice(at, at + group);
    const nextBytes = next.reduce((sum, { length }) => sum + length, 0);
    if (piece.length > 2 && bytes + nextBytes > pieceBytesMax) {
      yield piece;
      piece = [name, key];
      bytes = 0;
    }
    piece.push(...next);
    bytes += nextBytes;
  }
  yield piece;
}

function* longStringCommands(key: Buffer, bytes: Uint8Array, deadlineMs: number): Generator<Argv> {
  const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < value.length; at += pieceBytesMax) {
    yield [at === 0 ? "SET" : "APPEND", key, value.subarray(at, at + pieceBytesMax)];
  }
  if (deadlineMs !== 0) yield ["PEXPIREAT", key, String(deadlineMs)];
}
