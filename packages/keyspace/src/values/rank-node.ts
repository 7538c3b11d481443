/**
 * Nodes of the rank tree, and what happens inside one or between two neighbours. Leaf (level 0):
 * entries in columns with room. Inner node: per child its first entry and its count, columns of exactly
 * `size` places.
 *
 *   inner  scores    1     9
 *          members   "a"   "q"         the first entry of each child, exactly
 *          counts    40    33
 *          children  o     o
 *
 * A node is changed only by the tree whose number it carries; any other tree that reaches it copies it
 * first. That is how a clone shares everything until it is written to.
 */

import {
  copyEntries,
  entriesBefore,
  insertEntry,
  newMembers,
  newScores,
  removeEntries,
} from "./sorted-columns.js";

/** Which edges of its level a node lies on. */
export const LEFT_EDGE = 1;
export const RIGHT_EDGE = 2;

const NO_CHILDREN: RankNode[] = [];
const NO_COUNTS: number[] = [];

export class RankNode {
  readonly owner: number;
  size = 0;
  scores: number[];
  members: string[];
  readonly children: RankNode[];
  readonly counts: number[];

  constructor(
    owner: number,
    scores: number[],
    members: string[],
    children: RankNode[],
    counts: number[],
  ) {
    this.owner = owner;
    this.scores = scores;
    this.members = members;
    this.children = children;
    this.counts = counts;
  }
}

export function newLeaf(owner: number, capacity: number): RankNode {
  return new RankNode(owner, newScores(capacity), newMembers(capacity), NO_CHILDREN, NO_COUNTS);
}

export function newInner(owner: number): RankNode {
  const scores = newScores(1);
  scores.pop();
  return new RankNode(owner, scores, [], [], []);
}

export function copyNode(node: RankNode, owner: number, level: number): RankNode {
  const copy = new RankNode(
    owner,
    node.scores.slice(),
    node.members.slice(),
    level === 0 ? NO_CHILDREN : node.children.slice(),
    level === 0 ? NO_COUNTS : node.counts.slice(),
  );
  copy.size = node.size;
  return copy;
}

/** Entries in the subtree. */
export function countEntries(node: RankNode, level: number): number {
  if (level === 0) {
    return node.size;
  }
  let count = 0;
  for (let i = 0; i < node.size; i++) {
    count += node.counts[i]!;
  }
  return count;
}

export function insertChild(node: RankNode, at: number, child: RankNode, count: number): void {
  node.scores.splice(at, 0, child.scores[0]!);
  node.members.splice(at, 0, child.members[0]!);
  node.children.splice(at, 0, child);
  node.counts.splice(at, 0, count);
  node.size++;
}

export function removeChild(node: RankNode, at: number): void {
  node.scores.splice(at, 1);
  node.members.splice(at, 1);
  node.children.splice(at, 1);
  node.counts.splice(at, 1);
  node.size--;
}

/** After a change below: the child's first entry may be another. */
export function refreshChild(node: RankNode, at: number, count: number): void {
  const child = node.children[at]!;
  node.scores[at] = child.scores[0]!;
  node.members[at] = child.members[0]!;
  node.counts[at] = count;
}

/** `node` keeps its first `kept` places; the rest go to the new right neighbour that is returned. */
export function splitNode(
  node: RankNode,
  level: number,
  owner: number,
  capacity: number,
  kept: number,
): RankNode {
  const right = level === 0 ? newLeaf(owner, capacity) : newInner(owner);
  moveToRight(node, right, node.size - kept, level);
  return right;
}

/** The first `count` places of `right` go behind the last of `left`. */
export function moveToLeft(left: RankNode, right: RankNode, count: number, level: number): void {
  if (level === 0) {
    copyEntries(right.scores, right.members, 0, left.scores, left.members, left.size, count);
    removeEntries(right.scores, right.members, right.size, 0, count);
  } else {
    left.scores.push(...right.scores.splice(0, count));
    left.members.push(...right.members.splice(0, count));
    left.children.push(...right.children.splice(0, count));
    left.counts.push(...right.counts.splice(0, count));
  }
  left.size += count;
  right.size -= count;
}

/** The last `count` places of `left` go before the first of `right`. */
export function moveToRight(left: RankNode, right: RankNode, count: number, level: number): void {
  const rest = left.size - count;
  if (level === 0) {
    for (let i = right.size - 1; i >= 0; i--) {
      right.scores[i + count] = right.scores[i]!;
      right.members[i + count] = right.members[i]!;
    }
    copyEntries(left.scores, left.members, rest, right.scores, right.members, 0, count);
    removeEntries(left.scores, left.members, left.size, rest, count);
  } else {
    right.scores.unshift(...left.scores.splice(rest, count));
    right.members.unshift(...left.members.splice(rest, count));
    right.children.unshift(...left.children.splice(rest, count));
    right.counts.unshift(...left.counts.splice(rest, count));
  }
  left.size = rest;
  right.size += count;
}

export function insertIntoLeaf(leaf: RankNode, at: number, score: number, member: string): void {
  insertEntry(leaf.scores, leaf.members, leaf.size, at, score, member);
  leaf.size++;
}

export function removeFromLeaf(leaf: RankNode, at: number, count: number): void {
  removeEntries(leaf.scores, leaf.members, leaf.size, at, count);
  leaf.size -= count;
}

export function edgesOf(node: RankNode, at: number, edges: number): number {
  return edges & ((at === 0 ? LEFT_EDGE : 0) | (at === node.size - 1 ? RIGHT_EDGE : 0));
}

/** The child that has the entry, or would have it. */
export function childOf(node: RankNode, score: number, member: string): number {
  const at = entriesBefore(node.scores, node.members, node.size, score, member);
  if (at < node.size && node.scores[at] === score && node.members[at] === member) {
    return at;
  }
  return at === 0 ? 0 : at - 1;
}

/**
 * Places a full node keeps when a newcomer at `at` splits it: all before a newcomer behind the last
 * entry of the tree, none (`first`: the one that was opened below) behind one before the first.
 */
export function keptPlaces(node: RankNode, at: number, first: number, edges: number): number {
  if ((edges & RIGHT_EDGE) !== 0 && at === node.size) {
    return node.size;
  }
  return (edges & LEFT_EDGE) !== 0 && at === first ? first : node.size >> 1;
}

export function goesLeft(at: number, kept: number, nodeEntriesMax: number): boolean {
  return at <= kept && kept < nodeEntriesMax;
}
