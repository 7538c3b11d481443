/** Strings and keys whatever they hold, beside a real redis-server. */

import { compareWithRedis } from "./support/compare.js";
import { Generator } from "./support/generator.js";
import { type RespValue, readFrame } from "./support/resp-value.js";

/** Both sides read their clock at some time between sending and receiving a pipeline. */
const clockToleranceMs = 20_000;

compareWithRedis({
  family: "strings and keys",
  source: (random) => new Generator(random),
  agree,
});

/** Replies that need not be equal byte for byte have a rule here. */
function agree(argv: readonly Buffer[], ours: Buffer, theirs: Buffer): boolean {
  const a = readFrame(ours, 0)!.value;
  const b = readFrame(theirs, 0)!.value;
  switch (argv[0]!.toString("latin1").toUpperCase()) {
    case "TTL":
    case "EXPIRETIME":
      return near(a, b, clockToleranceMs / 1000);
    case "PTTL":
    case "PEXPIRETIME":
      return near(a, b, clockToleranceMs);
    case "KEYS":
      return Array.isArray(a) && Array.isArray(b) && sorted(a) === sorted(b);
    default:
      return false;
  }
}

/** Negative replies mean something else than a time. */
function near(a: RespValue, b: RespValue, tolerance: number): boolean {
  if (typeof a !== "number" || typeof b !== "number") return false;
  return a >= 0 && b >= 0 && Math.abs(a - b) <= tolerance;
}

function sorted(values: readonly RespValue[]): string {
  return JSON.stringify([...values].sort());
}
