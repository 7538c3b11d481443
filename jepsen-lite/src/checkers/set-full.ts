/**
 * A set that only grows, looked at while it grows. From the moment an element's addition is acknowledged, or somebody
 * has seen it, every later look must show it.
 *
 * - lost: once it was known, no look that began later than some moment shows it.
 * - stale: a look does not show it, a later one does again.
 */

import type { History, Operation } from "../history/history.js";
import { Findings } from "./findings.js";
import type { Checker } from "./verdict.js";
import { seconds, shown } from "./words.js";

interface Look {
  readonly read: Operation;
  readonly elements: ReadonlySet<string>;
}

export const setFull: Checker = (history) => {
  const findings = new Findings("set");
  let looks = 0;
  let neverSeen = 0;
  for (const [key, { adds, reads }] of byKey(history)) {
    looks += reads.length;
    const added = new Set(adds.map(({ input }) => input as string));
    for (const { read, elements } of reads) {
      const stranger = [...elements].find((element) => !added.has(element));
      if (stranger !== undefined) addStranger(findings, key, stranger, read);
    }
    for (const add of adds) {
      if (!reads.some(({ elements }) => elements.has(add.input as string))) neverSeen += 1;
      checkAdded(findings, key, add, reads);
    }
  }
  return findings.verdict({ looks, neverSeen });
};

function byKey({ operations }: History): Map<string, { adds: Operation[]; reads: Look[] }> {
  const keys = new Map<string, { adds: Operation[]; reads: Look[] }>();
  for (const operation of operations) {
    const { op, key, outcome, output } = operation;
    if (op !== "add" && op !== "read-all") continue;
    const of = keys.get(key!) ?? { adds: [], reads: [] };
    keys.set(key!, of);
    if (op === "add") of.adds.push(operation);
    else if (outcome === "ok") {
      of.reads.push({ read: operation, elements: new Set(output as string[]) });
    }
  }
  return keys;
}

/** `reads` in the order of invocation. */
function checkAdded(findings: Findings, key: string, add: Operation, reads: readonly Look[]): void {
  const element = add.input as string;
  let known = add.outcome === "ok" ? add : null;
  for (const { read, elements } of reads) {
    if (!elements.has(element)) continue;
    if (known === null || read.completedAt < known.completedAt) known = read;
  }
  if (known === null) return;
  const since = known.completedAt;
  const later = reads.filter(({ read }) => read.invokedAt > since);
  const without = later.findLast(({ elements }) => !elements.has(element));
  if (without === undefined) return;
  const isBack = later.some(
    ({ read, elements }) => read.invokedAt > without.read.completedAt && elements.has(element),
  );
  const how = known === add ? "was acknowledged" : "was seen";
  findings.add({
    kind: isBack ? "stale read" : "lost element",
    figure: isBack ? "staleReads" : "lostElements",
    text: `${shown(element)} ${how} at ${seconds(since)}; the set that was read at ${seconds(without.read.invokedAt)} lacks it.`,
    key,
    operations: [add, known, without.read],
    impossible: without.read,
  });
}

function addStranger(findings: Findings, key: string, element: string, read: Operation): void {
  findings.add({
    kind: "out of thin air",
    figure: "strangers",
    text: `${shown(element)} is in the set read at ${seconds(read.invokedAt)}, and nobody ever added it.`,
    key,
    operations: [read],
    impossible: read,
  });
}
