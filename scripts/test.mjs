/**
 * What `npm test` does behind `verify`: the projects `cluster` and `unit`, beside each other. Tests with real processes
 * wait for much of their time (elections, stops, syncs); the others take what those leave of the processor, at the
 * lowest priority, so that no heartbeat waits for them. Exit code 1 if one of the two fails.
 */

import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Never both projects in one vitest: it has one number of workers for all, and `cluster` runs one file at a time. */
function start(project) {
  const child = spawn(
    process.execPath,
    [`${root}node_modules/vitest/vitest.mjs`, "run", "--project", project],
    {
      cwd: root,
      // Through pipes each prints whole lines: on a terminal both would draw over the other's.
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: "1" } : {}) },
    },
  );
  child.stdout.pipe(process.stdout, { end: false });
  child.stderr.pipe(process.stderr, { end: false });
  return child;
}

/** Resolves with whether all its tests passed. */
function passed(child) {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code === 0));
  });
}

const cluster = start("cluster");
const unit = start("unit");
// Its workers are its children, and inherit it.
setPriority(unit.pid, constants.priority.PRIORITY_LOW);
// They stop what they started, and this one waits for it.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    for (const child of [cluster, unit]) child.kill(signal);
  });
}
const all = await Promise.all([cluster, unit].map(passed));
if (!all.every(Boolean)) process.exitCode = 1;
