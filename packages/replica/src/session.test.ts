import { Keyspace } from "@redoubt/keyspace";
import { describe, expect, test } from "vitest";
import { ARGUMENT_OVERHEAD_BYTES, SESSION_QUEUED_BYTES_MAX } from "./constants.js";
import { CLUSTERDOWN, INDETERMINATE } from "./errors.js";
import { type EncodedReply, Refusal, Repeat, type Request } from "./requests.js";
import { Session } from "./session.js";
import { TestClient } from "./testing/test-client.js";
import { ReplyKind } from "./waiting-replies.js";

function connect(keyspace = new Keyspace()): TestClient {
  const client = new TestClient();
  const events = { sessionActive: () => undefined, sessionClosed: () => undefined };
  client.session = new Session(1, client, null, true, keyspace, events);
  return client;
}

function drain(session: Session): Request[] {
  const requests: Request[] = [];
  for (let head = session.head(); head !== undefined; head = session.head()) {
    requests.push(head);
    session.shift();
  }
  return requests;
}

/** Encodes a reply and puts it behind marks, as the gate does. */
function wait(session: Session, text: string, index: number, kind: ReplyKind): void {
  session.reply.simple(text);
  const argv = kind === ReplyKind.final ? null : [Buffer.from(text)];
  session.waiting.push(session.output.end, index, 0, kind, argv, session.reply.protocol);
}

describe("taking back", () => {
  test("kept bytes, unknown writes and repeats come before what was not executed, in order", () => {
    const { session } = connect();
    session.reply.simple("released");
    session.readyEnd = session.output.end;
    wait(session, "sealed", 5, ReplyKind.write);
    wait(session, "kept", 0, ReplyKind.final);
    wait(session, "read", 0, ReplyKind.repeatable);
    session.reply.protocol = 3;
    wait(session, "open", 6, ReplyKind.write);
    session.submit([Buffer.from("next")]);
    session.takeBack(5, 4);
    const [sealed, kept, read, open, next] = drain(session);
    expect(sealed).toEqual(new Refusal(INDETERMINATE, false));
    expect(Buffer.from((kept as EncodedReply).bytes).toString()).toBe("+kept\r\n");
    expect(read).toEqual(new Repeat([Buffer.from("read")], 2));
    expect(open).toEqual(new Repeat([Buffer.from("open")], 3));
    expect(next).toEqual([Buffer.from("next")]);
    // What was released before stays and leaves.
    const left = Buffer.concat(session.output.take(session.readyEnd)).toString();
    expect([left, session.waitingBytes, session.queuedBytes]).toEqual(["+released\r\n", 0, 0]);
  });

  test("trap-37 a write that is applied is told as done, and so is what a read before it saw", () => {
    const { session } = connect();
    wait(session, "read", 0, ReplyKind.repeatable);
    wait(session, "done", 4, ReplyKind.write);
    wait(session, "unknown", 5, ReplyKind.write);
    session.takeBack(5, 4);
    const [read, done, unknown] = drain(session);
    // A commit of the same term, appended behind the read, vouches for it.
    expect(Buffer.from((read as EncodedReply).bytes).toString()).toBe("+read\r\n");
    expect(Buffer.from((done as EncodedReply).bytes).toString()).toBe("+done\r\n");
    expect(unknown).toEqual(new Refusal(INDETERMINATE, false));
  });

  test("trap-36 what stands before a write that may survive never runs behind it", () => {
    const { session } = connect();
    wait(session, "before", 0, ReplyKind.repeatable);
    wait(session, "sealed", 5, ReplyKind.write);
    wait(session, "after", 0, ReplyKind.repeatable);
    wait(session, "open", 6, ReplyKind.write);
    session.takeBack(5, 3);
    expect(drain(session)).toEqual([
      new Refusal(CLUSTERDOWN, false),
      new Refusal(INDETERMINATE, false),
      new Repeat([Buffer.from("after")], 2),
      new Repeat([Buffer.from("open")], 2),
    ]);
  });

  test("a second loss keeps the order of what the first had taken back", () => {
    const { session } = connect();
    for (const text of ["a", "b", "c"]) wait(session, text, 0, ReplyKind.repeatable);
    session.takeBack(5, 5);
    // "a" is executed again and waits; then leadership is lost once more.
    session.shift();
    wait(session, "a", 9, ReplyKind.write);
    session.takeBack(8, 8);
    const names = drain(session).map((request) => String((request as Repeat).request));
    expect(names).toEqual(["a", "b", "c"]);
  });
});

describe("the queue", () => {
  test("pauses its source above the limit, resumes at half, and counts bytes exactly", () => {
    const client = connect();
    const { session } = client;
    const quarter = Buffer.alloc(SESSION_QUEUED_BYTES_MAX / 4 - ARGUMENT_OVERHEAD_BYTES);
    for (let i = 0; i < 4; i++) session.submit([quarter]);
    expect(client.paused).toBe(false);
    session.submit([quarter]);
    expect(client.paused).toBe(true);
    session.shift();
    session.shift();
    expect(client.paused).toBe(true);
    session.shift();
    expect([client.paused, session.queuedBytes]).toEqual([false, SESSION_QUEUED_BYTES_MAX / 2]);
    drain(session);
    expect(session.queuedBytes).toBe(0);
  });

  test("a long pipeline is taken in order", () => {
    const { session } = connect();
    for (let i = 0; i < 5000; i++) session.submit([Buffer.from(String(i))]);
    const names = drain(session).map(String);
    expect(names).toEqual(Array.from({ length: 5000 }, (_, i) => String(i)));
  });

  test("nothing is taken after the end was asked for, and nothing at all after close", () => {
    const { session } = connect();
    session.submit([Buffer.from("dropped")]);
    session.closeAfterReply();
    session.submit([Buffer.from("late")]);
    expect(session.queuedLength).toBe(0);
    session.close();
    session.close();
    session.protocolError("ERR late");
    expect(session.queuedLength).toBe(0);
  });
});

test("closing gives every watch back, and what is left of replies", () => {
  const keyspace = new Keyspace();
  const { session } = connect(keyspace);
  session.watched.set("a", keyspace.watch("a"));
  wait(session, "waiting", 5, ReplyKind.write);
  session.close();
  expect([keyspace.watchedSize, session.waitingBytes, session.waiting.length]).toEqual([0, 0, 0]);
});
