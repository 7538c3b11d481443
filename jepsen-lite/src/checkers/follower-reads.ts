/**
 * Reads of one node, leader or not, of lists that only grow at their end. What each node shows is a beginning of what
 * is there in the end, written before it was read, and never shorter than that node showed before. How far it lags is
 * measured, not judged.
 */

import type { History, Operation } from "../history/history.js";
import { Findings } from "./findings.js";
import type { Checker } from "./verdict.js";
import { seconds, shownList } from "./words.js";

const MICROSECONDS_PER_MS = 1_000;

export const followerReads: Checker = (history) => {
  const findings = new Findings("follower reads");
  const finals = longestFinals(history);
  const writes = writesByElement(history);
  const lags: number[] = [];
  let undecided = 0;
  const newest = new Map<string, Operation>();
  const reads = history.operations
    .filter(({ op, outcome }) => op === "stale-read" && outcome === "ok")
    // Two of one node at once may answer in any order; by their ends an earlier one is never newer wrongly.
    .sort((a, b) => a.completedAt - b.completedAt);
  for (const read of reads) {
    const key = read.key!;
    const final = finals.get(key);
    if (final === undefined) undecided += 1;
    else checkPrefix(findings, read, final);
    checkSources(findings, read, writes);
    checkMonotone(findings, read, newest);
    lags.push(lagMs(read, final, writes));
  }
  lags.sort((a, b) => a - b);
  return findings.verdict(
    {
      reads: reads.length,
      stale: lags.filter((lag) => lag > 0).length,
      stalenessP50Ms: quantile(lags, 0.5),
      stalenessP99Ms: quantile(lags, 0.99),
      stalenessMaxMs: lags.at(-1) ?? 0,
    },
    undecided,
  );
};

/** The longest of the nodes' final reads of each key. */
function longestFinals({ operations }: History): Map<string, Operation> {
  const finals = new Map<string, Operation>();
  for (const read of operations) {
    if (read.op !== "final-read" || read.outcome !== "ok" || !Array.isArray(read.output)) continue;
    const other = finals.get(read.key!);
    if (other === undefined || listOf(other).length < read.output.length)
      finals.set(read.key!, read);
  }
  return finals;
}

function writesByElement({ operations }: History): Map<string, Operation> {
  const writes = new Map<string, Operation>();
  for (const write of operations) {
    if (write.op === "add") writes.set(`${write.key} ${String(write.input)}`, write);
  }
  return writes;
}

function listOf({ output }: Operation): readonly string[] {
  return output as string[];
}

function checkPrefix(findings: Findings, read: Operation, final: Operation): void {
  const list = listOf(read);
  const truth = listOf(final);
  const at = list.findIndex((element, place) => truth[place] !== element);
  if (at < 0) return;
  findings.add({
    kind: "not a prefix",
    figure: "notPrefixes",
    text: `At ${seconds(read.completedAt)} node ${read.node} showed ${shownList(list.slice(0, at + 1))}; in the end it is ${shownList(truth.slice(0, at + 1))}.`,
    key: read.key,
    operations: [read, final],
    impossible: read,
  });
}

function checkSources(
  findings: Findings,
  read: Operation,
  writes: ReadonlyMap<string, Operation>,
): void {
  for (const element of listOf(read)) {
    const write = writes.get(`${read.key} ${element}`);
    const isPossible =
      write !== undefined && write.outcome !== "fail" && write.invokedAt <= read.completedAt;
    if (isPossible) continue;
    findings.add({
      kind: "out of thin air",
      figure: "strangers",
      text: `At ${seconds(read.completedAt)} node ${read.node} showed ${element}, which ${write?.outcome === "fail" ? "had been refused" : "nobody had written by then"}.`,
      key: read.key,
      operations: write === undefined ? [read] : [write, read],
      impossible: read,
    });
    return;
  }
}

/** `newest`: by node and key, the longest list that was shown so far. */
function checkMonotone(findings: Findings, read: Operation, newest: Map<string, Operation>): void {
  const place = `${read.node} ${read.key}`;
  const before = newest.get(place);
  const length = listOf(read).length;
  if (before === undefined || listOf(before).length <= length) {
    newest.set(place, read);
    return;
  }
  if (before.completedAt >= read.invokedAt) return;
  findings.add({
    kind: "node went back",
    figure: "backwards",
    text: `Node ${read.node} showed ${listOf(before).length} elements at ${seconds(before.completedAt)}, and only ${length} at ${seconds(read.completedAt)}.`,
    key: read.key,
    operations: [before, read],
    impossible: read,
  });
}

/** How long the first element that the read lacks had been acknowledged when it was asked for; 0: it lacks none. */
function lagMs(
  read: Operation,
  final: Operation | undefined,
  writes: ReadonlyMap<string, Operation>,
): number {
  const missing = final === undefined ? undefined : listOf(final)[listOf(read).length];
  const write = missing === undefined ? undefined : writes.get(`${read.key} ${missing}`);
  if (write?.outcome !== "ok") return 0;
  return Math.max(0, (read.invokedAt - write.completedAt) / MICROSECONDS_PER_MS);
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
