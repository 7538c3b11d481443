/** What needs no cluster: words, options, exit codes, and nodes that do not answer as they should. */

import { createServer, type Server, type Socket } from "node:net";
import { OutputBuffer, ReplyWriter } from "@redoubt/resp";
import { afterEach, describe, expect, test } from "vitest";
import { freePorts } from "../gateway/test-support.js";
import { main } from "./redoubt.js";
import { type ClusterStatus, decodeStatus } from "./redoubt-cluster-status.js";
import { statusLines } from "./redoubt-status.js";
import { ExitCode } from "./redoubt-terminal.js";
import { runCli } from "./redoubt-test-support.js";

/** Answers each request with what `script` says; null hangs up. Counts requests by their arrival in one chunk. */
class ScriptedServer {
  readonly port: number;
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async start(
    script: (words: string, nth: number) => string | null,
  ): Promise<ScriptedServer> {
    const [port] = await freePorts(1);
    return new Promise((resolve) => {
      const server = createServer((socket) => {
        scripted.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("data", (chunk) => {
          const words = chunk
            .toString("latin1")
            .split("\r\n")
            .filter((line) => line !== "" && !/^[*$]\d+$/.test(line))
            .join(" ");
          scripted.requests.push(words);
          const answer = script(words, scripted.requests.length);
          if (answer === null) socket.destroy();
          else socket.write(answer);
        });
      });
      const scripted = new ScriptedServer(port!, server);
      server.listen(port, "127.0.0.1", () => resolve(scripted));
    });
  }

  private constructor(port: number, server: Server) {
    this.port = port;
    this.#server = server;
  }

  stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

const servers: ScriptedServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((each) => each.stop()));
});

async function serverSaying(
  script: (words: string, nth: number) => string | null,
): Promise<ScriptedServer> {
  const server = await ScriptedServer.start(script);
  servers.push(server);
  return server;
}

describe("wrong use", () => {
  test.each([
    [[]],
    [["nosuch"]],
    [["status", "more"]],
    [["status", "--nosuch"]],
    [["status", "-p", "0"]],
    [["status", "-p", "x"]],
    [["status", "--user", "somebody"]],
    [["member"]],
    [["member", "nosuch"]],
    [["member", "list", "more"]],
    [["member", "add", "4"]],
    [["member", "add", "0", "a:1"]],
    [["member", "add", "x", "a:1"]],
    [["member", "add", "4", "a:1", "--if", "0"]],
    [["member", "add", "4", "a:1", "--timeout", "0"]],
    [["member", "remove", "4", "--witness"]],
    [["member", "promote", "4", "--no-promote"]],
    [["transfer", "a"]],
    [["transfer", "1", "2"]],
  ])("%j is exit code 2, one line, and nobody is asked", async (argv) => {
    const server = await serverSaying(() => null);
    const asked = argv.includes("-p") ? argv : [...argv, "-p", String(server.port)];
    const { code, out, err } = await runCli(argv.length === 0 ? [] : asked, {});
    expect({ code, out, lines: err.length }).toEqual({ code: ExitCode.usage, out: [], lines: 1 });
    expect(err[0]).toMatch(/^redoubt: /);
    expect(server.requests).toEqual([]);
  });

  test("--help of the program and of each subcommand is exit code 0", async () => {
    const whole = await runCli(["--help"], {});
    expect(whole.code).toBe(ExitCode.ok);
    for (const name of ["status", "member", "transfer"]) {
      expect(whole.out.join("\n")).toContain(`redoubt ${name}`);
      const { code, out } = await runCli([name, "--help"], {});
      expect(code).toBe(ExitCode.ok);
      expect(out.join("\n")).toContain(`redoubt ${name}`);
    }
    const version = await runCli(["--version"], {});
    expect(version.out[0]).toMatch(/^Redoubt v/);
  });
});

describe("nodes that do not answer", () => {
  test("a node that is not there is exit code 1 and says where", async () => {
    const [port] = await freePorts(1);
    const { code, err } = await runCli(["status", "-p", String(port)], {});
    expect(code).toBe(ExitCode.failed);
    expect(err).toEqual([
      `redoubt: 127.0.0.1:${port} can't be reached: ECONNREFUSED (UNREACHABLE)`,
    ]);
  });

  test("a change whose connection breaks before the answer has an unknown outcome, and is not sent twice", async () => {
    const server = await serverSaying(() => null);
    const { code, err } = await runCli(["member", "remove", "3", "-p", String(server.port)], {});
    expect(code).toBe(ExitCode.unknown);
    expect(err[0]).toContain("it is not known whether it was done");
    expect(server.requests).toEqual(["REDOUBT MEMBER REMOVE 3"]);
  });

  test("INDETERMINATE has an unknown outcome", async () => {
    const server = await serverSaying(() => "-INDETERMINATE leadership was lost\r\n");
    const { code, err } = await runCli(["member", "remove", "3", "-p", String(server.port)], {});
    expect(code).toBe(ExitCode.unknown);
    expect(err).toHaveLength(1);
    expect(server.requests).toHaveLength(1);
  });

  test("a refusal is exit code 1 with its code and text", async () => {
    const server = await serverSaying(() => "-REFUSED MEMBER_LAGS node 4 lacks 12 entries\r\n");
    const { code, err } = await runCli(["member", "promote", "4", "-p", String(server.port)], {});
    expect(code).toBe(ExitCode.failed);
    expect(err).toEqual(["redoubt: MEMBER_LAGS node 4 lacks 12 entries (REFUSED)"]);
  });

  test("a server of another kind is told from one of ours", async () => {
    const redis = await serverSaying(() => "-ERR unknown command 'REDOUBT'\r\n");
    const refused = await runCli(["status", "-p", String(redis.port)], {});
    expect(refused).toMatchObject({ code: ExitCode.failed });
    expect(refused.err[0]).toContain("unknown command");
    const web = await serverSaying(() => "HTTP/1.1 400 Bad Request\r\n\r\n");
    const foreign = await runCli(["status", "-p", String(web.port)], {});
    expect(foreign).toMatchObject({ code: ExitCode.failed });
    expect(foreign.err[0]).toContain("(NOT_UNDERSTOOD)");
    const other = await serverSaying(() => "*2\r\n$1\r\na\r\n:1\r\n");
    const newer = await runCli(["status", "-p", String(other.port)], {});
    expect(newer.err[0]).toContain("another version");
  });
});

describe("following the leader", () => {
  test("NOTLEADER is followed to where it points; a follower that knows no leader is asked again", async () => {
    const leader = await serverSaying(() => ":17\r\n");
    const follower = await serverSaying((_words, nth) =>
      nth === 1
        ? "-NOTLEADER no leader is known now, try again\r\n"
        : `-NOTLEADER leader is node 2 at 127.0.0.1:${leader.port}\r\n`,
    );
    const argv = ["member", "promote", "4", "--no-wait", "-p", String(follower.port)];
    const { code, out } = await runCli(argv, {});
    expect(code).toBe(ExitCode.ok);
    expect(out).toEqual(["node 4 is being made a voter (configuration 17)"]);
    expect(follower.requests).toHaveLength(2);
    expect(leader.requests).toEqual(["REDOUBT MEMBER PROMOTE 4"]);
  });

  test("a leader that is not ready yet is asked again", async () => {
    const server = await serverSaying((_words, nth) =>
      nth === 1 ? "-REFUSED NOT_READY the term has just begun\r\n" : ":9\r\n",
    );
    const argv = ["member", "remove", "4", "--no-wait", "--json", "-p", String(server.port)];
    const { out } = await runCli(argv, {});
    expect(JSON.parse(out[0]!)).toEqual({ id: 4, done: false, configurationIndex: 9 });
  });

  test("options become the words of the command, the password is said first on every connection", async () => {
    const leader = await serverSaying((words) => (words.startsWith("AUTH") ? "+OK\r\n" : ":5\r\n"));
    const follower = await serverSaying((words) =>
      words.startsWith("AUTH")
        ? "+OK\r\n"
        : `-NOTLEADER leader is node 2 at 127.0.0.1:${leader.port}\r\n`,
    );
    const argv = ["member", "add", "4", "h:1", "--witness", "--no-promote", "--force", "--if", "3"];
    const { code } = await runCli([...argv, "-p", String(follower.port), "--user", "u"], {
      REDISCLI_AUTH: "pw",
    });
    expect(code).toBe(ExitCode.ok);
    const words = "REDOUBT MEMBER ADD 4 h:1 WITNESS NOPROMOTE FORCE IF 3";
    expect(leader.requests).toEqual(["AUTH u pw", words]);
    expect(follower.requests).toEqual(["AUTH u pw", words]);
  });
});

describe("status", () => {
  const member = {
    incarnation: 1,
    votes: true,
    outgoing: false,
    promote: false,
    leader: false,
    myself: false,
    peerAddress: "h:2",
    clientAddress: "h:1",
    state: "replicate",
    match: 90,
    lag: 10,
    active: true,
  };
  const seen: ClusterStatus = {
    clusterId: "c",
    nodeId: 1,
    incarnation: 1,
    role: "leader",
    serving: true,
    term: 7,
    leader: 1,
    leaderIsWitness: false,
    transferring: false,
    leaseRemainingMs: 500,
    configurationIndex: 42,
    joint: true,
    commit: 99,
    applied: 98,
    appended: 100,
    firstIndex: 1,
    snapshotIndex: 0,
    members: [
      { ...member, id: 1, kind: "voter", leader: true, myself: true, match: 100, lag: 0 },
      { ...member, id: 2, kind: "voter", outgoing: true, active: false },
      { ...member, id: 3, kind: "learner", votes: false, promote: true, clientAddress: "" },
      {
        ...member,
        id: 4,
        kind: "witness",
        votes: false,
        state: null,
        match: null,
        lag: null,
        active: null,
      },
    ],
  };

  test("is shown as aligned lines", () => {
    expect(statusLines(seen).join("\n")).toMatchInlineSnapshot(`
      "cluster  c, configuration 42, a change of the voters is under way
      leader   node 1 at h:1, term 7, lease 500 ms
      log      commit 99, applied 98, first 1, snapshot 0

      id  kind               incarnation  clients  peers  state      match  lag  active
      1   voter (leader)     1            h:1      h:2    replicate  100    0    yes
      2   voter (leaving)    1            h:1      h:2    replicate  90     10   no
      3   learner (joining)  1            -        h:2    replicate  90     10   yes
      4   witness (learner)  1            h:1      h:2    -          -      -    -"
    `);
  });

  test("is read from a map in turn, later versions' names ignored", () => {
    const output = new OutputBuffer();
    const reply = new ReplyWriter(output);
    reply.integer(1);
    const flat = [
      "cluster-id",
      "c",
      "future",
      [],
      "node-id",
      1,
      "incarnation",
      1,
      "role",
      "follower",
    ];
    flat.push("serving", 0, "term", 2, "leader", 0, "leader-is-witness", 0, "transferring", 0);
    flat.push("lease-remaining-ms", 0, "configuration-index", 1, "joint", 0, "commit", 1);
    flat.push("applied", 1, "appended", 1, "first-index", 1, "snapshot-index", 0, "members", []);
    expect(decodeStatus(flat)).toMatchObject({ clusterId: "c", role: "follower", leader: 0 });
    for (const bad of [null, "x", flat.slice(1), flat.slice(0, -2)]) {
      expect(() => decodeStatus(bad)).toThrow(/another version/);
    }
  });
});

test("an error of the program itself is thrown, not told as somebody else's", async () => {
  const terminal = {
    out: () => {
      throw new RangeError("a bug");
    },
    err: () => {},
    progress: () => {},
    environment: {},
  };
  await expect(main(["--version"], terminal)).rejects.toThrow("a bug");
});
