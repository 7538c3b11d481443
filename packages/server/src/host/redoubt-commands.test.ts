/** REDOUBT and Redis's words for the same: what is refused, in which words, and that nothing happens then. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeIdMax } from "../config/constants.js";
import {
  eventually,
  type Reply,
  ReplyError,
  startTestCluster,
  startTestNode,
  type TestClient,
  type TestNode,
} from "../gateway/test-support.js";

const NO_ID = `ERR a member's id is an integer from 1 to ${nodeIdMax}`;
const NO_ADDRESS = "ERR a member's address is the host:port of its peer listener";
const ARITY = /^ERR wrong number of arguments for 'redoubt\|/;

describe("on a leader", () => {
  let node: TestNode;
  let client: TestClient;

  beforeAll(async () => {
    node = await startTestNode();
    client = await node.client();
  });
  afterAll(() => node.stop());

  test.each<[string, string | RegExp]>([
    ["REDOUBT", /^ERR wrong number of arguments for 'redoubt' command$/],
    ["REDOUBT NONSENSE", /^ERR unknown subcommand 'NONSENSE'\. Try REDOUBT HELP\.$/],
    ["REDOUBT STATUS more", ARITY],
    ["REDOUBT MEMBER", ARITY],
    ["REDOUBT MEMBER LIST more", ARITY],
    ["REDOUBT MEMBER NONSENSE 4", /^ERR unknown subcommand 'NONSENSE'\. Try REDOUBT HELP\.$/],
    ["REDOUBT MEMBER ADD 4", ARITY],
    ["REDOUBT MEMBER REMOVE", ARITY],
    ["REDOUBT MEMBER REPLACE 1", ARITY],
    ["REDOUBT MEMBER ADD x a:1", NO_ID],
    ["REDOUBT MEMBER ADD 0 a:1", NO_ID],
    ["REDOUBT MEMBER ADD -4 a:1", NO_ID],
    ["REDOUBT MEMBER ADD 04 a:1", NO_ID],
    ["REDOUBT MEMBER ADD 4.0 a:1", NO_ID],
    [`REDOUBT MEMBER ADD ${nodeIdMax + 1} a:1`, NO_ID],
    ["REDOUBT MEMBER ADD 99999999999999999999 a:1", NO_ID],
    ["REDOUBT MEMBER ADD 4 a", NO_ADDRESS],
    ["REDOUBT MEMBER ADD 4 a:0", NO_ADDRESS],
    ["REDOUBT MEMBER ADD 4 a:65536", NO_ADDRESS],
    ["REDOUBT MEMBER ADD 4 :1", NO_ADDRESS],
    ["REDOUBT MEMBER ADD 4 5@a:1", NO_ADDRESS],
    ["REDOUBT MEMBER ADD 4 a:1/witness", NO_ADDRESS],
    ["REDOUBT MEMBER ADD 4 a:1 NONSENSE", "ERR syntax error"],
    ["REDOUBT MEMBER ADD 4 a:1 WITNESS WITNESS", "ERR syntax error"],
    ["REDOUBT MEMBER ADD 4 a:1 IF", "ERR value is not an integer or out of range"],
    ["REDOUBT MEMBER ADD 4 a:1 IF 0", "ERR value is not an integer or out of range"],
    ["REDOUBT MEMBER ADD 4 a:1 IF one", "ERR value is not an integer or out of range"],
    ["REDOUBT MEMBER REMOVE 1 WITNESS", "ERR syntax error"],
    ["REDOUBT MEMBER PROMOTE 1 a:1", "ERR syntax error"],
    ["REDOUBT MEMBER ADD 4 a:1 IF 999", /^REFUSED STALE /],
    ["REDOUBT MEMBER ADD 1 a:1", "REFUSED UNCHANGED node 1 is a member already"],
    ["REDOUBT MEMBER PROMOTE 4", "REFUSED UNCHANGED node 4 is no member"],
    ["REDOUBT MEMBER PROMOTE 1", "REFUSED UNCHANGED node 1 is a voter already"],
    ["REDOUBT MEMBER REMOVE 4", "REFUSED UNCHANGED node 4 is no member"],
    ["REDOUBT MEMBER REPLACE 4 a:1", "REFUSED UNCHANGED node 4 is no member"],
    // The last voter: neither a judgement nor FORCE makes a configuration without one.
    ["REDOUBT MEMBER REMOVE 1", /^REFUSED (INVALID|NO_DATA_VOTER) /],
    ["REDOUBT MEMBER REMOVE 1 FORCE", /^REFUSED (INVALID|NO_DATA_VOTER) /],
    ["REDOUBT TRANSFER x", NO_ID],
    ["REDOUBT TRANSFER 0", NO_ID],
    ["REDOUBT TRANSFER 1 2", ARITY],
    ["REDOUBT TRANSFER", "REFUSED TRANSFER no member can take over now"],
    ["REDOUBT TRANSFER 1", "REFUSED TRANSFER the target is this node"],
    ["REDOUBT TRANSFER 4", "REFUSED TRANSFER the target is not a voter"],
  ])("%s is refused, and nothing is appended", async (line, text) => {
    const { replica } = node.running;
    const { appended } = replica.status();
    expect(await client.fails(...line.split(" "))).toEqual(
      typeof text === "string" ? text : expect.stringMatching(text),
    );
    expect(replica.status().appended).toBe(appended);
    expect(replica.status().transferring).toBe(false);
  });

  test("a subcommand of any length is shown in part", async () => {
    const text = await client.fails("REDOUBT", "MEMBER", "X".repeat(10_000));
    expect(text.length).toBeLessThan(300);
  });

  test("trap-51 a change can't stand inside MULTI, where it would split the EXEC's entry", async () => {
    for (const line of ["REDOUBT MEMBER ADD 4 a:1", "REDOUBT TRANSFER", "CLUSTER FORGET x"]) {
      await client.send("MULTI");
      expect(await client.fails(...line.split(" "))).toMatch(/not allowed inside a transaction/);
      expect(await client.fails("EXEC")).toMatch(/^EXECABORT/);
    }
  });

  test("a learner is added, listed, promoted only when it is there, and removed; each is an entry", async () => {
    const { replica } = node.running;
    const added = await client.send("REDOUBT", "MEMBER", "ADD", "4", "127.0.0.1:1", "NOPROMOTE");
    expect(added).toBe(replica.status().configurationIndex);
    expect(replica.status().commit).toBeGreaterThanOrEqual(added as number);
    expect(await client.fails("REDOUBT", "MEMBER", "ADD", "5", "127.0.0.1:1")).toBe(
      "REFUSED INVALID 127.0.0.1:1 is node 4's address",
    );
    expect(await client.fails("REDOUBT", "MEMBER", "REPLACE", "4", "127.0.0.1:2")).toBe(
      "REFUSED INVALID node 4 is a learner: remove it and add it again",
    );
    expect(await client.fails("REDOUBT", "MEMBER", "REPLACE", "1", "127.0.0.1:1")).toBe(
      "REFUSED INVALID 127.0.0.1:1 is node 4's address",
    );
    expect(await client.fails("REDOUBT", "MEMBER", "PROMOTE", "4")).toMatch(
      /^REFUSED MEMBER_UNREACHABLE /,
    );
    const before = `${added}`;
    const removed = await client.send("REDOUBT", "MEMBER", "REMOVE", "4", "IF", before);
    expect(removed).toBeGreaterThan(added as number);
    // Two administrators looked at the same configuration: the second one's change is refused.
    expect(
      await client.fails("REDOUBT", "MEMBER", "ADD", "4", "127.0.0.1:1", "IF", before),
    ).toMatch(/^REFUSED STALE /);
    expect(replica.status().configuration.learners).toEqual([]);
  });
});

describe("elsewhere", () => {
  let nodes: TestNode[];
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  });

  test("a follower names the leader in stable words, and a transfer moves it", async () => {
    nodes = await startTestCluster(3);
    const leader = nodes.find(({ running }) => running.replica.serving)!;
    const follower = nodes.find((node) => node !== leader)!;
    const client = await follower.client();
    const named = `NOTLEADER leader is node ${leader.config.nodeId} at 127.0.0.1:${leader.port}`;
    for (const line of ["MEMBER ADD 4 a:1", "MEMBER REMOVE 1", "TRANSFER", "TRANSFER 2"]) {
      expect(await client.fails("REDOUBT", ...line.split(" "))).toBe(named);
    }
    const ok: Reply = { status: "OK" };
    expect(await client.send("CLUSTER", "FAILOVER")).toEqual(ok);
    await eventually(() => follower.running.replica.serving);
    const asked = await leader.client();
    await eventually(() => leader.running.replica.leader === follower.config.nodeId);
    expect(await asked.fails("REDOUBT", "TRANSFER")).toBe(
      `NOTLEADER leader is node ${follower.config.nodeId} at 127.0.0.1:${follower.port}`,
    );
    const back = `${leader.config.nodeId}`;
    // Refused until the new leader has heard the old one.
    let reply: Reply = null;
    await eventually(async () => {
      reply = await client.send("REDOUBT", "TRANSFER", back);
      return !(reply instanceof ReplyError);
    });
    expect(reply).toEqual(ok);
    await eventually(() => leader.running.replica.serving);
  });
});
