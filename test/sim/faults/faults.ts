/**
 * What goes wrong in a run: a list of strikes, drawn from the seed before the run begins. Each run draws which
 * kinds there are and how often they strike; some have none. A strike draws its targets and its length from a
 * number of its own, so a run can be repeated with some of its strikes left out, and the rest strikes as before.
 */

import type { Cluster } from "../world/cluster.js";
import type { EventQueue } from "../world/event-queue.js";
import type { SimulatedNetwork } from "../world/network.js";
import type { SimulatedNode } from "../world/node.js";
import { SeededRandom } from "../world/random.js";
import { clockStrikes } from "./clocks.js";
import { diskStrikes } from "./disks.js";
import { FaultBudget } from "./fault-budget.js";
import { memberStrikes } from "./members.js";
import { networkStrikes } from "./network.js";
import { processStrikes } from "./processes.js";
import { snapshotStrikes } from "./snapshots.js";
import type { FaultWorld, Strike } from "./strike.js";

const STRIKES = {
  ...processStrikes,
  ...networkStrikes,
  ...diskStrikes,
  ...clockStrikes,
  ...memberStrikes,
  ...snapshotStrikes,
} satisfies Record<string, Strike>;

export type FaultKind = keyof typeof STRIKES;
export const FAULT_KINDS = Object.keys(STRIKES) as FaultKind[];

/** One strike, as it can be repeated. */
export interface RecordedFault {
  readonly atMs: number;
  readonly kind: FaultKind;
  /** What it strikes, and how hard, is drawn from this. */
  readonly seed: number;
}

/** Share of the runs in which nothing goes wrong. */
const CALM_RUNS = 0.04;
/** How many of the kinds a run has: a few that meet often, or nearly everything. */
const SHARES = [0.1, 0.25, 0.5] as const;

export function drawFaults(
  random: SeededRandom,
  durationMs: number,
  only: readonly FaultKind[] | null,
): RecordedFault[] {
  const isCalm = random.chance(CALM_RUNS);
  const share = random.pick(SHARES);
  const drawn = FAULT_KINDS.filter(() => random.chance(share));
  const meanGapMs = random.between(400, 2500);
  const kinds = only ?? (isCalm ? [] : drawn);
  const faults: RecordedFault[] = [];
  if (kinds.length === 0) return faults;
  for (;;) {
    const atMs = (faults.at(-1)?.atMs ?? 0) + random.exponential(meanGapMs);
    if (atMs >= durationMs) return faults;
    faults.push({ atMs, kind: random.pick(kinds), seed: random.below(0x1_0000_0000) });
  }
}

interface Watch {
  readonly event: string;
  readonly untilMs: number;
  readonly strike: (node: SimulatedNode) => void;
}

export class Faults implements FaultWorld {
  /** Strikes that struck, by kind. */
  readonly counts: Record<string, number> = {};
  readonly queue: EventQueue;
  readonly network: SimulatedNetwork;
  readonly cluster: Cluster;
  readonly budget: FaultBudget;
  readonly trace: (line: string) => void;
  readonly #watches: Watch[] = [];
  #endMs = 0;

  constructor(
    queue: EventQueue,
    network: SimulatedNetwork,
    cluster: Cluster,
    trace: (line: string) => void,
  ) {
    this.queue = queue;
    this.network = network;
    this.cluster = cluster;
    this.budget = new FaultBudget(cluster.nodes);
    this.trace = trace;
  }

  begin(faults: readonly RecordedFault[], endMs: number): void {
    this.#endMs = endMs;
    for (const fault of faults) this.queue.at(fault.atMs, () => this.#strike(fault));
  }

  get striking(): boolean {
    return this.queue.nowMs < this.#endMs;
  }

  crash(node: SimulatedNode, downMs: number): void {
    if (!node.up || !this.striking) return;
    this.cluster.crash(node);
    this.queue.after(downMs, () => this.cluster.restart(node));
  }

  watch(event: string, untilMs: number, strike: (node: SimulatedNode) => void): void {
    this.#watches.push({ event, untilMs, strike });
  }

  /** A line of a node's log. */
  logged(node: SimulatedNode, event: string): void {
    if (!this.striking) return;
    for (const watch of this.#watches) {
      if (watch.event === event && this.queue.nowMs < watch.untilMs) watch.strike(node);
    }
  }

  /** What is broken is mended; what is lost must find its way back by itself. */
  healAll(): void {
    this.network.healAll();
    for (const node of this.cluster.nodes) {
      const { disk } = node;
      disk.mend();
      // Whoever runs on a disk that lost something is stopped, and finds out.
      if (disk.lying || !disk.isUsable) this.cluster.crash(node);
      this.cluster.restart(node);
    }
  }

  #strike({ kind, seed }: RecordedFault): void {
    const struck = STRIKES[kind](this, new SeededRandom(seed));
    this.trace(`fault ${kind} ${struck === null ? "finds nothing to strike" : `(${struck})`}`);
    if (struck !== null) this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }
}
