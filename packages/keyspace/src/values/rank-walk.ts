/**
 * Ways through the rank tree that change nothing: counting what is below a bound, visiting in order,
 * checking invariants.
 */

import { assert } from "../assert.js";
import { edgesOf, type RankNode } from "./rank-node.js";
import { entriesBefore, entriesBelowMember, entriesBelowScore } from "./sorted-columns.js";

/** Visits an entry; false ends the walk. */
export type EntryVisitor = (member: string, score: number) => boolean;

/** What is counted below a bound. */
export type BoundKind = 0 | 1 | 2 | 3 | 4;
export const BEFORE_ENTRY = 0;
export const BELOW_SCORE = 1;
export const UP_TO_SCORE = 2;
export const BELOW_MEMBER = 3;
export const UP_TO_MEMBER = 4;

/** O(log n): one binary search a level, and the counts of the children passed by. */
export function countBelow(
  root: RankNode,
  height: number,
  kind: BoundKind,
  score: number,
  member: string,
): number {
  let node = root;
  let below = 0;
  for (let level = height; level > 0; level--) {
    const at = placesBelow(node, kind, score, member);
    if (at === 0) {
      return below;
    }
    for (let i = 0; i < at - 1; i++) {
      below += node.counts[i]!;
    }
    node = node.children[at - 1]!;
  }
  return below + placesBelow(node, kind, score, member);
}

function placesBelow(node: RankNode, kind: BoundKind, score: number, member: string): number {
  if (kind === BEFORE_ENTRY) {
    return entriesBefore(node.scores, node.members, node.size, score, member);
  }
  return kind === BELOW_SCORE || kind === UP_TO_SCORE
    ? entriesBelowScore(node.scores, node.size, score, kind === UP_TO_SCORE)
    : entriesBelowMember(node.members, node.size, member, kind === UP_TO_MEMBER);
}

export function visitUp(
  node: RankNode,
  level: number,
  skipped: number,
  visit: EntryVisitor,
): boolean {
  let skip = skipped;
  if (level === 0) {
    for (let i = skip; i < node.size; i++) {
      if (!visit(node.members[i]!, node.scores[i]!)) {
        return false;
      }
    }
    return true;
  }
  let at = 0;
  for (; at < node.size && skip >= node.counts[at]!; at++) {
    skip -= node.counts[at]!;
  }
  for (; at < node.size; at++) {
    if (!visitUp(node.children[at]!, level - 1, skip, visit)) {
      return false;
    }
    skip = 0;
  }
  return true;
}

/** `skipped` counts from the high end. */
export function visitDown(
  node: RankNode,
  level: number,
  skipped: number,
  visit: EntryVisitor,
): boolean {
  let skip = skipped;
  if (level === 0) {
    for (let i = node.size - 1 - skip; i >= 0; i--) {
      if (!visit(node.members[i]!, node.scores[i]!)) {
        return false;
      }
    }
    return true;
  }
  let at = node.size - 1;
  for (; at >= 0 && skip >= node.counts[at]!; at--) {
    skip -= node.counts[at]!;
  }
  for (; at >= 0; at--) {
    if (!visitDown(node.children[at]!, level - 1, skip, visit)) {
      return false;
    }
    skip = 0;
  }
  return true;
}

/** Returns the entries of the subtree. */
export function checkNode(
  node: RankNode,
  level: number,
  edges: number,
  entriesMax: number,
): number {
  assert(node.size <= entriesMax, "a node is not over-full");
  assert(edges !== 0 || node.size >= entriesMax / 4, "a node inside is a quarter full");
  let count = 0;
  for (let i = 0; i < node.size; i++) {
    const score = node.scores[i]!;
    const member = node.members[i]!;
    if (i > 0) {
      const lower = entriesBefore([node.scores[i - 1]!], [node.members[i - 1]!], 1, score, member);
      assert(lower === 1, "entries ascend");
    }
    if (level > 0) {
      const child = node.children[i]!;
      assert(child.size > 0, "no child is empty");
      assert(child.scores[0] === score && child.members[0] === member, "a child's first entry");
      const below = checkNode(child, level - 1, edgesOf(node, i, edges), entriesMax);
      assert(below === node.counts[i], "a child's count");
      count += below;
    }
  }
  if (level > 0) {
    assert(node.children.length === node.size && node.scores.length === node.size, "columns fit");
    return count;
  }
  for (let i = node.size; i < node.members.length; i++) {
    assert(node.members[i] === "", "spare places keep nothing alive");
  }
  return node.size;
}

export function countNodes(node: RankNode, level: number): number {
  let nodes = 1;
  for (let i = 0; level > 0 && i < node.size; i++) {
    nodes += countNodes(node.children[i]!, level - 1);
  }
  return nodes;
}
