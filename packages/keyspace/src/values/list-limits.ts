/** The sizes a list's pieces have. Tests take small ones, so that few elements make many pieces. */

import {
  LIST_BLOCK_CHUNKS_MAX,
  LIST_CHUNK_BYTES_MAX,
  LIST_CHUNK_ELEMENTS_MAX,
  LIST_PACK_ELEMENTS_MIN,
  LIST_SINGLY_ELEMENTS_MAX,
  LIST_SMALL_AGAIN_ELEMENTS_MAX,
  LIST_SMALL_ELEMENTS_MAX,
} from "../constants.js";

export interface ListLimits {
  readonly smallElementsMax: number;
  readonly smallAgainElementsMax: number;
  readonly chunkElementsMax: number;
  /** Several times the longest string: a chunk that is full, or half of one that overflowed, is large. */
  readonly chunkBytesMax: number;
  readonly packElementsMin: number;
  readonly blockChunksMax: number;
  readonly singlyElementsMax: number;
}

export const LIST_LIMITS: ListLimits = {
  smallElementsMax: LIST_SMALL_ELEMENTS_MAX,
  smallAgainElementsMax: LIST_SMALL_AGAIN_ELEMENTS_MAX,
  chunkElementsMax: LIST_CHUNK_ELEMENTS_MAX,
  chunkBytesMax: LIST_CHUNK_BYTES_MAX,
  packElementsMin: LIST_PACK_ELEMENTS_MIN,
  blockChunksMax: LIST_BLOCK_CHUNKS_MAX,
  singlyElementsMax: LIST_SINGLY_ELEMENTS_MAX,
};
