import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Inflights } from "./inflights.js";
import { Progress } from "./progress.js";

function replicating(appendsMax = 3, bytesMax = 100): Progress {
  const peer = new Progress({ id: 2, incarnation: 1 }, 11, 0, appendsMax, bytesMax);
  peer.sent(1, 1, 0);
  peer.acknowledged(10);
  expect(peer).toMatchObject({ state: "replicate", match: 10, next: 11 });
  return peer;
}

describe("probe", () => {
  test("lets one append out, and repeats it empty once per interval", () => {
    const peer = new Progress({ id: 2, incarnation: 1 }, 11, 0, 3, 100);
    expect([peer.wantsAppend(20, 0, true), peer.carriesEntries]).toEqual([true, true]);
    peer.sent(5, 50, 0);
    expect([peer.wantsAppend(20, 0, true), peer.next]).toEqual([false, 11]);
    peer.intervalPassed();
    expect([peer.wantsAppend(20, 0, true), peer.carriesEntries]).toEqual([true, false]);
    peer.sent(0, 0, 0);
    expect(peer.wantsAppend(20, 0, true)).toBe(false);
  });

  test("goes back to the hint, never forward, never to what is acknowledged", () => {
    const peer = new Progress({ id: 2, incarnation: 1 }, 11, 0, 3, 100);
    expect(peer.refused(10, 4)).toBe(true);
    expect(peer.next).toBe(5);
    // A refusal of an earlier probe, and one with a hint beyond the refused index.
    expect(peer.refused(10, 2)).toBe(false);
    expect(peer.refused(4, 9)).toBe(true);
    expect(peer.next).toBe(4);
    peer.acknowledged(3);
    peer.becomeProbe();
    peer.sent(0, 0, 0);
    expect(peer.refused(3, 0)).toBe(false);
    expect([peer.next, peer.wantsAppend(9, 0, true)]).toEqual([4, false]);
  });

  test("is not left by an answer older than the last acknowledgement", () => {
    const peer = replicating();
    peer.becomeProbe();
    peer.acknowledged(7);
    expect(peer).toMatchObject({ state: "probe", match: 10, next: 11 });
  });
});

describe("replicate", () => {
  test("trap-20: runs ahead until the window is full, in appends or in bytes", () => {
    const peer = replicating(2, 100);
    peer.sent(3, 10, 0);
    expect(peer).toMatchObject({ next: 14, match: 10 });
    expect(peer.wantsAppend(20, 0, true)).toBe(true);
    peer.sent(1, 10, 0);
    expect(peer.wantsAppend(20, 0, true)).toBe(false);
    peer.acknowledged(13);
    expect(peer.wantsAppend(20, 0, true)).toBe(true);
    peer.sent(1, 500, 0);
    expect(peer.wantsAppend(20, 9, true)).toBe(false);
    peer.acknowledged(15);
    expect(peer.inflights).toMatchObject({ count: 0, bytes: 0 });
  });

  test("tells a commit index that is news even when there are no entries", () => {
    const peer = replicating();
    peer.sent(0, 0, 5);
    expect(peer.wantsAppend(10, 5, true)).toBe(false);
    expect(peer.wantsAppend(10, 6, true)).toBe(true);
  });

  test("asks with an empty append after an interval without an acknowledgement", () => {
    const peer = replicating(1);
    peer.sent(1, 1, 0);
    peer.intervalPassed();
    expect(peer.wantsAppend(11, 0, true)).toBe(false);
    peer.intervalPassed();
    expect([peer.wantsAppend(11, 0, true), peer.carriesEntries]).toEqual([true, false]);
    peer.sent(0, 0, 0);
    expect(peer.refused(11, 10)).toBe(true);
    expect(peer).toMatchObject({ state: "probe", next: 11 });
  });

  test("is not left by a refusal of something it acknowledged since", () => {
    const peer = replicating();
    expect(peer.refused(10, 3)).toBe(false);
    expect(peer.state).toBe("replicate");
  });

  test("becomes an empty probe when the link breaks", () => {
    const peer = replicating();
    peer.sent(4, 40, 0);
    peer.unreachable();
    expect(peer).toMatchObject({ state: "probe", next: 11 });
    expect([peer.wantsAppend(20, 0, true), peer.carriesEntries]).toEqual([true, false]);
  });
});

test("trap-20: the window counts exactly what is on its way", () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 60 })));
  const property = fc.property(steps, fc.integer({ min: 1, max: 5 }), (script, appendsMax) => {
    const window = new Inflights(appendsMax, 100);
    let model: { last: number; bytes: number }[] = [];
    let last = 0;
    for (const [adds, number] of script) {
      if (adds && !window.full) {
        last += number;
        window.add(last, number);
        model.push({ last, bytes: number });
      } else {
        const freed = last - number;
        window.freeTo(freed);
        model = model.filter((one) => one.last > freed);
      }
      const bytes = model.reduce((sum, one) => sum + one.bytes, 0);
      expect([window.count, window.bytes]).toEqual([model.length, bytes]);
      expect(window.full).toBe(model.length >= appendsMax || bytes >= 100);
    }
  });
  fc.assert(property, { seed: 1 });
});
