/** The keys of a directory through a long life, and through a crash at every moment of one. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bootstrapLog } from "../bootstrap.js";
import { DATA_KEY_BOOKING, DATA_KEY_VALUES_MAX } from "../constants.js";
import { LevelLog } from "../level-log.js";
import { openLog } from "../open.js";
import { BORN, chain, IDENTITY, persist } from "../test-support.js";
import { type Loss, Platter, type SimulatedProcess } from "../testing/simulated-disk.js";
import { createKeys, decodeKeys, encodeKeys, readKeys } from "./keys-file.js";
import { type MasterKeys, parseMasterKeys } from "./master-keys.js";

function mastersOf(...lines: readonly string[]): MasterKeys {
  const keys = parseMasterKeys(lines.join("\n"));
  if (typeof keys === "string") throw new Error(keys);
  return keys;
}

const lineA = `a ${"a1".repeat(32)}`;
const lineB = `b ${"b2".repeat(32)}`;
const A = mastersOf(lineA);
const B = mastersOf(lineB);
const both = mastersOf(lineB, lineA);

describe("the keys file", () => {
  test("is frozen, and read back as it was written", () => {
    const wrapped = Buffer.alloc(60, 0xab);
    const file = {
      stamp: 0xdeadbeef,
      booked: 2 ** 40 + 1,
      masterId: "k-1",
      keys: [{ number: 7, wrapped }],
    };
    expect(encodeKeys(file).toString("hex")).toMatchInlineSnapshot(
      `"524b5931deadbeef0000010000000001036b2d310000000100000007abababababababababababababababababababababababababababababababababababababababababababababababababababababababababababab007e43a2"`,
    );
    const natural = fc.nat({ max: 2 ** 32 - 1 });
    const key = fc.record({
      number: natural,
      wrapped: fc.uint8Array({ minLength: 60, maxLength: 60 }),
    });
    const files = fc.record({
      stamp: natural,
      booked: fc.maxSafeNat(),
      masterId: fc.stringMatching(/^[a-z0-9._-]{1,64}$/),
      keys: fc.array(
        key.map((each) => ({ ...each, wrapped: Buffer.from(each.wrapped) })),
        { minLength: 1 },
      ),
    });
    fc.assert(
      fc.property(files, (each) => {
        expect(decodeKeys(encodeKeys(each))).toEqual(each);
      }),
    );
  });

  test("counts what is sealed ahead, and begins a new data key long before nonces run out", async () => {
    const { files } = new Platter(1).start();
    const file = await createKeys(files, "/keys", 5, A);
    const numbers = () => file.keys.forThread().map(({ number }) => number);
    const bookings = DATA_KEY_VALUES_MAX / DATA_KEY_BOOKING;
    for (let booking = 0; booking < bookings; booking++) {
      await file.book(1);
      await file.book(DATA_KEY_BOOKING - 1);
    }
    expect(numbers()).toEqual([1]);
    await file.book(1);
    expect(numbers()).toEqual([1, 2]);
    // Who comes after a crash takes all for used that was booked, and has both keys.
    const next = await readKeys(files, "/keys", 5, A);
    expect(next.keys.forThread()).toEqual(file.keys.forThread());
    for (let start = 1; start < bookings; start++) {
      await (await readKeys(files, "/keys", 5, A)).book(1);
    }
    const last = await readKeys(files, "/keys", 5, A);
    expect(last.keys.forThread()).toHaveLength(2);
    await last.book(1);
    expect(last.keys.forThread()).toHaveLength(3);
  });

  test("a write that fails is fatal, and nothing is sealed by a key that is nowhere", async () => {
    const { files } = new Platter(1).start();
    const failing = {
      ...files,
      rename: () => Promise.reject(Object.assign(new Error("EIO"), { code: "EIO" })),
    };
    await createKeys(files, "/keys", 5, A);
    const file = await readKeys(failing, "/keys", 5, A);
    await expect(file.wrapBy(both)).rejects.toMatchObject({ code: "WRITE_FAILED" });
    expect(file.keys.newest.number).toBe(1);
    await expect(file.book(1)).rejects.toMatchObject({ code: "WRITE_FAILED" });
  });
});

const directory = "/node";

function open(process: SimulatedProcess, masterKeys: MasterKeys): Promise<LevelLog> {
  const onFatal = () => {};
  return openLog({ directory, nodeId: 1, clusterId: null, onFatal, masterKeys }, process);
}

/** Two keys' life, an entry each; tells of what it has acknowledged. */
async function live(process: SimulatedProcess, acknowledged: (entries: number) => void) {
  const options = { directory, identity: IDENTITY, entries: [], hardState: BORN, masterKeys: A };
  await bootstrapLog(options, process);
  acknowledged(0);
  const [first, second] = chain(["of the first key", "of the second"]);
  for (const [masters, entry] of [
    [A, first!],
    [both, second!],
  ] as const) {
    const log = await open(process, masters);
    await persist(log, { entries: [entry] });
    acknowledged(entry.index);
    await log.close();
  }
}

test("trap-28 a crash at any write of birth and rotation leaves a log that opens, whole", async () => {
  const whole = new Platter(1).start();
  await live(whole, () => {});
  const writes = whole.names.filter((name) => name.includes("keys"));
  expect(writes.length).toBeGreaterThan(8);
  const losses: readonly Loss[] = ["all is lost", "some is lost", "nothing is lost"];
  let opened = 0;
  for (let boundary = 1; boundary <= whole.boundaries; boundary++) {
    for (const [done, loss] of [false, true].flatMap((each) =>
      losses.map((l) => [each, l] as const),
    )) {
      const platter = new Platter(boundary);
      const process = platter.start({ boundary, done });
      let acknowledged = -1;
      const life = live(process, (entries) => {
        acknowledged = entries;
      }).catch(() => {});
      await Promise.race([life, process.crashed]);
      platter.crash(loss);
      const at = `${whole.names[boundary - 1]}, ${done ? "done" : "not done"}, ${loss}`;
      const log = await open(platter.start(), both).catch((error: unknown) => error);
      if (!(log instanceof LevelLog)) {
        expect([acknowledged, (log as { code: unknown }).code], at).toEqual([-1, "DATA_MISSING"]);
        continue;
      }
      expect(log.initial.lastIndex, at).toBeGreaterThanOrEqual(Math.max(acknowledged, 0));
      await log.close();
      // By now the second key has wrapped all there is.
      const again = await open(platter.start(), B);
      expect(again.initial.lastIndex, at).toBe(log.initial.lastIndex);
      await again.close();
      opened++;
    }
  }
  expect(opened).toBeGreaterThan(50);
});
