/**
 * Decodes a batch effect by effect into its own fields: one reader, no object per effect. Which fields hold
 * something follows from `kind` (see kinds.ts). Of a collection's effect only the key is read; who handles
 * the kind reads the rest by `integer`, `text`, `value`, all of it and in order. Bounds are asserted at every read: a payload comes out of a
 * checksummed log, so damage here is a broken invariant.
 */

import { Buffer } from "node:buffer";
import { assert } from "../assert.js";
import { BLOB_BYTES_MIN, TIME_MS_MAX } from "../constants.js";
import { latin1Slice } from "../latin1.js";
import { keptString, type StringValue } from "../value.js";
import * as kind from "./kinds.js";

export function batchLogTimeMs(payload: Uint8Array): number {
  assert(payload.length >= kind.BATCH_HEADER_BYTES, "a batch has a header");
  assert(payload[0] === kind.BATCH_FORMAT_VERSION, "the batch format is known");
  const logTimeMs = viewOf(payload).readDoubleBE(kind.BATCH_LOG_TIME_OFFSET);
  assert(
    Number.isInteger(logTimeMs) && logTimeMs >= 0 && logTimeMs <= TIME_MS_MAX,
    "a batch's log time is in range",
  );
  return logTimeMs;
}

/** How many effects it has, as its header says. */
export function batchEffectCount(payload: Uint8Array): number {
  assert(payload.length >= kind.BATCH_HEADER_BYTES, "a batch has a header");
  return viewOf(payload).readUInt32BE(kind.BATCH_EFFECT_COUNT_OFFSET);
}

export class BatchReader {
  readonly logTimeMs: number;
  readonly effectCount: number;
  kind = 0;
  /** The key, the source of RENAME and COPY, or the name of a library. Of an older effect after `nextUnnamed`. */
  key = "";
  /** Where its bytes are in the payload. */
  keyFrom = 0;
  keyEnd = 0;
  destination = "";
  deadlineMs = 0;
  /** Of PATCH_STRING; of PUBLISH, whether it is sharded. */
  offset = 0;
  private readonly payload: Buffer;
  private position = kind.BATCH_HEADER_BYTES;
  private bytesFrom = 0;
  private bytesEnd = 0;
  private effectsRead = 0;

  constructor(payload: Uint8Array) {
    this.logTimeMs = batchLogTimeMs(payload);
    this.payload = viewOf(payload);
    this.effectCount = this.payload.readUInt32BE(kind.BATCH_EFFECT_COUNT_OFFSET);
  }

  /** Value, suffix, patch, message or code: a view of the payload, made each time it is asked for. */
  get bytes(): Buffer {
    return this.payload.subarray(this.bytesFrom, this.bytesEnd);
  }

  /** The same in the form in which values keep it, without the view if it is short. */
  get keptBytes(): StringValue {
    return this.kept(this.bytesFrom, this.bytesEnd);
  }

  /** Reads the next effect; false when all were read, and then the payload ends too. */
  next(): boolean {
    if (!this.nextUnnamed()) return false;
    this.key = latin1Slice(this.payload, this.keyFrom, this.keyEnd);
    return true;
  }

  /** As `next`, but the key is not made: it is the payload's bytes from `keyFrom` to `keyEnd`. */
  nextUnnamed(): boolean {
    if (this.effectsRead === this.effectCount) {
      assert(this.position === this.payload.length, "a batch ends with its last effect");
      return false;
    }
    assert(this.position < this.payload.length, "a batch has all its effects");
    this.effectsRead++;
    this.kind = this.payload[this.position++]!;
    this.readFields();
    return true;
  }

  private readFields(): void {
    switch (this.kind) {
      case kind.PUT_STRING:
        this.readKey();
        this.readBytes();
        this.deadlineMs = this.varint();
        return;
      case kind.DELETE_KEY:
      case kind.DELETE_LIBRARY:
        this.readKey();
        return;
      case kind.SET_DEADLINE:
        this.readKey();
        this.deadlineMs = this.varint();
        return;
      case kind.APPEND_STRING:
      case kind.PUT_LIBRARY:
        this.readKey();
        this.readBytes();
        return;
      case kind.PATCH_STRING:
        this.readKey();
        this.offset = this.varint();
        this.readBytes();
        return;
      case kind.RENAME:
      case kind.COPY:
        this.readKey();
        this.destination = this.text();
        return;
      case kind.FLUSH_ALL:
        this.keyEnd = this.keyFrom;
        return;
      case kind.AUDIT:
        this.keyEnd = this.keyFrom;
        assert(this.effectsRead === this.effectCount, "what is audited is a whole batch");
        return;
      case kind.PUBLISH:
        this.readKey();
        this.readBytes();
        this.offset = this.varint();
        return;
      default:
        assert(kind.COLLECTION_KINDS.has(this.kind), "an effect's kind is known");
        this.readKey();
    }
  }

  /** A whole number up to TIME_MS_MAX. */
  integer(): number {
    return this.varint();
  }

  /** How many elements follow, each of `bytesMin` at least: no count makes anybody allocate more than there is. */
  count(bytesMin: number): number {
    const count = this.varint();
    assert(count > 0, "an effect is about something");
    assert(count * bytesMin <= this.payload.length - this.position, "counted elements are there");
    return count;
  }

  double(): number {
    assert(this.payload.length - this.position >= 8, "a double ends inside the batch");
    const value = this.payload.readDoubleBE(this.position);
    this.position += 8;
    return value;
  }

  /** A string in the form in which values keep it. */
  value(): StringValue {
    const length = this.varint();
    const start = this.position;
    this.pass(length);
    return this.kept(start, this.position);
  }

  /** `bytes` bytes without a length before them. */
  raw(bytes: number): string {
    const start = this.position;
    assert(bytes <= this.payload.length - start, "raw bytes end inside the batch");
    this.position += bytes;
    return latin1Slice(this.payload, start, this.position);
  }

  /** Raw bytes that nobody asks for. */
  pass(bytes: number): void {
    assert(bytes <= this.payload.length - this.position, "passed bytes end inside the batch");
    this.position += bytes;
  }

  private readKey(): void {
    const length = this.varint();
    this.keyFrom = this.position;
    this.pass(length);
    this.keyEnd = this.position;
  }

  private readBytes(): void {
    const length = this.varint();
    this.bytesFrom = this.position;
    this.pass(length);
    this.bytesEnd = this.position;
  }

  private kept(from: number, end: number): StringValue {
    if (end - from < BLOB_BYTES_MIN) return latin1Slice(this.payload, from, end);
    return keptString(this.payload.subarray(from, end));
  }

  private varint(): number {
    const { payload } = this;
    let value = 0;
    let scale = 1;
    for (let i = 0; i < kind.VARINT_BYTES_MAX; i++) {
      assert(this.position < payload.length, "a varint ends inside the batch");
      const byte = payload[this.position++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        assert(value <= TIME_MS_MAX, "a varint is exact");
        return value;
      }
      scale *= 0x80;
    }
    assert(false, "a varint has at most eight bytes");
  }

  text(): string {
    const length = this.varint();
    const start = this.position;
    assert(length <= this.payload.length - start, "a text ends inside the batch");
    this.position += length;
    return latin1Slice(this.payload, start, this.position);
  }

  /** A text that nobody asks for. */
  passText(): void {
    this.pass(this.varint());
  }

  /** A view of the payload. */
  binary(): Buffer {
    const length = this.varint();
    const start = this.position;
    this.pass(length);
    return this.payload.subarray(start, this.position);
  }
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
