/** Numbers and texts in RDB's form. Where the bytes go, and what there is room for, others say. */

import { Buffer } from "node:buffer";
import { latin1Write } from "../latin1.js";
import { LENGTH_32, LENGTH_64 } from "./types.js";

const LENGTH_BYTES_MAX = 9;

export abstract class ByteWriter {
  protected bytes: Buffer;
  protected used = 0;

  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** Nothing is kept any more. */
  abstract get isFull(): boolean;

  /** Room for so many bytes behind `used`. False: there is none, they are dropped. */
  protected abstract reserve(bytes: number): boolean;

  byte(value: number): void {
    if (this.reserve(1)) this.bytes[this.used++] = value;
  }

  /** Up to 2^53 - 1, or any bigint of 64 bits. */
  length(value: number | bigint): void {
    if (!this.reserve(LENGTH_BYTES_MAX)) return;
    const { bytes } = this;
    if (value < 64) {
      bytes[this.used++] = Number(value);
    } else if (value < 16_384) {
      this.used = bytes.writeUInt16BE(0x4000 | Number(value), this.used);
    } else if (value < 2 ** 32) {
      bytes[this.used++] = LENGTH_32;
      this.used = bytes.writeUInt32BE(Number(value), this.used);
    } else {
      bytes[this.used++] = LENGTH_64;
      this.used = bytes.writeBigUInt64BE(BigInt(value), this.used);
    }
  }

  /** Texts are latin1. */
  string(value: string | Uint8Array): void {
    this.length(value.length);
    this.raw(value);
  }

  raw(value: string | Uint8Array): void {
    if (!this.reserve(value.length)) return;
    if (typeof value === "string") latin1Write(this.bytes, value, this.used);
    else this.bytes.set(value, this.used);
    this.used += value.length;
  }

  time(ms: number): void {
    if (this.reserve(8)) this.used = this.bytes.writeBigInt64LE(BigInt(ms), this.used);
  }

  double(value: number): void {
    if (this.reserve(8)) this.used = this.bytes.writeDoubleLE(value, this.used);
  }
}
