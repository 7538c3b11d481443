/** Command sequences over a few hashes, with edge arguments and other types mixed in. */

import {
  badIntegers,
  disturbed,
  edgeFloats,
  edgeIntegers,
  keyCommand,
  names,
} from "./collection-arguments.js";
import { floatText } from "./float-text.js";
import type { SeededRandom } from "./seeded-random.js";

const keys = ["h", "g", "{tag}x", "", "\xff\0\r\n"];
const patterns = ["*", "?", "[a-c]", "*3", "", "\\*[", "m*", "x"];
const texts = ["v", "", "word", "\0\x01\xfe\xff", "v".repeat(64), "v".repeat(65), "v".repeat(1500)];

export class HashCommands {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  next(): Buffer[] {
    return disturbed(this.#random, this.#command());
  }

  #command(): string[] {
    const random = this.#random;
    const key = () => random.pick(keys);
    const field = () => random.pick(names);
    const value = () => this.#value();
    const many = (of: () => string[]) => Array.from({ length: 1 + random.below(4) }, of).flat();
    const makers: (() => string[])[] = [
      () => ["HSET", key(), ...many(() => [field(), value()])],
      () => ["HSET", key(), ...many(() => [field(), value()])],
      () => ["HMSET", key(), ...many(() => [field(), value()])],
      () => ["HSET", key(), ...many(() => [field()])],
      () => (random.chance(0.03) ? ["HSET", key(), ...this.#hundreds()] : ["HLEN", key()]),
      () => ["HSETNX", key(), field(), value()],
      () => ["HGET", key(), field()],
      () => ["HMGET", key(), ...many(() => [field()])],
      () => [random.pick(["HGETALL", "HKEYS", "HVALS", "HLEN"]), key()],
      () => [random.pick(["HGETALL", "HKEYS", "HVALS", "HLEN"]), key()],
      () => [random.pick(["HEXISTS", "HSTRLEN"]), key(), field()],
      () => ["HDEL", key(), ...many(() => [field()])],
      () => ["HSET", key(), field(), random.pick(edgeIntegers)],
      () => ["HINCRBY", key(), field(), this.#integer()],
      () => ["HINCRBY", key(), field(), this.#integer()],
      () => ["HSET", key(), field(), this.#float()],
      () => ["HINCRBYFLOAT", key(), field(), this.#float()],
      () => ["HINCRBYFLOAT", key(), field(), this.#float()],
      () => this.#randomField(),
      () => this.#scan(),
      () => (random.chance(0.1) ? ["SADD", key(), "m"] : ["HLEN", key()]),
      () => keyCommand(random, key),
      () => keyCommand(random, key),
    ];
    return random.pick(makers)();
  }

  #value(): string {
    const random = this.#random;
    return random.pick(random.chance(0.3) ? edgeIntegers : texts);
  }

  #integer(): string {
    const random = this.#random;
    return random.pick(random.chance(0.15) ? badIntegers : edgeIntegers);
  }

  #float(): string {
    const random = this.#random;
    if (random.chance(0.4)) return random.pick(edgeFloats);
    return floatText(random);
  }

  /** Around the number of fields from which a hash is a table. */
  #hundreds(): string[] {
    const count = this.#random.pick([505, 512, 513, 700]);
    return Array.from({ length: count }, (_, i) => [`f${i}`, String(i)]).flat();
  }

  /**
   * Of negative counts none so large that the redis-server would draw until its memory ends: not even when
   * the last argument is left out.
   */
  #randomField(): string[] {
    const random = this.#random;
    const key = random.pick(keys);
    if (random.chance(0.2)) return ["HRANDFIELD", key];
    const negative = ["-1", "-3", "-20", "-9223372036854775808"];
    const counts = ["0", "1", "2", "5", "100000", "9223372036854775807", "x", ...negative];
    const words = random.pick([[], [], ["WITHVALUES"], ["withvalues"], ["x"], ["WITHVALUES", "x"]]);
    const odd = ["4611686018427387903", "4611686018427387904"];
    const isOdd = words[0]?.toUpperCase() === "WITHVALUES" && random.chance(0.1);
    return ["HRANDFIELD", key, random.pick(isOdd ? odd : counts), ...words];
  }

  #scan(): string[] {
    const random = this.#random;
    const cursor = random.pick(["0", "0", "0", "0", "5", "x", "-1", "18446744073709551616"]);
    const options: string[] = [];
    if (random.chance(0.4)) options.push("MATCH", random.pick(patterns));
    if (random.chance(0.4)) options.push("COUNT", random.pick(["1", "3", "1000", "0", "-1", "x"]));
    if (random.chance(0.05)) options.push(random.pick(["TYPE", "x", "NOVALUES", "COUNT"]));
    return ["HSCAN", random.pick(keys), cursor, ...options];
  }
}
