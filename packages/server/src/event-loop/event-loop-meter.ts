/**
 * How late the event loop comes to what is due, and why it came latest. One timer tells both, so that they agree: it
 * looks every `lookMs`, and the delay is what it came later. A stall is one delay, however long it is.
 *
 *   look ----- lookMs ----- due ------- delay ------- look
 *        |<-- what ran in between explains the delay ->|
 *
 * What is left of a delay without the time in which the thread had no processor is this process's own: it says more
 * about the code where there is more work than processors.
 *
 * Not a profiler: it says which part of the process to look at.
 */

import { performance } from "node:perf_hooks";
import { housekeepingMs } from "../gateway/constants.js";
import { Rate } from "../gateway/stats.js";
import { lookMs } from "./constants.js";
import { Delays } from "./delays.js";
import { GcPauses } from "./gc-pauses.js";
import { ThreadClock, type ThreadTime } from "./thread-time.js";
import { TurnTimes } from "./turn-times.js";

export interface MeterPorts {
  /** `performance.now()`: pauses of the collector are told on its clock. */
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
  readonly threadTime: () => ThreadTime | null;
  /** The event loop's time for snapshots so far, and whether one is being made. */
  readonly snapshots: () => { readonly servingMs: number; readonly underWay: boolean };
}

export class EventLoopMeter {
  readonly turns: TurnTimes;
  readonly gc = new GcPauses();
  readonly delays = new Delays(this.gc);
  /** Without the time in which the thread had no processor. */
  readonly #ownDelays = new Delays(this.gc);
  readonly #ports: MeterPorts;
  readonly #cyclesRate = new Rate();
  readonly #activeRate = new Rate();
  /** At the last look. */
  #lastMs: number;
  #thread: ThreadTime | null;
  #snapshotServingMs: number;
  #sampledMs = 0;
  /** At the last reset. */
  #cyclesBefore = 0;
  #activeBeforeMs = 0;

  constructor(ports: MeterPorts) {
    this.#ports = ports;
    this.turns = new TurnTimes(ports.monotonicMs);
    this.#lastMs = ports.monotonicMs();
    this.#thread = ports.threadTime();
    this.#snapshotServingMs = ports.snapshots().servingMs;
  }

  /** Looks by itself. Returns how it ends. */
  start(): () => void {
    this.gc.start();
    this.#lastMs = this.#ports.monotonicMs();
    const timer = setInterval(() => this.look(), lookMs).unref();
    return () => {
      clearInterval(timer);
      this.gc.stop();
    };
  }

  look(): void {
    const { monotonicMs, threadTime, snapshots } = this.#ports;
    const nowMs = monotonicMs();
    const thread = threadTime();
    const { servingMs, underWay } = snapshots();
    const ms = Math.max(0, nowMs - this.#lastMs - lookMs);
    const used = difference(thread, this.#thread);
    const ownMs = used === null ? 0 : Math.max(0, ms - used.noCpuMs);
    const isLongest = this.delays.record(ms);
    const isLongestOwn = this.#ownDelays.record(ownMs);
    if (isLongest || isLongestOwn) {
      const stall = {
        ms,
        seenAtMs: this.#ports.wallMs(),
        thread: used,
        turns: { ...this.turns.recent },
        snapshotMs: servingMs - this.#snapshotServingMs,
        snapshotUnderWay: underWay,
      };
      const open = { stall, fromMs: this.#lastMs, toMs: nowMs };
      if (isLongest) this.delays.keep(open);
      if (isLongestOwn) this.#ownDelays.keep(open);
    }
    this.gc.forgetBefore(this.#lastMs);
    this.turns.look();
    this.#lastMs = nowMs;
    this.#thread = thread;
    this.#snapshotServingMs = servingMs;
    if (nowMs - this.#sampledMs < housekeepingMs) return;
    this.#sampledMs = nowMs;
    this.#cyclesRate.sample(nowMs, this.cycles);
    this.#activeRate.sample(nowMs, this.activeMs);
  }

  /** null: this system does not tell. */
  get ownDelays(): Delays | null {
    return this.#thread === null ? null : this.#ownDelays;
  }

  /** Passes of the event loop since the last reset. */
  get cycles(): number {
    return performance.nodeTiming.uvMetricsInfo.loopCount - this.#cyclesBefore;
  }

  /** Milliseconds since the last reset in which the event loop did not wait for something to happen. */
  get activeMs(): number {
    return performance.eventLoopUtilization().active - this.#activeBeforeMs;
  }

  get cyclesPerSecond(): number {
    return this.#cyclesRate.perSecond();
  }

  /** Milliseconds, of the last two seconds. */
  get activeMsPerCycle(): number {
    const cycles = this.cyclesPerSecond;
    return cycles === 0 ? 0 : this.#activeRate.perSecond() / cycles;
  }

  reset(): void {
    this.delays.reset();
    this.#ownDelays.reset();
    this.turns.reset();
    this.gc.reset();
    this.#cyclesBefore += this.cycles;
    this.#activeBeforeMs += this.activeMs;
    this.#cyclesRate.reset();
    this.#activeRate.reset();
  }
}

export function meterOfThisThread(
  ports: Pick<MeterPorts, "monotonicMs" | "wallMs" | "snapshots">,
): { readonly meter: EventLoopMeter; readonly close: () => void } {
  const clock = new ThreadClock();
  const meter = new EventLoopMeter({ ...ports, threadTime: () => clock.read() });
  const stop = meter.start();
  return {
    meter,
    close: () => {
      stop();
      clock.close();
    },
  };
}

function difference(now: ThreadTime | null, before: ThreadTime | null): ThreadTime | null {
  if (now === null || before === null) return null;
  return {
    runningMs: now.runningMs - before.runningMs,
    noCpuMs: now.noCpuMs - before.noCpuMs,
  };
}
