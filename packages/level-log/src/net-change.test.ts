import type { Entry, HardState, Persist, SnapshotDescription } from "@redoubt/raft";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { STEP_BYTES } from "./constants.js";
import { EntryTable } from "./entry-table.js";
import { assertLargeChained, netChange } from "./net-change.js";
import { chain, persistOf, snapshotOf } from "./test-support.js";

const steps = fc.array(
  fc.record({
    cut: fc.option(fc.nat(), { nil: null }),
    payloads: fc.array(fc.string({ maxLength: 3 }), { maxLength: 3 }),
    vote: fc.option(fc.nat({ max: 3 }), { nil: null }),
    /** By how much its index is above the end of the log. */
    install: fc.option(fc.nat({ max: 3 }), { nil: null, freq: 6 }),
    trim: fc.option(fc.nat(), { nil: null, freq: 2 }),
  }),
  { maxLength: 6 },
);

describe("netChange", () => {
  test("collected persists amount to the same log as one after the other", () => {
    fc.assert(
      fc.property(fc.nat({ max: 5 }), steps, (durableCount, plan) => {
        const durable = chain(Array.from({ length: durableCount }, String));
        const { anchor, log, persists, hardState, cuts, install, trimTo } = play(durable, plan);
        const change = netChange(persists, tableOf(durable));
        const kept = change.install === null ? durable.slice(0, change.keepLast) : [];
        const whole = [...kept, ...change.entries];
        expect(whole.filter(({ index }) => index > anchor)).toEqual(log);
        expect(change.install).toEqual(install);
        expect(change.trimTo).toBe(trimTo);
        expect(change.hardState).toEqual(hardState);
        expect(change.truncated).toBe(cuts > 0);
        expect(change.keepLast).toBe((change.entries[0]?.index ?? tipOf(whole, anchor) + 1) - 1);
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

interface PlannedStep {
  readonly cut: number | null;
  readonly payloads: readonly string[];
  readonly vote: number | null;
  readonly install: number | null;
  readonly trim: number | null;
}

/** The plan as Persists, and what a naive log holds after them. */
function play(durable: readonly Entry[], plan: readonly PlannedStep[]) {
  let log = [...durable];
  let anchor = { index: 0, checksum: 0 };
  let hardState: HardState | null = null;
  let install: SnapshotDescription | null = null;
  let trimTo = 0;
  let cuts = 0;
  const persists: Persist[] = [];
  plan.forEach((planned, step) => {
    const fields: { install?: SnapshotDescription; trimTo?: number } = {};
    const term = 2 + step;
    if (planned.install !== null) {
      const index = tipOf(log, anchor.index) + 1 + planned.install;
      install = snapshotOf({ index, term, checksum: 1000 + index }, Buffer.from("state"));
      fields.install = install;
      anchor = install;
      log = [];
      trimTo = 0;
    }
    const truncateFrom =
      planned.cut === null ? 0 : anchor.index + 1 + (planned.cut % (log.length + 1));
    if (truncateFrom > 0) {
      log = log.slice(0, truncateFrom - 1 - anchor.index);
      cuts++;
    }
    const entries = chain([...planned.payloads], term, log.at(-1) ?? anchor);
    log = [...log, ...entries];
    const hard = planned.vote === null ? null : { term: step, vote: planned.vote };
    hardState = hard ?? hardState;
    if (planned.trim !== null && log.length > 0) {
      const last = log[planned.trim % log.length]!;
      fields.trimTo = trimTo = last.index;
      log = log.filter(({ index }) => index > last.index);
      anchor = last;
    }
    persists.push(persistOf({ truncateFrom, entries, hardState: hard, ...fields }));
  });
  return { anchor: anchor.index, log, persists, hardState, cuts, install, trimTo };
}

function tipOf(entries: readonly Entry[], anchor: number): number {
  return entries.at(-1)?.index ?? anchor;
}

function tableOf(entries: readonly Entry[]): EntryTable {
  const table = new EntryTable(0, 0);
  for (const { index, checksum, payload } of entries) table.append(index, checksum, payload.length);
  return table;
}
