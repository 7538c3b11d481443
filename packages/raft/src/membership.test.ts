import { describe, expect, test } from "vitest";
import {
  type ConfigurationChange,
  type MemberHealth,
  type MembershipFacts,
  planChange,
  planPending,
  withLearner,
  withoutMember,
  withPromoted,
  withReplacement,
} from "./membership.js";
import type { Configuration, Member } from "./types.js";

const member = (id: number, incarnation = 1): Member => ({
  id,
  incarnation,
  peerAddress: `n${id}:1`,
});
const three: Configuration = {
  clusterId: "c",
  voters: [1, 2, 3].map((id) => member(id)),
  votersOutgoing: [],
  learners: [],
};
const well: MemberHealth = { active: true, lagEntries: 0 };
const silent: MemberHealth = { active: false, lagEntries: 0 };
const behind: MemberHealth = { active: true, lagEntries: 1_000_000 };

function facts(
  configuration: Configuration,
  given: Partial<MembershipFacts> & { readonly ill?: Record<number, MemberHealth> } = {},
): MembershipFacts {
  return {
    configuration,
    configurationIndex: 10,
    commit: 20,
    ownTermStart: 15,
    nextIndex: 21,
    transferring: false,
    health: (id) => given.ill?.[id] ?? well,
    ...given,
  };
}

function plan(from: MembershipFacts, change: Partial<ConfigurationChange>) {
  const { voters, learners } = from.configuration;
  return planChange(from, { expectedIndex: 0, voters, learners, force: false, ...change });
}

function refusal(from: MembershipFacts, change: Partial<ConfigurationChange>): string {
  const planned = plan(from, change);
  return "refused" in planned ? planned.refused : "planned";
}

const withFour: Configuration = { ...three, learners: [{ ...member(4, 9), promote: true }] };

describe("a change", () => {
  test("trap-01: waits for an entry of the leader's own term", () => {
    const young = facts(three, { commit: 14 });
    expect(refusal(young, withLearner(three, member(4)))).toBe("NOT_READY");
    expect(refusal(young, { ...withoutMember(three, 3), force: true })).toBe("NOT_READY");
  });

  test("waits for the one before it, joint or not, whoever is in a hurry", () => {
    const open = facts(three, { configurationIndex: 21, nextIndex: 22 });
    const joint = facts({ ...three, votersOutgoing: three.voters });
    for (const from of [open, joint]) {
      const change = { ...withoutMember(three, 3), force: true };
      expect(refusal(from, change)).toBe("CHANGE_IN_PROGRESS");
    }
  });

  test("is refused when its author looked at another configuration", () => {
    expect(refusal(facts(three), { ...withoutMember(three, 3), expectedIndex: 9 })).toBe("STALE");
    expect(refusal(facts(three), { ...withoutMember(three, 3), expectedIndex: 10 })).toBe(
      "planned",
    );
  });

  test("is not begun while leadership is handed over", () => {
    const going = facts(three, { transferring: true });
    expect(refusal(going, withoutMember(three, 3))).toBe("TRANSFERRING");
    expect(
      planPending(facts({ ...three, votersOutgoing: three.voters }, { transferring: true })),
    ).toBe(null);
  });

  test("of learners is one simple entry, of voters a joint one", () => {
    expect(plan(facts(three), withLearner(three, member(4)))).toMatchObject({
      configuration: { learners: [{ id: 4, incarnation: 21 }], votersOutgoing: [] },
    });
    expect(plan(facts(withFour), withPromoted(withFour, [4]))).toMatchObject({
      configuration: {
        voters: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4, incarnation: 9 }],
        votersOutgoing: three.voters,
        learners: [],
      },
    });
  });

  test("of nothing is no change", () => {
    expect(refusal(facts(three), {})).toBe("UNCHANGED");
  });
});

describe("trap-12: health", () => {
  test("a new voter was a learner, answers, and has caught up", () => {
    const add = withPromoted(withFour, [4]);
    expect(refusal(facts(withFour, { ill: { 4: silent } }), add)).toBe("MEMBER_UNREACHABLE");
    expect(refusal(facts(withFour, { ill: { 4: behind } }), add)).toBe("MEMBER_LAGS");
    expect(refusal(facts(withFour, { ill: { 4: behind } }), { ...add, force: true })).toBe(
      "planned",
    );
    const atOnce = { voters: [...three.voters, member(4, 0)], force: true };
    expect(refusal(facts(three), atOnce)).toBe("INVALID");
  });

  test("what would leave no healthy majority in either half is refused unless forced", () => {
    const ill = { 2: silent };
    const change = withoutMember(three, 3);
    expect(refusal(facts(three, { ill }), change)).toBe("QUORUM_AT_RISK");
    expect(refusal(facts(three, { ill }), { ...change, force: true })).toBe("planned");
    expect(refusal(facts(three, { ill }), withoutMember(three, 2))).toBe("planned");
  });
});

describe("witnesses", () => {
  const witness = (id: number): Member => ({ ...member(id), witness: true });
  const thin: Configuration = { ...three, voters: [member(1), witness(2), witness(3)] };

  test("never vote alone, forced or not", () => {
    const change = { ...withoutMember(thin, 1), force: true };
    expect(refusal(facts(thin), change)).toBe("NO_DATA_VOTER");
  });

  test("a lost data node is replaced without a moment of witnesses only", () => {
    const replaced = withReplacement(thin, 1, "n1:1")!;
    const first = plan(facts(thin, { ill: { 1: silent } }), replaced);
    expect(first).toMatchObject({
      configuration: { voters: thin.voters, learners: [{ id: 1, incarnation: 21, promote: true }] },
    });
  });

  test("stay what they are", () => {
    const swapped = { voters: [member(1), member(2), witness(3)] };
    expect(refusal(facts(thin), swapped)).toBe("INVALID");
  });
});

test("trap-48: the last voter that could serve is not removed, unless forced", () => {
  const witness = { witness: true } as const;
  const voters = [
    ...[1, 2].map((id) => member(id)),
    ...[3, 4, 5].map((id) => ({ ...member(id), ...witness })),
  ];
  const five = { ...three, voters };
  const onlyTwoServes = facts(five, { ill: { 1: silent } });
  expect(refusal(onlyTwoServes, withoutMember(five, 2))).toBe("QUORUM_AT_RISK");
  expect(refusal(onlyTwoServes, { ...withoutMember(five, 2), force: true })).toBe("planned");
  expect(refusal(onlyTwoServes, withoutMember(five, 1))).toBe("planned");
});

describe("trap-43: a replaced voter", () => {
  const replacing: Configuration = { ...three, learners: [{ ...member(3, 12), promote: true }] };
  const health = (id: number, incarnation: number) =>
    id === 3 && incarnation === 1 ? silent : well;

  test("votes again by one joint configuration, in which the dead incarnation counts as dead", () => {
    const planned = planPending(facts(replacing, { health }));
    expect(planned).toMatchObject({
      kind: "promote",
      configuration: {
        voters: [{ id: 1 }, { id: 2 }, { id: 3, incarnation: 12 }],
        votersOutgoing: three.voters,
        learners: [],
      },
    });
    expect(planned!.configuration.voters[2]).not.toHaveProperty("promote");
  });

  test("is promoted by nobody while the others are no quorum without it", () => {
    const alone = (id: number, incarnation: number) =>
      id === 2 ? silent : health(id, incarnation);
    expect(planPending(facts(replacing, { health: alone }))).toBeNull();
  });

  test("trap-12 is not given up while the others are no quorum without it, unless forced", () => {
    const lists = withReplacement(three, 2, "n2:1")!;
    const thirdIsSilent = facts(three, { ill: { 3: silent } });
    expect(refusal(thirdIsSilent, lists)).toBe("QUORUM_AT_RISK");
    expect(refusal(thirdIsSilent, { ...lists, force: true })).toBe("planned");
    expect(refusal(facts(three, { ill: { 2: silent } }), lists)).toBe("planned");
  });

  test("is judged whatever else its change brings", () => {
    const reborn = (id: number) => ({ ...member(id, 0), promote: true as const });
    const learners = [reborn(9), reborn(2)];
    expect(refusal(facts(three, { ill: { 3: silent } }), { learners })).toBe("QUORUM_AT_RISK");
  });

  test("goes one at a time", () => {
    const both = [1, 2].map((id) => ({ ...member(id, 0), promote: true as const }));
    expect(refusal(facts(three), { learners: both, force: true })).toBe("CHANGE_IN_PROGRESS");
    const second = withReplacement(replacing, 2, "n2:1")!;
    expect(refusal(facts(replacing), second)).toBe("CHANGE_IN_PROGRESS");
  });

  test("that lost its disk again takes a new incarnation, in place of the learner", () => {
    const again = withReplacement(replacing, 3, "n3:1")!;
    expect(plan(facts(replacing), again)).toMatchObject({
      configuration: { learners: [{ id: 3, incarnation: 21, promote: true }] },
    });
  });

  test("never comes back as what it was, nor as anything but its entry's index", () => {
    const gone: Configuration = { ...three, voters: [member(1), member(2)] };
    const reborn = { learners: [member(3, 1)] };
    expect(refusal(facts(gone), { ...reborn, force: true })).toBe("INVALID");
  });

  test("nobody is replaced who is no member", () => {
    expect(withReplacement(three, 9, "n9:1")).toBeNull();
  });
});

describe("what is pending", () => {
  test("a committed joint configuration is left, an uncommitted one is not", () => {
    const joint: Configuration = { ...three, votersOutgoing: [member(1), member(2)] };
    expect(planPending(facts(joint))).toMatchObject({
      kind: "leave",
      configuration: { votersOutgoing: [] },
    });
    expect(planPending(facts(joint, { configurationIndex: 21 }))).toBeNull();
  });

  test("learners that are not to be promoted stay", () => {
    const learner: Configuration = { ...three, learners: [member(4, 9)] };
    expect(planPending(facts(learner))).toBeNull();
  });
});
