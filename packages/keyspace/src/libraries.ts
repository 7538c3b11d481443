/**
 * The libraries of functions: source by name, beside the keys. Kept, replicated, digested and given out again; nothing
 * runs them. FLUSHALL leaves them alone, as in Redis.
 *
 * Not here: what functions a library registers. Only running its code tells.
 */

import { assert } from "./assert.js";
import { libraryHash } from "./digest/library-hash.js";
import { ENTRY_BYTES, LIBRARY_BYTES, latin1Bytes } from "./memory.js";

interface Library {
  /** Latin1, with its first line. */
  readonly code: string;
  readonly hash: readonly [number, number];
}

/** As others may see them. */
export interface LibrariesView {
  readonly size: number;
  /** Bytes of all sources. */
  readonly codeBytes: number;
  get(name: string): string | undefined;
  /** They must not change meanwhile. */
  forEach(visit: (name: string, code: string) => void): void;
}

export class Libraries implements LibrariesView {
  private readonly byName = new Map<string, Library>();
  private a = 0;
  private b = 0;
  codeBytes = 0;
  /** Estimate. */
  memoryBytes = 0;

  get size(): number {
    return this.byName.size;
  }

  /** Sum of all hashes: two words of 32 bits. */
  get sum(): readonly [number, number] {
    return [this.a, this.b];
  }

  get(name: string): string | undefined {
    return this.byName.get(name)?.code;
  }

  forEach(visit: (name: string, code: string) => void): void {
    for (const [name, { code }] of this.byName) visit(name, code);
  }

  /** Returns the source it had; undefined: there was no such library. */
  put(name: string, code: string): string | undefined {
    const old = this.byName.get(name);
    if (old !== undefined) this.count(name, old, -1);
    const library = { code, hash: libraryHash(name, code) };
    this.byName.set(name, library);
    this.count(name, library, 1);
    return old?.code;
  }

  /** It is there. Returns its source. */
  remove(name: string): string {
    const old = this.byName.get(name);
    assert(old !== undefined, "a removed library is there");
    this.byName.delete(name);
    this.count(name, old, -1);
    return old.code;
  }

  private count(name: string, { code, hash }: Library, sign: 1 | -1): void {
    this.a = (this.a + sign * hash[0]) | 0;
    this.b = (this.b + sign * hash[1]) | 0;
    this.codeBytes += sign * code.length;
    this.memoryBytes +=
      sign * (ENTRY_BYTES + LIBRARY_BYTES + latin1Bytes(name) + latin1Bytes(code));
  }
}
