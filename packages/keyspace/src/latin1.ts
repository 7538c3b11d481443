/**
 * Latin1 text to bytes and back by Node's native methods, which lack type declarations. `toString` and
 * `write` reach the same code through an encoding lookup (measured: 40 ns more a call).
 */

import { Buffer } from "node:buffer";
import { SHORT_COPY_BYTES_MAX } from "./constants.js";

interface Latin1Methods {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
  latin1Write(this: Uint8Array, text: string, offset: number, length: number): number;
}

const native = Buffer.prototype as unknown as Latin1Methods;
const nativeSlice = native.latin1Slice;
const nativeWrite = native.latin1Write;

/** A flat copy: it does not keep `bytes` alive. */
export function latin1Slice(bytes: Uint8Array, start: number, end: number): string {
  return nativeSlice.call(bytes, start, end);
}

/** All of them, as above. */
export function latin1(bytes: Uint8Array): string {
  return nativeSlice.call(bytes, 0, bytes.length);
}

/** Writes the whole text; the target has room. */
export function latin1Write(target: Uint8Array, text: string, offset: number): void {
  const length = text.length;
  if (length <= SHORT_COPY_BYTES_MAX) {
    for (let i = 0; i < length; i++) {
      target[offset + i] = text.charCodeAt(i);
    }
  } else {
    nativeWrite.call(target, text, offset, length);
  }
}
