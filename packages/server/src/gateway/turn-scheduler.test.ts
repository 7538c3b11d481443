import { describe, expect, test } from "vitest";
import { eventually } from "./test-support.js";
import { TurnScheduler } from "./turn-scheduler.js";

const nowMs = () => performance.now();
/** Everything that was due in this pass of the event loop has run. */
const passed = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe("turns", () => {
  test("several asks before a turn are one turn, never inside the call", async () => {
    let turns = 0;
    const scheduler = new TurnScheduler(nowMs, () => {
      turns += 1;
    });
    scheduler.wake();
    scheduler.wake();
    expect(turns).toBe(0);
    await passed();
    expect(turns).toBe(1);
    scheduler.wake();
    await passed();
    expect(turns).toBe(2);
    scheduler.stop();
  });

  test("one that is wanted now comes before the end of the loop's pass, and is the one that was asked for, too", async () => {
    const order: string[] = [];
    const scheduler = new TurnScheduler(nowMs, () => order.push("turn"));
    const behind = new Promise<void>((resolve) => {
      setImmediate(() => {
        order.push("behind sockets");
        resolve();
      });
    });
    scheduler.wakeNow();
    scheduler.wake();
    scheduler.wakeNow();
    order.push("asked");
    await behind;
    await passed();
    expect(order).toEqual(["asked", "turn", "behind sockets"]);
    scheduler.wake();
    scheduler.wakeNow();
    await Promise.resolve();
    expect(order).toHaveLength(3);
    await passed();
    expect(order).toHaveLength(4);
    scheduler.stop();
  });

  test("trap-38 where a deadline is due, all of what has come is read first", async () => {
    const order: string[] = [];
    const scheduler = new TurnScheduler(
      () => 1000,
      () => order.push("turn"),
    );
    scheduler.wakeAt(1001);
    setImmediate(() => order.push("behind sockets"));
    scheduler.wakeNow();
    await passed();
    expect(order).toEqual(["behind sockets", "turn"]);
    scheduler.stop();
  });

  test("trap-38 where a deadline comes between the ask and its turn, all of what has come is read first", async () => {
    const order: string[] = [];
    let timeMs = 1000;
    const scheduler = new TurnScheduler(
      () => timeMs,
      () => order.push("turn"),
    );
    scheduler.wakeAt(1100);
    setImmediate(() => order.push("behind sockets"));
    scheduler.wakeNow();
    timeMs = 1100;
    await passed();
    expect(order).toEqual(["behind sockets", "turn"]);
    scheduler.stop();
  });

  test("one that is wanted now by a turn comes behind sockets: turns that want turns keep nobody waiting", async () => {
    const order: string[] = [];
    const scheduler = new TurnScheduler(nowMs, () => {
      order.push("turn");
      if (order.length < 4) scheduler.wakeNow();
    });
    setImmediate(() => order.push("behind sockets"));
    scheduler.wakeNow();
    await passed();
    expect(order.slice(0, 3)).toEqual(["turn", "behind sockets", "turn"]);
    scheduler.stop();
  });

  test("an ask made in a turn is another turn", async () => {
    let turns = 0;
    const scheduler = new TurnScheduler(nowMs, () => {
      turns += 1;
      if (turns < 5) scheduler.wake();
    });
    scheduler.wake();
    await eventually(() => turns === 5);
    scheduler.stop();
  });

  test("a deadline is never early, and a later ask replaces it in both directions", async () => {
    const at: number[] = [];
    const scheduler = new TurnScheduler(nowMs, () => at.push(nowMs()));
    const beganMs = nowMs();
    scheduler.wakeAt(beganMs + 10);
    scheduler.wakeAt(beganMs + 60);
    await eventually(() => at.length === 1);
    expect(at[0]).toBeGreaterThanOrEqual(beganMs + 60);
    scheduler.wakeAt(beganMs + 1_000_000);
    scheduler.wakeAt(nowMs() + 5);
    await eventually(() => at.length === 2);
    scheduler.wakeAt(Number.POSITIVE_INFINITY);
    await passed();
    expect(at).toHaveLength(2);
    scheduler.stop();
  });

  test("a deadline asked for while the timer waits for an earlier one that was put off is kept", async () => {
    let turns = 0;
    const scheduler = new TurnScheduler(nowMs, () => {
      turns += 1;
    });
    scheduler.wakeAt(nowMs() + 5);
    scheduler.wakeAt(Number.POSITIVE_INFINITY);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(turns).toBe(0);
    scheduler.wakeAt(nowMs() + 5);
    await eventually(() => turns === 1);
    scheduler.stop();
  });

  test("nothing runs after stop", async () => {
    let turns = 0;
    const scheduler = new TurnScheduler(nowMs, () => {
      turns += 1;
    });
    scheduler.wake();
    scheduler.wakeAt(nowMs());
    scheduler.stop();
    scheduler.wake();
    scheduler.wakeAt(nowMs());
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(turns).toBe(0);
  });
});
