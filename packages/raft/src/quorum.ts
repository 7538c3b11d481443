/**
 * Majorities. In a joint configuration both are needed, each counted alone (Raft section 6, trap 07):
 * for votes, for commits and for read confirmation alike, so all three go through this one class.
 */
import type { Configuration, Member, NodeId } from "./types.js";

export type VoteResult = "won" | "lost" | "pending";
/** An answer, and the incarnation that gave it: another than the configuration's has no vote. */
export interface Vote {
  readonly granted: boolean;
  readonly incarnation: number;
}

export class Quorum {
  readonly #voters: readonly Member[];
  readonly #outgoing: readonly Member[];
  /** Everybody who votes in either half, each once. */
  readonly voterIds: readonly NodeId[];
  /** Sorting space, reused: this runs for every acknowledgement. */
  readonly #scratch: number[] = [];

  constructor(configuration: Configuration) {
    this.#voters = configuration.voters;
    this.#outgoing = configuration.votersOutgoing;
    this.voterIds = [...new Set([...this.#voters, ...this.#outgoing].map((m) => m.id))];
  }

  isVoter(id: NodeId): boolean {
    return this.voterIds.includes(id);
  }

  /**
   * The largest value that a quorum has reached: match indexes give the index that is on a quorum, echoed
   * rounds the round that a quorum confirmed, times the moment since which a quorum was heard.
   */
  reached(valueFor: (id: NodeId, incarnation: number) => number): number {
    const incoming = this.#majorityValue(this.#voters, valueFor);
    if (this.#outgoing.length === 0) return incoming;
    return Math.min(incoming, this.#majorityValue(this.#outgoing, valueFor));
  }

  tally(votes: ReadonlyMap<NodeId, Vote>): VoteResult {
    const incoming = majorityVotes(this.#voters, votes);
    if (this.#outgoing.length === 0) return incoming;
    const outgoing = majorityVotes(this.#outgoing, votes);
    if (incoming === "lost" || outgoing === "lost") return "lost";
    return incoming === "won" && outgoing === "won" ? "won" : "pending";
  }

  #majorityValue(
    ids: readonly Member[],
    valueFor: (id: NodeId, incarnation: number) => number,
  ): number {
    const values = this.#scratch;
    let count = 0;
    for (const { id, incarnation } of ids) {
      // Insertion sort, ascending: a handful of voters.
      const value = valueFor(id, incarnation);
      let at = count;
      count += 1;
      while (at > 0 && values[at - 1]! > value) {
        values[at] = values[at - 1]!;
        at -= 1;
      }
      values[at] = value;
    }
    // With n values the one at floor((n - 1) / 2) has at least floor(n / 2) + 1 values at or above it.
    return count === 0 ? 0 : values[Math.floor((count - 1) / 2)]!;
  }
}

function majorityVotes(ids: readonly Member[], votes: ReadonlyMap<NodeId, Vote>): VoteResult {
  const majority = Math.floor(ids.length / 2) + 1;
  let granted = 0;
  let refused = 0;
  for (const { id, incarnation } of ids) {
    const vote = votes.get(id);
    if (vote === undefined) continue;
    if (vote.incarnation !== incarnation) continue;
    if (vote.granted) granted += 1;
    else refused += 1;
  }
  if (granted >= majority) return "won";
  return ids.length - refused < majority ? "lost" : "pending";
}
