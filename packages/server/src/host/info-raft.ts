/** INFO raft: this node's part in the consensus, one line about each peer on the leader. */

import type { AuditStatus, ReplicaStatus, ReplicationMode } from "@redoubt/replica";
import { unsafeMode } from "../config/index.js";
import { SNAPSHOT_OTHER_STATE } from "../diverged.js";
import type { HostServices, ProcessFacts } from "./services.js";

export function raftLines(
  { facts, config, keeper }: HostServices,
  status: ReplicaStatus,
): (readonly [name: string, value: string | number])[] {
  const { configuration } = status;
  return [
    ["raft_cluster_id", facts.clusterId],
    ["raft_node_id", status.id],
    ["raft_incarnation", status.incarnation],
    ...quarantineLines(facts),
    ...(keeper.quarantineDue ? [doubtLine] : []),
    ["raft_role", status.role],
    ["raft_serving", digit(status.serving)],
    ["raft_witness", digit(status.witness)],
    ["raft_removed", digit(status.removed)],
    ["raft_term", status.term],
    ["raft_leader", status.leader],
    ["raft_leader_is_witness", digit(status.leaderIsWitness)],
    ["raft_transferring", digit(status.transferring)],
    ["raft_read_mode", config.readMode],
    ...modeLines(config.replicationMode),
    ["raft_lease_remaining_ms", Math.floor(status.leaseRemainingMs)],
    ["raft_configuration_index", status.configurationIndex],
    ["raft_joint", digit(configuration.votersOutgoing.length > 0)],
    ["raft_voters", configuration.voters.length],
    ["raft_learners", configuration.learners.length],
    ["raft_commit", status.commit],
    ["raft_applied", status.applied],
    ["raft_executed", status.executed],
    ["raft_appended", status.appended],
    ["raft_flushed", status.flushed],
    ["raft_first_index", status.firstIndex],
    ["raft_snapshot_index", status.snapshotIndex],
    // Of batches of effects, since the process started: what the disk's bytes are held against.
    ["raft_applied_bytes", status.counters.appliedBytes],
    ["raft_log_time_ms", status.logTimeMs],
    ["raft_log_time_ahead_ms", Math.max(0, status.logTimeMs - Date.now())],
    ["raft_wall_clock_jumps", status.wallClock.jumps],
    ["raft_wall_clock_last_jump_ms", status.wallClock.lastJumpMs],
    ["raft_wall_clock_last_jump_seen_at_ms", status.wallClock.lastJumpSeenAtMs],
    ["raft_uncommitted_bytes", status.uncommittedBytes],
    ["raft_in_flight_bytes", status.inFlight.bytes],
    ["raft_in_flight_batches", status.inFlight.batches],
    ["raft_in_flight_full", digit(status.inFlight.full)],
    ["raft_waiting_sessions", status.counters.waitingSessions],
    ["raft_parked_sessions", status.counters.parkedSessions],
    ...auditLines(status.audit),
    ...peerLines(status),
  ];
}

/** The newest snapshot is not to be started from: the next start goes through quarantine. */
const doubtLine = ["raft_quarantine_due", SNAPSHOT_OTHER_STATE] as const;

/** What this process found instead of the node's data: damaged, another state (diverged), or none (empty). Its data comes from the leader. */
function quarantineLines({ quarantine }: ProcessFacts): [string, string | number][] {
  if (quarantine === null) return [["raft_quarantine", "no"]];
  return [
    ["raft_quarantine", quarantine.reason],
    ["raft_quarantine_found", quarantine.found],
    ["raft_quarantine_ended_at_ms", quarantine.endedAtMs],
  ];
}

function modeLines(mode: ReplicationMode): [string, string][] {
  if (mode === "raft") return [["raft_replication_mode", mode]];
  return [
    ["raft_replication_mode", mode],
    ["raft_replication_mode_warning", `UNSAFE: ${unsafeMode}`],
  ];
}

/** Of the last entry whose state was compared: ok, differs, or unknown while too few were heard of. */
function auditLines(audit: AuditStatus): [string, string | number][] {
  return [
    ["audit_index", audit.index],
    ["audit_digest", audit.digest],
    ["audit_verdict", audit.verdict],
    ["audit_under_way", digit(audit.underWay)],
    ["audits_done", audit.done],
    ["audit_mismatches", audit.mismatches],
  ];
}

/** raft_peer0:id=2,incarnation=1,state=replicate,match=5,next=6,lag=0,active=1 */
function peerLines({ id: self, peers, appended }: ReplicaStatus): [string, string][] {
  return peers
    .filter(({ id }) => id !== self)
    .map(({ id, incarnation, state, match, next, recentActive }, at) => {
      const lag = Math.max(0, appended - match);
      const where = `id=${id},incarnation=${incarnation},state=${state}`;
      const how = `match=${match},next=${next},lag=${lag},active=${digit(recentActive)}`;
      return [`raft_peer${at}`, `${where},${how}`];
    });
}

function digit(value: boolean): 0 | 1 {
  return value ? 1 : 0;
}
