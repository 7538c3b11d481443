/** RDB bytes that are in memory already: single keys as a file of their own. */

import { RdbReader, type RdbSource } from "@redoubt/keyspace";

/** End of a file without a checksum. */
const endOfFile = Buffer.from("ff0000000000000000", "hex");

/** Of records' bytes as a reader of that version gave them. */
export function readerOfRecords(version: number, records: readonly Buffer[]): RdbReader {
  const head = Buffer.from(`REDIS${String(version).padStart(4, "0")}`, "latin1");
  return new RdbReader(new MemorySource([head, ...records, endOfFile]));
}

/** A record of what DUMP gives without its footer: type, value. */
export function recordOf(name: Buffer, body: Buffer): Buffer {
  const length = Buffer.alloc(5);
  length[0] = 0x80;
  length.writeUInt32BE(name.length, 1);
  return Buffer.concat([body.subarray(0, 1), length, name, body.subarray(1)]);
}

class MemorySource implements RdbSource {
  readonly #parts: Buffer[];

  constructor(parts: Buffer[]) {
    this.#parts = parts;
  }

  read(target: Buffer): number {
    for (;;) {
      const part = this.#parts[0];
      if (part === undefined) return 0;
      const bytes = part.copy(target);
      if (bytes === part.length) this.#parts.shift();
      else this.#parts[0] = part.subarray(bytes);
      if (bytes > 0) return bytes;
    }
  }
}
