/**
 * npm run sim -- --seed N [--trace]         replays one history exactly
 * npm run sim -- --seeds 1000 [--from N]    many histories; stops at the first that fails
 */

import { parseArgs } from "node:util";
import { run } from "./run.js";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    nodes: { type: "string", default: "3" },
    ms: { type: "string", default: "12000" },
    trace: { type: "boolean", default: false },
  },
});

/** Histories between two lines of progress on a terminal. */
const PROGRESS_SEEDS = 25;
const nodes = Number(values.nodes);
const durationMs = Number(values.ms);

if (values.seed !== undefined) {
  const result = run({
    seed: Number(values.seed),
    nodes,
    durationMs,
    ...(values.trace ? { trace: (line: string) => console.log(line) } : {}),
  });
  console.log(JSON.stringify({ ...result, violation: result.violation?.message ?? null }, null, 2));
  process.exitCode = result.violation === null ? 0 : 1;
} else {
  const first = Number(values.from);
  const count = Number(values.seeds);
  const started = performance.now();
  let operations = 0;
  let virtualMs = 0;
  let rollbacks = 0;
  const faults: Record<string, number> = {};
  for (let seed = first; seed < first + count; seed++) {
    const result = run({ seed, nodes, durationMs });
    operations += result.completed;
    virtualMs += result.virtualMs;
    rollbacks += result.rollbacks;
    for (const [kind, n] of Object.entries(result.faults)) faults[kind] = (faults[kind] ?? 0) + n;
    if (result.violation !== null) {
      console.log(`seed ${seed}: ${result.violation.message}`);
      console.log(`replay: npm run sim -- --seed ${seed} --trace`);
      process.exit(1);
    }
    if ((seed - first + 1) % PROGRESS_SEEDS === 0 && process.stdout.isTTY) {
      console.log(`${seed - first + 1} of ${count} histories`);
    }
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${count} histories, ${(virtualMs / 1000).toFixed(0)} virtual s in ${seconds.toFixed(1)} s ` +
      `(${(virtualMs / 1000 / seconds).toFixed(0)} virtual s per s), ${operations} operations completed, ` +
      `${rollbacks} rollbacks, no violation`,
  );
  console.log(`faults: ${JSON.stringify(faults)}`);
}
