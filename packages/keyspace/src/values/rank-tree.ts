/**
 * A B+tree of (score, member) with counts: rank, range and change in O(log n). It knows nothing about
 * which score a member has; that is the score table's.
 *
 *             inner: first entry and count per child
 *            /         |          \
 *        leaf        leaf        leaf        each a pair of columns, full to a quarter at least
 *
 * The nodes at the left and right edge may be emptier: an entry beyond the first or last one does not
 * halve a full node, it opens a new one. So sorted insertion leaves full nodes behind (measured: 17 bytes
 * an entry in columns instead of 32).
 *
 * Changes descend from the root by recursion, at most as deep as the tree is high, and repair on the way
 * back. They are all in this file, and it is long, because they alone may own nodes.
 */

import { assert } from "../assert.js";
import { RANK_NODE_ENTRIES_MAX } from "../constants.js";
import { buildLeaves, buildParents } from "./rank-build.js";
import {
  childOf,
  copyNode,
  countEntries,
  edgesOf,
  goesLeft,
  insertChild,
  insertIntoLeaf,
  keptPlaces,
  LEFT_EDGE,
  moveToLeft,
  moveToRight,
  newInner,
  newLeaf,
  type RankNode,
  RIGHT_EDGE,
  refreshChild,
  removeChild,
  removeFromLeaf,
  splitNode,
} from "./rank-node.js";
import {
  BEFORE_ENTRY,
  BELOW_MEMBER,
  BELOW_SCORE,
  checkNode,
  countBelow,
  countNodes,
  type EntryVisitor,
  UP_TO_MEMBER,
  UP_TO_SCORE,
  visitDown,
  visitUp,
} from "./rank-walk.js";
import { entriesBefore } from "./sorted-columns.js";

/** Numbers the trees for ownership; none is given twice. */
let lastOwner = 0;

export class RankTree {
  private readonly nodeEntriesMax: number;
  private owner: number;
  private root: RankNode;
  /** Level of the root; leaves are on level 0. */
  private height = 0;
  private entries = 0;

  /** `nodeEntriesMax` is lowered by tests only. */
  constructor(nodeEntriesMax: number = RANK_NODE_ENTRIES_MAX) {
    assert(
      nodeEntriesMax >= 8 && nodeEntriesMax <= RANK_NODE_ENTRIES_MAX && nodeEntriesMax % 4 === 0,
      "a fan-out can be halved and quartered",
    );
    this.nodeEntriesMax = nodeEntriesMax;
    lastOwner++;
    this.owner = lastOwner;
    this.root = newLeaf(this.owner, nodeEntriesMax);
  }

  /** The first `size` places of columns in order; they are copied. Nodes keep an eighth of room. */
  static fromSorted(
    scores: readonly number[],
    members: readonly string[],
    size: number,
    nodeEntriesMax: number = RANK_NODE_ENTRIES_MAX,
  ): RankTree {
    const tree = new RankTree(nodeEntriesMax);
    let nodes = buildLeaves(tree.owner, scores, members, size, nodeEntriesMax);
    while (nodes.length > 1) {
      nodes = buildParents(tree.owner, nodes, tree.height, nodeEntriesMax);
      tree.height++;
    }
    tree.root = nodes[0]!;
    tree.entries = size;
    return tree;
  }

  get size(): number {
    return this.entries;
  }

  /** O(1): shares every node until either of the two changes it. */
  clone(): RankTree {
    const copy = new RankTree(this.nodeEntriesMax);
    copy.root = this.root;
    copy.height = this.height;
    copy.entries = this.entries;
    lastOwner++;
    this.owner = lastOwner;
    return copy;
  }

  /** The entry is not there yet. */
  insert(score: number, member: string): void {
    const root = this.ownedRoot();
    const split = this.insertInto(root, this.height, LEFT_EDGE | RIGHT_EDGE, score, member);
    this.entries++;
    if (split !== null) {
      const parent = newInner(this.owner);
      insertChild(parent, 0, root, countEntries(root, this.height));
      insertChild(parent, 1, split, countEntries(split, this.height));
      this.root = parent;
      this.height++;
    }
  }

  /** The entry is there. Returns its member: the very string that other structures may share. */
  delete(score: number, member: string): string {
    const kept = this.deleteFrom(this.ownedRoot(), this.height, score, member);
    this.entries--;
    this.lowerRoot();
    return kept;
  }

  /** Removes `count` entries from `rank` on and appends them to the columns given. O(log n + count). */
  takeRange(rank: number, count: number, scores: number[], members: string[]): void {
    assert(
      rank >= 0 && count >= 0 && rank + count <= this.entries,
      "the taken range is in the tree",
    );
    let rest = count;
    while (rest > 0) {
      const taken = this.takeRun(this.ownedRoot(), this.height, rank, rest, scores, members);
      rest -= taken;
      this.entries -= taken;
      this.lowerRoot();
    }
  }

  /** Entries before (score, member), which need not be there. */
  rank(score: number, member: string): number {
    return countBelow(this.root, this.height, BEFORE_ENTRY, score, member);
  }

  /** Entries whose score is lower, or equal. */
  countBelowScore(score: number, orEqual: boolean): number {
    const bound = orEqual ? UP_TO_SCORE : BELOW_SCORE;
    return countBelow(this.root, this.height, bound, score, "");
  }

  /** Entries whose member is lower, or equal. Meaningful if all scores are the same. */
  countBelowMember(member: string, orEqual: boolean): number {
    const bound = orEqual ? UP_TO_MEMBER : BELOW_MEMBER;
    return countBelow(this.root, this.height, bound, 0, member);
  }

  /** Up from `rank` to the last entry. The tree must not change meanwhile. False: `visit` ended it. */
  forEachUp(rank: number, visit: EntryVisitor): boolean {
    assert(rank >= 0 && rank <= this.entries, "the first visited entry is in the tree");
    return visitUp(this.root, this.height, rank, visit);
  }

  /** Down from `rank` (-1: from nowhere) to the first entry. */
  forEachDown(rank: number, visit: EntryVisitor): boolean {
    assert(rank >= -1 && rank < this.entries, "the first visited entry is in the tree");
    return visitDown(this.root, this.height, this.entries - 1 - rank, visit);
  }

  /** For tests: every invariant of the nodes. */
  check(): void {
    const edges = LEFT_EDGE | RIGHT_EDGE;
    const count = checkNode(this.root, this.height, edges, this.nodeEntriesMax);
    assert(count === this.entries, "the tree has as many entries as it says");
    assert(this.height === 0 || this.root.size > 1, "a root has two children");
  }

  /** For tests: how many nodes hold the entries. */
  nodeCount(): number {
    return countNodes(this.root, this.height);
  }

  private insertInto(
    node: RankNode,
    level: number,
    edges: number,
    score: number,
    member: string,
  ): RankNode | null {
    if (level === 0) {
      return this.insertEntry(node, edges, score, member);
    }
    const at = childOf(node, score, member);
    const child = this.ownedChild(node, at, level - 1);
    const split = this.insertInto(child, level - 1, edgesOf(node, at, edges), score, member);
    if (split === null) {
      refreshChild(node, at, node.counts[at]! + 1);
      return null;
    }
    refreshChild(node, at, countEntries(child, level - 1));
    const count = countEntries(split, level - 1);
    if (node.size < this.nodeEntriesMax) {
      insertChild(node, at + 1, split, count);
      return null;
    }
    const kept = keptPlaces(node, at + 1, 1, edges);
    const right = splitNode(node, level, this.owner, this.nodeEntriesMax, kept);
    if (goesLeft(at + 1, kept, this.nodeEntriesMax)) {
      insertChild(node, at + 1, split, count);
    } else {
      insertChild(right, at + 1 - kept, split, count);
    }
    return right;
  }

  private insertEntry(
    leaf: RankNode,
    edges: number,
    score: number,
    member: string,
  ): RankNode | null {
    const at = entriesBefore(leaf.scores, leaf.members, leaf.size, score, member);
    if (leaf.size < this.nodeEntriesMax) {
      insertIntoLeaf(leaf, at, score, member);
      return null;
    }
    const kept = keptPlaces(leaf, at, 0, edges);
    const right = splitNode(leaf, 0, this.owner, this.nodeEntriesMax, kept);
    if (goesLeft(at, kept, this.nodeEntriesMax)) {
      insertIntoLeaf(leaf, at, score, member);
    } else {
      insertIntoLeaf(right, at - kept, score, member);
    }
    return right;
  }

  private deleteFrom(node: RankNode, level: number, score: number, member: string): string {
    if (level === 0) {
      const at = entriesBefore(node.scores, node.members, node.size, score, member);
      const found = at < node.size && node.scores[at] === score && node.members[at] === member;
      assert(found, "a deleted entry is in the tree");
      const kept = node.members[at]!;
      removeFromLeaf(node, at, 1);
      return kept;
    }
    const at = childOf(node, score, member);
    const child = this.ownedChild(node, at, level - 1);
    const kept = this.deleteFrom(child, level - 1, score, member);
    this.repairChild(node, at, level - 1, 1);
    return kept;
  }

  /** Of the range only what lies in one leaf; returns how many entries that were. */
  private takeRun(
    node: RankNode,
    level: number,
    rank: number,
    count: number,
    scores: number[],
    members: string[],
  ): number {
    if (level === 0) {
      const taken = Math.min(count, node.size - rank);
      for (let i = rank; i < rank + taken; i++) {
        scores.push(node.scores[i]!);
        members.push(node.members[i]!);
      }
      removeFromLeaf(node, rank, taken);
      return taken;
    }
    let at = 0;
    let rest = rank;
    while (rest >= node.counts[at]!) {
      rest -= node.counts[at]!;
      at++;
    }
    const child = this.ownedChild(node, at, level - 1);
    const taken = this.takeRun(child, level - 1, rest, count, scores, members);
    this.repairChild(node, at, level - 1, taken);
    return taken;
  }

  /** `removed` entries went out of the child's subtree: it may be too empty now. */
  private repairChild(node: RankNode, at: number, level: number, removed: number): void {
    const child = node.children[at]!;
    if (child.size === 0) {
      removeChild(node, at);
      return;
    }
    refreshChild(node, at, node.counts[at]! - removed);
    if (child.size < this.nodeEntriesMax / 4 && node.size > 1) {
      this.balance(node, at === 0 ? 0 : at - 1, level);
    }
  }

  /** Makes one node of two neighbours, or two that are equally full. */
  private balance(node: RankNode, at: number, level: number): void {
    const left = this.ownedChild(node, at, level);
    const right = this.ownedChild(node, at + 1, level);
    const size = left.size + right.size;
    if (size <= (this.nodeEntriesMax / 4) * 3) {
      moveToLeft(left, right, right.size, level);
      removeChild(node, at + 1);
      refreshChild(node, at, countEntries(left, level));
      return;
    }
    const half = size >> 1;
    if (left.size < half) {
      moveToLeft(left, right, half - left.size, level);
    } else {
      moveToRight(left, right, left.size - half, level);
    }
    refreshChild(node, at, countEntries(left, level));
    refreshChild(node, at + 1, countEntries(right, level));
  }

  /** One leaf's entries went, and a root has two children at least: one of them is still there. */
  private lowerRoot(): void {
    while (this.height > 0 && this.root.size === 1) {
      this.root = this.root.children[0]!;
      this.height--;
    }
  }

  private ownedRoot(): RankNode {
    if (this.root.owner !== this.owner) {
      this.root = copyNode(this.root, this.owner, this.height);
    }
    return this.root;
  }

  private ownedChild(node: RankNode, at: number, level: number): RankNode {
    const child = node.children[at]!;
    if (child.owner === this.owner) {
      return child;
    }
    const copy = copyNode(child, this.owner, level);
    node.children[at] = copy;
    return copy;
  }
}
