/**
 * Lists as queues: what a client is told to have taken was taken in a committed entry, and nobody else is told
 * the same (trap 54). The queues of the committed log are kept here by its commands alone.
 */

import type { Index } from "@redoubt/raft";
import type { Operation } from "../workload/history.js";
import type { Report } from "./violation.js";

const QUEUE = /^queue/;
/** Where the taken element stands in the reply: alone, or behind the key it was taken from. */
const POPS: Readonly<Record<string, "alone" | "behind key">> = {
  LPOP: "alone",
  RPOP: "alone",
  LMOVE: "alone",
  BLMOVE: "alone",
  BLPOP: "behind key",
  BRPOP: "behind key",
};

export class Queues {
  readonly #report: Report;
  readonly #queues = new Map<string, string[]>();
  /** How often each element was taken by committed entries: a moved one is taken again. */
  readonly #taken = new Map<string, number>();
  readonly #told = new Map<string, number>();
  /** Elements that clients were told. */
  checked = 0;
  /** Of them, by commands that may wait. */
  waited = 0;

  constructor(report: Report) {
    this.#report = report;
  }

  /** The commands of one entry. */
  committed(index: Index, commands: readonly (readonly Buffer[])[]): void {
    for (const command of commands) {
      const name = command[0]!.toString("latin1");
      const key = command[1]?.toString("latin1", 0, 64) ?? "";
      if (name === "FLUSHALL") this.#queues.clear();
      if (!QUEUE.test(key)) continue;
      const words = command.slice(2).map((word) => word.toString("latin1", 0, 64));
      this.#execute(index, name, key, words);
    }
  }

  #execute(index: number, name: string, key: string, words: readonly string[]): void {
    const queue = this.#queues.get(key) ?? [];
    this.#queues.set(key, queue);
    if (name === "RPUSH") {
      queue.push(...words);
    } else if (name === "LPUSH") {
      queue.unshift(...words.toReversed());
    } else if (name === "LPOP" || name === "RPOP") {
      const count = Number(words[0]);
      if (count >= queue.length) {
        this.#report("queues", `index ${index} takes ${count} of ${queue.length} from ${key}`);
      }
      this.#take(name === "LPOP" ? queue.splice(0, count) : queue.splice(-count));
    } else if (name === "DEL") {
      // The last one that is taken takes the key with it.
      this.#take(queue.splice(0));
    } else {
      this.#report("effects", `${key} was changed by ${name}`);
    }
  }

  #take(elements: readonly string[]): void {
    for (const element of elements) {
      this.#taken.set(element, (this.#taken.get(element) ?? 0) + 1);
    }
  }

  answered({ argv, reply, key, client }: Operation): void {
    const name = argv[0]!;
    const where = POPS[name];
    if (where === undefined || !QUEUE.test(key) || reply === null) return;
    // Taken from an end and put back there: that may leave no effect, and claims nothing.
    if (name.endsWith("MOVE") && argv[1] === argv[2]) return;
    const element = where === "alone" ? reply : (reply as readonly unknown[])[1];
    if (typeof element !== "string") return;
    this.checked += 1;
    if (name.startsWith("B")) this.waited += 1;
    const told = (this.#told.get(element) ?? 0) + 1;
    this.#told.set(element, told);
    const taken = this.#taken.get(element) ?? 0;
    if (told <= taken) return;
    const what = `client ${client} is told ${element} by ${argv.join(" ")}`;
    this.#report("queues", `${what}: told ${told} times, taken ${taken} times`);
  }
}
