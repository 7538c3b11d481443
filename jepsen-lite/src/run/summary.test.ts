import { expect, test } from "vitest";
import { finalReads } from "../checkers/final-reads.js";
import { finals, told } from "../checkers/testing/told-history.js";
import type { History } from "../history/history.js";
import type { RunResult } from "./run-result.js";
import { type Circumstances, summarize } from "./summary.js";

const circumstances: Circumstances = {
  plan: { target: "t", workload: "w", faults: ["kill"], nodes: 2, seconds: 1, seed: 1 },
  commit: null,
  software: "s",
  machine: "m",
  startedAt: "",
  notes: [],
  episodesMin: 1,
  loadEndedAt: 1_000_000,
};
const fault = { id: 1, name: "kill", text: "", beganAt: 0, endedAt: 1 };

/** Sixty writes a millisecond long; the first `lost` of them are gone at the end. */
function written(lost: number): Parameters<typeof told>[0] {
  return Array.from({ length: 60 }, (_, at) => [
    { from: at, to: at + 1, op: "write", key: `w${at}`, input: "1" },
    ...finals(`w${at}`, at < lost ? [null, null] : ["1", "1"], 2_000 + at),
  ]).flat();
}

function summaryOf(history: History, changed: Partial<Circumstances> = {}): RunResult {
  return summarize(history, [finalReads(history)], { ...circumstances, ...changed });
}

test("headline, quantiles and outcome", () => {
  const passed = summaryOf(told(written(0), [fault]));
  expect(passed).toMatchObject({
    outcome: "pass",
    acknowledged: 60,
    lost: 0,
    operations: { ok: 60, fail: 0, info: 0 },
    latencyMs: { p50: 1, max: 1 },
  });
  expect(summaryOf(told(written(2), [fault]))).toMatchObject({ outcome: "fail", lost: 2 });
});

test("a run in which too little happened is invalid, whatever checkers say", () => {
  const few = summaryOf(told(written(2).slice(0, 60), [fault]));
  expect(few.outcome).toBe("invalid run");
  expect(few.reasons.join()).toContain("at least 50");
  expect(summaryOf(told(written(0), []))).toMatchObject({ outcome: "invalid run" });
  expect(summaryOf(told(written(0), []), { episodesMin: 0 }).outcome).toBe("pass");
});

test("a failure of the harness makes a run invalid", () => {
  const history = { ...told(written(0), [fault]), failures: ["settle: never"] };
  expect(summaryOf(history)).toMatchObject({ outcome: "invalid run", reasons: ["settle: never"] });
});

test("what is not decided does not pass", () => {
  const unread = written(0).filter(({ op }) => op === "write");
  expect(summaryOf(told(unread, [fault])).outcome).toBe("unknown");
});
