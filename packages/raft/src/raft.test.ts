/** What the scenario texts cannot say: configurations in the log, broken invariants, hostile input. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acknowledgement } from "../testing/lone-leader.js";
import { SimulatedDisk } from "../testing/simulated-node.js";
import { AssertionError } from "./assert.js";
import { entryChecksum } from "./checksum.js";
import { bootstrapEntries, encodeConfiguration } from "./configuration.js";
import { LogRolledBackError } from "./errors.js";
import { Raft } from "./raft.js";
import {
  type AppendRequest,
  type Configuration,
  type Entry,
  EntryKind,
  type HardState,
  type Message,
  MessageType,
  type Term,
} from "./types.js";

const member = (id: number) => ({ id, incarnation: 1, peerAddress: `node-${id}:1` });
const three: Configuration = {
  clusterId: "c",
  voters: [1, 2, 3].map(member),
  votersOutgoing: [],
  learners: [],
};
const four: Configuration = { ...three, voters: [1, 2, 3, 4].map(member) };

function node(
  id: number,
  hardState?: HardState,
  entries: Entry[] = bootstrapEntries(three),
  random = 0.5,
  commitDelayMs = 0,
) {
  const disk = new SimulatedDisk(entries);
  if (hardState !== undefined) disk.hardState = hardState;
  const events: string[] = [];
  const raft = new Raft({
    id,
    incarnation: 1,
    initial: disk.initialState(),
    reader: disk,
    electionTimeoutMs: 100,
    heartbeatIntervalMs: 20,
    random: () => random,
    nowMs: 0,
    commitDelayMs,
    onEvent: (event) => events.push(event),
  });
  const settle = () => {
    const messages: Message[] = [];
    while (raft.hasReady()) {
      const ready = raft.ready();
      messages.push(...ready.messages, ...ready.promises);
      if (ready.persist === null) continue;
      disk.write(ready.persist);
      raft.persisted(ready.persist.sequence);
    }
    return messages;
  };
  return { raft, disk, events, settle };
}

/** What every message between first incarnations says. */
const born = { incarnation: 1, toIncarnation: 1 } as const;

/** Entries of a correct leader behind `previous`. */
function chain(previous: Entry, ...made: [Term, EntryKind, Uint8Array][]): Entry[] {
  let before = previous;
  return made.map(([term, kind, payload]) => {
    const index = before.index + 1;
    const checksum = entryChecksum(index, term, kind, before.checksum, payload);
    before = { index, term, kind, checksum, payload };
    return before;
  });
}

function append(from: number, term: Term, previous: Entry, entries: Entry[], commit = 0) {
  const { index: prevIndex, term: prevTerm } = previous;
  const type = MessageType.append;
  const message = { ...born, type, from, to: 1, term, prevIndex, prevTerm, commit, entries };
  return message satisfies AppendRequest;
}

const birth = bootstrapEntries(three)[0]!;
const empty = new Uint8Array(0);

describe("configurations", () => {
  test("trap-02: one is in force when appended; when it is cut the earlier one is back", () => {
    const { raft, settle } = node(1);
    const entries = chain(
      birth,
      [2, EntryKind.noop, empty],
      [2, EntryKind.configuration, encodeConfiguration(four)],
    );
    raft.step(append(2, 2, birth, entries));
    expect(raft.configuration.voters).toHaveLength(4);
    expect(raft.commit).toBe(0);
    settle();
    raft.step(append(3, 3, entries[0]!, chain(entries[0]!, [3, EntryKind.noop, empty])));
    expect(raft.lastIndex).toBe(3);
    expect(raft.configuration).toEqual(three);
  });

  test("trap-02: a restart finds both, and a cut after it still falls back", () => {
    const [noop, changed] = chain(
      birth,
      [2, EntryKind.noop, empty],
      [2, EntryKind.configuration, encodeConfiguration(four)],
    ) as [Entry, Entry];
    const { raft } = node(1, { term: 2, vote: 0 }, [birth, noop, changed]);
    expect(raft.configuration).toEqual(four);
    raft.step(append(3, 3, noop, chain(noop, [3, EntryKind.noop, empty])));
    expect(raft.configuration).toEqual(three);
  });

  test("trap-18: a malformed one, or one of another cluster, changes nothing", () => {
    const { raft, events } = node(1);
    const foreign = encodeConfiguration({ ...four, clusterId: "other" });
    for (const payload of [foreign, new Uint8Array([9, 9])]) {
      raft.step(append(2, 2, birth, chain(birth, [2, EntryKind.configuration, payload])));
      expect(raft.lastIndex).toBe(1);
    }
    expect(events.filter((event) => event === "append refused")).toHaveLength(2);
  });

  test("trap-11: a node that is no voter never campaigns", () => {
    const { raft, settle } = node(9);
    expect(raft.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY);
    raft.tick(10_000);
    expect(raft.role).toBe("follower");
    expect(settle()).toEqual([]);
  });
});

test("trap-03: what was said in an earlier term and has not left is never said", () => {
  const { raft, settle } = node(1);
  const [noop] = chain(birth, [2, EntryKind.noop, empty]) as [Entry];
  raft.step(append(2, 2, birth, [noop]));
  const heartbeat = {
    ...born,
    type: MessageType.heartbeat,
    to: 1,
    commit: 0,
    readRound: 4,
  } as const;
  raft.step({ ...heartbeat, from: 2, term: 2 });
  // Another leader cuts that entry before any of it was handed to storage.
  raft.step(append(3, 3, birth, chain(birth, [3, EntryKind.noop, empty])));
  expect(settle()).toMatchObject([{ type: MessageType.appendResponse, to: 3, term: 3, index: 2 }]);
  // Entering a term without a leader: nothing is left to acknowledge to anyone.
  raft.step(append(3, 3, birth, chain(birth, [3, EntryKind.noop, empty])));
  const refusal = { ...born, type: MessageType.voteResponse, to: 1, granted: false } as const;
  raft.step({ ...refusal, from: 2, term: 9 });
  expect(settle()).toEqual([]);
});

describe("broken invariants stop the process", () => {
  test("two leaders in one term", () => {
    const { raft } = node(1);
    raft.step(append(2, 2, birth, []));
    expect(() => raft.step(append(3, 2, birth, []))).toThrow(AssertionError);
  });

  test("trap-06: an append that conflicts at or below the commit index", () => {
    const { raft } = node(1);
    const [noop] = chain(birth, [2, EntryKind.noop, empty]) as [Entry];
    raft.step(append(2, 2, birth, [noop], 2));
    expect(raft.commit).toBe(2);
    const other = chain(birth, [3, EntryKind.noop, empty]);
    expect(() => raft.step(append(3, 3, birth, other))).toThrow(AssertionError);
  });

  test("trap-42: a hard state older than the log", () => {
    const [noop] = chain(birth, [5, EntryKind.noop, empty]) as [Entry];
    expect(() => node(1, { term: 4, vote: 0 }, [birth, noop])).toThrow(AssertionError);
  });

  test("a commit index beyond what was acknowledged: the log has lost entries", () => {
    const { raft } = node(1);
    const type = MessageType.heartbeat;
    const heartbeat = { ...born, type, from: 2, to: 1, term: 2, commit: 7, readRound: 0 } as const;
    expect(() => raft.step(heartbeat)).toThrow(LogRolledBackError);
  });

  test("proposing without leading, time going back, unknown Persists", () => {
    const { raft } = node(1);
    expect(() => raft.propose(empty)).toThrow(AssertionError);
    expect(() => raft.beginReadRound()).toThrow(AssertionError);
    expect(() => raft.persisted(1)).toThrow(AssertionError);
    raft.tick(50);
    expect(() => raft.tick(49)).toThrow(AssertionError);
  });
});

test("an answer to a read of before a restart is not taken for one of after it", () => {
  const heard = { type: MessageType.heartbeat, from: 2, to: 1, term: 2, ...born } as const;
  const firstContext = (random: number): number => {
    const { raft } = node(1, undefined, undefined, random);
    raft.step({ ...heard, commit: 0, readRound: 1 });
    return raft.requestReadIndex();
  };
  expect(firstContext(0.25)).not.toBe(firstContext(0.75));
});

describe("the first start", () => {
  test("trap-42: a vote survives a restart: none for another candidate of the term", () => {
    const { raft, settle } = node(1, { term: 5, vote: 2 });
    raft.tick(100);
    const ask = {
      ...born,
      type: MessageType.vote,
      to: 1,
      term: 5,
      transfer: false,
      lastIndex: 9,
      lastTerm: 4,
    } as const;
    raft.step({ ...ask, from: 3 });
    raft.step({ ...ask, from: 2 });
    const granted = settle().filter((message) => "granted" in message && message.granted);
    expect(granted.map(({ to }) => to)).toEqual([2]);
  });

  test("a newborn votes at once, a restarted node only after one election timeout", () => {
    const ask = {
      ...born,
      type: MessageType.preVote,
      from: 2,
      to: 1,
      transfer: false,
      lastIndex: 1,
      lastTerm: 1,
    } as const;
    const newborn = node(1);
    newborn.raft.step({ ...ask, term: 2 });
    expect(newborn.settle()).toHaveLength(1);
    const restarted = node(1, { term: 2, vote: 0 });
    restarted.raft.tick(99);
    restarted.raft.step({ ...ask, term: 3 });
    expect(restarted.settle()).toEqual([]);
    restarted.raft.tick(100);
    restarted.raft.step({ ...ask, term: 3 });
    expect(restarted.settle()).toMatchObject([{ granted: true, term: 3 }]);
  });
});

describe("hostile input", () => {
  const wild = fc.oneof(
    fc.integer({ min: -2, max: 12 }),
    fc.constantFrom(Number.NaN, 1.5, 2 ** 53, Number.POSITIVE_INFINITY, null, undefined, "1", {}),
  );
  const anyEntry = fc.record({
    index: wild,
    term: wild,
    kind: wild,
    checksum: wild,
    payload: wild,
  });
  const anyMessage = fc.record({
    ...{
      type: wild,
      from: fc.constantFrom(2, 3, 9, 0, -1, 1.5, null),
      to: fc.constantFrom(1, 1, 1, 2),
    },
    ...{
      term: wild,
      lastIndex: wild,
      lastTerm: wild,
      granted: fc.constantFrom(true, false, 0, null),
    },
    ...{
      prevIndex: wild,
      prevTerm: wild,
      commit: wild,
      index: wild,
      hintIndex: wild,
      hintTerm: wild,
    },
    ...{ readRound: wild, rejected: fc.constantFrom(true, false, undefined) },
    entries: fc.oneof(fc.array(anyEntry, { maxLength: 2 }), fc.constantFrom(null, 3, [null])),
  });

  test("trap-35: throws nothing but a broken invariant, and cuts nothing", () => {
    const property = fc.property(fc.array(anyMessage, { maxLength: 20 }), (messages) => {
      const { raft, settle } = node(1);
      try {
        for (const message of messages) raft.step(message as unknown as Message);
        settle();
      } catch (error) {
        // Well-formed lies of a member can break invariants: two leaders, a commit index out of the air.
        expect(error).toBeInstanceOf(AssertionError);
      }
      expect(raft.lastIndex).toBe(1);
      expect(raft.checksumAt(1)).toBe(birth.checksum);
    });
    fc.assert(property, { seed: 1, numRuns: 2000 });
  });

  test("is refused with an event when it is no message at all", () => {
    const { raft, events } = node(1);
    for (const nothing of [null, undefined, 7, "x", {}]) raft.step(nothing as unknown as Message);
    expect(events).toEqual(Array.from({ length: 5 }, () => "message refused"));
  });
});

describe("a leader", () => {
  function leader(commitDelayMs = 0) {
    const made = node(1, undefined, undefined, undefined, commitDelayMs);
    const answer = { ...born, from: 2, to: 1, term: 2, granted: true } as const;
    made.raft.tick(150);
    made.settle();
    made.raft.step({ type: MessageType.preVoteResponse, ...answer });
    made.settle();
    made.raft.step({ type: MessageType.voteResponse, ...answer });
    expect(made.raft.role).toBe("leader");
    const acknowledge = (from: number, index: number) => {
      made.raft.step(acknowledgement(from, index));
    };
    return { ...made, acknowledge };
  }

  test("tells a commit with the next append, or when that is late, and never twice", () => {
    const { raft, settle, acknowledge } = leader(5);
    settle();
    for (const peer of [2, 3]) acknowledge(peer, 2);
    const appends = () =>
      settle()
        .filter((message): message is AppendRequest => message.type === MessageType.append)
        .map(({ to, commit, entries }) => [to, commit, entries.length]);
    expect([appends(), raft.commit]).toEqual([[], 2]);
    expect(raft.nextDeadlineMs()).toBe(155);
    raft.propose(new Uint8Array(1));
    expect(appends()).toEqual([
      [2, 2, 1],
      [3, 2, 1],
    ]);
    raft.tick(156);
    expect(appends()).toEqual([]);

    acknowledge(3, 3);
    expect([appends(), raft.commit, raft.nextDeadlineMs()]).toEqual([[], 3, 161]);
    // What comes meanwhile does not put it off.
    raft.tick(158);
    acknowledge(2, 3);
    expect([appends(), raft.nextDeadlineMs()]).toEqual([[], 161]);
    raft.tick(161);
    expect(appends()).toEqual([
      [2, 3, 0],
      [3, 3, 0],
    ]);
    expect(raft.nextDeadlineMs()).toBe(170);
  });

  test("shares entries and payloads between peers and storage, and never copies them", () => {
    const { raft, settle, acknowledge } = leader();
    settle();
    for (const peer of [2, 3]) acknowledge(peer, 2);
    settle();
    const payload = new Uint8Array(8);
    raft.propose(payload);
    const ready = raft.ready();
    const [first, second] = ready.messages as AppendRequest[];
    expect(first?.entries).toBe(second?.entries);
    expect(first?.entries[0]).toBe(ready.persist?.entries[0]);
    expect(first?.entries[0]?.payload).toBe(payload);
  });

  test("trap-20: counts what is not committed, and gives memory back", () => {
    const { raft, settle, acknowledge } = leader();
    settle();
    for (const peer of [2, 3]) acknowledge(peer, 2);
    const mib = 1024 * 1024;
    for (let turn = 1; turn <= 40; turn += 1) {
      raft.propose(new Uint8Array(mib));
      expect(raft.uncommittedBytes).toBe(mib);
      settle();
      for (const peer of [2, 3]) acknowledge(peer, 2 + turn);
      expect(raft.uncommittedBytes).toBe(0);
      settle();
    }
    expect(raft.memoryBytes).toBeLessThan(6 * mib);
    expect(raft.commit).toBe(42);
  });

  test("trap-20: a peer that stops answering pins a bounded part of the log", () => {
    const { raft, settle, acknowledge } = leader();
    settle();
    for (const peer of [2, 3]) acknowledge(peer, 2);
    const mib = 1024 * 1024;
    for (let turn = 1; turn <= 60; turn += 1) {
      raft.propose(new Uint8Array(mib));
      const sent = settle().filter(
        (message) => message.type === MessageType.append && message.entries.length > 0,
      );
      if (turn > 20) expect(sent.map(({ to }) => to)).toEqual([2]);
      acknowledge(2, 2 + turn);
      settle();
    }
    expect(raft.commit).toBe(62);
    expect(raft.memoryBytes).toBeLessThan(34 * mib);
    // It comes back: what is gone from memory is read from the log.
    acknowledge(3, 10);
    const sent = settle().filter(
      (message): message is AppendRequest =>
        message.to === 3 && message.type === MessageType.append,
    );
    expect(sent.length).toBeGreaterThan(0);
  });
});
