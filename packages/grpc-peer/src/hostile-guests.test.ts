import { randomBytes } from "node:crypto";
import { type Message, MessageType, type NodeId } from "@redoubt/raft";
import { afterEach, describe, expect, test } from "vitest";
import { HostilePeer, type HostileStream } from "../testing/hostile.js";
import {
  addresses,
  append,
  ELECTION,
  heartbeat,
  linked,
  startNode,
  stopAll,
  type TestNode,
  until,
  warnings,
} from "../testing/nodes.js";
import {
  FRAME_BYTES_MAX,
  GRPC_MESSAGE_BYTES_MAX,
  JOIN_TEXT_LENGTH_MAX,
  JOINS_IN_PROGRESS_MAX,
  MESSAGE_BYTES_MAX,
} from "./constants.js";
import { packedBytes, packMessages } from "./frame-codec.js";
import { Frame } from "./generated/redoubt/peer/v1/peer.js";
import { decodeHandshakeFrame, encodeFrame, refusalFrame, StreamKind } from "./handshake.js";
import { askToJoin, type JoinAnswer, type JoinQuestion } from "./index.js";
import { encodeMessage } from "./message-codec.js";
import { GuestKind } from "./service.js";

const running: TestNode[] = [];
const closers: (() => void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) close();
  await stopAll(running.splice(0));
});

/** Two linked members; the first one is attacked by somebody who claims to be the second. */
async function attacked(onJoin?: (question: JoinQuestion) => Promise<JoinAnswer>) {
  const peers = await addresses(2);
  const options = onJoin === undefined ? {} : { onJoin };
  const victim = await startNode(1, peers, options);
  const member = await startNode(2, peers);
  running.push(victim, member);
  await until(() => linked(victim, member) && linked(member, victim));
  return { victim, member };
}

/** An honest handshake; then the stream is the attacker's. */
async function guest(node: TestNode, kind: GuestKind, id: NodeId = 2): Promise<HostileStream> {
  const incarnation = kind === GuestKind.join ? 0 : 1;
  const peer = new HostilePeer(id, node.transport.port, null, { incarnation });
  closers.push(() => peer.close());
  const stream = peer.open(kind);
  await until(() => stream.frames.length === 1, "challenge");
  stream.call.write(peer.hello(kind, 1, stream.frames[0]!));
  await until(() => stream.frames.length === 2, "welcome");
  return stream;
}

/** The victim and its real peer still hear each other over the same link. */
async function expectUntouched(victim: TestNode, member: TestNode, received: number) {
  member.transport.send(heartbeat(2, 1, 77));
  await until(() => victim.received.length === received + 1, "the member is heard");
  victim.transport.send(heartbeat(1, 2, 77));
  await until(() => member.received.length >= 1, "the victim is heard");
  expect(victim.transport.status().peers[0]!.linksOpened).toBe(1);
  await until(() => victim.transport.status().connections === 1, "the attacker is cut off");
}

function frameOf(...messages: Message[]): Buffer {
  const encoded = messages.map((message) => encodeMessage(message));
  return packMessages(
    encoded,
    encoded.reduce((sum, one) => sum + packedBytes(one), 0),
  );
}

const ends = { from: 2, to: 1, term: 3, incarnation: 1, toIncarnation: 1 };
const alive = { ...ends, type: MessageType.heartbeat, commit: 0, readRound: 0 } as const;
const piece = (bytesTotal: number, data: Buffer) => encodeFrame({ piece: { bytesTotal, data } });
const question = (peerAddress = "10.0.0.7:7100", reason = "empty") =>
  encodeFrame({ join: { peerAddress, witness: false, reason } });

describe("a keep-alive stream", () => {
  test.each<[string, Buffer]>([
    ["that confirms a commit", frameOf({ ...alive, commit: 1 })],
    ["that asks for a round of reads", frameOf({ ...alive, readRound: 1 })],
    ["of another sender", frameOf({ ...alive, from: 3 })],
    ["of another incarnation", frameOf({ ...alive, incarnation: 2 })],
    ["to another node", frameOf({ ...alive, to: 3 })],
    ["hidden behind a good one", frameOf({ ...alive, readRound: 5 }, alive)],
    ["with a vote", frameOf({ ...ends, type: MessageType.voteResponse, granted: true })],
    ["with TimeoutNow", frameOf({ ...ends, type: MessageType.timeoutNow })],
    [
      "that confirms a round",
      frameOf({ ...ends, type: MessageType.heartbeatResponse, readRound: 1 }),
    ],
    ["with entries", frameOf(append(2, 1, 1, [Buffer.from("x")]))],
    [
      "with a read's answer",
      frameOf({ ...ends, type: MessageType.readIndexResponse, context: 1, index: 9 }),
    ],
    ["with a question to join", question()],
    ["with a handshake's frame", refusalFrame("secret")],
    ["of bytes that are no frame", Buffer.from("ffffffffffffffffffff", "hex")],
    ["of a message in pieces", piece(FRAME_BYTES_MAX, Buffer.from("x"))],
  ])("trap-39 %s is cut off, said once, and nothing is delivered", async (_, frame) => {
    const { victim, member } = await attacked();
    for (let round = 1; round <= 2; round += 1) {
      const stream = await guest(victim, GuestKind.keepalive);
      stream.call.write(frame);
      await until(() => stream.state.ended, "cut");
    }
    expect(victim.received).toEqual([]);
    expect(warnings(victim, "peer sent a malformed frame").length).toBe(1);
    await expectUntouched(victim, member, 0);
  });

  test("a peer has one: the newest, so that dead connections do not add up", async () => {
    const { victim, member } = await attacked();
    const streams: HostileStream[] = [];
    for (let count = 1; count <= 20; count += 1) {
      streams.push(await guest(victim, GuestKind.keepalive));
    }
    const newest = streams.pop()!;
    await until(() => streams.every((one) => one.state.ended), "the older ones are cut");
    newest.call.write(frameOf(alive));
    await until(() => victim.received.length === 1);
    expect(newest.state.ended).toBe(false);
    expect(victim.transport.status().connections).toBe(2);
    newest.call.cancel();
    await expectUntouched(victim, member, 1);
  });

  test("trap-20 claims of huge messages reserve nothing", async () => {
    const { victim, member } = await attacked();
    const before = process.memoryUsage().arrayBuffers;
    for (let count = 0; count < 8; count += 1) {
      const stream = await guest(victim, GuestKind.keepalive);
      stream.call.write(piece(MESSAGE_BYTES_MAX, Buffer.from("x")));
      await until(() => stream.state.ended, "cut");
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MESSAGE_BYTES_MAX);
    await expectUntouched(victim, member, 0);
  });

  test("a gRPC message above the limit ends the stream", async () => {
    const { victim, member } = await attacked();
    const stream = await guest(victim, GuestKind.keepalive);
    stream.call.write(Buffer.alloc(GRPC_MESSAGE_BYTES_MAX + 1));
    await until(() => stream.state.ended, "cut");
    await expectUntouched(victim, member, 0);
  });
});

describe("who asks to join", () => {
  const never = () => new Promise<JoinAnswer>(() => undefined);

  test.each<[string, Buffer[]]>([
    ["with two questions", [question(), question()]],
    ["with an address of any length", [question("a".repeat(JOIN_TEXT_LENGTH_MAX + 1))]],
    ["with a reason of any length", [question("a:1", "r".repeat(JOIN_TEXT_LENGTH_MAX + 1))]],
    ["with a heartbeat", [frameOf({ ...alive, from: 7 })]],
    ["with entries", [frameOf(append(7, 1, 1, [Buffer.from("x")]))]],
    ["with an answer", [encodeFrame({ joinReply: undefined })]],
    ["with random bytes", [randomBytes(1024)]],
    ["with a claim of a huge message", [piece(MESSAGE_BYTES_MAX, Buffer.from("x"))]],
    ["with a gRPC message above the limit", [Buffer.alloc(GRPC_MESSAGE_BYTES_MAX + 1)]],
  ])("%s is cut off, and raft hears nothing", async (_, frames) => {
    let asked = 0;
    const { victim, member } = await attacked(() => {
      asked += 1;
      return never();
    });
    const stream = await guest(victim, GuestKind.join, 7);
    for (const frame of frames) stream.call.write(frame);
    await until(() => stream.state.ended, "cut");
    expect(asked).toBe(frames.length - 1);
    expect(victim.received).toEqual([]);
    await expectUntouched(victim, member, 0);
  });

  test("a flood of them is bounded: the rest is refused at once, members keep their links", async () => {
    const answers: ((answer: JoinAnswer) => void)[] = [];
    const { victim, member } = await attacked(
      () => new Promise((resolve) => answers.push(resolve)),
    );
    const streams: HostileStream[] = [];
    for (let count = 0; count < JOINS_IN_PROGRESS_MAX + 10; count += 1) {
      const stream = await guest(victim, GuestKind.join, 10 + count);
      stream.call.write(question());
      streams.push(stream);
    }
    const answered = () => streams.filter((one) => one.frames.length === 3);
    await until(() => answered().length === 10, "refused at once");
    for (const one of answered()) {
      expect(Frame.decode(one.frames[2]!).joinReply?.refusal).toContain("too many");
    }
    expect(answers.length).toBe(JOINS_IN_PROGRESS_MAX);
    await until(() => answered().every((one) => one.state.ended), "and hung up on");
    for (const answer of answers) answer({ kind: "refused", text: "no" });
    await until(() => answered().length === streams.length, "the others are answered");
    await expectUntouched(victim, member, 0);
    // There is room again.
    const later = askToJoin({
      nodeId: 9,
      peerAddress: "a:1",
      isWitness: false,
      reason: "empty",
      clusterId: "",
      secret: null,
      electionParametersMs: ELECTION,
      peers: [{ id: 1, address: `127.0.0.1:${victim.transport.port}` }],
    });
    await until(() => answers.length === JOINS_IN_PROGRESS_MAX + 1);
    answers.at(-1)!({ kind: "accepted", clusterId: "c", incarnation: 5 });
    expect(await later).toEqual({ kind: "accepted", clusterId: "c", incarnation: 5 });
  });

  test("who hangs up before it is answered harms nobody", async () => {
    let answer: (answer: JoinAnswer) => void = () => undefined;
    const { victim, member } = await attacked(() => new Promise((resolve) => (answer = resolve)));
    const stream = await guest(victim, GuestKind.join, 7);
    stream.call.write(question());
    await until(() => stream.frames.length === 2);
    stream.call.cancel();
    await until(() => victim.transport.status().connections === 1);
    answer({ kind: "accepted", clusterId: "c", incarnation: 5 });
    await expectUntouched(victim, member, 0);
  });

  test("trap-18 a proof for joining opens no link, and one for a link asks for no place", async () => {
    let asked = 0;
    const { victim, member } = await attacked(() => {
      asked += 1;
      return never();
    });
    for (const [opened, proven] of [
      [StreamKind.control, GuestKind.join],
      [GuestKind.join, StreamKind.control],
      [GuestKind.keepalive, GuestKind.join],
    ] as const) {
      const secret = Buffer.from("x");
      const peer = new HostilePeer(2, victim.transport.port, secret);
      closers.push(() => peer.close());
      const stream = peer.open(opened);
      await until(() => stream.frames.length === 1);
      stream.call.write(peer.hello(proven, 1, stream.frames[0]!));
      await until(() => stream.state.ended);
      expect(decodeHandshakeFrame(stream.frames.at(-1)!).refusal?.cause).toBe(6);
    }
    expect(asked).toBe(0);
    await expectUntouched(victim, member, 0);
  });
});
