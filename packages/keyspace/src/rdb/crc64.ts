/**
 * CRC-64 as Redis uses it: Jones's polynomial, reflected, from zero, nothing inverted. Two 32-bit halves, since
 * bigints would cost a hundred times as much; eight bytes at a step (slicing), each through a table of its own.
 */

const REFLECTED_POLYNOMIAL = 0x95ac9329ac4bc9b5n;
const BYTE_VALUES = 256;
const STEP_BYTES = 8;

export interface Crc64 {
  /** Unsigned. */
  readonly low: number;
  readonly high: number;
}

/** Table k is the checksum of a byte followed by k zero bytes. */
const lows = new Int32Array(STEP_BYTES * BYTE_VALUES);
const highs = new Int32Array(STEP_BYTES * BYTE_VALUES);
for (let byte = 0; byte < BYTE_VALUES; byte++) {
  let crc = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) {
    crc = (crc & 1n) === 1n ? (crc >> 1n) ^ REFLECTED_POLYNOMIAL : crc >> 1n;
  }
  lows[byte] = Number(BigInt.asIntN(32, crc));
  highs[byte] = Number(BigInt.asIntN(32, crc >> 32n));
}
for (let at = BYTE_VALUES; at < lows.length; at++) {
  const low = lows[at - BYTE_VALUES]!;
  const high = highs[at - BYTE_VALUES]!;
  lows[at] = ((low >>> 8) | (high << 24)) ^ lows[low & 0xff]!;
  highs[at] = (high >>> 8) ^ highs[low & 0xff]!;
}

/** Whether words read from memory have their first byte lowest. Elsewhere the bytes go one by one. */
const littleEndian = new Uint8Array(new Int32Array([1]).buffer)[0] === 1;

/** Of the first `length` bytes. */
export function crc64(bytes: Uint8Array, length: number): Crc64 {
  const sum = new Crc64Sum();
  sum.add(bytes, 0, length);
  return sum;
}

/** Of bytes that come one after the other. */
export class Crc64Sum implements Crc64 {
  private lowWord = 0;
  private highWord = 0;

  get low(): number {
    return this.lowWord >>> 0;
  }

  get high(): number {
    return this.highWord >>> 0;
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    const misfit = (bytes.byteOffset + start) % 4;
    if (littleEndian && end - start >= 2 * STEP_BYTES) {
      if (misfit !== 0) this.addBytes(bytes, at, at + 4 - misfit);
      at += misfit === 0 ? 0 : 4 - misfit;
      const steps = Math.floor((end - at) / STEP_BYTES);
      this.addWords(new Int32Array(bytes.buffer, bytes.byteOffset + at, steps * 2));
      at += steps * STEP_BYTES;
    }
    this.addBytes(bytes, at, end);
  }

  private addBytes(bytes: Uint8Array, start: number, end: number): void {
    let low = this.lowWord;
    let high = this.highWord;
    for (let i = start; i < end; i++) {
      const index = (low ^ bytes[i]!) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ lows[index]!;
      high = (high >>> 8) ^ highs[index]!;
    }
    this.lowWord = low;
    this.highWord = high;
  }

  /** Pairs of them. */
  private addWords(words: Int32Array): void {
    let low = this.lowWord;
    let high = this.highWord;
    for (let i = 0; i < words.length; i += 2) {
      low ^= words[i]!;
      high ^= words[i + 1]!;
      const a = 1792 + (low & 0xff);
      const b = 1536 + ((low >>> 8) & 0xff);
      const c = 1280 + ((low >>> 16) & 0xff);
      const d = 1024 + (low >>> 24);
      const e = 768 + (high & 0xff);
      const f = 512 + ((high >>> 8) & 0xff);
      const g = 256 + ((high >>> 16) & 0xff);
      const h = high >>> 24;
      low = lows[a]! ^ lows[b]! ^ lows[c]! ^ lows[d]! ^ lows[e]! ^ lows[f]! ^ lows[g]! ^ lows[h]!;
      high =
        highs[a]! ^
        highs[b]! ^
        highs[c]! ^
        highs[d]! ^
        highs[e]! ^
        highs[f]! ^
        highs[g]! ^
        highs[h]!;
    }
    this.lowWord = low;
    this.highWord = high;
  }
}
