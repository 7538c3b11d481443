import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { HistoryEvent } from "./event.js";
import { historyOf } from "./history.js";
import { Recorder } from "./recorder.js";

function clock(): { now: () => number; pass: (ms: number) => void } {
  let ms = 5;
  return { now: () => ms, pass: (by) => (ms += by) };
}

test("a client goes on under a new number behind an info, and only there", () => {
  const recorder = new Recorder({ path: null });
  const client = recorder.process();
  const other = recorder.process();
  const first = client.number;
  client.invoke({ op: "write", key: "k", value: "1", node: 1 });
  client.failed("fail", "READONLY");
  expect(client.number).toBe(first);
  client.invoke({ op: "write", key: "k", value: "1", node: 1 });
  client.failed("info", "no-reply");
  expect(client.number).not.toBe(first);
  expect(client.number).not.toBe(other.number);
  expect(recorder.counts).toEqual({ ok: 0, fail: 1, info: 1 });
});

test("two operations of one process at once are refused", () => {
  const client = new Recorder({ path: null }).process();
  client.invoke({ op: "read", key: "k", value: null, node: 1 });
  expect(() => client.invoke({ op: "read", key: "k", value: null, node: 1 })).toThrow("open");
  client.ok(null);
  expect(() => client.ok(null)).toThrow("nothing open");
});

test("times are microseconds since the beginning", () => {
  const { now, pass } = clock();
  const recorder = new Recorder({ path: null, now });
  const client = recorder.process();
  client.invoke({ op: "read", key: "k", value: null, node: 2 });
  pass(1.5);
  client.ok("v");
  const [operation] = historyOf(recorder.events).operations;
  expect(operation).toMatchObject({ invokedAt: 0, completedAt: 1_500, output: "v", node: 2 });
});

test("the file holds a line for each event, in their order", async () => {
  const directory = mkdtempSync(join(tmpdir(), "recorder-"));
  try {
    const path = join(directory, "history.jsonl");
    const heard: HistoryEvent[] = [];
    const recorder = new Recorder({ path, onEvent: (event) => heard.push(event) });
    const client = recorder.process();
    client.invoke({ op: "add", key: "k", value: "1", node: 1 });
    const value = { id: 1, phase: "begin", text: "node 1" } as const;
    recorder.fault({ process: "nemesis", type: "info", op: "kill", key: null, value });
    client.failed("info", "no-reply connection lost");
    recorder.failure("settle", new Error("never"));
    await recorder.close();
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(recorder.events);
    expect(heard).toEqual(recorder.events);
    expect(historyOf(recorder.events)).toMatchObject({
      operations: [{ outcome: "info", error: "no-reply connection lost" }],
      failures: ["settle: never"],
    });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("a file that cannot be written is told at the end", async () => {
  const recorder = new Recorder({ path: "/nowhere/history.jsonl" });
  recorder.failure("test", "line");
  await expect(recorder.close()).rejects.toThrow("ENOENT");
});
