/** A node without data, and a member that answers as told: what it asks, until when, and what it is born as. */

import { getEventListeners } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GrpcPeerTransport, type JoinAnswer, type JoinQuestion } from "@redoubt/grpc-peer";
import { openLog } from "@redoubt/level-log";
import { afterEach, describe, expect, test } from "vitest";
import { ServerConfig } from "./config/index.js";
import { collectingLogger, eventually, freePorts, type TestNode } from "./gateway/test-support.js";
import { electionParametersOf, joinCluster } from "./join-cluster.js";

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Node 2 without data, configured for node 1, which answers. */
async function newcomer(
  answer: (nth: number) => JoinAnswer | Promise<JoinAnswer>,
  extra: readonly string[] = [],
) {
  const directory = await mkdtemp(join(tmpdir(), "redoubt-join-"));
  closers.push(() => rm(directory, { recursive: true, force: true }));
  const [memberPort, ownPort] = await freePorts(2);
  const peers = `1@127.0.0.1:${memberPort} 2@127.0.0.1:${ownPort}`;
  const words = ["--dir", directory, "--node-id", "2", "--peers", peers, ...extra];
  const config = ServerConfig.parse(words, () => "");
  const questions: JoinQuestion[] = [];
  const member = await GrpcPeerTransport.start({
    clusterId: "the cluster",
    nodeId: 1,
    incarnation: 1,
    bindHost: "127.0.0.1",
    port: memberPort!,
    peers: [],
    secret: null,
    announce: () => new Uint8Array(0),
    onAnnounce: () => undefined,
    events: {
      receive: () => undefined,
      receiveAudit: () => undefined,
      unreachable: () => undefined,
    },
    logger: collectingLogger([]),
    random: () => 0.5,
    electionParametersMs: electionParametersOf(config),
    onJoin: async (question) => {
      questions.push(question);
      return answer(questions.length);
    },
  });
  closers.push(() => member.close());
  const lines: TestNode["lines"] = [];
  const stopping = new AbortController();
  const joined = (reason: "empty" | "damaged" = "empty") =>
    joinCluster(config, reason, collectingLogger(lines), stopping.signal);
  return { directory, questions, lines, stopping, joined, ownPort };
}

const refused: JoinAnswer = { kind: "refused", text: "not now" };
const accepted: JoinAnswer = { kind: "accepted", clusterId: "the cluster", incarnation: 31 };

describe("a node without data", () => {
  test("trap-17 asks until it is accepted, and is born as what the leader said, with an empty log", async () => {
    const { directory, questions, lines, joined, ownPort } = await newcomer((nth) =>
      nth < 4 ? refused : accepted,
    );
    await joined("damaged");
    expect(questions).toEqual(
      new Array(4).fill({
        nodeId: 2,
        peerAddress: `127.0.0.1:${ownPort}`,
        isWitness: false,
        reason: "damaged",
      }),
    );
    // The same refusal is said once.
    expect(lines.filter(({ event }) => event.startsWith("no place in the cluster"))).toHaveLength(
      1,
    );
    const onFatal = (error: Error): void => {
      throw error;
    };
    const log = await openLog({ directory, nodeId: 2, clusterId: null, onFatal });
    closers.unshift(() => log.close());
    expect(log.identity).toEqual({ clusterId: "the cluster", nodeId: 2, incarnation: 31 });
    expect(log.initial).toMatchObject({ lastIndex: 0, hardState: { term: 0, vote: 0 } });
  });

  test("asks as a witness when it is to be one", async () => {
    const { questions, joined } = await newcomer(() => accepted, ["--node-role", "witness"]);
    await joined();
    expect(questions.map(({ isWitness }) => isWitness)).toEqual([true]);
  });

  test("that knows its cluster is born in no other", async () => {
    const { questions, lines, stopping, joined } = await newcomer(
      () => accepted,
      ["--cluster-id", "another"],
    );
    const joining = joined();
    joining.catch(() => undefined);
    await eventually(() => lines.some(({ event }) => event.startsWith("no place")));
    stopping.abort();
    await expect(joining).rejects.toMatchObject({ code: "JOIN_STOPPED" });
    expect(questions).toEqual([]);
  });

  test("stops when it is told to: between two questions, and while one is not answered", async () => {
    for (const answer of [() => refused, () => new Promise<JoinAnswer>(() => undefined)]) {
      const { questions, stopping, joined } = await newcomer(answer);
      const joining = joined();
      joining.catch(() => undefined);
      await eventually(() => questions.length > 0);
      stopping.abort();
      await expect(joining).rejects.toMatchObject({ code: "JOIN_STOPPED" });
    }
  });

  test("may wait for days: a round leaves nothing behind", async () => {
    const { questions, stopping, joined } = await newcomer(() => refused);
    const joining = joined();
    joining.catch(() => undefined);
    await eventually(() => questions.length >= 4);
    expect(getEventListeners(stopping.signal, "abort").length).toBeLessThanOrEqual(1);
    stopping.abort();
    await expect(joining).rejects.toMatchObject({ code: "JOIN_STOPPED" });
    expect(getEventListeners(stopping.signal, "abort")).toEqual([]);
  });
});
