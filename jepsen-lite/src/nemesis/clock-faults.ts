/** Wall clocks that are set, or run wrong. Monotonic ones go on: no machine's kernel lets anybody set those. */

import type { ProcessCluster } from "../cluster/process-cluster.js";
import { CLOCK_DRIFTS_PPM, CLOCK_JUMPS_MS } from "./constants.js";
import type { Kind } from "./kinds.js";
import { drawAny, named, type Whom } from "./strike.js";

const everybody: readonly Whom[] = ["leader", "one", "minority", "majority", "all"];

/** Set by some time, there or back; right again at the end, which is another jump. */
export const clockJump: Kind<Whom> = {
  name: "clock-jump",
  variants: everybody,
  unavailable: noShim,
  begin: async (cluster, random, whom) => {
    const struck = await drawAny(cluster, whom, random);
    const ms = random.pick(CLOCK_JUMPS_MS);
    for (const { clock } of struck) clock?.jump(ms);
    const way = ms > 0 ? "forward" : "back";
    const text = `clock of ${await named(cluster, struck)} set ${way} by ${Math.abs(ms) / 1000} s`;
    return { text, end: async () => setRight(struck) };
  },
};

/** Runs fast or slow; right again at the end, which is a jump by what it had gained or lost. */
export const clockDrift: Kind<Whom> = {
  name: "clock-drift",
  variants: everybody,
  unavailable: noShim,
  begin: async (cluster, random, whom) => {
    const struck = await drawAny(cluster, whom, random);
    const ppm = random.pick(CLOCK_DRIFTS_PPM);
    for (const { clock } of struck) clock?.drift(ppm);
    const way = ppm > 0 ? "fast" : "slow";
    const percent = Math.abs(ppm) / 10_000;
    const text = `clock of ${await named(cluster, struck)} runs ${percent} % too ${way}`;
    return { text, end: async () => setRight(struck) };
  },
};

function noShim({ nodes }: ProcessCluster): string | null {
  if (nodes.every(({ clock }) => clock !== null)) return null;
  return "the servers run without the clock shim";
}

function setRight(nodes: ProcessCluster["nodes"]): void {
  for (const { clock } of nodes) clock?.reset();
}
