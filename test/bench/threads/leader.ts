/** Processor time of a leader by its threads, in a cluster of three. */

import type { Target } from "../targets/target.js";
import { type Load, planOf } from "./front.js";
import { runTimedLoad } from "./timed-load.js";

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
  const { figures, ofThread, ofAll } = await runTimedLoad(pid, planOf(load, [port], seconds));
  const main = ofThread(pid);
  const { perSecond, p50Us } = figures;
  return { perSecond, p50Us, main, others: ofAll - main };
}
