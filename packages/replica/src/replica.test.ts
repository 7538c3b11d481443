import { expect, test } from "vitest";
import { TestCluster } from "./testing/test-cluster.js";

test("a write is answered once a majority has it, on every node in the end", () => {
  const cluster = new TestCluster();
  const leader = cluster.elect();
  const client = leader.connect().send("SET k v", "GET k", "PING");
  cluster.settle();
  expect(client.take()).toEqual(["+OK", "$1 v", "+PONG"]);
  cluster.advance(100);
  const digests = cluster.nodes.map((node) => node.replica.stateDigest());
  expect(new Set(digests.map(({ digest }) => digest)).size).toBe(1);
});
