/**
 * node scripts/run-ts.mjs test/sim/canaries/search.ts [name...]
 *
 * Looks for the first seed that shows each canary (or those named) and writes caught.json; afterwards
 * `npm run fix` renews the table in docs/internals/simulator.md.
 */

import { canaries } from "./canaries.js";
import { catchCanary, checkerOf, SEEDS_MAX } from "./catch.js";
import { type Caught, readCaught, writeCaught } from "./caught.js";

const names = process.argv.slice(2);
const caught = new Map(readCaught().map((each) => [each.name, each]));
for (const canary of canaries) {
  if (names.length > 0 && !names.includes(canary.name)) continue;
  const found = await catchCanary(canary, 1, SEEDS_MAX);
  const checker = found === null ? "" : checkerOf(found);
  const right = found !== null && canary.caughtBy.test(checker);
  console.log(
    `${canary.name}: ${found === null ? "not caught" : `seed ${found.seed}, ${checker}`}`,
  );
  if (!right) {
    process.exitCode = 1;
    if (found !== null) console.log(found.message);
    caught.delete(canary.name);
    continue;
  }
  caught.set(canary.name, { name: canary.name, seed: found.seed, checker } satisfies Caught);
}
writeCaught([...caught.values()]);
