/**
 * SORT of lists, sets and sorted sets by themselves, by strings and by fields of hashes, and OBJECT and MEMORY
 * of what lies there. Weights out of a double's range are elsewhere: Redis does not clear errno, so that one of
 * them may spoil the next SORTs of a pipeline. Where Redis leaves the order open (equal ALPHA weights outside of a whole list), nothing is
 * stored: the datasets would differ for no reason.
 */

import type { CommandSource } from "./compare.js";
import type { SeededRandom } from "./seeded-random.js";

const lists = ["l1", "l2", "l3"];
const sources = [...lists, ...lists, "s1", "s2", "z1", "z2", "string", "missing"];
const anyKeys = [...sources, "h_1", "w_1", "stored"];
const numbers = [
  "1",
  "2",
  "3",
  "10",
  "-5",
  "1.5",
  "2.50",
  "1e3",
  "0x10",
  "",
  "inf",
  " 7",
  "+4",
  "-0",
];
const texts = ["abc", "abd", "ABC", "\xe9", "-", "x y", "10 ", "nan", "12\r\n", "*"];
const hidden = ["1\0a", "1\0b", "\0"];
const weighted = ["1", "2", "3", "10", "-5", "abc", ""];
const constantPatterns = ["nosort", "", "w_", "#", "\0*"];
const weightPatterns = ["w_*", "h_*->f", "h_*->g", "*", "w_*->f", "h_*->", "none_*", "h_*->f->g"];
const getPatterns = [...weightPatterns, "#", "#->f", "plain", "w_*_*", "->*", "h->f*", "w_*\0"];
const limits = ["0", "1", "2", "3", "-1", "-5", "100", "9223372036854775807"];
const badLimits = ["x", "", "1.5", "9223372036854775808", "-9223372036854775808"];

export class SortGenerator implements CommandSource {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  next(): Buffer[] {
    const random = this.#random;
    const argv = this.#command();
    if (random.chance(0.01) && argv.length > 1) argv.pop();
    if (random.chance(0.2)) argv[0] = argv[0]!.toLowerCase();
    return argv.map((argument) => Buffer.from(argument, "latin1"));
  }

  #command(): string[] {
    const random = this.#random;
    const weight = () => random.pick(weighted);
    const makers: (() => string[])[] = [
      () => [random.pick(["LPUSH", "RPUSH"]), random.pick(lists), ...this.#elements()],
      () => [random.pick(["LPUSH", "RPUSH"]), random.pick(lists), ...this.#elements()],
      () => [random.pick(["LPUSH", "RPUSH"]), random.pick(lists), ...this.#elements()],
      () => ["SADD", random.pick(["s1", "s2"]), ...this.#elements()],
      () => ["SADD", random.pick(["s1", "s2"]), ...this.#elements()],
      () => ["ZADD", random.pick(["z1", "z2"]), String(random.below(9)), this.#element()],
      () => ["SET", `w_${weight()}`, this.#element()],
      () => ["HSET", `h_${weight()}`, random.pick(["f", "g", "f->g"]), this.#element()],
      () => [random.pick(["DEL", "UNLINK"]), random.pick([...anyKeys, `w_${weight()}`])],
      () => ["LPOP", random.pick(lists), "2"],
      () => ["LTRIM", random.pick(lists), "0", "12"],
      () => ["LRANGE", random.pick(lists), "0", "-1"],
      () => [
        "EXPIREAT",
        random.pick([`w_${weight()}`, ...lists]),
        random.pick(["1", "5000000000"]),
      ],
      () => ["SET", "string", this.#element().repeat(random.pick([1, 1, 5, 12, 200]))],
      () => ["OBJECT", random.pick(["ENCODING", "REFCOUNT", "IDLETIME", "freq"]), this.#any()],
      () => ["OBJECT", random.pick(["ENCODING", "encoding", "nosuch"]), this.#any()],
      () => ["MEMORY", "USAGE", this.#any(), ...this.#samples()],
    ];
    return random.chance(0.55) ? this.#sort() : random.pick(makers)();
  }

  #any(): string {
    return this.#random.pick(anyKeys);
  }

  #element(): string {
    const random = this.#random;
    if (random.chance(0.02)) return random.pick(hidden);
    return random.pick(random.chance(0.9) ? numbers : texts);
  }

  /** Mostly numbers, so that they can be sorted as such. */
  #elements(): string[] {
    const random = this.#random;
    const onlyNumbers = random.chance(0.8);
    return Array.from({ length: 1 + random.below(5) }, () =>
      onlyNumbers ? random.pick(numbers) : this.#element(),
    );
  }

  #sort(): string[] {
    const random = this.#random;
    const source = random.pick(sources);
    const isAlpha = random.chance(0.4);
    const isStored = random.chance(0.3);
    const isOpen = isStored && isAlpha;
    const options: string[][] = [];
    if (isAlpha) options.push([random.pick(["ALPHA", "alpha"])]);
    if (random.chance(0.4)) options.push([random.pick(["ASC", "DESC", "desc"])]);
    if (random.chance(0.4) && !(isOpen && random.chance(0.9))) {
      options.push(["BY", random.pick(isOpen ? constantPatterns : this.#by())]);
    }
    if (random.chance(0.05) && !isOpen) options.push(["BY", random.pick(this.#by())]);
    if (random.chance(0.3)) options.push(["LIMIT", this.#limit(), this.#limit()]);
    for (let gets = random.chance(0.4) ? 1 + random.below(3) : 0; gets > 0; gets--) {
      options.push(["GET", random.pick(getPatterns)]);
    }
    if (isStored) options.push(["STORE", random.pick(["l3", "stored", "stored", "string"])]);
    if (random.chance(0.03)) options.push([random.pick(["x", "GET", "LIMIT", "STORE", "BY"])]);
    const name = random.chance(isStored ? 0.05 : 0.4) ? "SORT_RO" : "SORT";
    return [name, source, ...this.#shuffled(options).flat()];
  }

  #by(): readonly string[] {
    return this.#random.chance(0.25) ? constantPatterns : weightPatterns;
  }

  #limit(): string {
    const random = this.#random;
    return random.pick(random.chance(0.04) ? badLimits : limits);
  }

  #samples(): string[] {
    const counts = ["0", "5", "-1", "x", "9223372036854775807"];
    return this.#random.chance(0.7) ? [] : ["SAMPLES", this.#random.pick(counts)];
  }

  #shuffled(options: string[][]): string[][] {
    const rest = [...options];
    const result: string[][] = [];
    while (rest.length > 0) result.push(...rest.splice(this.#random.below(rest.length), 1));
    return result;
  }
}
