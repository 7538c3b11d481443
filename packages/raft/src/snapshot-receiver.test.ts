import { describe, expect, test } from "vitest";
import { SimulatedNode } from "../testing/simulated-node.js";
import { AssertionError } from "./assert.js";
import { bootstrapEntries } from "./configuration.js";
import { SnapshotReceiver } from "./snapshot-receiver.js";
import {
  type Configuration,
  MessageType,
  type SnapshotChunk,
  type SnapshotDescription,
  type Term,
} from "./types.js";

const member = (id: number) => ({ id, incarnation: 1, peerAddress: `node-${id}:1` });

function configurationOf(clusterId: string): Configuration {
  return { clusterId, voters: [1, 2, 3].map(member), votersOutgoing: [], learners: [] };
}

const snapshot: SnapshotDescription = {
  index: 20,
  term: 2,
  checksum: 5,
  configuration: { index: 1, configuration: configurationOf("a") },
  bytes: 10,
  digest: 77,
};
const newer: SnapshotDescription = { ...snapshot, index: 30, digest: 78 };

function chunk(
  of: SnapshotDescription,
  offset: number,
  bytes: number,
  term: Term = 2,
): SnapshotChunk {
  const who = { from: 1, to: 2, incarnation: 1, toIncarnation: 1, term };
  const data = new Uint8Array(bytes).fill(offset);
  return { type: MessageType.snapshotChunk, ...who, snapshot: of, offset, data };
}

describe("chunks of one snapshot", () => {
  test("are accepted in order, each once, until it is complete", () => {
    const receiver = new SnapshotReceiver();
    const first = chunk(snapshot, 0, 6);
    expect(receiver.offer(first)).toEqual({ accepted: first, complete: null, offset: 6 });
    expect(receiver.offer(first)).toEqual({ accepted: null, complete: null, offset: 6 });
    const last = chunk(snapshot, 6, 4);
    expect(receiver.offer(last)).toEqual({ accepted: last, complete: snapshot, offset: 10 });
    expect(receiver.offer(last)).toEqual({ accepted: null, complete: null, offset: 10 });
  });

  test("have no place out of turn, nor when they overlap", () => {
    const receiver = new SnapshotReceiver();
    expect(receiver.offer(chunk(snapshot, 3, 3))).toMatchObject({ accepted: null, offset: 0 });
    receiver.offer(chunk(snapshot, 0, 3));
    expect(receiver.offer(chunk(snapshot, 6, 4))).toMatchObject({ accepted: null, offset: 3 });
    expect(receiver.offer(chunk(snapshot, 2, 4))).toMatchObject({ accepted: null, offset: 3 });
  });

  test("a question is answered, and nothing else", () => {
    const receiver = new SnapshotReceiver();
    expect(receiver.offer(chunk(snapshot, 0, 0))).toMatchObject({ accepted: null, offset: 0 });
    receiver.offer(chunk(snapshot, 0, 3));
    expect(receiver.offer(chunk(snapshot, 7, 0))).toMatchObject({ accepted: null, offset: 3 });
    expect(receiver.offer(chunk(snapshot, 3, 0))).toMatchObject({ accepted: null, offset: 3 });
  });

  test("trap-21: go on under another leader and in another term", () => {
    const receiver = new SnapshotReceiver();
    receiver.offer(chunk(snapshot, 0, 6, 2));
    expect(receiver.offer(chunk(snapshot, 0, 4, 3)).offset).toBe(6);
    expect(receiver.offer(chunk(snapshot, 6, 4, 3)).complete).toBe(snapshot);
  });

  test("never end behind it: the door refuses what would", () => {
    const receiver = new SnapshotReceiver();
    expect(() => receiver.offer(chunk(snapshot, 0, 11))).toThrow(AssertionError);
  });
});

describe("another snapshot", () => {
  test("takes the place of a half received one with its first bytes", () => {
    const receiver = new SnapshotReceiver();
    receiver.offer(chunk(snapshot, 0, 6));
    expect(receiver.offer(chunk(newer, 6, 4)).offset).toBe(0);
    expect(receiver.offer(chunk(newer, 0, 0)).offset).toBe(0);
    // Until then the other is still there.
    expect(receiver.offer(chunk(snapshot, 0, 0)).offset).toBe(6);
    expect(receiver.offer(chunk(newer, 0, 3))).toMatchObject({ offset: 3 });
    expect(receiver.offer(chunk(newer, 3, 7)).complete).toBe(newer);
  });

  test("of a lower index is an old message in the same term, and the only one there is in a later one", () => {
    const receiver = new SnapshotReceiver();
    receiver.offer(chunk(newer, 0, 6, 4));
    expect(receiver.offer(chunk(snapshot, 0, 6, 4))).toMatchObject({ accepted: null, offset: -1 });
    // The next leader goes on with it: in its term, too.
    expect(receiver.offer(chunk(newer, 0, 0, 5)).offset).toBe(6);
    expect(receiver.offer(chunk(snapshot, 0, 6, 5))).toMatchObject({ accepted: null, offset: -1 });
    const other = chunk(snapshot, 0, 6, 6);
    expect(receiver.offer(other)).toMatchObject({ accepted: other, offset: 6 });
  });

  test("is one whose bytes differ at the same index", () => {
    for (const other of [
      { ...snapshot, digest: 1 },
      { ...snapshot, bytes: 11 },
      { ...snapshot, term: 1 },
    ]) {
      const receiver = new SnapshotReceiver();
      receiver.offer(chunk(snapshot, 0, 6));
      expect(receiver.offer(chunk(other, 6, 4))).toMatchObject({ accepted: null, offset: 0 });
    }
  });

  test("trap-22: waits, unanswered, while a complete one is verified", () => {
    const receiver = new SnapshotReceiver();
    receiver.offer(chunk(snapshot, 0, 10));
    for (const term of [2, 3]) {
      const verdict = receiver.offer(chunk(newer, 0, 10, term));
      expect(verdict).toEqual({ accepted: null, complete: null, offset: -1 });
    }
    expect(receiver.verified(snapshot)).toBe(true);
    expect(receiver.offer(chunk(newer, 0, 10, 3)).complete).toBe(newer);
  });
});

describe("verified", () => {
  test("is what is complete, once; then it is forgotten", () => {
    const receiver = new SnapshotReceiver();
    expect(receiver.verified(snapshot)).toBe(false);
    receiver.offer(chunk(snapshot, 0, 6));
    expect(receiver.verified(snapshot)).toBe(false);
    receiver.offer(chunk(snapshot, 6, 4));
    expect(receiver.verified(newer)).toBe(false);
    expect(receiver.verified(snapshot)).toBe(true);
    expect(receiver.verified(snapshot)).toBe(false);
    expect(receiver.offer(chunk(snapshot, 10, 0)).offset).toBe(0);
  });

  test("what was refused can come again from its first byte", () => {
    const receiver = new SnapshotReceiver();
    receiver.offer(chunk(snapshot, 0, 10));
    receiver.verified(snapshot);
    expect(receiver.offer(chunk(snapshot, 6, 4))).toMatchObject({ accepted: null, offset: 0 });
    expect(receiver.offer(chunk(snapshot, 0, 10)).complete).toBe(snapshot);
  });
});

describe("at a node's door", () => {
  function follower(): { node: SimulatedNode; events: string[] } {
    const events: string[] = [];
    const timing = { electionTimeoutMs: 100, heartbeatIntervalMs: 20, random: () => 0 };
    const onEvent = (event: string, fields: object) => {
      events.push(`${event} ${JSON.stringify(fields)}`);
    };
    const entries = bootstrapEntries(configurationOf("a"));
    return {
      node: new SimulatedNode({ id: 2, entries, limits: {}, onEvent, ...timing }, 0),
      events,
    };
  }

  test("trap-18: a snapshot of another cluster is refused, with a line that says so", () => {
    const { node, events } = follower();
    const configuration = { index: 1, configuration: configurationOf("b") };
    node.raft.step(chunk({ ...snapshot, configuration }, 0, 10));
    expect(events.at(-1)).toContain("snapshot refused");
    expect(node.takeReady().ready).toMatchObject({ chunks: [], verify: null });
  });

  test("trap-03: an answer that carries a new term waits until that is durable", () => {
    const { node } = follower();
    node.raft.step(chunk(snapshot, 0, 6));
    const { ready, leaving } = node.takeReady();
    expect(ready.messages).toEqual([]);
    expect(ready.promises).toMatchObject([{ type: MessageType.snapshotResponse, offset: 6 }]);
    expect(leaving).toEqual([]);
    expect(node.sync(1)).toHaveLength(1);
  });

  test("trap-22: a snapshot that ends in the log is not taken: what it ends with is committed", () => {
    const { node } = follower();
    expect(node.raft).toMatchObject({ lastIndex: 1, commit: 0 });
    node.raft.step(chunk({ ...snapshot, index: 1, term: 1 }, 0, 6));
    const { ready } = node.takeReady();
    expect(ready).toMatchObject({ chunks: [], commit: 1, committed: [{ index: 1 }] });
    expect(ready.promises).toMatchObject([{ index: 1, installed: true }]);
  });

  test("what the store was never asked to verify is not installed", () => {
    const { node } = follower();
    node.raft.snapshotVerified(snapshot, true);
    node.raft.step(chunk(snapshot, 0, 6));
    node.raft.snapshotVerified(snapshot, true);
    expect(node.raft).toMatchObject({ lastIndex: 1, anchorIndex: 0, commit: 0 });
  });

  test("what is no chunk changes nothing", () => {
    const { node, events } = follower();
    node.takeReady();
    const whole = chunk(snapshot, 0, 10);
    const strange: SnapshotChunk[] = [
      { ...whole, offset: 1 },
      { ...whole, offset: -1 },
      { ...whole, data: [] as never },
      { ...whole, snapshot: null as never },
      { ...whole, snapshot: { ...snapshot, index: 0 } },
      { ...whole, snapshot: { ...snapshot, term: 3 } },
      { ...whole, snapshot: { ...snapshot, checksum: -1 } },
      { ...whole, snapshot: { ...snapshot, digest: 2 ** 32 } },
      { ...whole, snapshot: { ...snapshot, bytes: 0 } },
      {
        ...whole,
        snapshot: { ...snapshot, configuration: { ...snapshot.configuration, index: 21 } },
      },
      { ...whole, snapshot: { ...snapshot, configuration: null as never } },
    ];
    for (const [at, message] of strange.entries()) {
      node.raft.step(message);
      expect(events).toHaveLength(at + 1);
      expect(events.at(-1)).toContain("message refused");
    }
    expect(node.raft.hasReady()).toBe(false);
    node.raft.step(whole);
    expect(node.takeReady().ready.verify).toEqual(snapshot);
  });
});
