/** INFO stats: what this node's event loop was busy with, how late it came, and why. docs/reference/event-loop.md. */

import type { Delays } from "../event-loop/delays.js";
import type { EventLoopMeter } from "../event-loop/event-loop-meter.js";
import { GC_KINDS } from "../event-loop/gc-pauses.js";
import { causeOf, ownCauseOf, type Stall, turnsMs } from "../event-loop/stall.js";

type Line = readonly [name: string, value: string | number];

export function eventLoopLines(meter: EventLoopMeter): Line[] {
  const { delays, ownDelays, turns } = meter;
  return [
    ["eventloop_cycles", meter.cycles],
    ["eventloop_duration_sum", microseconds(meter.activeMs)],
    ["eventloop_duration_cmd_sum", microseconds(meter.turns.commandsMs)],
    ["instantaneous_eventloop_cycles_per_sec", Math.round(meter.cyclesPerSecond)],
    ["instantaneous_eventloop_duration_usec", microseconds(meter.activeMsPerCycle)],
    ...delayLines("eventloop_delay", delays, causeOf),
    ...(ownDelays === null ? [] : delayLines("eventloop_own_delay", ownDelays, ownCauseOf)),
    ["eventloop_turn_max", `ms=${turns.longest.ms.toFixed(3)},part=${turns.longest.part}`],
    ...GC_KINDS.map((kind): Line => {
      const { pauses, ms, maxMs } = meter.gc.counts[kind];
      return [`gc_${kind}`, `pauses=${pauses},ms=${ms.toFixed(3)},max_ms=${maxMs.toFixed(3)}`];
    }),
  ];
}

function delayLines(name: string, delays: Delays, cause: (stall: Stall) => string): Line[] {
  const { worst } = delays;
  return [
    [`${name}_p50_ms`, delays.at(50).toFixed(3)],
    [`${name}_p99_ms`, delays.at(99).toFixed(3)],
    [`${name}_p999_ms`, delays.at(99.9).toFixed(3)],
    [`${name}_max_ms`, delays.longestMs.toFixed(3)],
    [`${name}_max_seen_at_ms`, worst?.seenAtMs ?? 0],
    [`${name}_max_cause`, worst === null ? "none" : cause(worst)],
    [`${name}_max_during`, worst === null ? "" : during(worst)],
  ];
}

function during({ thread, gc, turns, snapshotMs, snapshotUnderWay }: Stall): string {
  const times: Record<string, number> = {
    ...(thread === null ? {} : { running_ms: thread.runningMs, no_cpu_ms: thread.noCpuMs }),
    gc_ms: gc.ms,
    turns_ms: turnsMs(turns),
    snapshot_ms: snapshotMs,
  };
  const told = Object.entries(times).map(([name, ms]) => `${name}=${ms.toFixed(3)}`);
  return [...told, `snapshot_under_way=${snapshotUnderWay ? 1 : 0}`].join();
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}
