/** RDB files in memory: written, read, and made by hand of the published format. */

import { Keyspace } from "../keyspace.js";
import { crc64 } from "../rdb/crc64.js";
import type { RdbSource } from "../rdb/rdb-input.js";
import { RdbReader } from "../rdb/rdb-reader.js";
import { type RdbSink, RdbWriter } from "../rdb/rdb-writer.js";

export class MemorySink implements RdbSink {
  readonly blocks: Uint8Array[] = [];

  write(bytes: Uint8Array): void {
    this.blocks.push(bytes);
  }

  bytes(): Buffer {
    return Buffer.concat(this.blocks);
  }
}

/** At most `stepBytes` at a time. */
export class MemorySource implements RdbSource {
  private at = 0;
  private readonly bytes: Uint8Array;
  private readonly stepBytes: number;

  constructor(bytes: Uint8Array, stepBytes = Number.POSITIVE_INFINITY) {
    this.bytes = bytes;
    this.stepBytes = stepBytes;
  }

  read(target: Buffer): number {
    const count = Math.min(target.length, this.stepBytes, this.bytes.length - this.at);
    target.set(this.bytes.subarray(this.at, this.at + count));
    this.at += count;
    return count;
  }
}

export function fileOf(keyspace: Keyspace): Buffer {
  const sink = new MemorySink();
  const writer = new RdbWriter(sink);
  writer.aux("redis-ver", "7.0.0");
  keyspace.forEachKey((key, value, deadlineMs) => {
    writer.key(key, value, deadlineMs);
  });
  keyspace.libraries.forEach((_, code) => {
    writer.library(code);
  });
  writer.aux("last", "field");
  writer.finish();
  return sink.bytes();
}

/** All of it; log time is the caller's. */
export function loaded(file: Uint8Array, stepBytes?: number): Keyspace {
  const keyspace = new Keyspace();
  const reader = new RdbReader(new MemorySource(file, stepBytes));
  for (;;) {
    const part = reader.next();
    if (part === "end") return keyspace;
    if (part === "key") reader.loadInto(keyspace);
    if (part === "function") reader.loadLibraryInto(keyspace);
  }
}

/** Opcodes and records between a header and an end with its checksum, or none (0). */
export function rdb(version: number, body: Uint8Array, isChecked = true): Buffer {
  const header = Buffer.from(`REDIS${String(version).padStart(4, "0")}`);
  const file = Buffer.concat([header, body, Buffer.from([255]), Buffer.alloc(8)]);
  if (isChecked) {
    const { low, high } = crc64(file, file.length - 8);
    file.writeUInt32LE(low, file.length - 8);
    file.writeUInt32LE(high, file.length - 4);
  }
  return file;
}

export function length(value: number): Buffer {
  if (value < 64) return Buffer.of(value);
  if (value < 16_384) return Buffer.of(0x40 | (value >> 8), value & 0xff);
  const bytes = Buffer.of(0x80, 0, 0, 0, 0);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}

export function string(value: string | Uint8Array): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value, "latin1") : value;
  return Buffer.concat([length(bytes.length), bytes]);
}

export function record(type: number, key: string, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(type), string(key), value]);
}
