/** Command lines that repeat a run, timing aside. */

import type { RunPlan } from "../run/run-result.js";

export function repeatCommand(plan: RunPlan): string {
  const { target, workload, faults, nodes, seconds, seed, settings = [] } = plan;
  if (plan.scenario !== undefined) return repeatRowCommand(plan.scenario, plan);
  const words = ["npm run jepsen --", "--target", target, "--workload", workload];
  if (faults.length > 0) words.push("--nemesis", faults.join(","));
  words.push("--nodes", String(nodes), "--time", String(seconds), "--seed", String(seed));
  for (const setting of settings) words.push("--setting", quoted(setting));
  return words.join(" ");
}

/** Of one row of a comparison. */
export function repeatRowCommand(
  scenario: string,
  { target, seed, settings = [] }: RunPlan,
): string {
  const name = [scenario, target, ...settings].join(" ");
  return `npm run jepsen -- compare --seed ${seed} --only ${quoted(`^${name}$`)}`;
}

/** For a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
