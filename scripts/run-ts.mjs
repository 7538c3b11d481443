/**
 * Runs a TypeScript entry from sources, workspace packages included: `node scripts/run-ts.mjs
 * [node flags] entry.ts [arguments]`. Nothing has to be built. Node flags before the entry
 * (--cpu-prof), and NODE_OPTIONS, reach the process that runs the entry.
 */

import { spawn } from "node:child_process";
import { signalNumbers } from "./lib/signals.mjs";

const argv = process.argv.slice(2);
const entryAt = argv.findIndex((word) => !word.startsWith("-"));
if (entryAt < 0) {
  process.stderr.write("usage: node scripts/run-ts.mjs [node flags] entry.ts [arguments]\n");
  process.exit(2);
}

const child = spawn(
  process.execPath,
  ["--conditions=redoubt-source", "--import", import.meta.resolve("tsx"), ...argv],
  { stdio: "inherit" },
);
child.on("error", (error) => {
  process.stderr.write(`cannot start node: ${error.message}\n`);
  process.exit(1);
});
// A terminal sends Ctrl-C to both; whoever signals only this process means the entry.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? 128 + signalNumbers[signal]));
