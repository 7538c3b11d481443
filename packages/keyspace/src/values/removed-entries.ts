/** What XDEL or XTRIM took out of a stream, for the inverse to put back: whole chunks, and part of one. */

import { assert } from "../assert.js";
import { STREAM_REMOVAL_BYTES } from "../memory.js";
import type { StreamChunk } from "./stream-chunk.js";
import { STREAM_ID_MIN, type StreamId } from "./stream-id.js";

export class RemovedEntries {
  readonly previousMaxDeletedId: StreamId;
  /** Entries. */
  count = 0;
  memoryBytes = STREAM_REMOVAL_BYTES;
  /** Chunks whose entries all went. */
  readonly chunks: StreamChunk[] = [];
  /** Consecutive entries of a chunk that stays, as they lay there. */
  packed = "";
  packedCount = 0;
  /** Id of the first one of them. */
  packedId: StreamId = STREAM_ID_MIN;

  constructor(previousMaxDeletedId: StreamId) {
    this.previousMaxDeletedId = previousMaxDeletedId;
  }

  addChunk(chunk: StreamChunk): void {
    this.chunks.push(chunk);
    this.count += chunk.count;
    this.memoryBytes += chunk.memoryBytes;
  }

  setPacked(id: StreamId, packed: string, count: number): void {
    assert(this.packedCount === 0, "a removal leaves one chunk in part");
    this.packedId = id;
    this.packed = packed;
    this.packedCount = count;
    this.count += count;
    this.memoryBytes += packed.length;
  }
}
