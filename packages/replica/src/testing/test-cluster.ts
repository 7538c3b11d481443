/**
 * Replicas over small deterministic ports: time stands still until a test moves it, messages and syncs
 * complete when the cluster settles, and both can be withheld. One seed gives one run.
 */

import { bootstrapEntries, type Entry, type Message, MessageType } from "@redoubt/raft";
import { COMMIT_DELAY_MS } from "../constants.js";
import type { AuditReport } from "../ports.js";
import { TestNode, type TestNodeOptions } from "./test-node.js";

/** Turns of one `settle`, all nodes together: more means that a node spins. */
const SETTLE_TURNS_MAX = 5000;
/** Steps of `until` before the test is given up. */
const STEPS_MAX = 2000;

export interface TestClusterOptions extends TestNodeOptions {
  readonly nodes?: number;
  readonly seed?: number;
}

export class TestCluster {
  readonly nodes: TestNode[] = [];
  nowMs = 1000;
  /** Messages for which this says true are lost. */
  lose: (message: Message) => boolean = () => false;
  readonly #isolated = new Set<number>();
  /** Digests on their way. */
  #audits: AuditReport[] = [];
  #messages: Message[] = [];
  readonly #options: TestClusterOptions;
  #state: number;

  constructor(options: TestClusterOptions = {}) {
    this.#options = options;
    this.#state = (options.seed ?? 1) >>> 0;
    const count = options.nodes ?? 3;
    const voters = Array.from({ length: count }, (_, i) => ({
      id: i + 1,
      incarnation: 1,
      peerAddress: `test:${i + 1}`,
      ...(options.witnesses?.includes(i + 1) ? { witness: true as const } : {}),
    }));
    const entries: Entry[] = bootstrapEntries({
      clusterId: "test",
      voters,
      votersOutgoing: [],
      learners: [],
    });
    for (const { id } of voters) this.nodes.push(new TestNode(this, id, entries, options));
  }

  /** Uniform in [0, 1), seeded. */
  random(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  below(end: number): number {
    return Math.floor(this.random() * end);
  }

  post(message: Message): void {
    this.#messages.push(message);
  }

  postAudit(report: AuditReport): void {
    this.#audits.push(report);
  }

  /** No message reaches or leaves the node. */
  isolate(node: TestNode): void {
    this.#isolated.add(node.id);
  }

  heal(): void {
    this.#isolated.clear();
  }

  /** The process starts again from what its disk had synced. */
  restart(node: TestNode): TestNode {
    const { id, disk, incarnation } = node;
    const { entries, hardState } = disk;
    const again = new TestNode(this, id, entries, this.#options, hardState, incarnation, disk);
    this.nodes[node.id - 1] = again;
    return again;
  }

  /** A node without data starts as the incarnation it was given: the next id, or one that lost its disk. */
  join(id: number, incarnation: number): TestNode {
    const born = new TestNode(this, id, [], this.#options, { term: 0, vote: 0 }, incarnation);
    this.nodes[id - 1] = born;
    return born;
  }

  /** The leader goes on leading and confirming, but nothing it appends from now on is acknowledged. */
  withholdCommits(): void {
    this.lose = (message) => message.type === MessageType.append && message.entries.length > 0;
  }

  /** Followers hold what the leader appends, and it never learns: its entries survive it. */
  withholdAcknowledgements(): void {
    this.lose = (message) => message.type === MessageType.appendResponse;
  }

  /** Nobody answers the leader's rounds: it can't know any more whether it leads. */
  withholdConfirmations(): void {
    this.lose = (message) => message.type === MessageType.heartbeatResponse;
  }

  loseNothing(): void {
    this.lose = () => false;
  }

  /** Runs until nothing is left to do at this instant. */
  settle(): void {
    for (let turns = 0; ; ) {
      this.#deliver();
      for (const node of this.nodes) node.disk.complete();
      const due = this.nodes.filter((node) => node.wantsTurn);
      if (due.length === 0) return;
      for (const node of due) node.turn();
      turns += due.length;
      if (turns > SETTLE_TURNS_MAX) throw new Error("a node spins: it never settles");
    }
  }

  /** Moves time on in steps of at most `stepMs`, settling after each. */
  advance(ms: number, stepMs = 10): void {
    const end = this.nowMs + ms;
    while (this.nowMs < end) {
      this.nowMs = Math.min(end, this.nowMs + stepMs);
      this.settle();
    }
  }

  until(done: () => boolean): void {
    this.settle();
    for (let step = 0; !done(); step++) {
      if (step > STEPS_MAX) throw new Error("what was waited for never came");
      this.advance(10);
    }
  }

  /** The serving leader that a quorum can reach. */
  get leader(): TestNode | undefined {
    return this.nodes.find((node) => node.serving && !this.#isolated.has(node.id));
  }

  /** Who serves; its followers know what is committed. */
  elect(): TestNode {
    this.until(() => this.leader !== undefined);
    this.advance(COMMIT_DELAY_MS);
    return this.leader!;
  }

  /** Isolates `node` until it has stepped down and another one serves, which is returned. */
  depose(node: TestNode): TestNode {
    this.isolate(node);
    this.until(() => !node.serving && this.leader !== undefined);
    return this.leader!;
  }

  /** Makes `node` the leader (again). */
  enthrone(node: TestNode): void {
    this.heal();
    for (let attempt = 0; this.elect() !== node; attempt++) {
      if (attempt > 100) throw new Error("the node never leads");
      const other = this.leader!;
      this.isolate(other);
      this.until(() => !other.serving);
      this.heal();
    }
  }

  #deliver(): void {
    const messages = this.#messages;
    this.#messages = [];
    for (const message of messages) {
      if (this.lose(message)) continue;
      if (this.#isolated.has(message.from) || this.#isolated.has(message.to)) continue;
      this.nodes[message.to - 1]?.replica.receive(message);
    }
    for (const report of this.#audits.splice(0)) {
      if (this.#isolated.has(report.from) || this.#isolated.has(report.to)) continue;
      this.nodes[report.to - 1]?.replica.receiveAudit(report);
    }
  }
}
