/**
 * How long the checkers take: `node scripts/run-ts.mjs jepsen-lite/src/checkers/bench.ts`. Generated histories, so that
 * what is measured is the checker alone; the best of a few rounds, since other work on the machine only adds.
 */

import { performance } from "node:perf_hooks";
import { Random } from "../random.js";
import { linearizability, registerModel } from "./linearizability.js";
import { listAppend } from "./list-append/list-append.js";
import { type Draft, historyFrom } from "./testing/drafts.js";
import { listHistory } from "./testing/list-store.js";
import { registerHistory } from "./testing/register-store.js";
import type { Checker } from "./verdict.js";

const OPERATIONS = 100_000;
const ROUNDS = 5;
const SHARES = { failShare: 0.02, infoShare: 0.001 };

function measure(name: string, checker: Checker, drafts: readonly Draft[]): void {
  const history = historyFrom(drafts);
  let bestMs = Number.POSITIVE_INFINITY;
  let bestCpuMs = Number.POSITIVE_INFINITY;
  let said = "";
  for (let round = 0; round < ROUNDS; round++) {
    const startedAt = performance.now();
    const cpu = process.cpuUsage();
    const { validity, figures } = checker(history);
    bestMs = Math.min(bestMs, performance.now() - startedAt);
    const { user, system } = process.cpuUsage(cpu);
    bestCpuMs = Math.min(bestCpuMs, (user + system) / 1_000);
    said = `${validity} ${JSON.stringify(figures)}`;
  }
  process.stdout.write(
    `${name}: ${Math.round(bestMs)} ms, ${Math.round(bestCpuMs)} ms of a processor, ${said}\n`,
  );
}

/** A few reads of what nobody wrote, each of which takes its key's search to the end. */
function damaged(drafts: Draft[], random: Random): Draft[] {
  const reads = drafts.filter(({ op, outcome }) => op === "read" && outcome === "ok");
  for (const read of random.sample(reads, OPERATIONS / 10_000)) read.output = "phantom";
  return drafts;
}

const registers = (clients: number): Draft[] =>
  registerHistory(new Random(1), {
    clients,
    operations: OPERATIONS,
    keys: 100,
    values: null,
    ...SHARES,
  });

measure("registers, 10 clients", linearizability(registerModel), registers(10));
measure("registers, 100 clients", linearizability(registerModel), registers(100));
measure(
  "registers, 10 clients, phantom reads",
  linearizability(registerModel),
  damaged(registers(10), new Random(2)),
);
const lists = listHistory(new Random(1), {
  clients: 10,
  operations: OPERATIONS,
  keys: 100,
  appendsPerKeyMax: 150,
  stepsMax: 3,
  ...SHARES,
});
measure("lists, 10 clients", listAppend, lists);
// From the middle on, nobody sees what was appended in the first tenth: as behind a lost master.
const lostFrom = lists.length / 2;
const lost = new Set(
  lists
    .slice(lists.length / 2 - lists.length / 10, lostFrom)
    .flatMap(({ output }) => (output as string[][] | null) ?? [])
    .filter(([kind]) => kind === "append")
    .map(([, key, element]) => `${key}/${element}`),
);
const behind = lists.map((draft, i): Draft => {
  if (i < lostFrom || draft.outcome !== "ok") return draft;
  const output = (draft.output as [string, string, string[]][]).map(([kind, key, elements]) =>
    kind === "r"
      ? [kind, key, elements.filter((element) => !lost.has(`${key}/${element}`))]
      : [kind, key, elements],
  );
  return { ...draft, output };
});
measure("lists, a tenth lost behind the middle", listAppend, behind);
