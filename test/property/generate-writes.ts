/**
 * Commands that mostly change something: of every row that writes, on two or three keys a family. One in
 * twenty is about another family's key, and so is refused, or replaces what is there.
 */

import type { SeededRandom } from "../conformance/support/seeded-random.js";
import { StreamWrites } from "./generate-streams.js";
import { DUMPED, ERA_START_MS, type Era, FAR_MS, type Request } from "./program.js";

const FAMILIES = {
  string: ["t0", "t1", "t2", "\xff\0\r\n"],
  list: ["l0", "l0", "l1", "{t}l2"],
  hash: ["h0", "h0", "h1"],
  set: ["s0", "s0", "s1", "s2"],
  sortedSet: ["z0", "z0", "z1", "z2"],
  stream: ["x0", "x0", "x1"],
} as const;
type Family = keyof typeof FAMILIES;

const FAMILY_NAMES = Object.keys(FAMILIES) as Family[];
/** Lengths at the borders of packed texts and of Blobs. */
const LENGTHS = [0, 1, 5, 5, 12, 13, 63, 64, 65, 127, 128, 500] as const;
const LONG_LENGTHS = [1023, 1024, 1025, 3000, 9000] as const;
const SCORES = ["0", "1", "-1", "2", "1.5", "1e17", "inf", "-inf", "0.1"] as const;
/** Entries added at once: several chunks of a stream. */
const ENTRIES_MAX = 700;

export class Writes {
  readonly #random: SeededRandom;
  readonly #era: Era;
  readonly #elementsMax: number;
  readonly #streams: StreamWrites;
  /** Of this program: one family more than the others, so that its values grow. */
  readonly #favourite: Family;

  constructor(random: SeededRandom, era: Era, elementsMax: number) {
    this.#random = random;
    this.#era = era;
    this.#elementsMax = elementsMax;
    this.#favourite = random.pick(FAMILY_NAMES);
    const key = () => this.#key("stream");
    this.#streams = new StreamWrites(random, key, () => this.#many(), ERA_START_MS[era]);
  }

  next(): Request {
    const random = this.#random;
    const family = random.chance(0.75) ? this.#favourite : random.pick(FAMILY_NAMES);
    if (random.chance(0.15)) return this.#generic(() => this.#key(family));
    if (random.chance(0.02)) return this.#rare();
    switch (family) {
      case "string":
        return this.#string();
      case "list":
        return this.#list();
      case "hash":
        return this.#hash();
      case "set":
        return this.#set();
      case "sortedSet":
        return this.#sortedSet();
      default:
        return this.#streams.next();
    }
  }

  /** What belongs into one EXEC and makes a long stream. */
  entries(): Request[] {
    return this.#streams.addMany(Math.min(this.#random.below(this.#elementsMax), ENTRIES_MAX));
  }

  #key(family: Family): string {
    const random = this.#random;
    return random.pick(FAMILIES[random.chance(0.05) ? random.pick(FAMILY_NAMES) : family]);
  }

  /** How many elements: mostly few. */
  #many(): number {
    const random = this.#random;
    return 1 + random.below(random.chance(0.3) ? this.#elementsMax : 4);
  }

  #text(): string {
    const random = this.#random;
    const kind = random.below(10);
    if (kind < 5) return String(random.below(40) - 5);
    if (kind < 7) return random.pick(["a", "b", "\xff\0", "é", "12345678901234567890"]);
    const length = random.chance(0.1) ? random.pick(LONG_LENGTHS) : random.pick(LENGTHS);
    return random.pick(["p", "q", "\xfe"]).repeat(length);
  }

  /** Often equal to others. */
  #element(): string {
    return this.#random.chance(0.3) ? this.#text() : String(this.#random.below(8));
  }

  /** From as many different ones as make both hits and misses likely. */
  #member(): string {
    const random = this.#random;
    const range = random.chance(0.5) ? 12 : this.#elementsMax * 3;
    const at = random.below(range);
    if (random.chance(0.5)) return String(at);
    return random.chance(0.03) ? `m${at}`.padEnd(70, "m") : `m${at}`;
  }

  #each<T>(of: (i: number) => T): T[] {
    return Array.from({ length: this.#many() }, (_, i) => of(i));
  }

  #score(): string {
    const random = this.#random;
    if (random.chance(0.3)) return random.pick(SCORES);
    return String(random.chance(0.5) ? random.below(20) - 5 : random.next() * 1000);
  }

  #float(): string {
    return this.#random.pick(["1", "-1", "0.5", "3.14", "1e10"]);
  }

  /** Options of SET and its kin that give a deadline. */
  #deadline(): string[] {
    const random = this.#random;
    if (this.#era === "past" || random.chance(0.2)) {
      return ["PXAT", String(FAR_MS + random.below(1_000_000) * 1000)];
    }
    return random.chance(0.1) ? ["EX", "100"] : ["PX", String(1 + random.below(30))];
  }

  #string(): Request {
    const random = this.#random;
    const key = () => this.#key("string");
    const text = () => this.#text();
    const integer = () => String(random.below(200) - 100);
    const offset = () => String(random.pick([0, 1, 7, 1000, 1023, 1024, 3000]));
    const [option, time] = this.#deadline();
    const makers: (() => string[])[] = [
      () => ["SET", key(), text()],
      () => ["SET", key(), text(), ...this.#deadline()],
      () => ["SET", key(), text(), random.pick(["NX", "XX", "GET", "KEEPTTL"])],
      () => ["SETNX", key(), text()],
      () => this.#timed("SETEX", "PSETEX", key(), text()),
      () => ["GETSET", key(), text()],
      () => ["GETDEL", key()],
      () => ["GETEX", key(), ...random.pick([["PERSIST"], [option!, time!]])],
      () => [
        "MSET",
        ...this.#each(() => [key(), text()])
          .flat()
          .slice(0, 12),
      ],
      () => ["MSETNX", key(), text(), key(), text()],
      () => ["APPEND", key(), text()],
      () => ["APPEND", key(), text()],
      () => ["SETRANGE", key(), offset(), text()],
      () => [random.pick(["INCR", "DECR"]), key()],
      () => [random.pick(["INCRBY", "DECRBY"]), key(), integer()],
      () => ["INCRBYFLOAT", key(), this.#float()],
      () => ["SET", key(), integer()],
    ];
    return random.pick(makers)();
  }

  #timed(seconds: string, milliseconds: string, key: string, value: string): string[] {
    if (this.#era === "past") return ["SET", key, value];
    const random = this.#random;
    if (random.chance(0.3)) return [seconds, key, "100", value];
    return [milliseconds, key, String(1 + random.below(30)), value];
  }

  #list(): Request {
    const random = this.#random;
    const key = () => this.#key("list");
    const text = () => this.#element();
    const index = () => String(random.below(2 * this.#elementsMax + 4) - this.#elementsMax - 2);
    const end = () => random.pick(["LEFT", "RIGHT"]);
    const push = () => random.pick(["LPUSH", "RPUSH", "RPUSH", "LPUSHX", "RPUSHX"]);
    const count = () => String(this.#many());
    const makers: (() => string[])[] = [
      () => [push(), key(), ...this.#each(text)],
      () => [push(), key(), ...this.#each(text)],
      () => [push(), key(), ...this.#each(text)],
      () => [random.pick(["LPOP", "RPOP"]), key()],
      () => [random.pick(["LPOP", "RPOP"]), key(), count()],
      () => ["LMPOP", "2", key(), key(), end(), "COUNT", count()],
      () => ["LSET", key(), index(), text()],
      () => ["LSET", key(), random.pick(["0", "1", "-1", "-2"]), text()],
      () => ["LINSERT", key(), random.pick(["BEFORE", "AFTER"]), text(), text()],
      () => ["LREM", key(), random.pick(["0", "1", "-1", "2", "-3"]), text()],
      () => ["LTRIM", key(), random.pick(["0", "1", "-40"]), random.pick(["-1", "-2", "60"])],
      () => ["LMOVE", key(), key(), end(), end()],
      () => ["RPOPLPUSH", key(), key()],
      () => [random.pick(["BLPOP", "BRPOP"]), key(), key(), "0"],
      () => ["BLMPOP", "0", "1", key(), end(), "COUNT", count()],
      () => ["BLMOVE", key(), key(), end(), end(), "0"],
      () => ["BRPOPLPUSH", key(), key(), "0"],
      () => ["SORT", this.#key("list"), "ALPHA", "STORE", key()],
      () => ["SORT", this.#key("sortedSet"), "BY", "nosort", "STORE", key()],
    ];
    return random.pick(makers)();
  }

  #hash(): Request {
    const random = this.#random;
    const key = () => this.#key("hash");
    const field = () => this.#member();
    const pairs = () => this.#each(() => [field(), this.#text()]).flat();
    const makers: (() => string[])[] = [
      () => [random.pick(["HSET", "HSET", "HMSET"]), key(), ...pairs()],
      () => [random.pick(["HSET", "HSET", "HMSET"]), key(), ...pairs()],
      () => ["HSETNX", key(), field(), this.#text()],
      () => ["HDEL", key(), ...this.#each(field)],
      () => ["HDEL", key(), ...this.#each(field)],
      () => ["HINCRBY", key(), field(), String(random.below(100) - 50)],
      () => ["HINCRBYFLOAT", key(), field(), this.#float()],
    ];
    return random.pick(makers)();
  }

  #set(): Request {
    const random = this.#random;
    const key = () => this.#key("set");
    const member = () => this.#member();
    const integers = () => String(random.below(this.#elementsMax * 2 + 6));
    const stored = () => random.pick(["SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"]);
    const makers: (() => string[])[] = [
      () => ["SADD", key(), ...this.#each(member)],
      () => ["SADD", key(), ...this.#each(integers)],
      () => ["SADD", key(), ...this.#each(integers)],
      () => ["SREM", key(), ...this.#each(member)],
      () => ["SREM", key(), ...this.#each(integers)],
      () => ["SMOVE", key(), key(), random.chance(0.5) ? integers() : member()],
      () => ["SPOP", key()],
      () => ["SPOP", key(), String(this.#many())],
      () => [stored(), key(), key(), key()],
    ];
    return random.pick(makers)();
  }

  #sortedSet(): Request {
    const random = this.#random;
    const key = () => this.#key("sortedSet");
    const member = () => this.#member();
    const pairs = () => this.#each(() => [this.#score(), member()]).flat();
    const end = () => random.pick(["MIN", "MAX"]);
    const stored = () => random.pick(["ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE"]);
    const bound = () => (random.chance(0.3) ? random.pick(["-inf", "+inf"]) : this.#score());
    const makers: (() => string[])[] = [
      () => ["ZADD", key(), ...pairs()],
      () => ["ZADD", key(), ...pairs()],
      () => ["ZADD", key(), ...pairs()],
      () => ["ZADD", key(), random.pick(["NX", "XX", "GT", "LT"]), ...pairs()],
      () => ["ZINCRBY", key(), this.#float(), member()],
      () => ["ZREM", key(), ...this.#each(member)],
      () => ["ZREM", key(), ...this.#each(member)],
      () => ["ZRANGESTORE", key(), key(), "0", String(this.#many())],
      () => ["ZREMRANGEBYRANK", key(), random.pick(["0", "1", "-9"]), String(random.below(9) - 2)],
      () => ["ZREMRANGEBYSCORE", key(), bound(), this.#score()],
      () => ["ZREMRANGEBYLEX", key(), "[m1", random.pick(["(m2", "[m11"])],
      () => [random.pick(["ZPOPMIN", "ZPOPMAX"]), key(), String(this.#many())],
      () => ["ZMPOP", "2", key(), key(), end(), "COUNT", String(this.#many())],
      () => [stored(), key(), "2", key(), random.chance(0.3) ? this.#key("set") : key()],
      () => [random.pick(["BZPOPMIN", "BZPOPMAX"]), key(), key(), "0"],
      () => ["BZMPOP", "0", "1", key(), end(), "COUNT", "2"],
    ];
    return random.pick(makers)();
  }

  #generic(ownKey: () => string): Request {
    const random = this.#random;
    const key = () => (random.chance(0.8) ? ownKey() : this.#key(random.pick(FAMILY_NAMES)));
    const far = () => String(FAR_MS + random.below(1_000_000) * 1000);
    const soon = () => (this.#era === "past" ? "5000000" : String(1 + random.below(30)));
    const expire = (name: string, time: string) =>
      this.#era === "past" ? ["PEXPIREAT", key(), far()] : [name, key(), time];
    const makers: (() => string[])[] = [
      () => [random.pick(["DEL", "UNLINK"]), key()],
      () => ["RENAME", key(), key()],
      () => ["RENAMENX", key(), `${random.pick(["n", "{t}"])}${random.below(2)}`],
      () => ["COPY", key(), key(), "REPLACE"],
      () => ["COPY", key(), `c${random.below(2)}`],
      () => ["RESTORE", key(), "0", `${DUMPED}${key()}`, "REPLACE"],
      () => ["RESTORE", key(), far(), `${DUMPED}${key()}`, "REPLACE", "ABSTTL"],
      () => expire("PEXPIRE", soon()),
      () => expire("EXPIRE", random.pick(["100", "200"])),
      () => ["PEXPIREAT", key(), far()],
      () => ["EXPIREAT", key(), random.pick(["1", "5000000000", "6000000000"])],
      () => ["PERSIST", key()],
      () => ["EXISTS", key(), key()],
    ];
    return random.pick(makers)();
  }

  #rare(): Request {
    const random = this.#random;
    if (random.chance(0.2)) return [random.pick(["FLUSHALL", "FLUSHDB"])];
    return [random.pick(["PUBLISH", "SPUBLISH"]), this.#text(), this.#text()];
  }
}
