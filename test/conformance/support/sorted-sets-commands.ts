/**
 * Command sequences over a few sorted sets, with edge arguments, sets and strings mixed in. Ranges of members
 * mean something only where all scores are the same: they have keys of their own. Redis keeps -0 in sorted
 * sets that are large or have long members and nowhere else: a sequence has either these or -0.
 */

import { badIntegers, disturbed, edgeFloats, keyCommand, names } from "./collection-arguments.js";
import type { SeededRandom } from "./seeded-random.js";

const keys = ["z", "y", "{tag}x", "", "\xff\0\r\n"];
const plainSetKey = "s";
const lexKeys = ["l", "lex"];
const shortNames = names.filter((name) => name.length <= 64);
const patterns = ["*", "?", "[a-c]", "*3", "", "\\*[", "m*", "x"];

const moreScores = [
  "-1e308",
  "1e308",
  "-1e-310",
  "1125899906842624.25",
  "2.98023223876953125e-8",
  "0x1.fffffffffffff8p0",
  "-0x.8",
  "0x1p-1075",
  "1e309",
  "-1e-400",
  "INFINITY",
  "nan(1)",
  "\xa01",
  "1\0",
];
const weights = ["1", "2", "0.5", "3.1", "1e300", "inf", "1e-300"];
const anyWeights = [...weights, "-1", "0", "-inf", "-0", "nan", "x", "", "-2.5"];
const ranks = ["0", "1", "2", "5", "-1", "-2", "-6", "100", "-100", "9223372036854775807"];
const edgeRanks = ["-9223372036854775808", "9223372036854775808", ...badIntegers];
const limits = ["0", "1", "2", "5", "-1", "-3", "100", "9223372036854775807"];
const edgeLimits = ["-9223372036854775808", "9223372036854775808", ...badIntegers];
const looseBounds = ["", "(", " 1", "\t\n(1", "( 1", "1e400", "(-1e400", "1e-400", "1\0x", "(\0"];
const badBounds = ["1 ", "nan", "(nan", "((1", "[1", "x", "0x", " ", "--1", "+"];
const lexBounds = ["-", "+", "[a", "(a", "[c", "(c", "[", "(", "[1", "(m", "[\xff", "(\xff\0\r\n"];
const badLexBounds = ["", "a", "-x", "+x", "++", "-\0x", "+\0", "0", " -", "{a"];

export class SortedSetCommands {
  readonly #random: SeededRandom;
  readonly #members: readonly string[];
  readonly #scores: readonly string[];
  readonly #weights: readonly string[];
  readonly #isTall: boolean;
  /** Sent first, so that there is something to ask for. */
  readonly #queue: string[][];

  constructor(random: SeededRandom, isTall = random.chance(0.5)) {
    this.#random = random;
    this.#isTall = isTall;
    this.#members = this.#isTall ? names : shortNames;
    const scores = [...edgeFloats, ...moreScores];
    this.#scores = this.#isTall ? scores.filter((score) => score !== "-0") : scores;
    this.#weights = this.#isTall ? weights : anyWeights;
    this.#queue = [...keys, ...keys].map((key) => ["ZADD", key, ...this.#pairs(6)]);
  }

  next(): Buffer[] {
    return disturbed(this.#random, this.#queue.shift() ?? this.#command());
  }

  #command(): string[] {
    const random = this.#random;
    const makers: (() => string[])[] = [
      () => this.#add(),
      () => this.#add(),
      () => this.#add(),
      () => this.#addLex(),
      () => this.#addMany(),
      () => ["ZINCRBY", this.#key(), this.#score(), this.#member()],
      () => ["ZINCRBY", this.#key(), this.#score(), this.#member()],
      () => ["ZREM", this.#anyKey(), ...this.#many(() => this.#member()).slice(0, 2)],
      () => ["ZCARD", this.#anyKey()],
      () => ["ZSCORE", this.#anyKey(), this.#member()],
      () => ["ZMSCORE", this.#anyKey(), ...this.#many(() => this.#member())],
      () => [random.pick(["ZRANK", "ZREVRANK"]), this.#anyKey(), this.#member()],
      () => ["ZCOUNT", this.#anyKey(), this.#bound(), this.#bound()],
      () => ["ZLEXCOUNT", random.pick(lexKeys), this.#lexBound(), this.#lexBound()],
      () => this.#range(),
      () => this.#range(),
      () => this.#range(),
      () => this.#rangeStore(),
      () => this.#rangeStore(),
      () => this.#oldRange(),
      () => this.#oldRange(),
      () => this.#removeRange(),
      () => this.#pop(),
      () => this.#multiPop(),
      () => this.#randomMember(),
      () => this.#combine(),
      () => this.#combine(),
      () => this.#combine(),
      () => this.#combine(),
      () => this.#scan(),
      () => [
        "SADD",
        random.chance(0.8) ? plainSetKey : this.#key(),
        this.#member(),
        this.#member(),
      ],
      () => this.#keyCommand(),
      () => ["OBJECT", "ENCODING", this.#anyKey()],
    ];
    return random.pick(makers)();
  }

  readonly #key = (): string => this.#random.pick(keys);
  readonly #member = (): string => this.#random.pick(this.#members);
  readonly #anyKey = (): string =>
    this.#random.chance(0.15) ? this.#random.pick(lexKeys) : this.#key();

  #many(of: () => string): string[] {
    return Array.from({ length: 1 + this.#random.below(4) }, of);
  }

  #score(): string {
    const random = this.#random;
    const kind = random.below(10);
    if (kind < 5) return String(random.below(5) - 1);
    if (kind === 5) return random.pick(["inf", "-inf"]);
    if (kind < 7) return random.pick(this.#scores);
    const digits = (random.next() - 0.5) * 10 ** (random.below(40) - 15);
    return kind < 9 ? String(digits) : digits.toFixed(random.below(18)).replace(/^-(?=[0.]*$)/, "");
  }

  #sensibleScore(): string {
    const random = this.#random;
    if (random.chance(0.1)) return this.#score();
    return random.pick(["0", "1", "2", "3", "-1", "1.5", "0.1", "1e17", "3.1", "inf", "-inf"]);
  }

  #add(): string[] {
    const random = this.#random;
    const options: string[] = [];
    if (random.chance(0.3)) options.push(random.pick(["NX", "XX", "xx"]));
    if (random.chance(0.25)) options.push(random.pick(["GT", "LT", "gt"]));
    if (random.chance(0.2)) options.push(random.pick(["CH", "ch"]));
    if (random.chance(0.15)) options.push("INCR");
    if (random.chance(0.05)) options.push(random.pick(["NX", "LT", "XX", "CH", "x"]));
    const isSingle = options.includes("INCR") ? random.chance(0.9) : random.chance(0.3);
    const pairs = isSingle ? [this.#score(), this.#member()] : this.#pairs(6);
    return ["ZADD", this.#key(), ...options, ...pairs];
  }

  #pairs(countMax: number): string[] {
    const length = 1 + this.#random.below(countMax);
    return Array.from({ length }, () => [this.#sensibleScore(), this.#member()]).flat();
  }

  #addLex(): string[] {
    const members = [...this.#many(this.#member), ...this.#many(this.#member)];
    const pairs = members.flatMap((member) => ["0", member]);
    return ["ZADD", this.#random.pick(lexKeys), ...pairs];
  }

  /** Around the number of members from which a sorted set is a skiplist. */
  #addMany(): string[] {
    const random = this.#random;
    if (!this.#isTall || random.chance(0.8)) return this.#add();
    const count = random.pick([126, 127, 128, 129, 300]);
    const spread = random.pick([1, 7, 1000]);
    const pairs = Array.from({ length: count }, (_, i) => [String(random.below(spread)), `m${i}`]);
    return ["ZADD", this.#key(), ...pairs.flat()];
  }

  #rank(): string {
    const random = this.#random;
    return random.pick(random.chance(0.1) ? edgeRanks : ranks);
  }

  #bound(): string {
    const random = this.#random;
    const kind = random.below(20);
    if (kind === 0) return random.pick(badBounds);
    if (kind === 1) return random.pick(looseBounds);
    if (kind < 7) return random.pick(["-inf", "+inf", "(inf", "(-inf", "inf"]);
    return (random.chance(0.3) ? "(" : "") + this.#sensibleScore();
  }

  #lexBound(): string {
    const random = this.#random;
    if (random.chance(0.08)) return random.pick(badLexBounds);
    if (random.chance(0.6)) return random.pick(lexBounds);
    return random.pick(["[", "("]) + this.#member();
  }

  #limit(): string[] {
    const random = this.#random;
    const number = () => random.pick(random.chance(0.1) ? edgeLimits : limits);
    return [random.pick(["LIMIT", "limit"]), number(), number()];
  }

  /** ZRANGE's arguments behind its key. */
  #rangeArguments(by: "rank" | "score" | "lex"): string[] {
    const random = this.#random;
    const bounds = {
      rank: () => this.#rank(),
      score: () => this.#bound(),
      lex: () => this.#lexBound(),
    };
    const options: string[][] = [];
    if (by === "score") options.push([random.pick(["BYSCORE", "byscore"])]);
    if (by === "lex") options.push(["BYLEX"]);
    if (random.chance(0.3)) options.push([random.pick(["REV", "rev"])]);
    if (random.chance(by === "rank" ? 0.05 : 0.3)) options.push(this.#limit());
    if (random.chance(0.05)) options.push([random.pick(["BYLEX", "BYSCORE", "REV", "LIMIT", "x"])]);
    if (random.chance(0.5)) options.reverse();
    return [bounds[by](), bounds[by](), ...options.flat()];
  }

  #range(): string[] {
    const random = this.#random;
    const by = random.pick(["rank", "score", "lex"] as const);
    const key = by === "lex" ? random.pick(lexKeys) : this.#anyKey();
    const scores = random.chance(by === "lex" ? 0.1 : 0.5) ? ["WITHSCORES"] : [];
    const range = this.#rangeArguments(by);
    // BYLEX added by chance to a range of other bounds is refused, or gives what no order defines.
    if (by !== "lex" && range.includes("BYLEX"))
      return ["ZRANGE", key, "x", "x", ...range.slice(2)];
    return ["ZRANGE", key, ...range, ...scores];
  }

  #rangeStore(): string[] {
    const random = this.#random;
    const by = random.pick(["rank", "score", "lex"] as const);
    const isLex = by === "lex";
    const key = () => (isLex ? random.pick(lexKeys) : this.#key());
    const range = this.#rangeArguments(by);
    const scores = random.chance(0.05) ? ["WITHSCORES"] : [];
    if (!isLex && range.includes("BYLEX")) return ["ZRANGESTORE", key(), key(), "x", ...range];
    const destination = isLex ? key() : this.#destination();
    return ["ZRANGESTORE", destination, key(), ...range, ...scores];
  }

  #oldRange(): string[] {
    const random = this.#random;
    const scores = random.chance(0.5) ? [random.pick(["WITHSCORES", "withscores"])] : [];
    const limit = random.chance(0.4) ? this.#limit() : [];
    const options = random.chance(0.5) ? [...scores, ...limit] : [...limit, ...scores];
    if (random.chance(0.05)) options.push(random.pick(["REV", "BYSCORE", "LIMIT", "x"]));
    const makers: (() => string[])[] = [
      () => ["ZREVRANGE", this.#anyKey(), this.#rank(), this.#rank(), ...scores],
      () => ["ZREVRANGE", this.#anyKey(), this.#rank(), this.#rank(), ...options],
      () => ["ZRANGEBYSCORE", this.#anyKey(), this.#bound(), this.#bound(), ...options],
      () => ["ZREVRANGEBYSCORE", this.#anyKey(), this.#bound(), this.#bound(), ...options],
      () => ["ZRANGEBYLEX", random.pick(lexKeys), this.#lexBound(), this.#lexBound(), ...limit],
      () => [
        "ZREVRANGEBYLEX",
        random.pick(lexKeys),
        this.#lexBound(),
        this.#lexBound(),
        ...options,
      ],
    ];
    return random.pick(makers)();
  }

  /** Not too often all of it. */
  #removeRange(): string[] {
    const random = this.#random;
    if (random.chance(0.3)) {
      const first = random.pick(["0", "1", "-1", "-3", "2"]);
      return ["ZREMRANGEBYRANK", this.#anyKey(), first, random.pick([first, "2", "-2"])];
    }
    if (random.chance(0.3)) {
      const score = this.#sensibleScore();
      return ["ZREMRANGEBYSCORE", this.#anyKey(), score, score];
    }
    const makers: (() => string[])[] = [
      () => ["ZREMRANGEBYRANK", this.#anyKey(), this.#rank(), this.#rank()],
      () => ["ZREMRANGEBYSCORE", this.#anyKey(), this.#bound(), this.#bound()],
      () => ["ZREMRANGEBYLEX", random.pick(lexKeys), this.#lexBound(), this.#lexBound()],
    ];
    return random.pick(makers)();
  }

  #pop(): string[] {
    const random = this.#random;
    const counts = ["0", "1", "1", "2", "2", "3"];
    const edges = [...edgeRanks, "1000", "9223372036854775807", "-1"];
    const count = random.pick(random.chance(0.15) ? edges : counts);
    const options = random.chance(0.04) ? [count, "x"] : random.pick([[], [count]]);
    return [random.pick(["ZPOPMIN", "ZPOPMAX"]), this.#anyKey(), ...options];
  }

  #multiPop(): string[] {
    const random = this.#random;
    const chosen = this.#many(this.#anyKey);
    const edges = ["10", "9223372036854775807", "9223372036854775808", "0", "-1", "x", ""];
    const count = random.pick(random.chance(0.2) ? edges : ["1", "2", "3"]);
    const wrong = [["COUNT"], ["x"], ["COUNT", "1", "COUNT", "1"], ["COUNT", "1", "x"]];
    const options = random.pick(
      random.chance(0.1) ? wrong : [[], ["COUNT", count], ["count", count]],
    );
    const where = random.pick(random.chance(0.05) ? ["x", "COUNT"] : ["MIN", "MAX", "min", "max"]);
    return ["ZMPOP", this.#keyCount(chosen), ...chosen, where, ...options];
  }

  #keyCount(chosen: readonly string[]): string {
    const random = this.#random;
    if (random.chance(0.9)) return String(chosen.length);
    const wrong = ["0", "-1", "1", "2", "7", "9223372036854775807", "-9223372036854775808"];
    return random.pick([...wrong, "9223372036854775808", ...badIntegers]);
  }

  /** Not so many that the redis-server answers without an end. */
  #randomMember(): string[] {
    const random = this.#random;
    const key = this.#anyKey();
    if (random.chance(0.2)) return ["ZRANDMEMBER", key];
    const negative = ["-1", "-3", "-20", "-9223372036854775808"];
    const counts = ["0", "1", "2", "5", "100000", "9223372036854775807", ...negative];
    const count = random.pick(random.chance(0.1) ? badIntegers : counts);
    const halves = ["4611686018427387903", "4611686018427387904"];
    if (random.chance(0.05)) return ["ZRANDMEMBER", key, random.pick(halves), "WITHSCORES"];
    const options = random.pick(
      random.chance(0.05) ? [["x"], ["WITHSCORES", "x"]] : [[], ["WITHSCORES"], ["withscores"]],
    );
    return ["ZRANDMEMBER", key, count, ...options];
  }

  #combine(): string[] {
    const random = this.#random;
    const input = () => (random.chance(0.3) ? plainSetKey : this.#key());
    const chosen = this.#many(input);
    const name = random.pick(["ZUNION", "ZINTER", "ZDIFF", "ZUNION", "ZINTER", "ZINTERCARD"]);
    const isStored = name !== "ZINTERCARD" && random.chance(0.6);
    const options: string[][] = [];
    const isWeighted = name === "ZUNION" || name === "ZINTER" || random.chance(0.05);
    if (isWeighted && random.chance(0.6)) {
      const given = chosen.map(() => random.pick(random.chance(0.5) ? ["1", "2"] : this.#weights));
      if (random.chance(0.05)) given.pop();
      options.push([random.pick(["WEIGHTS", "weights"]), ...given]);
    }
    if (isWeighted && random.chance(0.5)) {
      const known = ["SUM", "MIN", "MAX", "sum", "min", "max"];
      options.push(["AGGREGATE", random.pick(random.chance(0.05) ? ["x", ""] : known)]);
    }
    const isScored = !isStored && name !== "ZINTERCARD";
    if (random.chance(isScored ? 0.6 : 0.03)) options.push(["WITHSCORES"]);
    if (random.chance(name === "ZINTERCARD" ? 0.7 : 0.02)) {
      const limit = random.pick(random.chance(0.1) ? ["-1", "x", ""] : ["0", "1", "2", "100"]);
      options.push([random.pick(["LIMIT", "limit"]), limit]);
    }
    if (random.chance(0.05)) options.push([random.pick(["WEIGHTS", "AGGREGATE", "LIMIT", "x"])]);
    if (random.chance(0.5)) options.reverse();
    const request = [this.#keyCount(chosen), ...chosen, ...options.flat()];
    return isStored ? [`${name}STORE`, this.#destination(), ...request] : [name, ...request];
  }

  /** Mostly the same one: it often is empty then. */
  #destination(): string {
    return this.#random.chance(0.7) ? "{tag}x" : this.#key();
  }

  #scan(): string[] {
    const random = this.#random;
    const edges = ["5", "x", "-1", "18446744073709551615", "18446744073709551616"];
    const cursor = random.chance(0.2) ? random.pick(edges) : "0";
    const counts = random.chance(0.1) ? ["0", "-1", "x"] : ["1", "3", "1000"];
    const options: string[] = [];
    if (random.chance(0.4)) options.push("MATCH", random.pick(patterns));
    if (random.chance(0.4)) options.push("COUNT", random.pick(counts));
    if (random.chance(0.05)) options.push(random.pick(["TYPE", "x", "COUNT"]));
    return ["ZSCAN", this.#anyKey(), cursor, ...options];
  }

  #keyCommand(): string[] {
    const random = this.#random;
    const isLex = random.chance(0.15);
    return keyCommand(random, () => random.pick(isLex ? lexKeys : [...keys, plainSetKey]));
  }
}
