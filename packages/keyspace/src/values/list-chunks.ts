/**
 * The chunks of a large list in their blocks, and what keeps them neither too large nor too small. A place
 * names a chunk here; which element has which index is the rope's business.
 *
 * Two neighbour chunks hold more than half of a chunk's limit together, or they become one; so do blocks.
 * Only the first and the last may be emptier.
 */

import { assert } from "../assert.js";
import type { StringValue } from "../value.js";
import { packedLength } from "./element-sequence.js";
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

export class ListChunks {
  readonly limits: ListLimits;
  blocks: ListBlock[] = [];

  constructor(limits: ListLimits) {
    this.limits = limits;
  }

  /** The one chunk of new blocks, divided as its limits ask. It is not used any more. */
  static of(chunk: LooseChunk, limits: ListLimits): ListChunks {
    const all = new ListChunks(limits);
    const chunks: ListChunk[] = [];
    let rest: ListChunk = chunk;
    while (all.exceeds(rest)) {
      const at = Math.min(limits.chunkElementsMax, rest.indexAtBytes(limits.chunkBytesMax));
      const right = rest.splitAt(at);
      chunks.push(rest);
      rest = right;
    }
    chunks.push(rest);
    const edge = chunks.length - 1;
    const settled = chunks.map((c, i) => (i > 0 && i < edge && all.isPackable(c) ? packed(c) : c));
    for (let from = 0; from < settled.length; from += limits.blockChunksMax) {
      all.blocks.push(new ListBlock(settled.slice(from, from + limits.blockChunksMax)));
    }
    return all;
  }

  /** Shares every chunk until one of the two changes it. */
  clone(): ListChunks {
    const copy = new ListChunks(this.limits);
    for (const block of this.blocks) {
      for (const chunk of block.chunks) {
        chunk.shared = true;
      }
      copy.blocks.push(new ListBlock(block.chunks.slice()));
    }
    return copy;
  }

  forEach(visit: (chunk: ListChunk) => void): void {
    for (const block of this.blocks) {
      block.chunks.forEach(visit);
    }
  }

  at(place: Place): ListChunk {
    return this.blocks[place.block]!.chunks[place.chunk]!;
  }

  /** The chunk in a form that takes `value`, of this list alone. */
  writable(place: Place, value: StringValue): ListChunk {
    const chunk = this.at(place);
    const tooNarrow = typeof value !== "string" && chunk instanceof PackedChunk;
    if (!chunk.shared && !tooNarrow) {
      return chunk;
    }
    const own = tooNarrow ? LooseChunk.of(chunk.elements()) : chunk.clone();
    this.replaceChunk(place, own);
    return own;
  }

  /** The last chunk if `value` has room there, else a new one; the one that is full is packed. */
  tailPlace(value: StringValue): Place {
    const { blocks } = this;
    if (blocks.length === 0) {
      blocks.push(new ListBlock([LooseChunk.empty()]));
    }
    const block = blocks.length - 1;
    const { chunks } = blocks[block]!;
    const full = { block, chunk: chunks.length - 1, offset: 0 };
    if (this.hasRoom(full, value)) {
      return full;
    }
    const opens = chunks.length === this.limits.blockChunksMax;
    if (opens) {
      blocks.push(new ListBlock([LooseChunk.empty()]));
    } else {
      chunks.push(LooseChunk.empty());
    }
    this.settle(full);
    return opens
      ? { block: block + 1, chunk: 0, offset: 0 }
      : { block, chunk: full.chunk + 1, offset: 0 };
  }

  /** The same for the first chunk. There is one. */
  headPlace(value: StringValue): Place {
    const { blocks } = this;
    const head = { block: 0, chunk: 0, offset: 0 };
    if (!this.hasRoom(head, value)) {
      const opens = blocks[0]!.chunks.length === this.limits.blockChunksMax;
      if (opens) {
        blocks.unshift(new ListBlock([LooseChunk.empty()]));
      } else {
        blocks[0]!.chunks.unshift(LooseChunk.empty());
      }
      this.settle(opens ? { block: 1, chunk: 0, offset: 0 } : { block: 0, chunk: 1, offset: 0 });
    }
    return head;
  }

  exceeds(chunk: ListChunk): boolean {
    const { chunkElementsMax, chunkBytesMax } = this.limits;
    return chunk.count > 1 && (chunk.count > chunkElementsMax || chunk.packedBytes > chunkBytesMax);
  }

  /** Packs the chunk if it is an inner one and if that makes it smaller. */
  settle(place: Place): void {
    const { blocks } = this;
    const chunk = this.at(place);
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

  /** Splits a chunk that exceeds the limits, and its block if need be. */
  halve(place: Place): void {
    const { limits } = this;
    const chunk = this.at(place);
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
  dropChunk(place: Place): void {
    const { blocks } = this;
    const { chunks } = blocks[place.block]!;
    takeOut(chunks, place.chunk);
    if (chunks.length === 0) {
      takeOut(blocks, place.block);
      place.chunk = 0;
    }
    stepBack(blocks, place);
  }

  /** Makes a block begin with element `index`, which may be the end, of `count`. Returns the block. */
  cut(index: number, count: number): number {
    const { blocks } = this;
    if (index === count) {
      return blocks.length;
    }
    const place = placeOf(blocks, index, count);
    if (place.offset > 0) {
      const right = this.writable(place, "").splitAt(place.offset);
      place.chunk++;
      blocks[place.block]!.chunks.splice(place.chunk, 0, right);
    }
    return splitBlock(blocks, place.block, place.chunk);
  }

  /** After a cut before element `index`. */
  healSeam(index: number, count: number): void {
    if (index > 0 && index < count) {
      const place = placeOf(this.blocks, index, count);
      stepBack(this.blocks, place);
      stepBack(this.blocks, place);
      this.heal(place, 3);
    }
  }

  /** Joins what is too small among the next `pairs` pairs of chunks, then among the blocks around. */
  heal(place: Place, pairs: number): void {
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

  /** For tests: every invariant. */
  check(): void {
    const { chunkElementsMax, chunkBytesMax, blockChunksMax } = this.limits;
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
  }

  private joinNext(place: Place): boolean {
    const { blocks } = this;
    const next = { ...place };
    if (!stepOn(blocks, next)) {
      return false;
    }
    const left = this.at(place);
    const right = this.at(next);
    if (!this.fitTogether(left, right)) {
      return false;
    }
    const elements = left.elements().concat(right.elements());
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

  private hasRoom(place: Place, value: StringValue): boolean {
    const { count, packedBytes } = this.at(place);
    return (
      count === 0 ||
      (count < this.limits.chunkElementsMax &&
        packedBytes + packedLength(value) <= this.limits.chunkBytesMax)
    );
  }

  private fitTogether(left: ListChunk, right: ListChunk): boolean {
    return (
      (left.count + right.count) * 2 <= this.limits.chunkElementsMax &&
      (left.packedBytes + right.packedBytes) * 2 <= this.limits.chunkBytesMax
    );
  }

  private isPackable(chunk: ListChunk): boolean {
    return (
      chunk instanceof LooseChunk &&
      chunk.blobBytes === 0 &&
      chunk.count >= this.limits.packElementsMin
    );
  }

  private replaceChunk(place: Place, chunk: ListChunk): void {
    this.blocks[place.block]!.chunks[place.chunk] = chunk;
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

function packed(chunk: ListChunk): PackedChunk {
  return PackedChunk.of(chunk.elements());
}
