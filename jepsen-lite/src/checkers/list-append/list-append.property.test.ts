/** The graph against the plainest way there is: every serial order that time allows is tried. */

import { expect, test } from "vitest";
import type { Json } from "../../history/event.js";
import type { Operation } from "../../history/history.js";
import { Random } from "../../random.js";
import { type Draft, draft, historyFrom } from "../testing/drafts.js";
import { listAppend } from "./list-append.js";

const HISTORIES = 1_500;
const TRANSACTIONS_MAX = 5;
const KEYS = ["x", "y"];

type Step = readonly [kind: string, key: string, asked: Json, length?: number];
type Lists = Readonly<Record<string, readonly string[]>>;

/** Answers as some order gives them, which time may not allow, and now and then as none does. */
function drawHistory(random: Random): Draft[] {
  let lists: Lists = {};
  let nextElement = 1;
  return Array.from({ length: 2 + random.below(TRANSACTIONS_MAX - 1) }, (_, process) => {
    const steps = Array.from({ length: 1 + random.below(3) }, (): Step => {
      const key = random.pick(KEYS);
      return random.chance(0.5) ? ["r", key, null] : ["append", key, `${nextElement++}`];
    });
    const outcome = random.chance(0.75) ? "ok" : random.pick(["info", "fail"] as const);
    const { output, after } = carriedOut(steps, lists);
    if (outcome === "ok" || (outcome === "info" && random.chance(0.5))) lists = after;
    const damaged = random.chance(0.15) ? cut(output) : output;
    const at = random.below(10);
    const ms = [at, at + 1 + random.below(9)] as const;
    return draft({ process, op: "txn", input: steps as Json, output: damaged, outcome, ms });
  });
}

function carriedOut(steps: readonly Step[], lists: Lists): { output: Json[]; after: Lists } {
  let after = lists;
  const output = steps.map(([kind, key, asked]): Json => {
    const list = after[key] ?? [];
    if (kind === "r") return [kind, key, list];
    after = { ...after, [key]: [...list, asked as string] };
    return [kind, key, asked, list.length + 1];
  });
  return { output, after };
}

/** What it read is one shorter. */
function cut(output: readonly Json[]): Json[] {
  return output.map((step) => {
    const [kind, key, elements] = step as readonly Json[];
    return kind === "r" ? [kind, key!, (elements as string[]).slice(0, -1)] : step;
  });
}

/** Some order of all that were answered, and of any of the unknown, gives these answers. */
function hasOrder(left: readonly Operation[], lists: Lists): boolean {
  const answered = left.filter(({ outcome }) => outcome === "ok");
  if (answered.length === 0) return true;
  const firstEnd = Math.min(...answered.map(({ completedAt }) => completedAt));
  return left.some((each) => {
    if (each.invokedAt > firstEnd) return false;
    const { output, after } = carriedOut(each.input as unknown as readonly Step[], lists);
    if (each.outcome === "ok" && JSON.stringify(output) !== JSON.stringify(each.output))
      return false;
    return hasOrder(
      left.filter((other) => other !== each),
      after,
    );
  });
}

test("small histories are judged as by trying every order", () => {
  const random = new Random(31_337);
  let valid = 0;
  for (let i = 0; i < HISTORIES; i++) {
    const history = historyFrom(drawHistory(random));
    const happened = history.operations.filter(({ outcome }) => outcome !== "fail");
    const expected = hasOrder(happened, {});
    valid += expected ? 1 : 0;
    const { validity } = listAppend(history);
    // An unknown transaction of which nobody saw anything may still have been needed: then nothing is proved.
    const isDecided = expected || happened.every(({ outcome }) => outcome === "ok");
    if (!isDecided || validity === (expected ? "valid" : "invalid")) continue;
    expect.fail(`${validity}, must not be: ${JSON.stringify(history.operations)}`);
  }
  expect(valid).toBeGreaterThan(HISTORIES / 5);
  expect(valid).toBeLessThan((HISTORIES * 4) / 5);
});
