/**
 * Versions of watched keys. They come from one counter that never goes back, so a key that is changed and
 * changed back (undo included) never shows a version twice. A key nobody watches costs nothing.
 */

import { assert } from "./assert.js";

interface WatchedKey {
  references: number;
  version: number;
}

export class WatchTable {
  private readonly watched = new Map<string, WatchedKey>();
  private lastVersion = 0;

  get size(): number {
    return this.watched.size;
  }

  watch(key: string): number {
    const entry = this.watched.get(key);
    if (entry !== undefined) {
      entry.references++;
      return entry.version;
    }
    const version = ++this.lastVersion;
    this.watched.set(key, { references: 1, version });
    return version;
  }

  unwatch(key: string): void {
    const entry = this.watched.get(key);
    assert(entry !== undefined, "only a watched key is unwatched");
    entry.references--;
    if (entry.references === 0) {
      this.watched.delete(key);
    }
  }

  /** 0: nobody watches the key. */
  version(key: string): number {
    const entry = this.watched.get(key);
    return entry === undefined ? 0 : entry.version;
  }

  raise(key: string): void {
    const entry = this.watched.get(key);
    if (entry !== undefined) {
      entry.version = ++this.lastVersion;
    }
  }

  raiseWhere(changed: (key: string) => boolean): void {
    for (const [key, entry] of this.watched) {
      if (changed(key)) {
        entry.version = ++this.lastVersion;
      }
    }
  }
}
