/**
 * Dirty reads: somebody read it, or was told of it, and in the end it is nowhere. Whoever acted on it acted on what
 * never was. Whether the write had been acknowledged does not matter.
 */

import { Findings } from "./findings.js";
import { hasVanished, survivalOf } from "./survival.js";
import type { Checker } from "./verdict.js";
import { seconds, shown } from "./words.js";

export const dirtyReads: Checker = (history) => {
  const survival = survivalOf(history);
  const findings = new Findings("dirty reads");
  const seen = survival.items.filter((item) => item.seen !== null);
  let undecided = 0;
  for (const item of seen) {
    if (!survival.nodes.some(({ elements }) => elements.has(item.key))) undecided += 1;
    if (!hasVanished(item, survival)) continue;
    const { key, element, write, seen: read } = item;
    const finals = survival.nodes.flatMap(({ reads }) => reads.get(key) ?? []);
    findings.add({
      kind: "dirty read",
      figure: "dirtyReads",
      text: `${shown(element)} was read at ${seconds(read!.completedAt)}, and vanished: no node has it at the end.`,
      key,
      operations: [write, read!, ...finals],
      impossible: read,
    });
  }
  const { nodes } = survival;
  return findings.verdict(
    { seen: seen.length, dirtyReads: findings.count("dirtyReads"), nodes: nodes.length },
    undecided,
  );
};
