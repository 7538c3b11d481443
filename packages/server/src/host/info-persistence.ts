/**
 * INFO persistence: Redis's names, all of them, with what they mean here. The snapshot is the RDB; the durable log is
 * the append-only file, and the snapshot its base (docs/reference/persistence.md).
 */

import type { ReplicaStatus } from "@redoubt/replica";
import type { RunCounts, SaveStatus } from "../snapshot/save-status.js";

type Line = readonly [name: string, value: string | number];

export function persistenceLines(
  status: ReplicaStatus,
  saving: SaveStatus,
  wallMs: number,
): readonly Line[] {
  return [
    ["loading", status.load?.alone === true || status.loading ? 1 : 0],
    // A snapshot from a leader is read beside the state that is shown meanwhile.
    ["async_loading", status.load?.alone === false ? 1 : 0],
    ...copyLines,
    ...runLines(saving),
    ...rdbLines(saving, status),
    ...aofLines(saving),
    ...loadingLines(status, wallMs),
    ["snapshot_serving_ms", saving.servingMs.toFixed(3)],
  ];
}

/** Nothing is forked and nothing copied on write. */
const copyLines: readonly Line[] = [
  ["current_cow_peak", 0],
  ["current_cow_size", 0],
  ["current_cow_size_age", 0],
];

/** A thread copies the last snapshot: how far it is, in KiB of it. Redis counts keys. */
function runLines({ run }: SaveStatus): Line[] {
  const written = run?.writtenBytes ?? 0;
  const total = run === null ? 0 : Math.max(run.previousBytes, written);
  return [
    ["current_fork_perc", (total === 0 ? 0 : (100 * written) / total).toFixed(2)],
    ["current_save_keys_processed", Math.floor(written / 1024)],
    ["current_save_keys_total", Math.floor(total / 1024)],
  ];
}

function rdbLines(saving: SaveStatus, { counters }: ReplicaStatus): Line[] {
  const { run, saves } = saving;
  return [
    ["rdb_changes_since_last_save", saving.changes],
    ["rdb_bgsave_in_progress", run?.kind === "save" ? 1 : 0],
    ["rdb_last_save_time", Math.floor(saving.lastSavedAtMs / 1000)],
    ["rdb_last_bgsave_status", okOrErr(saves)],
    ["rdb_last_bgsave_time_sec", seconds(saves.lastMs)],
    ["rdb_current_bgsave_time_sec", run?.kind === "save" ? seconds(run.ms) : -1],
    ["rdb_saves", saves.done],
    ["rdb_last_cow_size", 0],
    // What is expired is deleted by the log, and then it is not in a snapshot.
    ["rdb_last_load_keys_expired", 0],
    ["rdb_last_load_keys_loaded", counters.loadedKeys],
  ];
}

function aofLines(saving: SaveStatus): Line[] {
  const { run, scheduled, rewrites, snapshotBytes, logBytes } = saving;
  const isRewriting = run?.kind === "rewrite";
  return [
    ["aof_enabled", 1],
    ["aof_rewrite_in_progress", isRewriting ? 1 : 0],
    ["aof_rewrite_scheduled", scheduled === "rewrite" ? 1 : 0],
    ["aof_last_rewrite_time_sec", seconds(rewrites.lastMs)],
    ["aof_current_rewrite_time_sec", isRewriting ? seconds(run.ms) : -1],
    ["aof_last_bgrewrite_status", okOrErr(rewrites)],
    ["aof_rewrites", rewrites.done],
    ["aof_rewrites_consecutive_failures", rewrites.failuresInARow],
    // A write that fails stops the node.
    ["aof_last_write_status", "ok"],
    ["aof_last_cow_size", 0],
    ["module_fork_in_progress", 0],
    ["module_fork_last_cow_size", 0],
    ["aof_current_size", snapshotBytes + logBytes],
    ["aof_base_size", snapshotBytes],
    ["aof_pending_rewrite", 0],
    // What is not synced is not acknowledged: it waits in memory as `used_memory_log`.
    ["aof_buffer_length", 0],
    ["aof_pending_bio_fsync", 0],
    ["aof_delayed_fsync", 0],
  ];
}

/** Redis: only while it loads. */
function loadingLines({ load }: ReplicaStatus, wallMs: number): Line[] {
  if (load === null) return [];
  const { startedAtMs, totalBytes, loadedBytes, memoryBytes } = load;
  const elapsedMs = Math.max(wallMs - startedAtMs, 0);
  const share = totalBytes === 0 ? 1 : loadedBytes / totalBytes;
  const restMs = share === 0 ? 1000 : (elapsedMs * (1 - share)) / share;
  return [
    ["loading_start_time", Math.floor(startedAtMs / 1000)],
    ["loading_total_bytes", totalBytes],
    ["loading_rdb_used_mem", memoryBytes],
    ["loading_loaded_bytes", loadedBytes],
    ["loading_loaded_perc", (100 * share).toFixed(2)],
    ["loading_eta_seconds", Math.ceil(restMs / 1000)],
  ];
}

function okOrErr({ lastOk }: RunCounts): string {
  return lastOk ? "ok" : "err";
}

/** Whole seconds; -1 stays. */
function seconds(ms: number): number {
  return ms < 0 ? -1 : Math.floor(ms / 1000);
}
