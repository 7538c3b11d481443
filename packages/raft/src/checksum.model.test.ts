/**
 * The chain against whatever may happen to a log that lies on a disk: fields that change, entries that go, come
 * twice, change places or stem from another history. The chain holds exactly if the log is what was written.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { entryChecksum } from "./checksum.js";
import { type Entry, EntryKind } from "./types.js";

interface Log {
  /** What the log begins behind, and how it ends: known from elsewhere (anchor, watermark). */
  anchor: { index: number; checksum: number };
  end: { index: number; checksum: number };
  entries: Entry[];
}

/** What was written. */
type Model = Log;
/** What lies on the disk. */
type Disk = { entries: Entry[] };

function chained(
  { index: before, checksum: previous }: { index: number; checksum: number },
  { term, kind, payload }: Pick<Entry, "term" | "kind" | "payload">,
): Entry {
  const index = before + 1;
  return {
    index,
    term,
    kind,
    payload,
    checksum: entryChecksum(index, term, kind, previous, payload),
  };
}

/** As every reader of a log does it. */
function holds({ anchor, end }: Log, entries: readonly Entry[]): boolean {
  let { index, checksum } = anchor;
  for (const entry of entries) {
    index += 1;
    const { term, kind, payload } = entry;
    checksum = entryChecksum(index, term, kind, checksum, payload);
    if (entry.index !== index || entry.checksum !== checksum) return false;
  }
  return index === end.index && checksum === end.checksum;
}

function sameEntry(a: Entry, b: Entry): boolean {
  const fields = ["index", "term", "kind", "checksum"] as const;
  return (
    fields.every((field) => a[field] === b[field]) && Buffer.compare(a.payload, b.payload) === 0
  );
}

type Command = fc.Command<Model, Disk>;
const ran = new Map<string, number>();

function command(
  text: string,
  act: (model: Model, disk: Disk) => void,
  check: (model: Readonly<Model>) => boolean = ({ entries }) => entries.length > 0,
): Command {
  return {
    check,
    run: (model, disk) => {
      const name = text.split(" ")[0]!;
      ran.set(name, (ran.get(name) ?? 0) + 1);
      act(model, disk);
      const { entries } = model;
      const isWhole =
        entries.length === disk.entries.length &&
        entries.every((entry, at) => sameEntry(entry, disk.entries[at]!));
      if (!isWhole) ran.set("damaged", (ran.get("damaged") ?? 0) + 1);
      expect(holds(model, disk.entries)).toBe(isWhole);
    },
    toString: () => text,
  };
}

/** `share` of the way, a thousandth. */
const at = ({ length }: readonly unknown[], share: number): number =>
  Math.floor((length * share) / 1000);

/** Damages the entry at `share`, if the disk still has any. */
const damage = (name: string, share: number, change: (entry: Entry) => Entry): Command =>
  command(`${name} ${share}`, (_, { entries }) => {
    if (entries.length === 0) return;
    const index = at(entries, share);
    entries[index] = change(entries[index]!);
  });

const share = fc.noBias(fc.nat(999));
const payload = fc.uint8Array({ maxLength: 20 });
const kind = fc.constantFrom(...Object.values(EntryKind));
const weighted = (weight: number, arbitrary: fc.Arbitrary<Command>) => ({ weight, arbitrary });

const append = fc.tuple(payload, fc.nat(2), kind).map(([bytes, step, of]) =>
  command(
    "append",
    (model, disk) => {
      const last = model.entries.at(-1);
      const next = { term: (last?.term ?? 1) + step, kind: of, payload: bytes };
      const entry = chained(model.end, next);
      model.entries.push(entry);
      model.end = entry;
      disk.entries.push(entry);
    },
    () => true,
  ),
);
const trim = share.map((to) =>
  command(`trim ${to}`, (model, disk) => {
    const count = at(model.entries, to);
    const { index, checksum } = model.entries[count]!;
    model.anchor = { index, checksum };
    model.entries.splice(0, count + 1);
    disk.entries.splice(0, count + 1);
  }),
);
const field = fc
  .tuple(share, fc.constantFrom("index", "term", "kind", "checksum"), fc.nat(31))
  .map(([where, name, any]) => {
    // A kind is one byte.
    const bit = name === "kind" ? any % 8 : any;
    return damage(name, where, (entry) => {
      return { ...entry, [name]: (entry[name as "index"] ^ (1 << bit)) >>> 0 };
    });
  });
const high = fc
  .tuple(share, fc.constantFrom("index", "term"))
  .map(([where, name]) =>
    damage("high", where, (entry) => ({ ...entry, [name]: entry[name as "index"] + 2 ** 32 })),
  );
const bytes = fc.tuple(share, share, fc.nat(7)).map(([where, which, bit]) =>
  damage("payload", where, (entry) => {
    const damaged = Uint8Array.from(entry.payload);
    if (damaged.length > 0) damaged[at(damaged as never, which)]! ^= 1 << bit;
    return { ...entry, payload: damaged };
  }),
);
const length = fc.tuple(share, fc.boolean()).map(([where, grows]) =>
  damage("length", where, (entry) => {
    const { payload: whole } = entry;
    const cut = grows ? Uint8Array.from([...whole, 0]) : whole.subarray(0, -1);
    return { ...entry, payload: cut };
  }),
);
const drop = share.map((where) =>
  command(`drop ${where}`, (_, { entries }) => void entries.splice(at(entries, where), 1)),
);
const repeat = share.map((where) =>
  command(`repeat ${where}`, (_, { entries }) => {
    if (entries.length > 0) entries.splice(at(entries, where), 0, entries[at(entries, where)]!);
  }),
);
const swap = fc.tuple(share, share).map(([a, b]) =>
  command(`swap ${a} ${b}`, (_, { entries }) => {
    if (entries.length === 0) return;
    const [one, other] = [at(entries, a), at(entries, b)];
    [entries[one], entries[other]] = [entries[other]!, entries[one]!];
  }),
);
/** The end of another history: chained in itself, and as long. */
const graft = fc.tuple(share, payload).map(([where, other]) =>
  command(`graft ${where}`, (_, { entries }) => {
    let last: Entry | undefined;
    for (let index = at(entries, where); index < entries.length; index += 1) {
      const before = last ?? { index: entries[index]!.index - 1, checksum: 0 };
      last = chained(before, { ...entries[index]!, payload: other });
      entries[index] = last;
    }
  }),
);
const mend = fc.constant(
  command("mend", ({ entries }, disk) => {
    disk.entries = [...entries];
  }),
);

test("trap-26: a chain that holds is the log that was written", () => {
  const commands = fc.oneof(
    weighted(14, append),
    weighted(1, trim),
    ...[field, high, bytes, length, drop, repeat, swap, graft].map((one) => weighted(1, one)),
    weighted(6, mend),
  );
  const run = fc.commands([commands], { maxCommands: 100, size: "max" });
  const property = fc.property(run, (script) => {
    const start = { index: 0, checksum: 0 };
    const model: Model = { anchor: start, end: start, entries: [] };
    fc.modelRun(() => ({ model, real: { entries: [] } }), script);
  });
  fc.assert(property, { seed: 26, numRuns: 300 });
  expect(ran.get("damaged")).toBeGreaterThan(2000);
  expect([...ran.keys()].sort()).toEqual(
    [
      ["append", "checksum", "damaged", "drop", "graft", "high", "index", "kind", "length"],
      ["mend", "payload", "repeat", "swap", "term", "trim"],
    ].flat(),
  );
});
