/**
 * The replies of one connection that are encoded and not yet releasable: offsets into its output buffer
 * with the marks they wait for. Parallel arrays, no object per reply (design, section 5).
 *
 *   output:   start ....... ready ........................ end
 *   records:                | r0 | r1 | r2 | ...
 *
 * A mark is two numbers: `needsCommit`, an index of the led term, and `needsRead`, a confirmation
 * sequence. The term is the gate's: all marks of a term are gone before the next begins.
 */

import type { Index } from "@redoubt/raft";
import { assert } from "./assert.js";
import { KEPT_RECORDS_MAX } from "./constants.js";
import { pinnedBytes, type Repeatable } from "./requests.js";

/** What becomes of a reply when leadership is lost. */
export const ReplyKind = {
  /** True whatever happens (+QUEUED, PING behind a waiting write): kept. */
  final: 0,
  /** Its effects are in batch `needsCommit`: unknown once that batch is sealed. */
  write: 1,
  /** Left no effect that matters: certainly not done, dispatched again. */
  repeatable: 2,
} as const;
export type ReplyKind = (typeof ReplyKind)[keyof typeof ReplyKind];

export class WaitingReplies {
  #ends: number[] = [];
  #commits: Index[] = [];
  #reads: number[] = [];
  #kinds: ReplyKind[] = [];
  #requests: (Repeatable | null)[] = [];
  #protocols: (2 | 3)[] = [];
  #head = 0;
  /** After the last record. What lies behind is kept for those to come: an array that is emptied gives its memory back. */
  #tail = 0;
  #requestBytes = 0;

  get length(): number {
    return this.#tail - this.#head;
  }

  /** What the requests cost that are kept to be dispatched again. */
  get requestBytes(): number {
    return this.#requestBytes;
  }

  push(
    end: number,
    needsCommit: Index,
    needsRead: number,
    kind: ReplyKind,
    request: Repeatable | null,
    protocol: 2 | 3,
  ): void {
    assert(kind === ReplyKind.final || request !== null, "what may be repeated keeps its request");
    const tail = this.#tail;
    this.#ends[tail] = end;
    this.#commits[tail] = needsCommit;
    this.#reads[tail] = needsRead;
    this.#kinds[tail] = kind;
    this.#requests[tail] = request;
    this.#protocols[tail] = protocol;
    this.#tail = tail + 1;
    if (request !== null) this.#requestBytes += pinnedBytes(request);
  }

  /** Drops the longest ready prefix. Returns the output offset it ends at, or -1 when nothing is ready. */
  release(committed: Index, confirmedRead: number): number {
    let ready = -1;
    let head = this.#head;
    const tail = this.#tail;
    while (
      head < tail &&
      this.#commits[head]! <= committed &&
      this.#reads[head]! <= confirmedRead
    ) {
      ready = this.#ends[head]!;
      const request = this.#requests[head]!;
      if (request !== null) this.#requestBytes -= pinnedBytes(request);
      this.#requests[head] = null;
      head += 1;
    }
    this.#head = head;
    if (head === tail) this.clear();
    else if (head > 1024 && head * 2 > tail) this.#compact();
    return ready;
  }

  /** Calls `visit` for each record, oldest first. */
  forEach(
    visit: (
      end: number,
      needsCommit: Index,
      kind: ReplyKind,
      request: Repeatable | null,
      protocol: 2 | 3,
    ) => void,
  ): void {
    for (let i = this.#head; i < this.#tail; i++) {
      visit(
        this.#ends[i]!,
        this.#commits[i]!,
        this.#kinds[i]!,
        this.#requests[i]!,
        this.#protocols[i]!,
      );
    }
  }

  clear(): void {
    if (this.#ends.length > KEPT_RECORDS_MAX) {
      this.#keep(0, 0);
    } else {
      // Those that were released are null already.
      for (let at = this.#head; at < this.#tail; at++) this.#requests[at] = null;
    }
    this.#requestBytes = 0;
    this.#head = 0;
    this.#tail = 0;
  }

  #compact(): void {
    this.#keep(this.#head, this.#tail);
    this.#tail -= this.#head;
    this.#head = 0;
  }

  /** Memory for the records [from, to), which come to stand first. */
  #keep(from: number, to: number): void {
    this.#ends = this.#ends.slice(from, to);
    this.#commits = this.#commits.slice(from, to);
    this.#reads = this.#reads.slice(from, to);
    this.#kinds = this.#kinds.slice(from, to);
    this.#requests = this.#requests.slice(from, to);
    this.#protocols = this.#protocols.slice(from, to);
  }
}
