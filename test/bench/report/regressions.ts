/** What has become worse since a report: ratios, since they carry over to another machine better than rates. */

import type { LineResult } from "../acceptance-lines.js";
import type { Basis, Ratio } from "../ratios.js";

/** A ratio that is worse by less than this may be chance. */
const TOLERANCE = 0.15;

export interface Regressions {
  /** Each as a line of words, here and below. */
  readonly worse: readonly string[];
  /** Lines that could not be compared: of them nothing is known. */
  readonly unknown: readonly string[];
}

export function regressionsOf(
  before: readonly LineResult[],
  now: readonly LineResult[],
): Regressions {
  const worse: string[] = [];
  const unknown: string[] = [];
  for (const { text, sense, ratio: old } of before) {
    if (old === null) continue;
    const ratio = now.find((line) => line.text === text)?.ratio ?? null;
    const found = ratio === null ? null : medianBy(old.basis, ratio);
    if (found === null) {
      unknown.push(`not measured by ${old.basis} now: ${text}`);
      continue;
    }
    const change = found / old.median;
    const loss = sense === "at least" ? 1 - change : change - 1;
    if (loss <= TOLERANCE) continue;
    const numbers = `${old.median.toFixed(2)} -> ${found.toFixed(2)}`;
    worse.push(`WORSE by ${(loss * 100).toFixed(0)} %: ${text}: ${numbers}`);
  }
  return { worse, unknown };
}

/** As the other was made: which basis counts may change from run to run. */
function medianBy(basis: Basis, ratio: Ratio): number | null {
  if (basis === "throughput") return ratio.byThroughput;
  return basis === "CPU" ? ratio.byCpu : ratio.median;
}
