/**
 * What must come before what (Adya, 1999; Kingsbury and Alvaro, "Elle", 2020). Nodes are transactions that happened;
 * an edge says that its first end comes before its second in every order that explains the answers.
 *
 * - ww: the second appended behind what the first appended;
 * - wr: the second read what the first appended;
 * - rw: the second appended what the first had not read yet;
 * - process: one client did both, in that order;
 * - realtime: the first had ended when the second began. Only edges that others do not imply: those from the
 *   transactions that ended last. Of all pairs there would be a square.
 *
 * Where many saw none of many appends, the edges meet in a node that is no transaction: rw leads to it, `link` from it.
 */

import type { KeyOrder } from "./orders.js";
import type { Transaction } from "./transactions.js";

/** Of edges, as bits. */
export const WW = 1;
export const WR = 2;
export const RW = 4;
export const LINK = 8;
export const PROCESS = 16;
export const REALTIME = 32;

/** Edges as columns, ordered by their first end. */
export interface Graph {
  /** Nodes: transactions by their index, then the meeting points. */
  readonly size: number;
  /** By node: its first edge; one more at the end. */
  readonly first: Int32Array;
  readonly to: Int32Array;
  readonly kind: Uint8Array;
  /** By edge: index of the key's order; -1: none. */
  readonly key: Int32Array;
  /**
   * By edge: place in the order of what was appended second (ww), read (wr) or not read yet (rw); of the edges from a
   * meeting point the place in `unplaced`.
   */
  readonly place: Int32Array;
}

/** `nodes`: the transactions that happened, in the order of invocation, and behind them the meeting points. */
export function graphOf(
  transactions: readonly Transaction[],
  happened: readonly boolean[],
  orders: readonly KeyOrder[],
): { graph: Graph; nodes: readonly number[] } {
  const edges = new Edges();
  orders.forEach((order, key) => {
    addAppends(edges, order, key);
    addReads(edges, order, key, transactions.length + key);
  });
  const nodes = [...transactions.keys()].filter((i) => happened[i]);
  addProcessEdges(edges, transactions, nodes);
  addRealtimeEdges(edges, transactions, nodes);
  const size = transactions.length + orders.length;
  for (let meeting = transactions.length; meeting < size; meeting++) nodes.push(meeting);
  return { graph: edges.graph(size), nodes };
}

function addAppends(edges: Edges, { placed, readCount, unplaced }: KeyOrder, key: number): void {
  let before = -1;
  let lastRead = -1;
  placed.forEach((appended, place) => {
    if (appended === null) return;
    if (before >= 0) edges.add(before, appended.writer, WW, key, place);
    before = appended.writer;
    if (place < readCount) lastRead = before;
  });
  if (lastRead < 0) return;
  unplaced.forEach(({ writer }, i) => {
    edges.add(lastRead, writer, WW, key, placed.length + i);
  });
}

function addReads(
  edges: Edges,
  { placed, readCount, unplaced, reads }: KeyOrder,
  key: number,
  meeting: number,
): void {
  let isMet = false;
  for (const { reader, elements, ownBefore } of reads) {
    // Behind own appends the order of the appends says the same.
    if (ownBefore > 0) continue;
    const count = elements.length;
    const last = count > 0 ? placed[count - 1] : null;
    if (last) edges.add(last.writer, reader, WR, key, count - 1);
    let next = count;
    while (next < placed.length && placed[next] === null) next += 1;
    if (next < placed.length) edges.add(reader, placed[next]!.writer, RW, key, next);
    if (count < readCount || unplaced.length === 0) continue;
    edges.add(reader, meeting, RW, key, placed.length);
    isMet = true;
  }
  if (!isMet) return;
  unplaced.forEach(({ writer }, i) => {
    edges.add(meeting, writer, LINK, key, placed.length + i);
  });
}

function addProcessEdges(
  edges: Edges,
  transactions: readonly Transaction[],
  nodes: readonly number[],
): void {
  const last = new Map<number, number>();
  for (const node of nodes) {
    const { process } = transactions[node]!.operation;
    const before = last.get(process);
    if (before !== undefined) edges.add(before, node, PROCESS, -1, -1);
    last.set(process, node);
  }
}

/** Sweeps over begins and ends. At equal times what begins comes first: concurrent is the weaker claim. */
function addRealtimeEdges(
  edges: Edges,
  transactions: readonly Transaction[],
  nodes: readonly number[],
): void {
  const operation = (node: number) => transactions[node]!.operation;
  const byBegin = [...nodes].sort((a, b) => operation(a).invokedAt - operation(b).invokedAt);
  const byEnd = nodes
    .filter((node) => operation(node).outcome === "ok")
    .sort((a, b) => operation(a).completedAt - operation(b).completedAt);
  /** Ended, and nothing that ended began behind their end. */
  let frontier: number[] = [];
  let ended = 0;
  for (const node of byBegin) {
    const { invokedAt } = operation(node);
    for (; ended < byEnd.length && operation(byEnd[ended]!).completedAt < invokedAt; ended++) {
      const ending = byEnd[ended]!;
      const began = operation(ending).invokedAt;
      frontier = frontier.filter((each) => operation(each).completedAt >= began);
      frontier.push(ending);
    }
    for (const before of frontier) edges.add(before, node, REALTIME, -1, -1);
  }
}

/** Edges while they are collected. */
class Edges {
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #kind: number[] = [];
  readonly #key: number[] = [];
  readonly #place: number[] = [];

  add(from: number, to: number, kind: number, key: number, place: number): void {
    if (from === to) return;
    this.#from.push(from);
    this.#to.push(to);
    this.#kind.push(kind);
    this.#key.push(key);
    this.#place.push(place);
  }

  graph(size: number): Graph {
    const count = this.#from.length;
    const first = new Int32Array(size + 1);
    for (const from of this.#from) first[from + 1]! += 1;
    for (let node = 0; node < size; node++) first[node + 1]! += first[node]!;
    const next = first.slice();
    const graph = {
      size,
      first,
      to: new Int32Array(count),
      kind: new Uint8Array(count),
      key: new Int32Array(count),
      place: new Int32Array(count),
    };
    for (let i = 0; i < count; i++) {
      const at = next[this.#from[i]!]!++;
      graph.to[at] = this.#to[i]!;
      graph.kind[at] = this.#kind[i]!;
      graph.key[at] = this.#key[i]!;
      graph.place[at] = this.#place[i]!;
    }
    return graph;
  }
}
