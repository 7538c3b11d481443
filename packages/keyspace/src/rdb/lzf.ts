/**
 * LZF as Redis's RDB uses it. A control byte below 32 announces so many literal bytes and one more; otherwise
 * its upper three bits are a length and the rest, with the next byte, how far back to copy from:
 *
 *   000lllll  literal x (l + 1)
 *   LLLooooo [L = 7: more length] oooooooo   copy of L + 2 bytes from o + 1 bytes before
 */

const LITERALS_END = 32;
const LENGTH_EXTENDED = 7;
const COPY_EXTRA = 2;
/** Bytes that three packed bytes can make at most, rounded up for one. */
export const LZF_EXPANSION_MAX = 88;

/** Null: the packed bytes do not make exactly `length` bytes. */
export function unpackLzf(packed: Uint8Array, length: number): Buffer | null {
  if (length > packed.length * LZF_EXPANSION_MAX) return null;
  const made = Buffer.allocUnsafeSlow(length);
  const end = packed.length;
  let at = 0;
  let to = 0;
  while (at < end) {
    const control = packed[at++]!;
    if (control < LITERALS_END) {
      const count = control + 1;
      if (at + count > end || to + count > length) return null;
      for (let i = 0; i < count; i++) made[to++] = packed[at++]!;
      continue;
    }
    let count = (control >> 5) + COPY_EXTRA;
    if (count === LENGTH_EXTENDED + COPY_EXTRA) {
      if (at >= end) return null;
      count += packed[at++]!;
    }
    if (at >= end) return null;
    let from = to - ((control & 0x1f) << 8) - packed[at++]! - 1;
    if (from < 0 || to + count > length) return null;
    // Byte by byte: the copy may overlap what it makes.
    for (let i = 0; i < count; i++) made[to++] = made[from++]!;
  }
  return to === length ? made : null;
}
