/**
 * npm run bench [-- <group>... [--rounds 5] [--seconds 3] [--only NAME] [--json FILE]]
 *
 * Figures beside a real redis-server, group by group (groups.ts). Every server is started here, on a free
 * loopback port, and ended. A figure that misses an aim is printed as that and fails nothing.
 */

import { writeFileSync } from "node:fs";
import { constants, cpus } from "node:os";
import { GROUPS } from "./groups.js";
import { readOptions, USAGE } from "./options.js";

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
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "cpu"}, node ${process.version}`;
  process.stdout.write(`${machine}\n`);
  const figures: Record<string, unknown> = {};
  for (const group of GROUPS) {
    const wanted =
      options.groups.length === 0 ? group.byDefault : options.groups.includes(group.name);
    if (!wanted) continue;
    process.stdout.write(`\n${group.name}: `);
    figures[group.name] = await group.run(options);
    if (options.json !== null) writeFileSync(options.json, JSON.stringify({ machine, figures }));
  }
}

// Leaving by exit ends the servers, see targets.ts.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
await main();
