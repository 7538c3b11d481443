import { afterEach, describe, expect, test } from "vitest";
import {
  eventually,
  type Reply,
  ReplyError,
  startTestCluster,
  startTestNode,
  type TestNode,
} from "./gateway/test-support.js";

let nodes: TestNode[] = [];

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

async function cluster(...extra: string[]) {
  nodes = await startTestCluster(3, () => extra);
  const leader = nodes.find(({ running }) => running.replica.serving)!;
  return { leader, others: nodes.filter((node) => node !== leader) };
}

function events(node: TestNode): string[] {
  return node.lines.map(({ event }) => event);
}

describe("a leader that stops", () => {
  test("trap-13 hands over first: nobody's outcome becomes unknown, and clients are told who leads", async () => {
    const { leader, others } = await cluster();
    const replies: Reply[] = [];
    const clients = await Promise.all([1, 2, 3, 4].map(() => leader.client()));
    let stopping = false;
    const writers = clients.map(async (client) => {
      for (let writes = 0; ; writes += 1) {
        if (writes === 50) stopping = true;
        const reply = await client.send("INCR", "n");
        replies.push(reply);
        if (reply instanceof ReplyError) return reply.text;
      }
    });
    await eventually(() => stopping);
    await leader.running.stop();
    const last = await Promise.all(writers);
    const done = replies.filter((reply) => typeof reply === "number");
    // Each writer's last reply sends it on; the connection closes only behind it.
    for (const text of last) expect(text).toMatch(/^MOVED \d+ 127\.0\.0\.1:\d+$|^closed$/);
    expect(replies.filter((r) => r instanceof ReplyError && r.text.startsWith("INDET"))).toEqual(
      [],
    );
    expect(new Set(done).size).toBe(done.length);
    await eventually(() => others.some(({ running }) => running.replica.serving));
    const next = others.find(({ running }) => running.replica.serving)!;
    const client = await next.client();
    const acknowledged = Math.max(...(done as number[]));
    const unknown = last.filter((text) => text === "closed").length;
    const value = Number(await client.text("GET", "n"));
    expect(value).toBeGreaterThanOrEqual(acknowledged);
    expect(value).toBeLessThanOrEqual(acknowledged + unknown);
    expect(events(leader)).toContain("leadership handed over");
  });

  test("with the whole cluster does not wait for a successor that has stopped, too", async () => {
    // It would wait for longer than this test may take.
    await cluster("--shutdown-timeout", "600");
    await Promise.all(nodes.map((node) => node.running.stop()));
  });

  test("waits for a transfer that an administrator had begun", async () => {
    const { leader, others } = await cluster();
    expect(leader.running.replica.transferLeadership(0)).toBeNull();
    await leader.running.stop();
    expect(events(leader)).not.toContain("leadership can't be handed over: the others will elect");
    await eventually(() => others.some(({ running }) => running.replica.serving));
  });

  test("without anybody to take over says so and stops", async () => {
    const node = await startTestNode();
    nodes = [node];
    await node.running.stop();
    expect(events(node)).toContain("leadership can't be handed over: the others will elect");
  });

  test("with shutdown-timeout 0 hands nothing over", async () => {
    const { leader, others } = await cluster("--shutdown-timeout", "0");
    await leader.running.stop();
    expect(events(leader)).not.toContain("leadership transfer begins");
    await eventually(() => others.some(({ running }) => running.replica.serving));
  });
});

test("a follower that stops hands nothing over, and disturbs nobody", async () => {
  const { leader, others } = await cluster();
  const { term } = leader.running.replica;
  await others[0]!.running.stop();
  expect(events(others[0]!)).not.toContain("leadership transfer begins");
  const client = await leader.client();
  expect(await client.send("INCR", "n")).toBe(1);
  expect(leader.running.replica.term).toBe(term);
});
