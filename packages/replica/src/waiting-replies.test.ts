import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ARGUMENT_OVERHEAD_BYTES } from "./constants.js";
import { ReplyKind, WaitingReplies } from "./waiting-replies.js";

const argv = [Buffer.from("GET"), Buffer.from("k")];
const ARGV_BYTES = 4 + 2 * ARGUMENT_OVERHEAD_BYTES;

describe("waiting replies", () => {
  test("leave as the longest ready prefix, whatever is ready behind it", () => {
    const waiting = new WaitingReplies();
    waiting.push(10, 5, 0, ReplyKind.write, argv, 2);
    waiting.push(20, 0, 3, ReplyKind.repeatable, argv, 2);
    waiting.push(30, 0, 0, ReplyKind.final, null, 2);
    waiting.push(40, 6, 0, ReplyKind.write, argv, 2);
    expect(waiting.release(4, 9)).toBe(-1);
    expect(waiting.release(5, 2)).toBe(10);
    expect(waiting.release(9, 2)).toBe(-1);
    expect(waiting.release(5, 3)).toBe(30);
    expect(waiting.length).toBe(1);
    expect(waiting.release(6, 3)).toBe(40);
    expect(waiting.length).toBe(0);
  });

  test("what may be repeated must keep its request", () => {
    const waiting = new WaitingReplies();
    expect(() => waiting.push(1, 1, 0, ReplyKind.write, null, 2)).toThrow("keeps its request");
    expect(() => waiting.push(1, 0, 1, ReplyKind.repeatable, null, 2)).toThrow("keeps its request");
  });

  test("any order of pushes and releases is a queue with monotone marks, and bytes are accounted for", () => {
    const step = fc.record({
      push: fc.boolean(),
      commit: fc.nat({ max: 6 }),
      read: fc.nat({ max: 6 }),
      kept: fc.boolean(),
      cleared: fc.integer({ min: 0, max: 20 }).map((drawn) => drawn === 0),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 200 }), (steps) => {
        const waiting = new WaitingReplies();
        let model: { end: number; commit: number; read: number; kept: boolean }[] = [];
        let end = 0;
        for (const { push, commit, read, kept, cleared } of steps) {
          if (cleared) {
            waiting.clear();
            model = [];
          } else if (push) {
            end += 1;
            const kind = kept ? ReplyKind.repeatable : ReplyKind.final;
            waiting.push(end, commit, read, kind, kept ? argv : null, 3);
            model.push({ end, commit, read, kept });
          } else {
            const blocked = model.findIndex((r) => r.commit > commit || r.read > read);
            const released = blocked < 0 ? model : model.slice(0, blocked);
            model = model.slice(released.length);
            expect(waiting.release(commit, read)).toBe(released.at(-1)?.end ?? -1);
          }
          expect(waiting.length).toBe(model.length);
          const keptCount = model.filter((record) => record.kept).length;
          expect(waiting.requestBytes).toBe(keptCount * ARGV_BYTES);
        }
        const visited: number[] = [];
        waiting.forEach((recordEnd) => {
          visited.push(recordEnd);
        });
        expect(visited).toEqual(model.map((record) => record.end));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test("a long queue is compacted without losing anything", () => {
    const waiting = new WaitingReplies();
    for (let i = 1; i <= 5000; i++) waiting.push(i, i, 0, ReplyKind.write, argv, 2);
    for (let i = 1; i <= 5000; i += 7) expect(waiting.release(i, 0)).toBe(i);
    expect(waiting.length).toBe(1);
    expect(waiting.requestBytes).toBe(ARGV_BYTES);
    waiting.clear();
    expect(waiting.requestBytes).toBe(0);
    waiting.push(5001, 5001, 0, ReplyKind.write, argv, 2);
    expect([waiting.release(5000, 0), waiting.release(5001, 0)]).toEqual([-1, 5001]);
  });
});
