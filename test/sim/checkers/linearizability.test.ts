/** The search against the plainest one there is: every order that time allows is tried. */

import { expect, test } from "vitest";
import type { Operation } from "../workload/history.js";
import { SeededRandom } from "../world/random.js";
import { checkLinearizable, effect } from "./linearizability.js";
import { operation } from "./testing.js";

const KEY = "register0-0";
const HISTORIES = 4000;
const OPERATIONS_MAX = 6;

function drawArgv(random: SeededRandom): string[] {
  const value = random.pick(["a", "b", "c"]);
  return random.pick([
    ["GET", KEY],
    ["SET", KEY, value],
    ["SET", KEY, value, "XX"],
    ["SETNX", KEY, value],
    ["GETSET", KEY, value],
    ["DEL", KEY],
    ["GETDEL", KEY],
    ["EXISTS", KEY],
    ["FLUSHALL"],
    ["INCR", KEY],
    ["CAS", KEY, random.pick(["a", "b"]), value],
  ]);
}

/** Replies of some order, which time may not allow: about half of them are linearizable. */
function drawHistory(random: SeededRandom): Operation[] {
  let state: string | null = null;
  const drawn = Array.from({ length: 2 + random.below(OPERATIONS_MAX - 1) }, (_, at) => {
    // Some send several at once.
    const client = at >> random.below(2);
    const argv = drawArgv(random);
    const { next, reply } = effect(argv, state);
    const calledOff = argv[0] === "CAS" && reply === null;
    const unknown = random.chance(0.35);
    if (!unknown || random.chance(0.5)) state = next;
    const fromMs = random.below(10);
    return operation(argv, unknown ? undefined : reply, {
      client,
      invokedMs: fromMs,
      returnedMs: unknown ? Number.POSITIVE_INFINITY : fromMs + random.below(10),
      outcome: unknown ? "info" : calledOff ? "fail" : "ok",
    });
  });
  drawn.sort((a, b) => a.invokedMs - b.invokedMs);
  for (const [i, each] of drawn.entries()) each.sequence = i;
  return drawn;
}

/** Some order of all that were answered, and of any of the others, gives these answers. */
function hasOrder(left: readonly Operation[], state: string | null): boolean {
  const answered = left.filter(({ outcome }) => outcome === "ok");
  if (answered.length === 0) return true;
  const firstReturnMs = Math.min(...answered.map(({ returnedMs }) => returnedMs));
  return left.some((each) => {
    if (each.invokedMs > firstReturnMs) return false;
    // One client's are executed in their order.
    const { client, sequence } = each;
    if (answered.some((other) => other.client === client && other.sequence < sequence))
      return false;
    const { next, reply } = effect(each.argv, state);
    if (each.outcome === "ok" && String(each.reply) !== String(reply)) return false;
    return hasOrder(
      left.filter((other) => other !== each),
      next,
    );
  });
}

test("trap-40 unknown operations that ask the same are not tried in every order", () => {
  const unknown = Array.from({ length: 40 }, (_, sequence) =>
    operation(["INCR", KEY], undefined, {
      client: sequence % 3,
      returnedMs: Number.POSITIVE_INFINITY,
      outcome: "info",
      sequence,
    }),
  );
  const read = (reply: string) =>
    operation(["GET", KEY], reply, { client: 9, invokedMs: 5, returnedMs: 6, sequence: 40 });
  expect(checkLinearizable([...unknown, read("20")])).toBe("linearizable");
  expect(checkLinearizable([...unknown, read("41")])).toBe("violation");
});

test("trap-40 the search agrees with trying every order", () => {
  const random = new SeededRandom(1);
  const verdicts = { linearizable: 0, violation: 0, undecided: 0 };
  for (let i = 0; i < HISTORIES; i++) {
    const history = drawHistory(random);
    const verdict = checkLinearizable(history);
    verdicts[verdict] += 1;
    const possible = hasOrder(
      history.filter(({ outcome }) => outcome !== "fail"),
      null,
    );
    expect(verdict, JSON.stringify(history)).toBe(possible ? "linearizable" : "violation");
  }
  expect(verdicts.undecided).toBe(0);
  expect(Math.min(verdicts.linearizable, verdicts.violation)).toBeGreaterThan(HISTORIES / 10);
});
