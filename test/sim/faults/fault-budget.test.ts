import {
  type Configuration,
  type Entry,
  EntryKind,
  encodeConfiguration,
  type Member,
} from "@redoubt/raft";
import { expect, test } from "vitest";
import type { SimulatedNode } from "../world/node.js";
import { FaultBudget } from "./fault-budget.js";

function member(id: number, incarnation = 1, promote = false): Member {
  return { id, incarnation, peerAddress: `sim:${id}`, ...(promote ? { promote: true } : {}) };
}

function configuration(
  voters: readonly Member[],
  votersOutgoing: readonly Member[] = [],
  learners: readonly Member[] = [],
): Configuration {
  return { clusterId: "test", voters, votersOutgoing, learners };
}

/** Machines that are down; the logs are on their disks. */
function nodeWith(id: number, configurations: readonly Configuration[], incarnation = 1) {
  const entries: Entry[] = [];
  for (const each of configurations) {
    const index = entries.length + 1;
    const payload = encodeConfiguration(each);
    entries.push({ index, term: 1, kind: EntryKind.configuration, checksum: index, payload });
  }
  const disk = { entries, snapshots: { adopted: null } };
  return { id, incarnation, disk, replica: null, retired: false } as unknown as SimulatedNode;
}

function cluster(ids: readonly number[], ...configurations: Configuration[]): SimulatedNode[] {
  return ids.map((id) => nodeWith(id, configurations));
}

test("one of three may be lost, two of five", () => {
  const three = cluster([1, 2, 3], configuration([1, 2, 3].map((id) => member(id))));
  const ofThree = new FaultBudget(three);
  expect(three.map((node) => ofThree.lose(node))).toEqual([true, false, false]);
  expect(ofThree.whole).toBe(false);
  const five = cluster([1, 2, 3, 4, 5], configuration([1, 2, 3, 4, 5].map((id) => member(id))));
  const ofFive = new FaultBudget(five);
  expect(five.map((node) => ofFive.lose(node))).toEqual([true, true, false, false, false]);
});

test("a copy is bad until no configuration anywhere names it", () => {
  const old = configuration([1, 2, 3].map((id) => member(id)));
  const replaced = configuration([member(1, 5), member(2), member(3)]);
  const nodes = [
    nodeWith(1, [replaced], 5),
    nodeWith(2, [old, replaced]),
    nodeWith(3, [old, replaced]),
  ];
  const lost = nodeWith(1, [], 1);
  const budget = new FaultBudget(nodes);
  expect(budget.lose(lost)).toBe(true);
  // Cut back, the configuration before is in force again, and 1.1 votes there.
  expect(budget.lose(nodes[1]!)).toBe(false);
  nodes[1] = nodeWith(2, [replaced]);
  nodes[2] = nodeWith(3, [replaced]);
  expect(budget.whole).toBe(true);
  expect(budget.lose(nodes[1])).toBe(true);
});

test("a learner that is to be promoted counts as a voter", () => {
  const learner = member(4, 7, true);
  const nodes = cluster(
    [1, 2, 3],
    configuration(
      [1, 2, 3].map((id) => member(id)),
      [],
      [learner],
    ),
  );
  nodes.push(nodeWith(4, [], 7));
  const budget = new FaultBudget(nodes);
  expect(budget.lose(nodes[3]!)).toBe(true);
  expect(budget.lose(nodes[0]!)).toBe(false);
});

test("in a joint configuration the smaller half decides", () => {
  const five = [1, 2, 3, 4, 5].map((id) => member(id));
  const nodes = cluster([1, 2, 3, 4, 5], configuration(five.slice(0, 3), five));
  const budget = new FaultBudget(nodes);
  expect(budget.lose(nodes[4]!)).toBe(true);
  expect(budget.lose(nodes[3]!)).toBe(false);
});

test("what turns out not to be lost counts no more, and what is nobody's can't be lost", () => {
  const nodes = cluster([1, 2, 3], configuration([1, 2, 3].map((id) => member(id))));
  const budget = new FaultBudget(nodes);
  expect(budget.lose(nodes[0]!)).toBe(true);
  expect(budget.lose(nodes[0]!)).toBe(false);
  budget.found(1, 1);
  expect(budget.lose(nodes[1]!)).toBe(true);
  expect(budget.lose(nodeWith(6, []))).toBe(false);
  expect(budget.lose(nodeWith(3, [], 0))).toBe(false);
});
