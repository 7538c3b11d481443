/**
 * Clients that wait for lists, sorted sets and streams, and what may serve them, or end their wait. They wait for
 * ever or for long; nobody waits for a clock. A client that waits for several keys is not fed several at once, and
 * names none twice: 7.0 serves it from the key that was fed first, 7.2 executes its command again.
 */

import type { Step, StepSource } from "./compare-connections.js";
import { payloadOfCommands } from "./sample-values.js";
import type { SeededRandom } from "./seeded-random.js";

export const waitingKeys = ["a", "b", "c", "d"];
/** Connections that wait; one more only writes. */
export const waitersCount = 5;

const timeouts = ["0", "0", "0", "1000", "0.0", "1e3"];
const badTimeouts = ["-1", "x", "", "nan", "inf", "1e400"];
const places = ["LEFT", "RIGHT", "left"];

/** Commands that need, or make, a type. */
const ofType = {
  lists: /^(B?[LR](PUSH|POP|M|INSERT|RANGE|TRIM)|SORT)/,
  sortedSets: /^B?Z/,
  streams: /^X/,
};
const ofAnyType =
  /^(DEL|UNLINK|RENAME|RENAMENX|COPY|EXPIREAT|CLIENT|TYPE|DBSIZE|FLUSHALL|RESTORE)$/;

export class WaitingCommands implements StepSource {
  readonly #random: SeededRandom;
  /** Clients of this sequence wait for more than one key; else more than one key is written at once. */
  readonly #waitsForMany: boolean;
  /** Then all keys hold this type: 7.2 would meet another one on its way to the key that was fed. */
  readonly #type: keyof typeof ofType;
  readonly #keys: readonly string[];
  #nextId = 1;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#waitsForMany = random.chance(0.5);
    this.#type = random.pick(["lists", "sortedSets", "streams"]);
    this.#keys = waitingKeys.slice(0, 2 + random.below(3));
  }

  next(): Step {
    const random = this.#random;
    if (random.chance(0.45)) {
      const connection = random.below(waitersCount);
      const waiting = [this.#waiting()];
      // What is sent behind is done when the wait is over.
      if (random.chance(0.05)) waiting.push(random.pick([this.#write(), this.#waiting()]));
      return { connection, requests: asRequests(waiting) };
    }
    const connection = random.chance(0.8) ? waitersCount : random.below(waitersCount);
    const requests = random.chance(0.15) ? this.#transaction() : [this.#write()];
    return { connection, requests: asRequests(requests) };
  }

  readonly #key = (): string => this.#random.pick(this.#keys);

  #several(): string[] {
    const random = this.#random;
    if (!this.#waitsForMany || random.chance(0.4)) return [this.#key()];
    return [...new Set(Array.from({ length: 2 + random.below(2) }, this.#key))];
  }

  #timeout(): string {
    return this.#random.pick(this.#random.chance(0.03) ? badTimeouts : timeouts);
  }

  /** Whether the sequence may have it. */
  #fits(words: readonly string[]): boolean {
    if (!this.#waitsForMany) return true;
    // One that is served feeds another key at once.
    if (/^B(LMOVE|RPOPLPUSH)$/.test(words[0]!)) return false;
    return ofAnyType.test(words[0]!) || ofType[this.#type].test(words[0]!);
  }

  #waiting(): string[] {
    for (;;) {
      const words = this.#anyWaiting();
      if (this.#fits(words)) return words;
    }
  }

  #anyWaiting(): string[] {
    const random = this.#random;
    const keys = this.#several();
    const counted = [String(keys.length), ...keys];
    const count = random.chance(0.5) ? ["COUNT", random.pick(["1", "2", "10"])] : [];
    const makers: (() => string[])[] = [
      () => ["BLPOP", ...keys, this.#timeout()],
      () => ["BRPOP", ...keys, this.#timeout()],
      () => this.#move(),
      () => this.#move(),
      () => ["BRPOPLPUSH", this.#key(), this.#key(), this.#timeout()],
      () => ["BLMPOP", this.#timeout(), ...counted, random.pick(places), ...count],
      () => ["BZPOPMIN", ...keys, this.#timeout()],
      () => ["BZPOPMAX", ...keys, this.#timeout()],
      () => ["BZMPOP", this.#timeout(), ...counted, random.pick(["MIN", "max"]), ...count],
      () => this.#read(keys),
      () => this.#readGroup(keys),
      () => this.#readGroup(keys),
    ];
    return random.pick(makers)();
  }

  #move(): string[] {
    const random = this.#random;
    const ends = [random.pick(places), random.pick(places)];
    return ["BLMOVE", this.#key(), this.#key(), ...ends, this.#timeout()];
  }

  #read(keys: readonly string[]): string[] {
    const random = this.#random;
    const last = Math.max(this.#nextId - 1, 0);
    const ids = keys.map(() => random.pick(["$", "$", `${last}`, `${last + 1}`]));
    const count = random.chance(0.3) ? ["COUNT", "1"] : [];
    return ["XREAD", ...count, "BLOCK", this.#block(), "STREAMS", ...keys, ...ids];
  }

  #readGroup(keys: readonly string[]): string[] {
    const random = this.#random;
    const noAck = random.chance(0.2) ? ["NOACK"] : [];
    const ids = keys.map(() => (random.chance(0.95) ? ">" : "0"));
    const group = ["GROUP", random.pick(["g", "g", "g", "h"]), random.pick(["c1", "c2"])];
    return ["XREADGROUP", ...group, "BLOCK", this.#block(), ...noAck, "STREAMS", ...keys, ...ids];
  }

  /** An integer. */
  #block(): string {
    return this.#random.pick(
      this.#random.chance(0.03) ? ["-1", "x", "1.5"] : ["0", "0", "1000000"],
    );
  }

  #transaction(): string[][] {
    const random = this.#random;
    const length = 1 + random.below(4);
    const writes: string[][] = [];
    const key = this.#waitsForMany ? this.#key() : null;
    if (key === null && random.chance(0.2)) {
      // Not over a value of another type: Redis serves nobody then.
      const [from, to] = random.pick([
        ["a", "b"],
        ["b", "a"],
      ] as const);
      writes.push(["DEL", to], this.#store(from, to));
    }
    while (writes.length < length) {
      const write = random.chance(0.15) ? this.#waiting() : this.#write();
      // Its wait would be over in Redis, though EXEC feeds it.
      if (write[0] === "CLIENT") continue;
      // Of several keys only one is written.
      if (key === null || waitingKeys.every((other) => other === key || !write.includes(other))) {
        writes.push(write);
      }
    }
    return [["MULTI"], ...writes, ["EXEC"]];
  }

  #write(): string[] {
    for (;;) {
      const words = this.#anyWrite();
      if (this.#fits(words)) return words;
    }
  }

  #anyWrite(): string[] {
    const random = this.#random;
    const kind = random.below(10);
    if (kind < 4) return this.#feed();
    if (kind < 6) return this.#groupCommand();
    if (kind < 9) return this.#moveOrDelete();
    return this.#other();
  }

  #feed(): string[] {
    const random = this.#random;
    const key = this.#key();
    const elements = Array.from({ length: 1 + random.below(3) }, () => String(random.below(9)));
    const pairs = elements.flatMap((element) => [String(random.below(4)), `m${element}`]);
    const makers: (() => string[])[] = [
      () => [random.pick(["RPUSH", "LPUSH"]), key, ...elements],
      () => [random.pick(["RPUSH", "LPUSH"]), key, ...elements],
      () => [random.pick(["RPUSHX", "LPUSHX"]), key, ...elements],
      () => ["LINSERT", key, "BEFORE", elements[0]!, "x"],
      () => ["ZADD", key, ...pairs],
      () => ["ZADD", key, ...pairs],
      () => ["ZINCRBY", key, "1", "m1"],
      () => ["XADD", key, `${this.#nextId++}-1`, "f", "v"],
      () => ["XADD", key, `${this.#nextId++}-1`, "f", "v"],
      () => ["XADD", key, `${this.#nextId++}-1`, "f", "v"],
    ];
    return random.pick(makers)();
  }

  #groupCommand(): string[] {
    const random = this.#random;
    const key = this.#key();
    const group = random.pick(["g", "g", "h"]);
    return random.pick([
      ["XGROUP", "CREATE", key, group, random.pick(["0", "$"]), "MKSTREAM"],
      ["XGROUP", "CREATE", key, group, random.pick(["0", "$"]), "MKSTREAM"],
      ["XGROUP", "CREATE", key, group, "$"],
      ["XGROUP", "DESTROY", key, group],
      ["XGROUP", "SETID", key, group, "$"],
      ["XGROUP", "DELCONSUMER", key, group, "c1"],
      ["XTRIM", key, "MAXLEN", "1"],
      ["XACK", key, group, "1-1", "2-1", "3-1"],
    ]);
  }

  /** What puts a value where there was another one, or none. */
  #moveOrDelete(): string[] {
    const random = this.#random;
    const [from, to] = [this.#key(), this.#key()];
    const makers: (() => string[])[] = [
      () => [random.pick(["DEL", "UNLINK"]), to],
      () => ["SET", to, "string"],
      () => [random.pick(["RENAME", "RENAMENX"]), from, to],
      () => [random.pick(["RENAME", "RENAMENX"]), from, to],
      () => ["COPY", from, to, ...random.pick([[], ["REPLACE"]])],
      () => ["COPY", from, to, "REPLACE"],
      () => ["LMOVE", from, to, random.pick(places), random.pick(places)],
      () => ["RPOPLPUSH", from, to],
      () => (this.#waitsForMany ? this.#store(from, to) : ["DEL", to]),
      () => (this.#waitsForMany ? this.#store(from, to) : ["DEL", to]),
      () => this.#restore(to),
      () => this.#restore(to),
      () => ["EXPIREAT", to, random.pick(["1", "5000000000"])],
    ];
    return random.pick(makers)();
  }

  #store(from: string, to: string): string[] {
    return this.#random.pick([
      ["SORT", from, "STORE", to],
      ["ZUNIONSTORE", to, "1", from],
      ["ZRANGESTORE", to, from, "0", "1"],
    ]);
  }

  #restore(key: string): string[] {
    const random = this.#random;
    const id = `${this.#nextId++}-1`;
    const values = {
      lists: ["RPUSH k r1 r2"],
      sortedSets: ["ZADD k 1 r1 2 r2"],
      streams: [`XADD k ${id} f v`, ...random.pick([[], ["XGROUP CREATE k g 0"]])],
    };
    const made = this.#waitsForMany ? values[this.#type] : random.pick(Object.values(values));
    const payload = payloadOfCommands(made.map((line) => line.split(" "))).toString("latin1");
    return ["RESTORE", key, "0", payload, ...random.pick([[], ["REPLACE"], ["REPLACE"]])];
  }

  #other(): string[] {
    const random = this.#random;
    const waiter = `@client:${random.below(waitersCount)}`;
    return random.pick([
      ["CLIENT", "UNBLOCK", waiter],
      ["CLIENT", "UNBLOCK", waiter, random.pick(["TIMEOUT", "ERROR"])],
      ["LPOP", this.#key()],
      ["ZPOPMIN", this.#key()],
      ["LRANGE", this.#key(), "0", "-1"],
      ["ZRANGE", this.#key(), "0", "-1", "WITHSCORES"],
      ["XRANGE", this.#key(), "-", "+"],
      ["XPENDING", this.#key(), "g"],
      ["LTRIM", this.#key(), "1", "0"],
      ["TYPE", this.#key()],
      random.chance(0.1) ? ["FLUSHALL"] : ["DBSIZE"],
    ]);
  }
}

function asRequests(lines: readonly (readonly string[])[]): Buffer[][] {
  return lines.map((words) => words.map((word) => Buffer.from(word, "latin1")));
}
