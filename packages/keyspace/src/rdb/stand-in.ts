/** STAND-IN until the RDB reader and writer are here: the same interface, another format. */

import { applyBatch } from "../effects/apply-batch.js";
import { BatchWriter } from "../effects/batch-writer.js";
import { encodeKey } from "../effects/encode-state.js";
import type { Keyspace } from "../keyspace.js";
import type { Value } from "../value.js";

export interface RdbSource {
  read(target: Buffer): number;
}
export interface RdbSink {
  write(bytes: Uint8Array): void;
}
export class RdbError extends Error {
  readonly code = "RDB_DAMAGED";
}

const AUX = 1;
const KEY = 2;
const END = 3;

export class RdbWriter {
  bytesWritten = 0;
  readonly #sink: RdbSink;
  constructor(sink: RdbSink) {
    this.#sink = sink;
  }
  aux(name: string, value: string): void {
    this.#put(AUX, Buffer.from(JSON.stringify([name, value]), "latin1"));
  }
  key(key: string, value: Value, deadlineMs: number): void {
    const batch = new BatchWriter();
    encodeKey(batch, key, value, deadlineMs);
    this.#put(KEY, Buffer.from(batch.take(0)));
  }
  finish(): void {
    this.#put(END, Buffer.alloc(0));
  }
  #put(type: number, body: Buffer): void {
    const record = Buffer.alloc(5 + body.length);
    record[0] = type;
    record.writeUInt32BE(body.length, 1);
    body.copy(record, 5);
    this.bytesWritten += record.length;
    this.#sink.write(record);
  }
}

export class RdbReader {
  bytesRead = 0;
  auxName = "";
  auxValue = "";
  #body: Buffer = Buffer.alloc(0);
  readonly #source: RdbSource;
  constructor(source: RdbSource) {
    this.#source = source;
  }
  next(): "aux" | "key" | "function" | "end" {
    const head = this.#take(5);
    if (head.readUInt32BE(1) > 100_000_000 || head[0]! > END) throw new RdbError("damaged");
    this.#body = this.#take(head.readUInt32BE(1));
    if (head[0] === AUX && this.#body.at(-1) !== 0x5d) throw new RdbError("damaged");
    if (head[0] === END) return "end";
    if (head[0] === KEY) return "key";
    if (head[0] !== AUX) throw new RdbError("damaged");
    [this.auxName, this.auxValue] = JSON.parse(this.#body.toString("latin1")) as [string, string];
    return "aux";
  }
  loadInto(keyspace: Keyspace): void {
    const { logTimeMs } = keyspace;
    keyspace.logTimeMs = 0;
    applyBatch(keyspace, this.#body);
    keyspace.logTimeMs = logTimeMs;
  }
  #take(bytes: number): Buffer {
    const target = Buffer.alloc(bytes);
    let at = 0;
    while (at < bytes) {
      const got = this.#source.read(target.subarray(at));
      if (got === 0) throw new RdbError("it ends too early");
      at += got;
    }
    this.bytesRead += bytes;
    return target;
  }
}
