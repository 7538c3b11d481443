import { defineConfig } from "vitest/config";

const conditions = ["redoubt-source", "node", "import", "module", "default"];
const resolve = { conditions };
const ssr = { resolve: { conditions, externalConditions: conditions } };

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: "unit",
          include: [
            "packages/*/src/**/*.test.ts",
            "test/{architecture,sim,property,contract,conformance}/**/*.test.ts",
          ],
          testTimeout: 60_000,
          pool: "forks",
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
