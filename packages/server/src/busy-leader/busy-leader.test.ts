import { expect, test } from "vitest";
import { collectingLogger, eventually, type TestNode } from "../gateway/test-support.js";
import { BusyLeader, canKeepAlive } from "./busy-leader.js";

function busyLeader() {
  const lines: TestNode["lines"] = [];
  const leader = new BusyLeader({
    clusterId: "c",
    nodeId: 1,
    incarnation: 1,
    secret: null,
    electionParametersMs: { electionTimeout: 500, heartbeatInterval: 100 },
    busyLeaderMaxMs: 10_000,
    peers: [],
    logger: collectingLogger(lines),
  });
  return { leader, lines };
}

// A thread has no TypeScript: here it ends with an error as soon as it begins.
test("a thread that failed is told of, and the node goes on and stops without it", async () => {
  expect(canKeepAlive).toBe(false);
  const { leader, lines } = busyLeader();
  await eventually(() => lines.some(({ level }) => level === "error"));
  leader.turned(7);
  leader.setPeers([{ id: 2, address: "127.0.0.1:1" }]);
  await leader.exited;
  await leader.stop();
  await leader.stop();
  expect(lines.map(({ event }) => event)).toEqual([
    "the keep-alive thread failed: a long command may cost leadership",
  ]);
});
