/**
 * The checkers' own proof: correct histories are found valid, and the same with one anomaly planted in each are all
 * caught. A checker that passes everything, or nothing, fails here.
 */

import { expect, test } from "vitest";
import { Random } from "../random.js";
import { linearizability, registerModel } from "./linearizability.js";
import { listAppend } from "./list-append/list-append.js";
import { type Draft, historyFrom } from "./testing/drafts.js";
import { listMutations } from "./testing/list-mutations.js";
import { listHistory } from "./testing/list-store.js";
import { type Mutation, registerMutations } from "./testing/register-mutations.js";
import { registerHistory } from "./testing/register-store.js";
import type { Checker } from "./verdict.js";

/** Of each checker. */
const MUTATED = 250;
/** Seeds drawn until a history has a place for the anomaly. */
const ATTEMPTS = 20;

function registers(seed: number): Draft[] {
  return registerHistory(new Random(seed), {
    clients: 2 + (seed % 5),
    operations: 120,
    keys: 3,
    values: null,
    failShare: 0.05,
    infoShare: 0.04,
  });
}

function lists(seed: number): Draft[] {
  return listHistory(new Random(seed), {
    clients: 2 + (seed % 5),
    operations: 50,
    keys: 3,
    appendsPerKeyMax: 12,
    stepsMax: 4,
    failShare: 0.05,
    infoShare: 0.04,
  });
}

/** Of seeds `seed`, `seed + 1000`... the first that has a place for it. */
function mutated(
  generate: (seed: number) => Draft[],
  mutate: Mutation,
  seed: number,
): { original: Draft[]; changed: Draft[] } {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const drawn = seed + 1_000 * attempt;
    const changed = generate(drawn);
    if (mutate(changed, new Random(drawn + 1))) return { original: generate(drawn), changed };
  }
  throw new Error("no history has a place for it");
}

function missed(
  checker: Checker,
  generate: (seed: number) => Draft[],
  mutations: Readonly<Record<string, Mutation>>,
): string[] {
  const names = Object.keys(mutations);
  const wrong: string[] = [];
  for (let i = 0; i < MUTATED; i++) {
    const name = names[i % names.length]!;
    const { original, changed } = mutated(generate, mutations[name]!, i);
    const before = checker(historyFrom(original)).validity;
    const { validity, anomalies } = checker(historyFrom(changed));
    if (before !== "valid") wrong.push(`${i}: correct, and ${before}`);
    if (validity !== "invalid" || anomalies.length === 0)
      wrong.push(`${i}: ${name} is ${validity}`);
  }
  return wrong;
}

test("trap-40 every anomaly planted in a history of registers is caught", () => {
  expect(missed(linearizability(registerModel), registers, registerMutations)).toEqual([]);
});

test("trap-40 every anomaly planted in a history of lists is caught", () => {
  expect(missed(listAppend, lists, listMutations)).toEqual([]);
});

test("correct histories with few values and many unknown outcomes are valid", () => {
  const check = linearizability(registerModel);
  for (let seed = 0; seed < 50; seed++) {
    const drafts = registerHistory(new Random(seed), {
      clients: 8,
      operations: 150,
      keys: 2,
      values: 4,
      failShare: 0.1,
      infoShare: 0.1,
    });
    expect(check(historyFrom(drafts)).validity, `seed ${seed}`).toBe("valid");
  }
});

test("every planted anomaly of registers keeps its name, or the name that always holds", () => {
  const named = {
    "dirty read of a failed write": "dirty read",
    "phantom value": "phantom read",
    "read before its write": "read from the future",
    "stale read": "stale read",
  };
  for (const [name, kind] of Object.entries(named)) {
    const { changed } = mutated(registers, registerMutations[name]!, 7);
    const kinds = linearizability(registerModel)(historyFrom(changed)).anomalies.map(
      (anomaly) => anomaly.kind,
    );
    expect(kinds, name).toHaveLength(1);
    expect([kind, "lost write", "not linearizable"], name).toContain(kinds[0]);
  }
});
