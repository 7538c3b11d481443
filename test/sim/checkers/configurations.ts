/**
 * Which configuration is in force where, by what is on the disks: the newest in a log counts, committed or
 * not, and after a cut the one before is back (trap 02).
 */

import {
  type Configuration,
  decodeConfiguration,
  type Entry,
  EntryKind,
  type Index,
  type Persist,
} from "@redoubt/raft";

export interface IndexedConfiguration {
  readonly index: Index;
  readonly configuration: Configuration;
}

export class Configurations {
  readonly #byNode = new Map<number, IndexedConfiguration[]>();
  /** Told of each pair that follow each other in some log. */
  readonly #followed: (before: Configuration, after: IndexedConfiguration) => void;

  constructor(followed: (before: Configuration, after: IndexedConfiguration) => void) {
    this.#followed = followed;
  }

  /** A disk that was just made: what a node is born with. */
  born(node: number, entries: readonly Entry[]): void {
    this.#byNode.set(node, []);
    this.#append(node, entries);
  }

  written(node: number, { install, truncateFrom, entries }: Persist): void {
    let known = this.#byNode.get(node) ?? [];
    // Membership lives in the snapshot (trap 23).
    if (install !== undefined) known = [install.configuration];
    if (truncateFrom > 0) known = known.filter(({ index }) => index < truncateFrom);
    this.#byNode.set(node, known);
    this.#append(node, entries);
  }

  /** In force on this node's disk; undefined: it knows of none. */
  inForce(node: number): IndexedConfiguration | undefined {
    return this.#byNode.get(node)?.at(-1);
  }

  /** In force for an entry at `index` in this node's log. */
  inForceAt(node: number, index: Index): Configuration | undefined {
    return this.#byNode.get(node)?.findLast((each) => each.index <= index)?.configuration;
  }

  /** Those in this node's log behind `index`. */
  behind(node: number, index: Index): Configuration[] {
    const known = this.#byNode.get(node) ?? [];
    return known.filter((each) => each.index > index).map(({ configuration }) => configuration);
  }

  #append(node: number, entries: readonly Entry[]): void {
    const known = this.#byNode.get(node)!;
    for (const { index, kind, payload } of entries) {
      if (kind !== EntryKind.configuration) continue;
      const added = { index, configuration: decodeConfiguration(payload) };
      const before = known.at(-1)?.configuration;
      known.push(added);
      if (before !== undefined) this.#followed(before, added);
    }
  }
}
