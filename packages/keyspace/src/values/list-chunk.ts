/** A piece of a list that is changed as a whole: bounded in elements and bytes, in one of two forms. */

import type { StringValue } from "../value.js";
import { ElementSequence } from "./element-sequence.js";

export abstract class ListChunk extends ElementSequence {
  /** More than one list may hold this chunk: it is copied before a change, and never changes again. */
  shared = false;

  /** Keeps the first `index` elements, returns the others. */
  abstract splitAt(index: number): ListChunk;
  /** Index of the first element that is not within the first `bytes` packed bytes; at least 1. */
  abstract indexAtBytes(bytes: number): number;
  abstract override clone(): ListChunk;
  /** For tests. */
  abstract check(): void;

  /** A new array. */
  elements(): StringValue[] {
    const elements: StringValue[] = [];
    this.visit(0, 1, 0, (value) => {
      elements.push(value);
      return true;
    });
    return elements;
  }
}
