/**
 * Jobs: each is handed out once at most, only if somebody put it in, and never one whose enqueueing was refused. What
 * was put in and not handed out is still there: that the final reads see.
 */

import type { Operation } from "../history/history.js";
import { Findings } from "./findings.js";
import type { Checker } from "./verdict.js";
import { seconds, shown } from "./words.js";

export const queueChecker: Checker = (history) => {
  const findings = new Findings("queue");
  const enqueued = new Map<string, Operation>();
  const dequeued = new Map<string, Operation>();
  let empty = 0;
  for (const operation of history.operations) {
    if (operation.op === "enqueue") enqueued.set(operation.input as string, operation);
  }
  for (const operation of history.operations) {
    if (operation.op !== "dequeue" || operation.outcome !== "ok") continue;
    if (operation.output === null) {
      empty += 1;
      continue;
    }
    const element = operation.output as string;
    const source = enqueued.get(element);
    const before = dequeued.get(element);
    const found = (kind: string, figure: string, text: string, also: Operation[]): void =>
      findings.add({
        kind,
        figure,
        text,
        key: operation.key,
        operations: also,
        impossible: operation,
      });
    if (before !== undefined) {
      const text = `Job ${shown(element)} was handed out at ${seconds(before.completedAt)} and again at ${seconds(operation.completedAt)}.`;
      found("duplicated job", "duplicates", text, [before]);
    }
    dequeued.set(element, operation);
    if (source === undefined) {
      found("out of thin air", "strangers", `Job ${shown(element)} was never put in.`, []);
    } else if (source.invokedAt > operation.completedAt) {
      const text = `Job ${shown(element)} was handed out before it was put in.`;
      found("out of thin air", "strangers", text, [source]);
    } else if (source.outcome === "fail") {
      const text = `Job ${shown(element)} was refused (${source.error ?? "no reason"}) and handed out at ${seconds(operation.completedAt)}.`;
      found("aborted write", "abortedJobs", text, [source]);
    }
  }
  for (const [key, elements, read] of finalLists(history.operations)) {
    const twice = elements.find((element, at) => elements.indexOf(element) !== at);
    if (twice === undefined) continue;
    findings.add({
      kind: "duplicated job",
      figure: "duplicates",
      text: `At the end node ${read.node} has job ${shown(twice)} twice.`,
      key,
      operations: [read],
      impossible: read,
    });
  }
  return findings.verdict({ enqueued: enqueued.size, dequeued: dequeued.size, empty });
};

function* finalLists(
  operations: readonly Operation[],
): Generator<readonly [string, readonly string[], Operation]> {
  const queues = new Set(operations.filter(({ op }) => op === "enqueue").map(({ key }) => key));
  for (const read of operations) {
    if (read.op !== "final-read" || read.outcome !== "ok" || !queues.has(read.key)) continue;
    yield [read.key!, read.output as string[], read];
  }
}
