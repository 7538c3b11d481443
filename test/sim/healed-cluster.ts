/**
 * What must become true by itself once nothing goes wrong any more: a data node leads and serves, the change of
 * membership that was under way is done, whoever lost its data votes again under a new incarnation, and all
 * members come to the same state.
 */

import { Violation } from "./checkers/violation.js";
import type { Cluster } from "./world/cluster.js";
import type { SimulatedNode } from "./world/node.js";

export class HealedCluster {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** null: the cluster is whole. */
  whatIsMissing(): string | null {
    const serving = this.#cluster.nodes.filter((node) => node.replica?.serving);
    if (serving.length !== 1) return `${serving.length} nodes serve`;
    const leader = serving[0]!;
    const { configuration, configurationIndex, commit, transferring } = leader.replica!.status();
    if (transferring) return `node ${leader.id} hands over`;
    if (configurationIndex > commit) return "a change of membership is not committed";
    if (configuration.votersOutgoing.length > 0) return "a joint configuration stays";
    for (const learner of configuration.learners) {
      if (learner.promote) return `learner ${learner.id}.${learner.incarnation} is not promoted`;
    }
    for (const { id, incarnation } of [...configuration.voters, ...configuration.learners]) {
      const node = this.#cluster.nodeOf(id);
      if (node?.incarnation !== incarnation || !node.up) return `${id}.${incarnation} is not up`;
    }
    return null;
  }

  /** null: all members have applied what the leader has. */
  whoIsBehind(): string | null {
    const missing = this.whatIsMissing();
    if (missing !== null) return missing;
    const leader = this.#cluster.nodes.find((node) => node.replica?.serving)!;
    // Expiry goes on by itself: the leader may be ahead of what it has committed.
    const { executed } = leader.replica!.status();
    for (const member of this.#members(leader)) {
      const { applied } = member.replica!.status();
      if (applied !== executed) return `node ${member.id} is at ${applied} of ${executed}`;
    }
    return null;
  }

  demandAgreement(): void {
    const leader = this.#cluster.nodes.find((node) => node.replica?.serving)!;
    const states = this.#members(leader)
      .filter((member) => !member.isWitness)
      .map((member) => ({ node: member.id, ...member.replica!.stateDigest() }));
    for (const state of states) {
      if (state.digest !== states[0]!.digest) {
        throw new Violation("agreement", `states differ at the end: ${JSON.stringify(states)}`);
      }
    }
  }

  #members(leader: SimulatedNode): SimulatedNode[] {
    const { voters, learners } = leader.replica!.status().configuration;
    return [...voters, ...learners].map(({ id }) => this.#cluster.nodeOf(id)!);
  }
}
