import { expect, test } from "vitest";
import { SimulatedClock } from "./clock.js";
import { EventQueue } from "./event-queue.js";

test("a clock that gains reaches a deadline earlier, and never jumps when its rate changes", () => {
  const queue = new EventQueue();
  const clock = new SimulatedClock(queue);
  queue.runUntil(1000);
  clock.drift = 0.25;
  expect(clock.monotonicMs()).toBe(1000);
  expect(clock.whenMs(1500)).toBe(1400);
  queue.runUntil(1400);
  expect(clock.monotonicMs()).toBe(1500);
  clock.drift = 0;
  queue.runUntil(1500);
  expect(clock.monotonicMs()).toBe(1600);
});

test("trap-15 a suspended machine's monotonic clock stands still, its wall clock does not", () => {
  const queue = new EventQueue();
  const clock = new SimulatedClock(queue);
  queue.runUntil(1000);
  const wallMs = clock.wallMs();
  clock.suspend(500);
  queue.runUntil(1200);
  expect(clock.monotonicMs()).toBe(1000);
  queue.runUntil(1500);
  expect(clock.monotonicMs()).toBe(1000);
  expect(clock.wallMs()).toBe(wallMs + 500);
  queue.runUntil(1600);
  expect(clock.monotonicMs()).toBe(1100);
  expect(clock.wallMs()).toBe(wallMs + 600);
});

test("the wall clock jumps and the monotonic one does not", () => {
  const queue = new EventQueue();
  const clock = new SimulatedClock(queue);
  queue.runUntil(1000);
  const wallMs = clock.wallMs();
  clock.wallOffsetMs -= 300;
  expect(clock.wallMs()).toBe(wallMs - 300);
  expect(clock.monotonicMs()).toBe(1000);
});
