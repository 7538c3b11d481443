/** Many histories in one: sums, and what never happened in them. Plain data: it travels between processes. */

import { RARE_PATHS } from "./coverage.js";
import { FAULT_KINDS } from "./faults/faults.js";
import type { RunResult } from "./run.js";

export interface Summary {
  histories: number;
  virtualMs: number;
  cpuMs: number;
  completed: number;
  undecidedKeys: number;
  faults: Record<string, number>;
  paths: Record<string, number>;
}

export interface Failure {
  readonly seed: number;
  /** By the checker's name first. */
  readonly message: string;
}

export function emptySummary(): Summary {
  return {
    histories: 0,
    virtualMs: 0,
    cpuMs: 0,
    completed: 0,
    undecidedKeys: 0,
    faults: {},
    paths: {},
  };
}

export function addRun(summary: Summary, result: RunResult, cpuMs: number): void {
  const paths: Record<string, number> = {};
  for (const { name, count } of RARE_PATHS) paths[name] = count(result);
  const { virtualMs, completed, undecidedKeys, faults } = result;
  addSummary(summary, {
    histories: 1,
    virtualMs,
    cpuMs,
    completed,
    undecidedKeys,
    faults,
    paths,
  });
}

export function addSummary(
  into: Summary,
  more: Omit<Summary, "faults" | "paths"> & {
    readonly faults: Readonly<Record<string, number>>;
    readonly paths: Readonly<Record<string, number>>;
  },
): void {
  into.histories += more.histories;
  into.virtualMs += more.virtualMs;
  into.cpuMs += more.cpuMs;
  into.completed += more.completed;
  into.undecidedKeys += more.undecidedKeys;
  for (const [kind, n] of Object.entries(more.faults)) {
    into.faults[kind] = (into.faults[kind] ?? 0) + n;
  }
  for (const [path, n] of Object.entries(more.paths))
    into.paths[path] = (into.paths[path] ?? 0) + n;
}

/** Kinds of fault that never struck and paths that nobody took. */
export function neverSeen({ faults, paths }: Summary): string[] {
  return [
    ...FAULT_KINDS.filter((kind) => (faults[kind] ?? 0) === 0).map((kind) => `fault: ${kind}`),
    ...RARE_PATHS.filter(({ name }) => (paths[name] ?? 0) === 0).map(({ name }) => `path: ${name}`),
  ];
}

export function described(summary: Summary, wallMs: number): string[] {
  const { histories, virtualMs, cpuMs, completed, undecidedKeys, faults, paths } = summary;
  const virtualS = virtualMs / 1000;
  return [
    `${histories} histories in ${(wallMs / 1000).toFixed(1)} s: ` +
      `${((histories * 1000) / wallMs).toFixed(1)} histories a second`,
    `${virtualS.toFixed(0)} virtual s, ${(virtualMs / cpuMs).toFixed(0)} a CPU second on one core; ` +
      `${(completed / virtualS).toFixed(0)} operations completed a virtual second`,
    ...(undecidedKeys > 0 ? [`${undecidedKeys} keys undecided by the search for an order`] : []),
    "faults that struck:",
    ...counted(faults, FAULT_KINDS),
    "rare paths taken:",
    ...counted(
      paths,
      RARE_PATHS.map(({ name }) => name),
    ),
  ];
}

function counted(counts: Readonly<Record<string, number>>, names: readonly string[]): string[] {
  return names.map((name) => `${String(counts[name] ?? 0).padStart(9)} ${name}`);
}
