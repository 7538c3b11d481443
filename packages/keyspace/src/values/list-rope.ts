/**
 * The form of a large list: blocks of chunks of elements.
 *
 *   blocks   [ block           ] [ block           ] ...      each with its count of elements
 *   chunks   [loose][packed]...  [packed] ... [loose]
 *
 * The ends give and take in a loose chunk, which is packed when the next one is opened. An element is
 * found by walking blocks, chunks and the chunk, each from the nearer side. Ranges move as whole blocks:
 * a cut splits one chunk and one block.
 *
 * Two neighbour chunks hold more than half of a chunk's limit together, or they become one; so do blocks.
 * Only the first and the last may be emptier.
 */

import { assert } from "../assert.js";
import type { StringValue } from "../value.js";
import {
  type Direction,
  ElementSequence,
  type ElementVisitor,
  type IndexVisitor,
  packedSize,
} from "./element-sequence.js";
import {
  joinBlocks,
  ListBlock,
  type Place,
  placeOf,
  splitBlock,
  stepBack,
  stepOn,
} from "./list-block.js";
import type { ListChunk } from "./list-chunk.js";
import type { ListLimits } from "./list-limits.js";
import { LooseChunk } from "./loose-chunk.js";
import { PackedChunk } from "./packed-chunk.js";

export class ListRope extends ElementSequence {
  private readonly limits: ListLimits;
  private blocks: ListBlock[] = [];

  constructor(limits: ListLimits) {
    super();
    this.limits = limits;
  }

  /** `chunk` is not used any more. It may exceed the limits of a chunk. */
  static of(chunk: LooseChunk, limits: ListLimits): ListRope {
    const rope = new ListRope(limits);
    rope.addSums(chunk);
    const chunks: ListChunk[] = [];
    let rest: ListChunk = chunk;
    while (rope.exceeds(rest)) {
      const at = Math.min(limits.chunkElementsMax, rest.indexAtBytes(limits.chunkBytesMax));
      const right = rest.splitAt(at);
      chunks.push(rest);
      rest = right;
    }
    chunks.push(rest);
    const edge = chunks.length - 1;
    const settled = chunks.map((c, i) => (i > 0 && i < edge && rope.isPackable(c) ? packed(c) : c));
    for (let from = 0; from < settled.length; from += limits.blockChunksMax) {
      rope.blocks.push(new ListBlock(settled.slice(from, from + limits.blockChunksMax)));
    }
    return rope;
  }

  override get(index: number): StringValue {
    const { block, chunk, offset } = placeOf(this.blocks, index, this.count);
    return this.blocks[block]!.chunks[chunk]!.get(offset);
  }

  override set(index: number, value: StringValue): StringValue {
    const place = placeOf(this.blocks, index, this.count);
    const chunk = this.writable(place, value);
    const old = chunk.set(place.offset, value);
    this.countOut(old);
    this.countIn(value);
    if (this.exceeds(chunk)) {
      this.halve(place);
    } else if (packedLength(value) < packedLength(old) || typeof old !== "string") {
      stepBack(this.blocks, place);
      this.heal(place, 2);
    }
    return old;
  }

  override insert(index: number, value: StringValue): void {
    if (index === this.count) {
      this.insertAtTail(value);
    } else if (index === 0) {
      this.insertAtHead(value);
    } else {
      const place = placeOf(this.blocks, index, this.count);
      const chunk = this.writable(place, value);
      chunk.insert(place.offset, value);
      this.blocks[place.block]!.count++;
      if (this.exceeds(chunk)) {
        this.halve(place);
      } else {
        this.settle(place);
      }
    }
    this.countIn(value);
  }

  override remove(index: number): StringValue {
    const place = placeOf(this.blocks, index, this.count);
    const chunk = this.writable(place, "");
    const value = chunk.remove(place.offset);
    this.blocks[place.block]!.count--;
    this.countOut(value);
    if (chunk.count === 0) {
      this.dropChunk(place);
    }
    if (index !== 0 && index !== this.count) {
      stepBack(this.blocks, place);
      this.heal(place, 2);
    }
    return value;
  }

  /** Detaches `count` elements from `index` on. */
  takeRange(index: number, count: number): ListRope {
    const from = this.cut(index);
    const end = this.cut(index + count);
    const taken = new ListRope(this.limits);
    taken.blocks = this.blocks.splice(from, end - from);
    for (const block of taken.blocks) {
      for (const chunk of block.chunks) {
        taken.addSums(chunk);
      }
    }
    this.subtractSums(taken);
    this.healSeam(index);
    return taken;
  }

  /** `piece` is not used any more. */
  putRange(index: number, piece: ListRope): void {
    const at = this.cut(index);
    this.blocks = this.blocks.slice(0, at).concat(piece.blocks, this.blocks.slice(at));
    this.addSums(piece);
    this.healSeam(index + piece.count);
    this.healSeam(index);
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
    visit: IndexVisitor,
  ): boolean {
    return this.someChunk(index, direction, base, (chunk, offset, chunkBase) =>
      chunk.visitEqual(wanted, offset, direction, chunkBase, visit),
    );
  }

  /** All elements in one array. */
  toLoose(): LooseChunk {
    const items: StringValue[] = [];
    for (const block of this.blocks) {
      for (const chunk of block.chunks) {
        appendElements(items, chunk);
      }
    }
    return LooseChunk.of(items);
  }

  /** Shares every chunk until one of the two changes it. */
  override clone(): ListRope {
    const copy = new ListRope(this.limits);
    copy.addSums(this);
    for (const block of this.blocks) {
      for (const chunk of block.chunks) {
        chunk.shared = true;
      }
      copy.blocks.push(new ListBlock(block.chunks.slice()));
    }
    return copy;
  }

  /** For tests: every invariant. */
  check(): void {
    const { chunkElementsMax, chunkBytesMax, blockChunksMax } = this.limits;
    const sums = new ListRope(this.limits);
    const chunks: ListChunk[] = [];
    for (const [i, block] of this.blocks.entries()) {
      assert(block.count === new ListBlock(block.chunks).count, "a block's count is its chunks'");
      assert(block.chunks.length > 0, "a block has a chunk");
      assert(block.chunks.length <= blockChunksMax, "a block keeps its limit");
      const nextChunks = this.blocks[i + 1]?.chunks.length ?? 0;
      const inner = i > 0 && i + 2 < this.blocks.length;
      assert(
        !inner || (block.chunks.length + nextChunks) * 2 > blockChunksMax,
        "two inner blocks are half full together",
      );
      chunks.push(...block.chunks);
    }
    for (const [i, chunk] of chunks.entries()) {
      chunk.check();
      sums.addSums(chunk);
      assert(chunk.count > 0, "a chunk has an element");
      assert(chunk.count <= chunkElementsMax, "a chunk keeps its limit of elements");
      assert(
        chunk.count === 1 || chunk.packedBytes <= chunkBytesMax,
        "a chunk keeps its bytes' limit",
      );
      const inner = i > 0 && i + 2 < chunks.length;
      assert(!inner || !this.fitTogether(chunk, chunks[i + 1]!), "two inner chunks are half full");
      const end = i === 0 || i === chunks.length - 1;
      assert(end || !this.isPackable(chunk), "an inner chunk is packed");
    }
    assert(this.sameSums(sums), "the rope's sums are those of its chunks");
  }

  private insertAtTail(value: StringValue): void {
    const { blocks } = this;
    if (blocks.length === 0) {
      blocks.push(new ListBlock([LooseChunk.empty()]));
    }
    const place = { block: blocks.length - 1, chunk: 0, offset: 0 };
    place.chunk = blocks[place.block]!.chunks.length - 1;
    if (!this.hasRoom(place, value)) {
      const full = { ...place };
      if (place.chunk + 1 < this.limits.blockChunksMax) {
        blocks[place.block]!.chunks.push(LooseChunk.empty());
        place.chunk++;
      } else {
        blocks.push(new ListBlock([LooseChunk.empty()]));
        place.block++;
        place.chunk = 0;
      }
      this.settle(full);
    }
    const chunk = this.writable(place, value);
    chunk.insert(chunk.count, value);
    blocks[place.block]!.count++;
  }

  private insertAtHead(value: StringValue): void {
    const { blocks } = this;
    const place = { block: 0, chunk: 0, offset: 0 };
    if (!this.hasRoom(place, value)) {
      const full = { block: 0, chunk: 1, offset: 0 };
      if (blocks[0]!.chunks.length < this.limits.blockChunksMax) {
        blocks[0]!.chunks.unshift(LooseChunk.empty());
      } else {
        blocks.unshift(new ListBlock([LooseChunk.empty()]));
        full.block = 1;
        full.chunk = 0;
      }
      this.settle(full);
    }
    this.writable(place, value).insert(0, value);
    blocks[0]!.count++;
  }

  private hasRoom(place: Place, value: StringValue): boolean {
    const { count, packedBytes } = this.chunkAt(place);
    return (
      count === 0 ||
      (count < this.limits.chunkElementsMax &&
        packedBytes + packedLength(value) <= this.limits.chunkBytesMax)
    );
  }

  private exceeds(chunk: ListChunk): boolean {
    const { chunkElementsMax, chunkBytesMax } = this.limits;
    return chunk.count > 1 && (chunk.count > chunkElementsMax || chunk.packedBytes > chunkBytesMax);
  }

  private fitTogether(left: ListChunk, right: ListChunk): boolean {
    return (
      (left.count + right.count) * 2 <= this.limits.chunkElementsMax &&
      (left.packedBytes + right.packedBytes) * 2 <= this.limits.chunkBytesMax
    );
  }

  private chunkAt(place: Place): ListChunk {
    return this.blocks[place.block]!.chunks[place.chunk]!;
  }

  private replaceChunk(place: Place, chunk: ListChunk): void {
    this.blocks[place.block]!.chunks[place.chunk] = chunk;
  }

  /** The chunk in a form that takes `value`, of this list alone. */
  private writable(place: Place, value: StringValue): ListChunk {
    const chunk = this.chunkAt(place);
    const tooNarrow = typeof value !== "string" && chunk instanceof PackedChunk;
    if (!chunk.shared && !tooNarrow) {
      return chunk;
    }
    const own = tooNarrow ? LooseChunk.of(elementsOf(chunk)) : chunk.clone();
    this.replaceChunk(place, own);
    return own;
  }

  /** Packs the chunk if it is an inner one and if that makes it smaller. */
  private settle(place: Place): void {
    const { blocks } = this;
    const chunk = this.chunkAt(place);
    const last = blocks.length - 1;
    const first = place.block === 0 && place.chunk === 0;
    if (
      this.isPackable(chunk) &&
      !first &&
      (place.block < last || place.chunk < blocks[last]!.chunks.length - 1)
    ) {
      this.replaceChunk(place, packed(chunk));
    }
  }

  private isPackable(chunk: ListChunk): boolean {
    return (
      chunk instanceof LooseChunk &&
      chunk.blobBytes === 0 &&
      chunk.count >= this.limits.packElementsMin
    );
  }

  /** Splits a chunk that exceeds the limits, and its block if need be. */
  private halve(place: Place): void {
    const { limits } = this;
    const chunk = this.chunkAt(place);
    const at =
      chunk.packedBytes > limits.chunkBytesMax
        ? chunk.indexAtBytes(chunk.packedBytes >> 1)
        : chunk.count >> 1;
    const right = chunk.splitAt(at);
    const { chunks } = this.blocks[place.block]!;
    chunks.splice(place.chunk + 1, 0, right);
    if (chunks.length > limits.blockChunksMax) {
      const middle = chunks.length >> 1;
      splitBlock(this.blocks, place.block, middle);
      if (place.chunk >= middle) {
        place.block++;
        place.chunk -= middle;
      }
    }
    stepBack(this.blocks, place);
    this.heal(place, 3);
  }

  /** Removes an empty chunk. The place becomes the chunk before, or else the one behind. */
  private dropChunk(place: Place): void {
    const { blocks } = this;
    const { chunks } = blocks[place.block]!;
    takeOut(chunks, place.chunk);
    if (chunks.length === 0) {
      takeOut(blocks, place.block);
      place.chunk = 0;
    }
    stepBack(blocks, place);
  }

  /** Makes a block begin with element `index`, which may be the end. Returns the block. */
  private cut(index: number): number {
    const { blocks } = this;
    if (index === this.count) {
      return blocks.length;
    }
    const place = placeOf(blocks, index, this.count);
    if (place.offset > 0) {
      const right = this.writable(place, "").splitAt(place.offset);
      place.chunk++;
      blocks[place.block]!.chunks.splice(place.chunk, 0, right);
    }
    return splitBlock(blocks, place.block, place.chunk);
  }

  /** After a cut before element `index`. */
  private healSeam(index: number): void {
    if (index > 0 && index < this.count) {
      const place = placeOf(this.blocks, index, this.count);
      stepBack(this.blocks, place);
      stepBack(this.blocks, place);
      this.heal(place, 3);
    }
  }

  /** Joins what is too small among the next `pairs` pairs of chunks, then among the blocks around. */
  private heal(place: Place, pairs: number): void {
    const { blocks } = this;
    const from = place.block - 1;
    for (let rest = pairs; rest > 0; rest--) {
      if (!this.joinNext(place)) {
        this.settle(place);
        if (!stepOn(blocks, place)) {
          break;
        }
      }
    }
    this.settle(place);
    // A chunk of the next block may have been joined to this one.
    joinBlocks(blocks, from, place.block + 2, this.limits.blockChunksMax);
  }

  private joinNext(place: Place): boolean {
    const { blocks } = this;
    const next = { ...place };
    if (!stepOn(blocks, next)) {
      return false;
    }
    const left = this.chunkAt(place);
    const right = this.chunkAt(next);
    if (!this.fitTogether(left, right)) {
      return false;
    }
    const elements = elementsOf(left).concat(elementsOf(right));
    const narrow = left.blobBytes === 0 && right.blobBytes === 0;
    const packs = narrow && (left instanceof PackedChunk || right instanceof PackedChunk);
    this.replaceChunk(place, packs ? PackedChunk.of(elements) : LooseChunk.of(elements));
    blocks[next.block]!.count -= right.count;
    blocks[place.block]!.count += right.count;
    blocks[next.block]!.chunks.splice(next.chunk, 1);
    if (blocks[next.block]!.chunks.length === 0) {
      blocks.splice(next.block, 1);
    }
    return true;
  }

  /** Runs over the chunks until `visit` returns false; `chunkBase` is the index of its first element. */
  private someChunk(
    index: number,
    direction: Direction,
    base: number,
    visit: (chunk: ListChunk, offset: number, chunkBase: number) => boolean,
  ): boolean {
    const { blocks } = this;
    const place = placeOf(blocks, index, this.count);
    const step = direction === 1 ? stepOn : stepBack;
    let { offset } = place;
    let chunkBase = base + index - offset;
    for (;;) {
      const chunk = this.chunkAt(place);
      if (!visit(chunk, offset, chunkBase)) {
        return false;
      }
      if (!step(blocks, place)) {
        return true;
      }
      if (direction === 1) {
        chunkBase += chunk.count;
        offset = 0;
      } else {
        const { count } = this.chunkAt(place);
        chunkBase -= count;
        offset = count - 1;
      }
    }
  }
}

/** Mostly at an end, where `splice` would be the dearer way. */
function takeOut(items: unknown[], index: number): void {
  if (index === 0) {
    items.shift();
  } else if (index === items.length - 1) {
    items.pop();
  } else {
    items.splice(index, 1);
  }
}

function packedLength(value: StringValue): number {
  return typeof value === "string" ? packedSize(value.length) : 0;
}

function packed(chunk: ListChunk): PackedChunk {
  return PackedChunk.of(elementsOf(chunk));
}

function elementsOf(chunk: ListChunk): StringValue[] {
  const elements: StringValue[] = [];
  appendElements(elements, chunk);
  return elements;
}

function appendElements(elements: StringValue[], chunk: ListChunk): void {
  chunk.visit(0, 1, 0, (value) => {
    elements.push(value);
    return true;
  });
}
