/**
 * Answers at once what production sessions queue, in turns of the production scheduler: +OK, a bulk string to what has
 * one argument. What is left of a command is its way in and out.
 */

import { Keyspace } from "@redoubt/keyspace";
import { type ClientSink, Session, type SessionEvents } from "@redoubt/replica";
import { TurnScheduler } from "../../../packages/server/src/gateway/turn-scheduler.js";

const VALUE = Buffer.alloc(64, "v");

export class StubReplica implements SessionEvents {
  executed = 0;
  readonly #keyspace = new Keyspace();
  readonly #scheduler: TurnScheduler;
  #sessions = 0;
  #active: Session[] = [];

  /** `around` calls what it is given once: the turn. */
  constructor(around: (turn: () => void) => void) {
    const turn = (): void => this.#turn();
    this.#scheduler = new TurnScheduler(
      () => performance.now(),
      () => around(turn),
    );
  }

  connect(sink: ClientSink): Session {
    this.#sessions += 1;
    return new Session(this.#sessions, sink, sink, true, this.#keyspace, this);
  }

  sessionActive(session: Session): void {
    if (session.isActive) return;
    session.isActive = true;
    this.#active.push(session);
    this.#scheduler.wake();
  }

  sessionClosed(): void {}

  #turn(): void {
    const active = this.#active;
    this.#active = [];
    for (const session of active) {
      session.isActive = false;
      for (let request = session.head(); request !== undefined; request = session.head()) {
        if (Array.isArray(request) && request.length === 2) session.reply.bulk(VALUE);
        else session.reply.ok();
        session.shift();
        this.executed += 1;
      }
      if (session.waitingBytes > 0) session.sink.write(session.output.take(session.output.end));
    }
  }
}
