/** Many programs, one seed after the other, beside a real redis-server if there is one. */

import type { RedisServer } from "../conformance/support/redis-server.js";
import { type Coverage, emptyCoverage } from "./coverage.js";
import { generate } from "./generate.js";
import { type Program, shown } from "./program.js";
import { RedisComparison } from "./redis-case.js";
import { run } from "./run.js";
import { shrink } from "./shrink.js";

export interface Outcome {
  readonly coverage: Coverage;
  /** The first failure: what was wrong, and the least program that is. null: none. */
  readonly failure: string | null;
}

/** `redis`: null: no comparison. Ends with the first program that fails. */
export async function runPrograms(
  from: number,
  count: number,
  redis: RedisServer | null,
): Promise<Outcome> {
  const coverage = emptyCoverage();
  const comparison = redis === null ? null : new RedisComparison(redis, coverage);
  const failures: [Program, unknown][] = [];
  let underWay: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    failures.push(...(await comparison!.flush()));
  };
  for (let seed = from; seed < from + count && failures.length === 0; seed++) {
    const program = generate(seed);
    try {
      const one = run(program, coverage);
      comparison?.add(one);
    } catch (error) {
      failures.push([program, error]);
    }
    if (comparison?.isFull) {
      // The server works on these while the next ones run here.
      await underWay;
      underWay = flush();
    }
  }
  await underWay;
  if (comparison !== null) await flush();
  const failed = failures[0];
  return { coverage, failure: failed === undefined ? null : await explain(failed, redis) };
}

/** What is wrong with the program; null: nothing. */
export async function problemOf(program: Program, redis: RedisServer | null): Promise<unknown> {
  try {
    const one = run(program, emptyCoverage());
    if (redis === null) return null;
    const comparison = new RedisComparison(redis, emptyCoverage());
    comparison.add(one);
    return (await comparison.flush())[0]?.[1] ?? null;
  } catch (error) {
    return error;
  }
}

async function explain(
  [program, error]: [Program, unknown],
  redis: RedisServer | null,
): Promise<string> {
  const first = kindOf(error);
  const fails = async (less: Program): Promise<boolean> => {
    const problem = await problemOf(less, redis);
    return problem !== null && kindOf(problem) === first;
  };
  const least = await shrink(program, fails);
  const problem = (await problemOf(least, redis)) ?? error;
  return `${problem instanceof Error ? problem.stack : String(problem)}\n${shown(least)}`;
}

/** So that a smaller program is one that fails for the same reason. */
function kindOf(error: unknown): string {
  return String(error).split(":").slice(0, 2).join(":");
}
