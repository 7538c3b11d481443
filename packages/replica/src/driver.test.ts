import { MessageType } from "@redoubt/raft";
import { expect, test } from "vitest";
import { TestCluster } from "./testing/test-cluster.js";
import { ELECTION_TIMEOUT_MS } from "./testing/test-node.js";

test("trap-14 what a follower promises its leader starts with the message, not with the turn before", () => {
  const cluster = new TestCluster();
  const leader = cluster.elect();
  cluster.advance(100);
  const [follower, third] = cluster.nodes.filter((node) => node !== leader);
  leader.stopped = true;
  third!.stopped = true;
  const { term, appended } = follower!.replica.status();
  const envelope = { to: follower!.id, term, incarnation: 1, toIncarnation: 1 };
  // No turn for a while: the next one begins with a clock that is that much older than the message.
  cluster.nowMs += ELECTION_TIMEOUT_MS * 0.8;
  const type = MessageType.heartbeat;
  follower!.replica.receive({ ...envelope, type, from: leader.id, commit: 0, readRound: 0 });
  cluster.settle();
  cluster.nowMs += ELECTION_TIMEOUT_MS * 0.9;
  follower!.replica.turn();
  follower!.replica.receive({
    ...envelope,
    type: MessageType.vote,
    from: third!.id,
    term: term + 1,
    lastIndex: appended + 10,
    lastTerm: term,
    transfer: false,
  });
  cluster.settle();
  const { term: termNow, leader: leaderNow } = follower!.replica.status();
  expect({ termNow, leaderNow }).toEqual({ termNow: term, leaderNow: leader.id });
  cluster.advance(ELECTION_TIMEOUT_MS * 2);
  expect(follower!.replica.status().leader).toBe(0);
});
