/**
 * A few short elements without an object for each: names, or names with values, packed into flat latin1
 * strings ("pages"). A set of eight members is one string, not eight, for the heap and for its collector.
 *
 *   pages   [ "\x01a\x03one\x02bb\x03two", ... ]     length, name(, length, value) one after another
 *
 * A name's hash chooses its page; there are as many pages, a power of two, as keep them short on average.
 * A lookup walks over one page, a change writes one anew. Names chosen to share a page make both slower,
 * within the bounds that the owner keeps: short texts, a few hundred elements.
 *
 * The order of elements has no meaning; one that is removed and comes back, by undo too, may have another
 * place. memoryBytes depends on the content alone.
 */

import { Buffer } from "node:buffer";
import { assert } from "../assert.js";
import {
  PACKED_BYTES_MAX,
  PACKED_PAGE_BYTES_MAX,
  PACKED_SLICE_COPIED_BYTES_MAX,
  PACKED_TEXT_BYTES_MAX,
} from "../constants.js";
import { latin1Slice, latin1Write } from "../latin1.js";
import { PACKED_ELEMENTS_BYTES, PACKED_PAGE_BYTES } from "../memory.js";
import type { StringValue } from "../value.js";
import { nameHash } from "./name-hash.js";

/** 1: names only, every value is "". 2: names with values. */
export type Columns = 1 | 2;

/** Holds one page between two lines of the same function: visitors never run meanwhile. */
const scratch = Buffer.allocUnsafeSlow(PACKED_BYTES_MAX);

export class PackedElements {
  readonly columns: Columns;
  private entries = 0;
  /** Characters of all pages. */
  private bytes = 0;
  private pages: string[] = [""];

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
    return findInPage(this.pages[this.pageOf(name)]!, this.columns, name) >= 0;
  }

  /** A fresh flat string. */
  get(name: string): string | undefined {
    const page = this.pages[this.pageOf(name)]!;
    const at = findInPage(page, this.columns, name);
    return at < 0 ? undefined : this.valueAt(page, at);
  }

  /** Replaces the value if the name is there; returns the old value. */
  replace(name: string, value: string): string | undefined {
    const pageIndex = this.pageOf(name);
    const page = this.pages[pageIndex]!;
    const at = findInPage(page, this.columns, name);
    if (at < 0) {
      return undefined;
    }
    const old = this.valueAt(page, at);
    if (old !== value) {
      const growth = value.length - old.length;
      const valueAt = at + 1 + name.length;
      const restAt = valueAt + 1 + old.length;
      this.beginPage(page, growth);
      scratch.copyWithin(restAt + growth, restAt, page.length);
      writeText(valueAt, value);
      this.endPage(pageIndex, page, growth);
    }
    return old;
  }

  /** The name is not there. */
  insert(name: string, value: string): void {
    const pageIndex = this.pageOf(name);
    const page = this.pages[pageIndex]!;
    const growth = 1 + name.length + (this.columns === 1 ? 0 : 1 + value.length);
    this.beginPage(page, growth);
    writeText(page.length, name);
    if (this.columns === 2) {
      writeText(page.length + 1 + name.length, value);
    }
    this.entries++;
    this.endPage(pageIndex, page, growth);
  }

  /** Returns the removed value. */
  delete(name: string): string | undefined {
    const pageIndex = this.pageOf(name);
    const page = this.pages[pageIndex]!;
    const at = findInPage(page, this.columns, name);
    if (at < 0) {
      return undefined;
    }
    const old = this.valueAt(page, at);
    const end = entryEnd(page, at, this.columns);
    this.beginPage(page, 0);
    scratch.copyWithin(at, end, page.length);
    this.entries--;
    this.endPage(pageIndex, page, at - end);
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
    this.pages.forEach((page, pageIndex) => {
      let at = 0;
      while (at < page.length) {
        const name = textAt(page, at);
        assert(this.pageOf(name) === pageIndex, "a name is in its page");
        names.add(name);
        entries++;
        at = entryEnd(page, at, this.columns);
      }
      assert(at === page.length, "a page ends with an element");
      bytes += page.length;
    });
    assert(bytes <= this.pages.length * PACKED_PAGE_BYTES_MAX, "pages are short on average");
    assert(entries === this.entries, "there are as many elements as the size says");
    assert(names.size === entries, "every name is there once");
    assert(bytes === this.bytes, "the pages have as many characters as they say");
  }

  private pageOf(name: string): number {
    const { length } = this.pages;
    return length === 1 ? 0 : nameHash(name) & (length - 1);
  }

  private valueAt(page: string, at: number): string {
    return this.columns === 1 ? "" : textAt(page, textEnd(page, at));
  }

  private beginPage(page: string, growth: number): void {
    assert(page.length + growth <= PACKED_BYTES_MAX, "a page has a bounded length");
    latin1Write(scratch, page, 0);
  }

  private endPage(pageIndex: number, page: string, growth: number): void {
    this.pages[pageIndex] = latin1Slice(scratch, 0, page.length + growth);
    this.bytes += growth;
    if (this.bytes > this.pages.length * PACKED_PAGE_BYTES_MAX) {
      this.doublePages();
    }
  }

  /** Each page keeps some elements and gives the others to one new page. Pages never become fewer. */
  private doublePages(): void {
    const pages = this.pages.slice();
    const { length } = pages;
    for (let i = 0; i < length; i++) {
      const page = pages[i]!;
      let kept = "";
      let given = "";
      let end = 0;
      for (let at = 0; at < page.length; at = end) {
        end = entryEnd(page, at, this.columns);
        if ((nameHash(textAt(page, at)) & length) === 0) {
          kept += page.substring(at, end);
        } else {
          given += page.substring(at, end);
        }
      }
      pages[i] = flat(kept);
      pages.push(flat(given));
    }
    this.pages = pages.slice();
  }
}

/** Offset of the element with this name, or -1. Names of one collection mostly differ at their ends. */
function findInPage(page: string, columns: Columns, name: string): number {
  const { length } = name;
  const lastCode = length === 0 ? 0 : name.charCodeAt(length - 1);
  const end = page.length;
  let at = 0;
  while (at < end) {
    const textLength = page.charCodeAt(at);
    if (textLength === length && (length === 0 || page.charCodeAt(at + length) === lastCode)) {
      if (isTextAt(page, at + 1, name)) {
        return at;
      }
    }
    at += 1 + textLength;
    if (columns === 2) {
      at += 1 + page.charCodeAt(at);
    }
  }
  return -1;
}

function isTextAt(page: string, start: number, text: string): boolean {
  for (let i = text.length - 2; i >= 0; i--) {
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
  return slice.length <= PACKED_SLICE_COPIED_BYTES_MAX ? slice : flat(slice);
}

function flat(text: string): string {
  latin1Write(scratch, text, 0);
  return latin1Slice(scratch, 0, text.length);
}

function writeText(at: number, text: string): void {
  assert(text.length <= PACKED_TEXT_BYTES_MAX, "a packed text is short");
  scratch[at] = text.length;
  latin1Write(scratch, text, at + 1);
}
