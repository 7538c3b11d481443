/**
 * The stories of the comparison, each with the same timing for every target: some seconds of calm, one thing goes
 * wrong, it is taken back, some seconds behind it.
 */

import { faults } from "../nemesis/faults.js";
import { Random } from "../random.js";
import type { Stage } from "./stage.js";

export interface Scenario {
  readonly name: string;
  /** One line, as a reader of the comparison sees it. */
  readonly title: string;
  /** Of load. */
  readonly seconds: number;
  /** Faults of the table that it uses: what nodes have to be started with follows from them. */
  readonly strikes: readonly string[];
  readonly workload: "writes" | "large-writes";
  play(stage: Stage): Promise<void>;
}

/** Seconds before anything goes wrong: a loss is told as a share of all, so there has to be something before it. */
const CALM = 5;
/** Seconds of a cut, of a process's absence, and of load behind them. */
const CUT = 10;
const AWAY = 5;
const BEHIND = 2;

/** Drawn of nothing: every target sees the same. */
async function strike(stage: Stage, name: string): Promise<void> {
  const fault = faults.get(name);
  if (fault === undefined) throw new Error(`there is no fault ${name}`);
  const unavailable = fault.unavailable(stage.cluster);
  if (unavailable !== null) throw new Error(`${name}: ${unavailable}`);
  await stage.strike(name, () => fault.begin(stage.cluster, new Random(1)));
}

const all: readonly Scenario[] = [
  {
    name: "leader-cut-off",
    title: "The leader is cut off from all other nodes for 10 s; clients reach every node",
    seconds: CALM + CUT + BEHIND,
    strikes: ["partition:isolate-leader"],
    workload: "writes",
    play: async (stage) => {
      await stage.wait(CALM);
      await strike(stage, "partition:isolate-leader");
      await stage.wait(CUT);
    },
  },
  {
    name: "leader-and-one",
    title: "The leader and one other of five are cut off from the rest for 10 s",
    seconds: CALM + CUT + BEHIND,
    strikes: ["partition:leader-and-one"],
    workload: "writes",
    play: async (stage) => {
      await stage.wait(CALM);
      await strike(stage, "partition:leader-and-one");
      await stage.wait(CUT);
    },
  },
  {
    name: "follower-killed",
    title: "One follower is killed and stays away",
    seconds: CALM + CUT + BEHIND,
    strikes: [],
    workload: "writes",
    play: async (stage) => {
      await stage.wait(CALM);
      const [follower] = stage.others(await stage.leader());
      await stage.begin({
        name: "kill",
        text: `node ${follower!.id} (follower) killed`,
        begin: () => follower!.stop("SIGKILL"),
        end: () => follower!.start(),
      });
      // To the end of the load: what is not acknowledged meanwhile never is.
      await stage.wait(CUT + BEHIND);
    },
  },
  {
    name: "leader-killed",
    title: "The leader's process is killed (SIGKILL) and comes back after 5 s",
    seconds: CALM + AWAY + 3 * BEHIND,
    strikes: ["kill:leader"],
    workload: "writes",
    play: async (stage) => {
      await stage.wait(CALM);
      await strike(stage, "kill:leader");
      await stage.wait(AWAY);
    },
  },
  {
    name: "leader-killed-behind-narrow-link",
    title: "Its links carry 400 kbit/s when the leader's process is killed",
    seconds: CALM + AWAY + 3 * BEHIND,
    strikes: ["throttle:leader", "kill:leader"],
    workload: "large-writes",
    play: async (stage) => {
      await strike(stage, "throttle:leader");
      await stage.wait(CALM);
      await strike(stage, "kill:leader");
      await stage.wait(AWAY);
    },
  },
  {
    name: "leader-restarted-at-once",
    title: "The leader's process is killed and started again at once",
    seconds: CALM + AWAY + 3 * BEHIND,
    strikes: ["kill-restart:leader"],
    workload: "writes",
    play: async (stage) => {
      await stage.wait(CALM);
      await strike(stage, "kill-restart:leader");
      await stage.endAll();
      await stage.wait(AWAY);
    },
  },
  {
    name: "power-loss",
    title: "All nodes lose power at once",
    seconds: CALM + AWAY + 3 * BEHIND,
    strikes: ["power-loss:all"],
    workload: "writes",
    play: async (stage) => {
      await stage.wait(CALM);
      await strike(stage, "power-loss:all");
      await stage.endAll();
      await stage.wait(AWAY);
    },
  },
];

export const scenarios: ReadonlyMap<string, Scenario> = new Map(
  all.map((scenario) => [scenario.name, scenario]),
);
