import { afterEach, describe, expect, test, vi } from "vitest";
import { ELECTION, freePort, startNode, stopAll, type TestNode, until } from "../testing/nodes.js";
import { Acceptor, type AcceptorTerms } from "./acceptor.js";
import { JOIN_DEADLINE_MS, JOIN_REDIRECTS_MAX } from "./constants.js";
import { encodeFrame } from "./handshake.js";
import {
  askToJoin,
  type JoinAnswer,
  type JoinOptions,
  type JoinQuestion,
  type PeerAddress,
  type PeerTransportOptions,
} from "./index.js";
import type { PeerStream } from "./stream.js";

const running: TestNode[] = [];
const closers: (() => unknown)[] = [];
const secret = Buffer.from("the secret");

afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(closers.splice(0).map((close) => close()));
  await stopAll(running.splice(0));
});

/** A member that answers as told, and remembers what it was asked. */
async function member(
  id: number,
  answer: (question: JoinQuestion) => JoinAnswer | Promise<JoinAnswer>,
  overrides: Partial<PeerTransportOptions> = {},
): Promise<PeerAddress & { readonly questions: JoinQuestion[]; readonly node: TestNode }> {
  const questions: JoinQuestion[] = [];
  const onJoin = async (question: JoinQuestion): Promise<JoinAnswer> => {
    questions.push(question);
    return answer(question);
  };
  const node = await startNode(id, [], { onJoin, ...overrides });
  running.push(node);
  return { id, address: `127.0.0.1:${node.transport.port}`, questions, node };
}

function asker(peers: readonly PeerAddress[], overrides: Partial<JoinOptions> = {}): JoinOptions {
  return {
    nodeId: 7,
    peerAddress: "10.0.0.7:7100",
    isWitness: true,
    reason: "damaged",
    clusterId: "",
    secret: null,
    electionParametersMs: ELECTION,
    peers,
    ...overrides,
  };
}

const accepted = { kind: "accepted", clusterId: "test-cluster", incarnation: 42 } as const;
const refused = (text: string): JoinAnswer => ({ kind: "refused", text });
const elsewhere = (leader: number, address = ""): JoinAnswer => ({
  kind: "elsewhere",
  leader,
  address,
});

describe("a node without a place", () => {
  test("is asked who it is, and is told its incarnation and its cluster", async () => {
    const leader = await member(1, () => accepted);
    expect(await askToJoin(asker([leader]))).toEqual(accepted);
    const question = {
      nodeId: 7,
      peerAddress: "10.0.0.7:7100",
      isWitness: true,
      reason: "damaged",
    };
    expect(leader.questions).toEqual([question]);
    expect(leader.node.received).toEqual([]);
  });

  test("is accepted no sooner than the member says so", async () => {
    let commit: (answer: JoinAnswer) => void = () => undefined;
    const leader = await member(1, () => new Promise((resolve) => (commit = resolve)));
    let answered = false;
    const answer = askToJoin(asker([leader])).finally(() => (answered = true));
    await until(() => leader.questions.length === 1);
    expect(answered).toBe(false);
    commit(accepted);
    expect(await answer).toEqual(accepted);
  });

  test("goes on to the next address when one refuses, and does not ask itself", async () => {
    const first = await member(1, () => refused("not here"));
    const itself = await member(7, () => accepted);
    const last = await member(3, () => accepted);
    expect(await askToJoin(asker([first, itself, last]))).toEqual(accepted);
    expect([first, itself, last].map((one) => one.questions.length)).toEqual([1, 0, 1]);
  });

  test("is told the last refusal when nobody takes it", async () => {
    const first = await member(1, () => refused("one"));
    const last = await member(2, () => refused("two"));
    expect(await askToJoin(asker([first, last]))).toEqual(refused("two"));
    expect(await askToJoin(asker([]))).toEqual(refused("no peer is known"));
  });

  test("follows a redirection to a leader it did not know", async () => {
    const leader = await member(2, () => accepted);
    const follower = await member(1, () => elsewhere(2, leader.address));
    expect(await askToJoin(asker([follower]))).toEqual(accepted);
  });

  test("prefers the address of its own configuration to the one it is told", async () => {
    const leader = await member(2, () => accepted);
    const stale = `127.0.0.1:${await freePort()}`;
    const follower = await member(1, () => elsewhere(2, stale));
    expect(await askToJoin(asker([follower, leader]))).toEqual(accepted);
    expect(leader.questions.length).toBe(1);
  });

  test("does not run in circles: a bounded number of redirections", async () => {
    const addresses = new Map<number, string>();
    const one = await member(1, () => elsewhere(2, addresses.get(2)));
    const two = await member(2, () => elsewhere(1, addresses.get(1)));
    addresses.set(1, one.address).set(2, two.address);
    expect(await askToJoin(asker([one]))).toEqual(refused("the leader keeps changing"));
    expect(one.questions.length + two.questions.length).toBe(JOIN_REDIRECTS_MAX + 1);
  });

  test.each(["", "no address", "127.0.0.1", ":::", "unix:", "127.0.0.1:99999", "a\nb:1"])(
    "is not harmed by a redirection to %j",
    async (address) => {
      const misled = await member(1, () => elsewhere(2, address));
      const answer = await askToJoin(asker([misled]));
      expect(answer.kind).toBe("refused");
      const leader = await member(3, () => accepted);
      expect(await askToJoin(asker([misled, leader]))).toEqual(accepted);
    },
  );

  test("is told who knows no leader, and goes on", async () => {
    const lost = await member(1, () => elsewhere(0));
    expect(await askToJoin(asker([lost]))).toEqual(refused("node 1 knows no leader"));
    const leader = await member(2, () => accepted);
    expect(await askToJoin(asker([lost, leader]))).toEqual(accepted);
  });

  test("names the address where nobody listens, and goes on", async () => {
    const away = { id: 1, address: `127.0.0.1:${await freePort()}` };
    const answer = await askToJoin(asker([away]));
    expect(answer.kind === "refused" && answer.text).toContain(`node 1 at ${away.address}`);
    const leader = await member(2, () => accepted);
    expect(await askToJoin(asker([away, leader]))).toEqual(accepted);
  });

  test("waits for its answer no longer than the deadline", async () => {
    const leader = await member(1, () => new Promise(() => undefined));
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const answer = askToJoin(asker([leader]));
    while (leader.questions.length === 0) await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(JOIN_DEADLINE_MS);
    expect(await answer).toEqual(refused(`node 1 at ${leader.address}: no answer in time`));
  });

  test("stops asking when it is told to, though no answer has come", async () => {
    const leader = await member(1, () => new Promise(() => undefined));
    const next = await member(2, () => accepted);
    const stopping = new AbortController();
    const answer = askToJoin(asker([leader, next], { signal: stopping.signal }));
    await until(() => leader.questions.length === 1);
    stopping.abort();
    expect(await answer).toEqual(refused("stopped before it was answered"));
    expect(await askToJoin(asker([next], { signal: stopping.signal }))).toMatchObject({
      kind: "refused",
    });
    expect(next.questions).toEqual([]);
  });

  test("is told at once when the member stops before it answers", async () => {
    const leader = await member(1, () => new Promise(() => undefined));
    const answer = askToJoin(asker([leader]));
    await until(() => leader.questions.length === 1);
    await leader.node.transport.close();
    const said = await answer;
    expect(said.kind === "refused" && said.text).toContain("node 1 at");
  });
});

describe("a member that is asked for a place", () => {
  test("trap-18 hears nobody of another cluster, without the secret, or with other timing", async () => {
    const leader = await member(1, () => accepted, { secret });
    const strangers: [Partial<JoinOptions>, string][] = [
      [{ secret, clusterId: "other" }, "cluster"],
      [{ secret: null }, "secret"],
      [{ secret: Buffer.from("a guess") }, "secret"],
      [{ secret, electionParametersMs: { ...ELECTION, electionTimeout: 501 } }, "electionParam"],
    ];
    for (const [stranger, cause] of strangers) {
      const answer = await askToJoin(asker([leader], stranger));
      expect(answer.kind === "refused" && answer.text).toContain(cause);
    }
    expect(leader.questions).toEqual([]);
    expect(await askToJoin(asker([leader], { secret, clusterId: "test-cluster" }))).toEqual(
      accepted,
    );
  });

  test("trap-18 is believed only with the secret: nobody is given a place by a stranger", async () => {
    const stranger = await member(1, () => accepted);
    const answer = await askToJoin(asker([stranger], { secret }));
    expect(answer.kind).toBe("refused");
  });

  test("answers under its own id only", async () => {
    const leader = await member(1, () => accepted);
    const answer = await askToJoin(asker([{ id: 2, address: leader.address }]));
    expect(answer.kind === "refused" && answer.text).toContain("identity");
    expect(leader.questions).toEqual([]);
  });

  test("says so when it takes no joins, or could not answer, and goes on", async () => {
    const plain = await startNode(1, []);
    running.push(plain);
    const deaf = { id: 1, address: `127.0.0.1:${plain.transport.port}` };
    expect(await askToJoin(asker([deaf]))).toEqual(refused("this node takes no joins"));
    let asked = 0;
    const failing = await member(2, () => {
      asked += 1;
      if (asked === 1) throw new Error("the reason");
      return accepted;
    });
    expect(await askToJoin(asker([failing]))).toEqual(refused("the reason"));
    expect(await askToJoin(asker([failing]))).toEqual(accepted);
  });
});

describe("an answer that no honest member gives", () => {
  /** Speaks the handshake, then whatever `answer` makes of the asker's stream. */
  async function liar(answer: (stream: PeerStream) => void): Promise<PeerAddress> {
    const identity = {
      clusterId: "test-cluster",
      nodeId: 1,
      incarnation: 1,
      secret: null,
      electionParametersMs: ELECTION,
    };
    const terms = {
      identity,
      expectation: { nodeId: null, judgePeer: () => null, anyCluster: true },
      announce: () => new Uint8Array(0),
    };
    const all: AcceptorTerms = { peer: terms, join: terms, keepalive: terms };
    const acceptor = await Acceptor.listen("127.0.0.1", 0, all, {
      accepted: () => undefined,
      guestAccepted: (stream) =>
        stream.setHandler({ frame: () => answer(stream), closed: () => undefined }),
      acceptorRefused: () => undefined,
      acceptorFault: () => undefined,
    });
    closers.push(() => acceptor.close());
    return { id: 1, address: `127.0.0.1:${acceptor.port}` };
  }

  const nothing = { clusterId: "", incarnation: 0, leader: 0, leaderAddress: "", refusal: "" };
  test.each<[string, Buffer]>([
    ["bytes that are no frame", Buffer.from("ffffffffffffffffffff", "hex")],
    ["an empty frame", Buffer.alloc(0)],
    ["a question", encodeFrame({ join: { peerAddress: "", witness: false, reason: "" } })],
    ["nothing at all", encodeFrame({ joinReply: nothing })],
    ["an incarnation of no cluster", encodeFrame({ joinReply: { ...nothing, incarnation: 3 } })],
    ["a cluster without incarnation", encodeFrame({ joinReply: { ...nothing, clusterId: "c" } })],
  ])("%s is a refusal", async (_, frame) => {
    const peer = await liar((stream) => stream.write(frame, () => undefined));
    expect((await askToJoin(asker([peer]))).kind).toBe("refused");
  });

  test("a hang-up is a refusal", async () => {
    const peer = await liar((stream) => stream.abort("no"));
    expect((await askToJoin(asker([peer]))).kind).toBe("refused");
  });

  test("a cluster other than the asker's own is not believed", async () => {
    const reply = { ...nothing, clusterId: "another", incarnation: 3 };
    const peer = await liar((stream) =>
      stream.write(encodeFrame({ joinReply: reply }), () => undefined),
    );
    const answer = await askToJoin(asker([peer], { clusterId: "test-cluster" }));
    expect(answer.kind).toBe("refused");
  });
});
