/** A whole rank tree from entries that are in order already: O(n), level by level. */

import { countEntries, insertChild, newInner, newLeaf, type RankNode } from "./rank-node.js";
import { copyEntries } from "./sorted-columns.js";

/** The first `size` places of columns are copied. Returns the lowest level, full to seven eighths. */
export function buildLeaves(
  owner: number,
  scores: readonly number[],
  members: readonly string[],
  size: number,
  nodeEntriesMax: number,
): RankNode[] {
  const leaves: RankNode[] = [];
  const count = Math.max(1, Math.ceil(size / filledPlaces(nodeEntriesMax)));
  for (let i = 0; i < count; i++) {
    const leaf = newLeaf(owner, nodeEntriesMax);
    const from = Math.floor((i * size) / count);
    leaf.size = Math.floor(((i + 1) * size) / count) - from;
    copyEntries(scores, members, from, leaf.scores, leaf.members, 0, leaf.size);
    leaves.push(leaf);
  }
  return leaves;
}

/** The level above `nodes`, which are on `level`. */
export function buildParents(
  owner: number,
  nodes: readonly RankNode[],
  level: number,
  nodeEntriesMax: number,
): RankNode[] {
  const parents: RankNode[] = [];
  const count = Math.ceil(nodes.length / filledPlaces(nodeEntriesMax));
  for (let i = 0; i < count; i++) {
    const parent = newInner(owner);
    const end = Math.floor(((i + 1) * nodes.length) / count);
    for (let n = Math.floor((i * nodes.length) / count); n < end; n++) {
      insertChild(parent, parent.size, nodes[n]!, countEntries(nodes[n]!, level));
    }
    parents.push(parent);
  }
  return parents;
}

/** Room for the next entries, so that they do not split every node. */
function filledPlaces(nodeEntriesMax: number): number {
  return nodeEntriesMax - (nodeEntriesMax >> 3);
}
