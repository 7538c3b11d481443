/** A cycle as people read it: who must come before whom, and why. */

import type { Anomaly } from "../verdict.js";
import { seconds, shown } from "../words.js";
import type { CycleEdge } from "./cycle-search.js";
import { PROCESS, RW, WR, WW } from "./graph.js";
import type { KeyOrder } from "./orders.js";
import type { Transaction } from "./transactions.js";

interface Context {
  readonly transactions: readonly Transaction[];
  readonly orders: readonly KeyOrder[];
}

export function cycleAnomaly(cycle: readonly CycleEdge[], context: Context): Omit<Anomaly, "kind"> {
  const { transactions, orders } = context;
  const names = new Map<number, string>();
  for (const { from } of cycle) names.set(from, `T${names.size + 1}`);
  const told = new Set<number>();
  const name = (node: number): string => {
    const short = names.get(node)!;
    if (told.has(node)) return short;
    told.add(node);
    return `${short} (client ${transactions[node]!.operation.process})`;
  };
  const reasons = cycle.map((edge) => {
    const before = `${name(edge.from)} must come before ${name(edge.to)}`;
    return `${before}, because ${reason(edge, names, context)}`;
  });
  const missed = cycle.filter(({ kind }) => kind === RW);
  const keys = new Set(cycle.filter(({ key }) => key >= 0).map(({ key }) => key));
  return {
    text: `These transactions go round in a circle. ${reasons.join("; ")}.`,
    key: keys.size === 1 ? orders[[...keys][0]!]!.key : null,
    operations: cycle.map(({ from }) => transactions[from]!.operation.index),
    // The one that missed something, if it is one.
    impossible: missed.length === 1 ? transactions[missed[0]!.from]!.operation.index : null,
  };
}

function reason(
  { from, to, kind, key, place }: CycleEdge,
  names: ReadonlyMap<number, string>,
  { transactions, orders }: Context,
): string {
  const first = names.get(from)!;
  const second = names.get(to)!;
  if (kind === PROCESS) return `one client did ${first}, then ${second}`;
  const order = orders[key];
  if (order === undefined) {
    const ended = seconds(transactions[from]!.operation.completedAt);
    const began = seconds(transactions[to]!.operation.invokedAt);
    return `${first} had been answered at ${ended} when ${second} began at ${began}`;
  }
  const { placed, unplaced } = order;
  const appended = place < placed.length ? placed[place] : unplaced[place - placed.length];
  const element = shown(appended?.element ?? null);
  const list = `list ${shown(order.key)}`;
  if (kind === WW)
    return `${second} appended ${element} to ${list} behind what ${first} had appended`;
  if (kind === WR) return `${second} read ${element} in ${list}, which ${first} appended`;
  return `${first} read ${list} without ${element}, which ${second} appended`;
}
