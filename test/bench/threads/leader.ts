/** Processor time of a leader by its threads, in a cluster of three. */

import { assertSound, runLoad } from "../load-generator.js";
import type { Target } from "../targets/target.js";
import { type Load, planOf } from "./front.js";
import { taken, takenByAll, timesOf } from "./thread-time.js";

/** Microseconds a command. */
export interface LeaderFigures {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly main: number;
  /** LevelDB and its syncs, collections of garbage, the thread that keeps a busy leader. */
  readonly others: number;
}

export async function measureLeader(
  target: Target,
  load: Load,
  seconds: number,
): Promise<LeaderFigures> {
  const port = await target.port();
  const { pid } = target.processes().find((each) => each.port === port)!;
  let before = timesOf(pid);
  let after = before;
  const figures = await runLoad(
    planOf(load, [port], seconds),
    () => {
      before = timesOf(pid);
    },
    () => {
      after = timesOf(pid);
    },
  );
  assertSound(figures);
  const { operations, perSecond, p50Us } = figures;
  const main = taken(before, after, pid);
  const each = (nanoseconds: number): number => nanoseconds / 1000 / operations;
  return { perSecond, p50Us, main: each(main), others: each(takenByAll(before, after) - main) };
}
