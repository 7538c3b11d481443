/**
 * Redis's own DEBUG DIGEST does not see deadlines; the state digest compared here does, at every index on
 * every node, with wall clocks that stand up to two seconds apart, drift, and jump by up to five seconds.
 */

import { expect, test } from "vitest";
import { run } from "./run.js";

/** Half of what is asked is about keys with deadlines. */
const mix = {
  clients: 8,
  thinkMs: 100,
  pipelines: { plain: 1, transaction: 0.1, compareAndSet: 0.1, follower: 0.2, large: 0.002 },
  operations: {
    register: 0.5,
    counter: 0.2,
    expiring: 0.2,
    volatile: 1,
    collection: 0,
    queue: 0,
    flush: 0.01,
    library: 0,
    echo: 0.1,
  },
};

test.each([1, 2, 3])(
  "trap-31 trap-55 SET PX, EXPIRE and INCRBYFLOAT leave equal states though clocks disagree, seed %i",
  (seed) => {
    const result = run({
      seed,
      nodes: 3,
      only: ["clockJump", "isolateLeader"],
      durationMs: 15_000,
      mix,
    });
    expect(result.violation?.message ?? null).toBeNull();
    expect(result.faults.clockJump).toBeGreaterThan(0);
    expect(result.terms).toBeGreaterThan(1);
    expect(result.digestsCompared).toBeGreaterThan(result.committed);
    for (const command of ["SET PX", "PEXPIRE", "INCRBYFLOAT", "PTTL"]) {
      expect(result.answered[command], command).toBeGreaterThan(10);
    }
  },
);
