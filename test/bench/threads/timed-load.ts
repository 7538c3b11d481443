/** A load, and the processor time that the threads of its server took for it. */

import { assertSound, type LoadFigures, type LoadPlan, runLoad } from "../load-generator.js";
import { taken, takenByAll, timesOf } from "./thread-time.js";

export interface TimedLoad {
  readonly figures: LoadFigures;
  /** Microseconds a command: of one thread, and of all. */
  readonly ofThread: (thread: number) => number;
  readonly ofAll: number;
}

export async function runTimedLoad(pid: number, plan: LoadPlan): Promise<TimedLoad> {
  let before = timesOf(pid);
  let after = before;
  const figures = await runLoad(
    plan,
    () => {
      before = timesOf(pid);
    },
    () => {
      after = timesOf(pid);
    },
  );
  assertSound(figures);
  const each = (nanoseconds: number): number => nanoseconds / 1000 / figures.operations;
  return {
    figures,
    ofThread: (thread) => each(taken(before, after, thread)),
    ofAll: each(takenByAll(before, after)),
  };
}
