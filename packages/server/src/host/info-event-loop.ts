/** INFO stats: what this node's event loop was busy with, how late it came, and why. docs/reference/event-loop.md. */

import type { EventLoopMeter } from "../event-loop/event-loop-meter.js";
import { GC_KINDS } from "../event-loop/gc-pauses.js";
import { causeOf, type Stall, turnsMs } from "../event-loop/stall.js";

type Line = readonly [name: string, value: string | number];

export function eventLoopLines(meter: EventLoopMeter): Line[] {
  const { worst } = meter;
  const { longest } = meter.turns;
  return [
    ["eventloop_cycles", meter.cycles],
    ["eventloop_duration_sum", microseconds(meter.activeMs)],
    ["eventloop_duration_cmd_sum", microseconds(meter.turns.commandsMs)],
    ["instantaneous_eventloop_cycles_per_sec", Math.round(meter.cyclesPerSecond)],
    ["instantaneous_eventloop_duration_usec", microseconds(meter.activeMsPerCycle)],
    ["eventloop_delay_p50_ms", meter.delayMs(50).toFixed(3)],
    ["eventloop_delay_p99_ms", meter.delayMs(99).toFixed(3)],
    ["eventloop_delay_p999_ms", meter.delayMs(99.9).toFixed(3)],
    ["eventloop_delay_max_ms", (worst?.ms ?? 0).toFixed(3)],
    ["eventloop_delay_max_seen_at_ms", worst?.seenAtMs ?? 0],
    ["eventloop_delay_max_cause", worst === null ? "none" : causeOf(worst)],
    ...(worst === null ? [] : [during(worst)]),
    ["eventloop_turn_max", `ms=${longest.ms.toFixed(3)},part=${longest.part}`],
    ...GC_KINDS.map((kind): Line => {
      const { pauses, ms, maxMs } = meter.gc.counts[kind];
      return [`gc_${kind}`, `pauses=${pauses},ms=${ms.toFixed(3)},max_ms=${maxMs.toFixed(3)}`];
    }),
  ];
}

function during({ thread, gc, turns, snapshotMs, snapshotUnderWay }: Stall): Line {
  const times: Record<string, number> = {
    ...(thread === null ? {} : { running_ms: thread.runningMs, no_cpu_ms: thread.noCpuMs }),
    gc_ms: gc.ms,
    turns_ms: turnsMs(turns),
    snapshot_ms: snapshotMs,
  };
  const told = Object.entries(times).map(([name, ms]) => `${name}=${ms.toFixed(3)}`);
  const value = [...told, `snapshot_under_way=${snapshotUnderWay ? 1 : 0}`].join();
  return ["eventloop_delay_max_during", value];
}

function microseconds(ms: number): number {
  return Math.round(ms * 1000);
}
