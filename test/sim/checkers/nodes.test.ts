/** trap-40: what each checker of nodes accepts, and what it must not. */

import {
  type Configuration,
  EntryKind,
  encodeConfiguration,
  type Message,
  MessageType,
  type Persist,
} from "@redoubt/raft";
import type { ReplicaStatus } from "@redoubt/replica";
import { describe, expect, test } from "vitest";
import type { SimulatedNode } from "../world/node.js";
import { Audits } from "./audits.js";
import { CommittedLog } from "./committed-log.js";
import { ConfigurationInForce } from "./configuration-in-force.js";
import { LeaderAppendOnly } from "./leader-append-only.js";
import { LeaderCompleteness } from "./leader-completeness.js";
import { LeaseExclusion } from "./lease-exclusion.js";
import { LogMatching } from "./log-matching.js";
import { isQuorum, quorumsIntersect } from "./majorities.js";
import { OneLeaderATerm } from "./one-leader-a-term.js";
import { checkPromise } from "./promises.js";
import { QuorumIntersection } from "./quorum-intersection.js";
import { collected, entry } from "./testing.js";

function configuration(voters: readonly number[], outgoing: readonly number[] = []): Configuration {
  const member = (id: number) => ({ id, incarnation: 1, peerAddress: `sim:${id}` });
  return {
    clusterId: "test",
    voters: voters.map(member),
    votersOutgoing: outgoing.map(member),
    learners: [],
  };
}

function configured(index: number, ...ids: Parameters<typeof configuration>) {
  const payload = encodeConfiguration(configuration(...ids));
  return entry(index, 1, EntryKind.configuration, payload);
}

function persist(rest: Partial<Persist>): Persist {
  return { sequence: 1, hardState: null, truncateFrom: 0, entries: [], ...rest };
}

/** What checkers look at: a disk, and nobody running on it. */
function nodeWith(id: number, entries: readonly ReturnType<typeof entry>[], term = 1, vote = 0) {
  const disk = { entries, hardState: { term, vote } };
  return { id, incarnation: 1, disk, replica: null, crashes: 0 } as unknown as SimulatedNode;
}

test("trap-40 two leaders of a term are seen", () => {
  const { report, said } = collected();
  const leaders = new OneLeaderATerm(report);
  leaders.became(1, 2);
  leaders.became(2, 3);
  expect(said).toEqual([]);
  leaders.became(3, 3);
  expect(said).toHaveLength(1);
});

describe("trap-40 a leader never cuts its log", () => {
  test.each([
    ["it appends", persist({ entries: [entry(2, 2)] }), 0],
    ["it cuts", persist({ truncateFrom: 1 }), 1],
    ["it writes what another led", persist({ entries: [entry(2, 1)] }), 1],
    ["it cuts in a later term", persist({ truncateFrom: 1, hardState: { term: 3, vote: 0 } }), 0],
  ])("%s", (_, written, violations) => {
    const { report, said } = collected();
    const appendOnly = new LeaderAppendOnly(report);
    appendOnly.became(1, 2);
    appendOnly.written(1, written);
    expect(said).toHaveLength(violations);
  });
});

describe("trap-14 trap-40 nobody is elected while another's lease lasts", () => {
  const clock = { offsetMs: 0, monotonicMs: () => 100, wallMs: () => 5100 + clock.offsetMs };
  const leading = (leaseRemainingMs: number, atMs: number) => {
    const replica = { term: 2, nowMs: atMs, status: () => ({ leaseRemainingMs }) };
    return { id: 1, clock, leads: true, replica } as unknown as SimulatedNode;
  };
  const other = { id: 2, leads: true, replica: { term: 3 } } as unknown as SimulatedNode;

  test.each([
    ["it lasts", leading(50, 90), 0, 1],
    ["there is none", leading(0, 90), 0, 0],
    ["it ended since the node's last turn", leading(50, 40), 0, 0],
    ["the clocks jumped since the node's last turn", leading(50, 90), 300, 0],
  ])("%s", (_, node, jumpMs, violations) => {
    const { report, said } = collected();
    const leases = new LeaseExclusion([node, other], report);
    clock.offsetMs = 0;
    leases.turnEnded(node);
    clock.offsetMs = jumpMs;
    leases.became(other, 3);
    expect(said).toHaveLength(violations);
    expect(leases.checked).toBe(1);
  });

  test("it is renewed afterwards", () => {
    const { report, said } = collected();
    const node = leading(50, 90);
    const leases = new LeaseExclusion([other], report);
    leases.became(other, 3);
    leases.turnEnded(node);
    expect(said).toHaveLength(1);
  });
});

describe("trap-23 trap-40 a node goes by the newest configuration of its log", () => {
  test.each([
    ["the newest", { applied: 3, flushed: 3, appended: 3, configurationIndex: 2 }, 0],
    ["an older one", { applied: 3, flushed: 3, appended: 3, configurationIndex: 1 }, 1],
    ["while more is on its way", { applied: 3, flushed: 3, appended: 4, configurationIndex: 4 }, 0],
  ])("%s", (_, status, violations) => {
    const { report, said } = collected();
    const log = [configured(1, [1, 2, 3]), configured(2, [1, 2, 3, 4]), entry(3, 1)];
    const node = nodeWith(1, log);
    const { configurations } = new QuorumIntersection([node], report);
    configurations.born(1, log);
    new ConfigurationInForce(configurations, report).looked(node, status as ReplicaStatus);
    expect(said).toHaveLength(violations);
  });
});

test("trap-40 two histories under one index and term are seen", () => {
  const { report, said } = collected();
  const matching = new LogMatching(report);
  matching.written(1, persist({ entries: [entry(1, 1), entry(2, 1)] }));
  matching.written(2, persist({ entries: [entry(1, 1), entry(2, 2)] }));
  expect(said).toEqual([]);
  matching.written(3, persist({ entries: [{ ...entry(2, 2), checksum: 7 }] }));
  expect(said).toHaveLength(1);
});

describe("trap-03 trap-40 promises leave when they are kept", () => {
  const envelope = { from: 1, to: 2, term: 2, incarnation: 1, toIncarnation: 1 };
  const log = [entry(1, 1), entry(2, 1)];
  const acknowledgement = { ...envelope, type: MessageType.appendResponse, rejected: false };
  const granted = { ...envelope, type: MessageType.voteResponse, granted: true };
  const asked = { ...envelope, type: MessageType.vote };

  test.each([
    ["an acknowledgement of what is there", { ...acknowledgement, index: 2 }, 2, 0, 0],
    ["an acknowledgement of what is not", { ...acknowledgement, index: 3 }, 2, 0, 1],
    ["a term that is not written", { ...acknowledgement, index: 2 }, 1, 0, 1],
    ["what a later term has overwritten", { ...acknowledgement, index: 3 }, 3, 0, 0],
    ["a vote that is written", granted, 2, 2, 0],
    ["a vote that is not", granted, 2, 0, 1],
    ["a vote for another", granted, 2, 3, 1],
    ["a candidate's own vote", asked, 2, 1, 0],
    ["a candidate without its own vote", asked, 2, 0, 1],
    ["a pre-vote, which promises nothing", { ...asked, type: MessageType.preVote }, 1, 0, 0],
  ])("%s", (_, message, term, vote, violations) => {
    const { report, said } = collected();
    const { disk } = nodeWith(1, log, term, vote);
    checkPromise(1, disk, message as unknown as Message, report);
    expect(said).toHaveLength(violations);
  });
});

describe("trap-07 trap-40 quorums", () => {
  test.each([
    ["two of three", configuration([1, 2, 3]), [1, 2], true],
    ["two of four", configuration([1, 2, 3, 4]), [1, 2], false],
    ["a majority of one half only", configuration([1, 2, 3], [3, 4, 5]), [1, 2, 3], false],
    ["a majority of each half", configuration([1, 2, 3], [3, 4, 5]), [1, 3, 4], true],
  ])("%s", (_, members, ids, expected) => {
    expect(isQuorum(members, ({ id }) => ids.includes(id))).toBe(expected);
  });

  test.each([
    ["one member more", configuration([1, 2, 3]), configuration([1, 2, 3, 4]), true],
    ["two members more at once", configuration([1, 2, 3]), configuration([1, 2, 3, 4, 5]), false],
    [
      "two more through a joint one",
      configuration([1, 2, 3]),
      configuration([1, 2, 3, 4, 5], [1, 2, 3]),
      true,
    ],
    ["another one altogether", configuration([1, 2, 3]), configuration([4, 5, 6]), false],
  ])("intersect, or not: %s", (_, before, after, expected) => {
    expect(quorumsIntersect(before, after)).toBe(expected);
  });
});

describe("trap-04 trap-07 trap-40 what is committed is on a quorum of disks, and no leader can lack it", () => {
  const begin = configured(1, [1, 2, 3]);
  const checked = (
    logs: readonly (readonly ReturnType<typeof entry>[])[],
    committed: ReturnType<typeof entry>,
  ) => {
    const { report, said } = collected();
    const nodes = logs.map((entries, i) => nodeWith(i + 1, entries));
    const quorums = new QuorumIntersection(nodes, report);
    for (const node of nodes) quorums.configurations.born(node.id, node.disk.entries);
    quorums.committed(1, committed);
    const log = new CommittedLog(report);
    new LeaderCompleteness(nodes, log, quorums.configurations, report).committed(committed);
    return said.map((text) => text.slice(0, text.indexOf(":")));
  };

  test("on two of three", () => {
    expect(checked([[begin, entry(2, 2)], [begin, entry(2, 2)], [begin]], entry(2, 2))).toEqual([]);
  });

  test("on one of three", () => {
    const said = checked([[begin, entry(2, 2)], [begin], [begin]], entry(2, 2));
    expect(said).toEqual(["quorum intersection", "leader completeness", "leader completeness"]);
  });

  test("on two of three, but the third would win with a later term (figure 8)", () => {
    const said = checked(
      [
        [begin, entry(2, 2)],
        [begin, entry(2, 2)],
        [begin, entry(2, 3)],
      ],
      entry(2, 2),
    );
    expect(said).toEqual(["leader completeness"]);
  });

  test("on a majority of the union of both halves only", () => {
    const joint = configured(2, [1, 2, 3], [1, 4, 5]);
    const full = [begin, joint, entry(3, 1)];
    const short = [begin, joint];
    expect(checked([full, full, full, short, short], entry(3, 1))).toContain("quorum intersection");
    expect(checked([full, full, short, full, short], entry(3, 1))).toEqual([]);
  });

  test("a new leader without the newest committed entry", () => {
    const { report, said } = collected();
    const log = new CommittedLog(report);
    log.add(1, entry(1, 1));
    const nodes = [nodeWith(1, [entry(1, 1)]), nodeWith(2, [])];
    const { configurations } = new QuorumIntersection(nodes, report);
    const completeness = new LeaderCompleteness(nodes, log, configurations, report);
    completeness.became(nodes[0]!, 2);
    expect(said).toEqual([]);
    completeness.became(nodes[1]!, 2);
    expect(said).toHaveLength(1);
    completeness.became(nodes[0]!, 3);
    completeness.became(nodes[1]!, 2);
    expect(said).toHaveLength(1);
  });
});

test("audit: a finding is one, whoever is found wrong; what nodes tell of their audits is none", () => {
  const { report, said } = collected();
  const audits = new Audits(report);
  audits.logged(1, "state digest told", { index: 3 });
  audits.logged(1, "audit given up", { index: 3 });
  expect(said).toEqual([]);
  audits.logged(2, "a member's state is not that of most members", { wrong: [3] });
  expect(said).toEqual([expect.stringMatching(/^audit: node 2: .*\[3\]/)]);
});
