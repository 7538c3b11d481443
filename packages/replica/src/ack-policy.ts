/**
 * When what a reply waits for is satisfied (design, section 9): the one seam between Redoubt and what it is
 * compared with. Everything else, log and consensus included, is the same in all modes.
 *
 *   raft    the effects are durable on a majority; a read, when this node is known to lead still
 *   wait    at once: a client that wants more asks by WAIT
 *   async   at once
 *
 * wait and async are for comparison, and UNSAFE: an acknowledged write is lost when leadership is, and a value
 * that was read can vanish. The server does the same in both; they say what clients are expected to do.
 */

export const REPLICATION_MODES = ["raft", "wait", "async"] as const;
export type ReplicationMode = (typeof REPLICATION_MODES)[number];

export interface AckPolicy {
  readonly mode: ReplicationMode;
  /** Replies wait for their marks. */
  readonly holdsReplies: boolean;
}

export function ackPolicy(mode: ReplicationMode): AckPolicy {
  return { mode, holdsReplies: mode === "raft" };
}
