import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Quorum, type Vote } from "./quorum.js";
import type { Configuration, NodeId } from "./types.js";

const configuration = (voters: NodeId[], votersOutgoing: NodeId[] = []): Configuration => {
  const member = (id: NodeId) => ({ id, incarnation: 1, peerAddress: "" });
  const outgoing = votersOutgoing.map(member);
  return { clusterId: "c", voters: voters.map(member), votersOutgoing: outgoing, learners: [] };
};
const ids = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 7 });
const values = fc.array(fc.nat(20), { minLength: 10, maxLength: 10 });

describe("Quorum.reached", () => {
  test("is the value that a majority has reached", () => {
    const at = new Map([
      [1, 10],
      [2, 20],
      [3, 30],
      [4, 40],
    ]);
    const value = (id: NodeId) => at.get(id) ?? 0;
    expect(new Quorum(configuration([1])).reached(value)).toBe(10);
    expect(new Quorum(configuration([1, 2])).reached(value)).toBe(10);
    expect(new Quorum(configuration([3, 1, 2])).reached(value)).toBe(20);
    expect(new Quorum(configuration([4, 3, 2, 1])).reached(value)).toBe(20);
    expect(new Quorum(configuration([5, 4, 3, 2, 1])).reached(value)).toBe(20);
  });

  test("trap-07: needs both majorities of a joint configuration, each counted alone", () => {
    const of = (held: NodeId[]) => (id: NodeId) => (held.includes(id) ? 1 : 0);
    const joint = new Quorum(configuration([1, 2, 3], [3, 4, 5]));
    expect(joint.reached(of([1, 2, 3]))).toBe(0);
    expect(joint.reached(of([3, 4, 5]))).toBe(0);
    expect(joint.reached(of([1, 2, 4, 5]))).toBe(1);
    expect(joint.reached(of([2, 3, 4]))).toBe(1);
  });

  test("trap-07: agrees with counting, and with the tally of votes", () => {
    const property = fc.property(
      ids,
      fc.option(ids),
      values,
      fc.nat(20),
      (incoming, out, at, bar) => {
        const quorum = new Quorum(configuration(incoming, out ?? []));
        const holds = (half: NodeId[]) =>
          half.filter((id) => at[id]! >= bar).length * 2 > half.length;
        const both = holds(incoming) && (out === null || holds(out));
        expect(quorum.reached((id) => at[id]!) >= bar).toBe(both);
        const voted = [...incoming, ...(out ?? [])].map(
          (id) => [id, vote(at[id]! >= bar)] as const,
        );
        const votes = new Map(voted);
        expect(quorum.tally(votes) === "won").toBe(both);
        if (!both) expect(quorum.tally(votes)).toBe("lost");
      },
    );
    fc.assert(property, { seed: 1, numRuns: 500 });
  });
});

describe("trap-43: another incarnation", () => {
  const quorum = new Quorum(configuration([1, 2, 3]));

  test("has no vote", () => {
    const votes = new Map([
      [1, vote(true)],
      [3, vote(true, 9)],
    ]);
    expect(quorum.tally(votes)).toBe("pending");
    expect(quorum.tally(votes.set(2, vote(true)))).toBe("won");
  });

  test("is asked for by name, so that it counts for nothing", () => {
    const replaced = new Quorum({
      ...configuration([1, 2]),
      voters: [1, 2, 3].map((id) => ({ id, incarnation: id === 3 ? 9 : 1, peerAddress: "a:1" })),
      votersOutgoing: [1, 2, 3].map((id) => ({ id, incarnation: 1, peerAddress: "a:1" })),
    });
    const reach = (id: NodeId, incarnation: number) =>
      id === 3 ? (incarnation === 9 ? 7 : 0) : id;
    // 7 and 2 of {1: 1, 2: 2, 3.9: 7}; but only 1 of {1: 1, 2: 2, 3.1: 0}.
    expect(replaced.reached(reach)).toBe(1);
  });
});

describe("Quorum.tally", () => {
  test("is pending until the missing votes cannot change it", () => {
    const quorum = new Quorum(configuration([1, 2, 3, 4]));
    const votes = new Map<NodeId, Vote>();
    expect(quorum.tally(votes)).toBe("pending");
    votes.set(1, vote(true)).set(2, vote(true));
    expect(quorum.tally(votes)).toBe("pending");
    expect(quorum.tally(new Map(votes).set(3, vote(true)))).toBe("won");
    expect(quorum.tally(new Map(votes).set(3, vote(false)))).toBe("pending");
    expect(quorum.tally(new Map(votes).set(3, vote(false)).set(4, vote(false)))).toBe("lost");
  });

  test("does not count votes of those who have none", () => {
    const votes = new Map([
      [1, vote(true)],
      [8, vote(true)],
      [9, vote(true)],
    ]);
    expect(new Quorum(configuration([1, 2, 3])).tally(votes)).toBe("pending");
  });
});

function vote(granted: boolean, incarnation = 1): Vote {
  return { granted, incarnation };
}
