/** A handler reads and changes no key that its row's specifications do not name: hazards rest on them. */

import { arityOk, type CommandContext, commandTable, forEachKey } from "@redoubt/commands";
import { BatchWriter, Keyspace, Txn, UndoJournal } from "@redoubt/keyspace";
import { OutputBuffer, ReplyWriter } from "@redoubt/resp";
import { expect, test } from "vitest";
import type { CommandSource } from "./support/compare.js";
import { Generator } from "./support/generator.js";
import { HashCommands } from "./support/hashes-commands.js";
import { ListsGenerator } from "./support/lists-commands.js";
import { SeededRandom } from "./support/seeded-random.js";
import { SetCommands } from "./support/sets-commands.js";
import { SortGenerator } from "./support/sort-commands.js";
import { SortedSetCommands } from "./support/sorted-sets-commands.js";
import { StreamsGenerator } from "./support/streams-commands.js";

const COMMANDS = 10_000;
const NOW_MS = 1_700_000_000_000;

const sources: Readonly<Record<string, (random: SeededRandom) => CommandSource>> = {
  "strings and keys": (random) => new Generator(random),
  hashes: (random) => new HashCommands(random),
  lists: (random) => new ListsGenerator(random),
  sets: (random) => new SetCommands(random, COMMANDS),
  SORT: (random) => new SortGenerator(random),
  "sorted sets": (random) => new SortedSetCommands(random),
  streams: (random) => new StreamsGenerator(random),
};

/** What a specification may take for something else, in anybody's place. */
const misleading = ["STREAMS", "store", "BY", "GET", "COUNT", "GROUP", "BLOCK", "NOACK", "LIMIT"];
const counts = ["-1", "0", "1", "2", "3", "9223372036854775807", "9007199254740993", "+1", "01"];

function mislead(random: SeededRandom, argv: Buffer[]): void {
  if (argv.length < 2 || !random.chance(0.3)) return;
  const group = argv.findIndex((argument) => String(argument).toUpperCase() === "GROUP");
  if (group > 0 && group + 2 < argv.length && random.chance(0.5)) {
    argv[group + 1 + random.below(2)] = Buffer.from("Streams");
    argv.splice(1, 0, Buffer.from("COUNT"), Buffer.from("1"));
    return;
  }
  const word = random.pick(random.chance(0.6) ? misleading : counts);
  const at = 1 + random.below(argv.length - 1);
  argv.splice(at, random.below(2), Buffer.from(word));
}

for (const [title, sourceOf] of Object.entries(sources)) {
  test(`${title}: keys that are looked at are named`, () => {
    const random = new SeededRandom(title.length);
    const source = sourceOf(random);
    const output = new OutputBuffer();
    const journal = new UndoJournal();
    const batch = new BatchWriter();
    const seen = new Set<string>();
    const touch = { touched: (key: string) => void seen.add(key), touchedAll: () => {} };
    const txn = new Txn(new Keyspace(), journal, batch, touch);
    const get = txn.get.bind(txn);
    txn.get = (key) => {
      seen.add(key);
      return get(key);
    };
    const context: CommandContext = {
      argv: [],
      txn,
      reply: new ReplyWriter(output),
      random: random.next,
      wallMs: () => NOW_MS,
      subscribers: () => 0,
      block: null,
      timedOut: false,
    };
    let looked = 0;
    for (let i = 0; i < COMMANDS; i++) {
      const argv = source.next();
      mislead(random, argv);
      // Samples with repetition are large where the number is.
      if (/RANDMEMBER|RANDFIELD/i.test(String(argv[0])) && /^-\d{5}/.test(String(argv[2])))
        continue;
      const row = commandTable.resolve(argv);
      if (row === undefined || row.execute === null || !arityOk(row, argv.length)) continue;
      seen.clear();
      context.argv = argv;
      txn.begin(NOW_MS + i, "lead");
      row.execute(context);
      if (batch.effects > 0) batch.take(NOW_MS + i);
      journal.commitTo(journal.position, () => {});
      output.take(output.end);
      if (row.visibility !== "keys") continue;
      looked += seen.size;
      forEachKey(row, argv, (key) => seen.delete(key));
      expect([...seen], argv.map(String).join(" ")).toEqual([]);
    }
    if (title !== "SORT") expect(looked).toBeGreaterThan(COMMANDS / 4);
  });
}
