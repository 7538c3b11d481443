import type { PeerAddress } from "@redoubt/grpc-peer";
import type { Configuration } from "@redoubt/raft";
import { expect, test } from "vitest";
import { Membership } from "./membership.js";

const electionTimeoutMs = 100;

function configurationOf(...ids: number[]): Configuration {
  const voters = ids.map((id) => ({ id, incarnation: 1, peerAddress: `node-${id}:1` }));
  return { clusterId: "c", voters, votersOutgoing: [], learners: [] };
}

/** A node that looks at what its log says after every turn; `said` is what it made of it. */
function watched(first: Configuration) {
  const now = { configurationIndex: 1, configuration: first, isRemoved: false, ms: 0 };
  const said: string[] = [];
  const idsOf = (peers: readonly PeerAddress[]) => peers.map(({ id }) => id).join();
  const quiet = () => undefined;
  const membership = new Membership({
    view: {
      get configuration() {
        return now.configuration;
      },
      get configurationIndex() {
        return now.configurationIndex;
      },
      get isRemoved() {
        return now.isRemoved;
      },
    },
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    peers: [],
    electionTimeoutMs,
    nowMs: () => now.ms,
    link: (peers, index) => said.push(`links ${idsOf(peers)} of ${index}`),
    keepAlive: (peers) => said.push(`keeps ${idsOf(peers)} quiet`),
    leave: () => said.push("leaves"),
    judge: ({ voters }) => said.push(`is one of ${voters.map(({ id }) => id).join()}`),
  });
  const look = (): string[] => {
    membership.look();
    return said.splice(0);
  };
  return { now, look };
}

test("nothing is done while the membership is the same", () => {
  const { look } = watched(configurationOf(1, 2, 3));
  expect(look()).toEqual([]);
});

test("who joined is linked with, by the configuration of that index", () => {
  const { now, look } = watched(configurationOf(1, 2, 3));
  now.configuration = configurationOf(1, 2, 3, 4);
  now.configurationIndex = 9;
  expect(look()).toEqual(["links 1,2,3,4 of 9", "keeps 1,2,3,4 quiet", "is one of 1,2,3,4"]);
});

test("trap-02 a configuration that took the place of another at the same index is seen", () => {
  const { now, look } = watched(configurationOf(1, 2, 3));
  now.configuration = configurationOf(1, 2, 3, 4);
  now.configurationIndex = 9;
  look();
  // A new leader cut the entry at 9 and put another configuration there, in one append.
  now.configuration = configurationOf(1, 2, 3, 5);
  now.ms = 4 * electionTimeoutMs;
  expect(look()).toContain("keeps 1,2,3,5 quiet");
});

test("trap-11 who was removed is linked with until it has been told", () => {
  const { now, look } = watched(configurationOf(1, 2, 3));
  now.configuration = configurationOf(1, 2);
  now.configurationIndex = 9;
  expect(look()).toEqual(["links 1,2,3 of 9", "keeps 1,2 quiet", "is one of 1,2"]);
  now.ms = 4 * electionTimeoutMs - 1;
  expect(look()).toEqual([]);
  now.ms = 4 * electionTimeoutMs;
  expect(look()).toEqual(["links 1,2 of 9"]);
});

test("trap-11 a node that was removed leaves once", () => {
  const { now, look } = watched(configurationOf(1, 2, 3));
  now.isRemoved = true;
  expect(look()).toEqual(["leaves"]);
  expect(look()).toEqual([]);
});
