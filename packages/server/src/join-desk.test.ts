/** A real cluster of three in this process; nodes without data ask it for a place. */

import { askToJoin, type JoinAnswer, type JoinOptions } from "@redoubt/grpc-peer";
import { withLearner } from "@redoubt/raft";
import { afterEach, describe, expect, test } from "vitest";
import {
  collectingLogger,
  eventually,
  startTestCluster,
  type TestNode,
} from "./gateway/test-support.js";
import { electionParametersOf } from "./join-cluster.js";
import { JoinDesk } from "./join-desk.js";

let nodes: TestNode[] = [];

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

async function cluster() {
  nodes = await startTestCluster(3);
  const leader = nodes.find(({ running }) => running.replica.serving)!;
  const followers = nodes.filter((node) => node !== leader);
  return { leader, followers };
}

function idOf(node: TestNode): number {
  return node.config.nodeId;
}

/** Asks only `asked`, so that it is this node's answer that is seen. */
function asking(asked: TestNode, overrides: Partial<JoinOptions> = {}): Promise<JoinAnswer> {
  return askToJoin({
    nodeId: 9,
    peerAddress: "127.0.0.1:1",
    isWitness: false,
    reason: "empty",
    clusterId: "",
    secret: null,
    electionParametersMs: electionParametersOf(asked.config),
    peers: [{ id: idOf(asked), address: `127.0.0.1:${asked.running.peerPort}` }],
    ...overrides,
  });
}

/** The leader has not heard of `node` for as long as it takes to count as gone. */
async function gone(leader: TestNode, node: TestNode): Promise<void> {
  await node.running.stop();
  await eventually(() => {
    const { peers } = leader.running.replica.status();
    return peers.every((peer) => peer.id !== idOf(node) || !peer.recentActive);
  });
}

describe("a leader gives a place", () => {
  test("to nobody it does not know, to nobody who is alive, and not to itself", async () => {
    const { leader, followers } = await cluster();
    const before = leader.running.replica.configurationIndex;
    expect(await asking(leader)).toEqual({
      kind: "refused",
      text: "node 9 is no member: add it first (redoubt member add)",
    });
    for (const node of [followers[0]!, leader]) {
      const answer = await asking(leader, {
        nodeId: idOf(node),
        peers: [{ id: idOf(leader), address: `127.0.0.1:${leader.running.peerPort}` }],
      });
      // A node does not ask itself: somebody else under the leader's id is never even heard.
      const text =
        node === leader ? "no peer is known" : `node ${idOf(node)} is alive as incarnation 1`;
      expect(answer).toEqual({ kind: "refused", text });
    }
    expect(leader.running.replica.configurationIndex).toBe(before);
  });

  test("trap-17 trap-43 to one that is gone: as another incarnation, once a quorum without it agrees", async () => {
    const { leader, followers } = await cluster();
    const [lost, other] = followers;
    await gone(leader, lost!);
    const question = { nodeId: idOf(lost!), peerAddress: "127.0.0.1:2", reason: "damaged" };
    expect(await asking(leader, { ...question, isWitness: true })).toEqual({
      kind: "refused",
      text: `node ${idOf(lost!)} is a data node here`,
    });
    const answer = await asking(leader, question);
    if (answer.kind !== "accepted") throw new Error(answer.kind);
    expect(answer.clusterId).toBe("test");
    const status = leader.running.replica.status();
    expect(status.commit).toBeGreaterThanOrEqual(answer.incarnation);
    expect(status.configurationIndex).toBe(answer.incarnation);
    expect(status.configuration.learners).toEqual([
      {
        id: idOf(lost!),
        incarnation: answer.incarnation,
        peerAddress: "127.0.0.1:2",
        promote: true,
      },
    ]);
    // It has not come, or never heard the answer: it asks again, and the name it was given is never given twice.
    const again = await asking(leader, question);
    expect(again.kind === "accepted" && again.incarnation).toBeGreaterThan(answer.incarnation);
    // The old incarnation still counts as a dead voter: the two others decide.
    expect(leader.running.replica.status().configuration.voters).toHaveLength(3);
    await other!.running.stop();
    const lonely = await asking(leader, question);
    expect(lonely.kind).not.toBe("accepted");
  });

  test("to one at a time: who asks twice at once is given two names, or is refused", async () => {
    const { leader, followers } = await cluster();
    const [lost] = followers;
    await gone(leader, lost!);
    const question = { nodeId: idOf(lost!), peerAddress: "127.0.0.1:2" };
    const answers = await Promise.all([1, 2, 3, 4].map(() => asking(leader, question)));
    const names = answers.flatMap((one) => (one.kind === "accepted" ? [one.incarnation] : []));
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(0);
    for (const answer of answers) {
      if (answer.kind === "refused") expect(answer.text).toMatch(/^CHANGE_IN_PROGRESS /);
    }
    const { configuration } = leader.running.replica.status();
    expect(configuration.learners.map(({ incarnation }) => incarnation)).toEqual([
      Math.max(...names),
    ]);
  });

  test("a new learner that lost its data before it voted is replaced, too", async () => {
    const { leader } = await cluster();
    const { replica } = leader.running;
    const { configuration } = replica.status();
    const member = { id: 4, incarnation: 0, peerAddress: "127.0.0.1:3", promote: true as const };
    const change = { expectedIndex: 0, force: false, ...withLearner(configuration, member) };
    const added = replica.changeMembership(change);
    if ("refused" in added) throw new Error(added.text);
    await eventually(() => replica.status().commit >= added.index);
    const answer = await asking(leader, { nodeId: 4, peerAddress: "127.0.0.1:4" });
    if (answer.kind !== "accepted") throw new Error(JSON.stringify(answer));
    expect(replica.status().configuration.learners).toEqual([
      { ...member, incarnation: answer.incarnation, peerAddress: "127.0.0.1:4" },
    ]);
  });
});

describe("who does not lead", () => {
  test("says who does, and where", async () => {
    const { leader, followers } = await cluster();
    // It follows the redirection to the leader, which refuses.
    expect(await asking(followers[0]!)).toEqual({
      kind: "refused",
      text: "node 9 is no member: add it first (redoubt member add)",
    });
    const desk = new JoinDesk({
      clusterId: "test",
      replica: followers[0]!.running.replica,
      logger: collectingLogger([]),
      peerAddress: (id) => `node:${id}`,
    });
    const question = { nodeId: 9, peerAddress: "a:1", isWitness: false, reason: "empty" };
    expect(await desk.answer(question)).toEqual({
      kind: "elsewhere",
      leader: idOf(leader),
      address: `node:${idOf(leader)}`,
    });
  });

  test("trap-43 without a quorum nobody is given a place", async () => {
    const { leader, followers } = await cluster();
    const [lost, other] = followers;
    // Both are gone at once: the one that is left leads for one election timeout more at most.
    await Promise.all([lost!.running.stop(), other!.running.stop()]);
    const answers: JoinAnswer[] = [];
    const question = { nodeId: idOf(lost!), peerAddress: "127.0.0.1:2" };
    await eventually(async () => {
      answers.push(await asking(leader, question));
      return leader.running.replica.role !== "leader";
    });
    answers.push(await asking(leader, question));
    expect(answers.filter(({ kind }) => kind === "accepted")).toEqual([]);
    const { configuration, configurationIndex, commit } = leader.running.replica.status();
    if (configurationIndex <= commit) expect(configuration.learners).toEqual([]);
  });
});
