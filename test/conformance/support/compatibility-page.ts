/** docs/reference/compatibility.md, made of the differences that are tested. */

import type { Difference } from "./differences.js";
import { hashDifferences } from "./differences-hashes.js";
import { listDifferences, objectDifferences } from "./differences-lists.js";
import { setDifferences } from "./differences-sets.js";
import { sortedSetDifferences } from "./differences-sorted-sets.js";
import { streamDifferences } from "./differences-streams.js";
import { testedDifferences } from "./further-differences.js";

/** Of those that are not 7.2's. */
export const FURTHER_DIFFERENCES_MAX = 20;

export const rows: readonly Difference[] = [
  ...listDifferences,
  ...objectDifferences,
  ...hashDifferences,
  ...setDifferences,
  ...sortedSetDifferences,
  ...streamDifferences,
];

interface Line {
  readonly what: string;
  readonly ours: string;
  readonly theirs: string;
  readonly reason: string;
}

/** One for each reason: rows that share one are one difference. */
export function linesOf(since72: boolean): Line[] {
  const byReason = new Map<string, Line>();
  for (const { command, ours, theirs, reason, since72: known = false } of rows) {
    if (known !== since72) continue;
    const before = byReason.get(reason);
    const what = before === undefined ? code(command) : `${before.what}, ${code(command)}`;
    const first = before ?? { ours: code(ours), theirs: code(theirs) };
    byReason.set(reason, { what, ours: first.ours, theirs: first.theirs, reason });
  }
  const tested = new Map<string, Line>();
  for (const { what, ours, theirs, reason, since72: known = false } of testedDifferences) {
    if (known !== since72) continue;
    const before = tested.get(reason);
    const also = (of: keyof Line, text: string): string =>
      before === undefined ? text : `${before[of]}; ${text}`;
    tested.set(reason, {
      what: also("what", what),
      ours: also("ours", ours),
      theirs: also("theirs", theirs),
      reason,
    });
  }
  return [...byReason.values(), ...tested.values()];
}

export function compatibilityPage(): string {
  return `# Compatibility

\`INFO\` says \`redis_version:7.2.0\`. Replies are compared byte for byte, in RESP2 and RESP3, with a redis-server 7.0
(\`npm run conformance\`); what is left is here, and each line has its test. Replies are shown by their first line. Commands
that are missing are in the README; limits that can be set are in [config.md](config.md).

Rules stand for equality where Redis leaves freedom: unordered replies are compared as multisets, scans by what a whole one gives,
random choices by membership, times within the time of a run, payloads of DUMP by RESTORE on the other side.

## Where 7.2 differs from 7.0

Here as in 7.2.

${table("7.0", linesOf(true))}
## Further differences

${table("Redis", linesOf(false))}`;
}

function table(other: string, lines: readonly Line[]): string {
  const head = `| commands | here | ${other} | why |\n|---|---|---|---|\n`;
  const cells = ({ what, ours, theirs, reason }: Line) => [what, ours, theirs, reason].join(" | ");
  return `${head}${lines.map((line) => `| ${cells(line)} |\n`).join("")}`;
}

function code(text: string): string {
  const short = text.replace(/n{65}/g, "nnn...");
  return `\`${short.replaceAll("|", "\\|")}\``;
}
