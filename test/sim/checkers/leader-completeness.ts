/**
 * Leader completeness: what is committed is in the log of every later leader (Raft, figure 3).
 *
 * Looked at twice. When a node becomes leader: it has the newest committed entry, and so (chained checksums)
 * all. And when an entry is committed: no node without it could win an election with the logs that are on the
 * disks, whoever crashes next. The second sees a premature commit (trap 04) without the unlucky crash that
 * would make it a loss: if a majority of disks would not refuse a log that lacks the entry, it is not safe.
 */

import type { Entry, Member } from "@redoubt/raft";
import type { SimulatedNode } from "../world/node.js";
import type { CommittedLog } from "./committed-log.js";
import type { Configurations } from "./configurations.js";
import { durableLast, holds } from "./durable.js";
import { isIt, isQuorum } from "./majorities.js";
import type { Report } from "./violation.js";

export class LeaderCompleteness {
  readonly #nodes: readonly SimulatedNode[];
  readonly #log: CommittedLog;
  readonly #configurations: Configurations;
  readonly #report: Report;
  /** The newest term that anybody led. */
  #newestTerm = 0;

  constructor(
    nodes: readonly SimulatedNode[],
    log: CommittedLog,
    configurations: Configurations,
    report: Report,
  ) {
    this.#nodes = nodes;
    this.#log = log;
    this.#configurations = configurations;
    this.#report = report;
  }

  /** One that slept through its own election may find a later leader's entries committed: it lacks them. */
  became(node: SimulatedNode, term: number): void {
    if (term < this.#newestTerm) return;
    this.#newestTerm = term;
    const newest = this.#log.at(this.#log.last);
    if (newest === undefined || holds(node.disk, newest.entry.index, newest.entry.checksum)) return;
    this.#report(
      "leader completeness",
      `node ${node.id} leads term ${term} without committed entry ${newest.entry.index}`,
    );
  }

  committed({ index, checksum }: Entry): void {
    for (const node of this.#nodes) {
      if (holds(node.disk, index, checksum) || !this.#couldWin(node)) continue;
      this.#report(
        "leader completeness",
        `node ${node.id} could be elected without committed entry ${index}`,
      );
    }
  }

  /** By its own configuration, and the logs of those who vote (Raft 5.4.1). */
  #couldWin(candidate: SimulatedNode): boolean {
    const configuration = this.#configurations.inForce(candidate.id)?.configuration;
    if (configuration === undefined) return false;
    const own = durableLast(candidate.disk);
    return isQuorum(configuration, (member: Member) => {
      const voter = this.#nodes.find((each) => isIt(each, member));
      if (voter === undefined) return false;
      const last = durableLast(voter.disk);
      return own.term > last.term || (own.term === last.term && own.index >= last.index);
    });
  }
}
