/** What a comparison shows, in a headline and a sentence. Computed: it says the opposite when the runs do. */

import type { RunResult } from "../../run/run-result.js";
import { count, counted, duration, share } from "../quantities.js";
import { runSign, type Sign, writeGapMs } from "../verdict-words.js";
import { isRedis, isStrong } from "../vocabulary.js";
import type { ComparisonRun } from "./comparison-run.js";

export interface Claim {
  readonly sign: Sign;
  readonly title: string;
  readonly sentences: readonly string[];
}

export function claimOf(runs: readonly ComparisonRun[]): Claim {
  const results = runs.map(({ result }) => result);
  const telling = results.filter(({ outcome }) => outcome !== "invalid run");
  const strong = telling.filter(({ plan }) => isStrong(plan.target));
  const redis = telling.filter(({ plan }) => isRedis(plan.target));
  const sentences = [aboutRedis(redis), aboutRedoubt(strong), aboutInvalid(results)];
  return {
    ...titleOf(strong, redis),
    sentences: sentences.filter((sentence) => sentence !== null),
  };
}

function titleOf(
  strong: readonly RunResult[],
  redis: readonly RunResult[],
): Pick<Claim, "sign" | "title"> {
  const theirs = theirTitle(redis);
  const ours = ourTitle(strong);
  const outcomes = new Set(strong.map(({ outcome }) => outcome));
  let sign = runSign("invalid run");
  if (outcomes.has("fail")) sign = runSign("fail");
  else if (outcomes.has("unknown")) sign = runSign("unknown");
  else if (outcomes.has("pass")) sign = runSign("pass");
  return {
    sign,
    title: outcomes.has("fail") ? `${ours} ${theirs}`.trim() : `${theirs} ${ours}`.trim(),
  };
}

function theirTitle(redis: readonly RunResult[]): string {
  if (redis.length === 0) return "";
  const worst = worstOf(redis);
  if (worst === null) return "Redis lost nothing here.";
  return `Redis lost up to ${share(worst.lost, worst.acknowledged)} of the writes it had acknowledged.`;
}

function ourTitle(strong: readonly RunResult[]): string {
  if (strong.length === 0) return "Of Redoubt, no run says anything.";
  const lost = sum(strong, "lost");
  if (lost > 0) return `Redoubt lost ${counted(lost, "acknowledged write")}.`;
  if (strong.some(({ outcome }) => outcome === "fail")) return "Redoubt contradicted itself.";
  if (strong.some(({ outcome }) => outcome === "unknown"))
    return "Redoubt lost none, but not all is decided.";
  return "Redoubt lost none.";
}

function aboutRedis(redis: readonly RunResult[]): string | null {
  if (redis.length === 0) return null;
  const losing = redis.filter(({ lost }) => lost > 0);
  const dirty = redis.filter(({ dirtyReads }) => dirtyReads > 0);
  return `In ${counted(redis.length, "run")}, Redis lost acknowledged writes in ${count(losing.length)} (${count(sum(redis, "lost"))} writes in all), and in ${count(dirty.length)} of them clients read values that then vanished (${count(sum(redis, "dirtyReads"))}).`;
}

function aboutRedoubt(strong: readonly RunResult[]): string | null {
  if (strong.length === 0) return null;
  const gap = Math.max(...strong.map((result) => writeGapMs(result) ?? result.longestGapMs));
  return `In ${counted(strong.length, "run")} under the same faults, Redoubt lost ${count(sum(strong, "lost"))} of ${counted(sum(strong, "acknowledged"), "acknowledged write")}, and ${vanished(sum(strong, "dirtyReads"))}. What it costs is waiting: the longest time in which it acknowledged no write was ${duration(gap)}.`;
}

function vanished(dirtyReads: number): string {
  if (dirtyReads === 0) return "no value that had been read vanished";
  return `${counted(dirtyReads, "value")} that had been read vanished`;
}

function aboutInvalid(results: readonly RunResult[]): string | null {
  const invalid = results.filter(({ outcome }) => outcome === "invalid run").length;
  if (invalid === 0) return null;
  return `${counted(invalid, "run")} ${invalid === 1 ? "says" : "say"} nothing, because too little happened or the tool failed; not counted here, shown below.`;
}

function worstOf(results: readonly RunResult[]): RunResult | null {
  const losing = results.filter(({ lost, acknowledged }) => lost > 0 && acknowledged > 0);
  losing.sort((left, right) => right.lost / right.acknowledged - left.lost / left.acknowledged);
  return losing[0] ?? null;
}

function sum(results: readonly RunResult[], of: "acknowledged" | "lost" | "dirtyReads"): number {
  return results.reduce((total, result) => total + result[of], 0);
}
