/**
 * All checkers of a run behind one door: what happens in the world comes in once and goes to those who look
 * at it. A checker keeps facts of its own and knows nothing of the others, except CommittedLog, which is what
 * they judge by.
 */

import type { Entry, Message, Persist } from "@redoubt/raft";
import type { EntryObserver } from "@redoubt/replica";
import { LogLines } from "../coverage.js";
import type { History, Operation } from "../workload/history.js";
import type { SimulatedNode } from "../world/node.js";
import { Acknowledged } from "./acknowledged.js";
import { Audits } from "./audits.js";
import { BoundedMemory } from "./bounded-memory.js";
import { CommittedLog } from "./committed-log.js";
import { CommittedReads } from "./committed-reads.js";
import { ConfigurationInForce } from "./configuration-in-force.js";
import { LeaderAppendOnly } from "./leader-append-only.js";
import { LeaderCompleteness } from "./leader-completeness.js";
import { LeaseExclusion } from "./lease-exclusion.js";
import { checkLinearizability } from "./linearizability.js";
import { LogMatching } from "./log-matching.js";
import { MonotoneReads } from "./monotone-reads.js";
import { OneLeaderATerm } from "./one-leader-a-term.js";
import { PointerChain } from "./pointer-chain.js";
import { checkPromise } from "./promises.js";
import { Queues } from "./queues.js";
import { QuorumIntersection } from "./quorum-intersection.js";
import { checkReplyOrder } from "./reply-order.js";
import { Revealed } from "./revealed.js";
import { RollbackRebuild } from "./rollback-rebuild.js";
import { StateMachineSafety } from "./state-machine-safety.js";
import { tokensOf } from "./tokens.js";
import { Transactions } from "./transactions.js";
import { type Report, reporter } from "./violation.js";

/** Turns of a node between two looks at its status: the object is made once for all who look. */
const LOOK_EVERY = 8;

export interface CheckersOptions {
  /** Live: nodes may be added. */
  readonly nodes: readonly SimulatedNode[];
  readonly sessionsMax: () => number;
  /** Checkers that say nothing, to see whether others notice. */
  readonly muted?: readonly string[];
}

/** What was looked at how often: a checker that never looked proves nothing. */
export interface CheckerFigures {
  readonly committed: number;
  readonly terms: number;
  readonly rollbacks: number;
  readonly digestsCompared: number;
  readonly acknowledged: number;
  readonly revealed: number;
  readonly committedReads: number;
  readonly monotoneReads: number;
  readonly transactions: number;
  readonly queueElements: number;
  readonly waitsServed: number;
  readonly promises: number;
  readonly leases: number;
  readonly looks: number;
  readonly undecidedKeys: number;
  /** Lines of all nodes' logs, by text. */
  readonly lines: Readonly<Record<string, number>>;
}

export class Checkers {
  readonly #nodes: readonly SimulatedNode[];
  readonly #report: Report;
  readonly #log: CommittedLog;
  readonly #leaders: OneLeaderATerm;
  readonly #appendOnly: LeaderAppendOnly;
  readonly #matching: LogMatching;
  readonly #quorums: QuorumIntersection;
  readonly #completeness: LeaderCompleteness;
  readonly #leases: LeaseExclusion;
  readonly #inForce: ConfigurationInForce;
  readonly #states: StateMachineSafety;
  readonly #rebuild: RollbackRebuild;
  readonly #pointers: PointerChain;
  readonly #memory: BoundedMemory;
  readonly #audits: Audits;
  readonly #acknowledged: Acknowledged;
  readonly #revealed: Revealed;
  readonly #committedReads: CommittedReads;
  readonly #monotone: MonotoneReads;
  readonly #transactions: Transactions;
  readonly #queues: Queues;
  readonly #lines = new LogLines();
  #promises = 0;
  #undecidedKeys = 0;
  #turns = 0;

  constructor({ nodes, sessionsMax, muted = [] }: CheckersOptions) {
    const report = reporter(muted);
    this.#nodes = nodes;
    this.#report = report;
    this.#log = new CommittedLog(report);
    this.#leaders = new OneLeaderATerm(report);
    this.#appendOnly = new LeaderAppendOnly(report);
    this.#matching = new LogMatching(report);
    this.#quorums = new QuorumIntersection(nodes, report);
    const { configurations } = this.#quorums;
    this.#completeness = new LeaderCompleteness(nodes, this.#log, configurations, report);
    this.#inForce = new ConfigurationInForce(configurations, report);
    this.#leases = new LeaseExclusion(nodes, report);
    this.#states = new StateMachineSafety(this.#log, report);
    this.#rebuild = new RollbackRebuild(this.#log, report);
    this.#pointers = new PointerChain(report);
    this.#memory = new BoundedMemory(report, sessionsMax);
    this.#audits = new Audits(report);
    this.#acknowledged = new Acknowledged(this.#log, report);
    this.#revealed = new Revealed(this.#log, report);
    this.#committedReads = new CommittedReads(this.#log, report);
    this.#monotone = new MonotoneReads(this.#log, report);
    this.#transactions = new Transactions(this.#log, report);
    this.#queues = new Queues(report);
  }

  get figures(): CheckerFigures {
    return {
      committed: this.#log.last,
      terms: this.#leaders.terms,
      rollbacks: this.#rebuild.rollbacks,
      digestsCompared: this.#states.compared + this.#rebuild.compared,
      acknowledged: this.#acknowledged.checked,
      revealed: this.#revealed.checked,
      committedReads: this.#committedReads.checked,
      monotoneReads: this.#monotone.checked,
      transactions: this.#transactions.checked,
      queueElements: this.#queues.checked,
      waitsServed: this.#queues.waited,
      promises: this.#promises,
      leases: this.#leases.checked,
      looks: this.#memory.looks,
      undecidedKeys: this.#undecidedKeys,
      lines: this.#lines.counts,
    };
  }

  // ---- nodes -------------------------------------------------------------------------------------

  /** Newest index that anybody applied. */
  get committedLast(): number {
    return this.#log.last;
  }

  /** Its disk is about to be replaced by an empty one. */
  lost(node: SimulatedNode): void {
    this.#quorums.lost(node);
  }

  /** A node was given a disk, not always its first: what is on it from the start. */
  born(node: SimulatedNode, entries: readonly Entry[]): void {
    this.#appendOnly.born(node.id);
    this.#quorums.configurations.born(node.id, entries);
  }

  observer(node: SimulatedNode): EntryObserver {
    return {
      sealed: (index, term) => this.#states.sealed(node, index, term),
      applied: (entry) => this.#applied(node, entry),
      // A snapshot's state is that of the committed log up to its index.
      installed: ({ index }) => {
        if (!node.isWitness) this.#rebuild.compare(node, index, "installed");
      },
      rolledBack: (_term, applied) => this.#rebuild.rolledBack(node, applied),
      turnEnded: () => this.#turnEnded(node),
    };
  }

  /** A line of the node's log. */
  logged(node: SimulatedNode, event: string, fields: object): void {
    this.#lines.logged(event, fields);
    this.#audits.logged(node.id, event, fields);
    if (event !== "became leader") return;
    const { term } = fields as { term: number };
    this.#leaders.became(node.id, term);
    this.#appendOnly.became(node.id, term);
    this.#completeness.became(node, term);
    this.#leases.became(node, term);
  }

  /** A Persist is on the disk; told in order. */
  written(node: SimulatedNode, persist: Persist): void {
    this.#appendOnly.written(node.id, persist);
    this.#matching.written(node.id, persist);
    this.#quorums.configurations.written(node.id, persist);
  }

  /** A message leaves the node. */
  sent(node: SimulatedNode, message: Message): void {
    this.#promises += 1;
    checkPromise(node.id, node.disk, message, this.#report);
  }

  #applied(node: SimulatedNode, entry: Entry): void {
    if (entry.index > this.#log.last) {
      this.#log.add(node.id, entry);
      this.#quorums.committed(node.id, entry);
      this.#completeness.committed(entry);
      const known = this.#log.at(entry.index);
      if (known !== undefined) this.#transactions.committed(known);
      this.#queues.committed(entry.index, this.#log.commands);
    }
    this.#pointers.applied(node, entry);
    // A witness holds no state.
    if (!node.isWitness) this.#states.applied(node, entry);
  }

  #turnEnded(node: SimulatedNode): void {
    this.#leases.turnEnded(node);
    this.#turns += 1;
    if (this.#turns % LOOK_EVERY !== 0) return;
    const status = node.replica!.status();
    this.#pointers.looked(node, status);
    this.#memory.looked(node, status);
    this.#inForce.looked(node, status);
  }

  // ---- clients -----------------------------------------------------------------------------------

  /** At the moment the request is handed to the node. */
  invoked(operation: Operation): void {
    operation.committedBefore = this.#log.last;
  }

  /** At the moment a reply leaves the node. */
  answered(operation: Operation): void {
    this.#revealed.answered(operation);
    this.#acknowledged.answered(operation);
    this.#committedReads.answered(operation);
    this.#transactions.answered(operation);
    this.#queues.answered(operation);
    checkReplyOrder(operation, this.#report);
    if (operation.model === "follower" && operation.argv[0] === "GET") {
      this.#monotone.answered(operation);
    }
  }

  /** At the end of the run: nodes are up and level. */
  finish(history: History): void {
    for (const node of this.#nodes) {
      const { replica, isWitness } = node;
      if (replica !== null && !isWitness)
        this.#rebuild.compare(node, replica.status().executed, "at the end");
    }
    const happened = ({ argv, model }: Operation): boolean => {
      if (model !== "register") return true;
      const tokens = tokensOf(argv.at(-1) === "XX" ? argv.slice(2, 3) : argv.slice(-1));
      return tokens.every((token) => this.#log.tokens.has(token));
    };
    this.#undecidedKeys = checkLinearizability(history, this.#report, happened);
  }
}
