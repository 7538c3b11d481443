/**
 * CRC-64 as Redis uses it: Jones's polynomial, reflected, from zero, nothing inverted. Two 32-bit halves, since
 * bigints would cost a hundred times as much.
 */

const REFLECTED_POLYNOMIAL = 0x95ac9329ac4bc9b5n;

export interface Crc64 {
  /** Unsigned. */
  readonly low: number;
  readonly high: number;
}

const lowTable = new Uint32Array(256);
const highTable = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) {
    crc = (crc & 1n) === 1n ? (crc >> 1n) ^ REFLECTED_POLYNOMIAL : crc >> 1n;
  }
  lowTable[byte] = Number(crc & 0xffffffffn);
  highTable[byte] = Number(crc >> 32n);
}

/** Of the first `length` bytes. */
export function crc64(bytes: Uint8Array, length: number): Crc64 {
  let low = 0;
  let high = 0;
  for (let i = 0; i < length; i++) {
    const index = (low ^ bytes[i]!) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ lowTable[index]!;
    high = (high >>> 8) ^ highTable[index]!;
  }
  return { low: low >>> 0, high: high >>> 0 };
}
