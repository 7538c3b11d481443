/**
 * Keeps every run survivable, so that every loss is a bug: copies that are gone, damaged or lied about are a
 * minority of each half of every configuration that is in force, or may be again, on any node. A bad copy
 * counts until no configuration names its incarnation any more: until the machine votes as another, or left.
 *
 * Counted by id, and against the smallest half, since a replacement under way may put the same machine into
 * two lists; learners to be promoted count as voters, since the leader may promote them before it has noticed.
 */

import {
  type Configuration,
  decodeConfiguration,
  EntryKind,
  type Member,
  type NodeId,
} from "@redoubt/raft";
import { isNamed } from "../world/cluster.js";
import type { SimulatedNode } from "../world/node.js";

/** Of one log: the newest, and the one that is back in force when that is cut. */
const CONFIGURATIONS_OF_A_LOG = 2;

export class FaultBudget {
  /** Live. */
  readonly #nodes: readonly SimulatedNode[];
  /** "id.incarnation". */
  readonly #bad = new Map<string, BadCopy>();

  constructor(nodes: readonly SimulatedNode[]) {
    this.#nodes = nodes;
  }

  /** This node's data is bad from now on. False: that would be one too many, or nobody's loss. */
  lose({ id, incarnation }: SimulatedNode): boolean {
    const configurations = this.#configurations();
    this.#forget(configurations);
    const member = { id, incarnation };
    if (incarnation === 0 || this.#bad.has(nameOf(member))) return false;
    if (!configurations.some((each) => isNamed(each, id, incarnation))) return false;
    if (!configurations.every((each) => this.#survives(each, member))) return false;
    this.#bad.set(nameOf(member), member);
    return true;
  }

  /** It was not lost after all. */
  found(id: NodeId, incarnation: number): void {
    this.#bad.delete(nameOf({ id, incarnation }));
  }

  /** Nobody's copy is bad: voters may go, or be exchanged. */
  get whole(): boolean {
    this.#forget(this.#configurations());
    return this.#bad.size === 0;
  }

  #survives({ voters, votersOutgoing, learners }: Configuration, more: BadCopy): boolean {
    const counted = [...voters, ...votersOutgoing, ...learners.filter((each) => each.promote)];
    const lost = counted.filter(
      (member) => this.#bad.has(nameOf(member)) || nameOf(member) === nameOf(more),
    );
    const half = Math.min(voters.length, votersOutgoing.length || Number.POSITIVE_INFINITY);
    return new Set(lost.map(({ id }) => id)).size * 2 < half;
  }

  #forget(configurations: readonly Configuration[]): void {
    for (const [name, { id, incarnation }] of this.#bad) {
      if (!configurations.some((each) => isNamed(each, id, incarnation))) this.#bad.delete(name);
    }
  }

  /** By the disks, and by who runs and has not written it yet. */
  #configurations(): Configuration[] {
    const found: Configuration[] = [];
    for (const { disk, replica, retired } of this.#nodes) {
      if (retired) continue;
      if (replica !== null) found.push(replica.status().configuration);
      const entries = disk.entries.filter(({ kind }) => kind === EntryKind.configuration);
      const { adopted } = disk.snapshots;
      if (adopted !== null) found.push(adopted.configuration.configuration);
      for (const { payload } of entries.slice(-CONFIGURATIONS_OF_A_LOG)) {
        found.push(decodeConfiguration(payload));
      }
    }
    return found;
  }
}

type BadCopy = Pick<Member, "id" | "incarnation">;

function nameOf({ id, incarnation }: BadCopy): string {
  return `${id}.${incarnation}`;
}
