/** Bytes of a request that has not arrived whole. Copying is linear in what arrives, however it is cut. */
import { pendingBytesFirst, reserveBytesMax } from "./constants.js";

const noBytes = Buffer.alloc(0);

export class GrowableBytes {
  /** Valid in [0, length). */
  bytes: Buffer = noBytes;
  length = 0;

  /**
   * Appends source[from, to). `expected` is the length this will probably reach at least. False: there is
   * no memory for it, nothing was appended.
   */
  append(source: Buffer, from: number, to: number, expected: number): boolean {
    const needed = this.length + to - from;
    if (needed > this.bytes.length && !this.grow(needed, expected)) return false;
    source.copy(this.bytes, this.length, from, to);
    this.length = needed;
    return true;
  }

  /** Forgets the bytes; views into them stay valid. */
  clear(): void {
    this.bytes = noBytes;
    this.length = 0;
  }

  private grow(needed: number, expected: number): boolean {
    // At least doubling, so copying stays linear. The announced length is believed up to a limit.
    const doubled = Math.max(2 * this.bytes.length, pendingBytesFirst);
    const trusted = Math.max(reserveBytesMax, 2 * needed);
    const wanted = expected > doubled ? Math.min(expected, trusted) : doubled;
    const capacity = Math.max(wanted, needed);
    let grown: Buffer;
    try {
      grown = Buffer.allocUnsafe(capacity);
    } catch {
      // More than the engine allows for one buffer (4 GiB), or no memory: the client is refused, not the node.
      return false;
    }
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
    return true;
  }
}
