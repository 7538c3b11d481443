/**
 * Strongly connected components (Tarjan, 1972), without recursion: a component is as deep as a history is long. Where
 * every node stands alone nothing contradicts itself.
 */

import type { Graph } from "./graph.js";

/** Those of more than one node. Only edges whose kind is in `mask`, and that lead from and to nodes of `nodes`. */
export function components(graph: Graph, nodes: Iterable<number>, mask: number): number[][] {
  return new Tarjan(graph, nodes, mask).run();
}

/** Of `#order`: not among the nodes; not reached yet. */
const OUTSIDE = -1;
const UNSEEN = 0;

class Tarjan {
  readonly #graph: Graph;
  readonly #mask: number;
  readonly #nodes: readonly number[];
  /** By node: when it was reached, from 1. */
  readonly #order: Int32Array;
  /** By node: the earliest node on the stack that is reached from it. */
  readonly #low: Int32Array;
  readonly #isOnStack: Uint8Array;
  readonly #stack: number[] = [];
  /** Of the depth-first walk: nodes, and by node the edge that is next. */
  readonly #path: number[] = [];
  readonly #nextEdge: Int32Array;
  readonly #found: number[][] = [];
  #reached = 0;

  constructor(graph: Graph, nodes: Iterable<number>, mask: number) {
    this.#graph = graph;
    this.#mask = mask;
    this.#nodes = [...nodes];
    this.#order = new Int32Array(graph.size).fill(OUTSIDE);
    for (const node of this.#nodes) this.#order[node] = UNSEEN;
    this.#low = new Int32Array(graph.size);
    this.#isOnStack = new Uint8Array(graph.size);
    this.#nextEdge = new Int32Array(graph.size);
  }

  run(): number[][] {
    for (const root of this.#nodes) {
      if (this.#order[root] !== UNSEEN) continue;
      this.#enter(root);
      while (this.#path.length > 0) this.#walk(this.#path.at(-1)!);
    }
    return this.#found;
  }

  #walk(node: number): void {
    const { first, to, kind } = this.#graph;
    const end = first[node + 1]!;
    while (this.#nextEdge[node]! < end) {
      const edge = this.#nextEdge[node]!++;
      const next = to[edge]!;
      if ((kind[edge]! & this.#mask) === 0 || this.#order[next] === OUTSIDE) continue;
      if (this.#order[next] === UNSEEN) {
        this.#enter(next);
        return;
      }
      if (this.#isOnStack[next] === 1)
        this.#low[node] = Math.min(this.#low[node]!, this.#order[next]!);
    }
    this.#leave(node);
  }

  #enter(node: number): void {
    this.#reached += 1;
    this.#order[node] = this.#reached;
    this.#low[node] = this.#reached;
    this.#nextEdge[node] = this.#graph.first[node]!;
    this.#isOnStack[node] = 1;
    this.#stack.push(node);
    this.#path.push(node);
  }

  #leave(node: number): void {
    this.#path.pop();
    const parent = this.#path.at(-1);
    if (parent !== undefined) this.#low[parent] = Math.min(this.#low[parent]!, this.#low[node]!);
    if (this.#low[node] !== this.#order[node]) return;
    const component: number[] = [];
    let member: number;
    do {
      member = this.#stack.pop()!;
      this.#isOnStack[member] = 0;
      component.push(member);
    } while (member !== node);
    if (component.length > 1) this.#found.push(component);
  }
}
