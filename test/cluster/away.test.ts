/** A member that was down while the membership changed: its own log does not name who leads now. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start({ spare: 1 });
});
afterAll(() => cluster?.stop());

test("a member that was down follows a leader that was added meanwhile", async () => {
  const away = (await cluster.followers())[0]!;
  await away.signal("SIGKILL");
  await cluster.grow(4);
  await until("node 4 leads", async () => {
    const leader = await cluster.leader();
    if (leader.id === 4) return true;
    await cluster.admin("TRANSFER", "4");
    return null;
  });
  await cluster.node(4).withClient((client) => client.send("SET", "while", "away"));
  away.start();
  await cluster.equalDigests();
  expect((await away.raft()).leader).toBe(4);
});
