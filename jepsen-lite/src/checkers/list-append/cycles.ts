/**
 * Which contradictions there are, by kind. A kind says what a cycle is made of:
 *
 * - G0: only ww. Appends of two transactions are interleaved.
 * - G1c: ww and wr. Each saw what the other did.
 * - G-single: one rw. One of them missed what it should have seen.
 * - G2: several rw. Each missed what the other did (write skew).
 * - `-process`, `-realtime`: it takes the order within a client, or in time, to make it a cycle: serializable, perhaps,
 *   but not strictly.
 *
 * Of each component the first kind in this order is shown, with its shortest cycle; a component that holds one told
 * without times is not told again with them.
 */

import { components } from "./components.js";
import { type CycleEdge, type CycleQuery, CycleSearch } from "./cycle-search.js";
import { cycleAnomaly } from "./cycle-words.js";
import type { Findings } from "./findings.js";
import { type Graph, LINK, PROCESS, REALTIME, RW, WR, WW } from "./graph.js";
import type { KeyOrder } from "./orders.js";
import type { Transaction } from "./transactions.js";

/** From what holds without any clock to what needs one. */
const LEVELS = [0, PROCESS, PROCESS | REALTIME];

export interface CycleInput {
  readonly graph: Graph;
  readonly nodes: readonly number[];
  readonly transactions: readonly Transaction[];
  readonly orders: readonly KeyOrder[];
}

/** Returns the number of components that contradict themselves. */
export function findCycles(input: CycleInput, findings: Findings): number {
  const { graph, nodes, transactions } = input;
  const all = WW | WR | RW | LINK;
  // Almost every history has none, and that is seen at once.
  const suspects = components(graph, nodes, all | PROCESS | REALTIME).flat();
  const search = new CycleSearch(graph, transactions);
  const isTold = new Uint8Array(graph.size);
  let found = 0;
  for (const level of suspects.length === 0 ? [] : LEVELS) {
    const queries = queriesOf(graph, suspects, level);
    for (const component of components(graph, suspects, all | level)) {
      if (component.some((node) => isTold[node] === 1)) continue;
      for (const node of component) isTold[node] = 1;
      search.enter(component);
      const cycle = firstCycle(search, queries);
      found += 1;
      findings.add(kindOf(cycle), () => cycleAnomaly(cycle, input));
    }
  }
  return found;
}

function queriesOf(graph: Graph, nodes: readonly number[], level: number): CycleQuery[] {
  const groups = (mask: number): Int32Array => groupsOf(graph, components(graph, nodes, mask));
  return [
    { start: WW, rest: WW | level, groups: groups(WW | level) },
    { start: WR, rest: WW | WR | level, groups: groups(WW | WR | level) },
    { start: RW, rest: WW | WR | level, groups: null },
    { start: RW, rest: WW | WR | RW | level, groups: null },
  ];
}

/** By node: the number of its component; a node alone has one of its own, below zero. */
function groupsOf(graph: Graph, found: readonly (readonly number[])[]): Int32Array {
  const groups = Int32Array.from({ length: graph.size }, (_, node) => -1 - node);
  found.forEach((component, i) => {
    for (const node of component) groups[node] = i;
  });
  return groups;
}

function firstCycle(search: CycleSearch, queries: readonly CycleQuery[]): readonly CycleEdge[] {
  for (const query of queries) {
    const cycle = search.shortest(query);
    if (cycle !== null) return cycle;
  }
  throw new Error("a component without a cycle");
}

function kindOf(cycle: readonly CycleEdge[]): string {
  const count = (kind: number): number => cycle.filter((edge) => edge.kind === kind).length;
  const missed = count(RW);
  const base = missed > 1 ? "G2" : missed === 1 ? "G-single" : count(WR) > 0 ? "G1c" : "G0";
  if (count(REALTIME) > 0) return `${base}-realtime`;
  return count(PROCESS) > 0 ? `${base}-process` : base;
}
