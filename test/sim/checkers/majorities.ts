/** Quorums counted by the checkers themselves, in the plainest way: nothing of the core's is used. */

import type { Configuration, Member } from "@redoubt/raft";

/** "id.incarnation": the node as Raft's proofs know it. */
export function memberName({ id, incarnation }: Pick<Member, "id" | "incarnation">): string {
  return `${id}.${incarnation}`;
}

/** The machine's data is this member's: what another incarnation had is gone. */
export function isIt(node: Pick<Member, "id" | "incarnation">, member: Member): boolean {
  return node.id === member.id && node.incarnation === member.incarnation;
}

/** A majority of each half, each counted alone (trap 07). */
export function isQuorum(configuration: Configuration, has: (member: Member) => boolean): boolean {
  const { voters, votersOutgoing } = configuration;
  if (voters.filter(has).length * 2 <= voters.length) return false;
  if (votersOutgoing.length === 0) return true;
  return votersOutgoing.filter(has).length * 2 > votersOutgoing.length;
}

/** No quorum of `a` and quorum of `b` are disjoint: tried over all sets of members. */
export function quorumsIntersect(a: Configuration, b: Configuration): boolean {
  const all = new Set(
    [a, b].flatMap((each) => [...each.voters, ...each.votersOutgoing]).map(memberName),
  );
  const names = [...all];
  for (let set = 0; set < 2 ** names.length; set++) {
    const inside = (member: Member): boolean =>
      (set & (1 << names.indexOf(memberName(member)))) !== 0;
    if (isQuorum(a, inside) && isQuorum(b, (member) => !inside(member))) return false;
  }
  return true;
}
