import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  born,
  configurationOf,
  DELAY_MS,
  HEARTBEAT_MS,
  LATE_MS,
  LoneLeader,
  member,
  of,
} from "../testing/lone-leader.js";
import { type HeartbeatRequest, type Member, type Message, MessageType } from "./types.js";

describe("entries", () => {
  test("leave at once for those who make a quorum, and several together for the others", () => {
    const leader = new LoneLeader().settled();
    leader.propose();
    expect(leader.leaves()).toEqual(["2: 3-3 (2)"]);
    leader.acknowledge(2);
    expect(leader.raft.commit).toBe(3);
    leader.propose();
    expect(leader.leaves()).toEqual(["2: 4-4 (3)"]);
    leader.acknowledge(2);
    // News of the commit is told to the one, and comes with the entries for the other.
    expect(leader.pass(DELAY_MS - 1)).toEqual(["2: (4)"]);
    expect(leader.pass(1)).toEqual(["3: 3-4 (4)"]);
    leader.acknowledge(3);
    expect(leader.pass(HEARTBEAT_MS / 2)).toEqual([]);
  });

  test("that are not committed in time leave for all, and who has the first of them first is first", () => {
    const leader = new LoneLeader().settled();
    leader.propose();
    expect(leader.leaves()).toEqual(["2: 3-3 (2)"]);
    expect(leader.pass(LATE_MS - 1)).toEqual([]);
    leader.propose();
    expect(leader.leaves()).toEqual(["2: 4-4 (2)"]);
    expect(leader.pass(1)).toEqual(["3: 3-4 (2)"]);
    // Until that is decided nobody waits.
    leader.propose();
    expect(leader.leaves()).toEqual(["2: 5-5 (2)", "3: 5-5 (2)"]);
    leader.acknowledge(3, 3);
    leader.propose();
    expect(leader.leaves()).toEqual(["3: 6-6 (3)"]);
    leader.acknowledge(2, 5);
    leader.acknowledge(3);
    expect(leader.pass(DELAY_MS)).toEqual(["3: (6)", "2: 6-6 (6)"]);
  });

  test("one in each interval leaves for all: the fastest is first, not the one that once was", () => {
    const leader = new LoneLeader().settled();
    leader.pass(HEARTBEAT_MS);
    leader.propose();
    expect(leader.leaves()).toEqual(["2: 3-3 (2)", "3: 3-3 (2)"]);
    leader.acknowledge(3);
    leader.acknowledge(2);
    leader.propose();
    expect(leader.leaves()).toEqual(["3: 4-4 (3)"]);
  });

  test("of five, two others are first", () => {
    const leader = new LoneLeader(of(1, 2, 3, 4, 5), [2, 3]).settled([5, 3]);
    leader.propose();
    expect(leader.leaves()).toEqual(["3: 3-3 (2)", "5: 3-3 (2)"]);
    leader.acknowledge(5);
    expect(leader.raft.commit).toBe(2);
    leader.acknowledge(3);
    expect(leader.raft.commit).toBe(3);
    expect(leader.pass(DELAY_MS)).toEqual(["3: (3)", "5: (3)", "2: 3-3 (3)", "4: 3-3 (3)"]);
  });

  test("of five, two others are needed, and one that answers twice is one", () => {
    const leader = new LoneLeader(of(1, 2, 3, 4, 5), [2, 3]);
    leader.messages();
    for (const id of [2, 3, 4, 5]) leader.acknowledge(id, 1);
    leader.messages();
    leader.propose();
    leader.messages();
    leader.acknowledge(2, 2);
    leader.acknowledge(2, 3);
    leader.propose();
    expect(leader.leaves()).toHaveLength(4);
  });

  test("a learner is never first", () => {
    const learners = [member(4)];
    const leader = new LoneLeader(configurationOf([1, 2, 3].map(member), { learners }));
    leader.messages();
    for (const id of [2, 3, 4]) leader.acknowledge(id, 1);
    leader.messages();
    leader.acknowledge(4);
    leader.propose();
    expect(leader.leaves()).toEqual(["2: 3-3 (0)", "3: 3-3 (0)", "4: 3-3 (0)"]);
    leader.acknowledge(3);
    leader.propose();
    expect(leader.leaves()).toEqual(["3: 4-4 (3)"]);
  });

  test("an entry that came later is late by itself, whatever was committed before it", () => {
    const leader = new LoneLeader().settled();
    leader.propose();
    leader.propose();
    leader.messages();
    leader.pass(LATE_MS - 1);
    leader.acknowledge(2, 3);
    expect(leader.pass(1)).toContain("3: 3-4 (3)");
  });

  test("of five, one other is late: who was not stays first", () => {
    const leader = new LoneLeader(of(1, 2, 3, 4, 5), [2, 3]).settled([2, 3]);
    leader.propose();
    expect(leader.leaves()).toEqual(["2: 3-3 (2)", "3: 3-3 (2)"]);
    leader.acknowledge(2);
    expect(leader.pass(LATE_MS)).toEqual(["4: 3-3 (2)", "5: 3-3 (2)"]);
    leader.acknowledge(4);
    leader.acknowledge(5);
    leader.propose();
    expect(leader.leaves()).toEqual(["2: 4-4 (3)", "4: 4-4 (3)"]);
  });

  test("a reserve whose link broke is asked at once, as anybody is", () => {
    const leader = new LoneLeader().settled();
    leader.propose();
    leader.messages();
    leader.raft.unreachable(3);
    expect(leader.leaves()).toEqual(["3: (2)"]);
  });

  test("somebody who waits for more than a quorum waits for no delay", () => {
    const leader = new LoneLeader().settled();
    leader.propose();
    leader.raft.hurry(3, 1);
    expect(leader.leaves()).toEqual(["2: 3-3 (2)"]);
    leader.raft.hurry(4, 2);
    expect(leader.leaves()).toEqual(["3: 3-3 (2)"]);
    // Entries that are proposed after it was asked, too.
    leader.propose();
    expect(leader.leaves().sort()).toEqual(["2: 4-4 (2)", "3: 4-4 (2)"]);
    leader.propose();
    expect(leader.leaves()).toEqual(["2: 5-5 (2)"]);
  });

  test("nor does who asked before his entry was there, when news of a commit waits already", () => {
    const leader = new LoneLeader().settled();
    leader.propose();
    leader.messages();
    leader.raft.hurry(4, 2);
    expect(leader.leaves()).toEqual(["3: 3-3 (2)"]);
    leader.acknowledge(2);
    leader.messages();
    leader.propose();
    expect(leader.leaves()).toEqual(["2: 4-4 (3)", "3: 4-4 (3)"]);
  });
});

/** `pass` looks at the end of its time, too: only the deadline itself shows that a host would have looked. */
describe("the host is told when to look", () => {
  const dueIn = ({ raft, nowMs }: LoneLeader) => raft.nextDeadlineMs() - nowMs;

  test("at an entry that is late, and at what leaves for reserves", () => {
    const leader = new LoneLeader().settled();
    leader.propose();
    leader.leaves();
    expect(dueIn(leader)).toBe(LATE_MS);
    leader.pass(1);
    leader.acknowledge(2);
    leader.leaves();
    // News of the commit for the one, then the other's time.
    expect(leader.pass(2)).toEqual(["2: (3)"]);
    expect(dueIn(leader)).toBe(DELAY_MS - 3);
    expect(leader.pass(DELAY_MS - 3)).toEqual(["3: 3-3 (3)"]);
    expect(dueIn(leader)).toBeGreaterThan(DELAY_MS);
  });

  test("and need not look again at what was late", () => {
    const leader = new LoneLeader().settled();
    leader.propose();
    leader.raft.beginReadRound();
    leader.leaves();
    expect(leader.pass(LATE_MS)).toEqual(["2: round", "3: round", "3: 3-3 (2)"]);
    expect(dueIn(leader)).toBeGreaterThan(LATE_MS);
  });

  test("at a round that is late", () => {
    const leader = new LoneLeader().settled();
    const round = leader.raft.beginReadRound();
    leader.leaves();
    expect(dueIn(leader)).toBe(LATE_MS);
    leader.echo(2, round);
    leader.leaves();
    expect(dueIn(leader)).toBeGreaterThan(LATE_MS);
  });

  test("never in the past", () => {
    const leader = new LoneLeader().settled();
    leader.propose();
    leader.messages();
    leader.raft.unreachable(3);
    leader.raft.hurry(3, 2);
    leader.messages();
    expect(dueIn(leader)).toBe(LATE_MS);
  });
});

describe("read rounds", () => {
  const roundsOf = (messages: readonly Message[]) =>
    messages
      .filter((message): message is HeartbeatRequest => message.type === MessageType.heartbeat)
      .map(({ to, readRound }) => [to, readRound]);

  test("go without reserves; those of the interval go to all", () => {
    const leader = new LoneLeader().settled();
    const round = leader.raft.beginReadRound();
    expect(roundsOf(leader.messages())).toEqual([[2, round]]);
    leader.echo(2, round);
    expect(leader.raft.ready().confirmedRound).toBe(round);
    expect(leader.pass(HEARTBEAT_MS)).toEqual(["2: round", "3: round"]);
  });

  test("that are not confirmed in time are begun anew with all, and who echoes that first is first", () => {
    const leader = new LoneLeader().settled();
    const round = leader.raft.beginReadRound();
    leader.messages();
    expect(leader.pass(LATE_MS)).toEqual(["2: round", "3: round"]);
    // An echo of the round that was late confirms it, and says nothing of who is faster now.
    leader.echo(2, round);
    expect(leader.raft.ready().confirmedRound).toBe(round);
    leader.echo(3, round + 1);
    const next = leader.raft.beginReadRound();
    expect(roundsOf(leader.messages())).toEqual([[3, next]]);
  });

  test("one behind another is not late because that one was early", () => {
    const leader = new LoneLeader().settled();
    const round = leader.raft.beginReadRound();
    leader.messages();
    leader.pass(LATE_MS - 1);
    leader.raft.beginReadRound();
    leader.messages();
    leader.echo(2, round);
    expect(leader.pass(LATE_MS - 1)).toEqual([]);
    expect(leader.pass(1)).toEqual(["2: round", "3: round"]);
  });

  test("are begun anew with all where reserves end before they are confirmed", () => {
    const spared = () => {
      const leader = new LoneLeader().settled();
      leader.echo(3, 0);
      const round = leader.raft.beginReadRound();
      expect(roundsOf(leader.messages())).toEqual([[2, round]]);
      return { raft: leader.raft, roundsAfter: () => roundsOf(leader.messages()), round };
    };
    const changed = spared();
    const voters = [member(1), member(2), { ...member(3), peerAddress: "elsewhere:1" }];
    const change = { expectedIndex: 0, voters, learners: [], force: false };
    expect(changed.raft.changeConfiguration(change)).toEqual({ index: 3 });
    expect(changed.roundsAfter()).toEqual([
      [2, changed.round + 1],
      [3, changed.round + 1],
    ]);
    const handedOver = spared();
    expect(handedOver.raft.transferLeadership(3)).toBe(null);
    expect(handedOver.roundsAfter()).toEqual([
      [2, handedOver.round + 1],
      [3, handedOver.round + 1],
    ]);
  });

  test("show who is fast where nothing is written: after a transfer that was given up, too", () => {
    const leader = new LoneLeader().settled();
    leader.echo(3, 0);
    expect(leader.raft.transferLeadership(3)).toBe(null);
    for (let intervals = 0; intervals < 6; intervals += 1) {
      leader.pass(HEARTBEAT_MS);
      const round = leader.raft.beginReadRound();
      leader.messages();
      for (const id of [3, 2]) leader.echo(id, round);
    }
    expect(leader.raft.transferring).toBe(false);
    const round = leader.raft.beginReadRound();
    expect(roundsOf(leader.messages())).toEqual([[3, round]]);
  });

  test("a reserve that asks for a read index is sent what it lacks of it", () => {
    const leader = new LoneLeader().settled();
    leader.propose();
    leader.messages();
    leader.acknowledge(2);
    const type = MessageType.readIndex;
    leader.raft.step({ ...born, type, from: 3, to: 1, term: 2, context: 9 });
    expect(leader.leaves()).toEqual(["2: round", "3: 3-3 (3)"]);
  });

  test("so it is told of the commit of what it has, or will have", () => {
    const type = MessageType.readIndex;
    const asks = { ...born, type, from: 3, to: 1, term: 2, context: 9 } as const;
    const leader = new LoneLeader().settled();
    leader.pass(HEARTBEAT_MS);
    leader.propose();
    expect(leader.leaves()).toEqual(["2: 3-3 (2)", "3: 3-3 (2)"]);
    leader.acknowledge(2);
    leader.raft.step(asks);
    expect(leader.leaves()).toEqual(["2: round", "3: (3)"]);
    // Before the term's first entry is committed, that is what it waits for.
    const newborn = new LoneLeader();
    for (const from of [2, 3]) newborn.acknowledge(from, 1);
    newborn.messages();
    newborn.raft.step(asks);
    newborn.messages();
    newborn.acknowledge(2);
    expect(newborn.leaves()).toEqual(["3: (2)"]);
  });

  test("trap-14 a lease counts from when the round that was late first left", () => {
    const leader = new LoneLeader().settled();
    leader.raft.beginReadRound();
    leader.messages();
    const sentMs = leader.nowMs;
    leader.pass(LATE_MS);
    leader.echo(2, leader.raft.beginReadRound() - 2);
    expect(leader.raft.leaseUntilMs()).toBe(sentMs + 180);
  });
});

describe("nobody is a reserve", () => {
  const bothAtOnce = ["2: 3-3 (2)", "3: 3-3 (2)"];

  test("until the first entry of the term has shown who is fast", () => {
    const leader = new LoneLeader();
    leader.messages();
    leader.propose();
    leader.acknowledge(2, 1);
    leader.acknowledge(3, 1);
    expect(leader.leaves()).toEqual(["2: 2-3 (0)", "3: 2-3 (0)"]);
  });

  test("where all others are needed", () => {
    const leader = new LoneLeader(of(1, 2)).settled();
    leader.propose();
    expect(leader.leaves()).toEqual(["2: 3-3 (2)"]);
  });

  test("in a joint configuration", () => {
    const joint = configurationOf([1, 2, 3].map(member), { votersOutgoing: [1, 2].map(member) });
    const leader = new LoneLeader(joint).settled();
    leader.propose();
    expect(leader.leaves()).toEqual(bothAtOnce);
  });

  test("beside a witness", () => {
    const voters = [member(1), member(2), { ...member(3), witness: true as const }];
    const leader = new LoneLeader(configurationOf(voters)).settled();
    leader.propose();
    expect(leader.leaves()).toEqual(bothAtOnce);
  });

  test("beside a learner that is to be promoted; one that stays a learner always is", () => {
    const learning = (learner: Member) =>
      new LoneLeader(configurationOf([1, 2, 3].map(member), { learners: [learner] })).settled();
    const staying = learning(member(4));
    staying.propose();
    expect(staying.leaves()).toEqual(["2: 3-3 (2)"]);
    const promoted = learning({ ...member(4), promote: true });
    promoted.propose();
    expect(promoted.leaves()).toHaveLength(3);
  });

  test("while leadership is handed over: the target has everything soon", () => {
    const leader = new LoneLeader().settled();
    leader.propose();
    leader.messages();
    leader.echo(3, 0);
    expect(leader.raft.transferLeadership(3)).toBe(null);
    expect(leader.leaves()).toEqual(["3: 3-3 (2)"]);
  });
});

describe("whoever answers what, and when", () => {
  /** What left, by peer: the newest entry and the newest round. And since when there is what should leave. */
  class Observed {
    readonly leader = new LoneLeader().settled();
    readonly #peers = [2, 3].map((id) => ({ id, entry: 2, round: 0 }));
    readonly #entriesMs: number[] = [];
    readonly #roundsMs = new Map<number, number>();
    #echoed = 0;
    #hurriedTo = 0;

    act(kind: number, of: number): void {
      const { leader } = this;
      const { raft } = leader;
      const peer = this.#peers[of % 2]!;
      if (kind < 3) {
        leader.propose();
        this.#entriesMs[raft.lastIndex] = leader.nowMs;
      } else if (kind < 5) leader.acknowledge(peer.id, Math.max(1, peer.entry - (of >> 1)));
      else if (kind === 5) this.#roundsMs.set(raft.beginReadRound(), leader.nowMs);
      else if (kind === 6) {
        leader.echo(peer.id, peer.round);
        this.#echoed = Math.max(this.#echoed, peer.round);
      } else if (kind === 7) {
        this.#hurriedTo = Math.max(this.#hurriedTo, raft.lastIndex + (of % 2));
        raft.hurry(this.#hurriedTo, 2);
      }
      this.#look(kind < 8 ? leader.leaves() : leader.pass(1 + (of % 3)));
    }

    #look(left: readonly string[]): void {
      const { raft, nowMs } = this.leader;
      expect(raft.nextDeadlineMs()).toBeGreaterThan(nowMs);
      for (const line of left) {
        const [, to, entry] = /^(\d): (?:\d+-(\d+))?/.exec(line)!;
        const peer = this.#peers.find(({ id }) => id === Number(to))!;
        if (line.endsWith("round")) peer.round = this.leader.newestRound;
        else if (entry !== undefined) peer.entry = Number(entry);
      }
      for (const { entry, round } of this.#peers) {
        for (let index = entry + 1; index <= raft.lastIndex; index += 1) {
          const waitsMs = nowMs - this.#entriesMs[index]!;
          expect(waitsMs).toBeLessThan(DELAY_MS);
          if (index > raft.commit) expect(waitsMs).toBeLessThan(2 * LATE_MS);
          expect(index).toBeGreaterThan(this.#hurriedTo);
        }
        for (const [begun, begunMs] of this.#roundsMs) {
          if (begun > Math.max(round, this.#echoed))
            expect(nowMs - begunMs).toBeLessThan(2 * LATE_MS);
        }
      }
    }
  }

  test("nothing is held longer than is promised, and no deadline is missed", () => {
    const act = fc.tuple(fc.nat(11), fc.nat(7));
    const property = fc.property(fc.array(act, { maxLength: 50 }), (acts) => {
      const observed = new Observed();
      for (const [kind, of] of acts) observed.act(kind, of);
    });
    fc.assert(property, { seed: 20_260_101, numRuns: 1000 });
  });
});
