/** The members of the cluster as an administrator sees them: by configuration, with what the leader knows of each. */

import type { Configuration, Member, NodeId, PeerProgress } from "@redoubt/raft";
import type { ReplicaStatus, Session } from "@redoubt/replica";
import { formatAddress } from "../gateway/address.js";
import type { Topology } from "./topology.js";

export interface MemberView {
  readonly id: NodeId;
  readonly incarnation: number;
  /** voter and learner hold the data; witness votes without it, or is about to. */
  readonly kind: "voter" | "learner" | "witness";
  readonly votes: boolean;
  /** It votes only until the joint configuration is left. */
  readonly outgoing: boolean;
  /** A learner that becomes a voter by itself. */
  readonly promote: boolean;
  readonly isLeader: boolean;
  readonly isSelf: boolean;
  readonly peerAddress: string;
  /** host:port; "": not known here. */
  readonly clientAddress: string;
  /** Of this incarnation; null: only the leader knows, and only of the living one. */
  readonly progress: PeerProgress | null;
}

/** A configuration's members, (id, incarnation) once each, by id; an id that is being replaced stands twice. */
export function memberViews(
  status: ReplicaStatus,
  topology: Topology,
  session: Session,
): MemberView[] {
  return listedMembers(status.configuration).map(({ member, votes, outgoing }) => {
    const { id, incarnation } = member;
    const address = topology.clientAddress(id, session);
    const isSelf = id === status.id && incarnation === status.incarnation;
    const progress = status.peers.find(
      (peer) => peer.id === id && peer.incarnation === incarnation,
    );
    return {
      id,
      incarnation,
      kind: member.witness ? "witness" : votes ? "voter" : "learner",
      votes,
      outgoing,
      promote: member.promote ?? false,
      isLeader: id === status.leader && isNewest(status.configuration, member),
      isSelf,
      peerAddress: member.peerAddress,
      clientAddress: address === null ? "" : formatAddress(address.host, address.port),
      progress: progress ?? null,
    };
  });
}

interface Listed {
  readonly member: Member;
  readonly votes: boolean;
  readonly outgoing: boolean;
}

function listedMembers({ voters, votersOutgoing, learners }: Configuration): Listed[] {
  const stays = (member: Member): boolean =>
    voters.some(({ id, incarnation }) => id === member.id && incarnation === member.incarnation);
  const listed: Listed[] = [
    ...voters.map((member) => ({ member, votes: true, outgoing: false })),
    ...votersOutgoing
      .filter((member) => !stays(member))
      .map((member) => ({ member, votes: true, outgoing: true })),
    ...learners.map((member) => ({ member, votes: false, outgoing: false })),
  ];
  return listed.sort(
    (a, b) => a.member.id - b.member.id || a.member.incarnation - b.member.incarnation,
  );
}

/** The one that lives when two incarnations of an id are named. */
function isNewest({ voters, votersOutgoing, learners }: Configuration, member: Member): boolean {
  return ![...voters, ...votersOutgoing, ...learners].some(
    ({ id, incarnation }) => id === member.id && incarnation > member.incarnation,
  );
}
