/** Random administrators against the rules: whatever is planned keeps what Raft's proofs need. */
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type MembershipFacts,
  planChange,
  planPending,
  withLearner,
  withoutMember,
  withPromoted,
  withReplacement,
} from "./membership.js";
import { Quorum, type Vote } from "./quorum.js";
import type { Configuration, Member, NodeId } from "./types.js";

const ids = fc.integer({ min: 1, max: 6 });

/** The leader's view of a cluster whose members are well or not, and its log of configurations. */
interface Model {
  configuration: Configuration;
  index: number;
  committed: boolean;
  readonly ill: Set<string>;
  readonly born: Set<string>;
}

const keyOf = ({ id, incarnation }: Member): string => `${id}.${incarnation}`;

function factsOf(model: Model): MembershipFacts {
  return {
    configuration: model.configuration,
    configurationIndex: model.index,
    commit: model.committed ? model.index : model.index - 1,
    ownTermStart: 0,
    nextIndex: model.index + 1,
    transferring: false,
    health: (id, incarnation) => ({
      active: !model.ill.has(`${id}.${incarnation}`),
      lagEntries: 0,
    }),
  };
}

/** Every set of nodes that is a quorum of `a` shares one with every quorum of `b` (brute force). */
function quorumsIntersect(a: Configuration, b: Configuration): boolean {
  const nodes = new Map<string, Member>();
  for (const { voters, votersOutgoing } of [a, b]) {
    for (const voter of [...voters, ...votersOutgoing]) nodes.set(keyOf(voter), voter);
  }
  const all = [...nodes.values()];
  const [qa, qb] = [new Quorum(a), new Quorum(b)];
  for (let set = 0; set < 1 << all.length; set += 1) {
    const inside = all.filter((_, at) => (set >> at) & 1);
    const outside = all.filter((_, at) => !((set >> at) & 1));
    if (wins(qa, inside) && wins(qb, outside)) return false;
  }
  return true;
}

function wins(quorum: Quorum, nodes: readonly Member[]): boolean {
  // By values, since one id may be there with two incarnations.
  const has = (id: NodeId, incarnation: number) =>
    nodes.some((node) => node.id === id && node.incarnation === incarnation) ? 1 : 0;
  return quorum.reached(has) === 1;
}

class Act implements fc.Command<Model, object> {
  readonly kind: "add" | "remove" | "promote" | "replace" | "pending" | "commit" | "ill" | "cut";
  readonly id: NodeId;
  readonly force: boolean;

  constructor(kind: Act["kind"], id: NodeId, force: boolean) {
    this.kind = kind;
    this.id = id;
    this.force = force;
  }

  check(): boolean {
    return true;
  }

  run(model: Model): void {
    const before = model.configuration;
    if (this.kind === "commit") {
      model.committed = true;
    } else if (this.kind === "ill") {
      const member = [...before.voters, ...before.learners].find(({ id }) => id === this.id);
      if (member === undefined) return;
      if (!model.ill.delete(keyOf(member))) model.ill.add(keyOf(member));
    } else {
      const next = this.#planned(model);
      if (next === null) return;
      this.#judge(model, before, next);
      model.configuration = next;
      model.index += 1;
      model.committed = false;
    }
  }

  #planned(model: Model): Configuration | null {
    const facts = factsOf(model);
    if (this.kind === "pending") return planPending(facts)?.configuration ?? null;
    const { configuration } = model;
    const stranger = { id: this.id, incarnation: 0, peerAddress: "n:1", promote: true } as const;
    const lists =
      this.kind === "add"
        ? withLearner(configuration, stranger)
        : this.kind === "remove"
          ? withoutMember(configuration, this.id)
          : this.kind === "promote"
            ? withPromoted(configuration, [this.id])
            : withReplacement(configuration, this.id, "n:1");
    if (lists === null) return null;
    const plan = planChange(facts, { expectedIndex: 0, ...lists, force: this.force });
    return "refused" in plan ? null : plan.configuration;
  }

  #judge(model: Model, before: Configuration, next: Configuration): void {
    expect(model.committed).toBe(true);
    expect(quorumsIntersect(before, next)).toBe(true);
    expect(quorumsIntersect(next, next)).toBe(true);
    expect(next.voters.some((voter) => voter.witness !== true)).toBe(true);
    const known = new Set([...before.voters, ...before.learners].map(keyOf));
    for (const member of [...next.voters, ...next.learners]) {
      if (known.has(keyOf(member))) continue;
      // A birth: as a learner, under a name nobody ever had.
      expect(next.learners).toContain(member);
      expect(model.born.has(keyOf(member))).toBe(false);
      model.born.add(keyOf(member));
    }
    const rising = next.voters.filter(
      (voter) => !before.voters.some((other) => keyOf(other) === keyOf(voter)),
    );
    for (const voter of rising) {
      expect(before.learners.map(keyOf)).toContain(keyOf(voter));
      if (!this.force) expect(model.ill.has(keyOf(voter))).toBe(false);
    }
  }

  toString(): string {
    return `${this.kind} ${this.id}${this.force ? " forced" : ""}`;
  }
}

test("trap-07, trap-12: every change keeps quorums that meet, a data voter, and names used once", () => {
  const kinds = [
    "add",
    "remove",
    "promote",
    "replace",
    "pending",
    "commit",
    "commit",
    "ill",
  ] as const;
  const act = fc
    .tuple(fc.constantFrom(...kinds), ids, fc.integer({ min: 0, max: 5 }))
    .map(([kind, id, dice]) => new Act(kind, id, dice === 0));
  const witness = fc.boolean();
  const property = fc.property(
    fc.commands([act], { maxCommands: 60 }),
    witness,
    (commands, thin) => {
      const voters = [1, 2, 3].map(
        (id): Member => ({
          id,
          incarnation: 1,
          peerAddress: "n:1",
          ...(thin && id === 3 ? { witness: true } : {}),
        }),
      );
      const configuration = { clusterId: "c", voters, votersOutgoing: [], learners: [] };
      const born = new Set(voters.map(keyOf));
      const model: Model = { configuration, index: 1, committed: true, ill: new Set(), born };
      fc.modelRun(() => ({ model, real: {} }), commands);
    },
  );
  fc.assert(property, { seed: 7, numRuns: 400 });
});

test("a vote of another incarnation wins nothing", () => {
  const voters = [1, 2, 3].map((id) => ({ id, incarnation: 5, peerAddress: "n:1" }));
  const quorum = new Quorum({ clusterId: "c", voters, votersOutgoing: [], learners: [] });
  const votes = new Map<NodeId, Vote>(
    voters.map(({ id }) => [id, { granted: true, incarnation: id }]),
  );
  expect(quorum.tally(votes)).toBe("pending");
});
