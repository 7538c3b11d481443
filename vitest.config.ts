import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const conditions = ["redoubt-source", "node", "import", "module", "default"];
const resolve = { conditions };
const ssr = { resolve: { conditions, externalConditions: conditions } };

/** Where a machine-readable report goes besides the terminal: .ci/run counts what was skipped. */
const report = process.env["REDOUBT_TEST_REPORT"];
const project = process.argv[process.argv.indexOf("--project") + 1];

/** Of two cores vitest would use one. Tests with real processes run one file at a time. */
const WORKERS_MIN = 2;

export default defineConfig({
  test: {
    maxWorkers: Math.max(WORKERS_MIN, availableParallelism() - 1),
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
            "packages/{replica,level-log,grpc-peer,server}/src/**/*.test.ts",
            "test/{architecture,sim,contract,conformance,property}/**/*.test.ts",
          ],
          testTimeout: 60_000,
          pool: "forks",
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: "pure",
          setupFiles: ["test/support/fast-check.ts"],
          include: [
            "packages/{raft,keyspace,resp,commands}/src/**/*.test.ts",
            "jepsen-lite/src/**/*.test.ts",
          ],
          testTimeout: 60_000,
          pool: "forks",
          // Functions of their arguments: loading the same modules for each file took as long as the tests.
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
