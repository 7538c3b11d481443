import { type Message, MessageType } from "@redoubt/raft";
import { expect, test } from "vitest";
import { APPLY_BEHIND_ENTRIES_MAX, APPLY_BEHIND_MS_MAX, COMMIT_DELAY_MS } from "./constants.js";
import { TestCluster, type TestClusterOptions } from "./testing/test-cluster.js";
import { ELECTION_TIMEOUT_MS, type TestNode } from "./testing/test-node.js";

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

test("a turn is wanted now on a follower, and on a leader where nobody else could send a command", () => {
  const cluster = new TestCluster();
  const leader = cluster.elect();
  const wanted = (act: () => void): [leader: number, followers: boolean] => {
    const before = cluster.nodes.map((node) => node.wantedNow);
    act();
    const more = cluster.nodes.map((node, i) => node.wantedNow - before[i]!);
    const own = cluster.nodes.indexOf(leader);
    return [more[own]!, more.every((count, i) => i === own || count > 0)];
  };
  const [first, second] = [leader.connect(), leader.connect()];
  cluster.settle();
  expect(wanted(() => first.send("SET a 1"))).toEqual([0, false]);
  expect(wanted(() => cluster.settle())).toEqual([0, true]);
  expect(wanted(() => first.send("SET a 2"))).toEqual([0, false]);
  expect(wanted(() => second.send("SET b 1"))).toEqual([1, false]);
  // The own disk, and the followers that are heard before its replies leave.
  expect(wanted(() => cluster.settle())[0]).toBeGreaterThan(0);
});

test("a follower, too, waits for the requests of those who could send one: many readers are one turn", () => {
  const cluster = new TestCluster();
  const leader = cluster.elect();
  const follower = cluster.nodes.find((node) => node !== leader)!;
  const [first, second] = [follower.connect(), follower.connect()];
  cluster.settle();
  const before = follower.wantedNow;
  first.send("READONLY");
  expect(follower.wantedNow).toBe(before);
  second.send("READONLY");
  expect(follower.wantedNow).toBe(before + 1);
});

test("what a leader waits for comes before what is applied, and what is applied is not put off for ever", () => {
  const cluster = new TestCluster();
  const leader = cluster.elect();
  const follower = cluster.nodes.find((node) => node !== leader)!;
  const client = leader.connect();
  const write = (): void => {
    client.send("INCR n");
    cluster.settle();
  };
  write();
  const { applied, appended } = follower.replica.status();
  expect(applied).toBe(appended - 1);
  // The append that tells of the commit brings an entry to be made durable.
  follower.disk.held = true;
  write();
  expect(follower.replica.status().applied).toBe(applied);
  follower.disk.held = false;
  cluster.settle();
  expect(follower.replica.status().applied).toBe(applied + 1);
  expect(leader.replica.status().applied).toBe(applied + 2);
  cluster.advance(COMMIT_DELAY_MS);
  expect(follower.replica.status().applied).toBe(applied + 2);

  write();
  follower.disk.held = true;
  for (let behind = 1; behind <= APPLY_BEHIND_ENTRIES_MAX; behind++) {
    expect(follower.replica.status().applied).toBe(applied + 2);
    write();
  }
  write();
  expect(follower.replica.status().applied).toBe(applied + 3);
});

test("a disk that stands still hides nothing that is durable", () => {
  const cluster = new TestCluster();
  const leader = cluster.elect();
  const follower = cluster.nodes.find((node) => node !== leader)!;
  const client = leader.connect().send("SET k 1");
  cluster.settle();
  const { appended } = follower.replica.status();
  follower.disk.held = true;
  client.send("SET k 2");
  cluster.settle();
  expect(follower.replica.status().applied).toBe(appended - 1);
  cluster.advance(APPLY_BEHIND_MS_MAX, 1);
  expect(follower.replica.status().applied).toBe(appended);
  // Put off again, from its own beginning.
  follower.disk.held = false;
  cluster.advance(100);
  client.send("SET k 3");
  cluster.settle();
  follower.disk.held = true;
  client.send("SET k 4");
  cluster.settle();
  const behind = follower.replica.status();
  expect(behind.applied).toBe(behind.commit - 1);
});

test("a silent peer whose window is full does not end the delay of a commit's news for the others", () => {
  const cluster = new TestCluster();
  const leader = cluster.elect();
  const [follower, silent] = cluster.nodes.filter((node) => node !== leader);
  const client = leader.connect();
  let isSilent = false;
  let bare = 0;
  cluster.lose = (message) => {
    if (message.type !== MessageType.append) return false;
    if (message.to === follower!.id && message.entries.length === 0) bare += 1;
    return isSilent && message.to === silent!.id;
  };
  const write = (count: number): number => {
    bare = 0;
    for (let i = 0; i < count; i++) {
      client.send("INCR n");
      cluster.settle();
    }
    return bare;
  };
  expect(write(20)).toBe(0);
  isSilent = true;
  write(300);
  cluster.advance(4);
  expect(write(20)).toBe(0);
});

/** The answers to one write, the second one withheld until `late`. */
function answeredLate(
  type: MessageType,
  act: (cluster: TestCluster) => void,
  options: TestClusterOptions = {},
) {
  const cluster = new TestCluster(options);
  const leader = cluster.elect();
  cluster.advance(100);
  const slow = cluster.nodes.findLast((node) => node !== leader)!;
  let late: Message | null = null;
  cluster.lose = (message) => {
    const isLate = message.type === type && message.from === slow.id && late === null;
    if (isLate) late = message;
    return isLate;
  };
  act(cluster);
  cluster.settle();
  expect(late).not.toBeNull();
  return { cluster, leader, arrive: () => leader.replica.receive(late!) };
}

test("the second acknowledgement of an entry is counted without a turn", () => {
  const { leader, arrive } = answeredLate(MessageType.appendResponse, (one) => {
    one.leader!.connect().send("SET k v");
  });
  const holders = () =>
    leader.replica.status().peers.filter(({ match }) => match === leader.replica.status().appended);
  expect(holders()).toHaveLength(2);
  arrive();
  expect(leader.wantsTurn).toBe(false);
  expect(holders()).toHaveLength(3);
});

test("WAIT is answered by the second acknowledgement", () => {
  let sent: ReturnType<TestNode["connect"]> | null = null;
  const { cluster, arrive } = answeredLate(MessageType.appendResponse, (one) => {
    sent = one.leader!.connect().send("SET k v", "WAIT 2 0");
  });
  expect(sent!.take()).toEqual(["+OK"]);
  arrive();
  cluster.settle();
  expect(sent!.take()).toEqual([":2"]);
});

test("an acknowledgement that something is waited for takes a turn at once", () => {
  const { cluster, leader, arrive } = answeredLate(MessageType.appendResponse, (one) => {
    one.leader!.connect().send("SET k v");
  });
  cluster.withholdAcknowledgements();
  leader.connect().send("SET k w");
  cluster.settle();
  // Of the entry before: nothing waits for it, and the peer's window has room.
  arrive();
  expect(leader.wantsTurn).toBe(false);
  cluster.loseNothing();
  const { term, appended } = leader.replica.status();
  const envelope = { to: leader.id, term, incarnation: 1, toIncarnation: 1 };
  const from = cluster.nodes.find((node) => node !== leader)!.id;
  const body = { index: appended, rejected: false, hintIndex: 0, hintTerm: 0 };
  leader.replica.receive({ ...envelope, ...body, type: MessageType.appendResponse, from });
  expect(leader.wantsTurn).toBe(true);
  cluster.settle();
  expect(leader.replica.status().commit).toBe(appended);
});

test("trap-15 an answer that came before a pause counts from then: who was superseded meanwhile serves nobody", () => {
  for (const replicationMode of ["raft", "async"] as const) {
    const { cluster, leader, arrive } = answeredLate(
      MessageType.heartbeatResponse,
      (one) => one.advance(100),
      { replicationMode },
    );
    arrive();
    expect(leader.wantsTurn).toBe(false);
    cluster.isolate(leader);
    leader.stopped = true;
    cluster.advance(20 * ELECTION_TIMEOUT_MS);
    expect(cluster.leader).toBeDefined();
    leader.stopped = false;
    const client = leader.connect().send("GET k", "SET k lost");
    cluster.settle();
    expect(leader.serving).toBe(false);
    expect(client.take()).toEqual([]);
  }
});
