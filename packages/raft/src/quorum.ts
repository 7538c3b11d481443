/**
 * Majorities. In a joint configuration both are needed, each counted alone (Raft section 6, trap 07):
 * for votes, for commits and for read confirmation alike, so all three go through this one class.
 */
import type { Configuration, NodeId } from "./types.js";

export type VoteResult = "won" | "lost" | "pending";

export class Quorum {
  readonly #voters: readonly NodeId[];
  readonly #outgoing: readonly NodeId[];
  /** Everybody who votes in either half, each once. */
  readonly voterIds: readonly NodeId[];
  /** Sorting space, reused: this runs for every acknowledgement. */
  readonly #scratch: number[] = [];

  constructor(configuration: Configuration) {
    this.#voters = configuration.voters.map((member) => member.id);
    this.#outgoing = configuration.votersOutgoing.map((member) => member.id);
    this.voterIds = [...new Set([...this.#voters, ...this.#outgoing])];
  }

  isVoter(id: NodeId): boolean {
    return this.voterIds.includes(id);
  }

  /**
   * The largest value that a quorum has reached: match indexes give the index that is on a quorum, echoed
   * rounds the round that a quorum confirmed, times the moment since which a quorum was heard.
   */
  reached(valueFor: (id: NodeId) => number): number {
    const incoming = this.#majorityValue(this.#voters, valueFor);
    if (this.#outgoing.length === 0) return incoming;
    return Math.min(incoming, this.#majorityValue(this.#outgoing, valueFor));
  }

  tally(votes: ReadonlyMap<NodeId, boolean>): VoteResult {
    const incoming = majorityVotes(this.#voters, votes);
    if (this.#outgoing.length === 0) return incoming;
    const outgoing = majorityVotes(this.#outgoing, votes);
    if (incoming === "lost" || outgoing === "lost") return "lost";
    return incoming === "won" && outgoing === "won" ? "won" : "pending";
  }

  #majorityValue(ids: readonly NodeId[], valueFor: (id: NodeId) => number): number {
    const values = this.#scratch;
    values.length = 0;
    for (const id of ids) {
      // Insertion sort, ascending: a handful of voters.
      const value = valueFor(id);
      let at = values.length;
      values.push(value);
      while (at > 0 && values[at - 1]! > value) {
        values[at] = values[at - 1]!;
        at -= 1;
      }
      values[at] = value;
    }
    // With n values the one at floor((n - 1) / 2) has at least floor(n / 2) + 1 values at or above it.
    return values[Math.floor((values.length - 1) / 2)] ?? 0;
  }
}

function majorityVotes(ids: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  const majority = Math.floor(ids.length / 2) + 1;
  let granted = 0;
  let refused = 0;
  for (const id of ids) {
    const vote = votes.get(id);
    if (vote === true) granted += 1;
    if (vote === false) refused += 1;
  }
  if (granted >= majority) return "won";
  return ids.length - refused < majority ? "lost" : "pending";
}
