/**
 * npm run conformance -- [--commands N] [--seed S] [--family NAME [--sequence SEED]]
 * The generated comparison with a real redis-server, longer or from another seed than in the tests: N commands
 * in all, divided among the families and protocols as in the tests. A summary at the end; exit code 1 and the
 * shortest sequence that fails, if there is one.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    commands: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    family: { type: "string", default: "" },
    sequence: { type: "string" },
  },
});

const directory = mkdtempSync(join(tmpdir(), "redoubt-conformance-"));
const report = join(directory, "report");
writeFileSync(report, "");
const startMs = performance.now();
const { status } = spawnSync(
  process.execPath,
  [
    "node_modules/vitest/vitest.mjs",
    ...["run", "--project", "unit", "test/conformance", "--testTimeout", "86400000"],
    ...(values.family === "" ? [] : ["-t", `${values.family} like redis-server`]),
  ],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      REDOUBT_CONFORMANCE_COMMANDS: values.commands,
      REDOUBT_CONFORMANCE_SEED: values.seed,
      REDOUBT_CONFORMANCE_REPORT: report,
      ...(values.sequence === undefined ? {} : { REDOUBT_CONFORMANCE_SEQUENCE: values.sequence }),
    },
  },
);
const lines = readFileSync(report, "utf8")
  .split("\n")
  .filter(Boolean)
  .map((line) => JSON.parse(line));
rmSync(directory, { recursive: true });
summarise(lines, (performance.now() - startMs) / 1000);
process.exitCode = status === 0 && lines.length > 0 ? 0 : 1;

function summarise(lines, seconds) {
  const of = (family, protocol) =>
    lines.filter((line) => line.family === family && line.protocol === protocol);
  const sum = (chosen, field) => chosen.reduce((total, line) => total + line[field], 0);
  const number = (value) => value.toLocaleString("en").padStart(12);
  console.log(`\n${"commands compared".padEnd(30)}${"RESP2".padStart(12)}${"RESP3".padStart(12)}`);
  for (const family of new Set(lines.map((line) => line.family))) {
    const counts = [2, 3].map((protocol) => number(sum(of(family, protocol), "commands")));
    console.log(family.padEnd(30) + counts.join(""));
  }
  console.log(`${"all".padEnd(30)}${number(sum(lines, "commands"))}`);
  console.log(`${"sequences".padEnd(30)}${number(sum(lines, "sequences"))}`);
  console.log(`${"datasets compared by digest".padEnd(30)}${number(sum(lines, "digests"))}`);
  const rules = {};
  for (const line of lines) {
    for (const [rule, count] of Object.entries(line.rules))
      rules[rule] = (rules[rule] ?? 0) + count;
  }
  console.log("\nequal by a rule, not byte for byte");
  for (const rule of Object.keys(rules).sort())
    console.log(`  ${rule.padEnd(50)}${number(rules[rule])}`);
  console.log(
    `\n${status === 0 ? "no difference found" : "FAILED"}, seed ${values.seed}, ${seconds.toFixed(0)} s`,
  );
}
