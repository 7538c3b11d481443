/**
 * Every fault by its name on the command line. `kill` draws whom it strikes, `kill:leader` says it; both stand here.
 *
 *   kill, kill-restart, pause, slow-cpu, clock-jump, clock-drift, disk-full, fsync-error, fsync-delay, lying-fsync,
 *   power-loss, power-loss-restart           :leader :one :minority :majority :all
 *   partition                                :isolate-leader :halves :majorities-ring :one-way :leader-and-one
 *   loss, delay, throttle, duplicate, reorder            :leader :one :all
 *   flip, truncate, delete, wipe             :leader :one
 *   membership                               :grow :shrink :island
 *   transfer:one, rolling-restart:all, snapshot:all
 */

import { clockDrift, clockJump } from "./clock-faults.js";
import {
  diskFull,
  fsyncDelay,
  fsyncError,
  lyingFsync,
  powerLoss,
  powerLossRestart,
} from "./disk-faults.js";
import type { Fault } from "./fault.js";
import { deleteFile, flip, truncate, wipe } from "./file-faults.js";
import { faultsOf } from "./kinds.js";
import { membership, snapshot, transfer } from "./member-faults.js";
import { delay, duplicate, loss, partition, reorder, throttle } from "./network-faults.js";
import { kill, killRestart, rollingRestart, slowCpu, stopProcess } from "./process-faults.js";

const all: readonly Fault[] = [
  ...faultsOf(kill),
  ...faultsOf(killRestart),
  ...faultsOf(stopProcess),
  ...faultsOf(rollingRestart),
  ...faultsOf(slowCpu),
  ...faultsOf(partition),
  ...faultsOf(loss),
  ...faultsOf(delay),
  ...faultsOf(throttle),
  ...faultsOf(duplicate),
  ...faultsOf(reorder),
  ...faultsOf(clockJump),
  ...faultsOf(clockDrift),
  ...faultsOf(diskFull),
  ...faultsOf(fsyncError),
  ...faultsOf(fsyncDelay),
  ...faultsOf(lyingFsync),
  ...faultsOf(powerLoss),
  ...faultsOf(powerLossRestart),
  ...faultsOf(flip),
  ...faultsOf(truncate),
  ...faultsOf(deleteFile),
  ...faultsOf(wipe),
  ...faultsOf(membership),
  ...faultsOf(transfer),
  ...faultsOf(snapshot),
];

export const faults: ReadonlyMap<string, Fault> = new Map(all.map((fault) => [fault.name, fault]));

/** What a cluster has to be started with for them (`ClusterOptions`). Names that are no fault's are passed over. */
export function needsOf(names: readonly string[]): {
  readonly clockShim: boolean;
  readonly diskShim: boolean;
  readonly disk: "plain" | "loop";
} {
  const asks = (...kinds: readonly string[]): boolean =>
    names.some((name) => kinds.includes(name.split(":", 1)[0]!));
  return {
    clockShim: asks("clock-jump", "clock-drift"),
    diskShim: asks("fsync-error", "fsync-delay", "lying-fsync", "disk-full"),
    disk: asks("power-loss", "power-loss-restart", "lying-fsync") ? "loop" : "plain",
  };
}
