import { configurationProblem } from "./configuration.js";
import type { Configuration, Index, Member, NodeId } from "./types.js";
export interface ConfigurationChange {
  readonly expectedIndex: Index;
  readonly voters: readonly Member[];
  readonly learners: readonly Member[];
  readonly force: boolean;
}
export type ChangeRefusal =
  | "NOT_LEADER"
  | "NOT_READY"
  | "CHANGE_IN_PROGRESS"
  | "STALE"
  | "INVALID"
  | "UNCHANGED"
  | "NO_DATA_VOTER"
  | "MEMBER_LAGS"
  | "MEMBER_UNREACHABLE"
  | "QUORUM_AT_RISK"
  | "TRANSFERRING";
export interface Refused {
  readonly refused: ChangeRefusal;
  readonly text: string;
}
export type ChangeResult = { readonly index: Index } | Refused;
export interface MembershipFacts {
  readonly configuration: Configuration;
  readonly configurationIndex: Index;
  readonly commit: Index;
  readonly ownTermStart: Index;
  readonly nextIndex: Index;
  readonly self: { id: NodeId; incarnation: number };
  readonly transferring: boolean;
  readonly health: (id: NodeId, incarnation: number) => { active: boolean; lagEntries: number };
}
const no = (refused: ChangeRefusal, text = ""): Refused => ({ refused, text });
const same = (a: readonly Member[], b: readonly Member[]) =>
  JSON.stringify([...a].sort((x, y) => x.id - y.id)) ===
  JSON.stringify([...b].sort((x, y) => x.id - y.id));
export function planChange(
  f: MembershipFacts,
  c: ConfigurationChange,
): { configuration: Configuration } | Refused {
  if (f.transferring) return no("TRANSFERRING");
  if (f.commit < f.ownTermStart) return no("NOT_READY");
  if (f.configurationIndex > f.commit || f.configuration.votersOutgoing.length > 0)
    return no("CHANGE_IN_PROGRESS");
  if (c.expectedIndex !== 0 && c.expectedIndex !== f.configurationIndex) return no("STALE");
  const fix = (m: Member) => (m.incarnation === 0 ? { ...m, incarnation: f.nextIndex } : m);
  const voters = c.voters.map(fix),
    learners = c.learners.map(fix);
  if (voters.length === 0 || !voters.some((v) => !v.witness)) return no("NO_DATA_VOTER");
  const changed = !same(voters, f.configuration.voters);
  if (!changed && same(learners, f.configuration.learners)) return no("UNCHANGED");
  if (changed && !c.force) {
    for (const v of voters)
      if (!f.configuration.voters.some((o) => o.id === v.id && o.incarnation === v.incarnation)) {
        const h = f.health(v.id, v.incarnation);
        if (!h.active) return no("MEMBER_UNREACHABLE");
        if (h.lagEntries > 100) return no("MEMBER_LAGS");
      }
    for (const half of [voters, f.configuration.voters])
      if (half.filter((v) => f.health(v.id, v.incarnation).active).length * 2 <= half.length)
        return no("QUORUM_AT_RISK");
  }
  if (
    voters.some(
      (v) =>
        !f.configuration.voters.some((o) => o.id === v.id && o.incarnation === v.incarnation) &&
        !f.configuration.learners.some((o) => o.id === v.id && o.incarnation === v.incarnation),
    )
  )
    return no("INVALID");
  const configuration = {
    ...f.configuration,
    voters,
    votersOutgoing: changed ? f.configuration.voters : [],
    learners,
  };
  const p = configurationProblem(configuration);
  return p === null ? { configuration } : no("INVALID", p);
}
export function planPending(
  f: MembershipFacts,
): { configuration: Configuration; kind: "leave" | "promote" } | null {
  if (f.transferring && f.configuration.votersOutgoing.length === 0) return null;
  if (f.commit < f.ownTermStart || f.configurationIndex > f.commit) return null;
  const c = f.configuration;
  if (c.votersOutgoing.length > 0)
    return { configuration: { ...c, votersOutgoing: [] }, kind: "leave" };
  const ready = c.learners.filter(
    (l) =>
      l.promote &&
      f.health(l.id, l.incarnation).active &&
      f.health(l.id, l.incarnation).lagEntries <= 100,
  );
  if (ready.length === 0) return null;
  const voters = [
    ...c.voters.filter((v) => !ready.some((r) => r.id === v.id)),
    ...ready.map(({ promote: _, ...m }) => m),
  ];
  const plan = planChange(f, {
    expectedIndex: 0,
    voters,
    learners: c.learners.filter((l) => !ready.includes(l)),
    force: false,
  });
  return "refused" in plan ? null : { configuration: plan.configuration, kind: "promote" };
}
