/** The nemesis with several faults at once, and that everything is well behind it. */

import type { FaultEvent } from "../../history/event.js";
import { faults } from "../faults.js";
import { Nemesis } from "../nemesis.js";
import { type Check, must, say } from "./look.js";

const asked = [
  ...["kill", "pause", "partition", "delay", "loss", "power-loss", "clock-jump", "slow-cpu"],
  ...["fsync-delay", "disk-full", "snapshot", "transfer", "wipe", "membership", "kill-restart"],
];
const SECONDS = 40;

export const nemesisChecks: readonly Check[] = [
  {
    name: "nemesis",
    act: async (cluster, random) => {
      const chosen = asked
        .map((name) => faults.get(name)!)
        .filter((fault) => fault.unavailable(cluster) === null);
      const events: FaultEvent[] = [];
      const nemesis = new Nemesis(cluster, chosen, random, (event) => {
        events.push(event);
        const { id, phase, text } = event.value;
        say("", `  ${(event.time / 1e6).toFixed(1)} s ${phase}`, `${id} ${event.op}: ${text}`);
      });
      await nemesis.run(SECONDS);
      const count = (phase: string): number =>
        events.filter(({ value }) => value.phase === phase).length;
      must(count("failed") === 0 && count("begin") === count("end"), `${count("failed")} failed`);
      must(count("begin") >= 3, `${count("begin")} episodes`);
      return `${count("begin")} episodes, none failed`;
    },
  },
];
