/**
 * The order of test files on a clean clone, where vitest knows no durations and goes by the size of files: the longest
 * campaigns are a few lines each, would begin last, and one core would wait for the other.
 */

import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Those of 15 s of CPU and more, longest first (November 2026). One that is not here is only begun later. */
const longest = [
  "test/sim/histories-a",
  "test/sim/histories-b",
  "test/conformance/mixed",
  "test/sim/canaries/canaries",
  "test/sim/traps",
  "packages/raft/src/raft.property",
  "test/property/property",
  "packages/keyspace/src/values/list",
  "packages/keyspace/src/values/rank-tree",
  "packages/keyspace/src/properties",
].map((name) => `/${name}.test.ts`);

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = longest.findIndex((name) => moduleId.endsWith(name));
  return at < 0 ? longest.length : at;
}
