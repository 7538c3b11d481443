/**
 * The black-box checker against real clusters, as a user runs it: Redoubt passes under faults, with and without
 * privilege, and its weak mode is caught. The last is the canary of all the rest.
 */

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { longTest } from "../../support/long-test.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));
let directory = "";

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "redoubt-jepsen-"));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly output: string;
}

function jepsen(...args: readonly string[]): Promise<Ended> {
  const words = [
    "scripts/run-ts.mjs",
    "jepsen-lite/src/main.ts",
    ...args,
    "--directory",
    directory,
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, words, { cwd: root }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? 1);
      resolve({ code, output: `${stdout}${stderr}` });
    });
  });
}

/** Of the only run in the directory. */
function result(): { outcome: string; acknowledged: number; lost: number; dirtyReads: number } {
  const [run] = readdirSync(directory);
  return JSON.parse(readFileSync(join(directory, run!, "result.json"), "utf8"));
}

longTest("partitions and kills behind proxies: nothing is lost, no answer is wrong", async () => {
  const { code, output } = await jepsen(
    ...["--target", "redoubt", "--workload", "list-append", "--nemesis", "partition,kill"],
    ...["--time", "16", "--seed", "7", "--network", "proxies"],
  );
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(result()).toMatchObject({ outcome: "pass", lost: 0, dirtyReads: 0 });
  expect(result().acknowledged).toBeGreaterThan(0);
});

test("the weak mode under the same kind of fault is caught", async () => {
  const { code, output } = await jepsen(
    ...["--target", "redoubt-async", "--workload", "writes", "--nemesis"],
    ...["partition:isolate-leader", "--time", "12", "--seed", "1", "--network", "proxies"],
  );
  // As EXPECTATIONS.md says: it must fail.
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(result()).toMatchObject({ outcome: "fail" });
  expect(result().lost).toBeGreaterThan(0);
});

if (process.platform === "linux" && process.getuid?.() === 0) {
  longTest("a register in network namespaces: linearizable", async () => {
    const { code, output } = await jepsen(
      ...["--target", "redoubt", "--workload", "register", "--nemesis", "partition,pause"],
      ...["--time", "16", "--seed", "3"],
    );
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(result()).toMatchObject({ outcome: "pass" });
  });
}
