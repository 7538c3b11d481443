/**
 * npm run conformance -- [--commands N] [--seed S]
 * The generated comparison with a real redis-server, longer or from another seed than in the tests.
 */

import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    commands: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
  },
});
const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/vitest/vitest.mjs",
    ...["run", "--project", "unit", "test/conformance", "--testTimeout", "86400000"],
  ],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      REDOUBT_CONFORMANCE_COMMANDS: values.commands,
      REDOUBT_CONFORMANCE_SEED: values.seed,
    },
  },
);
process.exitCode = status ?? 1;
