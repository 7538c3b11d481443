import type { Entry, HardState, Persist } from "@redoubt/raft";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { STEP_BYTES } from "./constants.js";
import { EntryTable } from "./entry-table.js";
import { assertLargeChained, netChange } from "./net-change.js";
import { chain, persistOf } from "./test-support.js";

const steps = fc.array(
  fc.record({
    cut: fc.option(fc.nat(), { nil: null }),
    payloads: fc.array(fc.string({ maxLength: 3 }), { maxLength: 3 }),
    vote: fc.option(fc.nat({ max: 3 }), { nil: null }),
  }),
  { maxLength: 6 },
);

describe("netChange", () => {
  test("collected persists amount to the same log as one after the other", () => {
    fc.assert(
      fc.property(fc.nat({ max: 5 }), steps, (durableCount, plan) => {
        const durable = chain(Array.from({ length: durableCount }, String));
        const { log, persists, hardState, cuts } = play(durable, plan);
        const change = netChange(persists, tableOf(durable));
        expect([...durable.slice(0, change.keepLast), ...change.entries]).toEqual(log);
        expect(change.hardState).toEqual(hardState);
        expect(change.truncated).toBe(cuts > 0);
      }),
    );
  });

  test("an entry that was appended and cut within the batch is not written", () => {
    const durable = chain(["a"]);
    const lost = chain(["b", "c"], 1, durable[0]);
    const kept = chain(["B"], 2, durable[0]);
    const persists = [persistOf({ entries: lost }), persistOf({ truncateFrom: 2, entries: kept })];
    expect(netChange(persists, tableOf(durable))).toMatchObject({ keepLast: 1, entries: kept });
  });

  test("a gap, a broken chain and a payload changed since are refused before they are written", () => {
    const durable = chain(["a"]);
    const [next, after] = chain(["b", "c"], 1, durable[0]) as [Entry, Entry];
    const wrong = { ...next, checksum: next.checksum ^ 1 };
    const changed = { ...next, payload: Buffer.from("x") };
    const of = (entries: Entry[]) => () => netChange([persistOf({ entries })], tableOf(durable));
    expect(of([after])).toThrow("entries to persist are contiguous");
    expect(of([wrong])).toThrow("entries to persist are chained");
    expect(of([changed])).toThrow("entries to persist are chained");
    expect(of([next, after])).not.toThrow();
  });

  test("a payload of several steps is checked too, with pauses between", async () => {
    const durable = chain(["a"]);
    const large = Buffer.alloc(2 * STEP_BYTES + 1, "l");
    const [first, second] = chain(["b", large], 1, durable[0]) as [Entry, Entry];
    let pauses = 0;
    const check = (entries: Entry[]) => {
      const change = netChange([persistOf({ entries })], tableOf(durable));
      return assertLargeChained(change, async () => {
        pauses++;
      });
    };
    await check([first, second]);
    expect(pauses).toBe(3);
    const changed = Buffer.from(large);
    changed[2 * STEP_BYTES] = 0;
    await expect(check([first, { ...second, payload: changed }])).rejects.toThrow(
      "entries to persist are chained",
    );
    expect(() => check([second])).toThrow("entries to persist are contiguous");
  });

  test("a truncation beyond the end is refused", () => {
    const persists = [persistOf({ truncateFrom: 3 })];
    expect(() => netChange(persists, tableOf(chain(["a"])))).toThrow("starts within the log");
  });
});

/** The plan as Persists, and what a naive log holds after them. */
function play(
  durable: readonly Entry[],
  plan: readonly { cut: number | null; payloads: string[]; vote: number | null }[],
) {
  let log = [...durable];
  let hardState: HardState | null = null;
  let cuts = 0;
  const persists: Persist[] = [];
  plan.forEach(({ cut, payloads, vote }, step) => {
    const truncateFrom = cut === null ? 0 : 1 + (cut % (log.length + 1));
    if (truncateFrom > 0) {
      log = log.slice(0, truncateFrom - 1);
      cuts++;
    }
    const entries = chain(payloads, 2 + step, log.at(-1));
    log = [...log, ...entries];
    const next = vote === null ? null : { term: step, vote };
    hardState = next ?? hardState;
    persists.push(persistOf({ truncateFrom, entries, hardState: next }));
  });
  return { log, persists, hardState, cuts };
}

function tableOf(entries: readonly Entry[]): EntryTable {
  const table = new EntryTable(0, 0);
  for (const { index, checksum, payload } of entries) table.append(index, checksum, payload.length);
  return table;
}
