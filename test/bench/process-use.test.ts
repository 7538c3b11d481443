import { expect, test } from "vitest";
import { TELLS_USE, useOf } from "./process-use.js";

test.runIf(TELLS_USE)("CPU time is counted, and memory is that of the process", () => {
  const cpuMs = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1000;
  const before = useOf(process.pid)!;
  const endMs = cpuMs() + 60;
  while (cpuMs() < endMs);
  const after = useOf(process.pid)!;
  expect(after.cpuMs - before.cpuMs).toBeGreaterThanOrEqual(40);
  expect(after.writtenBytes).toBeGreaterThanOrEqual(before.writtenBytes);
  expect(after.residentBytes / process.memoryUsage.rss()).toBeCloseTo(1, 0);
});
