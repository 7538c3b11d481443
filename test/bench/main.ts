/**
 * npm run bench [-- <group>... [--rounds 5] [--seconds 2] [--only NAME] [--json FILE] [--write [--to FOLDER]] [--check]]
 *
 * Figures beside what else would be used, group by group (groups.ts). Every server is started here, on a free
 * loopback port, and ended. A figure that misses an aim is printed as that and fails nothing; with --check, one that
 * is much worse than the committed one does.
 */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ACCEPTANCE_GROUP, GROUPS, type Group, type Outcome } from "./groups.js";
import { NoLoadGenerator } from "./native-program.js";
import { type CommandLine, readOptions, SECONDS_BY_DEFAULT, USAGE } from "./options.js";
import { machineOf } from "./report/machine.js";
import { writePage } from "./report/page-files.js";
import { regressionsOf } from "./report/regressions.js";
import { RESULTS_FILE, readReport, reportOf } from "./report/report.js";

const PAGE_FOLDER = fileURLToPath(new URL("../../docs/reference", import.meta.url));

async function main(): Promise<void> {
  const options = readOptions(
    process.argv.slice(2),
    GROUPS.map((group) => group.name),
    PAGE_FOLDER,
  );
  const groups = GROUPS.map(({ name, summary }) => `  ${name.padEnd(22)}${summary}\n`).join("");
  if (options === "help") {
    process.stdout.write(`${USAGE}${groups}`);
    return;
  }
  if (typeof options === "string") {
    process.stderr.write(`${options}\n${USAGE}${groups}`);
    process.exitCode = 2;
    return;
  }
  try {
    await (options.check ? check(options) : measure(options));
  } catch (error) {
    if (!(error instanceof NoLoadGenerator)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

async function measure(options: CommandLine): Promise<void> {
  const machine = machineOf();
  process.stdout.write(`${machine.processors}, ${machine.software.join(", ")}\n`);
  const report = reportOf(machine, {
    rounds: options.rounds,
    seconds: options.seconds ?? SECONDS_BY_DEFAULT,
  });
  const figures: Record<string, unknown> = {};
  for (const group of GROUPS) {
    if (!isWanted(group, options)) continue;
    process.stdout.write(`\n${group.name}: `);
    const outcome = await run(group, options);
    figures[group.name] = outcome.figures;
    if (options.json !== null) writeFileSync(options.json, JSON.stringify({ machine, figures }));
    report.add(group, outcome);
  }
  if (options.page === null) return;
  writePage(options.page, report.finished());
  process.stdout.write(`\nwritten: ${join(options.page, "performance.md")}\n`);
}

function run(group: Group, options: CommandLine): Promise<Outcome> {
  return group.run({ ...options, seconds: options.seconds ?? group.seconds });
}

function isWanted(group: Group, { groups, page }: CommandLine): boolean {
  if (groups.length > 0) return groups.includes(group.name);
  return page === null ? group.byDefault : group.isOfPage;
}

async function check(options: CommandLine): Promise<void> {
  const path = join(PAGE_FOLDER, RESULTS_FILE);
  if (!existsSync(path)) {
    process.stderr.write(`there is nothing to compare with: ${path}\n`);
    process.exitCode = 2;
    return;
  }
  const committed = readReport(readFileSync(path, "utf8")).lines;
  const { lines = [] } = await run(ACCEPTANCE_GROUP, options);
  const { worse, unknown } = regressionsOf(committed, lines);
  process.stdout.write("\n");
  for (const line of [...unknown, ...worse]) process.stdout.write(`${line}\n`);
  if (worse.length > 0) process.exitCode = 1;
  // What could not be compared is not known to be as good as it was.
  else if (unknown.length > 0) process.exitCode = 2;
  else process.stdout.write("nothing is worse than it was\n");
}

// Leaving by exit ends the servers, see targets/children.ts.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
await main();
