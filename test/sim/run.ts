/**
 * One simulated history: three production replicas on a simulated network, disk, clock and randomness,
 * under faults, with clients; everything drawn from one seed. First safety under faults, then the faults
 * stop and progress is demanded.
 */

import { bootstrapEntries } from "@redoubt/raft";
import * as production from "@redoubt/replica";
import { type CheckerFigures, Checkers } from "./checkers/checkers.js";
import { Violation } from "./checkers/violation.js";
import { type FaultKind, Faults } from "./faults.js";
import type { Mix } from "./workload/mix.js";
import { Workload } from "./workload/workload.js";
import { SimulatedDisk } from "./world/disk.js";
import { EventQueue } from "./world/event-queue.js";
import { SimulatedNetwork } from "./world/network.js";
import { type ReplicaModule, SimulatedNode } from "./world/node.js";
import { SeededRandom } from "./world/random.js";

export interface RunOptions {
  readonly seed: number;
  /** Virtual ms with faults. */
  readonly durationMs?: number;
  readonly nodes?: number;
  /** What clients do, in place of what is drawn. */
  readonly mix?: Partial<Mix>;
  /** These kinds of fault and no others; none: nothing goes wrong, and nothing may change. Default: drawn. */
  readonly only?: readonly FaultKind[];
  /** A patched replica, for canaries. */
  readonly module?: ReplicaModule;
  /** Patched parts of the world, for canaries. */
  readonly world?: { readonly SimulatedDisk?: typeof SimulatedDisk };
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
  /** The longest time in which nothing was answered with success, in virtual ms. */
  readonly longestSilenceMs: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly virtualMs: number;
}

const HEAL_MS = 10_000;

export function run(options: RunOptions): RunResult {
  return new Simulation(options).run();
}

class Simulation {
  readonly #options: RunOptions;
  readonly #queue = new EventQueue();
  readonly #random: SeededRandom;
  readonly #network: SimulatedNetwork;
  readonly #nodes: SimulatedNode[] = [];
  readonly #workload: Workload;
  readonly #checkers: Checkers;
  readonly #faults: Faults;
  readonly #durationMs: number;
  readonly #readMode: "lease" | "quorum";

  constructor(options: RunOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#durationMs = options.durationMs ?? 30_000;
    const count = options.nodes ?? 3;
    this.#network = new SimulatedNetwork(this.#queue, this.#random.fork(), (message) => {
      this.#nodes[message.to - 1]?.receive(message);
    });
    this.#checkers = new Checkers({
      nodes: this.#nodes,
      sessionsMax: () => this.#workload.mix.clients,
      muted: options.muted ?? [],
    });
    this.#readMode = options.readMode ?? (this.#random.chance(0.5) ? "lease" : "quorum");
    this.#makeNodes(count);
    this.#workload = new Workload({
      queue: this.#queue,
      random: this.#random.fork(),
      nodes: this.#nodes,
      mix: options.mix ?? {},
      invoked: (operation) => this.#checkers.invoked(operation),
      answered: (operation) => this.#checkers.answered(operation),
    });
    this.#faults = new Faults(this.#queue, this.#random.fork(), this.#network, this.#nodes, {
      crashed: (node) => this.#workload.nodeCrashed(node),
      trace: (line) => this.#trace(line),
    });
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
      longestSilenceMs: this.#workload.history.longestSilenceMs,
      faults: this.#faults.counts,
      virtualMs: this.#queue.nowMs,
    };
  }

  #play(): void {
    for (const node of this.#nodes) node.start();
    this.#workload.start();
    this.#faults.begin(this.#durationMs, this.#options.only ?? null);
    this.#queue.runUntil(this.#durationMs);
    this.#trace("faults stop");
    this.#faults.healAll();
    const before = this.#workload.history.completed;
    this.#queue.runUntil(this.#durationMs + HEAL_MS / 2);
    if (this.#workload.history.completed <= before) {
      throw new Violation("liveness", "no operation completed after the faults had stopped");
    }
    this.#workload.finish();
    this.#queue.runUntil(this.#durationMs + HEAL_MS);
    this.#demandAgreement();
    this.#checkers.finish(this.#workload.history);
  }

  /** Faults and clients have stopped: one leader, and every node with the same applied state. */
  #demandAgreement(): void {
    const states = this.#nodes.map((node) => ({
      ...node.replica!.stateDigest(),
      serving: node.replica!.status().serving,
    }));
    if (states.filter((state) => state.serving).length !== 1) {
      throw new Violation("liveness", "not exactly one leader serves after the faults had stopped");
    }
    for (const state of states) {
      if (state.index !== states[0]!.index || state.digest !== states[0]!.digest) {
        throw new Violation("agreement", `states differ at the end: ${JSON.stringify(states)}`);
      }
    }
  }

  #makeNodes(count: number): void {
    const voters = Array.from({ length: count }, (_, i) => ({
      id: i + 1,
      incarnation: 1,
      peerAddress: `sim:${i + 1}`,
    }));
    const entries = bootstrapEntries({
      clusterId: "simulated",
      voters,
      votersOutgoing: [],
      learners: [],
    });
    for (const { id } of voters) {
      const random = this.#random.fork();
      const Disk = this.#options.world?.SimulatedDisk ?? SimulatedDisk;
      const disk = new Disk(this.#queue, random.fork(), entries);
      const node: SimulatedNode = new SimulatedNode(
        this.#options.module ?? production,
        { id, electionTimeoutMs: 500, heartbeatIntervalMs: 50 },
        disk,
        this.#queue,
        random,
        (message) => {
          this.#checkers.sent(node, message);
          this.#network.send(message);
        },
        (self) => this.#checkers.observer(self),
        (event, fields) => {
          this.#trace(`node ${id}: ${event} ${JSON.stringify(fields)}`);
          this.#checkers.logged(node, event, fields);
        },
      );
      disk.onWritten = (persist) => this.#checkers.written(node, persist);
      this.#checkers.born(node, entries);
      // Clocks stand apart from the start.
      node.wallOffsetMs = Math.floor(random.between(-2000, 2000));
      node.readMode = this.#readMode;
      node.drift = random.between(-0.0005, 0.0005);
      this.#nodes.push(node);
    }
  }

  #trace(line: string): void {
    this.#options.trace?.(`${this.#queue.nowMs.toFixed(3).padStart(10)} ${line}`);
  }
}
