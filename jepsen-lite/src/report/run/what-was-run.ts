/** What was run, on what, and how to run it again. */

import type { RunPlan, RunResult } from "../../run/run-result.js";
import { type Html, html } from "../html.js";
import { count, counted } from "../quantities.js";
import { repeatCommand } from "../repeat-command.js";
import { modeTitle } from "../vocabulary.js";

export function whatWasRun(result: RunResult): Html {
  const { plan, operations } = result;
  const row = (name: string, value: Html | string) => html`<dt>${name}</dt><dd>${value}</dd>
`;
  return html`<dl class="run">
${row("Tested", html`${modeTitle(plan)} <span class="quiet">(${plan.target})</span>, ${counted(plan.nodes, "node")}`)}${row("Software", result.software)}${row("Workload", plan.workload)}${row("Faults asked for", askedFor(plan))}${row("Load", `${count(plan.seconds)} seconds; final reads come after it`)}${row("Operations", `${count(operations.ok)} done, ${count(operations.fail)} refused, ${count(operations.info)} unknown`)}${row("Seed", html`<code>${plan.seed}</code>`)}${row("Commit", result.commit === null ? "unknown: not run from a repository" : html`<code>${result.commit}</code>`)}${row("Started", result.startedAt)}${row("Machine", result.machine)}</dl>
<p>To run it again (the seed decides what is asked and what befalls the cluster; timing is the machine's):</p>
<pre>${
    result.commit === null
      ? null
      : html`git checkout ${result.commit}
`
  }${repeatCommand(plan)}</pre>
${notesOf(result)}`;
}

function askedFor({ scenario, faults }: RunPlan): string {
  if (scenario !== undefined) return `the story ${scenario} of the comparison`;
  return faults.length === 0 ? "none" : faults.join(", ");
}

export function notesOf({ notes }: RunResult): Html {
  if (notes.length === 0)
    return html`<p class="quiet">Everything that was asked for was available on this machine.</p>`;
  return html`<p>Not available here, and what stood in for it:</p>
<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`;
}
