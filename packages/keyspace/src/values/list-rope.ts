/**
 * The form of a large list: elements by index in blocks of chunks.
 *
 *   blocks   [ block           ] [ block           ] ...      each with its count of elements
 *   chunks   [loose][packed]...  [packed] ... [loose]
 *
 * The ends give and take in a loose chunk, which is packed when the next one is opened. An element is
 * found by walking blocks, chunks and the chunk, each from the nearer side. Ranges move as whole blocks:
 * a cut splits one chunk and one block. list-chunks.ts keeps the sizes in their limits.
 */

import { assert } from "../assert.js";
import type { StringValue } from "../value.js";
import {
  type Direction,
  ElementSequence,
  type ElementVisitor,
  type IndexVisitor,
  packedLength,
} from "./element-sequence.js";
import { type Place, placeOf, stepBack, stepOn } from "./list-block.js";
import type { ListChunk } from "./list-chunk.js";
import { ListChunks } from "./list-chunks.js";
import type { ListLimits } from "./list-limits.js";
import { LooseChunk } from "./loose-chunk.js";

export class ListRope extends ElementSequence {
  private readonly chunks: ListChunks;

  private constructor(chunks: ListChunks) {
    super();
    this.chunks = chunks;
  }

  /** `chunk` is not used any more. It may exceed the limits of a chunk. */
  static of(chunk: LooseChunk, limits: ListLimits): ListRope {
    const { count } = chunk;
    const rope = new ListRope(ListChunks.of(chunk, limits));
    rope.countChunksIn();
    assert(rope.count === count, "a rope has the elements it was made of");
    return rope;
  }

  override get(index: number): StringValue {
    const place = this.placeOf(index);
    return this.chunks.at(place).get(place.offset);
  }

  override set(index: number, value: StringValue): StringValue {
    const { chunks } = this;
    const place = this.placeOf(index);
    const chunk = chunks.writable(place, value);
    const old = chunk.set(place.offset, value);
    this.countOut(old);
    this.countIn(value);
    if (chunks.exceeds(chunk)) {
      chunks.halve(place);
    } else if (packedLength(value) < packedLength(old) || typeof old !== "string") {
      stepBack(chunks.blocks, place);
      chunks.heal(place, 2);
    }
    return old;
  }

  override insert(index: number, value: StringValue): void {
    const { chunks } = this;
    if (index === this.count) {
      const place = chunks.tailPlace(value);
      const chunk = chunks.writable(place, value);
      chunk.insert(chunk.count, value);
      chunks.blocks[place.block]!.count++;
    } else if (index === 0) {
      chunks.writable(chunks.headPlace(value), value).insert(0, value);
      chunks.blocks[0]!.count++;
    } else {
      const place = this.placeOf(index);
      const chunk = chunks.writable(place, value);
      chunk.insert(place.offset, value);
      chunks.blocks[place.block]!.count++;
      if (chunks.exceeds(chunk)) {
        chunks.halve(place);
      } else {
        chunks.settle(place);
      }
    }
    this.countIn(value);
  }

  override remove(index: number): StringValue {
    const { chunks } = this;
    const place = this.placeOf(index);
    const chunk = chunks.writable(place, "");
    const value = chunk.remove(place.offset);
    chunks.blocks[place.block]!.count--;
    this.countOut(value);
    if (chunk.count === 0) {
      chunks.dropChunk(place);
    }
    if (index !== 0 && index !== this.count) {
      stepBack(chunks.blocks, place);
      chunks.heal(place, 2);
    }
    return value;
  }

  /** Detaches `count` elements from `index` on. */
  takeRange(index: number, count: number): ListRope {
    const { chunks } = this;
    const from = chunks.cut(index, this.count);
    const end = chunks.cut(index + count, this.count);
    const taken = new ListRope(new ListChunks(chunks.limits));
    taken.chunks.blocks = chunks.blocks.splice(from, end - from);
    taken.countChunksIn();
    this.subtractSums(taken);
    chunks.healSeam(index, this.count);
    return taken;
  }

  /** `piece` is not used any more. */
  putRange(index: number, piece: ListRope): void {
    const { chunks } = this;
    const at = chunks.cut(index, this.count);
    const { blocks } = chunks;
    chunks.blocks = blocks.slice(0, at).concat(piece.chunks.blocks, blocks.slice(at));
    this.addSums(piece);
    chunks.healSeam(index + piece.count, this.count);
    chunks.healSeam(index, this.count);
  }

  override visit(
    index: number,
    direction: Direction,
    base: number,
    visit: ElementVisitor,
  ): boolean {
    return this.someChunk(index, direction, base, (chunk, offset, chunkBase) =>
      chunk.visit(offset, direction, chunkBase, visit),
    );
  }

  override visitEqual(
    wanted: StringValue,
    index: number,
    direction: Direction,
    base: number,
    last: number,
    visit: IndexVisitor,
  ): boolean {
    return this.someChunk(index, direction, base, (chunk, offset, chunkBase) => {
      const isWanted = (last - chunkBase - offset) * direction >= 0;
      return isWanted && chunk.visitEqual(wanted, offset, direction, chunkBase, last, visit);
    });
  }

  /** All elements in one array. */
  toLoose(): LooseChunk {
    const items: StringValue[] = [];
    this.chunks.forEach((chunk) => {
      items.push(...chunk.elements());
    });
    return LooseChunk.of(items);
  }

  /** Shares every chunk until one of the two changes it. */
  override clone(): ListRope {
    const copy = new ListRope(this.chunks.clone());
    copy.addSums(this);
    return copy;
  }

  /** For tests: every invariant. */
  check(): void {
    this.chunks.check();
    const fresh = new ListRope(this.chunks);
    fresh.countChunksIn();
    assert(this.sameSums(fresh), "the rope's sums are those of its chunks");
  }

  private placeOf(index: number): Place {
    return placeOf(this.chunks.blocks, index, this.count);
  }

  private countChunksIn(): void {
    this.chunks.forEach((chunk) => {
      this.addSums(chunk);
    });
  }

  /** Runs over the chunks until `visit` returns false; `chunkBase` is the index of its first element. */
  private someChunk(
    index: number,
    direction: Direction,
    base: number,
    visit: (chunk: ListChunk, offset: number, chunkBase: number) => boolean,
  ): boolean {
    const { chunks } = this;
    const place = this.placeOf(index);
    const step = direction === 1 ? stepOn : stepBack;
    let { offset } = place;
    let chunkBase = base + index - offset;
    for (;;) {
      const chunk = chunks.at(place);
      if (!visit(chunk, offset, chunkBase)) {
        return false;
      }
      if (!step(chunks.blocks, place)) {
        return true;
      }
      if (direction === 1) {
        chunkBase += chunk.count;
        offset = 0;
      } else {
        const { count } = chunks.at(place);
        chunkBase -= count;
        offset = count - 1;
      }
    }
  }
}
