/**
 * Is the history of one key linearizable? Wing & Gong's search with Lowe's memoisation, over a string
 * register with the operations the workload draws. Unknown outcomes may take effect at any time after
 * they were invoked, or never.
 */

import { type Reply, RespError } from "../../support/resp-reader.js";
import type { History, Operation } from "../workload/history.js";
import type { Report } from "./violation.js";

/** A register's content; null: no key. */
type State = string | null;

/** Steps after which a key is given up as undecided: never silently. */
const STEPS_MAX = 2_000_000;

export type Verdict = "linearizable" | "violation" | "undecided";

/** `effect` applies `argv` to `state`: the next state and the reply it must have given. */
export function effect(argv: readonly string[], state: State): { next: State; reply: Reply } {
  switch (argv[0]) {
    case "GET":
      return { next: state, reply: state };
    case "SET":
      if (argv[3] === "XX" && state === null) return { next: null, reply: null };
      return { next: argv[2]!, reply: "OK" };
    case "SETNX":
      return state === null ? { next: argv[2]!, reply: 1 } : { next: state, reply: 0 };
    case "GETSET":
      return { next: argv[2]!, reply: state };
    case "DEL":
      return { next: null, reply: state === null ? 0 : 1 };
    case "GETDEL":
      return { next: null, reply: state };
    case "EXISTS":
      return { next: state, reply: state === null ? 0 : 1 };
    case "INCR": {
      const value = Number(state ?? "0") + 1;
      return { next: String(value), reply: value };
    }
    case "FLUSHALL":
      return { next: null, reply: "OK" };
    case "CAS":
      // An EXEC that returned nothing did nothing, whatever broke its WATCH.
      return state === argv[2] ? { next: argv[3]!, reply: "OK" } : { next: state, reply: null };
    default:
      throw new Error(`the model does not know ${argv[0]}`);
  }
}

interface Event {
  readonly operation: number;
  readonly isReturn: boolean;
  readonly timeMs: number;
}

/**
 * Every key for itself; FLUSHALL concerns them all. Returns how many keys stayed undecided. `happened`: whether
 * an unknown operation took effect, as far as the committed log tells; each that did not halves the search.
 */
export function checkLinearizability(
  history: History,
  report: Report,
  happened: (operation: Operation) => boolean = () => true,
): number {
  const keys = new Map<string, Operation[]>();
  const flushes: Operation[] = [];
  for (const operation of history.operations) {
    if (operation.outcome === "info" && !happened(operation)) continue;
    if (operation.argv[0] === "FLUSHALL" && operation.outcome !== "fail") flushes.push(operation);
    else if (operation.model === "register" || operation.model === "counter") {
      const operations = keys.get(operation.key);
      if (operations === undefined) keys.set(operation.key, [operation]);
      else operations.push(operation);
    }
  }
  let undecided = 0;
  for (const [key, operations] of keys) {
    const { fromMs, untilMs } = span(operations);
    // Those behind the key's last operation explain nothing.
    const concurrent = flushes.filter(
      (each) => (each.outcome !== "ok" || each.returnedMs > fromMs) && each.invokedMs < untilMs,
    );
    const verdict = checkLinearizable([...operations, ...concurrent]);
    if (verdict === "violation") report("linearizability", `key ${key}`);
    if (verdict === "undecided") undecided += 1;
  }
  return undecided;
}

function span(operations: readonly Operation[]): { fromMs: number; untilMs: number } {
  let untilMs = 0;
  for (const { invokedMs, returnedMs, outcome } of operations) {
    untilMs = Math.max(untilMs, outcome === "ok" ? returnedMs : invokedMs);
  }
  return { fromMs: operations[0]!.invokedMs, untilMs };
}

export function checkLinearizable(operations: readonly Operation[]): Verdict {
  const relevant = operations
    .filter(({ outcome }) => outcome !== "fail")
    .sort((a, b) => a.sequence - b.sequence);
  const count = relevant.length;
  const events: Event[] = [];
  relevant.forEach((operation, i) => {
    events.push({ operation: i, isReturn: false, timeMs: operation.invokedMs });
    const known = operation.outcome === "ok";
    events.push({ operation: i, isReturn: true, timeMs: known ? operation.returnedMs : Infinity });
  });
  // At equal times a call comes before a return: concurrent is the weaker claim.
  events.sort((a, b) => a.timeMs - b.timeMs || Number(a.isReturn) - Number(b.isReturn));
  const verdict = new Search(relevant, events, count, false).run();
  // A violation must not rest on two states that happen to have one number.
  return verdict === "violation" ? new Search(relevant, events, count, true).run() : verdict;
}

/** Doubly linked list of events with lift and unlift, as in Lowe's "Testing for linearizability". */
class Search {
  readonly #operations: readonly Operation[];
  readonly #events: readonly Event[];
  readonly #next: number[];
  readonly #previous: number[];
  readonly #returnOf: number[];
  /** The client's answered operation before, which must come first: pipelines keep their order. -1: none. */
  readonly #before: number[];
  /** The one before of unknown outcome that asked the same: either may stand for the other. -1: none. */
  readonly #twin: number[];
  readonly #done: Uint32Array;
  /** What was tried: (operations done, state), as a number of 53 bits or written out. */
  readonly #seen = new Set<string | number>();
  readonly #exact: boolean;
  /** Of the operations done: two words, changed by each operation's own two (Zobrist). */
  #hashLow = 0;
  #hashHigh = 0;
  #left: number;

  constructor(
    operations: readonly Operation[],
    events: readonly Event[],
    count: number,
    exact: boolean,
  ) {
    this.#exact = exact;
    this.#operations = operations;
    this.#events = events;
    this.#done = new Uint32Array((count >> 5) + 1);
    this.#left = operations.filter((operation) => operation.outcome === "ok").length;
    // Node 0 is the head, event i is node i + 1.
    const nodes = events.length + 1;
    this.#next = Array.from({ length: nodes }, (_, i) => (i + 1 < nodes ? i + 1 : -1));
    this.#previous = Array.from({ length: nodes }, (_, i) => i - 1);
    this.#returnOf = [];
    this.#before = predecessors(operations);
    this.#twin = twins(operations);
    events.forEach((event, i) => {
      if (event.isReturn) this.#returnOf[event.operation] = i + 1;
    });
  }

  run(): Verdict {
    const stack: { node: number; state: State; forced: boolean }[] = [];
    let state: State = null;
    let node = this.#next[0]!;
    let steps = 0;
    while (this.#left > 0) {
      if (++steps > STEPS_MAX) return "undecided";
      const event = node < 0 ? null : this.#events[node - 1]!;
      if (event !== null && !event.isReturn) {
        const stepped = this.#tryStep(event.operation, state);
        if (stepped !== undefined) {
          // What never changes anything and fits now may as well come now: no other choice to try.
          stack.push({ node, state, forced: changesNothing(this.#operations[event.operation]!) });
          state = stepped;
          this.#lift(node, event.operation);
          node = this.#next[0]!;
        } else {
          node = this.#next[node]!;
        }
        continue;
      }
      // A return that must come before anything else can: undo the last choice.
      let last = stack.pop();
      while (last?.forced === true) {
        this.#unlift(last.node, this.#events[last.node - 1]!.operation);
        last = stack.pop();
      }
      if (last === undefined) return "violation";
      state = last.state;
      this.#unlift(last.node, this.#events[last.node - 1]!.operation);
      node = this.#next[last.node]!;
    }
    return "linearizable";
  }

  #tryStep(index: number, state: State): State | undefined {
    const operation = this.#operations[index]!;
    if (!this.#isFree(index)) return undefined;
    // Whoever was asked first comes first, if it may come at all.
    const twin = this.#twin[index]!;
    if (twin >= 0 && !this.#isDone(twin) && this.#isFree(twin)) return undefined;
    const { next, reply } = effect(operation.argv, state);
    if (operation.outcome === "ok") {
      if (!same(operation.reply, reply)) return undefined;
    } else if (next === state) {
      // Nobody was told, and nothing changes: it explains nothing.
      return undefined;
    }
    this.#flip(index);
    const key = this.#key(next);
    const tried = this.#seen.size;
    this.#seen.add(key);
    if (this.#seen.size > tried) return next;
    this.#flip(index);
    return undefined;
  }

  /** Nothing that its client was told before is still to come. */
  #isFree(index: number): boolean {
    const before = this.#before[index]!;
    return before < 0 || this.#isDone(before);
  }

  #isDone(index: number): boolean {
    return (this.#done[index >> 5]! & (1 << (index & 31))) !== 0;
  }

  #flip(index: number): void {
    this.#done[index >> 5]! ^= 1 << (index & 31);
    this.#hashLow ^= word(index, 0x9e3779b1);
    this.#hashHigh ^= word(index, 0x85ebca77);
  }

  #key(state: State): string | number {
    if (this.#exact) return `${this.#done.join(",")}|${state}`;
    let low = this.#hashLow;
    let high = this.#hashHigh;
    const text = state ?? "-";
    for (let i = 0; i < text.length; i++) {
      low = Math.imul(low ^ text.charCodeAt(i), 0x01000193);
      high = Math.imul(high ^ text.charCodeAt(i) ^ (low >>> 15), 0x85ebca77);
    }
    return (high >>> 11) * 0x1_0000_0000 + (low >>> 0);
  }

  #lift(node: number, index: number): void {
    this.#unlink(node);
    this.#unlink(this.#returnOf[index]!);
    if (this.#operations[index]!.outcome === "ok") this.#left -= 1;
  }

  #unlift(node: number, index: number): void {
    this.#relink(this.#returnOf[index]!);
    this.#relink(node);
    this.#flip(index);
    if (this.#operations[index]!.outcome === "ok") this.#left += 1;
  }

  #unlink(node: number): void {
    const previous = this.#previous[node]!;
    const next = this.#next[node]!;
    this.#next[previous] = next;
    if (next >= 0) this.#previous[next] = previous;
  }

  #relink(node: number): void {
    const previous = this.#previous[node]!;
    const next = this.#next[node]!;
    this.#next[previous] = node;
    if (next >= 0) this.#previous[next] = node;
  }
}

/** Its answer alone says so, whatever the state was. */
function changesNothing({ argv, reply, outcome }: Operation): boolean {
  switch (argv[0]) {
    case "GET":
    case "EXISTS":
      return true;
    case "SETNX":
    case "DEL":
      return outcome === "ok" && reply === 0;
    case "SET":
    case "GETDEL":
      return outcome === "ok" && reply === null;
    default:
      return false;
  }
}

/** By index into `operations`, which are in the order in which they were sent. */
function predecessors(operations: readonly Operation[]): number[] {
  const last = new Map<number, number>();
  return operations.map(({ client, outcome }, i) => {
    const before = last.get(client) ?? -1;
    if (outcome === "ok") last.set(client, i);
    return before;
  });
}

function twins(operations: readonly Operation[]): number[] {
  const last = new Map<string, number>();
  return operations.map(({ argv, outcome }, i) => {
    if (outcome === "ok") return -1;
    const asked = argv.join(" ");
    const twin = last.get(asked) ?? -1;
    last.set(asked, i);
    return twin;
  });
}

/** Well mixed 32 bits that stand for an operation. */
function word(index: number, seed: number): number {
  let mixed = Math.imul(index + 1, seed);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
  return mixed ^ (mixed >>> 15);
}

function same(actual: Reply | undefined, expected: Reply): boolean {
  if (actual instanceof RespError) return false;
  return actual === expected || String(actual) === String(expected);
}
