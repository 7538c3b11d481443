/** Commands that change streams and their groups, with ids that mostly are there. */

import type { SeededRandom } from "../conformance/support/seeded-random.js";
import type { Request } from "./program.js";

const GROUPS = ["g", "g", "h"] as const;
const CONSUMERS = ["alice", "bob", "\xff"] as const;

export class StreamWrites {
  readonly #random: SeededRandom;
  readonly #key: () => string;
  readonly #many: () => number;
  readonly #startMs: number;
  /** Entries get ids with small milliseconds, one after the other; so others can guess them. */
  #lastMs = 1;

  constructor(random: SeededRandom, key: () => string, many: () => number, startMs: number) {
    this.#random = random;
    this.#key = key;
    this.#many = many;
    this.#startMs = startMs;
  }

  next(): Request {
    const random = this.#random;
    const key = this.#key;
    const group = () => random.pick(GROUPS);
    const consumer = () => random.pick(CONSUMERS);
    const count = () => ["COUNT", String(this.#many())];
    const makers: (() => string[])[] = [
      () => this.#add(),
      () => this.#add(),
      () => this.#add(),
      () => this.#add(),
      () => ["XDEL", key(), ...this.#ids()],
      () => ["XTRIM", key(), "MAXLEN", String(this.#many())],
      () => ["XTRIM", key(), "MINID", random.pick(["", "~"]), this.#id()].filter((w) => w !== ""),
      () => ["XSETID", key(), `${this.#lastMs + random.below(3)}-9`],
      () => ["XSETID", key(), `${this.#lastMs}-9`, "ENTRIESADDED", "9000", "MAXDELETEDID", "0-1"],
      () => ["XGROUP", "CREATE", key(), group(), random.pick(["0", "$"]), "MKSTREAM"],
      () => ["XGROUP", "CREATE", key(), group(), this.#id(), "MKSTREAM", "ENTRIESREAD", "3"],
      () => ["XGROUP", "SETID", key(), group(), random.pick(["0", "$", this.#id()])],
      () => (random.chance(0.4) ? ["XGROUP", "DESTROY", key(), group()] : this.#add()),
      () => ["XGROUP", "CREATECONSUMER", key(), group(), consumer()],
      () => ["XGROUP", "DELCONSUMER", key(), group(), consumer()],
      () => this.#read([...count()], ">"),
      () => this.#read([...count()], ">"),
      () => this.#read([...count()], ">"),
      () => this.#read([...count(), "NOACK"], ">"),
      () => this.#read([...count(), "BLOCK", "0"], ">"),
      () => this.#read([], "0"),
      () => ["XACK", key(), group(), ...this.#ids()],
      () => ["XACK", key(), group(), ...this.#ids()],
      () => ["XCLAIM", key(), group(), consumer(), "0", ...this.#ids(), ...this.#claimOptions()],
      () => ["XCLAIM", key(), group(), consumer(), "0", ...this.#ids(), "FORCE"],
      () => ["XAUTOCLAIM", key(), group(), consumer(), "0", "0", ...count()],
    ];
    return random.pick(makers)();
  }

  /** So many entries for one stream: only that fills chunks. */
  addMany(count: number): Request[] {
    const key = this.#key();
    return Array.from({ length: count }, () => {
      const [name, , ...rest] = this.#add();
      return [name!, key, ...rest];
    });
  }

  #add(): string[] {
    const random = this.#random;
    this.#lastMs += 1 + random.below(2);
    const id = random.chance(0.005) ? "*" : `${this.#lastMs}-${random.pick(["*", "0", "3"])}`;
    const trim = random.chance(0.05) ? ["MAXLEN", "~", String(this.#many())] : [];
    const width = random.chance(0.03) ? 60 : 1 + random.below(2);
    const value = random.chance(0.02) ? "w".repeat(5000) : String(random.below(100));
    const fields = Array.from({ length: width }, (_, i) => [`f${i}`, value]).flat();
    return ["XADD", this.#key(), ...trim, id, ...fields];
  }

  #read(options: readonly string[], from: string): string[] {
    const random = this.#random;
    const head = ["XREADGROUP", "GROUP", random.pick(GROUPS), random.pick(CONSUMERS)];
    return [...head, ...options, "STREAMS", this.#key(), from];
  }

  #id(): string {
    const random = this.#random;
    const ms = Math.max(1, this.#lastMs - random.below(random.chance(0.7) ? 6 : 200));
    return `${ms}-${random.pick(["0", "0", "3"])}`;
  }

  #ids(): string[] {
    return Array.from({ length: Math.min(40, this.#many() + 2) }, () => this.#id());
  }

  #claimOptions(): string[] {
    const random = this.#random;
    const options: string[] = [];
    if (random.chance(0.3)) options.push("TIME", String(this.#startMs - random.below(1000)));
    if (random.chance(0.3)) options.push("RETRYCOUNT", String(random.below(9)));
    if (random.chance(0.4)) options.push("FORCE");
    if (random.chance(0.3)) options.push("JUSTID");
    if (random.chance(0.2)) options.push("LASTID", this.#id());
    return options;
  }
}
