/** Command sequences over a few sets, with edge arguments and other types mixed in. */

import { badIntegers, disturbed, keyCommand, names } from "./collection-arguments.js";
import type { SeededRandom } from "./seeded-random.js";

const keys = ["s", "t", "{tag}x", "{tag}y", "", "\xff\0\r\n"];
const patterns = ["*", "?", "[a-c]", "*3", "", "\\*[", "m*", "x"];

export class SetCommands {
  readonly #random: SeededRandom;
  /** Sent before anything else. */
  readonly #queue: string[][] = [];
  #left: number;

  /** `length`: commands of a sequence, so that none ends behind a random choice. */
  constructor(random: SeededRandom, length: number) {
    this.#random = random;
    this.#left = length;
  }

  next(): Buffer[] {
    this.#left -= 1;
    const queued = this.#queue.shift();
    if (queued === undefined) return disturbed(this.#random, this.#command());
    return queued.map((argument) => Buffer.from(argument, "latin1"));
  }

  #command(): string[] {
    const random = this.#random;
    const key = () => random.pick(keys);
    const member = () => random.pick(names);
    const many = (of: () => string) => Array.from({ length: 1 + random.below(4) }, of);
    const combined = random.pick(["SINTER", "SUNION", "SDIFF"]);
    const makers: (() => string[])[] = [
      () => ["SADD", key(), ...many(member)],
      () => ["SADD", key(), ...many(member)],
      () => ["SADD", key(), ...many(() => String(random.below(12)))],
      () => (random.chance(0.06) ? ["SADD", key(), ...this.#hundreds()] : ["SCARD", key()]),
      () => ["SREM", key(), ...many(member)],
      () => ["SCARD", key()],
      () => ["SISMEMBER", key(), member()],
      () => ["SMISMEMBER", key(), ...many(member)],
      () => ["SMEMBERS", key()],
      () => ["SMOVE", key(), key(), member()],
      () => ["SMOVE", key(), key(), member()],
      () => this.#pop(),
      () => this.#randomMember(),
      () => this.#randomMember(),
      () => [combined, ...many(key)],
      () => [combined, ...many(key)],
      () => [`${combined}STORE`, key(), ...many(key)],
      () => [`${combined}STORE`, key(), ...many(key)],
      () => this.#intersectionCard(many(key)),
      () => this.#scan(),
      () => (random.chance(0.1) ? ["HSET", key(), "f", "v"] : ["SCARD", key()]),
      () => keyCommand(random, key),
      () => keyCommand(random, key),
    ];
    return random.pick(makers)();
  }

  /** Around the numbers of members from which a set is a table. */
  #hundreds(): string[] {
    const random = this.#random;
    const count = random.pick([127, 128, 129, 511, 512, 513, 700]);
    const prefix = random.pick(["", "m"]);
    return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
  }

  /** What is left after a random choice is deleted, so that both sides stay equal. */
  #pop(): string[] {
    const random = this.#random;
    const key = random.pick(keys);
    if (random.chance(0.5)) {
      const harmless = ["0", "100000", "9223372036854775807", "-1", "-9223372036854775808"];
      const count = random.pick([...harmless, ...badIntegers, "9223372036854775808"]);
      // Queued: without its count it would be another choice.
      this.#queue.push(["SPOP", key, count, ...random.pick([[], [], [], ["x"]])]);
      return ["SCARD", key];
    }
    if (this.#left < 2) return ["SCARD", key];
    this.#queue.push(["SPOP", key, ...random.pick([[], [], ["1"], ["2"], ["3"], ["300"]])]);
    this.#queue.push(["DEL", key]);
    return ["SCARD", key];
  }

  /** Of negative counts none so large that the redis-server would draw until its memory ends. */
  #randomMember(): string[] {
    const random = this.#random;
    const key = random.pick(keys);
    if (random.chance(0.2)) return ["SRANDMEMBER", key];
    const negative = ["-1", "-3", "-20", "-9223372036854775808"];
    const counts = ["0", "1", "2", "5", "100000", "9223372036854775807", ...negative];
    return ["SRANDMEMBER", key, random.pick(random.chance(0.1) ? badIntegers : counts)];
  }

  #intersectionCard(chosen: readonly string[]): string[] {
    const random = this.#random;
    const wrong = ["0", "-1", "7", "9223372036854775807", "9223372036854775808", ...badIntegers];
    const count = random.chance(0.15) ? random.pick(wrong) : String(chosen.length);
    const limit = random.pick(["0", "1", "2", "100", "9223372036854775807", "-1", "x", ""]);
    const options = random.pick([
      [],
      ["LIMIT", limit],
      ["limit", limit],
      ["LIMIT"],
      ["x"],
      ["LIMIT", "1", "LIMIT", limit],
    ]);
    return ["SINTERCARD", count, ...chosen, ...options];
  }

  #scan(): string[] {
    const random = this.#random;
    const cursor = random.pick(["0", "0", "0", "0", "5", "x", "-1", "18446744073709551616"]);
    const options: string[] = [];
    if (random.chance(0.4)) options.push("MATCH", random.pick(patterns));
    if (random.chance(0.4)) options.push("COUNT", random.pick(["1", "3", "1000", "0", "-1", "x"]));
    if (random.chance(0.05)) options.push(random.pick(["TYPE", "x", "COUNT"]));
    return ["SSCAN", random.pick(keys), cursor, ...options];
  }
}
