/**
 * One snapshot on its way to one peer: which chunk is next, how many may be out, where to go on after a loss.
 *
 *      acked ............ sent ............ bytes
 *      | the receiver has | out             |
 *
 * Bounded twice: by what is out at once (memory, and the queue behind which appends to others wait) and by
 * what an interval may carry (a snapshot must not starve the log). The one that was begun is finished, however
 * many newer ones are made meanwhile: else a log that is trimmed faster than a follower installs never lets it
 * catch up (trap 21).
 */
import {
  snapshotIntervalBytesMax,
  snapshotReadingBytesPerSecondMin,
  snapshotReadingMsMin,
  snapshotWindowChunks,
} from "./constants.js";
import type { SnapshotDescription } from "./types.js";

export class SnapshotSender {
  readonly snapshot: SnapshotDescription;
  /** Answers that sent it back, for the log lines of a transfer that goes badly. */
  resumes = 0;
  /** How often the receiver had it whole and began anew: it could not use it. */
  refusals = 0;
  /** Heartbeat intervals since the receiver last got further. */
  stalledIntervals = 0;
  readonly #chunkBytes: number;
  #acked = 0;
  #sent = 0;
  #ackedAtInterval = -1;
  #leftInInterval = snapshotIntervalBytesMax;
  /** An empty chunk leaves next: how far has the receiver come? */
  #asks = false;
  /** The next answer says where to go on, also further back: the receiver may have begun anew. */
  #listens = false;

  constructor(snapshot: SnapshotDescription, chunkBytes: number) {
    this.snapshot = snapshot;
    this.#chunkBytes = chunkBytes;
  }

  /** Bytes the receiver is known to have. */
  get acked(): number {
    return this.#acked;
  }

  /** How long the receiver may take to read it: 0 until it has it whole. */
  get readingMsMax(): number {
    const { bytes } = this.snapshot;
    if (this.#acked < bytes) return 0;
    return snapshotReadingMsMin + (bytes * 1000) / snapshotReadingBytesPerSecondMin;
  }

  /** What leaves now: `bytesMax` bytes from `offset`, 0 for a question; null: nothing. */
  next(): { readonly offset: number; readonly bytesMax: number } | null {
    if (this.#asks) return { offset: this.#acked, bytesMax: 0 };
    const left = this.snapshot.bytes - this.#sent;
    const bytesMax = Math.min(this.#chunkBytes, left, this.#leftInInterval);
    if (bytesMax <= 0) return null;
    const out = this.#sent - this.#acked;
    const isFull = out + bytesMax > snapshotWindowChunks * this.#chunkBytes;
    return isFull ? null : { offset: this.#sent, bytesMax };
  }

  sent(bytes: number): void {
    if (bytes === 0) {
      this.#asks = false;
      this.#listens = true;
      return;
    }
    this.#sent += bytes;
    this.#leftInInterval -= bytes;
  }

  /** The receiver has `offset` bytes without a gap. Returns whether the transfer was sent back. */
  responded(offset: number): boolean {
    if (offset > this.snapshot.bytes) return false;
    if (this.#listens) {
      const back = offset < this.#sent;
      if (back && this.#acked === this.snapshot.bytes) this.refusals += 1;
      this.#listens = false;
      this.#acked = this.#sent = offset;
      if (back) this.resumes += 1;
      return back;
    }
    // Answers overtake one another: an older one says nothing new.
    if (offset > this.#acked) {
      this.#acked = offset;
      if (this.#sent < offset) this.#sent = offset;
    }
    return false;
  }

  /** A heartbeat interval has passed. Nothing heard in it: something was lost, or the receiver is verifying. */
  intervalPassed(): void {
    this.#leftInInterval = snapshotIntervalBytesMax;
    const isStalled = this.#ackedAtInterval === this.#acked;
    this.stalledIntervals = isStalled ? this.stalledIntervals + 1 : 0;
    if (isStalled) this.ask();
    this.#ackedAtInterval = this.#acked;
  }

  /** The link broke, or something was lost. */
  ask(): void {
    this.#asks = true;
  }
}
