import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/support/longest-first.js";

const conditions = ["redoubt-source", "node", "import", "module", "default"];
const resolve = { conditions };
const ssr = { resolve: { conditions, externalConditions: conditions } };

/** Where a machine-readable report goes besides the terminal: .ci/run counts what was skipped. */
const report = process.env["REDOUBT_TEST_REPORT"];
const project = process.argv[process.argv.indexOf("--project") + 1];

/** Of two cores vitest would use one. Tests with real processes run one file at a time. */
const WORKERS_MIN = 2;

/** A sequencer of one's own would take precedence over the order that is asked for. */
const isShuffled = process.argv.some((argument) => argument.startsWith("--sequence.shuffle"));

export default defineConfig({
  test: {
    maxWorkers: Math.max(WORKERS_MIN, availableParallelism() - 1),
    ...(isShuffled ? {} : { sequence: { sequencer: LongestFirst } }),
    reporters: report === undefined ? ["default"] : ["default", "json"],
    ...(report === undefined ? {} : { outputFile: { json: `${report}/${project}.json` } }),
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          setupFiles: ["test/support/fast-check.ts"],
          include: [
            "packages/*/src/**/*.test.ts",
            "jepsen-lite/src/**/*.test.ts",
            "test/{architecture,bench,sim,contract,conformance,property}/**/*.test.ts",
          ],
          testTimeout: 60_000,
          pool: "forks",
          // A file leaves nothing behind (fake timers, mocks, listeners). Loading the same modules anew for each of them
          // took 1.4 s of CPU a file: 117 s of CPU for 32 files, 74 without.
          isolate: false,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "cluster",
          include: ["test/cluster/**/*.test.ts"],
          testTimeout: 240_000,
          hookTimeout: 120_000,
          pool: "forks",
          fileParallelism: false,
        },
      },
    ],
  },
});
