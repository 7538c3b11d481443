/** What has become worse since a report: ratios, since they carry over to another machine better than rates. */

import type { LineResult } from "../acceptance-lines.js";

/** A ratio that is worse by less than this may be chance. */
const TOLERANCE = 0.15;

/** Each as a line of words. */
export function regressionsOf(
  before: readonly LineResult[],
  now: readonly LineResult[],
): { readonly worse: readonly string[]; readonly incomparable: readonly string[] } {
  const worse: string[] = [];
  const incomparable: string[] = [];
  for (const old of before) {
    if (old.ratio === null) continue;
    const line = now.find(({ text }) => text === old.text);
    const ratio = line?.ratio ?? null;
    if (ratio === null) {
      incomparable.push(`not measured now: ${old.text}`);
    } else if (ratio.basis !== old.ratio.basis) {
      const change = `was a ratio of ${old.ratio.basis}, is one of ${ratio.basis}`;
      incomparable.push(`not comparable: ${old.text} ${change}`);
    } else {
      const change = ratio.median / old.ratio.median;
      const loss = old.sense === "at least" ? 1 - change : change - 1;
      if (loss <= TOLERANCE) continue;
      const numbers = `${old.ratio.median.toFixed(2)} -> ${ratio.median.toFixed(2)}`;
      worse.push(`WORSE by ${(loss * 100).toFixed(0)} %: ${old.text}: ${numbers}`);
    }
  }
  return { worse, incomparable };
}
