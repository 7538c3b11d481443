/**
 * Which configuration may follow which. Pure: given what the leader knows, a change is planned or refused, and
 * nothing happens here.
 *
 *   rules of safety (never skipped)          judgements of health (skipped by `force`)
 *   own term's no-op committed (trap 01)     a new voter is heard and has caught up (trap 12)
 *   the last configuration is committed      the healthy voters are a majority of each half
 *   one joint step at a time (Raft sec. 6)   one of them holds the data
 *   a data node among the voters
 *   no (id, incarnation) is ever born twice
 *
 * Any change of voters goes through a joint configuration; learners come and go in one simple entry, since
 * they count for nothing. There is one way of changing, not a quick one for the easy case beside it.
 */
import { configurationProblem } from "./configuration.js";
import { caughtUpEntriesMax } from "./constants.js";
import type { Configuration, Index, Member, NodeId } from "./types.js";

/** What should be when it is done. */
export interface ConfigurationChange {
  /** Index of the configuration the caller looked at; refused when another is in force. 0: any. */
  readonly expectedIndex: Index;
  /** Incarnation 0 on a member: "the index of the entry that names it first". */
  readonly voters: readonly Member[];
  readonly learners: readonly Member[];
  /** Skips the judgements of health, never the rules of safety. */
  readonly force: boolean;
}

export type ChangeRefusal =
  | "NOT_LEADER"
  | "NOT_READY"
  | "CHANGE_IN_PROGRESS"
  | "STALE"
  | "INVALID"
  | "UNCHANGED"
  | "NO_DATA_VOTER"
  | "MEMBER_LAGS"
  | "MEMBER_UNREACHABLE"
  | "QUORUM_AT_RISK"
  | "TRANSFERRING";

export interface RefusedChange {
  readonly refused: ChangeRefusal;
  /** One line for whoever asked. */
  readonly text: string;
}

/** `index`: of the entry that begins the change. */
export type ChangeResult = { readonly index: Index } | RefusedChange;

export interface MemberHealth {
  /** Answered within one election timeout. */
  readonly active: boolean;
  /** Entries of the leader's log it is not known to hold. */
  readonly lagEntries: number;
}

/** What the leader knows in the moment of planning. */
export interface MembershipFacts {
  readonly configuration: Configuration;
  readonly configurationIndex: Index;
  readonly commit: Index;
  readonly ownTermStart: Index;
  /** Of the entry that would be appended. */
  readonly nextIndex: Index;
  readonly transferring: boolean;
  readonly health: (id: NodeId, incarnation: number) => MemberHealth;
}

export interface PlannedChange {
  readonly configuration: Configuration;
}

export function planChange(
  facts: MembershipFacts,
  change: ConfigurationChange,
): PlannedChange | RefusedChange {
  const notNow = timeProblem(facts, change.expectedIndex);
  if (notNow !== null) return notNow;
  const named = (member: Member): Member =>
    member.incarnation === 0 ? { ...member, incarnation: facts.nextIndex } : member;
  const voters = change.voters.map(named);
  const learners = change.learners.map(named);
  const { configuration } = facts;
  const votersChange = !sameMembers(voters, configuration.voters);
  if (!votersChange && sameMembers(learners, configuration.learners)) {
    return refuse("UNCHANGED", "the members are these already");
  }
  const votersOutgoing = votersChange ? configuration.voters : [];
  const planned: Configuration = { ...configuration, voters, votersOutgoing, learners };
  const problem = shapeProblem(facts, planned);
  if (problem !== null) return problem;
  if (!change.force) {
    const risk =
      (votersChange ? healthProblem(facts, planned) : null) ?? replacementProblem(facts, planned);
    if (risk !== null) return risk;
  }
  return { configuration: planned };
}

/** What the leader goes on with by itself; null: nothing now. */
export function planPending(
  facts: MembershipFacts,
): { readonly configuration: Configuration; readonly kind: "leave" | "promote" } | null {
  if (facts.transferring || facts.commit < facts.ownTermStart) return null;
  if (facts.configurationIndex > facts.commit) return null;
  const { configuration } = facts;
  if (configuration.votersOutgoing.length > 0) {
    return { configuration: { ...configuration, votersOutgoing: [] }, kind: "leave" };
  }
  const ready = configuration.learners.filter(
    (learner) => learner.promote && isCaughtUp(facts.health(learner.id, learner.incarnation)),
  );
  if (ready.length === 0) return null;
  const plan = planChange(facts, {
    expectedIndex: 0,
    ...withPromoted(
      configuration,
      ready.map(({ id }) => id),
    ),
    force: false,
  });
  return "refused" in plan ? null : { ...plan, kind: "promote" };
}

// ---- what callers ask for ------------------------------------------------------------------------

type Lists = Pick<ConfigurationChange, "voters" | "learners">;

/** A new member, as a learner first. Its incarnation is the entry's. */
export function withLearner({ voters, learners }: Configuration, member: Member): Lists {
  return { voters, learners: [...learners, { ...member, incarnation: 0 }] };
}

/** Nobody of this id. */
export function withoutMember({ voters, learners }: Configuration, id: NodeId): Lists {
  const isOther = (member: Member) => member.id !== id;
  return { voters: voters.filter(isOther), learners: learners.filter(isOther) };
}

/** These learners vote; a voter of the same id, an older incarnation, makes way. */
export function withPromoted({ voters, learners }: Configuration, ids: readonly NodeId[]): Lists {
  const promoted = learners.filter(({ id }) => ids.includes(id));
  const rising = promoted.map(({ promote: _, ...member }): Member => member);
  const staying = voters.filter(({ id }) => !promoted.some((learner) => learner.id === id));
  return {
    voters: [...staying, ...rising],
    learners: learners.filter((learner) => !promoted.includes(learner)),
  };
}

/**
 * The member `id` lost its disk: a new incarnation of it, a learner that will take its place. The old one, if
 * it votes, goes on counting as a dead voter until then. Null: there is no such member.
 */
export function withReplacement(
  { voters, learners }: Configuration,
  id: NodeId,
  peerAddress: string,
): Lists | null {
  const isIt = (member: Member) => member.id === id;
  const voter = voters.find(isIt);
  const learner = learners.find(isIt);
  const lost = learner ?? voter;
  if (lost === undefined) return null;
  const reborn: Member = {
    id,
    incarnation: 0,
    peerAddress,
    ...(lost.witness ? { witness: true } : {}),
    ...(voter !== undefined || learner?.promote ? { promote: true } : {}),
  };
  return { voters, learners: [...learners.filter((member) => !isIt(member)), reborn] };
}

// ---- rules ---------------------------------------------------------------------------------------

function timeProblem(facts: MembershipFacts, expectedIndex: Index): RefusedChange | null {
  const { configuration, configurationIndex, commit, ownTermStart, transferring } = facts;
  if (transferring) return refuse("TRANSFERRING", "leadership is being handed over");
  if (commit < ownTermStart) {
    return refuse("NOT_READY", "the leader has not committed an entry of its term yet");
  }
  if (configurationIndex > commit || configuration.votersOutgoing.length > 0) {
    return refuse("CHANGE_IN_PROGRESS", "another change of membership is under way");
  }
  if (expectedIndex !== 0 && expectedIndex !== configurationIndex) {
    return refuse(
      "STALE",
      `the configuration in force is ${configurationIndex}, not ${expectedIndex}`,
    );
  }
  return null;
}

function shapeProblem(facts: MembershipFacts, planned: Configuration): RefusedChange | null {
  const { voters, learners } = planned;
  if (!voters.some((voter) => voter.witness !== true)) {
    return refuse("NO_DATA_VOTER", "no voter would hold the data");
  }
  const before = [...facts.configuration.voters, ...facts.configuration.learners];
  for (const member of [...voters, ...learners]) {
    const known = before.find((other) => isSameNode(other, member));
    if (known === undefined) {
      const birth = bornProblem(facts, planned, member);
      if (birth !== null) return birth;
    } else if (known.witness !== member.witness) {
      return refuse("INVALID", `node ${member.id} can't change between data node and witness`);
    }
  }
  const demoted = learners.find((learner) =>
    facts.configuration.voters.some((voter) => isSameNode(voter, learner)),
  );
  if (demoted !== undefined) {
    return refuse("INVALID", `node ${demoted.id} votes: remove it, then add it as a learner`);
  }
  const problem = configurationProblem(planned);
  return problem === null ? null : refuse("INVALID", problem);
}

/** Who is new is a learner first, under an incarnation nobody ever had, and one at a time replaces a voter. */
function bornProblem(
  facts: MembershipFacts,
  planned: Configuration,
  member: Member,
): RefusedChange | null {
  if (planned.voters.includes(member)) {
    return refuse("INVALID", `node ${member.id} is not a learner: it can't become a voter at once`);
  }
  if (member.incarnation !== facts.nextIndex) {
    return refuse(
      "INVALID",
      `node ${member.id} can't be born as incarnation ${member.incarnation}`,
    );
  }
  const others = replacing(facts.configuration.voters, planned.learners).filter(
    ({ id }) => id !== member.id,
  );
  if (facts.configuration.voters.some(({ id }) => id === member.id) && others.length > 0) {
    return refuse("CHANGE_IN_PROGRESS", `node ${others[0]!.id} is being replaced: one at a time`);
  }
  return null;
}

/** Learners that are to take the place of a voter of their id. */
function replacing(voters: readonly Member[], learners: readonly Member[]): readonly Member[] {
  return learners.filter((learner) => voters.some(({ id }) => id === learner.id));
}

function healthProblem(facts: MembershipFacts, planned: Configuration): RefusedChange | null {
  for (const voter of planned.voters) {
    if (planned.votersOutgoing.some((other) => isSameNode(other, voter))) continue;
    const health = facts.health(voter.id, voter.incarnation);
    if (!health.active) return refuse("MEMBER_UNREACHABLE", `node ${voter.id} does not answer`);
    if (!isCaughtUp(health)) {
      const { lagEntries } = health;
      const lacks = lagEntries === Infinity ? "what only a snapshot has" : `${lagEntries} entries`;
      return refuse("MEMBER_LAGS", `node ${voter.id} lacks ${lacks}`);
    }
  }
  const wouldServe = planned.voters.some(
    ({ id, incarnation, witness }) => !witness && isCaughtUp(facts.health(id, incarnation)),
  );
  if (!wouldServe) {
    return refuse("QUORUM_AT_RISK", "no voter that holds the data would be up and caught up");
  }
  return (
    majorityProblem(facts, planned.voters, 0) ?? majorityProblem(facts, planned.votersOutgoing, 0)
  );
}

/**
 * A voter whose successor is born counts as dead from that entry on, whatever became of it: what it acknowledged
 * is forgotten, and it is not spoken to any more (trap 43). The others must be a quorum without it.
 */
function replacementProblem(facts: MembershipFacts, planned: Configuration): RefusedChange | null {
  const { voters, learners } = facts.configuration;
  const born = replacing(voters, planned.learners).find(
    (learner) => !learners.some((known) => isSameNode(known, learner)),
  );
  if (born === undefined) return null;
  return (
    majorityProblem(facts, planned.voters, born.id) ??
    majorityProblem(facts, planned.votersOutgoing, born.id)
  );
}

/** `without`: counts as ill; 0: nobody. */
function majorityProblem(
  facts: MembershipFacts,
  half: readonly Member[],
  without: NodeId,
): RefusedChange | null {
  const healthy = half.filter(
    ({ id, incarnation }) => id !== without && isCaughtUp(facts.health(id, incarnation)),
  );
  if (half.length === 0 || healthy.length * 2 > half.length) return null;
  const text = `only ${healthy.length} of ${half.length} voters would be up and caught up`;
  return refuse("QUORUM_AT_RISK", text);
}

function isCaughtUp({ active, lagEntries }: MemberHealth): boolean {
  return active && lagEntries <= caughtUpEntriesMax;
}

function isSameNode(a: Member, b: Member): boolean {
  return a.id === b.id && a.incarnation === b.incarnation;
}

function sameMembers(a: readonly Member[], b: readonly Member[]): boolean {
  return (
    a.length === b.length &&
    a.every((member) =>
      b.some(
        (other) =>
          isSameNode(member, other) &&
          member.peerAddress === other.peerAddress &&
          member.witness === other.witness &&
          member.promote === other.promote,
      ),
    )
  );
}

function refuse(refused: ChangeRefusal, text: string): RefusedChange {
  return { refused, text };
}
