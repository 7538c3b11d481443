/**
 * node scripts/run-ts.mjs --expose-gc --single-threaded-gc test/bench/rollback.ts [--rounds 5] [--only pattern]
 *
 * What it takes to roll back a window of 10 000 effects, by family, on small and on large values: CPU time,
 * median of several rounds. Each round executes the same window again, so what is measured is warm, as a node
 * that has led for a while is; the state afterwards must be that of before.
 */

import { parseArgs } from "node:util";
import { stateDigest } from "@redoubt/keyspace";
import { Speculation } from "../../packages/replica/src/speculation.js";
import { type Case, EFFECTS, families, NOW_MS } from "./rollback-cases.js";

/** What the window itself left is no part of rolling it back. */
const collect = (globalThis as { gc?: () => void }).gc;

/** Of the first round, when nothing of this family was rolled back before, and the median. */
function measure({ fill, change }: Case, rounds: number): [number, number] {
  const speculation = new Speculation();
  const { txn, journal, batch, keyspace } = speculation;
  speculation.begin(1);
  txn.begin(speculation.open(1, NOW_MS), "lead");
  fill(txn);
  if (batch.effects > 0) {
    speculation.seal();
    speculation.commitTo(1, 1);
  }
  const start = speculation.applied;
  const digest = stateDigest(keyspace);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    txn.begin(speculation.open(start + 1, NOW_MS), "lead");
    for (let i = 0; i < EFFECTS; i++) change(txn, i);
    if (batch.effects !== EFFECTS) throw new Error(`a window of ${batch.effects} effects`);
    collect?.();
    const before = process.cpuUsage();
    journal.rollbackTo(journal.position - journal.length, keyspace);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
    batch.take(0);
    if (stateDigest(keyspace) !== digest) throw new Error("the state is not that of before");
  }
  const first = times[0]!;
  return [first, times.sort((a, b) => a - b)[rounds >> 1]!];
}

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, only: { type: "string", default: "" } },
});
console.log(`CPU ms to roll back ${EFFECTS} effects: first, and median of ${values.rounds} rounds`);
for (const [family, cases] of Object.entries(families)) {
  for (const each of cases()) {
    if (!`${family} ${each.name}`.includes(values.only)) continue;
    const columns = measure(each, Number(values.rounds)).map((ms) => ms.toFixed(1).padStart(8));
    console.log(`${family.padEnd(12)} ${each.name.padEnd(30)} ${columns.join(" ")}`);
  }
}
