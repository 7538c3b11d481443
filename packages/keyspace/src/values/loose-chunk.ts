/**
 * Elements in an array: the quick form. Small lists are one such chunk, the ends of large ones are, and
 * so is every chunk with a Blob or with few, long texts, which packing would not make smaller.
 */

import { assert } from "../assert.js";
import type { StringValue } from "../value.js";
import {
  type Direction,
  type ElementVisitor,
  equalElements,
  type IndexVisitor,
  packedLength,
} from "./element-sequence.js";
import { ListChunk } from "./list-chunk.js";

export class LooseChunk extends ListChunk {
  private items: StringValue[];

  private constructor(items: StringValue[]) {
    super();
    this.items = items;
  }

  static empty(): LooseChunk {
    return new LooseChunk([]);
  }

  /** Takes over the array. */
  static of(items: StringValue[]): LooseChunk {
    const chunk = new LooseChunk(items);
    for (let i = 0; i < items.length; i++) {
      chunk.countIn(items[i]!);
    }
    return chunk;
  }

  override get(index: number): StringValue {
    return this.items[index]!;
  }

  override set(index: number, value: StringValue): StringValue {
    const old = this.items[index]!;
    this.items[index] = value;
    this.countOut(old);
    this.countIn(value);
    return old;
  }

  override insert(index: number, value: StringValue): void {
    const { items } = this;
    if (items.length === 0) {
      // A literal has room for one element, an array that grows for 17 at once.
      this.items = [value];
    } else if (index === items.length) {
      items.push(value);
    } else if (index === 0) {
      items.unshift(value);
    } else {
      items.splice(index, 0, value);
    }
    this.countIn(value);
  }

  override remove(index: number): StringValue {
    const { items } = this;
    const value = items[index]!;
    if (index === items.length - 1) {
      items.pop();
    } else if (index === 0) {
      items.shift();
    } else {
      items.splice(index, 1);
    }
    this.countOut(value);
    return value;
  }

  override splitAt(index: number): LooseChunk {
    return this.takeRange(index, this.count - index);
  }

  takeRange(index: number, count: number): LooseChunk {
    const taken = LooseChunk.of(this.items.splice(index, count));
    this.subtractSums(taken);
    return taken;
  }

  /** `other` is not used any more. */
  putRange(index: number, other: LooseChunk): void {
    const { items } = this;
    if (index === 0) {
      this.items = other.items.concat(items);
    } else if (index === items.length) {
      for (const item of other.items) {
        items.push(item);
      }
    } else {
      this.items = items.slice(0, index).concat(other.items, items.slice(index));
    }
    this.addSums(other);
  }

  override indexAtBytes(bytes: number): number {
    const { items } = this;
    let rest = bytes;
    let i = 0;
    for (; i < items.length; i++) {
      rest -= packedLength(items[i]!);
      if (rest < 0) {
        break;
      }
    }
    return Math.max(1, i);
  }

  override visit(
    index: number,
    direction: Direction,
    base: number,
    visit: ElementVisitor,
  ): boolean {
    const { items } = this;
    for (let i = index; i >= 0 && i < items.length; i += direction) {
      if (!visit(items[i]!, base + i)) {
        return false;
      }
    }
    return true;
  }

  override visitEqual(
    wanted: StringValue,
    index: number,
    direction: Direction,
    base: number,
    _last: number,
    visit: IndexVisitor,
  ): boolean {
    const { items } = this;
    for (let i = index; i >= 0 && i < items.length; i += direction) {
      if (equalElements(items[i]!, wanted) && !visit(base + i)) {
        return false;
      }
    }
    return true;
  }

  override clone(): LooseChunk {
    const copy = new LooseChunk(this.items.slice());
    copy.addSums(this);
    return copy;
  }

  override check(): void {
    assert(
      this.sameSums(LooseChunk.of(this.items)),
      "a loose chunk's sums are those of its elements",
    );
  }
}
