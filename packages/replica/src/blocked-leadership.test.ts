/** Clients that wait for a key when leadership is lost: what each may be told of an element it was, or was not, given. */

import { describe, expect, test } from "vitest";
import { TestCluster } from "./testing/test-cluster.js";

/** A leader with one client that waits for `queue`, one that waits for `other`, and followers that miss `lose`. */
function waiting() {
  const cluster = new TestCluster();
  const leader = cluster.elect();
  const served = leader.connect().send("BLPOP queue 0");
  const idle = leader.connect().send("BLPOP other 0");
  const feeder = leader.connect();
  cluster.settle();
  return { cluster, leader, served, idle, feeder };
}

const indeterminate = [expect.stringMatching(/^-INDETERMINATE/)];
const unblocked = [expect.stringMatching(/^-UNBLOCKED/)];

describe("trap-54 who was given an element by a batch that is not committed", () => {
  test("is told that nobody knows, and the pop commits under the next leader", () => {
    const { cluster, leader, served, idle, feeder } = waiting();
    cluster.withholdAcknowledgements();
    feeder.send("RPUSH queue element");
    cluster.settle();
    expect(leader.replica.status().appended).toBeGreaterThan(leader.replica.status().commit);
    // Executed ahead: pushed and popped in one entry, and nobody is told.
    expect(leader.replica.keyspace.peek("queue")).toBeUndefined();
    expect([served.take(), feeder.take()]).toEqual([[], []]);
    const { appended } = leader.replica.status();
    cluster.isolate(leader);
    cluster.loseNothing();
    const next = cluster.depose(leader);
    cluster.heal();
    cluster.advance(1000);
    expect(next.replica.status().applied).toBeGreaterThan(appended);
    expect(served.take()).toEqual(indeterminate);
    expect(feeder.take()).toEqual(indeterminate);
    expect(idle.take()).toEqual(unblocked);
    // The element was pushed and is gone: whoever was told UNBLOCKED would wait for it again.
    const reader = next.connect().send("LLEN queue", "RPUSH queue second", "LPOP queue");
    cluster.settle();
    expect(reader.take()).toEqual([":0", ":1", "$6 second"]);
  });

  test("is told the same when neither push nor pop survives, and nobody else has it", () => {
    const { cluster, leader, served, idle, feeder } = waiting();
    cluster.withholdCommits();
    feeder.send("RPUSH queue element");
    cluster.settle();
    cluster.isolate(leader);
    cluster.loseNothing();
    const next = cluster.depose(leader);
    cluster.heal();
    cluster.advance(1000);
    expect([served.take(), feeder.take()]).toEqual([indeterminate, indeterminate]);
    expect(idle.take()).toEqual(unblocked);
    const reader = next.connect().send("EXISTS queue");
    cluster.settle();
    expect(reader.take()).toEqual([":0"]);
    expect(leader.replica.keyspace.peek("queue")).toBeUndefined();
  });
});

test("who was given nothing is told to ask again, and takes nothing with it", () => {
  const { cluster, leader, served } = waiting();
  cluster.isolate(leader);
  const next = cluster.depose(leader);
  cluster.heal();
  cluster.advance(1000);
  expect(served.take()).toEqual(unblocked);
  const reader = next.connect().send("RPUSH queue element", "LLEN queue");
  cluster.settle();
  expect(reader.take()).toEqual([":1", ":1"]);
});
