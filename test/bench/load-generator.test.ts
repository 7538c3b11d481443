/** The load generator beside small servers of the test: what it sends, counts, notices. */

import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { describe, expect, test } from "vitest";
import { type Reply, RespReader } from "../support/resp-reader.js";
import { startDelayProxy } from "./delay-proxy.js";
import { assertSound, type LoadFigures, type LoadPlan, runLoad } from "./load-generator.js";
import { encodeCommands, encodePut, NUMBER } from "./requests.js";

const isBuildable =
  process.platform === "linux" && spawnSync("gcc", ["--version"]).error === undefined;

const GET = encodeCommands([["GET", `key:${NUMBER}`]], 100);
const SHORT = {
  connections: 1,
  pipeline: 1,
  warmupMs: 0,
  measuredMs: 150,
  seed: 1,
  operations: [GET],
};

type Answer = (command: string[], socket: Socket) => string | null;

/** One that answers each command; null: not (yet). */
async function withServer<T>(answer: Answer, act: (port: number) => Promise<T>): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.setNoDelay(true));
    socket.on("error", () => {});
    const reader = new RespReader();
    socket.on("data", (chunk) => {
      reader.push(chunk);
      let replies = "";
      for (let next = reader.next(); next !== undefined; next = reader.next()) {
        replies += answer(words(next), socket) ?? "";
      }
      if (replies !== "") socket.write(replies, "latin1");
    });
  });
  const port = await listening(server);
  try {
    return await act(port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function words(command: Reply): string[] {
  if (!Array.isArray(command)) throw new Error("no command");
  return command.map(String);
}

function figuresOf(answer: Answer, plan: Partial<LoadPlan> = {}): Promise<LoadFigures> {
  return withServer(answer, (port) => runLoad({ ...SHORT, ports: [port], ...plan }));
}

describe.runIf(isBuildable)("the load generator", () => {
  test("sends what it is told, with numbers of its own, and counts the answers", async () => {
    const numbers: number[] = [];
    const figures = await figuresOf(([, key]) => {
      numbers.push(Number(/^key:(\d{12})$/.exec(key!)![1]));
      return "$2\r\nok\r\n";
    });
    assertSound(figures);
    // What is under way at the end is asked and not counted.
    expect(figures.operations).toBeGreaterThan(20);
    expect(numbers.length - figures.operations).toBeLessThan(2);
    expect(figures.perSecond).toBeCloseTo(figures.operations / figures.seconds, 0);
    expect(Math.max(...numbers)).toBeLessThan(100);
    expect(new Set(numbers).size).toBeGreaterThan(10);
  });

  test("draws the same numbers from the same seed", async () => {
    const drawn = async (seed: number): Promise<string> => {
      const keys: string[] = [];
      const answer: Answer = ([, key]) => {
        keys.push(key!);
        return "+OK\r\n";
      };
      await figuresOf(answer, { seed });
      return keys.slice(0, 20).join();
    };
    const first = await drawn(3);
    expect(await drawn(3)).toBe(first);
    expect(await drawn(4)).not.toBe(first);
  });

  test("understands every kind of reply, cut at every byte", async () => {
    const replies =
      "*4\r\n*2\r\n$3\r\na\r\n\r\n:-12\r\n*0\r\n$0\r\n\r\n*1\r\n*1\r\n+ok\r\n" + ":1\r\n+\r\n";
    let cut = 0;
    const figures = await figuresOf(
      (_, socket) => {
        cut += 1;
        const at = cut % replies.length;
        socket.write(replies.slice(0, at), "latin1");
        setTimeout(() => socket.write(replies.slice(at), "latin1"), 1);
        return null;
      },
      { operations: [{ ...GET, replies: 3 }], measuredMs: 5 * replies.length },
    );
    assertSound(figures);
    expect(figures.operations).toBeGreaterThan(replies.length);
    expect(cut - figures.operations).toBeLessThan(2);
  });

  test("waits for all replies of a pipeline, and measures each operation by itself", async () => {
    let waiting = 0;
    let most = 0;
    const figures = await figuresOf(
      (_, socket) => {
        waiting += 1;
        most = Math.max(most, waiting);
        setTimeout(() => {
          waiting -= 1;
          socket.write("+OK\r\n");
        }, 5);
        return null;
      },
      { pipeline: 4, connections: 2 },
    );
    assertSound(figures);
    expect(most).toBe(8);
    expect(figures.p50Us).toBeGreaterThan(4_000);
    expect(figures.maxUs).toBeGreaterThanOrEqual(figures.p99Us * 0.99);
  });

  test("mixes operations by their weights", async () => {
    const set = encodeCommands([["SET", `key:${NUMBER}`, "value"]], 100, 20);
    const counts = { GET: 0, SET: 0 };
    await figuresOf(
      ([verb]) => {
        counts[verb as "GET" | "SET"] += 1;
        return "+OK\r\n";
      },
      { operations: [{ ...GET, weight: 80 }, set], pipeline: 16 },
    );
    const share = counts.GET / (counts.GET + counts.SET);
    expect(share).toBeGreaterThan(0.7);
    expect(share).toBeLessThan(0.9);
  });

  test("sends a preamble once on every connection, first", async () => {
    const seen = new Map<Socket, string[]>();
    const figures = await figuresOf(
      ([verb], socket) => {
        seen.set(socket, [...(seen.get(socket) ?? []), verb!]);
        return "+OK\r\n";
      },
      { connections: 3, preamble: encodeCommands([["READONLY"]], 1) },
    );
    assertSound(figures);
    expect(seen.size).toBe(3);
    for (const verbs of seen.values()) {
      expect(verbs[0]).toBe("READONLY");
      expect(verbs.lastIndexOf("READONLY")).toBe(0);
    }
  });

  test.each([
    ["an error within an array", '*2\r\n:1\r\n-ERR "no"\r\n', "errors, the first: ERR ?no?"],
    ["a null", "$-1\r\n", "nulls"],
    ["a null array", "*-1\r\n", "nulls"],
    ["one reply too many", "+OK\r\n+OK\r\n", "errors"],
    ["what is no RESP2", "%1\r\n", "connections were lost"],
  ])("%s makes it void", async (_, reply, told) => {
    const figures = await figuresOf(() => reply, { connections: 2 });
    expect(() => assertSound(figures)).toThrow(told);
  });

  test("a connection that is lost makes it void, and the others go on", async () => {
    let asked = 0;
    const figures = await figuresOf(
      (_, socket) => {
        asked += 1;
        if (asked === 10) socket.destroy();
        return "+OK\r\n";
      },
      { connections: 3 },
    );
    expect(figures.lostConnections).toBe(1);
    expect(figures.operations).toBeGreaterThan(20);
  });

  test("ends in time when the server says nothing, or is not there", async () => {
    const beganMs = performance.now();
    const figures = await figuresOf(() => null);
    expect(performance.now() - beganMs).toBeLessThan(5_000);
    expect(() => assertSound(figures)).toThrow("nothing was answered");
    const port = await withServer(
      () => null,
      (unused) => Promise.resolve(unused),
    );
    await expect(runLoad({ ...SHORT, ports: [port] })).rejects.toThrow("connect");
  });

  test("says when it begins to measure, and when it has", async () => {
    const told: string[] = [];
    await withServer(
      () => "+OK\r\n",
      (port) =>
        runLoad(
          { ...SHORT, ports: [port], warmupMs: 50 },
          () => told.push("measuring"),
          () => told.push("measured"),
        ),
    );
    expect(told).toEqual(["measuring", "measured"]);
  });

  test("asks gRPC servers, and notices calls without an answer", async () => {
    const messages: Buffer[] = [];
    let isFailing = false;
    const server = createHttp2Server();
    server.on("stream", (stream, headers) => {
      expect(headers[":path"]).toBe("/etcdserverpb.KV/Put");
      expect(headers["content-type"]).toBe("application/grpc");
      const chunks: Buffer[] = [];
      stream.on("error", () => {});
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        messages.push(Buffer.concat(chunks).subarray(5));
        stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
        stream.on("wantTrailers", () =>
          stream.sendTrailers({ "grpc-status": isFailing ? "13" : "0" }),
        );
        stream.end(isFailing ? undefined : Buffer.from([0, 0, 0, 0, 2, 0x0a, 0]));
      });
    });
    const port = await listening(server as unknown as Server);
    const put = encodePut(`key:${NUMBER}`, "value", 100);
    const plan = { ...SHORT, ports: [port], operations: [put], grpcPath: "/etcdserverpb.KV/Put" };
    try {
      const figures = await runLoad({ ...plan, connections: 2 });
      assertSound(figures);
      expect(figures.operations).toBeGreaterThan(20);
      expect(messages.length - figures.operations).toBeLessThan(3);
      for (const message of messages) {
        const text = message.toString("latin1");
        expect(text).toMatch(/key:0{10}\d\d/);
        expect(text.replace(/\d{12}/, NUMBER)).toBe(put.bytes.toString("latin1"));
      }
      isFailing = true;
      const failed = await runLoad(plan);
      expect(() => assertSound(failed)).toThrow("a call without an answer");
    } finally {
      server.close();
    }
  });
});

describe.runIf(isBuildable)("the delay proxy", () => {
  test("adds its round trip, whatever comes through it", async () => {
    await withServer(
      () => `$100000\r\n${"x".repeat(100_000)}\r\n`,
      async (port) => {
        const proxy = await startDelayProxy(port, 20);
        try {
          const figures = await runLoad({ ...SHORT, ports: [proxy.port], connections: 4 });
          assertSound(figures);
          expect(figures.p50Us).toBeGreaterThan(20_000);
        } finally {
          await proxy.stop();
        }
      },
    );
  });
});
