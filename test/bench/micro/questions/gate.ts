import { Keyspace } from "@redoubt/keyspace";
import { ackPolicy } from "../../../../packages/replica/src/ack-policy.js";
import type { ClientSink } from "../../../../packages/replica/src/ports.js";
import { ReplyGate } from "../../../../packages/replica/src/reply-gate.js";
import { Session } from "../../../../packages/replica/src/session.js";
import { ReplyKind } from "../../../../packages/replica/src/waiting-replies.js";
import type { Case, Question } from "../question.js";

export const question: Question = {
  asks: "What does a reply cost that waits for its batch, from its mark to the write of its connection?",
  cases: [
    releasing("50 writes of 50 connections", 50, 1, "commit"),
    releasing("800 writes of 50 connections", 50, 16, "commit"),
    releasing("800 writes of 800 connections", 800, 1, "commit"),
    releasing("50 reads of 50 connections, by lease", 50, 1, "lease"),
    releasing("800 reads of 50 connections, by lease", 50, 16, "lease"),
  ],
};

class CountingSink implements ClientSink {
  writes = 0;
  write(chunks: readonly Uint8Array[]): void {
    this.writes += chunks.length > 0 ? 1 : 0;
  }
  end(): void {}
  pause(): void {}
}

/** Replies are +OK, the shortest: what is measured is the waiting, and how it ends. */
function releasing(
  name: string,
  connections: number,
  pipeline: number,
  by: "commit" | "lease",
): Case {
  return {
    name,
    unit: "reply",
    prepare: () => {
      const sink = new CountingSink();
      const events = { sessionActive: () => undefined, sessionClosed: () => undefined };
      const keyspace = new Keyspace();
      const sessions = Array.from(
        { length: connections },
        (_, i) => new Session(i + 1, sink, null, true, keyspace, events),
      );
      const gate = new ReplyGate(ackPolicy("raft"));
      gate.begin(1);
      const argv = [Buffer.from("SET"), Buffer.from("key:000000000042"), Buffer.alloc(64, "v")];
      let index = 1;
      return () => {
        const before = sink.writes;
        index += 1;
        for (const session of sessions) {
          for (let i = 0; i < pipeline; i++) {
            const start = session.output.end;
            session.reply.ok();
            if (by === "commit") gate.push(session, start, index, false, ReplyKind.write, argv);
            else gate.push(session, start, 0, true, ReplyKind.repeatable, argv);
          }
        }
        if (by === "commit") gate.commit(index);
        else gate.confirmByLease();
        gate.flush();
        return (sink.writes - before) * pipeline;
      };
    },
  };
}
