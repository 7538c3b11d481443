import { type RunOptions, run } from "../../../sim/run.js";
import type { Case, Question } from "../question.js";

const SEED = 7;
/** Of clients and faults; what follows until all is level again counts as well. */
const DURATION_MS = 1000;

export const question: Question = {
  asks: "What does a simulated second cost, three nodes and their clients?",
  cases: [playing("nothing goes wrong", { only: [] }), playing("under the seed's faults", {})],
};

/** The same history each time: virtual seconds are the seed's. */
function playing(name: string, faults: Pick<RunOptions, "only">): Case {
  const options = { seed: SEED, nodes: 3, durationMs: DURATION_MS, ...faults };
  return {
    name,
    unit: "simulated second",
    prepare: () => () => {
      const { violation, virtualMs } = run(options);
      if (violation !== null) throw violation;
      return virtualMs / 1000;
    },
  };
}
