/** Blocks of chunks: the two upper levels of a list's rope, and how a position in them is found. */

import { assert } from "../assert.js";
import type { ListChunk } from "./list-chunk.js";

export class ListBlock {
  /** Elements of all chunks. */
  count = 0;
  readonly chunks: ListChunk[];

  constructor(chunks: ListChunk[]) {
    this.chunks = chunks;
    for (const chunk of chunks) {
      this.count += chunk.count;
    }
  }
}

/** An element, or the chunk it is in. */
export interface Place {
  block: number;
  chunk: number;
  /** Of the element in its chunk. */
  offset: number;
}

/** Of element `index`, which exists. The blocks, then the block's chunks, are walked from the nearer end. */
export function placeOf(blocks: readonly ListBlock[], index: number, count: number): Place {
  assert(index >= 0 && index < count, "the place of an element is asked for");
  let block: number;
  let offset: number;
  if (index < count >> 1) {
    block = 0;
    offset = index;
    while (offset >= blocks[block]!.count) {
      offset -= blocks[block]!.count;
      block++;
    }
  } else {
    block = blocks.length - 1;
    offset = index - count + blocks[block]!.count;
    while (offset < 0) {
      block--;
      offset += blocks[block]!.count;
    }
  }
  const { chunks } = blocks[block]!;
  let chunk: number;
  if (offset < blocks[block]!.count >> 1) {
    chunk = 0;
    while (offset >= chunks[chunk]!.count) {
      offset -= chunks[chunk]!.count;
      chunk++;
    }
  } else {
    chunk = chunks.length - 1;
    offset += chunks[chunk]!.count - blocks[block]!.count;
    while (offset < 0) {
      chunk--;
      offset += chunks[chunk]!.count;
    }
  }
  return { block, chunk, offset };
}

/** Moves to the chunk before; false: there is none. */
export function stepBack(blocks: readonly ListBlock[], place: Place): boolean {
  if (place.chunk > 0) {
    place.chunk--;
    return true;
  }
  if (place.block === 0) {
    return false;
  }
  place.block--;
  place.chunk = blocks[place.block]!.chunks.length - 1;
  return true;
}

/** Moves to the chunk behind; false: there is none. */
export function stepOn(blocks: readonly ListBlock[], place: Place): boolean {
  if (place.chunk + 1 < blocks[place.block]!.chunks.length) {
    place.chunk++;
    return true;
  }
  if (place.block + 1 >= blocks.length) {
    return false;
  }
  place.block++;
  place.chunk = 0;
  return true;
}

/** Splits the block before chunk `chunk`, if there is one before. Returns the block that begins with it. */
export function splitBlock(blocks: ListBlock[], block: number, chunk: number): number {
  if (chunk === 0) {
    return block;
  }
  const left = blocks[block]!;
  if (chunk < left.chunks.length) {
    const right = new ListBlock(left.chunks.splice(chunk));
    left.count -= right.count;
    blocks.splice(block + 1, 0, right);
  }
  return block + 1;
}

/** Neighbours from block `first` to `last` become one where both together are at most half full. */
export function joinBlocks(
  blocks: ListBlock[],
  first: number,
  last: number,
  chunksMax: number,
): void {
  let left = Math.max(0, first);
  let end = Math.min(blocks.length - 1, last);
  while (left < end) {
    const { chunks } = blocks[left]!;
    const next = blocks[left + 1]!;
    if ((chunks.length + next.chunks.length) * 2 > chunksMax) {
      left++;
    } else {
      blocks[left] = new ListBlock(chunks.concat(next.chunks));
      blocks.splice(left + 1, 1);
      end--;
    }
  }
}
