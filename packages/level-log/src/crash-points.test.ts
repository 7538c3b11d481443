/**
 * Crash-point enumeration: every write, sync and change of names of a life of the log is crashed at in turn, before
 * and after it, with more or less of what was not synced lost. What opens then must be a state of the log at or
 * after the last acknowledgement; and it must go on.
 */

import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { replaceLog } from "./bootstrap.js";
import { decodeEntryKey } from "./records.js";
import {
  DIRECTORY,
  entryAfter,
  type Life,
  open,
  play,
  type Script,
  ScriptBuilder,
  type State,
  stateOf,
} from "./testing/crash-script.js";
import {
  type CrashPoint,
  type Loss,
  Platter,
  randomOf,
  type SimulatedProcess,
} from "./testing/simulated-disk.js";

const LOSSES: readonly Loss[] = ["all is lost", "some is lost", "nothing is lost"];
const RANDOM_SCRIPTS = 12;
const RANDOM_STEPS = 14;

/** What has been counted, for the line at the end. */
interface Tally {
  boundaries: number;
  crashes: number;
  reopenings: number;
}

const lives: Record<string, Script> = {
  "append, vote, truncate": new ScriptBuilder()
    .append(["a", "b", "c"], { vote: 1 })
    .together((script) => script.append(["d"]).append(["e"], { vote: 2 }).append(["X"], { cut: 4 }))
    .restart()
    .append(["Y", "Z"], { cut: 2, vote: 3 })
    .append(["p".repeat(5000)]).script,
  "snapshots made, adopted, trimmed behind": new ScriptBuilder()
    .append(["a", "b", "c", "d"])
    .adopt(2)
    .trim(1)
    .append(["e"])
    .together((script) => script.trim(2).append(["f"], { vote: 1 }))
    .adopt(5)
    .restart()
    .trim(5)
    .append(["g"], { cut: 6 })
    .adopt(6)
    .trim(6)
    .restart()
    .append(["h"]).script,
  "trap-22 a snapshot is received and installed, twice": new ScriptBuilder()
    .append(["a", "b", "c"], { vote: 1 })
    .receive(9)
    .together((script) => script.append(["d"]).install(["ten"]).append(["eleven"], { vote: 2 }))
    .append(["twelve"])
    .receive(20)
    .install()
    .restart()
    .append(["after"])
    .adopt(21)
    .trim(21).script,
  "trap-47 an install of an index inside a longer log, and a truncation behind it":
    new ScriptBuilder()
      .append(["a", "b", "c", "d", "e", "f", "g", "h"])
      .receive(4)
      .install(["five"])
      .append(["FIVE", "six"], { cut: 5 })
      .restart()
      .append(["seven"]).script,
  "trap-50 an install overtakes a snapshot of this node's own": new ScriptBuilder()
    .append(["a", "b", "c"])
    .receive(9)
    .together((script) => script.adopt(2).install(["ten"]))
    .append(["eleven"])
    .adopt(10)
    .trim(10).script,
};

describe("a crash at every boundary", () => {
  for (const [name, script] of Object.entries(lives)) {
    test(`trap-27 trap-28 ${name}`, async () => {
      const tally = await enumerate(script, LOSSES, 1);
      console.info(told(name, tally));
      expect(tally.boundaries).toBeGreaterThan(10);
    });
  }

  test("trap-27 trap-28 trap-47 trap-50 random lives", async () => {
    const sum: Tally = { boundaries: 0, crashes: 0, reopenings: 0 };
    for (let seed = 1; seed <= RANDOM_SCRIPTS; seed++) {
      const tally = await enumerate(randomScript(seed), ["some is lost"], seed);
      for (const key of ["boundaries", "crashes", "reopenings"] as const) sum[key] += tally[key];
    }
    console.info(told(`${RANDOM_SCRIPTS} random lives`, sum));
    expect(sum.boundaries).toBeGreaterThan(RANDOM_SCRIPTS * 10);
  });
});

/** What recovery does: another log takes the place of one that is kept, behind the same snapshot. */
describe("a crash at every boundary of a log that replaces another", () => {
  const before = new ScriptBuilder().append(["a", "b", "c"], { vote: 1 }).adopt(2).trim(1).script;
  const { snapshot } = before.states.at(-1)!;
  const { data, ...description } = snapshot!;
  const entry = entryAfter(description, 7, "behind");
  const bytes = Buffer.from(data);

  async function replaceOn(process: SimulatedProcess): Promise<string | null> {
    let position = 0;
    const read = (target: Buffer): number => {
      const copied = bytes.copy(target, 0, position);
      position += copied;
      return copied;
    };
    const replaced = replaceLog(
      {
        directory: DIRECTORY,
        identity: { clusterId: "other", nodeId: 1, incarnation: 4 },
        snapshot: { description, source: { read } },
        entries: [entry],
        hardState: { term: 7, vote: 0 },
      },
      process,
    );
    return Promise.race([replaced, process.crashed.then(() => null)]);
  }

  /** The cluster of the log that opens under this name; its code when none does. */
  async function clusterAt(platter: Platter): Promise<string> {
    try {
      const log = await open(platter.start(), () => {});
      const { identity } = log;
      const found = stateOf(log);
      await log.close();
      const isNew = identity.clusterId === "other";
      if (isNew) expect(found).toMatchObject({ anchor: 2, entries: [entry], snapshot });
      else expect(found).toEqual(before.states.at(-1));
      return identity.clusterId;
    } catch (error) {
      return String((error as { code?: unknown }).code);
    }
  }

  test("trap-28 the old log is there, or the new one, or neither has its name and both are whole", async () => {
    const seen = new Set<string>();
    const whole = new Platter(1);
    await play(before, whole.start());
    const process = whole.start();
    expect(await replaceOn(process)).toContain("log.before-recover-1");
    for (let boundary = 1; boundary <= process.boundaries; boundary++) {
      for (const loss of LOSSES) {
        for (const done of [false, true]) {
          const platter = new Platter(boundary);
          await play(before, platter.start());
          await replaceOn(platter.start({ boundary, done }));
          platter.crash(loss);
          let found = await clusterAt(platter);
          if (found === "DATA_MISSING") {
            // As the page of the worst day says: it gets its name back.
            const [kept, name] = [`${DIRECTORY}/log.before-recover-1`, `${DIRECTORY}/log`];
            await platter.start().files.rename(kept, name);
            expect(await clusterAt(platter)).toBe("crash");
            found = "neither";
          }
          seen.add(found);
        }
      }
    }
    console.info(`crash points of a replaced log: ${process.boundaries} boundaries`);
    expect([...seen].sort()).toEqual(["crash", "neither", "other"]);
  });
});

function told(name: string, { boundaries, crashes, reopenings }: Tally): string {
  return `crash points of "${name}": ${boundaries} boundaries, ${crashes} crashes, ${reopenings} of them while opening`;
}

async function enumerate(script: Script, losses: readonly Loss[], seed: number): Promise<Tally> {
  const whole = new Platter(seed);
  const process = whole.start();
  const life = await play(script, process);
  expect(life.handed).toBe(script.states.length - 1);
  expect(await reopened(whole, script, life)).toEqual(script.states.at(-1));
  const tally = { boundaries: process.boundaries, crashes: 0, reopenings: 0 };
  for (let boundary = 1; boundary <= process.boundaries; boundary++) {
    for (const done of [false, true]) {
      for (const loss of losses) {
        await crashAt(script, { boundary, done }, loss, seed + boundary, tally);
      }
    }
  }
  return tally;
}

/** Crashes there, then once more at each boundary of the opening that follows, in turn over the points. */
async function crashAt(
  script: Script,
  point: CrashPoint,
  loss: Loss,
  seed: number,
  tally: Tally,
): Promise<void> {
  const platter = new Platter(seed);
  const process = platter.start(point);
  const life = await play(script, process);
  expect(process.isDead).toBe(true);
  platter.crash(loss);
  tally.crashes++;
  if (life.born) {
    const again = platter.start({ boundary: 1 + (point.boundary % 8), done: point.done });
    const opening = open(again, () => {}).then((log) => log.close());
    await Promise.race([opening, again.crashed]);
    if (again.isDead) {
      tally.reopenings++;
      platter.crash(loss);
    }
  }
  const where = `${process.names.at(point.boundary - 1)}, boundary ${JSON.stringify(point)}, ${loss}`;
  const found = await reopened(platter, script, life, where);
  if (found === null) {
    expect(life.born, where).toBe(false);
    return;
  }
  const allowed = script.states.slice(life.acknowledged, life.handed + 1);
  expect(allowed, where).toContainEqual(found);
}

/** Null: nothing was born. Looks at what is there, goes on, and looks again. */
async function reopened(
  platter: Platter,
  script: Script,
  life: Life,
  where = "",
): Promise<State | null> {
  const process = platter.start();
  const fatal = (error: Error): void => {
    throw new Error(`fatal at ${where}`, { cause: error });
  };
  let found: State;
  try {
    const log = await open(process, fatal);
    found = stateOf(log);
    const last = found.entries.at(-1) ?? { ...tipOf(log.initial.anchor), term: 1 };
    const next = entryAfter(last, 1_000_000, "goes on");
    for (let round = 0; round < 20 || !log.trimIdle; round++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise<void>((resolve) =>
      log.persist(
        { sequence: 1, hardState: { term: 1_000_000, vote: 1 }, truncateFrom: 0, entries: [next] },
        resolve,
      ),
    );
    await log.close();
    expect(leftovers(platter, found), where).toEqual([]);
    const more = await open(process, fatal);
    expect(stateOf(more).entries.at(-1), where).toEqual(next);
    await more.close();
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code === "DATA_MISSING" && !life.born) {
      expect((await play(script, process)).handed).toBe(script.states.length - 1);
      return null;
    }
    throw new Error(`does not open after a crash at ${where}`, { cause: error });
  }
  const { anchor, snapshot, entries } = found;
  const last = anchor + entries.length;
  expect(anchor <= (snapshot?.index ?? 0) && (snapshot?.index ?? 0) <= last, where).toBe(true);
  return found;
}

function tipOf(anchor: { index: number; checksum: number } | undefined) {
  return anchor ?? { index: 0, checksum: 0 };
}

/** What nothing refers to: files of snapshots beside the adopted one, entries before the anchor. */
function leftovers(platter: Platter, { anchor, snapshot }: State): string[] {
  const log = platter.directory(join(DIRECTORY, "log"));
  const snapshots = platter.directory(join(DIRECTORY, "log", "snapshots"));
  const names = [...snapshots.entries.keys()];
  const store = platter.directory(join(DIRECTORY, "log", "store")).store;
  const before = [...(store?.records.keys() ?? [])]
    .map((key) => decodeEntryKey(Buffer.from(key, "latin1")))
    .filter((key) => key !== null && key.index <= anchor)
    .map((key) => `entry ${key?.index}`);
  const temporary = [...log.entries.keys()].filter((name) => name.endsWith(".tmp"));
  return [...names.slice(snapshot === null ? 0 : 1), ...before, ...temporary];
}

function randomScript(seed: number): Script {
  const random = randomOf(seed);
  const pick = (count: number) => Math.floor(random() * count);
  const script = new ScriptBuilder();
  let next = 0;
  const payloads = () => Array.from({ length: 1 + pick(4) }, () => `payload ${next++}`);
  const inside = () => {
    const { anchor, entries } = script.state;
    return anchor + 1 + pick(entries.length);
  };
  const one = (): void => {
    const { anchor, entries, snapshot } = script.state;
    const covered = snapshot?.index ?? 0;
    const kind = pick(8);
    if (kind <= 2 || entries.length === 0) script.append(payloads());
    else if (kind === 3) script.append(payloads(), { vote: pick(4) });
    else if (kind === 4 && script.lastIndex > covered) {
      script.append(payloads(), { cut: covered + 1 + pick(script.lastIndex - covered) });
    } else if (kind === 5 && covered > anchor) script.trim(anchor + 1 + pick(covered - anchor));
    else if (kind === 6) script.append([], { vote: pick(4) });
    else script.append(payloads());
  };
  for (let step = 0; step < RANDOM_STEPS; step++) {
    const kind = pick(10);
    const index = script.state.entries.length === 0 ? 0 : inside();
    const isNewer = index > (script.state.snapshot?.index ?? 0);
    if (kind === 0) script.restart();
    else if (kind <= 3 && isNewer) script.adopt(index);
    else if (kind === 4) {
      script.receive(
        Math.max(script.state.snapshot?.index ?? 0, script.state.anchor) + 1 + pick(6),
      );
      script.together(() => {
        script.install(payloads());
        one();
      });
    } else if (kind === 5) {
      script.together(() => {
        one();
        one();
        one();
      });
    } else one();
  }
  return script.script;
}

test("the canary: a log that acknowledges before it syncs is found out", async () => {
  const script = lives["append, vote, truncate"]!;
  const lying = (process: SimulatedProcess): SimulatedProcess => {
    const { openStore } = process;
    process.openStore = async (path, create) => {
      const store = await openStore.call(process, path, create);
      // What it calls synced is not.
      return { ...store, write: async (operations) => void store.write(operations) };
    };
    return process;
  };
  const platter = new Platter(1);
  const boundaries = (await boundariesOf(script)).length;
  const outcomes: string[] = [];
  for (let boundary = 1; boundary <= boundaries; boundary++) {
    const process = lying(platter.start({ boundary, done: false }));
    const life = await play(script, process).catch(() => null);
    if (life === null || !process.isDead) continue;
    platter.crash("all is lost");
    try {
      const found = stateOf(await open(platter.start(), () => {}));
      const allowed = script.states.slice(life.acknowledged, life.handed + 1);
      const ok = allowed.some((state) => JSON.stringify(state) === JSON.stringify(found));
      outcomes.push(ok ? "allowed" : "lost");
    } catch {
      outcomes.push("damaged");
    }
  }
  expect(outcomes.some((outcome) => outcome !== "allowed")).toBe(true);
});

async function boundariesOf(script: Script): Promise<readonly string[]> {
  const process = new Platter(1).start();
  await play(script, process);
  return process.names;
}
