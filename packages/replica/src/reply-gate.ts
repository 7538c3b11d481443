/**
 * Decides when replies leave (design, sections 5 and 6): each connection's longest ready prefix, one
 * write each, at the end of a turn.
 *
 * Two things make a reply ready, both monotone within the led term: the commit index, and the newest
 * confirmation of leadership. Confirmations are counted in *sequences* of the gate's own, which never
 * restart; a sequence is tied to a Raft round when the round begins, so that a read waits for a round
 * that began after it was executed (trap 16), and all reads of a turn share one.
 */

import type { Index } from "@redoubt/raft";
import type { AckPolicy } from "./ack-policy.js";
import { assert } from "./assert.js";
import type { Repeatable } from "./requests.js";
import type { Session } from "./session.js";
import { ReplyKind } from "./waiting-replies.js";

export class ReplyGate {
  readonly #policy: AckPolicy;
  #committed: Index = 0;
  #confirmed = 0;
  /** Sequence that reads executed now will wait for: the next round's. */
  #nextSequence = 1;
  #readsPending = false;
  /** Rounds under way, oldest first. */
  readonly #rounds: { readonly round: number; readonly sequence: number }[] = [];
  #waiting: Session[] = [];
  #withOutput: Session[] = [];
  #moved = false;

  constructor(policy: AckPolicy) {
    this.#policy = policy;
  }

  /** The newest index that replies have left for. */
  get released(): Index {
    return this.#committed;
  }

  get waitingSessions(): number {
    return this.#waiting.length;
  }

  /**
   * The command that wrote `output` from `start` on is done. `needsCommit` 0 and `needsRead` false:
   * its bytes may leave as soon as nothing before them waits.
   */
  push(
    session: Session,
    start: number,
    needsCommit: Index,
    needsRead: boolean,
    kind: ReplyKind,
    request: Repeatable | null,
  ): void {
    // A host command may have closed its own connection: there is nobody left to tell.
    if (session.closed) return;
    const end = session.output.end;
    assert(start <= end, "output only grows while a command runs");
    if (end === start) return;
    if (session.output.overflowed) {
      session.dropReplies();
      return;
    }
    if (session.replyMode !== "on") {
      session.output.truncate(start);
      return;
    }
    if (this.#policy.holdsReplies) this.#append(session, needsCommit, needsRead, kind, request);
    else this.#append(session, 0, false, ReplyKind.final, null);
  }

  /** A reply about the cluster itself: it waits for its entry in every replication mode. */
  pushOfHost(session: Session, start: number, needsCommit: Index, request: Repeatable): void {
    if (session.closed || session.output.end === start) return;
    if (session.output.overflowed) {
      session.dropReplies();
    } else if (session.replyMode === "on") {
      this.#append(session, needsCommit, false, ReplyKind.write, request);
    } else {
      session.output.truncate(start);
    }
  }

  /** A push: it waits for nothing but what stands before it, and CLIENT REPLY does not silence it. */
  pushMessage(session: Session, start: number): void {
    if (session.closed || session.output.end === start) return;
    if (session.output.overflowed) session.dropReplies();
    else this.#append(session, 0, false, ReplyKind.final, null);
  }

  #append(
    session: Session,
    needsCommit: Index,
    needsRead: boolean,
    kind: ReplyKind,
    request: Repeatable | null,
  ): void {
    const { end } = session.output;
    this.#noteOutput(session);
    const waits = needsRead || needsCommit > this.#committed;
    if (!waits && session.waiting.length === 0) {
      session.readyEnd = end;
      return;
    }
    let sequence = 0;
    if (needsRead) {
      sequence = this.#nextSequence;
      this.#readsPending = true;
    }
    session.waiting.push(end, needsCommit, sequence, kind, request, session.reply.protocol);
    if (!session.isWaiting) {
      session.isWaiting = true;
      this.#waiting.push(session);
    }
  }

  /** Reads wait for a confirmation that nothing under way will give. */
  get readsPending(): boolean {
    return this.#readsPending;
  }

  /** Begun, and not confirmed. */
  get roundsUnderWay(): number {
    return this.#rounds.length;
  }

  /**
   * At this moment no other node can lead: that vouches for every read executed so far, also for those that
   * wait for a round.
   */
  confirmByLease(): void {
    this.#rounds.length = 0;
    this.#confirmed = this.#nextSequence;
    this.#nextSequence += 1;
    this.#readsPending = false;
    this.#moved = true;
  }

  /** `round` begins now: it vouches for every read executed so far. */
  roundBegan(round: number): void {
    this.#rounds.push({ round, sequence: this.#nextSequence });
    this.#nextSequence += 1;
    this.#readsPending = false;
  }

  /** All rounds up to `round` are confirmed by a quorum. */
  confirm(round: number): void {
    while (this.#rounds.length > 0 && this.#rounds[0]!.round <= round) {
      this.#confirmed = this.#rounds.shift()!.sequence;
      this.#moved = true;
    }
  }

  /** Everything up to `index` is committed and applied. */
  commit(index: Index): void {
    assert(index >= this.#committed, "commit is monotone within a term");
    if (index === this.#committed) return;
    this.#committed = index;
    this.#moved = true;
  }

  /** The next flush has something to look at. */
  get hasWork(): boolean {
    return this.#moved || this.#withOutput.length > 0;
  }

  /** Ends a turn: what became ready leaves, one write a connection. */
  flush(): void {
    if (this.#moved) {
      this.#moved = false;
      this.#release();
    }
    const sessions = this.#withOutput;
    if (sessions.length === 0) return;
    this.#withOutput = [];
    for (const session of sessions) {
      session.hasOutput = false;
      if (session.closed) continue;
      if (session.readyEnd > session.output.start) {
        session.sink.write(session.output.take(session.readyEnd));
      }
      const last = session.waiting.length === 0 && session.head() === undefined;
      if (session.closing && last && !session.ended) {
        session.ended = true;
        session.sink.end();
      }
    }
  }

  /** Puts a session into this turn's flush though it wrote nothing (it is closing). */
  touch(session: Session): void {
    this.#noteOutput(session);
  }

  /** Leadership is lost: every waiting reply is cut, its request given back to its session. */
  takeBack(lastSealed: Index, applied: Index): void {
    const sessions = this.#waiting;
    this.#waiting = [];
    this.#rounds.length = 0;
    this.#readsPending = false;
    for (const session of sessions) {
      session.isWaiting = false;
      if (!session.closed) session.takeBack(lastSealed, applied);
    }
  }

  /** A new term is led; nothing of an older one waits. */
  begin(committed: Index): void {
    assert(
      this.#waiting.every((session) => session.closed || session.waiting.length === 0),
      "no mark outlives its term",
    );
    assert(this.#rounds.length === 0, "no round outlives its term");
    this.#committed = committed;
  }

  #release(): void {
    let kept = 0;
    for (const session of this.#waiting) {
      if (!session.closed) {
        const ready = session.waiting.release(this.#committed, this.#confirmed);
        if (ready >= 0) {
          session.readyEnd = ready;
          this.#noteOutput(session);
        }
        if (session.waiting.length > 0) {
          this.#waiting[kept] = session;
          kept += 1;
          continue;
        }
      }
      session.isWaiting = false;
    }
    this.#waiting.length = kept;
  }

  #noteOutput(session: Session): void {
    if (session.hasOutput) return;
    session.hasOutput = true;
    this.#withOutput.push(session);
  }
}
