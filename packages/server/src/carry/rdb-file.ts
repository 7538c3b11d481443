/** The bytes of an RDB file as the keyspace's reader takes them: synchronously, in order. */

import { closeSync, openSync, readSync } from "node:fs";
import type { RdbSource } from "@redoubt/keyspace";

export class RdbFile implements RdbSource {
  readonly path: string;
  readonly #descriptor: number;
  #at = 0;

  constructor(path: string) {
    this.path = path;
    this.#descriptor = openSync(path, "r");
  }

  read(target: Buffer): number {
    const bytes = readSync(this.#descriptor, target, 0, target.length, this.#at);
    this.#at += bytes;
    return bytes;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
