/**
 * npm run property -- [--programs 100000] [--seed 1] [--jobs 2]
 *   random programs, the first of this seed; stops at the first that fails, with as few steps as still fail
 *   SIGTERM ends it earlier, with the summary of what was run
 * npm run property -- --only N
 *   one program, its steps and what is wrong with it
 */

import { parseArgs } from "node:util";
import { RedisServer, redisVersion } from "../conformance/support/redis-server.js";
import { neverMet } from "./coverage.js";
import { generate } from "./generate.js";
import { runInChildren } from "./jobs.js";
import { shown } from "./program.js";
import { problemOf } from "./programs.js";
import { described } from "./summary.js";

/** So many programs meet every kind of effect, every inverse and every row: one that is missing is a mistake. */
const COVERING_PROGRAMS = 10_000;
/** Programs between two lines of progress. */
const PROGRESS_PROGRAMS = 5000;

const { values } = parseArgs({
  options: {
    programs: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: "2" },
    only: { type: "string" },
  },
});

if (values.only === undefined) await many();
else await one(natural("only", values.only));

async function one(seed: number): Promise<void> {
  const redis = redisVersion() === null ? null : await RedisServer.start();
  const program = generate(seed);
  console.log(shown(program));
  const problem = await problemOf(program, redis);
  console.log(problem instanceof Error ? problem.stack : "nothing is wrong with it");
  await redis?.stop();
  if (problem !== null) process.exitCode = 1;
}

async function many(): Promise<void> {
  const started = performance.now();
  const count = natural("programs", values.programs);
  let told = 0;
  let isStopped = false;
  process.once("SIGTERM", () => {
    isStopped = true;
  });
  const { coverage, failures } = await runInChildren(
    { from: natural("seed", values.seed), count },
    natural("jobs", values.jobs),
    (programs) => {
      if (programs >= told + PROGRESS_PROGRAMS) {
        told = programs;
        console.error(`${programs} of ${count} programs`);
      }
      return !isStopped;
    },
  );
  for (const line of described(coverage, performance.now() - started)) console.log(line);
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  const missing = coverage.programs < COVERING_PROGRAMS ? [] : neverMet(coverage);
  for (const what of missing) console.log(`NEVER MET in ${coverage.programs} programs: ${what}`);
  if (redisVersion() === null) console.log("no redis-server: nothing was compared with one");
  if (failures.length > 0 || missing.length > 0) process.exitCode = 1;
}

function natural(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name}: ${text} is not a whole number`);
  process.exit(2);
}
