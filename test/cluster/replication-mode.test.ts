/**
 * The weak modes on real processes: what they acknowledge is lost, and checkers must be able to see it. The
 * same faults in raft mode lose nothing.
 */

import { expect, test } from "vitest";
import { RespError } from "../support/resp-reader.js";
import { ConnectionLost } from "./support/raw-client.js";
import { TestCluster } from "./support/test-cluster.js";
import { until } from "./support/until.js";

const writes = 100;

/** Followers are killed, the leader takes writes and is killed, the followers come back and one leads. */
async function writeToOneAndKillIt(mode: string) {
  const cluster = await TestCluster.start({
    options: () => ["--replication-mode", mode, "--election-timeout", "3000"],
  });
  try {
    const leader = await cluster.leader();
    const followers = cluster.nodes.filter((node) => node !== leader);
    const client = await leader.connect();
    await client.send("SET", "early", "1");
    expect(await client.send("WAIT", "2", "0")).toBe(2);
    for (const follower of followers) await follower.signal("SIGKILL");
    const replies: unknown[] = [];
    const sent = Array.from({ length: writes }, (_, i) =>
      client.send("SET", `late:${i}`, "1").then(
        (reply) => replies.push(reply),
        (error: unknown) => expect(error).toBeInstanceOf(ConnectionLost),
      ),
    );
    const read = client.send("GET", "late:0").catch(() => null);
    // In raft mode nobody is answered: the leader gives up leadership and says so.
    const first = await Promise.race([sent[0]!.then(() => replies[0]), read]);
    const held = mode === "raft" ? null : await client.send("WAIT", "1", "50");
    await leader.signal("SIGKILL");
    for (const follower of followers) follower.start();
    await Promise.all(sent);
    const acknowledged = replies.filter((reply) => reply === "OK").length;
    const next = await cluster.leader(followers);
    const reader = await next.connect();
    const keys = (await reader.send("KEYS", "late:*")) as unknown[];
    const early = await reader.text("GET", "early");
    await reader.end();
    await client.end();
    return { first, held, acknowledged, found: keys.length, early };
  } finally {
    await cluster.stop();
  }
}

test.each(["wait", "async"])(
  "%s: acknowledged writes are lost, and WAIT had said so",
  async (mode) => {
    const { acknowledged, found, held, early } = await writeToOneAndKillIt(mode);
    expect({ acknowledged, found, held, early }).toEqual({
      acknowledged: writes,
      found: 0,
      held: 0,
      early: "1",
    });
  },
);

test("raft: the same writes are not acknowledged, so none is lost", async () => {
  const { acknowledged, first, early } = await writeToOneAndKillIt("raft");
  expect(acknowledged).toBe(0);
  expect(first).toBeInstanceOf(RespError);
  expect(early).toBe("1");
});

test("a member that promises less than one it meets stops, and the others serve", async () => {
  const cluster = await TestCluster.start();
  try {
    const weak = (await cluster.followers())[0]!;
    await weak.signal("SIGTERM");
    await until("it has ended", () => !weak.isRunning);
    weak.start(["--replication-mode", "async"]);
    await until("it has ended again", () => !weak.isRunning);
    expect(weak.exitCode).toBe(1);
    expect(JSON.stringify(weak.logLines("fatal"))).toContain("REPLICATION_MODE_DIFFERS");
    expect(JSON.stringify(weak.logLines("warn"))).toContain("UNSAFE");
    const leader = await cluster.leader();
    const info = await leader.info("raft");
    expect(info.get("raft_replication_mode")).toBe("raft");
    expect(await leader.withClient((client) => client.text("SET", "k", "v"))).toBe("OK");
    weak.start();
    await cluster.settled();
  } finally {
    await cluster.stop();
  }
});
