import type { PeerAddress } from "@redoubt/grpc-peer";
import type { Configuration, Member } from "@redoubt/raft";
import { describe, expect, test } from "vitest";
import { collectingLogger } from "./gateway/test-support.js";
import { Membership, type MembershipView, peersOf } from "./membership.js";

const ELECTION_TIMEOUT_MS = 100;
const FAREWELL_MS = 4 * ELECTION_TIMEOUT_MS;

function member(id: number, incarnation = 1): Member {
  return { id, incarnation, peerAddress: `log:${id}` };
}

function of(voters: Member[], rest: Partial<Configuration> = {}): Configuration {
  return { clusterId: "c", voters, votersOutgoing: [], learners: [], ...rest };
}

/** A node whose configuration and clock a test moves. */
class Follower {
  nowMs = 0;
  left = 0;
  readonly linked: (readonly PeerAddress[])[] = [];
  readonly keptAlive: (readonly PeerAddress[])[] = [];
  readonly lines: { level: string; event: string; fields: object }[] = [];
  readonly membership: Membership;
  #configuration: Configuration;
  #index = 1;
  #removed = false;

  constructor(configuration: Configuration, peers: readonly PeerAddress[] = []) {
    this.#configuration = configuration;
    const self = this;
    const view: MembershipView = {
      get configurationIndex() {
        return self.#index;
      },
      get isRemoved() {
        return self.#removed;
      },
      status: () => ({ configuration: self.#configuration }),
    };
    this.membership = new Membership({
      view,
      peers,
      logger: collectingLogger(this.lines),
      electionTimeoutMs: ELECTION_TIMEOUT_MS,
      nowMs: () => this.nowMs,
      link: (peers) => this.linked.push(peers),
      keepAlive: (peers) => this.keptAlive.push(peers),
      leave: () => {
        this.left += 1;
      },
    });
  }

  change(configuration: Configuration): this {
    this.#configuration = configuration;
    this.#index += 1;
    this.membership.look();
    return this;
  }

  remove(): void {
    this.#removed = true;
  }

  at(nowMs: number): this {
    this.nowMs = nowMs;
    this.membership.look();
    return this;
  }

  get links(): string[] {
    return (this.linked.at(-1) ?? []).map(({ id, incarnation }) => `${id}.${incarnation}`);
  }
}

describe("who is linked with", () => {
  test("nothing happens while the configuration is the same", () => {
    const node = new Follower(of([member(1), member(2)]));
    for (let turn = 0; turn < 10; turn += 1) node.at(turn * 1000);
    expect([node.linked, node.keptAlive, node.lines, node.left]).toEqual([[], [], [], 0]);
  });

  test("learners and both halves of a joint configuration, the living incarnation of each", () => {
    const node = new Follower(of([member(1), member(2)]));
    node.change(of([member(1), member(2), member(3)], { learners: [member(2, 9), member(4)] }));
    expect(node.links).toEqual(["1.1", "2.9", "3.1", "4.1"]);
    node.change(of([member(1), member(2, 9)], { votersOutgoing: [member(2), member(5)] }));
    expect(node.links.slice(0, 3)).toEqual(["1.1", "2.9", "5.1"]);
    expect(node.keptAlive.at(-1)!.map(({ id }) => id)).toEqual([1, 2, 5]);
  });

  test("trap-11 who was removed is linked for as long as it is told so, whatever changes meanwhile", () => {
    const node = new Follower(of([member(1), member(2), member(3), member(4)]));
    node.change(of([member(1), member(2), member(3)]));
    expect(node.links).toEqual(["1.1", "2.1", "3.1", "4.1"]);
    expect(node.keptAlive.at(-1)!.map(({ id }) => id)).toEqual([1, 2, 3]);
    node.at(FAREWELL_MS - 10);
    node.change(of([member(1), member(2)]));
    expect(node.links).toEqual(["1.1", "2.1", "4.1", "3.1"]);
    // The first one's time is over; the second one's has only begun.
    node.at(FAREWELL_MS);
    expect(node.links).toEqual(["1.1", "2.1", "3.1"]);
    const changes = node.linked.length;
    node.at(2 * FAREWELL_MS - 11);
    expect(node.linked.length).toBe(changes);
    node.at(2 * FAREWELL_MS);
    expect(node.links).toEqual(["1.1", "2.1"]);
  });

  test("one that comes back as a new incarnation while it is told of its removal is linked once", () => {
    const node = new Follower(of([member(1), member(2)]));
    node.change(of([member(1)]));
    expect(node.links).toEqual(["1.1", "2.1"]);
    node.change(of([member(1)], { learners: [member(2, 8)] }));
    expect(node.links).toEqual(["1.1", "2.8"]);
    node.at(10 * FAREWELL_MS);
    expect(node.links).toEqual(["1.1", "2.8"]);
  });

  test("the file says where members are, the log who they are", () => {
    const listed = [
      { id: 2, address: "file:2" },
      { id: 9, address: "file:9" },
    ];
    expect(peersOf(listed, of([member(1), member(2, 5)]))).toEqual([
      { id: 1, incarnation: 1, address: "log:1" },
      { id: 2, incarnation: 5, address: "file:2" },
    ]);
  });

  test("a node that is being filled knows nobody but those of the file", () => {
    const listed = [{ id: 2, address: "file:2" }];
    expect(peersOf(listed, null)).toEqual(listed);
    expect(peersOf(listed, of([]))).toEqual(listed);
  });
});

test("trap-11 a node that was removed stops, once", () => {
  const node = new Follower(of([member(1), member(2)]));
  node.change(of([member(2)]));
  expect(node.left).toBe(0);
  node.remove();
  for (let turn = 0; turn < 5; turn += 1) node.at(turn);
  expect(node.left).toBe(1);
  expect(node.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
});
