/**
 * What the leader knows about one peer, and how much it may send it.
 *
 *   probe      where the peer's log ends is not known: one append at a time, until one is answered.
 *              An unanswered probe is repeated empty once per heartbeat interval: it asks only "where are
 *              you", costs no read and cannot flood a link that is slow or dead.
 *   replicate  appends leave optimistically, `next` runs ahead of `match`, bounded by the window.
 *   snapshot   what the peer lacks was trimmed: chunks leave instead of appends, until it holds the
 *              snapshot's index (SnapshotSender).
 *
 *   match < next; everything in (match, next) is on its way. A refused append leads back to probe.
 * (Ongaro's thesis, 10.2.1; the states as etcd has them.)
 */
import { assert } from "./assert.js";
import { Inflights } from "./inflights.js";
import { SnapshotSender } from "./snapshot-sender.js";
import type { Index, NodeId, SnapshotDescription } from "./types.js";

export type ProgressState = "probe" | "replicate" | "snapshot";

export class Progress {
  readonly id: NodeId;
  /** Another incarnation is another peer: nothing of this one's progress is true of it (trap 43). */
  readonly incarnation: number;
  state: ProgressState = "probe";
  /** Last index this peer has acknowledged as durable in this term. */
  match: Index = 0;
  /** First index of the next append. */
  next: Index;
  /** Newest commit index it was told with an append. */
  commitSent: Index = 0;
  /** When a response of this term last arrived, on our clock; before the first: when we began to wait. */
  heardMs: number;
  /** It has answered in this term. */
  heard = false;
  /** Newest read round it has echoed in this term. */
  roundEchoed = 0;
  readonly inflights: Inflights;
  /** probe: an append is out and unanswered. */
  #probeOut = false;
  /** The next append carries no entries. */
  #sendEmpty = false;
  /** `match` when the last heartbeat interval ended: no progress since means something was lost. */
  #matchAtInterval: Index = 0;

  /** Not null exactly in state snapshot. */
  sender: SnapshotSender | null = null;

  /** A quorum can do without it: see Reserves. */
  isReserve = false;

  /** It is no member any more, and is told so until then; Infinity: a member. */
  farewellMs = Infinity;

  constructor(
    { id, incarnation }: { readonly id: NodeId; readonly incarnation: number },
    next: Index,
    nowMs: number,
    appendsMax: number,
    bytesMax: number,
  ) {
    this.id = id;
    this.incarnation = incarnation;
    this.next = next;
    this.heardMs = nowMs;
    this.inflights = new Inflights(appendsMax, bytesMax);
  }

  /** Whether an append should leave now, for a leader whose log ends at `last`. `tells`: also only to tell `commit`. */
  wantsAppend(last: Index, commit: Index, tells: boolean): boolean {
    if (this.state === "probe") return !this.#probeOut;
    if (this.state === "snapshot") return false;
    if (this.#sendEmpty) return true;
    if (this.inflights.full) return false;
    return this.next <= last || (tells && this.commitSent < commit);
  }

  /** An append should leave to learn where it stands: that is due now. */
  get asks(): boolean {
    return this.#sendEmpty;
  }

  /** It takes appends, and one of them should bring it something. */
  lacks(last: Index, commit: Index): boolean {
    const isBehind = this.next <= last || this.commitSent < commit;
    return isBehind && this.state === "replicate" && !this.inflights.full;
  }

  /** It takes appends, and none has told it of `commit`. One that is behind and silent keeps nobody from waiting. */
  lacksCommit(commit: Index): boolean {
    return this.state === "replicate" && this.commitSent < commit && !this.inflights.full;
  }

  /** Whether a chunk of a snapshot should leave now. */
  get wantsChunk(): boolean {
    return this.sender !== null && this.sender.next() !== null;
  }

  /** Whether the next append may carry entries. */
  get carriesEntries(): boolean {
    return !this.#sendEmpty && !this.inflights.full;
  }

  sent(entryCount: number, bytes: number, commit: Index): void {
    this.#sendEmpty = false;
    this.commitSent = commit;
    if (this.state === "probe") {
      this.#probeOut = true;
      return;
    }
    this.next += entryCount;
    if (entryCount > 0) this.inflights.add(this.next - 1, bytes);
  }

  /** The peer holds everything up to `index`. Returns whether that is news. */
  acknowledged(index: Index): boolean {
    const news = index > this.match;
    this.match = Math.max(this.match, index);
    this.next = Math.max(this.next, this.match + 1);
    if (this.state === "probe") {
      // An answer older than what it acknowledged before says nothing about where to go on.
      if (index < this.match) return false;
      this.state = "replicate";
      this.next = this.match + 1;
      this.#probeOut = false;
      this.#sendEmpty = false;
    }
    this.inflights.freeTo(this.match);
    return news;
  }

  /** The peer refused the append behind `prevIndex`; it may match up to `hint`. Returns whether that is news. */
  refused(prevIndex: Index, hint: Index): boolean {
    // Everything up to match is there for certain: an old refusal, or a peer that lost what it had
    // acknowledged. Nothing is won by asking that one again at once: it waits for the interval.
    if (prevIndex <= this.match || this.state === "snapshot") return false;
    if (this.state === "replicate") {
      this.becomeProbe();
      return true;
    }
    if (this.next - 1 !== prevIndex) return false;
    this.next = Math.max(Math.min(prevIndex, hint + 1), this.match + 1);
    this.#probeOut = false;
    this.#sendEmpty = false;
    return true;
  }

  /** What it lacks was trimmed. */
  becomeSnapshot(snapshot: SnapshotDescription, chunkBytes: number): void {
    this.inflights.clear();
    this.next = this.match + 1;
    this.state = "snapshot";
    this.sender = new SnapshotSender(snapshot, chunkBytes);
  }

  becomeProbe(): void {
    this.state = "probe";
    this.sender = null;
    this.next = this.match + 1;
    this.inflights.clear();
    this.#probeOut = false;
    this.#sendEmpty = false;
  }

  /** The link broke: what was on its way may be lost. Asks with an empty append once it stands again. */
  unreachable(): void {
    this.sender?.ask();
    if (this.state !== "replicate") return;
    this.becomeProbe();
    this.#sendEmpty = true;
  }

  /** A heartbeat interval has passed: ask again where an answer is overdue. */
  intervalPassed(): void {
    if (this.state === "snapshot") {
      this.sender?.intervalPassed();
    } else if (this.state === "probe") {
      if (this.#probeOut) this.#sendEmpty = true;
      this.#probeOut = false;
    } else if (this.next - 1 > this.match && this.match === this.#matchAtInterval) {
      // No acknowledgement for a whole interval. An empty append behind everything sent finds out:
      // refused when one was lost, acknowledged as a whole when only the answers were.
      this.#sendEmpty = true;
    }
    this.#matchAtInterval = this.match;
  }

  check(last: Index): void {
    assert((this.state === "snapshot") === (this.sender !== null), "a snapshot has its sender");
    assert(this.match < this.next && this.next <= last + 1, "match < next <= last + 1");
  }
}
