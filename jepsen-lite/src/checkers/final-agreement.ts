/** When nothing moves any more every node shows the same value of every key. */

import type { Operation } from "../history/history.js";
import { Findings } from "./findings.js";
import type { Checker } from "./verdict.js";
import { shown } from "./words.js";

export const finalAgreement: Checker = (history) => {
  const findings = new Findings("agreement of nodes");
  const first = new Map<string, Operation>();
  const reads = history.operations.filter(({ op }) => op === "final-read");
  let unread = 0;
  for (const read of reads) {
    if (read.outcome !== "ok") {
      unread += 1;
      continue;
    }
    const key = read.key!;
    const other = first.get(key);
    if (other === undefined) first.set(key, read);
    else if (canonical(other.output) !== canonical(read.output)) {
      findings.add({
        kind: "nodes disagree",
        figure: "differences",
        text: `At the end node ${other.node} shows ${shown(other.output)} and node ${read.node} ${shown(read.output)}.`,
        key,
        operations: [other, read],
        impossible: read,
      });
    }
  }
  return findings.verdict(
    { keys: first.size, reads: reads.length },
    reads.length === 0 ? 1 : unread,
  );
};

/** Fields of a hash come in any order; elements of a list don't. */
function canonical(value: Operation["output"]): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
