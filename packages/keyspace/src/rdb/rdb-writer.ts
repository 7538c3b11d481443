/**
 * Writes an RDB of version 10 in its plainest form: stock redis-server 7.0 loads it, redis-check-rdb finds it good.
 * Nothing is packed but the nodes of streams, so a record is found and copied without decoding it.
 *
 *   REDIS0010 | field ... | database 0 | [active times] [deadline] type key value ... | library ... | field ... | end | CRC-64
 */

import { Buffer } from "node:buffer";
import { assert } from "../assert.js";
import { RDB_BLOCK_BYTES } from "../constants.js";
import type { Value } from "../value.js";
import { ACTIVE_TIMES_FIELD, activeTimesText } from "./active-times.js";
import { ByteWriter } from "./byte-writer.js";
import { Crc64Sum } from "./crc64.js";
import { MAGIC, opcode, RDB_VERSION_WRITTEN, VERSION_DIGITS } from "./types.js";
import { rdbTypeOf, writeValue } from "./write-value.js";

export interface RdbSink {
  /** Ownership of the bytes passes. Blocks of RDB_BLOCK_BYTES at most. */
  write(bytes: Uint8Array): void;
}

/** One writer writes one file. */
export class RdbWriter {
  readonly #out: BlockWriter;
  #hasKeys = false;

  constructor(sink: RdbSink) {
    this.#out = new BlockWriter(sink);
    this.#out.raw(MAGIC + String(RDB_VERSION_WRITTEN).padStart(VERSION_DIGITS, "0"));
  }

  get bytesWritten(): number {
    return this.#out.bytesWritten;
  }

  /** Latin1; anywhere between keys, also right before the end. */
  aux(name: string, value: string): void {
    assert(name !== ACTIVE_TIMES_FIELD, "active times stand in front of their key");
    this.#field(name, value);
  }

  /** One record. `deadlineMs` in milliseconds since the epoch; 0: none. */
  key(key: string, value: Value, deadlineMs: number): void {
    this.#beginRecord();
    const out = this.#out;
    const activeTimes = activeTimesText(value);
    if (activeTimes !== null) this.#field(ACTIVE_TIMES_FIELD, activeTimes);
    if (deadlineMs !== 0) {
      out.byte(opcode.deadlineMs);
      out.time(deadlineMs);
    }
    out.byte(rdbTypeOf(value));
    out.string(key);
    writeValue(out, value);
  }

  /** A record of a file that was written here (database 0, version 10), whole or piece by piece. */
  raw(record: Uint8Array): void {
    this.#beginRecord();
    this.#out.raw(record);
  }

  /** A library of functions, by its source: as Redis, in no database. */
  library(code: string): void {
    this.#out.byte(opcode.function);
    this.#out.string(code);
  }

  finish(): void {
    this.#out.byte(opcode.end);
    this.#out.finish();
  }

  #beginRecord(): void {
    if (this.#hasKeys) return;
    this.#hasKeys = true;
    this.#out.byte(opcode.selectDatabase);
    this.#out.length(0);
  }

  #field(name: string, value: string): void {
    this.#out.byte(opcode.aux);
    this.#out.string(name);
    this.#out.string(value);
  }
}

/** Hands over full blocks; the checksum takes them in as they go. */
class BlockWriter extends ByteWriter {
  readonly #sink: RdbSink;
  readonly #sum = new Crc64Sum();
  #handed = 0;
  #finished = false;

  constructor(sink: RdbSink) {
    super(RDB_BLOCK_BYTES);
    this.#sink = sink;
  }

  get bytesWritten(): number {
    return this.#handed + this.used;
  }

  get isFull(): boolean {
    return false;
  }

  /** What does not fit into a block goes in pieces. */
  override raw(value: string | Uint8Array): void {
    if (value.length <= RDB_BLOCK_BYTES - this.used) {
      super.raw(value);
      return;
    }
    for (let from = 0; from < value.length; ) {
      const end = Math.min(value.length, from + RDB_BLOCK_BYTES - this.used);
      super.raw(typeof value === "string" ? value.slice(from, end) : value.subarray(from, end));
      from = end;
      if (from < value.length) this.#flush();
    }
  }

  finish(): void {
    this.#flush();
    assert(!this.#finished, "a file is finished once");
    this.#finished = true;
    const { low, high } = this.#sum;
    this.used = this.bytes.writeUInt32LE(low, this.used);
    this.used = this.bytes.writeUInt32LE(high, this.used);
    this.#handOver();
  }

  protected reserve(bytes: number): boolean {
    assert(!this.#finished, "nothing follows the end");
    if (this.used + bytes > RDB_BLOCK_BYTES) this.#flush();
    return true;
  }

  #flush(): void {
    this.#sum.add(this.bytes, 0, this.used);
    this.#handOver();
  }

  #handOver(): void {
    if (this.used === 0) return;
    this.#handed += this.used;
    this.#sink.write(this.bytes.subarray(0, this.used));
    this.bytes = Buffer.allocUnsafeSlow(RDB_BLOCK_BYTES);
    this.used = 0;
  }
}
