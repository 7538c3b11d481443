/**
 * A few short elements without an object for each: names, or names with values, packed into flat latin1
 * strings ("pages"). A set of eight members is one string, not eight, for the heap and for its collector.
 *
 *   pages   [ "\x01a\x03one\x02bb\x03two", ... ]     length, name(, length, value) one after another
 *
 * A lookup walks over the lengths; a change writes one page anew. Both are bounded by what the owner lets
 * in: texts of PACKED_TEXT_BYTES_MAX and a few hundred elements. An element that is removed and comes
 * back, by undo too, may have another place; memoryBytes depends on the content alone.
 */

import { Buffer } from "node:buffer";
import { assert } from "../assert.js";
import {
  PACKED_PAGE_BYTES_MAX,
  PACKED_SLICE_COPIED_BYTES_MAX,
  PACKED_TEXT_BYTES_MAX,
} from "../constants.js";
import { latin1Slice, latin1Write } from "../latin1.js";
import { PACKED_ELEMENTS_BYTES, PACKED_PAGE_BYTES } from "../memory.js";
import type { StringValue } from "../value.js";

/** 1: names only, every value is "". 2: names with values. */
export type Columns = 1 | 2;

/** Holds one page between two lines of the same function: visitors never run meanwhile. */
const scratch = Buffer.allocUnsafeSlow(PACKED_PAGE_BYTES_MAX);

/** Where the last successful `find` was: no object per lookup. */
let foundPage = 0;
let foundAt = 0;

export class PackedElements {
  readonly columns: Columns;
  private entries = 0;
  /** Characters of all pages. */
  private bytes = 0;
  private pages: string[] = [];

  constructor(columns: Columns) {
    this.columns = columns;
  }

  /** Whether a name or value is short enough. */
  static fits(text: StringValue): text is string {
    return typeof text === "string" && text.length <= PACKED_TEXT_BYTES_MAX;
  }

  get size(): number {
    return this.entries;
  }

  get memoryBytes(): number {
    const pages = Math.ceil(this.bytes / PACKED_PAGE_BYTES_MAX);
    return PACKED_ELEMENTS_BYTES + pages * PACKED_PAGE_BYTES + this.bytes;
  }

  has(name: string): boolean {
    return this.find(name);
  }

  /** A fresh flat string. */
  get(name: string): string | undefined {
    return this.find(name) ? this.valueAt(this.pages[foundPage]!, foundAt) : undefined;
  }

  /** Inserts or replaces; returns the old value. */
  set(name: string, value: string): string | undefined {
    if (!this.find(name)) {
      this.append(name, value);
      return undefined;
    }
    const pageIndex = foundPage;
    const page = this.pages[pageIndex]!;
    const at = foundAt;
    const old = this.valueAt(page, at);
    if (old === value) {
      return old;
    }
    const growth = value.length - old.length;
    if (page.length + growth > PACKED_PAGE_BYTES_MAX) {
      this.removeEntry(pageIndex, at);
      this.append(name, value);
      return old;
    }
    const valueAt = at + 1 + name.length;
    latin1Write(scratch, page, 0);
    if (growth !== 0) {
      const restAt = valueAt + 1 + old.length;
      scratch.copyWithin(restAt + growth, restAt, page.length);
    }
    writeText(valueAt, value);
    this.pages[pageIndex] = latin1Slice(scratch, 0, page.length + growth);
    this.bytes += growth;
    return old;
  }

  /** Returns the removed value. */
  delete(name: string): string | undefined {
    if (!this.find(name)) {
      return undefined;
    }
    const old = this.valueAt(this.pages[foundPage]!, foundAt);
    this.removeEntry(foundPage, foundAt);
    return old;
  }

  /** The name with `rank` others before it, in no meaningful order. */
  nameAtRank(rank: number): string {
    let rest = rank;
    for (const page of this.pages) {
      for (let at = 0; at < page.length; at = entryEnd(page, at, this.columns)) {
        if (rest === 0) {
          return textAt(page, at);
        }
        rest--;
      }
    }
    assert(false, "a rank is below the size");
  }

  /** Visits all: there are few, and no cursor of this form is ever given out. */
  scan(_cursor: number, _count: number, visit: (name: string, value: string) => void): number {
    this.forEach(visit);
    return 0;
  }

  /** In no meaningful order. The elements must not change meanwhile. */
  forEach(visit: (name: string, value: string) => void): void {
    for (const page of this.pages) {
      for (let at = 0; at < page.length; at = entryEnd(page, at, this.columns)) {
        visit(textAt(page, at), this.valueAt(page, at));
      }
    }
  }

  /** Visits names until `visit` returns false; returns whether all were visited. */
  everyName(visit: (name: string) => boolean): boolean {
    for (const page of this.pages) {
      for (let at = 0; at < page.length; at = entryEnd(page, at, this.columns)) {
        if (!visit(textAt(page, at))) {
          return false;
        }
      }
    }
    return true;
  }

  /** Pages are shared: strings never change. */
  clone(): PackedElements {
    const copy = new PackedElements(this.columns);
    copy.entries = this.entries;
    copy.bytes = this.bytes;
    copy.pages = this.pages.slice();
    return copy;
  }

  /** For tests: every invariant. */
  check(): void {
    let entries = 0;
    let bytes = 0;
    const names = new Set<string>();
    for (const page of this.pages) {
      assert(page.length > 0 && page.length <= PACKED_PAGE_BYTES_MAX, "a page's length");
      let at = 0;
      while (at < page.length) {
        names.add(textAt(page, at));
        entries++;
        at = entryEnd(page, at, this.columns);
      }
      assert(at === page.length, "a page ends with an element");
      bytes += page.length;
    }
    assert(entries === this.entries, "there are as many elements as the size says");
    assert(names.size === entries, "every name is there once");
    assert(bytes === this.bytes, "the pages have as many characters as they say");
  }

  private find(name: string): boolean {
    const { pages, columns } = this;
    for (let i = 0; i < pages.length; i++) {
      const at = findInPage(pages[i]!, columns, name);
      if (at >= 0) {
        foundPage = i;
        foundAt = at;
        return true;
      }
    }
    return false;
  }

  private valueAt(page: string, at: number): string {
    return this.columns === 1 ? "" : textAt(page, textEnd(page, at));
  }

  /** Into the first page with room, so that removals leave no pages nearly empty for long. */
  private append(name: string, value: string): void {
    assert(PackedElements.fits(name) && PackedElements.fits(value), "a packed text is short");
    const { pages } = this;
    const growth = 1 + name.length + (this.columns === 1 ? 0 : 1 + value.length);
    let i = 0;
    while (i < pages.length && pages[i]!.length + growth > PACKED_PAGE_BYTES_MAX) {
      i++;
    }
    const page = i < pages.length ? pages[i]! : "";
    latin1Write(scratch, page, 0);
    writeText(page.length, name);
    if (this.columns === 2) {
      writeText(page.length + 1 + name.length, value);
    }
    const written = latin1Slice(scratch, 0, page.length + growth);
    if (pages.length === 0) {
      // A literal has one place, an array that grows by push seventeen.
      this.pages = [written];
    } else {
      pages[i] = written;
    }
    this.entries++;
    this.bytes += growth;
  }

  private removeEntry(pageIndex: number, at: number): void {
    const page = this.pages[pageIndex]!;
    const end = entryEnd(page, at, this.columns);
    const rest = page.length - (end - at);
    if (rest === 0) {
      this.pages.splice(pageIndex, 1);
    } else {
      latin1Write(scratch, page, 0);
      scratch.copyWithin(at, end, page.length);
      this.pages[pageIndex] = latin1Slice(scratch, 0, rest);
    }
    this.entries--;
    this.bytes -= end - at;
  }
}

/** Offset of the element with this name, or -1. */
function findInPage(page: string, columns: Columns, name: string): number {
  const { length } = name;
  let at = 0;
  while (at < page.length) {
    const textLength = page.charCodeAt(at);
    if (textLength === length && isTextAt(page, at + 1, name)) {
      return at;
    }
    at += 1 + textLength;
    if (columns === 2) {
      at += 1 + page.charCodeAt(at);
    }
  }
  return -1;
}

/** Backward: names of one collection mostly differ at their ends. */
function isTextAt(page: string, start: number, text: string): boolean {
  for (let i = text.length - 1; i >= 0; i--) {
    if (page.charCodeAt(start + i) !== text.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}

function textEnd(page: string, at: number): number {
  return at + 1 + page.charCodeAt(at);
}

function entryEnd(page: string, at: number, columns: Columns): number {
  const end = textEnd(page, at);
  return columns === 1 ? end : textEnd(page, end);
}

/** Flat: a longer slice would point into the page and keep it alive. */
function textAt(page: string, at: number): string {
  const end = textEnd(page, at);
  const slice = page.substring(at + 1, end);
  if (slice.length <= PACKED_SLICE_COPIED_BYTES_MAX) {
    return slice;
  }
  latin1Write(scratch, slice, 0);
  return latin1Slice(scratch, 0, slice.length);
}

function writeText(at: number, text: string): void {
  scratch[at] = text.length;
  latin1Write(scratch, text, at + 1);
}
