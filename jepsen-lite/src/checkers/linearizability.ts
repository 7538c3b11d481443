/**
 * Linearizability, every key for itself: some order of its operations, in which none comes before one that had ended
 * when it began, gives every answer (Herlihy and Wing, 1990). What failed did not happen. What is unknown may have
 * happened at any time behind its invocation, or never. A read that was not answered says nothing.
 *
 * Keys are searched in turn with budgets that grow, so that a hard one takes nothing from the others; what is not
 * decided within the whole budget is `unknown`. Operations whose times touch count as concurrent.
 */

import type { History, Operation } from "../history/history.js";
import {
  ANOMALIES_MAX,
  SEARCH_MEMO_WORDS_MAX,
  SEARCH_ROUND_STEPS,
  SEARCH_STEPS_MAX,
  WINDOW_OPERATIONS_MAX,
  WINDOW_PLACED_MAX,
} from "./constants.js";
import type { Model } from "./model.js";
import type { Anomaly, Checker, Verdict } from "./verdict.js";
import { type Deepest, KeySearch } from "./wgl/key-search.js";
import type { MemoBudget } from "./wgl/memo.js";

export type { Model } from "./model.js";
export { registerModel } from "./register-model.js";

interface KeyCase {
  readonly key: string;
  /** All of the key, failed ones too, in the order of invocation. */
  readonly operations: readonly Operation[];
  readonly finalReads: readonly Operation[];
  /** Taken up again every round; made when its turn comes, gone when decided. */
  search: KeySearch | null;
}

interface Tally {
  readonly anomalies: Anomaly[];
  invalid: number;
  unknown: number;
  steps: number;
  hardestSteps: number;
}

export interface LinearizabilityOptions {
  /** Which operations are the model's; all that it knows unless said. They have a key. */
  readonly ops?: readonly string[];
  /** Of all keys together. */
  readonly stepsMax?: number;
}

export function linearizability(
  model: Model,
  { ops = model.ops, stepsMax = SEARCH_STEPS_MAX }: LinearizabilityOptions = {},
): Checker {
  const known = new Set(ops);
  return (history) => {
    const cases = keyCases(history, known);
    const operations = cases.reduce((sum, each) => sum + each.operations.length, 0);
    const { anomalies, invalid, unknown, steps, hardestSteps } = searched(cases, model, stepsMax);
    return {
      checker: "linearizability",
      validity: invalid > 0 ? "invalid" : unknown > 0 ? "unknown" : "valid",
      anomalies: inOrder(anomalies).slice(0, ANOMALIES_MAX),
      figures: {
        keys: cases.length,
        operations,
        invalidKeys: invalid,
        unknownKeys: unknown,
        steps,
        hardestKeySteps: hardestSteps,
      },
    } satisfies Verdict;
  };
}

function keyCases(history: History, ops: ReadonlySet<string>): KeyCase[] {
  const byKey = new Map<string, Operation[]>();
  const finals = new Map<string, Operation[]>();
  for (const operation of history.operations) {
    if (operation.op === "final-read" && operation.key !== null) {
      finals.set(operation.key, [...(finals.get(operation.key) ?? []), operation]);
    }
    if (!ops.has(operation.op)) continue;
    const { key } = operation;
    if (key === null) throw new Error(`${operation.op} without a key`);
    const operations = byKey.get(key);
    if (operations === undefined) byKey.set(key, [operation]);
    else operations.push(operation);
  }
  return [...byKey].map(([key, operations]) => ({
    key,
    operations,
    finalReads: finals.get(key) ?? [],
    search: null,
  }));
}

/** Rounds over the undecided keys, each with twice the steps of the one before, until all is decided or spent. */
function searched(cases: readonly KeyCase[], model: Model, stepsMax: number): Tally {
  const tally: Tally = { anomalies: [], invalid: 0, unknown: 0, steps: 0, hardestSteps: 0 };
  const budget: MemoBudget = { wordsLeft: SEARCH_MEMO_WORDS_MAX };
  let open = cases;
  for (let round = SEARCH_ROUND_STEPS; open.length > 0; round *= 2) {
    const undecided: KeyCase[] = [];
    for (const each of open) {
      const allowed = Math.min(round, stepsMax - tally.steps);
      if (!advanced(each, allowed, { model, budget, tally })) undecided.push(each);
    }
    open = undecided;
    if (tally.steps >= stepsMax) break;
  }
  tally.unknown += open.length;
  return tally;
}

/** False: not decided yet. */
function advanced(
  each: KeyCase,
  steps: number,
  { model, budget, tally }: { model: Model; budget: MemoBudget; tally: Tally },
): boolean {
  if (steps <= 0) return false;
  if (each.search === null) {
    const impossible = model.refute(each.operations);
    if (impossible !== null) {
      tally.invalid += 1;
      tally.anomalies.push(anomaly(each, refuted(each, impossible), model));
      return true;
    }
  }
  const search = each.search ?? new KeySearch(happened(each.operations), model, budget);
  const before = search.steps;
  const validity = search.advance(steps);
  tally.steps += search.steps - before;
  tally.hardestSteps = Math.max(tally.hardestSteps, search.steps);
  each.search = validity === null ? search : null;
  if (validity === null) return false;
  search.release();
  if (validity === "unknown") tally.unknown += 1;
  if (validity === "invalid") {
    tally.invalid += 1;
    tally.anomalies.push(anomaly(each, search.deepest(), model));
  }
  return true;
}

function happened(operations: readonly Operation[]): readonly Operation[] {
  return operations.filter(({ outcome }) => outcome !== "fail");
}

/** Without a search: what was over when it was asked for stands for what an order would have placed before it. */
function refuted({ operations }: KeyCase, impossible: Operation): Deepest {
  const placed = operations
    .filter((each) => each.outcome === "ok" && each.completedAt < impossible.invokedAt)
    .sort((a, b) => a.completedAt - b.completedAt)
    .slice(-WINDOW_PLACED_MAX);
  return { impossible, states: new Set(), placed };
}

function anomaly(
  { key, operations, finalReads }: KeyCase,
  deepest: Deepest,
  model: Model,
): Anomaly {
  const { impossible, states, placed } = deepest;
  if (impossible === null)
    throw new Error(`key ${key} is not linearizable and nothing is impossible`);
  const { kind, text, witnesses } = model.explain({
    key,
    operations,
    finalReads,
    impossible,
    states,
  });
  const isBeside = (each: Operation): boolean =>
    each.invokedAt < impossible.completedAt && each.completedAt > impossible.invokedAt;
  // What does not fit into the drawing is what is named last.
  const window = new Set([impossible, ...witnesses, ...placed, ...operations.filter(isBeside)]);
  return {
    kind,
    text,
    key,
    operations: [...window]
      .slice(0, WINDOW_OPERATIONS_MAX)
      .map(({ index }) => index)
      .sort((a, b) => a - b),
    impossible: impossible.index,
  };
}

/** As they came to pass. */
function inOrder(anomalies: readonly Anomaly[]): Anomaly[] {
  return [...anomalies].sort((a, b) => (a.impossible ?? 0) - (b.impossible ?? 0));
}
