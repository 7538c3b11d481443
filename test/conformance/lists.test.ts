/** Lists beside a real redis-server. */

import { compareWithRedis } from "./support/compare.js";
import { compareDifferences } from "./support/differences.js";
import { listDifferences } from "./support/differences-lists.js";
import { ListsGenerator } from "./support/lists-commands.js";
import { readFrame } from "./support/resp-value.js";

/** Both sides read their clock at some time between sending and receiving a pipeline. */
const clockToleranceSeconds = 20;

compareWithRedis({
  family: "lists",
  source: (random) => new ListsGenerator(random),
  agree,
});

compareDifferences("lists", ["RPUSH l a b"], listDifferences);

function agree(argv: readonly Buffer[], ours: Buffer, theirs: Buffer): boolean {
  if (argv[0]!.toString("latin1").toUpperCase() !== "EXPIRETIME") return false;
  const a = readFrame(ours, 0)!.value;
  const b = readFrame(theirs, 0)!.value;
  if (typeof a !== "number" || typeof b !== "number" || a < 0 || b < 0) return false;
  return Math.abs(a - b) <= clockToleranceSeconds;
}
