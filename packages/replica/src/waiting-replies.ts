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
  #requestBytes = 0;

  get length(): number {
    return this.#ends.length - this.#head;
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
    this.#ends.push(end);
    this.#commits.push(needsCommit);
    this.#reads.push(needsRead);
    this.#kinds.push(kind);
    this.#requests.push(request);
    this.#protocols.push(protocol);
    if (request !== null) this.#requestBytes += pinnedBytes(request);
  }

  /** Drops the longest ready prefix. Returns the output offset it ends at, or -1 when nothing is ready. */
  release(committed: Index, confirmedRead: number): number {
    let ready = -1;
    let head = this.#head;
    const length = this.#ends.length;
    while (
      head < length &&
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
    if (head === length) this.clear();
    else if (head > 1024 && head * 2 > length) this.#compact();
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
    for (let i = this.#head; i < this.#ends.length; i++) {
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
    this.#ends.length = 0;
    this.#commits.length = 0;
    this.#reads.length = 0;
    this.#kinds.length = 0;
    this.#requests.length = 0;
    this.#protocols.length = 0;
    this.#requestBytes = 0;
    this.#head = 0;
  }

  #compact(): void {
    const head = this.#head;
    this.#ends = this.#ends.slice(head);
    this.#commits = this.#commits.slice(head);
    this.#reads = this.#reads.slice(head);
    this.#kinds = this.#kinds.slice(head);
    this.#requests = this.#requests.slice(head);
    this.#protocols = this.#protocols.slice(head);
    this.#head = 0;
  }
}
