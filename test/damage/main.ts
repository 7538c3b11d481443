/**
 * npm run damage -- [--cases 500] [--seed 1]
 *   a cluster of real processes under load; one file of one stopped node is damaged at a time. Prints every harmless
 *   case with its reason, both counts, and ends with code 1 at the first lost write, wrong answer, differing digest,
 *   or damage that is neither reported nor harmless.
 */

import { parseArgs } from "node:util";
import { type DamageCase, runCampaign } from "./campaign.js";
import { shown } from "./damages.js";

/** Cases between two lines of progress. */
const PROGRESS_CASES = 25;

const { values } = parseArgs({
  options: {
    cases: { type: "string", default: "500" },
    seed: { type: "string", default: "1" },
  },
});

const begunMs = performance.now();
const seed = Number(values.seed);
const { cases, acknowledged, reads, comparisons } = await runCampaign({
  cases: Number(values.cases),
  seed,
  onCase: ({ number }) => {
    if (number % PROGRESS_CASES === 0) console.error(`${number} of ${values.cases} cases`);
  },
});
const harmless = cases.filter(({ outcome }) => outcome === "harmless");
console.log("harmless, one by one:");
for (const { number, damaged, why } of harmless)
  console.log(`  ${number}  ${shown(damaged)}: ${why}`);
console.log("\nby file                reported   harmless");
for (const [kind, group] of byFile(cases)) {
  const reported = group.filter(({ outcome }) => outcome === "reported").length;
  const counts = `${String(reported).padStart(8)}   ${String(group.length - reported).padStart(8)}`;
  console.log(`${kind.padEnd(22)} ${counts}`);
}
const seconds = Math.round((performance.now() - begunMs) / 1000);
console.log(
  `\n${cases.length} cases, seed ${seed}, ${seconds} s: ${cases.length - harmless.length} reported and rebuilt, ` +
    `${harmless.length} harmless; ${acknowledged} acknowledged writes, none lost; ${reads} reads, none wrong; ` +
    `digests equal ${comparisons} times`,
);

// All servers have been stopped. A client of a cluster whose nodes come and go may still wait to connect to one of them.
process.exit();

function byFile(all: readonly DamageCase[]): Map<string, DamageCase[]> {
  const groups = new Map<string, DamageCase[]>();
  for (const each of all) {
    const kind = each.damaged.file
      .replace(/.*\//, "")
      .replace(/^\d+\./, "*.")
      .replace(/-\d+/g, "-*");
    groups.set(kind, [...(groups.get(kind) ?? []), each]);
  }
  return new Map([...groups].sort(([a], [b]) => a.localeCompare(b)));
}
