import { applyBatch, batchLogTimeMs, Keyspace, stateDigest } from "@redoubt/keyspace";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Speculation } from "./speculation.js";

/** Executes one command of a leader whose log ends before `index`. */
function put(speculation: Speculation, index: number, key: string, value: string, wallMs = 1000) {
  speculation.txn.begin(speculation.open(index, wallMs), "lead");
  speculation.txn.putString(key, value, 0);
}

function leading(): Speculation {
  const speculation = new Speculation();
  speculation.skip(1);
  speculation.begin(2);
  return speculation;
}

describe("hazards", () => {
  test("a key is a hazard from the touch until its batch is committed", () => {
    const speculation = leading();
    expect(speculation.hazard("a")).toBe(0);
    put(speculation, 2, "a", "1");
    expect(speculation.hazard("a")).toBe(2);
    speculation.seal();
    put(speculation, 3, "b", "1");
    expect([speculation.hazard("a"), speculation.hazard("b")]).toEqual([2, 3]);
    expect(speculation.lastInFlight).toBe(3);
    speculation.seal();
    speculation.commitTo(2, 2);
    expect([speculation.hazard("a"), speculation.hazard("b")]).toEqual([0, 3]);
    speculation.commitTo(2, 3);
    expect([speculation.hazardCount, speculation.journal.length]).toEqual([0, 0]);
  });

  test("a key of two batches stays a hazard until the later one", () => {
    const speculation = leading();
    put(speculation, 2, "a", "1");
    speculation.seal();
    put(speculation, 3, "a", "2");
    speculation.seal();
    speculation.commitTo(2, 2);
    expect(speculation.hazard("a")).toBe(3);
    speculation.commitTo(2, 3);
    expect(speculation.hazardCount).toBe(0);
  });

  test("trap-44 an uncommitted FLUSHALL makes every key a hazard", () => {
    const speculation = leading();
    speculation.txn.begin(speculation.open(2, 1000), "lead");
    speculation.txn.flushAll();
    expect(speculation.hazard("any")).toBe(2);
    speculation.seal();
    speculation.commitTo(2, 2);
    expect(speculation.hazard("any")).toBe(0);
  });

  test("an undone command's hazards are gone when the last message before it is committed", () => {
    const speculation = leading();
    const { txn } = speculation;
    txn.begin(speculation.open(2, 1000), "lead");
    txn.publish("channel", Buffer.from("message"), false);
    speculation.seal();
    txn.begin(speculation.open(3, 1000), "lead");
    const mark = txn.mark();
    txn.putString("a", "1", 0);
    speculation.undoTo(mark);
    speculation.commitTo(2, 2);
    expect(speculation.hazardCount).toBe(0);
  });

  test("an undone command's hazards never name an index that nothing takes", () => {
    const speculation = leading();
    put(speculation, 2, "a", "1");
    speculation.seal();
    speculation.txn.begin(speculation.open(3, 1000), "lead");
    const mark = speculation.txn.mark();
    speculation.txn.putString("a", "2", 0);
    speculation.txn.putString("b", "2", 0);
    speculation.undoTo(mark);
    // `a` still waits for the batch in flight; nothing of 3 exists.
    expect(speculation.hazard("a")).toBe(2);
    expect(speculation.hazard("b")).toBeLessThanOrEqual(2);
    speculation.commitTo(2, 2);
    expect([speculation.hazard("a"), speculation.hazard("b")]).toEqual([0, 0]);
    put(speculation, 3, "c", "1");
    speculation.seal();
    speculation.commitTo(2, 3);
    expect(speculation.hazardCount).toBe(0);
  });
});

describe("pointers", () => {
  test("trap-41 the predicted index can't change while the batch is open", () => {
    const speculation = leading();
    put(speculation, 2, "a", "1");
    expect(() => speculation.open(3, 1000)).toThrow("predicted index");
  });

  test("commits come in order, of this term, once", () => {
    const speculation = leading();
    put(speculation, 2, "a", "1");
    speculation.seal();
    expect(() => speculation.commitTo(3, 2)).toThrow("of this term");
    expect(() => speculation.commitTo(2, 3)).toThrow("in order");
    speculation.commitTo(2, 2);
    expect(() => speculation.commitTo(2, 2)).toThrow("was sealed here");
    expect(() => speculation.apply(3, new Uint8Array())).toThrow("by commitTo only");
  });

  test("trap-30 a follower applies each entry once, in order, and log time never goes back", () => {
    const leader = leading();
    put(leader, 2, "a", "1", 5000);
    const first = leader.seal();
    put(leader, 3, "a", "2", 4000);
    const second = leader.seal();
    expect(batchLogTimeMs(second)).toBe(5000);
    const follower = new Speculation();
    follower.skip(1);
    expect(() => follower.apply(3, second)).toThrow("once, in order");
    follower.apply(2, first);
    expect(() => follower.apply(2, first)).toThrow("once, in order");
    follower.apply(3, second);
    expect(follower.keyspace.logTimeMs).toBe(5000);
    expect(() => follower.skip(3)).toThrow("once, in order");
  });
});

interface Step {
  readonly kind: "put" | "delete" | "expire" | "rename" | "flush" | "seal" | "commit" | "undo";
  readonly key: string;
  readonly other: string;
  readonly value: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    ...(["put", "put", "delete", "expire", "rename", "seal", "seal", "commit", "undo"] as const),
    ...(["flush"] as const),
  ),
  key: fc.constantFrom("a", "b", "c", "d"),
  other: fc.constantFrom("a", "b", "c", "d"),
  value: fc.nat({ max: 3000 }),
});

function mutate(speculation: Speculation, { kind, key, other, value }: Step): void {
  const { txn } = speculation;
  if (kind === "put") txn.putString(key, "v".repeat(value), value % 2 === 0 ? 0 : 1000 + value);
  else if (kind === "delete") txn.delete(key);
  else if (kind === "expire" && txn.has(key)) txn.setDeadline(key, 1000 + value);
  else if (kind === "rename" && txn.has(key)) txn.rename(key, other);
  else if (kind === "flush" && value % 4 === 0) txn.flushAll();
}

test("trap-32 at any point, rollback leaves what the committed batches alone make", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
      const speculation = leading();
      const committed = new Keyspace();
      const inFlight: Uint8Array[] = [];
      let nextIndex = 2;
      let wallMs = 1000;
      for (const each of steps) {
        wallMs += each.value % 700;
        if (each.kind === "seal") {
          if (speculation.batch.effects === 0) continue;
          inFlight.push(speculation.seal());
          nextIndex += 1;
        } else if (each.kind === "commit") {
          const payload = inFlight.shift();
          if (payload === undefined) continue;
          speculation.commitTo(2, nextIndex - inFlight.length - 1);
          applyBatch(committed, payload);
        } else {
          speculation.txn.begin(speculation.open(nextIndex, wallMs), "lead");
          const mark = speculation.txn.mark();
          mutate(speculation, each.kind === "undo" ? { ...each, kind: "put" } : each);
          if (each.kind === "undo") speculation.undoTo(mark);
        }
        if (inFlight.length === 0 && speculation.batch.effects === 0) {
          expect(stateDigest(speculation.keyspace)).toBe(stateDigest(committed));
          expect(speculation.journal.length).toBe(0);
          for (const key of ["a", "b", "c", "d"]) expect(speculation.hazard(key)).toBe(0);
        }
      }
      speculation.rollback();
      expect(stateDigest(speculation.keyspace)).toBe(stateDigest(committed));
      expect([speculation.hazardCount, speculation.journal.length]).toEqual([0, 0]);
      // What survived comes back through the follower's path.
      let index = speculation.applied;
      for (const payload of inFlight) {
        index += 1;
        speculation.apply(index, payload);
        applyBatch(committed, payload);
      }
      expect(stateDigest(speculation.keyspace)).toBe(stateDigest(committed));
      speculation.begin(9);
    }),
    { seed: 32, numRuns: 400 },
  );
});
