/**
 * Every commit is durable on a quorum, through changes of membership: on a majority of each half of the
 * configuration in force at its index, or of one that the committing leader had appended behind it. And the
 * quorums of any two configurations that follow each other in a log intersect.
 *
 * A disk that is lost keeps its word: what it had acknowledged before counts, since the world lets only a minority
 * be lost at a time.
 */

import type { Entry, Member } from "@redoubt/raft";
import type { SimulatedNode } from "../world/node.js";
import { Configurations } from "./configurations.js";
import { holds } from "./durable.js";
import { isIt, isQuorum, quorumsIntersect } from "./majorities.js";
import type { Report } from "./violation.js";

type LostDisk = Pick<SimulatedNode, "id" | "incarnation" | "disk">;

export class QuorumIntersection {
  readonly configurations: Configurations;
  readonly #nodes: readonly SimulatedNode[];
  readonly #report: Report;
  readonly #lost: LostDisk[] = [];
  checked = 0;

  constructor(nodes: readonly SimulatedNode[], report: Report) {
    this.#nodes = nodes;
    this.#report = report;
    this.configurations = new Configurations((before, { index, configuration }) => {
      if (quorumsIntersect(before, configuration)) return;
      report("quorum intersection", `the configuration at ${index} has a quorum of its own`);
    });
  }

  /** Its disk is about to be replaced. */
  lost({ id, incarnation, disk }: SimulatedNode): void {
    this.#lost.push({ id, incarnation, disk });
  }

  /** `entry` is committed: `node` is the first to apply it. */
  committed(node: number, { index, checksum }: Entry): void {
    this.checked += 1;
    const at = this.configurations.inForceAt(node, index);
    // Before the first configuration nobody votes.
    if (at === undefined) return;
    const has = (member: Member): boolean => {
      const holder =
        this.#nodes.find((each) => isIt(each, member)) ??
        this.#lost.find((each) => isIt(each, member));
      return holder !== undefined && holds(holder.disk, index, checksum);
    };
    if (isQuorum(at, has)) return;
    const later = this.#nodes.flatMap((each) => this.configurations.behind(each.id, index));
    for (const { replica } of this.#nodes) {
      if (replica?.role === "leader") later.push(replica.status().configuration);
    }
    if (later.some((configuration) => isQuorum(configuration, has))) return;
    this.#report("quorum intersection", `index ${index} is committed, but on no quorum of disks`);
  }
}
