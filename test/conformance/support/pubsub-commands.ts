/** Sequences of what several connections say about few channels, and what is equal where order is free. */

import { type RespValue, readFrame } from "./resp-value.js";
import type { SeededRandom } from "./seeded-random.js";

/** Connections that listen; one more only publishes. */
export const listenersCount = 3;

export interface Step {
  readonly connection: number;
  /** Sent in one write. */
  readonly requests: readonly (readonly string[])[];
}

const channels = ["a", "b", "ab", "c\0\xff", ""] as const;
const patterns = ["*", "a*", "?", "[ab]", "\\a", "x", "[^a]*", ""] as const;
const messages = ["", "hi", "\r\n:1\r\n", "m".repeat(40_000)] as const;

type Kind = "" | "p" | "s";

/** Redis tells the names of a bare UNSUBSCRIBE in no order of its own: bare ones are sent when there is one at most. */
export class PubSubSource {
  readonly #random: SeededRandom;
  readonly #names: Readonly<Record<Kind, Set<string>>>[] = Array.from(
    { length: listenersCount },
    () => ({ "": new Set(), p: new Set(), s: new Set() }),
  );

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  next(): Step {
    const random = this.#random;
    if (random.chance(0.45)) return { connection: listenersCount, requests: this.#published() };
    const connection = random.below(listenersCount);
    if (random.chance(0.08)) {
      const inner = Array.from({ length: 1 + random.below(3) }, () =>
        this.#subscription(connection),
      );
      return { connection, requests: [["MULTI"], ...inner, ["EXEC"], ["UNSUBSCRIBE", "nosuch"]] };
    }
    const requests = [
      random.chance(0.6) ? this.#subscription(connection) : this.#other(connection),
    ];
    return { connection, requests };
  }

  #published(): string[][] {
    const random = this.#random;
    const one = () => [
      random.pick(["PUBLISH", "publish", "SPUBLISH"]),
      random.pick(channels),
      random.pick(messages),
    ];
    if (random.chance(0.2)) return [["MULTI"], one(), ["SET", "k", "v"], one(), ["EXEC"]];
    if (random.chance(0.1)) return [[random.pick(["PUBLISH", "SPUBLISH"]), "a"]];
    return random.chance(0.2) ? [this.#asked()] : [one()];
  }

  #subscription(connection: number): string[] {
    const random = this.#random;
    const kind = random.pick<Kind>(["", "", "p", "s"]);
    const own = this.#names[connection]![kind];
    const named = Array.from({ length: 1 + random.below(3) }, () =>
      random.pick(kind === "p" ? patterns : channels),
    );
    if (random.chance(0.55)) {
      for (const name of named) own.add(name);
      return [`${kind}SUBSCRIBE`, ...named];
    }
    if (random.chance(0.3) && (own.size <= 1 || kind === "p")) {
      own.clear();
      return [`${kind}UNSUBSCRIBE`];
    }
    for (const name of named) own.delete(name);
    return [`${kind}UNSUBSCRIBE`, ...named];
  }

  #other(connection: number): string[] {
    const random = this.#random;
    if (random.chance(0.08)) {
      for (const own of Object.values(this.#names[connection]!)) own.clear();
      return ["RESET"];
    }
    if (random.chance(0.4)) return this.#asked();
    return [
      ...random.pick<readonly string[]>([
        ["PING"],
        ["PING", "x"],
        ["PING", "x", "y"],
        ["GET", "missing"],
        ["SET", "k"],
        ["NOSUCH", "x"],
        ["SUBSCRIBE"],
        ["PSUBSCRIBE"],
        ["SSUBSCRIBE"],
        ["EXEC"],
        ["CLIENT", "GETNAME"],
        ["CLIENT", "NOSUCH"],
      ]),
    ];
  }

  #asked(): string[] {
    const random = this.#random;
    const names = Array.from({ length: random.below(3) }, () => random.pick(channels));
    return random.pick([
      ["PUBSUB", random.pick(["CHANNELS", "SHARDCHANNELS"])],
      ["PUBSUB", random.pick(["channels", "ShardChannels"]), random.pick(patterns)],
      ["PUBSUB", "CHANNELS", "a", "b"],
      ["PUBSUB", "NUMPAT"],
      ["PUBSUB", "NUMPAT", "x"],
      ["PUBSUB", random.pick(["NUMSUB", "SHARDNUMSUB"]), ...names],
      ["PUBSUB", "NOSUCH"],
      ["PUBSUB"],
    ]);
  }
}

const pushed = new Set(["message", "pmessage", "smessage", "subscribe", "unsubscribe", "pong"]);

/**
 * Frames as text. Free order: which of its patterns a session is told of first, and the names PUBSUB CHANNELS
 * lists.
 */
export function canonical(bytes: Buffer): string[] {
  const frames: string[] = [];
  let run: string[] = [];
  let runOf = "";
  for (let at = 0; at < bytes.length; ) {
    const frame = readFrame(bytes, at);
    if (frame === null) throw new Error("a reply is cut off");
    const { value } = frame;
    const text = bytes.toString("latin1", at, frame.end);
    const of = patternMessageOf(value);
    if (of !== runOf || of === "") {
      frames.push(...run.toSorted());
      run = [];
      runOf = of;
    }
    run.push(isNameList(value) ? JSON.stringify(value.toSorted()) : text);
    at = frame.end;
  }
  frames.push(...run.toSorted());
  return frames;
}

/** "": it is none. */
function patternMessageOf(value: RespValue): string {
  return Array.isArray(value) && value[0] === "pmessage" ? JSON.stringify(value.slice(2)) : "";
}

function isNameList(value: RespValue): value is string[] {
  if (!Array.isArray(value) || value.length < 2) return false;
  return value.every((item) => typeof item === "string") && !pushed.has(value[0] as string);
}
