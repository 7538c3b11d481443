/**
 * Who is right when members' digests of one check index differ. Pure: reports in, finding out.
 *
 * A digest is right when more than half of all data voters hold it, in a joint configuration of both sets, not only of
 * those that were heard: two answers that differ, with a third member down, accuse nobody. Learners are judged, and do
 * not count. Witnesses hold no state.
 */

import type { Configuration, Index, Member, NodeId, Term } from "@redoubt/raft";
import type { AuditReport } from "./ports.js";

/** Which entry was audited. Equal index and term: equal history. */
export interface Check {
  readonly index: Index;
  readonly term: Term;
}

export interface Finding {
  /** ok: most members agree, and nobody differs; unknown: too few were heard, and nobody differs. */
  readonly verdict: "ok" | "differs" | "unknown";
  /** Held by more than half; null: none is. */
  readonly right: string | null;
  /** Members that hold another one than the right one. */
  readonly wrong: readonly NodeId[];
}

/** Every member that has state, once. */
export function dataMembers(configuration: Configuration): readonly Member[] {
  const members: Member[] = [];
  const { voters, votersOutgoing, learners } = configuration;
  for (const member of [...voters, ...votersOutgoing, ...learners]) {
    if (member.witness === true || members.some((other) => isSame(other, member))) continue;
    members.push(member);
  }
  return members;
}

/** `reports`: of one check and one format of digests; of strangers and former incarnations they do not count. */
export function judge(configuration: Configuration, reports: readonly AuditReport[]): Finding {
  const members = dataMembers(configuration);
  const heard = reports.filter((report) => members.some((member) => isFrom(report, member)));
  const digests = [...new Set(heard.map(({ digest }) => digest))];
  const right = digests.find((digest) => isMajority(configuration, heard, digest)) ?? null;
  const wrong = right === null ? [] : heard.filter(({ digest }) => digest !== right);
  const verdict = digests.length > 1 ? "differs" : right === null ? "unknown" : "ok";
  return { verdict, right, wrong: wrong.map(({ from }) => from) };
}

function isMajority(
  { voters, votersOutgoing }: Configuration,
  reports: readonly AuditReport[],
  digest: string,
): boolean {
  const holders = reports.filter((report) => report.digest === digest);
  const sets = votersOutgoing.length === 0 ? [voters] : [voters, votersOutgoing];
  return sets.every((set) => {
    const data = set.filter((voter) => voter.witness !== true);
    const count = data.filter((voter) => holders.some((report) => isFrom(report, voter))).length;
    return 2 * count > data.length;
  });
}

function isFrom({ from, incarnation }: AuditReport, member: Member): boolean {
  return member.id === from && member.incarnation === incarnation;
}

function isSame(one: Member, other: Member): boolean {
  return one.id === other.id && one.incarnation === other.incarnation;
}
