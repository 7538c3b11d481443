/**
 * Runs that never happened, to develop and test reports with: clients that write fresh keys and read them back, faults
 * during which nothing or too much is answered, and an anomaly of each form that is drawn. Seeded.
 */

import type { Anomaly, Verdict } from "../../checkers/verdict.js";
import type { ClientEvent, FaultEvent, HistoryEvent, Json } from "../../history/event.js";
import { type History, historyOf } from "../../history/history.js";
import { Random } from "../../random.js";
import type { RunOutcome, RunResult } from "../../run/run-result.js";
import { latencyMs, loadOf, quantile } from "../run/load.js";

export interface SyntheticPlan {
  readonly target: string;
  readonly seed: number;
  readonly seconds: number;
  readonly operations: number;
  readonly faults: readonly string[];
  /** Episodes, evenly spread. */
  readonly episodes: number;
  /** Acknowledges while it is cut off, and loses that. */
  readonly weak: boolean;
}

export const SYNTHETIC_PLAN: SyntheticPlan = {
  target: "redoubt-raft",
  seed: 7,
  seconds: 60,
  operations: 20_000,
  faults: ["partition-leader", "kill", "pause"],
  episodes: 7,
  weak: false,
};

export interface SyntheticRun {
  readonly result: RunResult;
  readonly history: History;
}

const CLIENTS = 10;
const SECOND_US = 1e6;
/** Of `#latencyUs`, roughly. */
const MEAN_LATENCY_US = 3_000;
/** Of an operation that nobody answers. */
const TIMEOUT_US = SECOND_US;
const NODES = 5;

interface Episode {
  readonly id: number;
  readonly name: string;
  readonly beganAt: number;
  readonly endedAt: number;
}

export function syntheticRun(changes: Partial<SyntheticPlan> = {}): SyntheticRun {
  const plan = { ...SYNTHETIC_PLAN, ...changes };
  const events = new Events(plan);
  const history = historyOf(events.all());
  return { history, result: resultOf(plan, history) };
}

class Events {
  readonly #plan: SyntheticPlan;
  readonly #random: Random;
  readonly #episodes: readonly Episode[];
  readonly #events: HistoryEvent[] = [];
  #lastProcess = CLIENTS;
  #writes = 0;

  constructor(plan: SyntheticPlan) {
    this.#plan = plan;
    this.#random = new Random(plan.seed);
    const each = (plan.seconds * SECOND_US) / Math.max(1, plan.episodes);
    this.#episodes = Array.from({ length: plan.episodes }, (_, at) => {
      const beganAt = Math.round(each * (at + 0.35));
      const endedAt = Math.round(beganAt + each * (0.25 + 0.25 * this.#random.next()));
      return { id: at, name: plan.faults[at % plan.faults.length]!, beganAt, endedAt };
    });
  }

  all(): HistoryEvent[] {
    for (const { id, name, beganAt, endedAt } of this.#episodes) {
      this.#events.push(faultEvent(id, name, "begin", beganAt));
      this.#events.push(faultEvent(id, name, "end", endedAt));
    }
    for (let client = 1; client <= CLIENTS; client++) this.#client(client);
    for (let at = 0; at < 200; at++) this.#finalRead(at);
    return this.#events.sort((left, right) => left.time - right.time);
  }

  #client(first: number): void {
    const endUs = this.#plan.seconds * SECOND_US;
    // A client's turn includes waiting for its answer.
    const pace = Math.max(0, (endUs * CLIENTS) / this.#plan.operations - MEAN_LATENCY_US);
    let process = first;
    let time = Math.round(this.#random.next() * pace);
    while (time < endUs) {
      const fate = this.#fate(time);
      const writes = this.#random.chance(0.6);
      const key = `k${writes ? this.#writes++ : this.#random.below(this.#writes + 1)}`;
      const value = writes ? `v${key}` : null;
      const node = 1 + this.#random.below(NODES);
      const common = { process, op: writes ? "write" : "read", key, node };
      this.#events.push({ ...common, type: "invoke", value, time });
      const after = Math.round(time + this.#latencyUs(fate));
      const read: Json = this.#random.chance(0.9) ? `v${key}` : null;
      this.#events.push({
        ...common,
        type: fate,
        value: fate === "ok" ? (value ?? read) : value,
        time: after,
        ...errorOf(fate),
      });
      if (fate === "info") process = ++this.#lastProcess;
      time = after + Math.round(pace * (0.5 + this.#random.next()));
    }
  }

  #fate(time: number): "ok" | "fail" | "info" {
    const episode = this.#episodes.find(
      ({ beganAt, endedAt }) => time >= beganAt && time < endedAt,
    );
    if (episode === undefined) return "ok";
    const without = this.#plan.weak ? 0.02 : 1;
    const isOut = time < episode.beganAt + 1.4 * SECOND_US;
    if (!isOut || !this.#random.chance(without)) return "ok";
    return this.#random.chance(0.7) ? "fail" : "info";
  }

  #latencyUs(fate: "ok" | "fail" | "info"): number {
    if (fate === "info") return TIMEOUT_US;
    const tail = this.#random.chance(0.01) ? 40 : 1;
    return (fate === "fail" ? 300 : 900) * (0.5 + this.#random.next() ** 3 * 8) * tail;
  }

  #finalRead(at: number): void {
    const time = this.#plan.seconds * SECOND_US + 2 * SECOND_US + at * 900;
    const process = CLIENTS + 1_000_000 + (at % NODES);
    const node = 1 + (at % NODES);
    const key = `k${Math.floor(at / NODES)}`;
    const common = { process, op: "final-read", key, node } as const;
    this.#events.push({ ...common, type: "invoke", value: null, time });
    const value = this.#plan.weak ? null : `v${key}`;
    this.#events.push({ ...common, type: "ok", value, time: time + 700 });
  }
}

function errorOf(fate: "ok" | "fail" | "info"): Pick<ClientEvent, "error"> | object {
  if (fate === "fail") return { error: "CLUSTERDOWN no leader is known" };
  return fate === "info" ? { error: "TIMEOUT no answer within 1000 ms" } : {};
}

function faultEvent(id: number, op: string, phase: "begin" | "end", time: number): FaultEvent {
  const node = 1 + (id % NODES);
  const text = `${op} strikes node ${node} (leader)`;
  return { process: "nemesis", type: "info", op, key: null, value: { id, phase, text }, time };
}

function resultOf(plan: SyntheticPlan, history: History): RunResult {
  const { operations } = history;
  const ended = { ok: 0, fail: 0, info: 0 };
  for (const { outcome } of operations) ended[outcome] += 1;
  const acknowledged = operations.filter(({ op, outcome }) => op === "write" && outcome === "ok");
  const latencies = operations
    .filter(({ outcome }) => outcome === "ok")
    .map(latencyMs)
    .sort((left, right) => left - right);
  const { longestGap } = loadOf(history, plan.seconds);
  const verdicts = verdictsOf(plan, history);
  const outcome: RunOutcome = plan.weak ? "fail" : "pass";
  return {
    version: 1,
    plan: { ...plan, workload: "writes", nodes: NODES },
    outcome,
    reasons: [],
    verdicts,
    operations: ended,
    acknowledged: acknowledged.length,
    lost: plan.weak ? Math.round(acknowledged.length * 0.64) : 0,
    dirtyReads: plan.weak ? 57 : 0,
    latencyMs: {
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      p999: quantile(latencies, 0.999),
      max: latencies.at(-1) ?? 0,
    },
    longestGapMs: (longestGap.to - longestGap.from) / 1000,
    recoveries: history.faults.map(({ name }, at) => ({
      name,
      afterBeginMs: at === 1 ? null : 1400 + at,
      afterEndMs: 12.5 * (at + 1),
    })),
    faults: history.faults.map(({ name, text, beganAt, endedAt }) => ({
      name,
      text,
      beganAt,
      endedAt,
    })),
    commit: "93db684c0ffee93db684c0ffee93db684c0ffee0",
    software: "redis-server 7.0.15, redoubt 0.1.0",
    machine: "2 cores, Example CPU at 2.5 GHz, Linux 6.1.0, Node 20.20.2",
    startedAt: "2026-01-01T00:00:00.000Z",
    notes: ["network namespaces (not root): a TCP proxy for each directed link stood in"],
  };
}

function verdictsOf({ weak }: SyntheticPlan, history: History): Verdict[] {
  const figures = {
    keys: 1200,
    hardestKeySteps: 43_211,
    longestGapMs: 1432.5,
    longestWriteGapMs: 1502,
  };
  const shown = (checker: string, anomalies: readonly Anomaly[]): Verdict => ({
    checker,
    validity: anomalies.length > 0 ? "invalid" : "valid",
    anomalies,
    figures,
  });
  return [
    shown("final reads", weak ? lostWrites(history, 5) : []),
    shown("dirty reads", weak ? [dirtyRead(history)] : []),
    shown("linearizability", weak ? [contradiction(history)] : []),
    { checker: "availability", validity: "valid", anomalies: [], figures },
  ];
}

/** A write of the load and the final reads of its key, the first of which is impossible. */
function lostWrites({ operations }: History, count: number): Anomaly[] {
  const finals = operations.filter(({ op }) => op === "final-read");
  const keys = [...new Set(finals.map(({ key }) => key))];
  return keys
    .flatMap((key) => {
      const write = operations.find((it) => it.op === "write" && it.key === key);
      const reads = finals.filter((it) => it.key === key);
      if (write === undefined || reads[0] === undefined) return [];
      return {
        kind: "lost write",
        text: `Client ${write.process} was told that ${String(write.input)} is written, and no node has it at the end.`,
        key,
        operations: [write, ...reads].map(({ index }) => index),
        impossible: reads[0].index,
      };
    })
    .slice(0, count);
}

function dirtyRead({ operations }: History): Anomaly {
  const at = operations.findIndex(
    (it) => it.op === "read" && it.outcome === "ok" && it.output !== null,
  );
  return {
    kind: "dirty read",
    text: "The value was read, and no node has it at the end.",
    key: operations[at]?.key ?? null,
    operations: operations.slice(at, at + 3).map(({ index }) => index),
    impossible: at,
  };
}

/** Around an unknown operation, none of them impossible by itself, more than a drawing holds. */
function contradiction({ operations }: History): Anomaly {
  const at = Math.max(0, operations.findIndex(({ outcome }) => outcome === "info") - 8);
  return {
    kind: "not linearizable",
    text: "These answers fit no order in which one copy could have given them.",
    key: "k1",
    operations: operations.slice(at, at + 30).map(({ index }) => index),
    impossible: null,
  };
}
