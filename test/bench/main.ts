/**
 * npm run bench [-- <group>... [--rounds 5] [--seconds 2] [--json FILE]]
 *
 * Figures beside what else would be used, group by group (groups.ts). Every server is started here, on a free
 * loopback port, and ended. A figure that misses an aim is printed as that and fails nothing.
 */

import { writeFileSync } from "node:fs";
import { constants, cpus } from "node:os";
import { GROUPS, type Group } from "./groups.js";
import { NoLoadGenerator } from "./native-program.js";
import { type BenchOptions, readOptions, USAGE } from "./options.js";

async function main(): Promise<void> {
  const options = readOptions(
    process.argv.slice(2),
    GROUPS.map((group) => group.name),
  );
  if (typeof options === "string") {
    const groups = GROUPS.map(({ name, summary }) => `  ${name.padEnd(22)}${summary}\n`).join("");
    process.stderr.write(`${options}\n${USAGE}${groups}`);
    process.exitCode = 2;
    return;
  }
  try {
    await measure(options);
  } catch (error) {
    if (!(error instanceof NoLoadGenerator)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

async function measure(options: BenchOptions): Promise<void> {
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "cpu"}, node ${process.version}`;
  process.stdout.write(`${machine}\n`);
  const figures: Record<string, unknown> = {};
  for (const group of GROUPS) {
    if (!isWanted(group, options)) continue;
    process.stdout.write(`\n${group.name}: `);
    figures[group.name] = await group.run(options);
    if (options.json !== null) writeFileSync(options.json, JSON.stringify({ machine, figures }));
  }
}

function isWanted(group: Group, { groups }: BenchOptions): boolean {
  return groups.length > 0 ? groups.includes(group.name) : group.byDefault;
}

// Leaving by exit ends the servers, see targets/children.ts.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
await main();
