/** trap-40: a checker that can't fail proves nothing. Each canary must be caught within this many seeds. */

import { expect, test } from "vitest";
import { run } from "../run.js";
import { type Canary, loadPatched } from "./patched.js";

const SEEDS_MAX = 20;
const TIMEOUT_MS = 600_000;

const canaries: readonly (Canary & { readonly caughtBy: RegExp })[] = [
  {
    name: "reply-before-commit",
    file: "reply-gate.ts",
    find: "const waits = needsRead || needsCommit > this.#committed;",
    replace: "const waits = false as boolean;",
    caughtBy: /^(revealed|acknowledged|linearizability)/,
  },
  {
    name: "no-op-conditional-without-hazard",
    file: "executor.ts",
    find: "if (hazard > this.#greatestHazard) this.#greatestHazard = hazard;",
    replace: "if (hazard > Infinity) this.#greatestHazard = hazard;",
    caughtBy: /^(revealed|linearizability|atomicity)/,
  },
  {
    name: "rollback-forgets-log-time",
    file: "speculation.ts",
    find: "this.keyspace.logTimeMs = this.#appliedLogTimeMs;",
    replace: "",
    caughtBy: /^(digest|assertion)/,
  },
  {
    name: "reads-before-caught-up",
    file: "driver.ts",
    find: "return this.#speculation.applied >= this.#catchUpTo;",
    replace: "return true as boolean;",
    caughtBy: /^monotone reads/,
  },
  {
    name: "acknowledge-before-sync",
    file: "driver.ts",
    find: "if (this.#reported >= this.#handed) {",
    replace: "if (this.#reported >= 0) {",
    caughtBy:
      /^(state-machine safety|log matching|one leader a term|assertion|digest|revealed|acknowledged)/,
  },
];

test.each(canaries)(
  "trap-40 the canary $name is caught",
  { timeout: TIMEOUT_MS },
  async (canary) => {
    const module = await loadPatched(canary);
    for (let seed = 1; seed <= SEEDS_MAX; seed++) {
      const { violation } = run({ seed, module, durationMs: 15_000 });
      if (violation === null) continue;
      expect(violation.message).toMatch(canary.caughtBy);
      return;
    }
    expect.unreachable(`not caught within ${SEEDS_MAX} seeds`);
  },
);
