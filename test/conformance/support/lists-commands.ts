/**
 * Command sequences over lists: few keys, so that lists grow, meet and vanish, a small alphabet of elements, so
 * that searches find several, and edge arguments mixed in. Strings are put on the same keys now and then.
 */

import type { CommandSource } from "./compare.js";
import type { SeededRandom } from "./seeded-random.js";

const keys = ["a", "b", "c", "{t}d", "\xff\0\r\n"];
const elements = ["x", "y", "z", "", "1", "-5", "007", "9223372036854775807", "\0\xfe\r\n", "1.5"];
const indexes = ["0", "1", "2", "-1", "-2", "-3", "3", "5", "10", "-10", "100", "-100"];
const indexEdges = [
  "9007199254740993",
  "9223372036854775807",
  "-9223372036854775808",
  "9223372036854775808",
  "-9223372036854775809",
  "x",
  "",
  "+1",
  "-0",
  "01",
  " 1",
  "1.0",
];
const sides = ["BEFORE", "AFTER", "before", "After"];
const ends = ["LEFT", "RIGHT", "left", "Right"];

export class ListsGenerator implements CommandSource {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  next(): Buffer[] {
    const random = this.#random;
    const argv = this.#command();
    if (random.chance(0.02) && argv.length > 1) argv.pop();
    if (random.chance(0.02)) argv.push(random.pick(["x", "COUNT", "1", ""]));
    if (random.chance(0.2)) argv[0] = argv[0]!.toLowerCase();
    return argv.map((argument) => Buffer.from(argument, "latin1"));
  }

  #command(): string[] {
    const random = this.#random;
    const key = () => random.pick(keys);
    const element = () => this.#element();
    const index = () => this.#index();
    const pushNames = ["LPUSH", "RPUSH", "LPUSH", "RPUSH", "LPUSHX", "RPUSHX"];
    const makers: (() => string[])[] = [
      () => [random.pick(pushNames), key(), ...this.#elements()],
      () => [random.pick(pushNames), key(), ...this.#elements()],
      () => [random.pick(pushNames), key(), ...this.#elements()],
      () => [random.pick(["LPUSH", "RPUSH"]), key(), ...this.#elements(), ...this.#elements()],
      () => [random.pick(["LPOP", "RPOP"]), key()],
      () => [random.pick(["LPOP", "RPOP"]), key(), random.pick(["0", "1", "2", "3", index()])],
      () => ["LLEN", key()],
      () => ["LINDEX", key(), index()],
      () => ["LSET", key(), index(), element()],
      () => ["LRANGE", key(), "0", "-1"],
      () => ["LRANGE", key(), index(), index()],
      () => ["LINSERT", key(), this.#rarely(sides, ["x", ""]), element(), element()],
      () => ["LREM", key(), random.pick(["0", "1", "-1", "-2", index()]), element()],
      () => ["LTRIM", key(), random.pick(["0", "1", index()]), random.pick(["-1", "-2", index()])],
      () => ["LPOS", key(), element(), ...this.#positionOptions()],
      () => ["LPOS", key(), element(), ...this.#positionOptions()],
      () => ["LMOVE", key(), key(), this.#end(), this.#end()],
      () => ["RPOPLPUSH", key(), key()],
      () => this.#manyPop(),
      () => this.#other(),
    ];
    return random.pick(makers)();
  }

  /** What any key can meet, and what makes it something else than a list. */
  #other(): string[] {
    const random = this.#random;
    const key = () => random.pick(keys);
    const makers: (() => string[])[] = [
      () => ["DEL", key()],
      () => ["UNLINK", key(), key()],
      () => ["EXISTS", key(), key()],
      () => ["TYPE", key()],
      () => ["SET", key(), "string"],
      () => ["GET", key()],
      () => ["APPEND", key(), "x"],
      () => ["RENAME", key(), key()],
      () => ["RENAMENX", key(), key()],
      () => ["COPY", key(), key(), "REPLACE"],
      () => ["COPY", key(), key()],
      () => ["EXPIRE", key(), "1000"],
      () => ["EXPIREAT", key(), random.pick(["1", "5000000000"])],
      () => ["PERSIST", key()],
      () => ["EXPIRETIME", key()],
      () => ["GETDEL", key()],
    ];
    return random.pick(makers)();
  }

  #element(): string {
    const random = this.#random;
    if (random.chance(0.95)) return random.pick(elements);
    return random.pick(elements).padEnd(random.pick([64, 1023, 1024, 5000]), "p");
  }

  /** Now and then so many that the list has several nodes and chunks. */
  #elements(): string[] {
    const random = this.#random;
    if (random.chance(0.002)) return Array.from({ length: 5000 }, (_, i) => String(i % 700));
    const count = random.chance(0.03) ? 50 + random.below(600) : 1 + random.below(5);
    return Array.from({ length: count }, () => this.#element());
  }

  #index(): string {
    return this.#rarely(indexes, indexEdges);
  }

  #end(): string {
    return this.#rarely(ends, ["x", "", "LEFTY"]);
  }

  #rarely(sensible: readonly string[], edges: readonly string[]): string {
    return this.#random.pick(this.#random.chance(0.08) ? edges : sensible);
  }

  #positionOptions(): string[] {
    const random = this.#random;
    const ranks = ["1", "2", "-1", "-2", "3", "100", "0", "-9223372036854775807", "x"];
    const counts = ["0", "1", "2", "10", "-1", "x", "9223372036854775807"];
    const options: string[] = [];
    if (random.chance(0.5)) options.push("RANK", random.pick(ranks));
    if (random.chance(0.5)) options.push(random.pick(["COUNT", "count"]), random.pick(counts));
    if (random.chance(0.4)) options.push("MAXLEN", random.pick(counts));
    if (random.chance(0.05)) options.push("RANK", random.pick(ranks));
    if (random.chance(0.05)) options.push(random.pick(["foo", "RANK", ""]));
    return options;
  }

  #manyPop(): string[] {
    const random = this.#random;
    const count = 1 + random.below(3);
    const numkeys = random.chance(0.9) ? String(count) : random.pick(["0", "-1", "x", "4", "1"]);
    const named = Array.from({ length: count }, () => random.pick(keys));
    const argv = ["LMPOP", numkeys, ...named, this.#end()];
    if (random.chance(0.6)) argv.push("COUNT", this.#rarely(["1", "2", "5"], ["0", "-1", "x"]));
    if (random.chance(0.04)) argv.push("COUNT", "2");
    return argv;
  }
}
