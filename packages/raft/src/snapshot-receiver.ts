/**
 * A snapshot that comes in chunks, and what becomes of it: received without a gap, handed to the store,
 * verified there, then the log's to install. One at a time. It outlives terms and leaders: who offers the same
 * bytes goes on where another stopped.
 *
 *    idle -- first bytes --> receiving -- all bytes --> verifying -- the store says --> idle
 *               ^                |  another snapshot's first bytes
 *               +----------------+
 */
import { assert } from "./assert.js";
import type { SnapshotChunk, SnapshotDescription, Term } from "./types.js";

export interface ChunkVerdict {
  /** To be handed to the store. */
  readonly accepted: SnapshotChunk | null;
  /** All bytes are there: the store must verify them. */
  readonly complete: SnapshotDescription | null;
  /** Bytes we have of the snapshot the chunk is of; -1: nothing is answered. */
  readonly offset: number;
}

const ignored: ChunkVerdict = { accepted: null, complete: null, offset: -1 };

export class SnapshotReceiver {
  #snapshot: SnapshotDescription | null = null;
  #offset = 0;
  /** Of the leader that sent the last chunk. */
  #term: Term = 0;
  #verifying = false;

  offer(chunk: SnapshotChunk): ChunkVerdict {
    const { snapshot, offset, data, term } = chunk;
    const current = this.#snapshot;
    const same = current !== null && sameSnapshot(current, snapshot);
    if (same) {
      this.#term = term;
    } else {
      // Complete, and the store is at it: that comes to an end by itself.
      if (this.#verifying) return ignored;
      // A leader finishes what it began: of two in one term the older is an old message.
      if (current !== null && this.#term === term && snapshot.index < current.index) return ignored;
      if (offset !== 0 || data.length === 0) return { ...ignored, offset: 0 };
      this.#snapshot = snapshot;
      this.#term = term;
      this.#offset = 0;
    }
    if (this.#verifying || data.length === 0 || offset !== this.#offset) {
      return { ...ignored, offset: this.#offset };
    }
    this.#offset += data.length;
    assert(this.#offset <= snapshot.bytes, "a chunk ends inside its snapshot");
    this.#verifying = this.#offset === snapshot.bytes;
    return {
      accepted: chunk,
      complete: this.#verifying ? snapshot : null,
      offset: this.#offset,
    };
  }

  /** The store is done with it. False: it never had this one to verify. */
  verified(snapshot: SnapshotDescription): boolean {
    const current = this.#snapshot;
    if (!this.#verifying || current === null || !sameSnapshot(current, snapshot)) return false;
    this.#verifying = false;
    this.#snapshot = null;
    this.#offset = 0;
    return true;
  }
}

/** The bytes differ from node to node: a snapshot of the same index is another one if its digest is. */
function sameSnapshot(a: SnapshotDescription, b: SnapshotDescription): boolean {
  return a.index === b.index && a.term === b.term && a.digest === b.digest && a.bytes === b.bytes;
}
