/**
 * While a lease lasts nobody else is elected to a later term (design, section 6): whoever holds one may show
 * what it has without asking. Looked at when a leader is elected, and again when one that was already
 * followed by another ends a turn: it may have just renewed what it must not (trap 14).
 *
 * A clock that jumped against the other tells the node so before its next read (trap 15): until that turn what
 * it takes for its lease says nothing.
 */

import type { SimulatedNode } from "../world/node.js";
import type { Report } from "./violation.js";

/** Wall clocks count whole milliseconds. */
const SAME_OFFSET_MS = 1;

export class LeaseExclusion {
  readonly #nodes: readonly SimulatedNode[];
  readonly #report: Report;
  /** Wall clock less monotonic clock at the end of each node's last turn. */
  readonly #offsets = new Map<SimulatedNode, number>();
  #newestTerm = 0;
  /** Leases that were held against a leader. */
  checked = 0;

  constructor(nodes: readonly SimulatedNode[], report: Report) {
    this.#nodes = nodes;
    this.#report = report;
  }

  became(leader: SimulatedNode, term: number): void {
    this.#newestTerm = Math.max(this.#newestTerm, term);
    for (const node of this.#nodes) if (node !== leader) this.#check(node, term);
  }

  turnEnded(node: SimulatedNode): void {
    this.#offsets.set(node, offsetMs(node));
    if (node.leads && node.replica!.term < this.#newestTerm) this.#check(node, this.#newestTerm);
  }

  #check(node: SimulatedNode, term: number): void {
    const { replica } = node;
    if (replica === null || !node.leads || replica.term >= term) return;
    this.checked += 1;
    const { leaseRemainingMs } = replica.status();
    if (leaseRemainingMs <= 0 || replica.nowMs + leaseRemainingMs <= node.clock.monotonicMs())
      return;
    const seenMs = this.#offsets.get(node) ?? offsetMs(node);
    if (Math.abs(offsetMs(node) - seenMs) > SAME_OFFSET_MS) return;
    this.#report(
      "lease exclusion",
      `node ${node.id} holds a lease of term ${replica.term} while term ${term} is led`,
    );
  }
}

function offsetMs({ clock }: SimulatedNode): number {
  return clock.wallMs() - clock.monotonicMs();
}
