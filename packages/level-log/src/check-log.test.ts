/** What a check tells an operator: which part is damaged, and from which entry on something is missing. */

import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Level } from "level";
import { afterAll, beforeEach, expect, test } from "vitest";
import { checkLog } from "./check-log.js";
import { encodeHardState, entryKey, HARD_STATE_KEY } from "./records.js";
import { adopt, born, chain, openOrThrow, persist, TestDirectory } from "./test-support.js";

const directory = new TestDirectory();
afterAll(() => directory.remove());

const entries = chain(["a", "b", "c", "d"]);
let path: string;

/** A snapshot of 3, entries from 1 to 4, and a vote. */
beforeEach(async () => {
  path = directory.fresh();
  const log = await born(path, entries);
  await adopt(log, entries[2]!, Buffer.from("the state after c"));
  await persist(log, { hardState: { term: 3, vote: 2 } });
  await log.close();
});

async function change(act: (store: Level<Uint8Array, Uint8Array>) => Promise<void>) {
  const store = new Level<Uint8Array, Uint8Array>(join(path, "log", "store"), {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  await store.open({ compression: false });
  await act(store);
  await store.close();
}

/** Where something is missing, and the parts that are damaged. */
async function damageIn(path: string): Promise<readonly (string | number | null)[]> {
  const { damagedAt, parts } = await checkLog(path);
  const damaged = parts.filter(({ verdict }) => verdict === "damaged");
  return [damagedAt, ...damaged.map(({ part }) => part)];
}

function spoilSnapshot(): void {
  const snapshots = join(path, "log", "snapshots");
  writeFileSync(join(snapshots, readdirSync(snapshots)[0]!), "another state");
}

test("trap-42 a vote that went back is damage of the hard state: no entry is missing", async () => {
  expect(await damageIn(path)).toEqual([null]);
  const older = encodeHardState({ sequence: 1, term: 0, vote: 0 });
  await change((store) => store.put(HARD_STATE_KEY, older));
  expect(await damageIn(path)).toEqual([null, "hard state"]);
});

test("trap-42 without a hard state an end that vanished is told all the same", async () => {
  await change(async (store) => {
    await store.del(HARD_STATE_KEY);
    await store.del(entryKey(4, 0));
  });
  expect(await damageIn(path)).toEqual([4, "hard state", "entries"]);
});

test("trap-25 a snapshot takes with it what was trimmed, and nothing else", async () => {
  spoilSnapshot();
  expect(await damageIn(path)).toEqual([null, "snapshot"]);

  path = directory.fresh();
  const log = await born(path, entries);
  await adopt(log, entries[2]!, Buffer.from("the state after c"));
  await persist(log, { trimTo: 2 });
  await log.close();
  await (await openOrThrow(path)).close();
  expect(await damageIn(path)).toEqual([null]);
  spoilSnapshot();
  expect(await damageIn(path)).toEqual([1, "snapshot"]);
});
