/**
 * Is there an order of one key's operations that explains every answer? Wing and Gong's search with Lowe's memory of
 * what was tried: depth first, an operation is placed at the latest when its answer is due.
 *
 * It can be stopped and taken up again, so that many keys share a budget. Three things keep it small:
 * - what changes nothing and fits now is placed now, with no other choice: nothing else depends on it;
 * - operations of unknown outcome are tried last, only those that change the state, equal ones in the order asked, and
 *   one behind another only if the first makes a difference to the second;
 * - a configuration that used more of them than one tried before is not tried (see `memo.ts`).
 */

import type { Operation } from "../../history/history.js";
import { WINDOW_PLACED_MAX } from "../constants.js";
import { INCONSISTENT, type Model, type State } from "../model.js";
import { Memo, type MemoBudget } from "./memo.js";
import { Timeline } from "./timeline.js";

/** How far any order came. */
export interface Deepest {
  /** The answer that none of them could place; null: none was ever stuck. */
  readonly impossible: Operation | null;
  readonly states: ReadonlySet<State>;
  /** The last ones that one of the orders placed before it, in that order. */
  readonly placed: readonly Operation[];
}

/** Of the words of a configuration: state, first operation that is not done. */
const KEY_HEADER_WORDS = 2;
/** `#unknownAt` while answered operations are tried. */
const ANSWERED = -1;

export class KeySearch {
  /** Candidates tried and configurations compared. */
  get steps(): number {
    return this.#tried + this.#memo.comparisons;
  }

  readonly #model: Model;
  readonly #timeline: Timeline;
  readonly #memo: Memo;
  readonly #states: State[] = [];
  readonly #stateIds = new Map<State, number>();
  readonly #done: Int32Array;
  readonly #used: Int32Array;
  /** One configuration, to be looked up. */
  readonly #words: Int32Array;
  #hash = 0;
  #left: number;
  #tried = 0;
  #state: number;
  /** The next candidate: an entry of the timeline; behind the last of them, an unknown operation. */
  #entry: number;
  #unknownAt = ANSWERED;
  /** What was placed: an answered operation, or ~unknown; and beside it what is needed to take it back. */
  readonly #stack: number[] = [];
  readonly #stateBefore: number[] = [];
  readonly #blockedAt: number[] = [];
  #deepestEntry = 0;
  readonly #deepestStates = new Set<number>();
  #deepestPlaced: readonly number[] = [];

  constructor(operations: readonly Operation[], model: Model, budget: MemoBudget) {
    this.#model = model;
    this.#timeline = new Timeline(operations, model);
    this.#memo = new Memo(budget);
    this.#left = this.#timeline.answered.length;
    this.#done = new Int32Array((this.#left >> 5) + 1);
    this.#used = new Int32Array((this.#timeline.unknown.length + 31) >> 5);
    this.#words = new Int32Array(KEY_HEADER_WORDS + this.#done.length + this.#used.length);
    this.#state = this.#intern(model.init);
    this.#entry = this.#timeline.next[0]!;
  }

  /** Goes on for about so many steps. null: not decided yet. Not to be called again once decided. */
  advance(steps: number): "valid" | "invalid" | "unknown" | null {
    const until = this.steps + steps;
    while (this.#left > 0) {
      if (this.#memo.isFull) return "unknown";
      if (this.steps >= until) return null;
      this.#tried += 1;
      if (this.#unknownAt === ANSWERED) this.#tryAnswered();
      else if (this.#unknownAt < this.#timeline.unknownBefore[this.#entry]!) this.#tryUnknown();
      else if (!this.#backtrack()) return "invalid";
    }
    return "valid";
  }

  deepest(): Deepest {
    const { answered, unknown, operationOf } = this.#timeline;
    const entry = this.#deepestEntry;
    return {
      impossible: entry === 0 ? null : answered[operationOf[entry]!]!,
      states: new Set([...this.#deepestStates].map((id) => this.#states[id]!)),
      placed: this.#deepestPlaced.map((who) => (who < 0 ? unknown[~who]! : answered[who]!)),
    };
  }

  /** Gives its memory back. */
  release(): void {
    this.#memo.release();
  }

  #tryAnswered(): void {
    const { isReturn, operationOf, next, answered } = this.#timeline;
    const entry = this.#entry;
    if (isReturn[entry] === 1) {
      this.#noteDepth(entry);
      this.#unknownAt = 0;
      return;
    }
    const index = operationOf[entry]!;
    const state = this.#model.step(this.#states[this.#state]!, answered[index]!);
    if (state === INCONSISTENT || !this.#place(index, this.#intern(state)))
      this.#entry = next[entry]!;
  }

  #tryUnknown(): void {
    const index = this.#unknownAt;
    const before = this.#timeline.twin[index]!;
    if (!this.#isUsed(index) && (before < 0 || this.#isUsed(before))) {
      const state = this.#afterUnknown(index, this.#state);
      if (this.#isWorthwhile(index, state) && this.#placeUnknown(index, state)) return;
    }
    this.#unknownAt += 1;
  }

  /**
   * It changes the state, as nobody was told of it. And if another unknown one was placed just before, it needs that
   * one: else it leads to the same without it, and that is tried too.
   */
  #isWorthwhile(index: number, state: number): boolean {
    if (state === this.#state) return false;
    const last = this.#stack.at(-1);
    if (last === undefined || last >= 0) return true;
    return state !== this.#afterUnknown(index, this.#stateBefore.at(-1)!);
  }

  #afterUnknown(index: number, state: number): number {
    const next = this.#model.step(this.#states[state]!, this.#timeline.unknown[index]!);
    if (next === INCONSISTENT) throw new Error("an unknown operation fits everywhere");
    return this.#intern(next);
  }

  /** False: that was tried, and everything is as before. */
  #place(index: number, state: number): boolean {
    this.#setDone(index);
    if (this.#left > 0 && !this.#isNew(state)) {
      this.#unsetDone(index);
      return false;
    }
    this.#push(index, state, 0);
    return true;
  }

  #placeUnknown(index: number, state: number): boolean {
    this.#flipUsed(index);
    if (!this.#isNew(state)) {
      this.#flipUsed(index);
      return false;
    }
    this.#push(~index, state, this.#entry);
    return true;
  }

  #push(who: number, state: number, blockedAt: number): void {
    this.#stack.push(who);
    this.#stateBefore.push(this.#state);
    this.#blockedAt.push(blockedAt);
    this.#state = state;
    this.#entry = this.#timeline.next[0]!;
    this.#unknownAt = ANSWERED;
  }

  /** Takes back the last choice that had others beside it. False: there was none. */
  #backtrack(): boolean {
    const { answered, callOf, next } = this.#timeline;
    while (this.#stack.length > 0) {
      const who = this.#stack.pop()!;
      this.#state = this.#stateBefore.pop()!;
      const blockedAt = this.#blockedAt.pop()!;
      if (who < 0) {
        this.#flipUsed(~who);
        this.#entry = blockedAt;
        this.#unknownAt = ~who + 1;
        return true;
      }
      this.#unsetDone(who);
      if (this.#model.changesNothing(answered[who]!)) continue;
      this.#entry = next[callOf[who]!]!;
      this.#unknownAt = ANSWERED;
      return true;
    }
    return false;
  }

  /** The configuration was not tried before, nor one that dominates it. */
  #isNew(state: number): boolean {
    const { next, operationOf, calledBefore } = this.#timeline;
    const words = this.#words;
    const first = operationOf[next[0]!]!;
    words[0] = state;
    words[1] = first;
    // Below `first` all is done, and nothing that is called behind its return: those words say nothing.
    let at = KEY_HEADER_WORDS;
    const last = (calledBefore[first]! - 1) >> 5;
    for (let word = first >> 5; word <= last; word++) words[at++] = this.#done[word]!;
    const keyWords = at;
    for (const word of this.#used) words[at++] = word;
    const hash = mixed(this.#hash ^ Math.imul(state + 1, 0x9e3779b1));
    return this.#memo.add(hash, words, keyWords, this.#used.length);
  }

  #noteDepth(entry: number): void {
    if (entry < this.#deepestEntry) return;
    if (entry > this.#deepestEntry) {
      this.#deepestEntry = entry;
      this.#deepestStates.clear();
      this.#deepestPlaced = this.#stack.slice(-WINDOW_PLACED_MAX);
    }
    this.#deepestStates.add(this.#state);
  }

  #setDone(index: number): void {
    this.#timeline.lift(index);
    this.#flipDone(index);
    this.#left -= 1;
  }

  #unsetDone(index: number): void {
    this.#timeline.unlift(index);
    this.#flipDone(index);
    this.#left += 1;
  }

  #flipDone(index: number): void {
    this.#done[index >> 5]! ^= 1 << (index & 31);
    this.#hash ^= mixed(index + 1);
  }

  #isUsed(index: number): boolean {
    return (this.#used[index >> 5]! & (1 << (index & 31))) !== 0;
  }

  #flipUsed(index: number): void {
    this.#used[index >> 5]! ^= 1 << (index & 31);
  }

  #intern(state: State): number {
    let id = this.#stateIds.get(state);
    if (id === undefined) {
      id = this.#states.length;
      this.#states.push(state);
      this.#stateIds.set(state, id);
    }
    return id;
  }
}

/** 32 bits that stand for a number: sets of them are hashed by exclusive or (Zobrist). */
function mixed(number: number): number {
  let bits = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
