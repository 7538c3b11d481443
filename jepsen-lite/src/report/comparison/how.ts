/** How a comparison was measured, on what, and how to repeat it. */

import type { RunResult } from "../../run/run-result.js";
import { type Html, html } from "../html.js";
import type { ComparisonRun } from "./comparison-run.js";

export const COMPARE_COMMAND = "npm run jepsen -- compare";

export function how(runs: readonly ComparisonRun[]): Html {
  const results = runs.map(({ result }) => result);
  return html`<p>Every run is of real processes. Clients write one fresh key at a time and read back what others wrote, while the tool breaks things on purpose. When all is healed and calm again, every node is asked for every key. A write is <em>acknowledged</em> when the database had answered that it was done (with WAIT: when enough replicas had confirmed it), <em>lost</em> when it is missing at the end. Redis fails over by Sentinel; both sides get the same faults, from the same seed.</p>
<dl class="run">
${row(
  "Machine",
  distinct(results, ({ machine }) => machine),
)}${row(
  "Software",
  distinct(results, ({ software }) => software),
)}${row(
  "Commit",
  distinct(results, ({ commit }) => commit ?? "unknown"),
)}${row("Measured", [span(results)])}${row("Seeds", [distinct(results, ({ plan }) => String(plan.seed)).join(", ")])}</dl>
<p>To repeat it, on your machine; figures will differ, verdicts should not:</p>
<pre>${COMPARE_COMMAND}</pre>`;
}

function row(name: string, values: readonly string[]): Html {
  return html`<dt>${name}</dt>${values.map((value) => html`<dd>${value}</dd>`)}
`;
}

export function distinct(
  results: readonly RunResult[],
  of: (result: RunResult) => string,
): string[] {
  return [...new Set(results.map(of))];
}

/** From the first start to the last. */
export function span(results: readonly RunResult[]): string {
  const starts = results.map(({ startedAt }) => startedAt).sort();
  const [first, last] = [starts[0], starts.at(-1)];
  if (first === undefined || last === undefined) return "–";
  return first === last ? first : `${first} to ${last}`;
}
