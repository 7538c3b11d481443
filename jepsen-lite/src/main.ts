/**
 * npm run jepsen -- --target redoubt --workload list-append --nemesis partition,kill --time 60 --seed 7 [--nodes 3]
 *   one run; its report is named at the end
 * npm run jepsen -- compare [--only PATTERN] [--seed N]
 *   Redis and Redoubt in the same stories (EXPECTATIONS.md), one page about all
 * npm run jepsen -- matrix --out FILE [--seconds 20] [--seeds 2] [--only PATTERN] [--faults "a b,c"] [--workloads a,b]
 *                   [--target redoubt] [--nodes 3] [--budget SECONDS] [--page DIR]
 *   every workload under every fault (`b,c`: two in one run); resumable, with a summary at the end, and a
 *   page of all that stands in FILE
 * npm run jepsen -- list
 *   targets, workloads, faults, and what this machine lacks
 *
 * All: [--network namespaces|proxies] [--directory DIR]. Namespaces need root on Linux; without, links are proxies.
 * Exit code 1: something is not as EXPECTATIONS.md says. 2: it could not be tried.
 */

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Capabilities, probe } from "./cluster/capabilities.js";
import { enterNamespace } from "./cluster/enter-namespace.js";
import { targets } from "./cluster/targets.js";
import { faults } from "./nemesis/faults.js";
import { writeMatrixPage } from "./report/matrix-page.js";
import { compare, lineOf } from "./run/compare.js";
import { complaint, expectationOf, readExpectations } from "./run/expectations.js";
import { MATRIX_FAULTS, MATRIX_WORKLOADS, matrix } from "./run/matrix.js";
import { linesOf } from "./run/matrix-file.js";
import { known, run } from "./run/run.js";
import type { RunPlan } from "./run/run-result.js";
import { workloads } from "./workloads/workloads.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    target: { type: "string", default: "redoubt" },
    workload: { type: "string", default: "writes" },
    nemesis: { type: "string", default: "" },
    time: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
    nodes: { type: "string", default: "3" },
    setting: { type: "string", multiple: true, default: [] },
    network: { type: "string" },
    directory: { type: "string", default: "jepsen-runs" },
    only: { type: "string", default: "" },
    out: { type: "string" },
    seconds: { type: "string", default: "20" },
    seeds: { type: "string", default: "2" },
    faults: { type: "string" },
    workloads: { type: "string" },
    budget: { type: "string" },
    page: { type: "string" },
  },
});

type Wires = "namespaces" | "proxies";

/** Words that are more than their own name. */
const ALIASES: Readonly<Record<string, string>> = { redoubt: "redoubt-raft", redis: "redis-async" };

async function main(): Promise<number> {
  const capabilities = await probe();
  const network = networkOf(capabilities);
  const [command = "run"] = positionals;
  if (command === "list") return list(capabilities);
  if (network.kind === "namespaces") await enterNamespace();
  for (const note of network.notes) say(note);
  switch (command) {
    case "run":
      return runOne(network.kind, network.notes);
    case "compare":
      return comparison(network.kind);
    case "matrix":
      return wholeMatrix(network.kind);
    default:
      throw new Error(`no command is called ${command}; there are: run, compare, matrix, list`);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Namespaces where they can be had, unless said otherwise. */
function networkOf({ namespaces }: Capabilities): { kind: Wires; notes: string[] } {
  const asked = values.network;
  if (asked === "proxies") return { kind: "proxies", notes: [] };
  if (asked !== undefined && asked !== "namespaces") {
    throw new Error(`--network is namespaces or proxies, not ${asked}`);
  }
  if (namespaces === true) return { kind: "namespaces", notes: [] };
  if (asked === "namespaces") throw new Error(`no namespaces here: ${namespaces}`);
  return {
    kind: "proxies",
    notes: [`no network namespaces here (${namespaces}): loopback, a TCP proxy for each link`],
  };
}

async function runOne(network: Wires, notes: readonly string[]): Promise<number> {
  const plan: RunPlan = {
    target: targetName(),
    workload: values.workload,
    faults: names(values.nemesis),
    nodes: natural("nodes", values.nodes),
    seconds: natural("time", values.time),
    seed: natural("seed", values.seed),
    ...(values.setting.length === 0 ? {} : { settings: values.setting }),
  };
  known(workloads, plan.workload, "workload");
  for (const name of plan.faults) known(faults, name, "fault");
  const name = [stamp(), plan.target, plan.workload, ...plan.faults, plan.seed].join("-");
  const directory = resolve(values.directory, name.replaceAll(":", "_"));
  const result = await run(plan, directory, say, { network, notes });
  say("");
  say(lineOf(result));
  for (const reason of result.reasons) say(`  ${reason}`);
  for (const { checker, validity, anomalies, figures } of result.verdicts) {
    const told = Object.entries(figures).map(([figure, value]) => `${figure} ${rounded(value)}`);
    say(`  ${validity.padEnd(8)} ${checker}: ${told.join(", ")}`);
    for (const { kind, text } of anomalies.slice(0, 3)) say(`           ${kind}: ${text}`);
  }
  for (const note of result.notes) say(`  note: ${note}`);
  say(`report: ${join(directory, "report.html")}`);
  const wrong = complaint(result, expectationOf(plan, readExpectations()));
  if (wrong === null) return 0;
  say(`WRONG: ${wrong}`);
  return 1;
}

async function comparison(network: Wires): Promise<number> {
  const directory = resolve(values.directory, `${stamp()}-compare`);
  mkdirSync(directory, { recursive: true });
  const seed = natural("seed", values.seed);
  const wrong = await compare({ directory, network, seed, only: new RegExp(values.only) }, say);
  say(`report: ${join(directory, "index.html")}`);
  if (wrong > 0) say(`${wrong} not as EXPECTATIONS.md says`);
  return wrong > 0 ? 1 : 0;
}

async function wholeMatrix(network: Wires): Promise<number> {
  if (values.out === undefined) throw new Error("matrix needs --out FILE");
  const seeds = natural("seeds", values.seeds);
  const first = natural("seed", values.seed);
  const wrong = await matrix(
    {
      out: resolve(values.out),
      directory: resolve(values.directory, "matrix"),
      network,
      target: targetName(),
      nodes: natural("nodes", values.nodes),
      seconds: natural("seconds", values.seconds),
      seeds: Array.from({ length: seeds }, (_, at) => first + at),
      only: new RegExp(values.only),
      faults: values.faults?.split(" ") ?? MATRIX_FAULTS,
      workloads: values.workloads === undefined ? MATRIX_WORKLOADS : names(values.workloads),
      budgetMs: values.budget === undefined ? Infinity : 1_000 * natural("budget", values.budget),
    },
    say,
  );
  if (values.page !== undefined) {
    writeMatrixPage(resolve(values.page), [...linesOf(resolve(values.out)).values()]);
  }
  if (wrong > 0) say(`${wrong} not as they must be`);
  return wrong > 0 ? 1 : 0;
}

function list(capabilities: Capabilities): number {
  say("targets");
  for (const { name, title, lacks } of targets.values()) {
    const missing = lacks(capabilities);
    say(`  ${name.padEnd(20)} ${title}${missing === null ? "" : `   NOT HERE: ${missing}`}`);
  }
  say("workloads");
  for (const { name, summary } of workloads.values()) say(`  ${name.padEnd(20)} ${summary}`);
  say(`faults\n  ${[...faults.keys()].join(" ")}`);
  say("this machine");
  for (const [name, value] of Object.entries(capabilities)) {
    say(`  ${name.padEnd(20)} ${value === true ? "yes" : `no: ${String(value)}`}`);
  }
  return 0;
}

function targetName(): string {
  const name = ALIASES[values.target] ?? values.target;
  known(targets, name, "target");
  return name;
}

function names(text: string): string[] {
  return text.split(",").filter((name) => name !== "");
}

function natural(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${name} is a whole number above 0, not ${text}`);
}

/** Of now, as a name of files. */
function stamp(): string {
  return new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
