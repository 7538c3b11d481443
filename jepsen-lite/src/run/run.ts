/**
 * One run from beginning to end:
 *
 *   cluster -> prepared, level -> load + faults -> healed, settled, level -> closing and final reads, digests
 *           -> verdicts -> history.jsonl, result.json, report.html
 *
 * Whatever the harness itself fails at is written into the history and makes the run invalid; a cluster that does not
 * become whole again is an anomaly of the cluster.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { availability, isService } from "../checkers/availability.js";
import { digests } from "../checkers/digests.js";
import { recovery } from "../checkers/recovery.js";
import type { Checker } from "../checkers/verdict.js";
import type { Cluster } from "../cluster/cluster.js";
import { startCluster } from "../cluster/start-cluster.js";
import type { TargetDescription } from "../cluster/target.js";
import { targets } from "../cluster/targets.js";
import type { Microseconds } from "../history/event.js";
import { type History, historyOf } from "../history/history.js";
import { Recorder } from "../history/recorder.js";
import { faults, needsOf } from "../nemesis/faults.js";
import { Nemesis } from "../nemesis/nemesis.js";
import { Random } from "../random.js";
import { runReport } from "../report/run-report.js";
import type { Setting, WorkloadRun } from "../workloads/workload.js";
import { workloads } from "../workloads/workloads.js";
import { writesProbe } from "../workloads/writes.js";
import { compareDigests, insist, level, prepare, readEverything } from "./closing.js";
import { COMEBACK_TIMEOUT_MS, EPISODES_MIN, LOOK_MS, TAIL_MS } from "./constants.js";
import { Clients, load } from "./load.js";
import { commit, machine } from "./machine.js";
import { Progress } from "./progress.js";
import type { RunPlan, RunResult } from "./run-result.js";
import type { Scenario } from "./scenarios.js";
import { Stage } from "./stage.js";
import { summarize } from "./summary.js";

export interface RunOptions {
  /** `namespaces`: the process is in them already. */
  readonly network: "namespaces" | "proxies";
  /** In place of faults at random. */
  readonly scenario?: Scenario;
  /** What was asked for and is not available here, and what stands in for it. */
  readonly notes?: readonly string[];
}

/** A fault that was asked for cannot be done on this machine or to this target. */
export class FaultUnavailable extends Error {
  override readonly name = "FaultUnavailable";
}

/**
 * Makes `directory`, which must not exist, and leaves history.jsonl, result.json and report.html in it. Throws only
 * when there is nothing to tell of: FaultUnavailable, or no cluster came to be.
 */
export async function run(
  plan: RunPlan,
  directory: string,
  progress: (line: string) => void,
  options: RunOptions = { network: "proxies" },
): Promise<RunResult> {
  const target = known(targets, plan.target, "target");
  mkdirSync(directory, { recursive: true });
  const startedAt = new Date().toISOString();
  const cluster = await startCluster({
    target: plan.target,
    nodes: plan.nodes,
    directory: join(directory, "cluster"),
    network: options.network,
    settings: plan.settings ?? [],
    seed: plan.seed,
    ...needsOf(options.scenario?.strikes ?? plan.faults),
  });
  let played: Played;
  try {
    if (options.scenario === undefined) refuseUnavailable(plan, cluster);
    played = await new RunInProgress(plan, directory, progress, options, target, cluster).play();
  } finally {
    await cluster.stop();
  }
  const { history, checkers, loadEndedAt, notes } = played;
  progress("checking");
  const [checkout, software] = await Promise.all([commit(), versionOf(target)]);
  const result = summarize(
    history,
    checkers.map((checker) => checker(history)),
    {
      plan,
      commit: checkout,
      software,
      machine: machine(),
      startedAt,
      notes: [...(options.notes ?? []), ...notes],
      episodesMin: options.scenario !== undefined ? 1 : plan.faults.length > 0 ? EPISODES_MIN : 0,
      loadEndedAt,
    },
  );
  writeFileSync(join(directory, "result.json"), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(directory, "report.html"), runReport(result, history));
  return result;
}

const versions = new Map<string, string>();

/** Asked for once: it is told by starting the software. */
async function versionOf({ name, version }: TargetDescription): Promise<string> {
  const told = versions.get(name) ?? (await version());
  versions.set(name, told);
  return told;
}

function refuseUnavailable(plan: RunPlan, cluster: Cluster): void {
  for (const name of plan.faults) {
    const reason = known(faults, name, "fault").unavailable(cluster);
    if (reason !== null) throw new FaultUnavailable(`${name}: ${reason}`);
  }
}

export function known<T>(table: ReadonlyMap<string, T>, name: string, what: string): T {
  const found = table.get(name);
  if (found !== undefined) return found;
  throw new Error(`no ${what} is called ${name}; there are: ${[...table.keys()].join(", ")}`);
}

interface Played {
  readonly history: History;
  readonly checkers: readonly Checker[];
  readonly loadEndedAt: Microseconds;
  readonly notes: readonly string[];
}

class RunInProgress {
  readonly #plan: RunPlan;
  readonly #options: RunOptions;
  readonly #target: TargetDescription;
  readonly #cluster: Cluster;
  readonly #random: Random;
  readonly #recorder: Recorder;
  readonly #clients: Clients;
  readonly #parts: readonly WorkloadRun[];
  readonly #progress: Progress;
  readonly #unlisted = new Map<string, number>();
  readonly #notes: string[] = [];
  /** When an operation succeeded last, and when the last fault was taken back. */
  #servedAt: Microseconds = 0;
  #healedAt: Microseconds = 0;

  constructor(
    plan: RunPlan,
    directory: string,
    progress: (line: string) => void,
    options: RunOptions,
    target: TargetDescription,
    cluster: Cluster,
  ) {
    this.#plan = plan;
    this.#options = options;
    this.#target = target;
    this.#cluster = cluster;
    this.#random = new Random(plan.seed);
    const setting: Setting = {
      nodes: cluster.nodes.map(({ id }) => id),
      random: this.#random.fork(),
    };
    const workload = known(workloads, plan.workload, "workload");
    const own = workload.start(setting);
    this.#parts = workload.name.endsWith("writes") ? [own] : [own, writesProbe()];
    this.#progress = new Progress(progress);
    this.#recorder = new Recorder({
      path: join(directory, "history.jsonl"),
      onEvent: (event) => {
        this.#progress.see(event);
        if (event.type === "ok" && isService(event.op)) this.#servedAt = event.time;
      },
    });
    this.#clients = new Clients({
      cluster,
      traits: target,
      recorder: this.#recorder,
      random: this.#random.fork(),
      onUnlisted: (error) => {
        const start = error.slice(0, 80);
        this.#unlisted.set(start, (this.#unlisted.get(start) ?? 0) + 1);
      },
    });
  }

  async play(): Promise<Played> {
    await this.#before();
    const loadEndedAt = await this.#underLoad();
    const whole = await this.#healed();
    await this.#after(whole);
    await this.#recorder.close();
    for (const [error, count] of this.#unlisted) {
      this.#notes.push(`${count} answers that the error table does not list: ${error}`);
    }
    return {
      history: historyOf(this.#recorder.events),
      checkers: this.#checkers(loadEndedAt, whole),
      loadEndedAt,
      notes: this.#notes,
    };
  }

  async #before(): Promise<void> {
    await this.#cluster.settled();
    for (const { prepare: commands = [] } of this.#parts) await prepare(commands, this.#clients);
    const late = await level(this.#cluster, this.#clients, "before");
    if (late.length > 0) throw new Error(`before anything happened nodes ${late} were not level`);
  }

  /** When it ended. */
  async #underLoad(): Promise<Microseconds> {
    this.#progress.start();
    const ends = new AbortController();
    const plans = this.#parts.flatMap(({ clients }) => clients);
    const loading = load(plans, this.#clients, this.#recorder, ends.signal);
    const until = performance.now() + this.#plan.seconds * 1_000;
    try {
      await this.#faults();
    } catch (error) {
      this.#recorder.failure("faults", error);
    }
    this.#healedAt = this.#recorder.time;
    // A fault may take longer to be taken back than was planned; what comes behind it belongs to the run.
    await sleep(Math.max(0, until - performance.now()));
    const isCalm = this.#plan.faults.length === 0 && this.#options.scenario === undefined;
    if (!isCalm) await this.#comeback();
    const endedAt = this.#recorder.time;
    ends.abort();
    await loading;
    this.#progress.stop();
    return endedAt;
  }

  /** Behind the last fault: until clients are served again, and a while longer. */
  async #comeback(): Promise<void> {
    const until = performance.now() + COMEBACK_TIMEOUT_MS;
    while (this.#servedAt < this.#healedAt && performance.now() < until) await sleep(LOOK_MS);
    const rest = this.#healedAt + TAIL_MS * 1_000 - this.#recorder.time;
    await sleep(Math.max(0, rest / 1_000));
  }

  async #faults(): Promise<void> {
    const { scenario } = this.#options;
    if (scenario !== undefined) {
      const stage = new Stage(this.#cluster, this.#recorder);
      try {
        await scenario.play(stage);
      } finally {
        await stage.endAll();
      }
      return;
    }
    if (this.#plan.faults.length === 0) return;
    const chosen = this.#plan.faults.map((name) => known(faults, name, "fault"));
    const nemesis = new Nemesis(this.#cluster, chosen, this.#random.fork(), (event) =>
      this.#recorder.fault(event),
    );
    await nemesis.run(Math.max(1, this.#plan.seconds - TAIL_MS / 1_000));
  }

  /** Null: the cluster is whole again; else what is missing. */
  async #healed(): Promise<string | null> {
    this.#progress.say("settling");
    try {
      await this.#cluster.settled();
      const late = await level(this.#cluster, this.#clients, "after");
      return late.length === 0 ? null : `nodes ${late.join(", ")} never showed the last write`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #after(missing: string | null): Promise<void> {
    this.#progress.say("reading everything on every node");
    if (missing === null) {
      const client = this.#clients.leading();
      try {
        for (const step of this.#parts.flatMap(({ closing }) => closing?.() ?? [])) {
          await insist("closing read", client, step);
        }
      } catch (error) {
        this.#recorder.failure("closing", error);
      }
      client.leave();
    }
    const reads = this.#parts.flatMap(({ finalReads }) => finalReads());
    await readEverything(this.#cluster, this.#recorder, reads);
    if (this.#target.software === "redoubt") await compareDigests(this.#cluster, this.#recorder);
  }

  #checkers(loadEndedAt: Microseconds, missing: string | null): Checker[] {
    const own = new Set(this.#parts.flatMap(({ checkers }) => checkers));
    const compared = this.#target.software === "redoubt" ? [digests] : [];
    return [...own, ...compared, recovery(missing), availability(loadEndedAt)];
  }
}
