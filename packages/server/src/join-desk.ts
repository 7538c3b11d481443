/**
 * The leader's side of joining: gives a node that lost its data, or never had any, a new incarnation. The answer
 * leaves once the membership is committed, so it comes from a leader that a quorum confirmed which does not
 * count the asker: its old incarnation acknowledges nothing any more (trap 43).
 */

import type { JoinAnswer, JoinQuestion } from "@redoubt/grpc-peer";
import { memberOf, type NodeId, withReplacement } from "@redoubt/raft";
import type { Logger, Replica } from "@redoubt/replica";
import { joinAnswerMsMax, joinLookMs } from "./gateway/constants.js";

export interface JoinDeskParts {
  readonly clusterId: string;
  readonly replica: Replica;
  readonly logger: Logger;
  /** Where `leader` listens for peers, as far as this node knows; "": it does not. */
  peerAddress(leader: NodeId): string;
}

export class JoinDesk {
  readonly #parts: JoinDeskParts;

  constructor(parts: JoinDeskParts) {
    this.#parts = parts;
  }

  async answer(question: JoinQuestion): Promise<JoinAnswer> {
    const { replica, logger, peerAddress } = this.#parts;
    const { nodeId, reason } = question;
    const status = replica.status();
    if (status.role !== "leader") {
      return { kind: "elsewhere", leader: status.leader, address: peerAddress(status.leader) };
    }
    const { configuration, term } = status;
    const member = memberOf(configuration, nodeId);
    if (member === null) {
      return refused(`node ${nodeId} is no member: add it first (redoubt member add)`);
    }
    const alive = status.peers.some(
      (peer) => peer.id === nodeId && peer.incarnation === member.incarnation && peer.recentActive,
    );
    if (alive || nodeId === status.id) {
      return refused(`node ${nodeId} is alive as incarnation ${member.incarnation}`);
    }
    if ((member.witness === true) !== question.isWitness) {
      return refused(`node ${nodeId} is a ${member.witness ? "witness" : "data node"} here`);
    }
    const lists = withReplacement(configuration, nodeId, question.peerAddress);
    if (lists === null) return refused(`node ${nodeId} is no member`);
    const result = replica.changeMembership({ expectedIndex: 0, ...lists, force: false });
    if ("refused" in result) return refused(`${result.refused} ${result.text}`);
    const fields = { node: nodeId, incarnation: result.index, reason };
    logger.warn(fields, "a node that lost its data is given a new incarnation");
    if (!(await this.#committed(result.index, term))) {
      return refused("leadership was lost before its membership was committed");
    }
    return { kind: "accepted", clusterId: this.#parts.clusterId, incarnation: result.index };
  }

  /** Whether the entry of this leader became part of the log for good. */
  async #committed(index: number, term: number): Promise<boolean> {
    const endMs = performance.now() + joinAnswerMsMax;
    while (performance.now() < endMs) {
      const { role, term: now, commit } = this.#parts.replica.status();
      if (role !== "leader" || now !== term) return false;
      if (commit >= index) return true;
      await new Promise((resolve) => setTimeout(resolve, joinLookMs));
    }
    return false;
  }
}

function refused(text: string): JoinAnswer {
  return { kind: "refused", text };
}
