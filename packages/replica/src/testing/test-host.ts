/** A small host: just enough of the server's own commands to attack what surrounds them. */

import type { CommandRow } from "@redoubt/commands";
import type { Host } from "../ports.js";
import type { Session } from "../session.js";

export class TestHost implements Host {
  authenticated = true;
  /** What a command that tells of the keyspace says. */
  keyspaceFacts: () => string = () => "";
  resets = 0;
  /** A test's own behaviour for a row, by full name. */
  readonly overrides = new Map<string, (session: Session, argv: readonly Buffer[]) => void>();

  initiallyAuthenticated(): boolean {
    return this.authenticated;
  }

  reset(): void {
    this.resets += 1;
  }

  execute(row: CommandRow, session: Session, argv: readonly Buffer[]): void {
    const own = this.overrides.get(row.fullName);
    if (own !== undefined) {
      own(session, argv);
      return;
    }
    switch (row.fullName) {
      case "hello":
        session.reply.protocol = argv[1]?.toString() === "3" ? 3 : 2;
        session.reply.map(1);
        session.reply.bulk("proto");
        session.reply.integer(session.reply.protocol);
        return;
      case "auth":
        session.authenticated = true;
        session.reply.ok();
        return;
      case "client|reply":
        this.#clientReply(session, argv[2]!.toString("latin1").toUpperCase());
        return;
      default:
        if (row.visibility === "wholeKeyspace") session.reply.bulk(this.keyspaceFacts());
        else session.reply.ok();
    }
  }

  #clientReply(session: Session, mode: string): void {
    if (mode === "SKIP") session.replyMode = "skipNext";
    else session.replyMode = mode === "ON" ? "on" : "off";
    session.reply.ok();
  }
}
