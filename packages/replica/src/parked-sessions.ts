/**
 * Sessions whose head of the queue can't be answered now: held until a leader is known, blocked in WAIT or SAVE,
 * or backlogged behind replies that must leave first. They are looked at again when the reason may be
 * gone, and told when they have waited long enough.
 */

import type { Session } from "./session.js";

export class ParkedSessions {
  #sessions: Session[] = [];

  get length(): number {
    return this.#sessions.length;
  }

  /** `holdUntilMs`: when a session that waits for a leader is told so; kept if it waits already. */
  hold(session: Session, holdUntilMs: number): void {
    if (waitsWithoutLeader(session)) session.holdDeadlineMs = 0;
    else if (session.holdDeadlineMs === 0) session.holdDeadlineMs = holdUntilMs;
    this.park(session);
  }

  park(session: Session): void {
    if (session.isParked) return;
    session.isParked = true;
    this.#sessions.push(session);
  }

  /** Hands those to `release` whose reason may be gone: all of them when the route changed. */
  release(routeChanged: boolean, nowMs: number, release: (session: Session) => void): void {
    if (this.#sessions.length === 0) return;
    let kept = 0;
    for (const session of this.#sessions) {
      if (session.closed) {
        session.isParked = false;
        continue;
      }
      const held = session.holdDeadlineMs !== 0;
      const due = held && nowMs >= session.holdDeadlineMs;
      if (due) {
        session.refuseHeld = session.queuedLength;
        session.holdDeadlineMs = 0;
      }
      if (held && !due && !routeChanged && session.unblocked === null) {
        this.#sessions[kept] = session;
        kept += 1;
      } else {
        session.isParked = false;
        release(session);
      }
    }
    this.#sessions.length = kept;
  }

  /** Somebody's replies have left since it was parked: it need not wait for the next event. */
  get mayGoOn(): boolean {
    return this.#sessions.some(
      (session) =>
        session.holdDeadlineMs === 0 && session.blockedOn === null && !session.backlogged,
    );
  }

  /** Monotonic ms of the first that must be told; Infinity: none. */
  nextDeadlineMs(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const session of this.#sessions) {
      if (session.holdDeadlineMs !== 0) next = Math.min(next, session.holdDeadlineMs);
      if (waitsWithoutLeader(session)) next = Math.min(next, session.blockedOn!.deadlineMs);
    }
    return next;
  }
}

/** In WAIT or SAVE; who waits for a key is here only until a leader is known. */
function waitsWithoutLeader({ blockedOn }: Session): boolean {
  return blockedOn?.kind === "wait" || blockedOn?.kind === "host";
}
