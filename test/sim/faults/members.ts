/** What administrators do: leadership is moved, members come and go. None of it may cost anything. */

import {
  type Configuration,
  type Member,
  type NodeId,
  withLearner,
  withoutMember,
  withPromoted,
} from "@redoubt/raft";
import type { SeededRandom } from "../world/random.js";
import { isolate } from "./network.js";
import { anyLeader, anyNode, type FaultWorld, named, type Strike } from "./strike.js";

const ID_MAX = 7;
const MEMBERS_MAX = 6;
const VOTERS_MIN = 3;

type Lists = ReturnType<typeof withoutMember>;

/** Mean pause between two acts of one administrator, in ms. */
const PAUSE_MS = 400;

/** An administrator at work: what is refused now may be possible a moment later. */
function work(world: FaultWorld, random: SeededRandom, times: number, act: () => void): void {
  act();
  if (times <= 1) return;
  world.queue.after(random.exponential(PAUSE_MS), () => {
    if (world.striking) work(world, random, times - 1, act);
  });
}

const transfer: Strike = (world, random) => {
  const times = 1 + random.below(4);
  work(world, random, times, () => {
    const target = random.chance(0.5) ? 0 : anyNode(world, random).id;
    anyLeader(world, random)?.replica?.transferLeadership(target);
  });
  return `${times} times`;
};

/** CLUSTER FAILOVER: a follower asks. */
const requestLeadership: Strike = (world, random) => {
  const node = anyNode(world, random);
  return node.replica?.requestLeadership() ? named(node) : null;
};

const membership: Strike = (world, random) => {
  const times = 1 + random.below(8);
  work(world, random, times, () => changeMembership(world, random));
  return `${times} times`;
};

/**
 * Trouble in the few milliseconds in which a configuration is joint or on some disks only: the leader goes, or
 * the members fall apart in two (traps 01, 02, 07).
 */
const strikeChanges: Strike = (world, random) => {
  const untilMs = world.queue.nowMs + random.exponential(6000);
  world.watch("configuration appended", untilMs, (leader) => {
    if (!random.chance(0.5)) return;
    world.queue.after(random.exponential(1.5), () => {
      if (!world.striking) return;
      const side = new Set(world.cluster.nodes.filter(() => random.chance(0.5)));
      const dice = random.below(3);
      if (dice === 0) world.crash(leader, random.exponential(600));
      else isolate(world, dice === 1 ? new Set([leader]) : side, random.exponential(1500));
    });
  });
  work(world, random, 3 + random.below(10), () => changeMembership(world, random));
  return `for ${(untilMs - world.queue.nowMs).toFixed(0)} ms`;
};

function changeMembership(world: FaultWorld, random: SeededRandom): void {
  const leader = anyLeader(world, random);
  if (leader === null) return;
  const { configuration } = leader.replica!.status();
  const choices = [grow, shrink, promote, swap]
    .map((choice) => choice(world, random, configuration, leader.id))
    .filter((choice) => choice !== null);
  if (choices.length === 0) return;
  const { what, lists } = random.pick(choices);
  // Somebody in a hurry skips the judgements of health; what nobody can mend is left alone.
  const force = random.chance(0.2) && world.budget.whole && lists.voters.every(isAlive(world));
  const result = leader.replica!.changeMembership({ expectedIndex: 0, ...lists, force });
  const answer = "index" in result ? `at ${result.index}` : result.refused;
  world.trace(`administrator: ${what} by ${named(leader)}, ${answer}`);
}

/** There is a machine with this member's data, which goes on or will be started again. */
function isAlive({ cluster }: FaultWorld): (member: Member) => boolean {
  return ({ id, incarnation }) => {
    const node = cluster.nodeOf(id);
    return node !== undefined && node.incarnation === incarnation && !node.retired;
  };
}

type Choice = (
  world: FaultWorld,
  random: SeededRandom,
  configuration: Configuration,
  leader: NodeId,
) => { readonly what: string; readonly lists: Lists } | null;

const grow: Choice = ({ cluster }, random, configuration) => {
  const { voters, learners } = configuration;
  const known = [...voters, ...learners].map(({ id }) => id);
  if (new Set(known).size >= MEMBERS_MAX) return null;
  const id = 1 + random.below(ID_MAX);
  if (known.includes(id)) return null;
  const promoted: Pick<Member, "promote"> = random.chance(0.5) ? { promote: true } : {};
  const member = { ...cluster.member(id, 0, false), ...promoted };
  return { what: `add ${id}`, lists: withLearner(configuration, member) };
};

/** One or two at once, the leader perhaps among them. */
const shrink: Choice = ({ budget }, random, configuration, leader) => {
  const { voters, learners } = configuration;
  if (!budget.whole) return null;
  const first = random.chance(0.3) ? leader : random.pick([...voters, ...learners]).id;
  const second = random.chance(0.3) ? random.pick(voters).id : first;
  return leaving(configuration, `remove ${first} and ${second}`, [first, second]);
};

const promote: Choice = ({ budget }, random, configuration) => {
  const waiting = configuration.learners.filter((learner) => !learner.promote);
  if (waiting.length === 0 || !budget.whole) return null;
  const { id } = random.pick(waiting);
  return { what: `promote ${id}`, lists: withPromoted(configuration, [id]) };
};

/**
 * As many go as come, in one joint change. From two on its halves have majorities that do not meet: only
 * that both are needed holds them together (trap 07).
 */
const swap: Choice = ({ budget }, random, configuration) => {
  const waiting = configuration.learners.filter((learner) => !learner.promote);
  if (waiting.length === 0 || !budget.whole) return null;
  const coming = waiting.map(({ id }) => id);
  const going = configuration.voters.map(({ id }) => id);
  while (going.length > coming.length) going.splice(random.below(going.length), 1);
  const grown = { ...configuration, ...withPromoted(configuration, coming) };
  return leaving(grown, `${coming} in place of ${going}`, going);
};

function leaving(configuration: Configuration, what: string, ids: readonly NodeId[]) {
  let lists: Lists = configuration;
  for (const id of ids) lists = withoutMember({ ...configuration, ...lists }, id);
  return isEnough(lists) ? { what, lists } : null;
}

/** Two voters hold data: one of them may be lost. */
function isEnough({ voters }: Lists): boolean {
  const data = voters.filter((voter) => voter.witness !== true);
  return voters.length >= VOTERS_MIN && data.length >= 2;
}

/** A removed node is started again from its old directory. It must find nobody to listen. */
const ghost: Strike = (world, random) => {
  const gone = world.cluster.nodes.filter(
    (node) => node.retired && !node.up && node.incarnation !== 0 && node.disk.isUsable,
  );
  if (gone.length === 0) return null;
  const node = random.pick(gone);
  node.start();
  const { crashes } = node;
  world.queue.after(random.exponential(3000), () => {
    if (node.crashes === crashes && node.retired) world.cluster.crash(node);
  });
  return named(node);
};

export const memberStrikes = {
  transfer,
  requestLeadership,
  membership,
  strikeChanges,
  ghost,
} satisfies Record<string, Strike>;
