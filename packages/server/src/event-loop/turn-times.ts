/** What the turns of the replica take of the event loop, part by part: two looks at the clock, and one more a part that has work. */

import type { TurnPart, TurnParts } from "@redoubt/replica";

export const TURN_PARTS = [
  "peers",
  "log",
  "apply",
  "commands",
  "upkeep",
  "messages",
  "state",
  "replies",
] as const satisfies readonly TurnPart[];

/** Milliseconds. */
export type PartTimes = Readonly<Record<TurnPart, number>>;

export interface LongestTurn {
  readonly ms: number;
  /** What went on for longest in it without a break. */
  readonly part: TurnPart;
}

const none: LongestTurn = { ms: 0, part: "peers" };

export class TurnTimes implements TurnParts {
  readonly #nowMs: () => number;
  /** Since the last look; and of commands, before it. */
  readonly #recent = noTimes();
  #commandsMs = 0;
  #longest = none;
  #part: TurnPart = "peers";
  #turnBeganMs = 0;
  #partBeganMs = 0;
  #longestPart: TurnPart = "peers";
  #longestPartMs = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  turnBegins(): void {
    this.#turnBeganMs = this.#nowMs();
    this.#partBeganMs = this.#turnBeganMs;
    this.#part = "peers";
    this.#longestPartMs = 0;
  }

  partBegins(part: TurnPart): void {
    if (part === this.#part) return;
    this.#partEnds(this.#nowMs());
    this.#part = part;
  }

  turnEnds(): void {
    const nowMs = this.#nowMs();
    this.#partEnds(nowMs);
    const ms = nowMs - this.#turnBeganMs;
    if (ms > this.#longest.ms) this.#longest = { ms, part: this.#longestPart };
  }

  /** Since `look`; the same object every time. */
  get recent(): PartTimes {
    return this.#recent;
  }

  /** Since `reset`. */
  get commandsMs(): number {
    return this.#commandsMs + this.#recent.commands;
  }

  get longest(): LongestTurn {
    return this.#longest;
  }

  /** What is recent begins anew. */
  look(): void {
    this.#commandsMs += this.#recent.commands;
    for (const part of TURN_PARTS) this.#recent[part] = 0;
  }

  reset(): void {
    this.look();
    this.#commandsMs = 0;
    this.#longest = none;
  }

  #partEnds(nowMs: number): void {
    const ms = nowMs - this.#partBeganMs;
    this.#partBeganMs = nowMs;
    this.#recent[this.#part] += ms;
    if (ms < this.#longestPartMs) return;
    this.#longestPartMs = ms;
    this.#longestPart = this.#part;
  }
}

function noTimes(): Record<TurnPart, number> {
  return {
    peers: 0,
    log: 0,
    apply: 0,
    commands: 0,
    upkeep: 0,
    messages: 0,
    state: 0,
    replies: 0,
  };
}
