/** Makes a payload. Past its limit nothing is kept any more, and `isFull` says so. */

import { Buffer } from "node:buffer";
import { ByteWriter } from "./byte-writer.js";
import { crc64 } from "./crc64.js";
import { RDB_VERSION_WRITTEN } from "./types.js";

const CAPACITY_BYTES_MIN = 256;
/** Version and checksum. */
export const FOOTER_BYTES = 10;

export class PayloadWriter extends ByteWriter {
  #full = false;
  readonly #bytesMax: number;

  /** With the footer. */
  constructor(bytesMax: number) {
    super(CAPACITY_BYTES_MIN);
    this.#bytesMax = bytesMax;
  }

  get isFull(): boolean {
    return this.#full;
  }

  /** With the footer; null: it became too large. */
  finish(): Buffer | null {
    if (!this.reserve(FOOTER_BYTES)) return null;
    this.used = this.bytes.writeUInt16LE(RDB_VERSION_WRITTEN, this.used);
    const { low, high } = crc64(this.bytes, this.used);
    this.used = this.bytes.writeUInt32LE(low, this.used);
    this.used = this.bytes.writeUInt32LE(high, this.used);
    return this.bytes.subarray(0, this.used);
  }

  protected reserve(bytes: number): boolean {
    const needed = this.used + bytes;
    if (needed > this.#bytesMax) this.#full = true;
    if (this.#full) return false;
    if (needed > this.bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.bytes.length * 2));
      grown.set(this.bytes.subarray(0, this.used));
      this.bytes = grown;
    }
    return true;
  }
}
