/**
 * The shortest cycle through a component. In time and within a client "before" is transitive: one step leads to every
 * transaction that began behind an end, however many lie between. Those steps are not taken from the graph, which holds
 * only a few of them, but from the times themselves; each transaction is reached once in a search, so a search is linear.
 */

import { CYCLE_STEPS_MAX } from "../constants.js";
import { type Graph, LINK, PROCESS, REALTIME, RW } from "./graph.js";
import type { Transaction } from "./transactions.js";

export interface CycleEdge {
  /** Transactions. */
  readonly from: number;
  readonly to: number;
  /** One of WW, WR, RW, PROCESS, REALTIME. */
  readonly kind: number;
  /** As in `Graph`; -1 of process and realtime. */
  readonly key: number;
  readonly place: number;
}

/** `#parentEdge`, of what no edge of the graph led to. */
const BY_PROCESS = -2;
const BY_TIME = -3;
/** Two transactions: there is none shorter. */
const LENGTH_MIN = 2;

export interface CycleQuery {
  /** Kinds of the edge that it begins with. */
  readonly start: number;
  /** Kinds of the others. */
  readonly rest: number;
  /** By node: nodes of different groups are on no such cycle. null: not known. */
  readonly groups: Int32Array | null;
}

/** One for a graph; its scratch is as large as the graph. */
export class CycleSearch {
  readonly #graph: Graph;
  readonly #transactions: readonly Transaction[];
  #members: readonly number[] = [];
  /** Members that are transactions: by begin; by client. */
  #byBegin: readonly number[] = [];
  readonly #ofProcess = new Map<number, number[]>();
  /** By node: the component that it was last a member of. */
  readonly #memberOf: Int32Array;
  #component = 0;
  /** By node: the search in which it was last reached, from where and how. */
  readonly #reachedIn: Int32Array;
  readonly #parent: Int32Array;
  readonly #parentEdge: Int32Array;
  #search = 0;
  #steps = 0;

  constructor(graph: Graph, transactions: readonly Transaction[]) {
    this.#graph = graph;
    this.#transactions = transactions;
    this.#memberOf = new Int32Array(graph.size);
    this.#reachedIn = new Int32Array(graph.size);
    this.#parent = new Int32Array(graph.size);
    this.#parentEdge = new Int32Array(graph.size);
  }

  /** From now on cycles are looked for in this component. */
  enter(component: readonly number[]): void {
    this.#component += 1;
    for (const node of component) this.#memberOf[node] = this.#component;
    this.#members = [...component].sort((a, b) => a - b);
    const members = this.#members.filter((node) => node < this.#transactions.length);
    this.#byBegin = [...members].sort((a, b) => this.#beganAt(a) - this.#beganAt(b));
    this.#ofProcess.clear();
    for (const node of members) {
      const { process } = this.#transactions[node]!.operation;
      const others = this.#ofProcess.get(process);
      if (others === undefined) this.#ofProcess.set(process, [node]);
      else others.push(node);
    }
  }

  /** The shortest that was found within the budget; the first is looked for whatever it costs while some is left. */
  shortest({ start, rest, groups }: CycleQuery): readonly CycleEdge[] | null {
    const { first, to, kind } = this.#graph;
    let best: CycleEdge[] | null = null;
    this.#steps = 0;
    for (const from of this.#members) {
      for (let edge = first[from]!; edge < first[from + 1]!; edge++) {
        const next = to[edge]!;
        if ((kind[edge]! & start) === 0 || !this.#isMember(next)) continue;
        if (groups !== null && groups[from] !== groups[next]) continue;
        if (this.#steps >= CYCLE_STEPS_MAX) return best;
        if (this.#reaches(next, from, rest, best?.length ?? Number.POSITIVE_INFINITY))
          best = this.#cycle(from, edge);
        if (best?.length === LENGTH_MIN) return best;
      }
    }
    return best;
  }

  /** Breadth first; false too if the cycle would not be shorter than `length`. */
  #reaches(from: number, goal: number, mask: number, length: number): boolean {
    this.#search += 1;
    const sweep: Sweep = { beganFrom: this.#byBegin.length, clientFrom: new Map() };
    let layer = [from];
    this.#reachedIn[from] = this.#search;
    for (let edges = 1; layer.length > 0 && edges + 1 < length; edges++) {
      const next: number[] = [];
      for (const node of layer) this.#expand(node, mask, sweep, next);
      if (this.#reachedIn[goal] === this.#search) return true;
      layer = next;
    }
    return false;
  }

  #expand(node: number, mask: number, sweep: Sweep, next: number[]): void {
    const { first, to, kind } = this.#graph;
    const stored = (mask & ~(PROCESS | REALTIME)) | LINK;
    for (let edge = first[node]!; edge < first[node + 1]!; edge++) {
      this.#steps += 1;
      if ((kind[edge]! & stored) !== 0) this.#reach(to[edge]!, node, edge, next);
    }
    if (node >= this.#transactions.length) return;
    if ((mask & PROCESS) !== 0) this.#expandClient(node, sweep, next);
    if ((mask & REALTIME) !== 0) this.#expandTime(node, sweep, next);
  }

  #expandClient(node: number, { clientFrom }: Sweep, next: number[]): void {
    const { process } = this.#transactions[node]!.operation;
    const ofProcess = this.#ofProcess.get(process)!;
    const until = clientFrom.get(process) ?? ofProcess.length;
    for (let at = until - 1; at >= 0 && ofProcess[at]! > node; at--) {
      this.#reach(ofProcess[at]!, node, BY_PROCESS, next);
      clientFrom.set(process, at);
    }
  }

  #expandTime(node: number, sweep: Sweep, next: number[]): void {
    const endedAt = this.#transactions[node]!.operation.completedAt;
    while (sweep.beganFrom > 0) {
      const candidate = this.#byBegin[sweep.beganFrom - 1]!;
      if (this.#beganAt(candidate) <= endedAt) return;
      sweep.beganFrom -= 1;
      this.#reach(candidate, node, BY_TIME, next);
    }
  }

  #reach(node: number, parent: number, edge: number, next: number[]): void {
    this.#steps += 1;
    if (this.#reachedIn[node] === this.#search || !this.#isMember(node)) return;
    this.#reachedIn[node] = this.#search;
    this.#parent[node] = parent;
    this.#parentEdge[node] = edge;
    next.push(node);
  }

  /** The edge `start` from `goal`, and the way back to it; meeting points are left out. */
  #cycle(goal: number, start: number): CycleEdge[] {
    const steps: { node: number; edge: number }[] = [];
    const first = this.#graph.to[start]!;
    for (let node = goal; node !== first; node = this.#parent[node]!)
      steps.push({ node, edge: this.#parentEdge[node]! });
    steps.push({ node: first, edge: start });
    steps.reverse();
    const edges: CycleEdge[] = [];
    let from = goal;
    for (const { node, edge } of steps) {
      if (node >= this.#transactions.length) continue;
      edges.push({ from, to: node, ...this.#about(edge) });
      from = node;
    }
    return edges;
  }

  #about(edge: number): Pick<CycleEdge, "kind" | "key" | "place"> {
    if (edge === BY_PROCESS) return { kind: PROCESS, key: -1, place: -1 };
    if (edge === BY_TIME) return { kind: REALTIME, key: -1, place: -1 };
    const { kind, key, place } = this.#graph;
    return { kind: kind[edge] === LINK ? RW : kind[edge]!, key: key[edge]!, place: place[edge]! };
  }

  #isMember(node: number): boolean {
    return this.#memberOf[node] === this.#component;
  }

  #beganAt(node: number): number {
    return this.#transactions[node]!.operation.invokedAt;
  }
}

/** What one search has not reached yet by time and by client: all before these places. */
interface Sweep {
  beganFrom: number;
  readonly clientFrom: Map<number, number>;
}
