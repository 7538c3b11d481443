/**
 * The online audit of one node: all nodes take the digest of their state at the same index of the log, tell it each
 * other, and who is in the minority stops (docs/decisions/2026-11-21-online-audit.md).
 *
 *   leader     due, and something was written -> AUDIT ends a batch -> walk from here -> committed -> told
 *   follower   applies that entry             -> walk from here                       -> told
 *   all        own digest and those heard -> judge -> this node is wrong: it stops; another is: an error in the log
 *
 * A walk belongs to one check index. What takes the state back or replaces it ends the walk, and there is no report of
 * that index; so does a second check index while the first is walked. What is lost costs one audit, nothing else.
 */

import { AUDIT_FORMAT_VERSION, AuditWalk } from "@redoubt/keyspace";
import type { Configuration, Index, NodeId } from "@redoubt/raft";
import { type Check, dataMembers, type Finding, judge } from "./audit.js";
import {
  AUDIT_LOOK_WORK,
  AUDIT_REPORTS_KEPT,
  AUDIT_REST_MS,
  AUDIT_STEP_MS,
  AUDIT_STEP_WORK_MAX,
} from "./constants.js";
import { StateDivergedError } from "./errors.js";
import type { AuditReport, ReplicaPorts } from "./ports.js";
import type { Sealer } from "./sealer.js";
import type { Speculation } from "./speculation.js";
import type { AuditStatus } from "./status.js";

export interface AuditOptions {
  readonly id: NodeId;
  readonly incarnation: number;
  /** Ms between two check indexes; 0: none. Read at every look: CONFIG SET changes it. */
  readonly intervalMs: () => number;
  /** Of one step of a walk; lowered by tests. Default AUDIT_STEP_WORK_MAX. */
  readonly stepWorkMax?: number;
}

/** This node's walk, and then its digest until the entry is committed. */
interface Current {
  readonly check: Check;
  readonly walk: AuditWalk;
  nextStepMs: number;
}

export class Audits {
  readonly #self: NodeId;
  readonly #incarnation: number;
  readonly #options: AuditOptions;
  readonly #speculation: Speculation;
  readonly #ports: ReplicaPorts;
  readonly #membership: { readonly configuration: Configuration };
  #current: Current | null = null;
  /** The newest check index seen, and when. */
  #lastCheck: Index = 0;
  #lastMs: number;
  /** Oldest first, this node's own among them. */
  readonly #reports = new Map<NodeId, AuditReport[]>();
  /** Checks that the next look judges. */
  #changed: Check[] = [];
  /** What the log was told of each check index last. */
  readonly #told = new Map<Index, string>();
  #done = 0;
  #mismatches = 0;
  #last: AuditReport | null = null;
  #lastFinding: Finding | null = null;

  constructor(
    options: AuditOptions,
    speculation: Speculation,
    ports: ReplicaPorts,
    membership: { readonly configuration: Configuration },
  ) {
    this.#self = options.id;
    this.#incarnation = options.incarnation;
    this.#options = options;
    this.#speculation = speculation;
    this.#ports = ports;
    this.#membership = membership;
    this.#lastMs = ports.clock.monotonicMs();
    speculation.onDiscard = () => this.#drop("the state is taken back or replaced");
  }

  /** Leader with room for a batch: makes its end a check index if it is time and something was written since the last. */
  sealWhenDue(nowMs: number, sealer: Sealer): void {
    if (nowMs < this.#dueMs()) return;
    const { term } = this.#speculation;
    const index = sealer.sealAudited(this.#ports.clock.wallMs());
    this.begin({ index, term }, nowMs);
  }

  /** The state is that of the check's entry exactly: sealed here, or applied. */
  begin(check: Check, nowMs: number): void {
    this.#lastCheck = check.index;
    this.#lastMs = nowMs;
    if (this.#current !== null) {
      const fields = { index: check.index, walking: this.#current.check.index };
      this.#ports.logger.warn(fields, "audit left out: the one before is not finished");
      return;
    }
    const walk = new AuditWalk(this.#speculation.keyspace, check.index);
    this.#current = { check, walk, nextStepMs: nowMs };
  }

  receive(report: AuditReport): void {
    if (report.to !== this.#self || report.toIncarnation !== this.#incarnation) return;
    if (report.format !== AUDIT_FORMAT_VERSION) return;
    this.#keep(report);
  }

  /** Goes on. Throws StateDivergedError when this node is found wrong. */
  run(nowMs: number): void {
    if (this.#current !== null) this.#walk(this.#current, nowMs);
    if (this.#changed.length === 0) return;
    const checks = this.#changed;
    this.#changed = [];
    for (const check of checks) this.#judge(check);
  }

  /** `executing`: this node leads and has room for a batch. */
  nextDeadlineMs(executing: boolean): number {
    const current = this.#current;
    if (current?.walk.underWay === true) return current.nextStepMs;
    return executing ? this.#dueMs() : Number.POSITIVE_INFINITY;
  }

  /** What a walk keeps alive. */
  get memoryBytes(): number {
    return this.#current?.walk.memoryBytes ?? 0;
  }

  get status(): AuditStatus {
    return {
      index: this.#last?.index ?? 0,
      digest: this.#last?.digest ?? "",
      verdict: this.#lastFinding?.verdict ?? "unknown",
      done: this.#done,
      mismatches: this.#mismatches,
      underWay: this.#current?.walk.underWay ?? false,
    };
  }

  #dueMs(): number {
    const intervalMs = this.#options.intervalMs();
    const isIdle = this.#speculation.executed <= this.#lastCheck;
    if (intervalMs === 0 || isIdle || this.#current !== null) return Number.POSITIVE_INFINITY;
    return this.#lastMs + intervalMs;
  }

  #walk(current: Current, nowMs: number): void {
    const { check, walk } = current;
    if (walk.underWay && nowMs >= current.nextStepMs) {
      this.#ports.turnParts?.partBegins("upkeep");
      this.#step(walk);
      current.nextStepMs = this.#ports.clock.monotonicMs() + AUDIT_REST_MS;
    }
    if (walk.gaveUp) {
      this.#drop("too much changed meanwhile");
    } else if (walk.digest !== null && this.#speculation.applied >= check.index) {
      this.#current = null;
      this.#report(check, walk.digest);
    }
  }

  #step(walk: AuditWalk): void {
    const { clock } = this.#ports;
    const { stepWorkMax = AUDIT_STEP_WORK_MAX } = this.#options;
    const endMs = clock.monotonicMs() + AUDIT_STEP_MS;
    for (let work = 0; work < stepWorkMax; work += AUDIT_LOOK_WORK) {
      if (walk.step(Math.min(AUDIT_LOOK_WORK, stepWorkMax))) return;
      if (clock.monotonicMs() >= endMs) return;
    }
  }

  #report({ index, term }: Check, digest: string): void {
    const members = dataMembers(this.#membership.configuration);
    for (const id of this.#reports.keys()) {
      if (!members.some((member) => member.id === id)) this.#reports.delete(id);
    }
    const own: AuditReport = {
      from: this.#self,
      to: this.#self,
      incarnation: this.#incarnation,
      toIncarnation: this.#incarnation,
      index,
      term,
      format: AUDIT_FORMAT_VERSION,
      digest,
    };
    this.#done += 1;
    this.#last = own;
    this.#lastFinding = null;
    this.#keep(own);
    this.#ports.logger.debug({ index, term, digest }, "state digest told");
    for (const { id, incarnation } of members) {
      if (id === this.#self) continue;
      this.#ports.transport.sendAudit({ ...own, to: id, toIncarnation: incarnation });
    }
  }

  #keep(report: AuditReport): void {
    const { from, index, term } = report;
    const reports = this.#reports.get(from) ?? [];
    // A repeated or late one takes the place of its like.
    const others = reports.filter((other) => other.index !== index || other.term !== term);
    this.#reports.set(from, [...others, report].slice(-AUDIT_REPORTS_KEPT));
    this.#changed.push({ index, term });
  }

  #judge({ index, term }: Check): void {
    const reports: AuditReport[] = [];
    for (const kept of this.#reports.values()) {
      const found = kept.find((report) => report.index === index && report.term === term);
      if (found !== undefined) reports.push(found);
    }
    const own = reports.find(({ from }) => from === this.#self);
    if (own === undefined) return;
    const finding = judge(this.#membership.configuration, reports);
    if (this.#last?.index === index && this.#last.term === term) this.#lastFinding = finding;
    if (finding.verdict !== "differs") return;
    this.#tell(own, reports, finding);
    if (!finding.wrong.includes(this.#self)) return;
    throw new StateDivergedError(index, own.digest, finding.right ?? "");
  }

  #tell({ index, term, digest }: AuditReport, reports: AuditReport[], finding: Finding): void {
    const { right, wrong } = finding;
    const text = `${right} ${wrong.join()}`;
    if (this.#told.get(index) === text) return;
    if (!this.#told.has(index)) this.#mismatches += 1;
    this.#told.set(index, text);
    for (const old of this.#told.keys()) {
      if (this.#told.size <= AUDIT_REPORTS_KEPT) break;
      this.#told.delete(old);
    }
    const digests = Object.fromEntries(reports.map(({ from, digest: held }) => [from, held]));
    const event =
      right === null
        ? "states differ, and no digest is held by most members: nobody can tell who is right"
        : wrong.includes(this.#self)
          ? "this node's state is not that of most members: it stops"
          : "a member's state is not that of most members";
    this.#ports.logger.error({ index, term, digest, right, wrong, digests }, event);
  }

  #drop(why: string): void {
    const current = this.#current;
    if (current === null) return;
    this.#current = null;
    current.walk.stop();
    this.#ports.logger.info({ index: current.check.index, why }, "audit given up");
  }
}
