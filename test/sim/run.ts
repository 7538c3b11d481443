/**
 * One simulated history: three production replicas on a simulated network, disk, clock and randomness,
 * under faults, with clients; everything drawn from one seed. First safety under faults, then the faults
 * stop and progress is demanded.
 */

import { bootstrapEntries } from "@redoubt/raft";
import * as production from "@redoubt/replica";
import { ClientChecker } from "./checkers/client-checker.js";
import { LogChecker, Violation } from "./checkers/log-checker.js";
import { type FaultKind, Faults } from "./faults.js";
import { SimulatedClient } from "./workload/client.js";
import { History } from "./workload/history.js";
import { OperationSource } from "./workload/operation-source.js";
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
  readonly clients?: number;
  /** These kinds of fault and no others; none: nothing goes wrong, and nothing may change. Default: drawn. */
  readonly only?: readonly FaultKind[];
  /** A patched replica, for canaries. */
  readonly module?: ReplicaModule;
  readonly trace?: (line: string) => void;
}

export interface RunResult {
  readonly seed: number;
  readonly violation: Violation | null;
  /** Everything that must be equal when a run is repeated. */
  readonly fingerprint: string;
  readonly operations: number;
  readonly completed: number;
  readonly committed: number;
  readonly terms: number;
  readonly rollbacks: number;
  readonly digestsCompared: number;
  /** Operations answered with success, by command; SET with PX counts as "SET PX". */
  readonly answered: Readonly<Record<string, number>>;
  readonly undecidedKeys: number;
  readonly monotoneReads: number;
  /** The longest time in which nothing was answered with success, in virtual ms. */
  readonly longestSilenceMs: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly virtualMs: number;
}

const HEAL_MS = 10_000;
/** Mean pause of a client between pipelines: some hundred operations a virtual second with six of them. */
const THINK_MS = 100;

export function run(options: RunOptions): RunResult {
  return new Simulation(options).run();
}

class Simulation {
  readonly #options: RunOptions;
  readonly #queue = new EventQueue();
  readonly #random: SeededRandom;
  readonly #network: SimulatedNetwork;
  readonly #nodes: SimulatedNode[] = [];
  readonly #clients: SimulatedClient[] = [];
  readonly #history = new History();
  readonly #log = new LogChecker();
  readonly #checker = new ClientChecker(this.#log);
  readonly #faults: Faults;
  readonly #durationMs: number;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#durationMs = options.durationMs ?? 30_000;
    const count = options.nodes ?? 3;
    this.#network = new SimulatedNetwork(this.#queue, this.#random.fork(), (message) => {
      this.#nodes[message.to - 1]?.receive(message);
    });
    this.#makeNodes(count);
    const source = new OperationSource(() => this.#queue.nowMs);
    for (let id = 0; id < (options.clients ?? 6); id++) {
      this.#clients.push(
        new SimulatedClient(
          id,
          this.#nodes,
          this.#queue,
          this.#random.fork(),
          source,
          this.#history,
          THINK_MS,
          (operation) => this.#checker.answered(operation),
        ),
      );
    }
    this.#faults = new Faults(this.#queue, this.#random.fork(), this.#network, this.#nodes, {
      crashed: (node) => {
        for (const client of this.#clients) client.nodeCrashed(node);
      },
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
    const completed = this.#history.completed;
    return {
      seed: this.#options.seed,
      violation,
      fingerprint: `${this.#queue.executed}/${this.#network.delivered}/${this.#log.committedIndex}/${completed}`,
      operations: this.#history.operations.length,
      completed,
      committed: this.#log.committedIndex,
      terms: this.#log.terms,
      rollbacks: this.#log.rollbacks,
      digestsCompared: this.#log.digestsCompared,
      answered: this.#history.answered(),
      undecidedKeys: this.#checker.undecidedKeys,
      monotoneReads: this.#checker.monotoneReads,
      longestSilenceMs: this.#history.longestSilenceMs,
      faults: this.#faults.counts,
      virtualMs: this.#queue.nowMs,
    };
  }

  #play(): void {
    for (const node of this.#nodes) node.start();
    for (const client of this.#clients) client.start();
    this.#faults.begin(this.#durationMs, this.#options.only ?? null);
    this.#queue.runUntil(this.#durationMs);
    this.#trace("faults stop");
    this.#faults.healAll();
    const before = this.#history.completed;
    this.#queue.runUntil(this.#durationMs + HEAL_MS / 2);
    if (this.#history.completed <= before) {
      throw new Violation("liveness", "no operation completed after the faults had stopped");
    }
    for (const client of this.#clients) client.finish();
    this.#queue.runUntil(this.#durationMs + HEAL_MS);
    this.#demandAgreement();
    this.#checker.finish(this.#history);
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
      const node = new SimulatedNode(
        this.#options.module ?? production,
        { id, electionTimeoutMs: 500, heartbeatIntervalMs: 50 },
        new SimulatedDisk(this.#queue, random.fork(), entries),
        this.#queue,
        random,
        (message) => this.#network.send(message),
        (self) => this.#log.observer(self),
        (event, fields) => this.#trace(`node ${id}: ${event} ${JSON.stringify(fields)}`),
      );
      // Clocks stand apart from the start.
      node.wallOffsetMs = Math.floor(random.between(-2000, 2000));
      node.drift = random.between(-0.0005, 0.0005);
      this.#nodes.push(node);
    }
  }

  #trace(line: string): void {
    this.#options.trace?.(`${this.#queue.nowMs.toFixed(3).padStart(10)} ${line}`);
  }
}
