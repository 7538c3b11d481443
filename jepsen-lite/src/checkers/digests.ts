/** Nodes that have applied the same entries hold the same: at equal index equal digests, and at the end all nodes at one index. */

import type { Operation } from "../history/history.js";
import { Findings } from "./findings.js";
import type { Checker } from "./verdict.js";

interface Digest {
  readonly index: number;
  readonly digest: string;
}

export const digests: Checker = (history) => {
  const findings = new Findings("digests");
  const asked = new Set<number>();
  /** Nodes that were compared with another at one index. */
  const compared = new Set<number>();
  const first = new Map<number, Operation>();
  for (const operation of history.operations) {
    if (operation.op !== "digest") continue;
    asked.add(operation.node);
    if (operation.outcome !== "ok") continue;
    const { index, digest } = digestOf(operation);
    const other = first.get(index);
    if (other === undefined) {
      first.set(index, operation);
      continue;
    }
    if (other.node !== operation.node) compared.add(other.node).add(operation.node);
    if (digestOf(other).digest === digest) continue;
    findings.add({
      kind: "states differ",
      figure: "differences",
      text: `Behind entry ${index} nodes ${other.node} and ${operation.node} hold different data.`,
      key: null,
      operations: [other, operation],
      impossible: operation,
    });
  }
  const alone = [...asked].filter((node) => !compared.has(node)).length;
  return findings.verdict(
    { nodes: asked.size, compared: compared.size },
    asked.size === 0 ? 1 : asked.size === 1 ? 0 : alone,
  );
};

function digestOf({ output }: Operation): Digest {
  return output as unknown as Digest;
}
