/** Processor time by thread, in nanoseconds, as Linux's scheduler counts it. */

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** By thread. */
export type ThreadTimes = ReadonlyMap<number, number>;

/** Of the thread that calls. */
export function ownThread(): number {
  return Number(readlinkSync("/proc/thread-self").split("/").at(-1));
}

export function timesOf(pid: number): ThreadTimes {
  const folder = `/proc/${pid}/task`;
  const threads = readdirSync(folder).map(Number);
  return new Map(
    threads.map((thread) => [
      thread,
      Number(readFileSync(`${folder}/${thread}/schedstat`, "utf8").split(" ")[0]),
    ]),
  );
}

/** What a thread took between two looks. */
export function taken(before: ThreadTimes, after: ThreadTimes, thread: number): number {
  return (after.get(thread) ?? 0) - (before.get(thread) ?? 0);
}

/** What all threads took together. */
export function takenByAll(before: ThreadTimes, after: ThreadTimes): number {
  let sum = 0;
  for (const thread of after.keys()) sum += taken(before, after, thread);
  return sum;
}
