/** Numbers that are given out: none twice, and none below one that somebody else had before it was asked for. */

import type { Operation } from "../history/history.js";
import { Findings } from "./findings.js";
import { PrefixMax } from "./over-time.js";
import type { Checker } from "./verdict.js";
import { seconds } from "./words.js";

export const uniqueIds: Checker = (history) => {
  const findings = new Findings("unique ids");
  const given = history.operations.filter(
    ({ op, outcome }) => op === "generate" && outcome === "ok",
  );
  const byKeyAndId = new Map<string, Operation>();
  const highest = new Map<string, PrefixMax<Operation>>();
  for (const operation of given) {
    const key = operation.key!;
    const id = operation.output as number;
    const max = highest.get(key) ?? new PrefixMax<Operation>();
    highest.set(key, max);
    max.add(operation.completedAt, id, operation);
    const other = byKeyAndId.get(`${key} ${id}`);
    byKeyAndId.set(`${key} ${id}`, operation);
    if (other === undefined) continue;
    findings.add({
      kind: "duplicate id",
      figure: "duplicates",
      text: `The number ${id} was given out at ${seconds(other.completedAt)} and again at ${seconds(operation.completedAt)}.`,
      key,
      operations: [other, operation],
      impossible: operation,
    });
  }
  for (const operation of given) {
    const before = highest.get(operation.key!)!.before(operation.invokedAt);
    if (before === null || (before.output as number) <= (operation.output as number)) continue;
    findings.add({
      kind: "ids went back",
      figure: "backwards",
      text: `The number ${String(operation.output)} was given out at ${seconds(operation.completedAt)}, though ${String(before.output)} had been given out at ${seconds(before.completedAt)}.`,
      key: operation.key,
      operations: [before, operation],
      impossible: operation,
    });
  }
  return findings.verdict({ given: given.length });
};
