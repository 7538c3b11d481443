/**
 * Command sequences over strings and keys, mostly sensible, with edge arguments, wrong options and wrong
 * counts mixed in. Relative expiries are long and never repeat within a sequence, so that a comparison of
 * two of them does not depend on the millisecond in which each side executed the command. SCAN and
 * RANDOMKEY are not here: which expired keys they meet, and so delete, is a matter of chance.
 */

import { floatText } from "./float-text.js";
import type { SeededRandom } from "./seeded-random.js";

const keys = ["a", "b", "c", "key:1", "{tag}x", "{tag}y", "", "\xff\0\r\n"];

const integers = [
  "0",
  "1",
  "-1",
  "7",
  "-12",
  "100",
  "99999",
  "4294967296",
  "9007199254740991",
  "9007199254740992",
  "-9007199254740993",
  "9223372036854775807",
  "-9223372036854775808",
  "9223372036854775806",
  "9223372036854775808",
  "-9223372036854775809",
  "99999999999999999999",
];
const badIntegers = ["", "-", "+1", "01", "-0", " 1", "1 ", "1.0", "0x1", "abc", "1\0", "１"];
const floats = [
  "0.1",
  "0.2",
  "-0.3",
  "3.0e3",
  "1e-7",
  "-1.5e10",
  "123456.789",
  "1e17",
  "1e18",
  "1e19",
  "12345678901234567890",
  "0x1.8p1",
  ".5",
  "5.",
  "1e-18",
  "-1e-18",
  "4.9e-324",
  "1e400",
  "-1e4931",
  "1.1e4932",
  "1e4933",
  "1e-4940",
  "1e-4960",
  "inf",
  "-Infinity",
  "nan",
  "1e",
  "0x",
  "1e5x",
];
const words = ["v", "", "hello world", "\0\x01\xfe\xff", "line\r\nend", "3.14", "OK"];
const unitOptions = ["EX", "PX", "EXAT", "PXAT"];
const offsets = [
  "0",
  "1",
  "3",
  "10",
  "1020",
  "1500",
  "-1",
  "536870912",
  "9223372036854775807",
  "x",
];
const indexes = ["0", "1", "-1", "-3", "5", "100", "-100", "1023", "1024", "-9223372036854775808"];
const patterns = [
  "*",
  "key:?",
  "[a-b]",
  "[^a]",
  "{tag}*",
  "\\a",
  "*[",
  "",
  "**",
  "*\xff*",
  "[c-a]",
];

type Argument = (random: SeededRandom) => string;

export class Generator {
  readonly #random: SeededRandom;
  #relative = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  next(): Buffer[] {
    const random = this.#random;
    const argv = this.#command();
    if (random.chance(0.02)) argv.pop();
    if (random.chance(0.02)) argv.push(random.pick(["NX", "x", "EX", ""]));
    if (argv.length === 0) argv.push("nosuch");
    if (random.chance(0.3)) argv[0] = argv[0]!.toLowerCase();
    return argv.map((argument) => Buffer.from(argument, "latin1"));
  }

  readonly #key: Argument = (random) => random.pick(keys);
  readonly #integer: Argument = (random) =>
    random.pick(random.chance(0.15) ? badIntegers : integers);
  readonly #float: Argument = (random) => {
    if (random.chance(0.3)) return random.pick(random.chance(0.5) ? floats : integers);
    return floatText(random);
  };
  readonly #value: Argument = (random) => {
    const kind = random.below(10);
    if (kind < 3) return random.pick(integers);
    if (kind < 5) return random.pick(floats);
    if (kind < 9) return random.pick(words);
    return random.pick(words).padEnd(random.pick([1023, 1024, 1025, 3000, 20_000]), "p");
  };

  #command(): string[] {
    const random = this.#random;
    const key = () => this.#key(random);
    const value = () => this.#value(random);
    const integer = () => this.#integer(random);
    const many = (of: () => string[]) => Array.from({ length: 1 + random.below(4) }, of).flat();
    const makers: (() => string[])[] = [
      () => ["SET", key(), value()],
      () => ["SET", key(), value(), ...this.#setOptions()],
      () => ["SET", key(), value(), ...this.#setOptions()],
      () => ["SETNX", key(), value()],
      () => ["SETEX", key(), this.#time("EX"), value()],
      () => ["PSETEX", key(), this.#time("PX"), value()],
      () => ["GETSET", key(), value()],
      () => ["GET", key()],
      () => ["GETDEL", key()],
      () => ["GETEX", key(), ...this.#getexOptions()],
      () => ["STRLEN", key()],
      () => ["MGET", ...many(() => [key()])],
      () => ["MSET", ...many(() => [key(), value()])],
      () => ["MSETNX", ...many(() => [key(), value()])],
      () => ["APPEND", key(), value()],
      () => ["APPEND", key(), value()],
      () => ["SETRANGE", key(), random.pick(offsets), value()],
      () => ["GETRANGE", key(), random.pick(indexes), random.pick(indexes)],
      () => ["SUBSTR", key(), random.pick(indexes), random.pick([...indexes, "x"])],
      () => [random.pick(["INCR", "DECR"]), key()],
      () => ["SET", key(), random.pick(integers)],
      () => [random.pick(["INCRBY", "DECRBY"]), key(), integer()],
      () => ["SET", key(), this.#float(random)],
      () => ["INCRBYFLOAT", key(), this.#float(random)],
      () => ["INCRBYFLOAT", key(), this.#float(random)],
      () => [random.pick(["DEL", "UNLINK", "EXISTS", "TOUCH"]), ...many(() => [key()])],
      () => ["TYPE", key()],
      () => [random.pick(["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"]), key()],
      () => [random.pick(["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"]), key()],
      () => this.#expire(),
      () => this.#expire(),
      () => ["PERSIST", key()],
      () => [random.pick(["RENAME", "RENAMENX"]), key(), key()],
      () => [
        "COPY",
        key(),
        key(),
        ...random.pick([[], ["REPLACE"], ["DB", "0"], ["DB"], ["DB", "x"]]),
      ],
      () => ["DBSIZE"],
      () => ["KEYS", random.pick(patterns)],
      () => ["PING", ...random.pick([[], ["message"], ["two", "words"]])],
      () => ["ECHO", value()],
      () => (random.chance(0.1) ? [random.pick(["FLUSHALL", "FLUSHDB"])] : ["DBSIZE"]),
      () => ["FLUSHALL", random.pick(["x", "ASYNC x"])],
      () => ["nosuch", value().slice(0, 60), value().slice(0, 200)],
    ];
    return random.pick(makers)();
  }

  /** Digits for a time option; relative ones are between 100 seconds and 12 days, none twice. */
  #time(unit: string): string {
    const random = this.#random;
    if (random.chance(0.15)) return this.#timeEdge(unit);
    const factor = unit.startsWith("P") ? 1000 : 1;
    if (unit.endsWith("AT")) {
      const seconds = random.pick([1, 1_000_000_000, 4_000_000_000, 4_000_000_500, 5_000_000_000]);
      return String(seconds * factor);
    }
    this.#relative += 1;
    return String((100 + ((this.#relative * 7919) % 10_007) * 100) * factor);
  }

  /** Not between 2^53 and 2^63 ms, where we differ, and not so soon that the key may expire meanwhile. */
  #timeEdge(unit: string): string {
    const random = this.#random;
    if (random.chance(0.3)) return random.pick(badIntegers);
    const edges = ["0", "-1", "-12", "-9007199254740993", "-9223372036854775808"];
    const overflowing = "9223372036854775807";
    return random.pick(unit === "PXAT" ? edges : [...edges, overflowing, "99999999999999999999"]);
  }

  #expire(): string[] {
    const random = this.#random;
    const [name, unit] = random.pick([
      ["EXPIRE", "EX"],
      ["PEXPIRE", "PX"],
      ["EXPIREAT", "EXAT"],
      ["PEXPIREAT", "PXAT"],
    ] as const);
    const conditions = random.pick([
      [],
      ["NX"],
      ["XX"],
      ["GT"],
      ["lt"],
      ["XX", "GT"],
      ["NX", "XX"],
      ["GT", "LT"],
      ["foo"],
      ["GT", "GT"],
    ]);
    return [name, this.#key(random), this.#time(unit), ...conditions];
  }

  #setOptions(): string[] {
    const random = this.#random;
    const options: string[] = [];
    if (random.chance(0.4)) options.push(random.pick(["NX", "XX", "nx"]));
    if (random.chance(0.3)) options.push("GET");
    if (random.chance(0.6)) options.push(...this.#expiry(["KEEPTTL", "PERSIST"]));
    if (random.chance(0.1)) options.push(...this.#expiry(["KEEPTTL", "xx"]));
    return options;
  }

  #getexOptions(): string[] {
    const random = this.#random;
    if (random.chance(0.2)) return [];
    return [...this.#expiry(["PERSIST", "KEEPTTL"]), ...(random.chance(0.1) ? ["PERSIST"] : [])];
  }

  #expiry(marks: readonly string[]): string[] {
    const random = this.#random;
    if (random.chance(0.3)) return [random.pick(marks)];
    const unit = random.pick(unitOptions);
    return [unit, this.#time(unit)];
  }
}
