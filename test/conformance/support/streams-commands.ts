/**
 * Command sequences over streams and their groups. Ids are explicit and mostly grow, so that both sides have
 * the same ones; `*` is used on a stream whose last id lies far ahead of any clock, where it is the next one.
 * Idle times are either none or longer than a run, so that no claim depends on a millisecond. Streams stay
 * short, or have entries larger than a chunk: then what `~` may trim is the same on both sides.
 */

import type { CommandSource } from "./compare.js";
import type { SeededRandom } from "./seeded-random.js";

const keys = ["a", "a", "b", "\xff\0\r\n"];
/** Made with an id of the far future, and never deleted. */
const futureKey = "future";
/** Nothing is deleted from it: 7.2 checks XSETID's id against what was deleted, 7.0 does not. */
const keptKey = "kept";
const allKeys = [...keys, futureKey, keptKey];
const groups = ["g", "g", "g", "h", "", "\0\xfe"];
const consumers = ["alice", "bob", "bob", "", "\xfe\0x"];
const idEdges = [
  "0",
  "0-0",
  "0-1",
  "0-*",
  "-",
  "+",
  "$",
  ">",
  "*",
  "",
  "x",
  "5-",
  "-5",
  "5-x",
  "5-*",
  "5-**",
  "5 -1",
  " 5-1",
  "+5-+1",
  "05-01",
  "5-1-1",
  "(5",
  "5-1\0junk",
  "$\0junk",
  "18446744073709551615",
  "18446744073709551616",
  "9223372036854775808-9223372036854775807",
  "1-18446744073709551615",
  "9".repeat(130),
];
const rareIds = [
  "18446744073709551615-18446744073709551615",
  "18446744073709551615-18446744073709551614",
  "9007199254740993-9007199254740993",
];
const integerEdges = [
  "0",
  "-1",
  "-2",
  "x",
  "",
  "01",
  "1.5",
  "9007199254740993",
  "9223372036854775807",
  "-9223372036854775808",
  "9223372036854775808",
];
/** Without those between 2^52 and 2^63, where we differ. */
const counterEdges = [
  "0",
  "-1",
  "-2",
  "x",
  "",
  "4503599627370496",
  "-9223372036854775808",
  "9223372036854775808",
];
const names = ["f", "name", "", "\0\xff\r\n", "7"];

export class StreamsGenerator implements CommandSource {
  readonly #random: SeededRandom;
  /** Sent before anything else. */
  readonly #queued: string[][] = [
    ["XADD", futureKey, "99999999999999-1", "f", "v"],
    ...allKeys.map((key) => ["XGROUP", "CREATE", key, "g", "0", "MKSTREAM"]),
  ];
  /** By key: the ids last given to entries, as far as they were not made by the server. */
  readonly #given = new Map<string, string[]>();
  #ms = 1;
  #seq = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  next(): Buffer[] {
    const random = this.#random;
    if (this.#queued.length === 0) {
      const argv = this.#command();
      if (random.chance(0.02) && argv.length > 1) argv.pop();
      // An id in the place of XSETID's could be one that 7.0 takes.
      if (random.chance(0.02) && (argv[0] !== "XSETID" || argv.length > 2)) {
        argv.push(random.pick(["x", "COUNT", "1", "", "FORCE", "5-1"]));
      }
      if (random.chance(0.2)) argv[0] = argv[0]!.toLowerCase();
      this.#queued.push(argv);
    }
    return this.#queued.shift()!.map((argument) => Buffer.from(argument, "latin1"));
  }

  #command(): string[] {
    const random = this.#random;
    const key = () => this.#anyKey();
    const makers: (() => string[])[] = [
      () => this.#add(),
      () => this.#add(),
      () => this.#add(),
      () => this.#add(),
      () => this.#add(),
      () => ["XLEN", key()],
      () => ["XRANGE", key(), "-", "+"],
      () => ["XRANGE", key(), this.#rangeId(), this.#rangeId(), ...this.#count()],
      () => ["XREVRANGE", key(), this.#rangeId(), this.#rangeId(), ...this.#count()],
      () => ["XREVRANGE", key(), "+", "-", ...this.#count()],
      () => this.#delete(),
      () => this.#delete(),
      () => ["XTRIM", key(), ...this.#trim()],
      () => this.#setId(),
      () => this.#read(),
      () => this.#readGroup(),
      () => this.#readGroup(),
      () => this.#readGroup(),
      () => this.#groupCommand(),
      () => this.#groupCommand(),
      () => this.#groupCommand(),
      () => this.#acknowledge(),
      () => this.#acknowledge(),
      () => this.#pending(),
      () => this.#pending(),
      () => this.#claim(),
      () => this.#claim(),
      () => this.#autoclaim(),
      () => this.#info(),
      () => this.#info(),
      () => this.#other(),
    ];
    return random.pick(makers)();
  }

  #anyKey(): string {
    const random = this.#random;
    return random.chance(0.15) ? random.pick([futureKey, keptKey]) : random.pick(keys);
  }

  #group(): string {
    return this.#random.chance(0.9) ? "g" : this.#random.pick(groups);
  }

  #consumer(): string {
    return this.#random.pick(consumers);
  }

  /** One that was given to an entry of the key lately, or another one. */
  #idOf(key: string): string {
    const given = this.#given.get(key);
    if (given === undefined || this.#random.chance(0.2)) return this.#id();
    return this.#random.pick(given);
  }

  /** One that may have been given to an entry. */
  #id(): string {
    const random = this.#random;
    if (random.chance(0.05)) return random.pick(idEdges);
    if (random.chance(0.01)) return random.pick(rareIds);
    const ms = Math.max(this.#ms - random.below(12), 0);
    return random.chance(0.2) ? String(ms) : `${ms}-${random.below(4)}`;
  }

  #rangeId(): string {
    const random = this.#random;
    if (random.chance(0.3)) return random.pick(["-", "+"]);
    return random.chance(0.2) ? `(${this.#id()}` : this.#id();
  }

  #idsOf(key: string): string[] {
    return Array.from({ length: 1 + this.#random.below(5) }, () => this.#idOf(key));
  }

  #integer(sensible: readonly string[], edges: readonly string[] = integerEdges): string {
    return this.#random.pick(this.#random.chance(0.1) ? edges : sensible);
  }

  #count(): string[] {
    if (this.#random.chance(0.5)) return [];
    return [this.#random.pick(["COUNT", "count"]), this.#integer(["1", "2", "5", "100"])];
  }

  #add(): string[] {
    const random = this.#random;
    const key = this.#anyKey();
    const argv = ["XADD", key];
    if (random.chance(0.05)) argv.push("NOMKSTREAM");
    if (random.chance(0.1)) argv.push(...this.#trim());
    if (random.chance(0.05)) argv.push("nomkstream");
    const id = key === futureKey && random.chance(0.8) ? "*" : this.#newId();
    argv.push(id);
    if (/^\d+-\d+$/.test(id)) this.#given.set(key, [...(this.#given.get(key) ?? []), id].slice(-8));
    const pairs = random.chance(0.05) ? 8 : 1 + random.below(2);
    for (let i = 0; i < pairs; i++) argv.push(random.pick(names), this.#value());
    return argv;
  }

  #newId(): string {
    const random = this.#random;
    if (random.chance(0.04)) return random.pick(idEdges.filter((id) => !id.startsWith("*")));
    if (random.chance(0.004)) return random.pick(rareIds);
    if (random.chance(0.1)) return this.#id().replace(/^\*$/, "0-*");
    if (random.chance(0.4)) this.#seq += 1;
    else {
      this.#ms += 1 + random.below(2);
      this.#seq = random.below(3);
    }
    if (random.chance(0.1)) return `${this.#ms}-*`;
    return random.chance(0.1) ? String(this.#ms) : `${this.#ms}-${this.#seq}`;
  }

  #value(): string {
    const random = this.#random;
    if (random.chance(0.01)) return "p".repeat(random.pick([5000, 9000]));
    return random.pick(["v", "", "12", "\0\xff\r\n", "hello world"]);
  }

  #trim(): string[] {
    const random = this.#random;
    const isMaxLength = random.chance(0.5);
    const argv = [random.pick(isMaxLength ? ["MAXLEN", "maxlen"] : ["MINID", "MinId"])];
    if (random.chance(0.5)) argv.push(random.pick(["~", "~", "="]));
    argv.push(isMaxLength ? this.#integer(["0", "1", "3", "5", "10"]) : this.#id());
    if (random.chance(0.2)) argv.push("LIMIT", this.#integer(["0", "1", "5", "100"]));
    if (random.chance(0.02)) argv.push("MAXLEN", "5");
    return random.chance(0.02) ? argv.slice(2) : argv;
  }

  #acknowledge(): string[] {
    const key = this.#anyKey();
    return ["XACK", key, this.#group(), ...this.#idsOf(key)];
  }

  /** Not those with ids so high that no XSETID would come after them. */
  #delete(): string[] {
    const key = this.#random.pick([...keys, futureKey]);
    const ids = this.#idsOf(key).filter((id) => id.length < 12);
    return key === futureKey ? ["XDEL", key, "99999999999999-2"] : ["XDEL", key, ...ids];
  }

  #setId(): string[] {
    const random = this.#random;
    if (random.chance(0.3)) {
      const added = random.chance(0.3) ? ["ENTRIESADDED", this.#counter(["1", "5", "100"])] : [];
      return ["XSETID", keptKey, this.#id(), ...added];
    }
    // Not below what may have been deleted, the edges with 5 included.
    const ms = Math.max(this.#ms, 6);
    const argv = ["XSETID", random.pick(keys), `${ms}-${9 + random.below(3)}`];
    if (random.chance(0.2)) argv.push("ENTRIESADDED", this.#counter(["1", "5", "100"]));
    if (random.chance(0.3)) argv.push("MAXDELETEDID", random.chance(0.5) ? "0-0" : this.#id());
    return argv;
  }

  #counter(sensible: readonly string[]): string {
    return this.#integer(sensible, counterEdges);
  }

  #streams(signs: readonly string[]): string[] {
    const random = this.#random;
    const count = random.chance(0.7) ? 1 : 2 + random.below(2);
    const named = Array.from({ length: count }, () => this.#anyKey());
    const ids = named.map((key) => (random.chance(0.7) ? random.pick(signs) : this.#idOf(key)));
    if (random.chance(0.02)) ids.pop();
    return [random.pick(["STREAMS", "streams"]), ...named, ...ids];
  }

  #read(): string[] {
    const random = this.#random;
    const odd = random.chance(0.05)
      ? random.pick([["NOACK"], ["GROUP", "g", "c"], ["BLOCK", "-1"], ["BLOCK", "x"], ["foo"]])
      : [];
    return ["XREAD", ...odd, ...this.#count(), ...this.#streams(["$", "0", "0-0"])];
  }

  #readGroup(): string[] {
    const random = this.#random;
    const [group, consumer] = [this.#group(), this.#consumer()];
    const argv = ["XREADGROUP"];
    if (random.chance(0.98)) argv.push("GROUP", group, consumer);
    argv.push(...this.#count());
    if (random.chance(0.15)) argv.push("NOACK");
    const streams = this.#streams([">", ">", "0"]);
    argv.push(...streams);
    return this.#withConsumer(streams.slice(1), group, consumer, argv);
  }

  #groupCommand(): string[] {
    const random = this.#random;
    const key = this.#anyKey();
    const group = this.#group();
    const position = () => (random.chance(0.4) ? random.pick(["$", "0"]) : this.#id());
    const read = () => (random.chance(0.2) ? ["ENTRIESREAD", this.#counter(["0", "1", "5"])] : []);
    const makers: (() => string[])[] = [
      () => ["CREATE", key, group, position(), ...read()],
      () => ["CREATE", key, group, position(), "MKSTREAM", ...read()],
      () => ["create", key, group, position(), ...read(), "mkstream"],
      () => ["SETID", key, group, position(), ...read()],
      () => ["CREATECONSUMER", key, group, this.#consumer()],
      () => ["CREATECONSUMER", key, group, this.#consumer()],
      () => ["DELCONSUMER", key, group, this.#consumer()],
      () => (random.chance(0.3) ? ["DESTROY", key, group] : ["CREATE", key, "g", "0", "MKSTREAM"]),
      () => ["CREATE", key, "g", "0", "MKSTREAM"],
      () => ["CREATE", key, group, position(), random.pick(["foo", "ENTRIESREAD", "MKSTREAM"])],
      () => ["nosuch", key, group],
    ];
    return ["XGROUP", ...random.pick(makers)()];
  }

  #pending(): string[] {
    const random = this.#random;
    const argv = ["XPENDING", this.#anyKey(), this.#group()];
    if (random.chance(0.3)) return argv;
    if (random.chance(0.3)) argv.push("IDLE", this.#integer(["0", "5000000", "1"].slice(0, 2)));
    if (random.chance(0.5)) argv.push("-", "+");
    else argv.push(this.#rangeId(), this.#rangeId());
    argv.push(this.#integer(["10", "1", "3"]));
    if (random.chance(0.4)) argv.push(this.#consumer());
    return argv;
  }

  /** 7.0 makes a consumer when it gets something, 7.2 always: it is there before. */
  #withConsumer(
    named: readonly string[],
    group: string,
    consumer: string,
    command: string[],
  ): string[] {
    const known = named.filter((key) => allKeys.includes(key));
    this.#queued.push(...known.map((key) => ["XGROUP", "CREATECONSUMER", key, group, consumer]));
    return command;
  }

  #claim(): string[] {
    const random = this.#random;
    const [key, group, consumer] = [this.#anyKey(), this.#group(), this.#consumer()];
    const argv = ["XCLAIM", key, group, consumer, this.#integer(["0", "0", "5000000"])];
    argv.push(...this.#idsOf(key));
    if (random.chance(0.2)) argv.push("IDLE", this.#integer(["0", "10000000"]));
    if (random.chance(0.15)) argv.push("TIME", this.#integer(["0", "1000000000000"]));
    if (random.chance(0.2)) {
      argv.push("RETRYCOUNT", this.#counter(["0", "1", "7"]));
    }
    if (random.chance(0.4)) argv.push(random.pick(["FORCE", "force"]));
    if (random.chance(0.3)) argv.push("JUSTID");
    if (random.chance(0.1)) argv.push("LASTID", this.#id());
    if (random.chance(0.03)) argv.push(random.pick(["foo", "IDLE", "5-1", "fo\0o"]));
    return this.#withConsumer([key], group, consumer, argv);
  }

  #autoclaim(): string[] {
    const random = this.#random;
    const [key, group, consumer] = [this.#anyKey(), this.#group(), this.#consumer()];
    const idle = this.#integer(["0", "0", "5000000"]);
    const argv = [
      "XAUTOCLAIM",
      key,
      group,
      consumer,
      idle,
      random.chance(0.5) ? "0" : this.#rangeId(),
    ];
    if (random.chance(0.4)) {
      const tooLarge = ["576460752303423488", "9223372036854775807", "-1", "0", "x"];
      argv.push("COUNT", this.#integer(["1", "2", "5"], tooLarge));
    }
    if (random.chance(0.3)) argv.push("JUSTID");
    if (random.chance(0.02)) argv.push("foo");
    return this.#withConsumer([key], group, consumer, argv);
  }

  #info(): string[] {
    const random = this.#random;
    const key = this.#anyKey();
    const full = random.pick([
      ["FULL"],
      ["full", "count", this.#integer(["0", "1", "2", "100"])],
      ["FULL", "COUNT", "0"],
      ["FULL", "COUNT", "0"],
      ["FULL", "COUNT"],
      ["foo"],
    ]);
    const makers: (() => string[])[] = [
      () => ["STREAM", key],
      () => ["STREAM", key, ...full],
      () => ["STREAM", key, ...full],
      () => ["GROUPS", key],
      () => ["CONSUMERS", key, this.#group()],
    ];
    return ["XINFO", ...random.pick(makers)()];
  }

  /** What any key can meet, and what makes it something else than a stream. */
  #other(): string[] {
    const random = this.#random;
    const key = () => random.pick(keys);
    const makers: (() => string[])[] = [
      () => (random.chance(0.5) ? ["DEL", key()] : ["TYPE", key()]),
      () => ["TYPE", this.#anyKey()],
      () => ["SET", random.pick([key(), "\xff\0\r\n"]), "string"],
      () => ["GET", key()],
      () => ["DEL", "\xff\0\r\n"],
      () => ["RENAME", key(), key()],
      () => ["COPY", key(), key(), "REPLACE"],
      () => ["COPY", key(), key()],
      () => ["EXPIRE", key(), "1000"],
      () => ["EXPIREAT", key(), random.pick(["1", "5000000000"])],
      () => ["PERSIST", key()],
    ];
    return random.pick(makers)();
  }
}
