import { Keyspace } from "@redoubt/keyspace";
import { describe, expect, test } from "vitest";
import { ackPolicy } from "./ack-policy.js";
import { ReplyGate } from "./reply-gate.js";
import { Session } from "./session.js";
import { TestClient } from "./testing/test-client.js";
import { ReplyKind } from "./waiting-replies.js";

let nextId = 1;

function connect(): TestClient {
  const client = new TestClient();
  const events = { sessionActive: () => undefined, sessionClosed: () => undefined };
  client.session = new Session(nextId++, client, null, true, new Keyspace(), events);
  return client;
}

/** A command's reply is written and put behind its marks. */
function reply(gate: ReplyGate, client: TestClient, needsCommit: number, needsRead: boolean): void {
  const { session } = client;
  const start = session.output.end;
  session.reply.integer(needsCommit);
  const argv = [Buffer.from("GET")];
  gate.push(session, start, needsCommit, needsRead, ReplyKind.repeatable, argv);
}

function leading(): ReplyGate {
  const gate = new ReplyGate(ackPolicy("raft"));
  gate.begin(10);
  return gate;
}

describe("commit", () => {
  test("a reply leaves when its batch is committed, with one write for all that are ready", () => {
    const gate = leading();
    const client = connect();
    for (const index of [11, 11, 12]) reply(gate, client, index, false);
    gate.flush();
    expect(client.take()).toEqual([]);
    gate.commit(11);
    gate.flush();
    expect(client.take()).toEqual([":11", ":11"]);
    gate.commit(12);
    gate.flush();
    expect(client.take()).toEqual([":12"]);
    expect(client.writes).toBe(2);
    expect(gate.waitingSessions).toBe(0);
    expect(() => gate.commit(11)).toThrow("monotone");
  });

  test("connections do not wait for each other", () => {
    const gate = leading();
    const [slow, fast] = [connect(), connect()];
    reply(gate, slow, 12, false);
    reply(gate, fast, 11, false);
    gate.commit(11);
    gate.flush();
    expect([slow.take(), fast.take()]).toEqual([[], [":11"]]);
  });

  test("what needs nothing still keeps its place behind what waits", () => {
    const gate = leading();
    const client = connect();
    reply(gate, client, 3, false);
    reply(gate, client, 11, false);
    reply(gate, client, 0, false);
    gate.flush();
    expect(client.take()).toEqual([":3"]);
    gate.commit(11);
    gate.flush();
    expect(client.take()).toEqual([":11", ":0"]);
  });
});

describe("read rounds", () => {
  test("trap-16 a read waits for a round that began after it", () => {
    const gate = leading();
    const client = connect();
    reply(gate, client, 0, true);
    expect(gate.readsPending).toBe(true);
    gate.roundBegan(1);
    expect(gate.readsPending).toBe(false);
    // Executed while round 1 is under way: 1 says nothing about it.
    reply(gate, client, 0, true);
    gate.confirm(1);
    gate.flush();
    expect(client.take()).toHaveLength(1);
    gate.roundBegan(2);
    gate.confirm(2);
    gate.flush();
    expect(client.take()).toHaveLength(1);
  });

  test("one confirmation counts for all rounds before it", () => {
    const gate = leading();
    const client = connect();
    for (let round = 1; round <= 3; round++) {
      reply(gate, client, 0, true);
      gate.roundBegan(round);
    }
    reply(gate, client, 0, true);
    expect(gate.roundsUnderWay).toBe(3);
    gate.confirm(2);
    gate.flush();
    expect(client.take()).toHaveLength(2);
    gate.confirm(3);
    gate.flush();
    expect(client.take()).toHaveLength(1);
    expect(gate.roundsUnderWay).toBe(0);
    expect(gate.readsPending).toBe(true);
  });

  test("both marks must hold", () => {
    const gate = leading();
    const client = connect();
    reply(gate, client, 11, true);
    gate.roundBegan(1);
    gate.confirm(1);
    gate.flush();
    expect(client.take()).toEqual([]);
    gate.commit(11);
    gate.flush();
    expect(client.take()).toEqual([":11"]);
  });

  test("a confirmation of an earlier term releases nothing of the next", () => {
    const gate = leading();
    const client = connect();
    reply(gate, client, 0, true);
    gate.roundBegan(7);
    gate.takeBack(10, 0);
    gate.begin(11);
    reply(gate, client, 0, true);
    gate.confirm(7);
    gate.flush();
    expect(client.take()).toEqual([]);
    gate.roundBegan(1);
    gate.confirm(1);
    gate.flush();
    expect(client.take()).toHaveLength(1);
  });
});

describe("connections that end", () => {
  test("the end is told once, after the last reply that waited", () => {
    const gate = leading();
    const client = connect();
    reply(gate, client, 11, false);
    client.session.closeAfterReply();
    gate.touch(client.session);
    gate.flush();
    expect(client.ends).toBe(0);
    gate.commit(11);
    gate.flush();
    gate.touch(client.session);
    gate.flush();
    expect([client.take(), client.ends]).toEqual([[":11"], 1]);
  });

  test("a closed connection is forgotten and never written to", () => {
    const gate = leading();
    const client = connect();
    reply(gate, client, 11, false);
    client.session.close();
    reply(gate, client, 11, false);
    gate.commit(11);
    gate.flush();
    expect([client.take(), client.ends, gate.waitingSessions]).toEqual([[], 0, 0]);
  });

  test("silenced replies leave nothing, not even a place in the order", () => {
    const gate = leading();
    const client = connect();
    client.session.replyMode = "off";
    reply(gate, client, 11, false);
    client.session.replyMode = "on";
    reply(gate, client, 0, false);
    gate.flush();
    expect(client.take()).toEqual([":0"]);
  });
});
