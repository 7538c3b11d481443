/** A large sorted set: a tree for the order, a table for the score of a member. Both have every entry. */

import { assert } from "../assert.js";
import { SORTED_RANKED_BYTES, SORTED_RANKED_ENTRY_BYTES } from "../memory.js";
import { RankTree } from "./rank-tree.js";
import type { EntryVisitor } from "./rank-walk.js";
import { ScoreTable } from "./score-table.js";

export class RankedEntries {
  private readonly tree: RankTree;
  private readonly table: ScoreTable;

  private constructor(tree: RankTree, table: ScoreTable) {
    this.tree = tree;
    this.table = table;
  }

  /** The first `size` places of columns in order; they are copied. */
  static fromSorted(
    scores: readonly number[],
    members: readonly string[],
    size: number,
  ): RankedEntries {
    const table = new ScoreTable();
    for (let i = 0; i < size; i++) {
      const old = table.set(members[i]!, scores[i]!);
      assert(old === undefined, "members are different");
    }
    return new RankedEntries(RankTree.fromSorted(scores, members, size), table);
  }

  get size(): number {
    return this.tree.size;
  }

  /** Without the members' texts. An average: leaves are half to completely full, Maps too. */
  get structureBytes(): number {
    return SORTED_RANKED_BYTES + this.tree.size * SORTED_RANKED_ENTRY_BYTES;
  }

  score(member: string): number | undefined {
    return this.table.get(member);
  }

  /** Inserts or replaces; returns the old score. */
  set(member: string, score: number): number | undefined {
    const old = this.table.set(member, score);
    if (old === undefined) {
      this.tree.insert(score, member);
    } else if (old !== score) {
      // The string that the table has too: the caller's equal one would be kept beside it.
      const kept = this.tree.delete(old, member);
      this.tree.insert(score, kept);
    }
    return old;
  }

  /** Returns the removed score. */
  delete(member: string): number | undefined {
    const old = this.table.remove(member);
    if (old !== undefined) {
      this.tree.delete(old, member);
    }
    return old;
  }

  rank(member: string): number | undefined {
    const score = this.table.get(member);
    return score === undefined ? undefined : this.tree.rank(score, member);
  }

  countBelowScore(score: number, orEqual: boolean): number {
    return this.tree.countBelowScore(score, orEqual);
  }

  countBelowMember(member: string, orEqual: boolean): number {
    return this.tree.countBelowMember(member, orEqual);
  }

  forEachUp(rank: number, visit: EntryVisitor): boolean {
    return this.tree.forEachUp(rank, visit);
  }

  forEachDown(rank: number, visit: EntryVisitor): boolean {
    return this.tree.forEachDown(rank, visit);
  }

  /** Removes the entries and appends them to the columns given. */
  takeRange(rank: number, count: number, scores: number[], members: string[]): void {
    const first = members.length;
    this.tree.takeRange(rank, count, scores, members);
    for (let i = first; i < members.length; i++) {
      this.table.remove(members[i]!);
    }
  }

  scan(cursor: number, count: number, visit: (member: string, score: number) => void): number {
    return this.table.scan(cursor, count, visit);
  }

  /** O(1) for the number of entries: nodes and segments are shared until either of the two changes them. */
  clone(): RankedEntries {
    return new RankedEntries(this.tree.clone(), this.table.clone());
  }

  /** For tests: every invariant. */
  check(): void {
    this.tree.check();
    this.table.check();
    assert(this.tree.size === this.table.size, "tree and table have the same entries");
    this.tree.forEachUp(0, (member, score) => {
      assert(this.table.get(member) === score, "tree and table agree on a score");
      return true;
    });
  }
}
