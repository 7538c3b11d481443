/** Peers that our configuration does not name, since it is older than theirs. */

import { afterEach, describe, expect, test } from "vitest";
import {
  addresses,
  heartbeat,
  startNode,
  stopAll,
  type TestNode,
  until,
  warnings,
} from "../testing/nodes.js";
import type { PeerAddress } from "./index.js";

/** Index of the configuration of the one that was away. */
const KNOWN = 10;
/** Of the entry that named the newcomer. */
const NEWER = 11;

const running: TestNode[] = [];

afterEach(async () => {
  await stopAll(running.splice(0));
});

type Overrides = Parameters<typeof startNode>[2];

async function start(id: number, peers: readonly PeerAddress[], overrides: Overrides) {
  const node = await startNode(id, peers, overrides);
  running.push(node);
  return node;
}

/** A member with an old configuration that names itself alone, and a node that was added since. */
async function memberAndNewcomer(memberId: number, newcomerId: number, incarnation = NEWER) {
  const peers = await addresses(Math.max(memberId, newcomerId));
  const own = peers.filter(({ id }) => id === memberId);
  const both = peers.filter(({ id }) => id === memberId || id === newcomerId);
  const member = await start(memberId, own, { newcomersAbove: KNOWN });
  const newcomer = await start(newcomerId, both, { incarnation, random: () => 0 });
  return { member, newcomer, both };
}

async function speakBothWays(one: TestNode, two: TestNode): Promise<void> {
  await until(() => one.transport.connected(two.id) && two.transport.connected(one.id), "link");
  one.transport.send(heartbeat(one.id, two.id, 1));
  two.transport.send(heartbeat(two.id, one.id, 2));
  await until(() => one.received.length > 0 && two.received.length > 0, "messages");
}

describe("a node that only a newer configuration can name", () => {
  test("calls a member that was away, and both hear each other", async () => {
    const { member, newcomer } = await memberAndNewcomer(1, 2);
    await speakBothWays(member, newcomer);
    expect(member.announced).toEqual([[2, "node 2"]]);
  });

  test("calls a member of a higher id, which does not know whom to call", async () => {
    const { member, newcomer } = await memberAndNewcomer(2, 1);
    await speakBothWays(member, newcomer);
    expect(warnings(member, "peer refused")).toEqual([]);
  });

  test("keeps its link when the member learns of it", async () => {
    const { member, newcomer, both } = await memberAndNewcomer(1, 2);
    await speakBothWays(member, newcomer);
    const named = both.map((peer) => (peer.id === 2 ? { ...peer, incarnation: NEWER } : peer));
    member.transport.setPeers(named, NEWER);
    await speakBothWays(member, newcomer);
    expect(member.transport.status().peers.map(({ linksOpened }) => linksOpened)).toEqual([1]);
  });

  test("loses its link when the member learns that it was removed again", async () => {
    const { member, newcomer, both } = await memberAndNewcomer(1, 2);
    await speakBothWays(member, newcomer);
    member.transport.setPeers(both.slice(0, 1), NEWER + 1);
    await until(() => warnings(newcomer, "refused by peer").length > 0, "refusal");
    expect(member.transport.connected(2)).toBe(false);
    expect(member.transport.status().peers).toEqual([]);
  });

  test("is forgotten when its link ends", async () => {
    const { member, newcomer } = await memberAndNewcomer(1, 2);
    await speakBothWays(member, newcomer);
    await newcomer.transport.close();
    await until(() => member.transport.status().peers.length === 0, "forgotten");
  });
});

describe("who is no newcomer", () => {
  test("trap-18 one that the configuration would name is refused: it was removed", async () => {
    const { member, newcomer } = await memberAndNewcomer(1, 2, KNOWN);
    await until(() => warnings(newcomer, "refused by peer").length > 0, "refusal");
    expect(warnings(member, "peer refused")[0]!.fields).toMatchObject({ cause: "identity" });
    expect(member.transport.status().peers).toEqual([]);
  });
});

describe("a wiped member that came back under a new incarnation", () => {
  test("is linked with by one that knows the old one, and is not cut off by it", async () => {
    const peers = (await addresses(2)) as [PeerAddress, PeerAddress];
    const known = [peers[0], { ...peers[1], incarnation: 1 }];
    const member = await start(1, known, { newcomersAbove: KNOWN });
    const reborn = await start(2, peers, { incarnation: NEWER });
    await speakBothWays(member, reborn);
    const zombie = await start(2, [peers[0]], { incarnation: 1 });
    await until(() => warnings(zombie, "refused by peer").length > 0, "refusal");
    expect(warnings(member, "peer refused")[0]!.fields).toMatchObject({ cause: "incarnation" });
    expect(member.transport.status().peers).toMatchObject([
      { incarnation: NEWER, linksOpened: 1, connected: true },
    ]);
  });
});
