import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { KeepaliveLoop } from "./keepalive-loop.js";
import { type LeaderView, SharedLeaderState } from "./shared-state.js";

function loopSeeing(seen: LeaderView | null) {
  const sent: number[] = [];
  const loop = new KeepaliveLoop({
    heartbeatIntervalMs: 50,
    busyLeaderMaxMs: 10_000,
    view: () => seen,
    send: (term) => sent.push(term),
  });
  loop.tick();
  return sent;
}

describe("the keep-alive thread", () => {
  test("repeats the led term while the event loop stands still", () => {
    expect(loopSeeing({ term: 7, stillMs: 100 })).toEqual([7]);
    expect(loopSeeing({ term: 7, stillMs: 9_999 })).toEqual([7]);
  });

  test("says nothing while the event loop speaks for itself, or does not lead", () => {
    expect(loopSeeing({ term: 7, stillMs: 99 })).toEqual([]);
    expect(loopSeeing({ term: 0, stillMs: 500 })).toEqual([]);
    expect(loopSeeing(null)).toEqual([]);
  });

  test("trap-39: an event loop that stands still too long is dead, and its heartbeats with it", () => {
    expect(loopSeeing({ term: 7, stillMs: 10_000 })).toEqual([]);
    expect(loopSeeing({ term: 7, stillMs: 1e9 })).toEqual([]);
  });
});

describe("the state shared with it", () => {
  test("carries terms of any size, and none after leadership", () => {
    const state = new SharedLeaderState();
    const reader = new SharedLeaderState(state.buffer);
    for (const term of [1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 0]) {
      state.lead(term);
      expect(reader.view()?.term).toBe(term);
    }
  });

  test("a term is never read half written, and the clock is the same in every thread", async () => {
    const state = new SharedLeaderState();
    state.beat();
    // High and low half always agree: whatever mixes two terms does not have this form.
    const pair = (n: number): number => n * 2 ** 32 + n;
    const body = `
      const { parentPort, workerData } = require("node:worker_threads");
      const slots = new Int32Array(workerData);
      parentPort.postMessage("ready");
      for (let n = 0; Atomics.load(slots, 4) === 0; n = (n + 1) % 1000) {
        Atomics.add(slots, 0, 1);
        Atomics.store(slots, 1, n);
        Atomics.store(slots, 2, n);
        Atomics.add(slots, 0, 1);
      }
      const [seconds, nanoseconds] = process.hrtime();
      Atomics.store(slots, 3, (seconds * 1000 + Math.floor(nanoseconds / 1e6)) | 0);
      parentPort.postMessage("done");
    `;
    const buffer = new SharedArrayBuffer(20);
    const reader = new SharedLeaderState(buffer);
    const worker = new Worker(body, { eval: true, workerData: buffer });
    const said = async (): Promise<unknown> =>
      new Promise((resolve) => worker.once("message", resolve));
    await said();
    let seen = 0;
    for (let i = 0; i < 200_000; i++) {
      const view = reader.view();
      if (view === null) continue;
      seen += 1;
      const half = view.term % 2 ** 32;
      expect(view.term === pair(half)).toBe(true);
    }
    expect(seen).toBeGreaterThan(0);
    const done = said();
    Atomics.store(new Int32Array(buffer), 4, 1);
    await done;
    const still = reader.view()!.stillMs;
    expect(still).toBeGreaterThanOrEqual(0);
    expect(still).toBeLessThan(60_000);
    await worker.terminate();
  });
});
