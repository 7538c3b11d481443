/** Adds up vitest's JSON reports in a folder; exit code 1 when a test failed, was skipped, or none ran. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
let passed = 0;
let failed = 0;
let skipped = 0;
for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
  const report = JSON.parse(readFileSync(join(folder, file), "utf8"));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  for (const suite of report.testResults) {
    for (const test of suite.assertionResults) {
      if (test.status === "pending" || test.status === "skipped" || test.status === "todo") {
        process.stdout.write(`skipped: ${test.fullName}\n`);
      }
    }
  }
}
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
if (failed > 0 || skipped > 0 || passed === 0) process.exitCode = 1;
