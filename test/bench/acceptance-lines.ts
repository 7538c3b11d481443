/** What Redoubt is to reach beside the others: each line a ratio, with the bound it must keep and what is aimed at. */

import type { Comparison } from "./contest.js";
import {
  type Latency,
  latencyRatio,
  type Ratio,
  relativeRatio,
  throughputRatio,
} from "./ratios.js";
import {
  ETCD,
  REDIS,
  REDIS_WAIT,
  REDOUBT,
  REDOUBT_ASYNC,
  REDOUBT_ONE_KEY,
  REDOUBT_QUORUM,
  REDOUBT_WAIT,
  type Side,
} from "./sides.js";
import * as w from "./workloads.js";

export type Verdict = "aim met" | "met" | "missed" | "not measured" | "no bound";

/** A line as it is printed, kept and compared. */
export interface LineResult {
  readonly text: string;
  readonly sense: "at least" | "at most";
  /** null: the line only tells. */
  readonly bound: number | null;
  /** null: the bound is all. */
  readonly aim: number | null;
  /** null: a side was not measured. */
  readonly ratio: Ratio | null;
  readonly verdict: Verdict;
}

export interface Findings {
  readonly comparisons: readonly Comparison[];
  /** Resident bytes of the leader to redis-server's; null: not measured. */
  readonly memoryRatio: number | null;
}

interface Line extends Pick<LineResult, "text" | "sense" | "bound" | "aim"> {
  readonly ratio: (findings: Findings) => Ratio | null;
}

const C1: w.Shape = { connections: 1 };
const C8: w.Shape = { connections: 8 };
const C50: w.Shape = { connections: 50 };
const C200: w.Shape = { connections: 200 };
const PIPELINED: w.Shape = { connections: 50, pipeline: 16 };
/** Of SET's or GET's ratio to the same server. */
const COLLECTION_BOUND = 0.7;

const LINES: readonly Line[] = [
  throughput(w.SET, C50, REDIS_WAIT, 1.15, 1.4),
  throughput(w.SET, C200, REDIS_WAIT, 1.1, 1.3),
  throughput(w.SET, C8, REDIS_WAIT, 1.1, null),
  latency(w.SET, C1, REDIS_WAIT, "p50Ms", 1.15, 1),
  latency(w.SET, C50, REDIS_WAIT, "p99Ms", 2, 1),
  throughput(w.SET, C50, ETCD, 3, 4),
  throughput(w.SET, C200, ETCD, 3, 4),
  throughput(w.SET, PIPELINED, REDIS, 0.45, 0.7),
  throughput(w.GET, C50, REDIS, 0.55, 0.7),
  throughput(w.GET, C50, REDIS, 0.45, null, REDOUBT_QUORUM),
  throughput(w.GET, PIPELINED, REDIS, 0.4, null),
  ...w.COLLECTION_WRITES.map((subject) => collection(subject, w.SET, REDIS_WAIT)),
  ...w.COLLECTION_READS.map((subject) => collection(subject, w.GET, REDIS)),
  throughput(w.INCR, C200, REDOUBT, 0.9, null, REDOUBT_ONE_KEY),
  {
    text: "resident memory with 1 M strings of 64 B: redoubt's leader / redis-server",
    sense: "at most",
    bound: 2.5,
    aim: 2,
    ratio: ({ memoryRatio: median }) => {
      if (median === null) return null;
      const once = { median, least: median, most: median };
      return { ...once, basis: "memory", byThroughput: null, byCpu: null };
    },
  },
  ...[REDOUBT_WAIT, REDOUBT_ASYNC].map((weaker) => {
    const line = throughput(w.SET, C50, weaker, null, null);
    return { ...line, text: `the price of the guarantee: ${line.text}` };
  }),
];

export function resultsOf(findings: Findings): readonly LineResult[] {
  return LINES.map((line) => {
    const { text, sense, bound, aim } = line;
    const ratio = line.ratio(findings);
    return { text, sense, bound, aim, ratio, verdict: verdictOf(line, ratio) };
  });
}

function verdictOf({ sense, bound, aim }: Line, ratio: Ratio | null): Verdict {
  if (ratio === null) return "not measured";
  if (bound === null) return "no bound";
  const keeps = (limit: number): boolean =>
    sense === "at least" ? ratio.median >= limit : ratio.median <= limit;
  if (!keeps(bound)) return "missed";
  return aim !== null && keeps(aim) ? "aim met" : "met";
}

function throughput(
  subject: w.Subject,
  shape: w.Shape,
  to: Side,
  bound: number | null,
  aim: number | null,
  of: Side = REDOUBT,
): Line {
  const { name } = w.shaped(subject, shape);
  return {
    text: `${name}: ${of.name} / ${to.name}`,
    sense: "at least",
    bound,
    aim,
    ratio: (findings) =>
      inContest(findings, name, of, to, (found) => throughputRatio(found, of.name, to.name)),
  };
}

function latency(
  subject: w.Subject,
  shape: w.Shape,
  to: Side,
  which: Latency,
  bound: number,
  aim: number,
): Line {
  const { name } = w.shaped(subject, shape);
  return {
    text: `${name}, ${which.slice(0, -"Ms".length)}: ${REDOUBT.name} / ${to.name}`,
    sense: "at most",
    bound,
    aim,
    ratio: (findings) =>
      inContest(findings, name, REDOUBT, to, (found) =>
        latencyRatio(found, REDOUBT.name, to.name, which),
      ),
  };
}

function collection(subject: w.Subject, beside: w.Subject, to: Side): Line {
  const name = w.shaped(subject, C50).name;
  const other = w.shaped(beside, C50).name;
  return {
    text: `${name}: its ratio to ${to.name} / ${beside.name}'s`,
    sense: "at least",
    bound: COLLECTION_BOUND,
    aim: null,
    ratio: (findings) =>
      inContest(findings, name, REDOUBT, to, (first) =>
        inContest(findings, other, REDOUBT, to, (second) =>
          relativeRatio([first, REDOUBT.name, to.name], [second, REDOUBT.name, to.name]),
        ),
      ),
  };
}

/** Of the contest in which both were measured. */
function inContest(
  { comparisons }: Findings,
  workload: string,
  of: Side,
  to: Side,
  read: (comparison: Comparison) => Ratio | null,
): Ratio | null {
  const has = (comparison: Comparison, { name }: Side): boolean =>
    comparison.sides.some(({ side }) => side === name);
  const found = comparisons.find(
    (comparison) => comparison.workload === workload && has(comparison, of) && has(comparison, to),
  );
  return found === undefined ? null : read(found);
}
