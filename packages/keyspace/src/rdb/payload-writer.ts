/** Makes a payload. Past its limit nothing is kept any more, and `isFull` says so. */

import { crc64 } from "./crc64.js";
import { LENGTH_32, LENGTH_64, RDB_VERSION_WRITTEN } from "./types.js";

const CAPACITY_BYTES_MIN = 256;
const LENGTH_BYTES_MAX = 9;
/** Version and checksum. */
export const FOOTER_BYTES = 10;

export class PayloadWriter {
  #bytes: Buffer = Buffer.allocUnsafe(CAPACITY_BYTES_MIN);
  #used = 0;
  #full = false;
  readonly #bytesMax: number;

  /** With the footer. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get isFull(): boolean {
    return this.#full;
  }

  byte(value: number): void {
    if (this.#reserve(1)) this.#bytes[this.#used++] = value;
  }

  /** Up to 2^53 - 1, or any bigint of 64 bits. */
  length(value: number | bigint): void {
    if (!this.#reserve(LENGTH_BYTES_MAX)) return;
    if (value < 64) {
      this.byte(Number(value));
    } else if (value < 16_384) {
      this.#used = this.#bytes.writeUInt16BE(0x4000 | Number(value), this.#used);
    } else if (value < 2 ** 32) {
      this.byte(LENGTH_32);
      this.#used = this.#bytes.writeUInt32BE(Number(value), this.#used);
    } else {
      this.byte(LENGTH_64);
      this.#used = this.#bytes.writeBigUInt64BE(BigInt(value), this.#used);
    }
  }

  /** Texts are latin1. */
  string(value: string | Uint8Array): void {
    this.length(value.length);
    this.raw(value);
  }

  raw(value: string | Uint8Array): void {
    if (!this.#reserve(value.length)) return;
    if (typeof value === "string") this.#bytes.write(value, this.#used, "latin1");
    else this.#bytes.set(value, this.#used);
    this.#used += value.length;
  }

  time(ms: number): void {
    if (this.#reserve(8)) this.#used = this.#bytes.writeBigInt64LE(BigInt(ms), this.#used);
  }

  double(value: number): void {
    if (this.#reserve(8)) this.#used = this.#bytes.writeDoubleLE(value, this.#used);
  }

  /** With the footer; null: it became too large. */
  finish(): Buffer | null {
    if (!this.#reserve(FOOTER_BYTES)) return null;
    this.#used = this.#bytes.writeUInt16LE(RDB_VERSION_WRITTEN, this.#used);
    const { low, high } = crc64(this.#bytes, this.#used);
    this.#used = this.#bytes.writeUInt32LE(low, this.#used);
    this.#used = this.#bytes.writeUInt32LE(high, this.#used);
    return this.#bytes.subarray(0, this.#used);
  }

  #reserve(bytes: number): boolean {
    const needed = this.#used + bytes;
    if (needed > this.#bytesMax) this.#full = true;
    if (this.#full) return false;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
    }
    return true;
  }
}
