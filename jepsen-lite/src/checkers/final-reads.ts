/**
 * Every acknowledged write is there at the end, on every node; what certainly failed is nowhere; nothing is there or
 * was ever seen that nobody wrote.
 */

import { Findings } from "./findings.js";
import { fateOf, type Item, type Survival, survivalOf } from "./survival.js";
import type { Checker } from "./verdict.js";
import { seconds, shown } from "./words.js";

export const finalReads: Checker = (history) => {
  const survival = survivalOf(history);
  const findings = new Findings("final reads");
  let acknowledged = 0;
  let undecided = 0;
  for (const item of survival.items) {
    const { outcome } = item.write;
    const fate = fateOf(item, survival);
    if (outcome === "ok") acknowledged += 1;
    if (outcome === "ok" && fate === "lost") addLost(findings, item, survival);
    if (outcome === "ok" && fate === "undecided") undecided += 1;
    if (outcome === "fail") addPhantom(findings, item, survival);
  }
  for (const { key, element, seen } of survival.strangers) {
    findings.add({
      kind: "out of thin air",
      figure: "strangers",
      text: `${shown(element)} was seen under ${shown(key)} at ${seconds(seen.invokedAt)}, and nobody ever wrote it.`,
      key,
      operations: [seen],
      impossible: seen,
    });
  }
  return findings.verdict(
    { acknowledged, lostWrites: findings.count("lostWrites"), nodes: survival.nodes.length },
    undecided,
  );
};

function addLost(findings: Findings, item: Item, survival: Survival): void {
  const { key, element, write, seen } = item;
  const without = survival.nodes.filter(
    ({ elements }) => elements.get(key)?.has(element) === false,
  );
  const where =
    without.length === survival.nodes.length
      ? "no node has it"
      : `missing on node ${without.map(({ node }) => node).join(", ")}`;
  const read = seen === null ? "" : `, was read at ${seconds(seen.completedAt)}`;
  const finals = without.map(({ reads }) => reads.get(key)!);
  findings.add({
    kind: "lost write",
    figure: "lostWrites",
    text: `The write of ${shown(element)} was acknowledged at ${seconds(write.completedAt)}${read}, and is gone at the end: ${where}.`,
    key,
    operations: [write, ...(seen === null ? [] : [seen]), ...finals],
    impossible: finals[0] ?? null,
  });
}

function addPhantom(findings: Findings, item: Item, survival: Survival): void {
  const { key, element, write, seen } = item;
  const holder = survival.nodes.find(({ elements }) => elements.get(key)?.has(element) === true);
  const witness = seen ?? holder?.reads.get(key);
  if (witness === undefined) return;
  findings.add({
    kind: "aborted write",
    figure: "abortedWrites",
    text: `The write of ${shown(element)} was refused (${write.error ?? "no reason"}), and is there nevertheless.`,
    key,
    operations: [write, witness],
    impossible: witness,
  });
}
