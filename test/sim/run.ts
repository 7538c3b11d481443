/**
 * One simulated history: production replicas on a simulated network, disk, clock and randomness, under
 * faults, with clients; everything drawn from one seed. First safety under faults, then the faults stop and
 * progress is demanded.
 */

import * as production from "@redoubt/replica";
import { type CheckerFigures, Checkers } from "./checkers/checkers.js";
import { Violation } from "./checkers/violation.js";
import { drawFaults, type FaultKind, Faults, type RecordedFault } from "./faults/faults.js";
import { HealedCluster } from "./healed-cluster.js";
import type { Operation } from "./workload/history.js";
import type { Mix } from "./workload/mix.js";
import { Workload } from "./workload/workload.js";
import { Cluster } from "./world/cluster.js";
import type { SimulatedDisk } from "./world/disk.js";
import { EventQueue } from "./world/event-queue.js";
import { SimulatedNetwork } from "./world/network.js";
import type { ReplicaModule } from "./world/node.js";
import { SeededRandom } from "./world/random.js";

export interface RunOptions {
  readonly seed: number;
  /** Virtual ms with faults. */
  readonly durationMs?: number;
  /** Voters at the start. Default: drawn, and who of them is a witness. */
  readonly nodes?: number;
  readonly witnesses?: readonly number[];
  /** What clients do, in place of what is drawn. */
  readonly mix?: Partial<Mix>;
  /** These kinds of fault and no others; none: nothing goes wrong, and nothing may change. Default: drawn. */
  readonly only?: readonly FaultKind[];
  /** These strikes, in place of drawn ones: a run repeated with some of its `faultList`. */
  readonly faults?: readonly RecordedFault[];
  /** A patched replica, for canaries. */
  readonly module?: ReplicaModule;
  /** Patched parts of the world, for canaries. */
  readonly world?: {
    readonly SimulatedDisk?: typeof SimulatedDisk;
    readonly Cluster?: typeof Cluster;
  };
  /** Checkers that say nothing, to see whether others notice. */
  readonly muted?: readonly string[];
  /** In place of what is drawn. */
  readonly readMode?: "lease" | "quorum";
  readonly trace?: (line: string) => void;
}

export interface RunResult extends CheckerFigures {
  readonly seed: number;
  readonly violation: Violation | null;
  /** Everything that must be equal when a run is repeated. */
  readonly fingerprint: string;
  readonly operations: number;
  readonly completed: number;
  /** Operations answered with success, by command; SET with PX counts as "SET PX". */
  readonly answered: Readonly<Record<string, number>>;
  /** Errors clients were answered with, by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** The longest time in which nothing was answered with success, in virtual ms. */
  readonly longestSilenceMs: number;
  /** Strikes that struck, by kind. */
  readonly faults: Readonly<Record<string, number>>;
  /** All that were to strike. */
  readonly faultList: readonly RecordedFault[];
  readonly virtualMs: number;
}

const DURATION_MS = 15_000;
/** A healed cluster answers again within so long, and is whole again within so long. */
const PROGRESS_MS = 8_000;
const WHOLE_MS = 20_000;
/** What is under way when the clients stop is applied everywhere within so long. */
const LEVEL_MS = 5_000;
const LOOK_MS = 100;

export function run(options: RunOptions): RunResult {
  return new Simulation(options).run();
}

class Simulation {
  readonly #options: RunOptions;
  readonly #queue = new EventQueue();
  readonly #network: SimulatedNetwork;
  readonly #cluster: Cluster;
  readonly #workload: Workload;
  readonly #checkers: Checkers;
  readonly #faults: Faults;
  readonly #faultList: readonly RecordedFault[];
  readonly #durationMs: number;
  /** Asked of nodes that know of their removal. */
  readonly #tooLate = new Set<Operation>();

  constructor(options: RunOptions) {
    this.#options = options;
    // One stream for each part: what happens in one doesn't shift what another draws.
    const random = new SeededRandom(options.seed);
    const ofNetwork = random.fork();
    const ofCluster = random.fork();
    const ofWorkload = random.fork();
    const ofFaults = random.fork();
    this.#durationMs = options.durationMs ?? DURATION_MS;
    const readMode = options.readMode ?? (random.chance(0.5) ? "lease" : "quorum");
    this.#network = new SimulatedNetwork(this.#queue, ofNetwork, (message) => {
      this.#cluster.nodeOf(message.to)?.receive(message);
    });
    this.#network.deliverAudit = (report) => this.#cluster.nodeOf(report.to)?.receiveAudit(report);
    this.#cluster = this.#makeCluster(ofCluster, readMode);
    const { nodes } = this.#cluster;
    this.#checkers = new Checkers({
      nodes,
      sessionsMax: () => this.#workload.mix.clients,
      muted: options.muted ?? [],
    });
    this.#faults = new Faults(this.#queue, this.#network, this.#cluster, (line) =>
      this.#trace(line),
    );
    this.#bootstrap(random);
    this.#workload = new Workload({
      queue: this.#queue,
      random: ofWorkload,
      nodes,
      mix: options.mix ?? {},
      invoked: (operation) => {
        this.#checkers.invoked(operation);
        if (this.#cluster.nodeOf(operation.node)?.replica?.isRemoved) this.#tooLate.add(operation);
      },
      answered: (operation) => {
        this.#checkers.answered(operation);
        this.#demandRefusal(operation);
      },
    });
    this.#faultList =
      options.faults ?? drawFaults(ofFaults, this.#durationMs, options.only ?? null);
  }

  run(): RunResult {
    let violation: Violation | null = null;
    try {
      this.#play();
    } catch (error) {
      violation =
        error instanceof Violation
          ? error
          : new Violation(
              "assertion",
              error instanceof Error ? (error.stack ?? error.message) : String(error),
            );
    }
    const { completed } = this.#workload.history;
    const { figures } = this.#checkers;
    return {
      seed: this.#options.seed,
      violation,
      fingerprint: `${this.#queue.executed}/${this.#network.delivered}/${figures.committed}/${completed}`,
      operations: this.#workload.history.operations.length,
      completed,
      ...figures,
      answered: this.#workload.history.answered(),
      errors: this.#workload.history.errors(),
      longestSilenceMs: this.#workload.history.longestSilenceMs,
      faults: this.#faults.counts,
      faultList: this.#faultList,
      virtualMs: this.#queue.nowMs,
    };
  }

  #play(): void {
    for (const node of this.#cluster.nodes) node.start();
    this.#workload.start();
    this.#faults.begin(this.#faultList, this.#durationMs);
    this.#queue.runUntil(this.#durationMs);
    this.#trace("faults stop");
    this.#faults.healAll();
    const healed = new HealedCluster(this.#cluster);
    const { history } = this.#workload;
    const before = history.completed;
    this.#demand(PROGRESS_MS, () => (history.completed > before ? null : "nothing is answered"));
    this.#demand(WHOLE_MS, () => healed.whatIsMissing());
    this.#workload.finish();
    this.#demand(LEVEL_MS, () => healed.whoIsBehind());
    healed.demandAgreement();
    this.#checkers.finish(history);
  }

  /** Whoever knows that it was removed is asked in vain (trap 11). */
  #demandRefusal(operation: Operation): void {
    const { node, argv, key } = operation;
    if (key === "" || !this.#tooLate.has(operation)) return;
    throw new Violation("removed", `node ${node} was removed, and answers ${argv.join(" ")}`);
  }

  /** Until there is nothing to complain about, for a bounded time. */
  #demand(withinMs: number, problem: () => string | null): void {
    const endMs = this.#queue.nowMs + withinMs;
    for (;;) {
      this.#queue.runUntil(Math.min(endMs, this.#queue.nowMs + LOOK_MS));
      const found = problem();
      if (found === null) return;
      if (this.#queue.nowMs < endMs) continue;
      throw new Violation("liveness", `${withinMs} ms after the faults had stopped: ${found}`);
    }
  }

  #makeCluster(random: SeededRandom, readMode: "lease" | "quorum"): Cluster {
    const { module = production, world = {} } = this.#options;
    const { SimulatedDisk: Disk } = world;
    return new (world.Cluster ?? Cluster)({
      module,
      ...(Disk === undefined ? {} : { Disk }),
      queue: this.#queue,
      random,
      network: this.#network,
      readMode,
      events: {
        send: (node, message) => {
          this.#checkers.sent(node, message);
          this.#network.send(message);
        },
        sendAudit: (_node, report) => this.#network.sendAudit(report),
        observer: (node) => {
          const observer = this.#checkers.observer(node);
          return {
            ...observer,
            applied: (entry) => {
              const isFirst = entry.index > this.#checkers.committedLast;
              observer.applied(entry);
              if (isFirst) this.#cluster.entryCommitted(entry);
            },
          };
        },
        logged: (node, event, fields) => {
          this.#trace(`node ${node.id}: ${event}`, fields);
          this.#checkers.logged(node, event, fields);
          this.#faults.logged(node, event);
        },
        lost: (node) => this.#checkers.lost(node),
        born: (node, entries) => this.#checkers.born(node, entries),
        written: (node, persist) => this.#checkers.written(node, persist),
        crashed: (node) => this.#workload.nodeCrashed(node),
        trace: (line) => this.#trace(line),
      },
    });
  }

  /** Three voters mostly; in some runs there are witnesses among them. */
  #bootstrap(random: SeededRandom): void {
    const { nodes, witnesses } = this.#options;
    const drawn = random.chance(0.15) ? 5 : 3;
    const hasWitness = random.chance(0.2) && nodes === undefined;
    const count = nodes ?? drawn;
    const ids = Array.from({ length: count }, (_, at) => at + 1);
    // One or two, anywhere: with two of three a single node holds the data.
    const first = random.pick(ids);
    const second = random.chance(0.4) ? random.pick(ids) : first;
    this.#cluster.bootstrap(ids, witnesses ?? (hasWitness ? [first, second] : []));
  }

  #trace(line: string, fields?: object): void {
    const { trace } = this.#options;
    if (trace === undefined) return;
    const details = fields === undefined ? "" : ` ${JSON.stringify(fields)}`;
    trace(`${this.#queue.nowMs.toFixed(3).padStart(10)} ${line}${details}`);
  }
}
