/** Whoever may not be a member, by secret, by cluster or by what it says, changes nothing. */

import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RaftStatus, ServerProcess } from "./support/server-process.js";
import { TestCluster } from "./support/test-cluster.js";
import { pause, until } from "./support/until.js";

/** What an impostor gets, to try again and again: several election timeouts and dialling intervals. */
const tryingMs = 2_000;
const heapMegabytes = 640;

let cluster: TestCluster;
let secretPath: string;
let otherSecretPath: string;
let impostor: ServerProcess | null = null;

beforeAll(async () => {
  // Relative to a node's `dir`.
  cluster = await TestCluster.start({
    options: () => ["--peer-secret-file", "../../secret"],
    prepare: (directory) => {
      secretPath = join(directory, "secret");
      otherSecretPath = join(directory, "other-secret");
      writeFileSync(secretPath, "the secret of the members\n");
      writeFileSync(otherSecretPath, "a secret of nobody here\n");
    },
  });
});
afterAll(async () => {
  await impostor?.signal("SIGKILL");
  await cluster?.stop();
});

/** In the place of a follower that is stopped: the same id and ports, but a birth and options of its own. */
async function takePlace(
  name: string,
  clusterId: string,
  secret: string | null,
): Promise<ServerProcess> {
  const [absent] = await cluster.followers();
  await absent!.signal("SIGTERM");
  const options = secret === null ? [] : ["--peer-secret-file", secret];
  impostor = new ServerProcess(
    absent!.id,
    absent!.port,
    absent!.peerPort,
    join(cluster.directory, name),
    ["--cluster-id", clusterId, "--peers", cluster.peers, "--maxmemory", "256mb", ...options],
    heapMegabytes,
  );
  impostor.start(["--bootstrap", "yes"]);
  return impostor;
}

async function steadyUnder(act: () => Promise<void>): Promise<void> {
  const leader = await cluster.leader(cluster.nodes.filter((node) => node.isRunning));
  const before: RaftStatus = await leader.raft();
  const client = await leader.connect();
  let writing = true;
  const writes = (async () => {
    let count = 0;
    for (; writing; count++) expect(await client.send("SET", "steady", String(count))).toBe("OK");
    return count;
  })();
  try {
    await act();
  } finally {
    writing = false;
  }
  expect(await writes).toBeGreaterThan(0);
  const after = await leader.raft();
  expect([after.term, after.leader, after.serving]).toEqual([before.term, before.leader, true]);
  await client.end();
}

/** Told by whoever of the two dialled. */
function isRefusal({ peer, msg }: Record<string, unknown>, id: number): boolean {
  return peer === id && (msg === "peer refused" || msg === "refused by peer");
}

describe("an impostor in a member's place", () => {
  const ownCluster = () => cluster.clusterId;
  const otherCluster = () => `${cluster.clusterId}-other`;
  const cases: [
    name: string,
    cause: string,
    clusterId: () => string,
    secret: () => string | null,
  ][] = [
    ["without a secret", "secret", ownCluster, () => null],
    ["with a wrong secret", "secret", ownCluster, () => otherSecretPath],
    ["of another cluster", "cluster", otherCluster, () => secretPath],
  ];
  for (const [name, cause, clusterId, secret] of cases) {
    test(`trap-18 ${name} is refused with one log line and changes nothing`, async () => {
      await cluster.settled();
      const linesBefore = new Map(cluster.nodes.map((node) => [node, node.logLines().length]));
      const stranger = await takePlace(name.replaceAll(" ", "-"), clusterId(), secret());
      const absent = cluster.node(stranger.id);
      const members = cluster.nodes.filter((node) => node !== absent);
      const newRefusals = (node: ServerProcess) =>
        node
          .logLines()
          .slice(linesBefore.get(node))
          .filter((line) => isRefusal(line, stranger.id));
      await steadyUnder(async () => {
        await until("every member has refused it", () =>
          members.every((node) => newRefusals(node).length > 0),
        );
        await pause(tryingMs);
      });
      for (const node of members) {
        expect(newRefusals(node)).toEqual([expect.objectContaining({ cause })]);
      }
      const status = await stranger.raft();
      expect([status.serving, status.leader]).toEqual([false, 0]);

      await stranger.signal("SIGKILL");
      absent.start();
      await cluster.settled();
      await cluster.equalDigests();
    });
  }
});

test("trap-18 junk on the peer port changes nothing", async () => {
  await cluster.settled();
  const junk = [
    Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    Buffer.from("*1\r\n$4\r\nPING\r\n"),
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Buffer.from("1603010200010001fc0303", "hex"),
    Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.alloc(65_536, 0xff)]),
    Buffer.alloc(1024 * 1024),
  ];
  await steadyUnder(async () => {
    const sockets = cluster.nodes.flatMap((node) =>
      junk.map((bytes) => {
        const socket = connect(node.peerPort, "127.0.0.1");
        socket.on("error", () => {});
        socket.write(bytes);
        return socket;
      }),
    );
    await pause(tryingMs);
    for (const socket of sockets) socket.destroy();
  });
  await cluster.equalDigests();
  expect(cluster.errorLines()).toEqual([]);
});
