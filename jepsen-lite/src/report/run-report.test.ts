/** What a report must have and must not: no picture is compared with an earlier one. */

import { describe, expect, test } from "vitest";
import { historyOf } from "../history/history.js";
import { Random } from "../random.js";
import type { RunResult } from "../run/run-result.js";
import { repeatCommand } from "./repeat-command.js";
import { runReport } from "./run-report.js";
import { structureOf } from "./support/page-structure.js";
import { syntheticRun } from "./support/synthetic-run.js";

/** Of a report of any number of operations: the grids of its scatters, every cell taken, with some 15 bytes each. */
const REPORT_BYTES_MAX = 1_000_000;

const ALLOWED_TAGS = new Set(
  "html head meta title style body svg defs pattern rect path circle line g text header main section nav div span p ul ol li dl dt dd h1 h2 h3 strong em code pre small br table caption thead tbody tr th td details summary a article".split(
    " ",
  ),
);

const weak = syntheticRun({ target: "redis-async", weak: true, operations: 4_000 });
const strong = syntheticRun({ operations: 4_000 });

function withResult(changes: Partial<RunResult>): string {
  return runReport({ ...strong.result, ...changes }, strong.history);
}

describe.each([
  ["a failed run", runReport(weak.result, weak.history)],
  ["a passed run", runReport(strong.result, strong.history)],
  ["a run of nothing", runReport(withoutAnything(strong.result), historyOf([]))],
])("%s", (_, page) => {
  const structure = structureOf(page);

  test("the page is well formed, of known tags, without scripts", () => {
    expect([...structure.tags].filter((tag) => !ALLOWED_TAGS.has(tag))).toEqual([]);
    expect([...structure.attributes].filter((name) => name.startsWith("on"))).toEqual([]);
    expect(new Set(structure.ids).size).toBe(structure.ids.length);
  });

  test("everything is in the one file", () => {
    expect(page).not.toMatch(/https?:|\/\/[a-z]|@import|src=|url\((?!#)/i);
    expect(page).toContain("default-src 'none'");
    for (const link of structure.links) expect(structure.ids).toContain(link.replace(/^#/, ""));
    expect(structure.links.length).toBeGreaterThan(0);
  });

  test("the verdict comes before all else", () => {
    const first = page.indexOf("<section");
    expect(page.indexOf("<h1>")).toBeGreaterThan(0);
    expect(page.indexOf("<h1>")).toBeLessThan(first);
    expect(page.indexOf('class="sign')).toBeLessThan(page.indexOf("<h1>"));
  });
});

test("a failed run is told as one, with its losses", () => {
  const page = runReport(weak.result, weak.history);
  const text = structureOf(page).text.replaceAll("\u202f", "");
  expect(text).toContain(
    `Asynchronous Redis lost ${weak.result.lost} of ${weak.result.acknowledged} acknowledged writes`,
  );
  expect(text).toContain("✕");
  expect(text).not.toContain("lost nothing");
});

test("every anomaly is told and drawn, its culprit marked", () => {
  const page = runReport(weak.result, weak.history);
  const anomalies = weak.result.verdicts.flatMap((verdict) => verdict.anomalies);
  expect(anomalies.length).toBeGreaterThan(6);
  for (const { text } of anomalies) expect(structureOf(page).text).toContain(text);
  expect(page.split('class="anomaly"').length - 1).toBe(anomalies.length);
  const marked = anomalies.filter(({ impossible }) => impossible !== null).length;
  expect(page.match(/class="bar culprit[ "]/g)?.length).toBe(marked);
  expect(structureOf(page).text).toContain("6 further operations of this anomaly not drawn");
});

test("all that is needed to repeat the run is there", () => {
  const text = structureOf(runReport(strong.result, strong.history)).text;
  for (const part of [
    repeatCommand(strong.result.plan),
    strong.result.commit!,
    strong.result.machine,
  ])
    expect(text).toContain(part);
  expect(repeatCommand(strong.result.plan)).toBe(
    "npm run jepsen -- --target redoubt-raft --workload writes --nemesis partition-leader,kill,pause --nodes 5 --time 60 --seed 7",
  );
  expect(repeatCommand({ ...strong.result.plan, faults: [], settings: ["a 'b'"] })).toBe(
    "npm run jepsen -- --target redoubt-raft --workload writes --nodes 5 --time 60 --seed 7 --setting 'a '\\''b'\\'''",
  );
  expect(text).toContain(strong.result.notes[0]);
});

test("a run of the comparison is repeated as such", () => {
  const plan = { ...strong.result.plan, scenario: "leader-cut-off", settings: ["a 1"] };
  expect(repeatCommand(plan)).toBe(
    "npm run jepsen -- compare --seed 7 --only '^leader-cut-off redoubt-raft a 1$'",
  );
  expect(structureOf(withResult({ plan: { ...plan, faults: [] } })).text).toContain(
    "the story leader-cut-off of the comparison",
  );
});

test.each([
  ["invalid run", "This run says nothing"],
  ["unknown", "Undecided"],
  ["fail", "gave answers that cannot all be true"],
  ["pass", "lost nothing"],
] as const)("a run that is %s: %s", (outcome, words) => {
  const page = withResult({ outcome, reasons: ["31 operations/s"] });
  expect(page.slice(0, page.indexOf("<section"))).toContain(words);
  expect(page).toContain("31 operations/s");
});

test("hostile values are text, wherever they stand", () => {
  const hostile = `</style></svg><script>alert(1)</script>"'><img onerror=x>\x00\u202e`;
  const page = runReport(...hostileRun(hostile));
  const { tags, attributes } = structureOf(page);
  expect([...tags].filter((tag) => !ALLOWED_TAGS.has(tag))).toEqual([]);
  expect([...attributes]).not.toContain("onerror");
  expect(page).not.toContain("<script");
  expect(page).not.toContain("\x00");
  expect(page).not.toContain("\u202e");
  expect(page.split("&lt;script&gt;").length).toBeGreaterThan(12);
});

test("100 000 operations make a page that can be mailed", () => {
  const random = new Random(1);
  const [first] = strong.history.operations;
  const operations = Array.from({ length: 100_000 }, (_, index) => {
    const invokedAt = index * 600;
    // As far apart as can be: microseconds to seconds, all alike.
    const completedAt = invokedAt + 10 ** (1 + 5 * random.next());
    return {
      ...first!,
      index,
      invokedAt,
      completedAt,
      outcome: random.pick(["ok", "ok", "fail"] as const),
    };
  });
  const page = runReport(strong.result, { ...strong.history, operations });
  expect(Buffer.byteLength(page)).toBeLessThan(REPORT_BYTES_MAX);
  expect(structureOf(page).text.replaceAll("\u202f", "")).toContain(
    "Nothing is left out: 100000 operations in",
  );
});

function withoutAnything(result: RunResult): RunResult {
  const latencyMs = { p50: Number.NaN, p99: Number.NaN, p999: Number.NaN, max: 0 };
  const nothing = { verdicts: [], faults: [], recoveries: [], notes: [], acknowledged: 0 };
  return { ...result, ...nothing, outcome: "invalid run", commit: null, latencyMs };
}

/** Every text of a result and of a history is the same. */
function hostileRun(text: string): Parameters<typeof runReport> {
  const client = { process: 1, op: text, key: text, node: 1, value: { [text]: text } };
  const fault = { process: "nemesis", type: "info", op: text, key: null } as const;
  const history = historyOf([
    { ...fault, value: { id: 1, phase: "begin", text }, time: 0 },
    { ...client, type: "invoke", time: 10 },
    { ...client, type: "fail", error: text, time: 20 },
    { ...client, type: "invoke", time: 30 },
    { ...client, type: "ok", value: [text, text], time: 40 },
    { ...fault, value: { id: 1, phase: "end", text }, time: 50 },
  ]);
  const anomaly = { kind: text, text, key: text, operations: [0, 1], impossible: 1 };
  const verdict = {
    checker: text,
    validity: "invalid",
    anomalies: [anomaly],
    figures: { [text]: 1 },
  } as const;
  const plan = { target: text, workload: text, faults: [text], nodes: 3, seconds: 1, seed: 1 };
  const texts = { commit: text, software: text, machine: text, startedAt: text };
  const lists = { reasons: [text], notes: [text], verdicts: [verdict], faults: history.faults };
  return [{ ...strong.result, ...texts, ...lists, plan, outcome: "fail" }, history];
}
