/**
 * In which order a key's elements were appended. Every list read is a beginning of the final one, so the longest read
 * tells the order of what it holds; what was appended for certain and is not in it comes behind it, by the lengths that
 * the appends were answered with where they are known.
 *
 * ```
 * placed     a b c d | f h      | readCount: of the longest list read; behind it, by answered lengths
 * unplaced   behind d: e g        appended, in no list, length not told
 * ```
 */

import { seconds, shown, shownList } from "../words.js";
import type { Findings } from "./findings.js";
import {
  type Appended,
  type KeyUse,
  type ListRead,
  longestOf,
  type Transaction,
} from "./transactions.js";

export interface KeyOrder {
  readonly key: string;
  /** In order; null: an element that no transaction that happened can have appended. */
  readonly placed: readonly (Appended | null)[];
  /** Of `placed`, how many were read. */
  readonly readCount: number;
  readonly unplaced: readonly Appended[];
  /** Those that are a beginning of `placed`. */
  readonly reads: readonly ListRead[];
}

export interface OrderContext {
  readonly transactions: readonly Transaction[];
  /** By index of the transaction. */
  readonly happened: readonly boolean[];
  readonly findings: Findings;
}

/** Reports what is wrong with the lists themselves. */
export function keyOrder(use: KeyUse, context: OrderContext): KeyOrder {
  return new OrderBuilder(use, context).build();
}

class OrderBuilder {
  readonly #use: KeyUse;
  readonly #transactions: readonly Transaction[];
  readonly #happens: readonly boolean[];
  readonly #findings: Findings;
  readonly #longest: ListRead | null;

  constructor(use: KeyUse, { transactions, happened, findings }: OrderContext) {
    this.#use = use;
    this.#transactions = transactions;
    this.#happens = happened;
    this.#findings = findings;
    this.#longest = longestOf(use.reads);
  }

  build(): KeyOrder {
    const { key, appended } = this.#use;
    const elements = this.#longest?.elements ?? [];
    const reads = this.#compatibleReads();
    const readers = firstReaders(reads, elements.length);
    // A list that holds an element twice gives no order; it is reported, and the key has no more to say.
    if (this.#hasTwice(elements, readers))
      return { key, placed: [], readCount: 0, unplaced: [], reads: [] };
    const placed = elements.map((element, i) => this.#happened(element, readers[i]!));
    elements.forEach((element, i) => {
      const writer = appended.get(element);
      if (writer !== undefined) this.#checkLength(writer, i, elements);
    });
    for (const read of reads) this.#checkIntermediate(read, placed);
    const behind = this.#unread(new Set(elements), elements.length);
    return {
      key,
      placed: [...placed, ...behind.placed],
      readCount: elements.length,
      unplaced: behind.unplaced,
      reads,
    };
  }

  /** Leaves out and reports those that are no beginning of the longest. */
  #compatibleReads(): ListRead[] {
    const longest = this.#longest;
    if (longest === null) return [];
    return this.#use.reads.filter((read) => {
      const common = commonLength(read.elements, longest.elements);
      if (common === read.elements.length) return true;
      this.#reportIncompatible(read, longest);
      for (const element of read.elements.slice(common)) this.#happened(element, read.reader);
      return false;
    });
  }

  #reportIncompatible(read: ListRead, longest: ListRead): void {
    const { key } = this.#use;
    this.#findings.add("incompatible order", () => ({
      text: `From list ${shown(key)} ${this.#told(read)} and ${this.#told(longest)}: neither is the beginning of the other, so no order of the appends gives both.`,
      key,
      operations: [this.#indexOf(read.reader), this.#indexOf(longest.reader)],
      impossible: null,
    }));
  }

  #hasTwice(elements: readonly string[], readers: readonly number[]): boolean {
    const seen = new Set<string>();
    let isTwice = false;
    elements.forEach((element, i) => {
      if (seen.has(element)) {
        isTwice = true;
        this.#findings.add("duplicate elements", () =>
          this.#ofReader(readers[i]!, element, `found ${shown(element)} twice in`, "appended once"),
        );
      }
      seen.add(element);
    });
    return isTwice;
  }

  /** Its append, if that can have happened; else reports that somebody read it. */
  #happened(element: string, reader: number): Appended | null {
    const appended = this.#use.appended.get(element);
    if (appended === undefined) {
      this.#findings.add("phantom element", () =>
        this.#ofReader(reader, element, `read ${shown(element)} in`, "never appended by anybody"),
      );
      return null;
    }
    if (this.#transactions[appended.writer]!.operation.outcome !== "fail") return appended;
    this.#findings.add("G1a", () =>
      this.#ofReader(
        reader,
        element,
        `read ${shown(element)} in`,
        "answered as certainly not appended",
      ),
    );
    return null;
  }

  #ofReader(reader: number, element: string, did: string, although: string) {
    const { key, appended } = this.#use;
    const { process, completedAt, index } = this.#transactions[reader]!.operation;
    const writer = appended.get(element)?.writer;
    return {
      text: `Client ${process} ${did} list ${shown(key)} at ${seconds(completedAt)}, though it was ${although}.`,
      key,
      operations: writer === undefined ? [index] : [this.#indexOf(writer), index],
      impossible: index,
    };
  }

  #checkLength({ writer, element, length }: Appended, place: number, elements: readonly string[]) {
    if (length === null || length === place + 1) return;
    const { key } = this.#use;
    const longest = this.#longest!;
    this.#findings.add("wrong length", () => ({
      text:
        `From list ${shown(key)} ${this.#told(longest)}, where ${shown(element)} is number ${place + 1} of ${elements.length}; ` +
        `its append had been answered with a length of ${length}.`,
      key,
      operations: [this.#indexOf(writer), this.#indexOf(longest.reader)],
      impossible: null,
    }));
  }

  /** What was read must not end between two appends of another's transaction. */
  #checkIntermediate({ reader, elements }: ListRead, placed: readonly (Appended | null)[]): void {
    let last = elements.length - 1;
    while (last >= 0 && placed[last]?.writer === reader) last -= 1;
    const appended = placed[last];
    if (appended === undefined || appended === null || appended.isLast) return;
    const { key } = this.#use;
    const { process, completedAt, index } = this.#transactions[reader]!.operation;
    this.#findings.add("G1b", () => ({
      text: `Client ${process} read list ${shown(key)} at ${seconds(completedAt)} up to ${shown(appended.element)}, in the middle of a transaction that appended more to it.`,
      key,
      operations: [this.#indexOf(appended.writer), index],
      impossible: index,
    }));
  }

  /** It happened, and nobody read it: all of them come behind what was read. */
  #unread(read: ReadonlySet<string>, readCount: number) {
    const unread = [...this.#use.appended.values()].filter(
      ({ element, writer }) => !read.has(element) && this.#happens[writer] === true,
    );
    const placed = unread
      .filter(({ length }) => length !== null)
      .sort((a, b) => a.length! - b.length!);
    let taken = readCount;
    const inPlace = placed.filter((appended) => {
      if (appended.length! > taken) {
        taken = appended.length!;
        return true;
      }
      this.#reportTaken(appended);
      return false;
    });
    const isPlaced = new Set(inPlace);
    return { placed: inPlace, unplaced: unread.filter((each) => !isPlaced.has(each)) };
  }

  #reportTaken({ writer, element, length }: Appended): void {
    const { key, appended } = this.#use;
    this.#findings.add("wrong length", () => {
      const there = this.#longest?.elements[length! - 1];
      const other = [...appended.values()].find(
        (each) => each.element === there || (each.length === length && each.element !== element),
      );
      return {
        text:
          `The append of ${shown(element)} to list ${shown(key)} was answered with a length of ${length}, ` +
          (there === undefined
            ? `and so was that of ${shown(other?.element ?? null)}.`
            : `but ${this.#told(this.#longest!)}, where number ${length} is ${shown(there)}.`),
        key,
        operations: [writer, other?.writer, there === undefined ? undefined : this.#longest?.reader]
          .filter((each) => each !== undefined)
          .map((each) => this.#indexOf(each)),
        impossible: this.#indexOf(writer),
      };
    });
  }

  /** `client 3 read [1 2] at 1.200 s`. */
  #told({ reader, elements }: ListRead): string {
    const { process, completedAt } = this.#transactions[reader]!.operation;
    return `client ${process} read ${shownList(elements)} at ${seconds(completedAt)}`;
  }

  #indexOf(transaction: number): number {
    return this.#transactions[transaction]!.operation.index;
  }
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    if (a[i] !== b[i]) return i;
  }
  return end;
}

/** By place: the first transaction that read it. */
function firstReaders(reads: readonly ListRead[], count: number): number[] {
  const readers = new Array<number>(count).fill(Number.POSITIVE_INFINITY);
  for (const { reader, elements } of reads) {
    const last = elements.length - 1;
    if (last >= 0) readers[last] = Math.min(readers[last]!, reader);
  }
  for (let i = count - 2; i >= 0; i--) readers[i] = Math.min(readers[i]!, readers[i + 1]!);
  return readers;
}
