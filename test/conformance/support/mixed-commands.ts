/**
 * Commands of all families on the same few keys: each family's own generator, with its keys put in the place of
 * shared ones. Types change all the time. In one connection, with transactions, and another one that writes
 * between WATCH and EXEC. Left out: random choices and orders that Redis leaves open, where they would be stored.
 */

import { commandTable, keyPositions } from "@redoubt/commands";
import type { CommandSource } from "./compare.js";
import type { Step, StepSource } from "./compare-connections.js";
import { Generator } from "./generator.js";
import { HashCommands } from "./hashes-commands.js";
import { ListsGenerator } from "./lists-commands.js";
import { samplePayload } from "./sample-values.js";
import type { SeededRandom } from "./seeded-random.js";
import { SetCommands } from "./sets-commands.js";
import { SortGenerator } from "./sort-commands.js";
import { SortedSetCommands } from "./sorted-sets-commands.js";
import { StreamsGenerator } from "./streams-commands.js";

export const mixedKeys = ["k1", "k2", "k3", "k4", "", "\xff\0\r\n"];
/**
 * Redis does not clear errno: a score that it reads well keeps an earlier one out of range from the next SORT. The
 * first SORT of a sorted set reads its scores, and may meet one itself.
 */
const clearErrno = "ZADD errno 1 m".split(" ");

/** Redis does not count all that these do as a change of a watched key. */
const changesOnlyGroups = /^(XGROUP|XREADGROUP|XCLAIM|XAUTOCLAIM)$/;

interface Family {
  readonly source: CommandSource;
  /** By its own key. */
  readonly places: Map<string, string>;
}

export class MixedCommands implements StepSource {
  readonly #random: SeededRandom;
  readonly #families: readonly Family[];
  #watching = false;
  /** As long as EXEC may tell of it. */
  #isWatched = false;

  constructor(random: SeededRandom) {
    this.#random = random;
    const sources = [
      new Generator(random),
      new HashCommands(random),
      new ListsGenerator(random),
      new SetCommands(random, Number.POSITIVE_INFINITY),
      new SortGenerator(random),
      new SortedSetCommands(random, true),
      new StreamsGenerator(random),
    ];
    this.#families = sources.map((source) => ({ source, places: new Map() }));
  }

  next(): Step {
    const random = this.#random;
    if (this.#watching) {
      this.#watching = false;
      if (random.chance(0.5)) return { connection: 0, requests: this.#transaction() };
      this.#watching = true;
      return { connection: random.below(2), requests: this.#some() };
    }
    this.#isWatched = false;
    if (random.chance(0.05)) {
      this.#watching = true;
      this.#isWatched = true;
      const watched = Array.from({ length: 1 + random.below(3) }, () => random.pick(mixedKeys));
      return { connection: 0, requests: [asBuffers(["WATCH", ...watched])] };
    }
    const requests = random.chance(0.1) ? this.#transaction() : this.#some();
    return { connection: 0, requests };
  }

  #transaction(): Buffer[][] {
    const random = this.#random;
    const end = random.chance(0.85) ? "EXEC" : random.pick(["DISCARD", "exec", "DISCARD x"]);
    const inner = [...this.#some(), ...this.#some()];
    if (random.chance(0.03)) inner.push([Buffer.from("MULTI")]);
    if (random.chance(0.03)) inner.push(asBuffers(["WATCH", "k1"]));
    return [[Buffer.from("MULTI")], ...inner, asBuffers(end.split(" ")), [Buffer.from("DISCARD")]];
  }

  #some(): Buffer[][] {
    const random = this.#random;
    const requests: Buffer[][] = [];
    for (let wanted = 1 + random.below(4); wanted > 0; wanted--) {
      if (random.chance(0.03)) requests.push(this.#restore());
      else requests.push(...this.#ofFamily(random.pick(this.#families)));
    }
    return requests;
  }

  /** One command, with what its generator puts before it. */
  #ofFamily({ source, places }: Family): Buffer[][] {
    const requests: Buffer[][] = [];
    for (;;) {
      const argv = this.#comparable(source.next());
      if (argv === null || (this.#isWatched && changesOnlyGroups.test(nameOf(argv)))) continue;
      this.#putKeys(argv, places);
      const name = nameOf(argv);
      if (name.startsWith("SORT") && argv.length > 1) {
        const clear = asBuffers(clearErrno);
        requests.push(clear, [Buffer.from("SORT_RO"), argv[1]!], clear);
      }
      requests.push(argv);
      if (name !== "XGROUP" || wordOf(argv, 1) !== "CREATECONSUMER") return requests;
    }
  }

  #putKeys(argv: Buffer[], places: Map<string, string>): void {
    const row = commandTable.resolve(argv);
    if (row === undefined) return;
    for (const { position } of keyPositions(row, argv) ?? []) {
      const own = argv[position]?.toString("latin1");
      if (own === undefined) continue;
      if (!places.has(own)) places.set(own, this.#random.pick(mixedKeys));
      argv[position] = Buffer.from(places.get(own)!, "latin1");
    }
  }

  #restore(): Buffer[] {
    const random = this.#random;
    const [key, ...options] = asBuffers([
      random.pick(mixedKeys),
      ...random.pick([["REPLACE"], []]),
    ]);
    return [Buffer.from("RESTORE"), key!, Buffer.from("0"), samplePayload(random), ...options];
  }

  /** Null: another one is wanted. */
  #comparable(argv: Buffer[]): Buffer[] | null {
    const words = argv.map((_, i) => wordOf(argv, i));
    const name = words[0]!;
    switch (name) {
      case "SRANDMEMBER":
      case "HRANDFIELD":
      case "ZRANDMEMBER":
      case "RANDOMKEY":
      case "MEMORY":
      case "XSETID":
      // Prints integers of a listpack otherwise.
      case "ZSCAN":
        return null;
      case "ZRANK":
      case "ZREVRANK":
        // Of another arity in 7.2, which MULTI tells.
        return argv.length === 4 ? null : argv;
      case "SPOP":
        return argv.length === 2 || /^\d{1,5}$/.test(words[2] ?? "") ? null : argv;
      case "OBJECT":
        return words[1] === "ENCODING" ? argv : null;
      case "XADD":
        return words.includes("*") ? null : argv;
      case "SSCAN":
      case "HSCAN":
        return [argv[0]!, argv[1]!, ...asBuffers(["0", "COUNT", "100000"])];
      case "SORT":
      case "SORT_RO":
        return this.#sortIsOpen(words) ? null : argv;
      default:
        // Means something only where all scores are the same.
        return name.includes("LEX") || words.includes("BYLEX") ? null : argv;
    }
  }

  /** What it gives or stores depends on an order that is not defined. */
  #sortIsOpen(words: readonly string[]): boolean {
    const isPartial = words.includes("STORE") || words.includes("LIMIT");
    return isPartial && (words.includes("ALPHA") || words.includes("BY"));
  }
}

function nameOf(argv: readonly Buffer[]): string {
  return wordOf(argv, 0);
}

function wordOf(argv: readonly Buffer[], at: number): string {
  return argv[at]?.toString("latin1").toUpperCase() ?? "";
}

function asBuffers(words: readonly string[]): Buffer[] {
  return words.map((word) => Buffer.from(word, "latin1"));
}
