import { expect, test } from "vitest";
import { ACCEPTANCE } from "./contests.js";
import { comparison, linesOf } from "./testing/synthetic-figures.js";

test("a line finds its contest, and is judged by its bound and its aim", () => {
  const set = "SET, 50 connections: redoubt / redis, AOF always + WAIT 1";
  const memory = "resident memory with 1 M strings of 64 B: redoubt's leader / redis-server";
  const found = new Map(linesOf().map((line) => [line.text, line]));
  expect(found.get(set)).toMatchObject({ ratio: { median: 1.2 }, bound: 1.15, verdict: "met" });
  expect(found.get("SET, 50 connections: redoubt / etcd")?.verdict).toBe("aim met");
  expect(found.get(memory)?.verdict).toBe("met");
  // 0.5 of Redis, where SET has 1.2 of it.
  const stream = [...found.values()].find(({ text }) => text.startsWith("XADD"))!;
  expect(stream).toMatchObject({ verdict: "missed", ratio: { median: 0.5 / 1.2 } });
});

test("at most is not at least", () => {
  const verdict = (memoryRatio: number) =>
    linesOf({ memoryRatio }).find(({ sense, text }) => sense === "at most" && /memory/.test(text))!
      .verdict;
  expect([1.9, 2.5, 2.6].map(verdict)).toEqual(["aim met", "met", "missed"]);
});

test("what is not there is not measured, and fails nothing", () => {
  const verdicts = linesOf({ comparisons: [], memoryRatio: null }).map(({ verdict }) => verdict);
  expect(new Set(verdicts)).toEqual(new Set(["not measured"]));
});

test("every line is measured by the group's contests", () => {
  const comparisons = ACCEPTANCE.flat().map(({ workload, sides }) =>
    comparison(workload.name, Object.fromEntries(sides.map(({ name }) => [name, [100]]))),
  );
  for (const { text, verdict } of linesOf({ comparisons })) {
    expect(verdict, text).not.toBe("not measured");
  }
});

test("names tell lines apart: --check goes by them", () => {
  const texts = linesOf().map(({ text }) => text);
  expect(new Set(texts).size).toBe(texts.length);
});
