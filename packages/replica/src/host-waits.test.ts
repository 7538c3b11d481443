/** Commands that the host answers later (SAVE), among others of their connection. */

import { expect, test } from "vitest";
import { TestCluster } from "./testing/test-cluster.js";
import { ELECTION_TIMEOUT_MS, type TestNode } from "./testing/test-node.js";

/** SAVE on this node is answered in the first turn after the result was called. */
function heldSave(node: TestNode): () => void {
  let isSaved = false;
  node.host.overrides.set("save", (session) => {
    if (isSaved) session.reply.ok();
    else session.hostWaits = true;
  });
  return () => {
    isSaved = true;
  };
}

test("what stands behind it waits, what other connections ask does not", () => {
  const cluster = new TestCluster();
  const leader = cluster.elect();
  const saved = heldSave(leader);
  const client = leader.connect().send("SET k v", "SAVE", "GET k");
  const other = leader.connect().send("GET k");
  cluster.settle();
  expect([client.take(), other.take()]).toEqual([["+OK"], ["$1 v"]]);
  saved();
  cluster.advance(ELECTION_TIMEOUT_MS);
  expect(client.take()).toEqual(["+OK", "$1 v"]);
});

test("what was taken back before it is told that there is no leader, as if it were not there", () => {
  const cluster = new TestCluster();
  const leader = cluster.elect();
  const saved = heldSave(leader);
  cluster.isolate(leader);
  // The batch before is never durable here: what follows stays in the open one, certainly not done.
  leader.disk.held = true;
  leader.connect().send("SET blocker sealed");
  cluster.settle();
  const client = leader.connect().send("SET k v", "SAVE");
  cluster.settle();
  cluster.until(() => !leader.serving);
  expect(client.take()).toEqual([]);
  cluster.advance(3 * ELECTION_TIMEOUT_MS);
  expect(client.take()).toEqual([expect.stringMatching(/^-CLUSTERDOWN/)]);
  saved();
  cluster.advance(2 * ELECTION_TIMEOUT_MS);
  expect(client.take()).toEqual(["+OK"]);
});
