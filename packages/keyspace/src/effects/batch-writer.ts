/**
 * The open batch: effects are encoded here once, and the same bytes go to disk and to the peers. Encoders
 * make room first and then write by hand: no object and no closure per effect.
 */

import { Buffer } from "node:buffer";
import { assert } from "../assert.js";
import type { Blob } from "../blob.js";
import {
  BATCH_CAPACITY_BYTES_MIN,
  BATCH_HANDOVER_BYTES_MIN,
  SHORT_COPY_BYTES_MAX,
  TIME_MS_MAX,
} from "../constants.js";
import { latin1Write } from "../latin1.js";
import type { StringValue } from "../value.js";
import * as kind from "./kinds.js";

export class BatchWriter {
  private buffer = Buffer.allocUnsafeSlow(BATCH_CAPACITY_BYTES_MIN);
  private end = kind.BATCH_HEADER_BYTES;
  private count = 0;

  /** Bytes of the effects, without the header. */
  get bytes(): number {
    return this.end - kind.BATCH_HEADER_BYTES;
  }

  get effects(): number {
    return this.count;
  }

  /**
   * The finished entry payload; the writer is empty afterwards. The payload is the caller's and is never
   * written to again.
   */
  take(logTimeMs: number): Uint8Array {
    assert(this.count > 0, "an empty batch is not taken");
    assert(Number.isInteger(logTimeMs) && logTimeMs >= 0, "log time is a whole number");
    assert(logTimeMs <= TIME_MS_MAX, "log time is exact");
    const { buffer, end } = this;
    buffer[0] = kind.BATCH_FORMAT_VERSION;
    buffer.writeDoubleBE(logTimeMs, kind.BATCH_LOG_TIME_OFFSET);
    buffer.writeUInt32BE(this.count, kind.BATCH_EFFECT_COUNT_OFFSET);
    const handedOver = end >= BATCH_HANDOVER_BYTES_MIN && end > buffer.length / 2;
    const payload = handedOver ? buffer.subarray(0, end) : Buffer.allocUnsafeSlow(end);
    if (!handedOver) {
      buffer.copy(payload, 0, 0, end);
    }
    if (handedOver || buffer.length > BATCH_HANDOVER_BYTES_MIN) {
      this.buffer = Buffer.allocUnsafeSlow(BATCH_CAPACITY_BYTES_MIN);
    }
    this.end = kind.BATCH_HEADER_BYTES;
    this.count = 0;
    return payload;
  }

  /** Cuts off everything from byte `bytes` on: `effects` effects. Txn's undo only. */
  truncate(bytes: number, effects: number): void {
    assert(bytes >= 0 && bytes <= this.bytes, "cut is inside the batch");
    assert(effects >= 0 && effects <= this.count, "no more effects are cut than there are");
    this.end = kind.BATCH_HEADER_BYTES + bytes;
    this.count -= effects;
    assert((this.end === kind.BATCH_HEADER_BYTES) === (this.count === 0), "no bytes, no effects");
  }

  putString(key: string, value: string | Uint8Array | Blob, deadlineMs: number): void {
    this.begin(kind.PUT_STRING, key.length + value.length);
    this.text(key);
    if (typeof value === "string") {
      this.text(value);
    } else {
      this.binary(value instanceof Uint8Array ? value : value.bytes());
    }
    this.varint(deadlineMs);
  }

  deleteKey(key: string): void {
    this.begin(kind.DELETE_KEY, key.length);
    this.text(key);
  }

  setDeadline(key: string, deadlineMs: number): void {
    this.begin(kind.SET_DEADLINE, key.length);
    this.text(key);
    this.varint(deadlineMs);
  }

  appendString(key: string, suffix: Uint8Array): void {
    this.begin(kind.APPEND_STRING, key.length + suffix.length);
    this.text(key);
    this.binary(suffix);
  }

  patchString(key: string, offset: number, bytes: Uint8Array): void {
    this.begin(kind.PATCH_STRING, key.length + bytes.length);
    this.text(key);
    this.varint(offset);
    this.binary(bytes);
  }

  rename(source: string, destination: string): void {
    this.begin(kind.RENAME, source.length + destination.length);
    this.text(source);
    this.text(destination);
  }

  copy(source: string, destination: string): void {
    this.begin(kind.COPY, source.length + destination.length);
    this.text(source);
    this.text(destination);
  }

  flushAll(): void {
    this.begin(kind.FLUSH_ALL, 0);
  }

  publish(channel: string, message: Uint8Array, sharded: boolean): void {
    this.begin(kind.PUBLISH, channel.length + message.length);
    this.text(channel);
    this.binary(message);
    this.varint(sharded ? 1 : 0);
  }

  /** The last effect of its batch. */
  audit(): void {
    this.begin(kind.AUDIT, 0);
  }

  putLibrary(name: string, code: string): void {
    this.begin(kind.PUT_LIBRARY, name.length + code.length);
    this.text(name);
    this.text(code);
  }

  deleteLibrary(name: string): void {
    this.begin(kind.DELETE_LIBRARY, name.length);
    this.text(name);
  }

  // An effect of a collection: `beginCollection`, then its fields in the order that kinds.ts names.

  beginCollection(effectKind: number, key: string): void {
    this.begin(effectKind, key.length);
    this.text(key);
  }

  addInteger(value: number): void {
    this.makeRoom(kind.VARINT_BYTES_MAX);
    this.varint(value);
  }

  addDouble(value: number): void {
    this.makeRoom(8);
    this.end = this.buffer.writeDoubleBE(value, this.end);
  }

  addText(text: string): void {
    this.makeRoom(kind.VARINT_BYTES_MAX + text.length);
    this.text(text);
  }

  addValue(value: StringValue): void {
    if (typeof value === "string") {
      this.addText(value);
      return;
    }
    this.makeRoom(kind.VARINT_BYTES_MAX + value.length);
    this.binary(value.bytes());
  }

  /** Without a length: `text` has as many characters as the kind says. */
  addRaw(text: string): void {
    this.makeRoom(text.length);
    latin1Write(this.buffer, text, this.end);
    this.end += text.length;
  }

  /** Makes room for an effect with `bytes` of text and up to three varints, and writes its kind. */
  private begin(effectKind: number, bytes: number): void {
    this.makeRoom(1 + 3 * kind.VARINT_BYTES_MAX + bytes);
    this.buffer[this.end++] = effectKind;
    this.count++;
  }

  private makeRoom(bytes: number): void {
    const needed = this.end + bytes;
    if (needed > this.buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
      this.buffer.copy(grown, 0, 0, this.end);
      this.buffer = grown;
    }
  }

  private varint(value: number): void {
    const { buffer } = this;
    let rest = value;
    while (rest >= 0x8000_0000) {
      buffer[this.end++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      buffer[this.end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[this.end++] = rest;
  }

  private text(text: string): void {
    this.varint(text.length);
    latin1Write(this.buffer, text, this.end);
    this.end += text.length;
  }

  private binary(bytes: Uint8Array): void {
    this.varint(bytes.length);
    const { buffer, end } = this;
    if (bytes.length <= SHORT_COPY_BYTES_MAX) {
      for (let i = 0; i < bytes.length; i++) {
        buffer[end + i] = bytes[i]!;
      }
    } else {
      buffer.set(bytes, end);
    }
    this.end += bytes.length;
  }
}
