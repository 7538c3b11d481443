/** Who is right: a table of configurations, what was heard, and what follows. */

import type { Configuration, Member } from "@redoubt/raft";
import { expect, test } from "vitest";
import { type Finding, judge } from "./audit.js";
import type { AuditReport } from "./ports.js";

/** "3" is a data voter, "3w" a witness, "3'" the second incarnation of 3. */
function member(text: string): Member {
  const id = Number.parseInt(text, 10);
  const incarnation = text.includes("'") ? 2 : 1;
  const base = { id, incarnation, peerAddress: `test:${id}` };
  return text.includes("w") ? { ...base, witness: true } : base;
}

/** voters | outgoing | learners */
function configuration(text: string): Configuration {
  const [voters = [], votersOutgoing = [], learners = []] = text
    .split("|")
    .map((list) => list.split(" ").filter(Boolean).map(member));
  return { clusterId: "test", voters, votersOutgoing, learners };
}

/** "1=a": node 1 holds digest a. */
function report(text: string): AuditReport {
  const [who = "", digest = ""] = text.split("=");
  const { id, incarnation } = member(who);
  const ends = { from: id, to: 1, incarnation, toIncarnation: 1 };
  return { ...ends, index: 9, term: 2, format: 1, digest };
}

const ok = (right: string): Finding => ({ verdict: "ok", right, wrong: [] });
const differs = (right: string | null, ...wrong: number[]): Finding => {
  return { verdict: "differs", right, wrong };
};
const unknown: Finding = { verdict: "unknown", right: null, wrong: [] };

const cases: readonly [configuration: string, heard: string, finding: Finding][] = [
  ["1 2 3", "", unknown],
  ["1 2 3", "1=a", unknown],
  ["1 2 3", "1=a 2=a", ok("a")],
  ["1 2 3", "1=a 2=a 3=a", ok("a")],
  // Two answers that differ: nobody is accused before the third is heard.
  ["1 2 3", "1=a 2=b", differs(null)],
  ["1 2 3", "1=a 2=b 3=b", differs("b", 1)],
  ["1 2 3", "1=a 2=b 3=c", differs(null)],
  ["1 2", "1=a 2=b", differs(null)],
  ["1", "1=a", ok("a")],
  ["1 2 3 4 5", "1=a 2=a 3=b 4=b", differs(null)],
  ["1 2 3 4 5", "1=a 2=a 3=a 4=b 5=c", differs("a", 4, 5)],
  ["1 2 3 4", "1=a 2=a 3=b 4=b", differs(null)],
  // Witnesses hold nothing: of two with data neither is most.
  ["1 2 3w", "1=a 2=b", differs(null)],
  ["1 2 3w", "1=a 2=a", ok("a")],
  ["1 2w 3w", "1=a", ok("a")],
  // Learners are judged and do not count.
  ["1 2 3||4", "1=a 4=a", unknown],
  ["1 2 3||4", "1=a 2=a 4=b", differs("a", 4)],
  ["1 2 3||4 5", "1=a 4=b 5=b", differs(null)],
  ["1||4", "1=a 4=b", differs("a", 4)],
  // Joint: both sets, each counted alone.
  ["1 2 3|4 5 6", "1=a 2=a 3=a", unknown],
  ["1 2 3|4 5 6", "1=a 2=a 4=a 5=a 6=b", differs("a", 6)],
  ["1 2 3|3 4 5", "1=a 2=a 3=b 4=b 5=b", differs(null)],
  // An incarnation that is no member any more says nothing, strangers neither.
  ["1 2 3", "1=a 2'=a", unknown],
  ["1 2 3", "1=a 2=a 9=b", ok("a")],
  ["1 2 3'|1 2 3", "1=a 2=a 3=a 3'=b", differs("a", 3)],
];

test.each(cases)("members %s, heard %s", (members, heard, finding) => {
  const reports = heard.split(" ").filter(Boolean).map(report);
  expect(judge(configuration(members), reports)).toEqual(finding);
  // Nobody's order of hearing matters.
  const { right, wrong } = judge(configuration(members), reports.reverse());
  expect([right, [...wrong].sort()]).toEqual([finding.right, finding.wrong]);
});
