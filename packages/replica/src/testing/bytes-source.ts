/** A snapshot that is held in memory, as tests and the simulator hold theirs. */

import type { SnapshotSource } from "../ports.js";

export class BytesSource implements SnapshotSource {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(target: Buffer): number {
    const part = this.#bytes.subarray(this.#at, this.#at + target.length);
    target.set(part);
    this.#at += part.length;
    return part.length;
  }

  close(): void {
    this.#at = this.#bytes.length;
  }
}
