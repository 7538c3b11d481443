import { connect } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { outputBytesPause, requestsSubmittedMax } from "./constants.js";
import {
  eventually,
  freePorts,
  ReplyError,
  startTestNode,
  type TestClient,
  type TestNode,
} from "./test-support.js";

const MIB = 1024 * 1024;
let node: TestNode;

beforeAll(async () => {
  node = await startTestNode();
});
afterAll(() => node.stop());

/** Runs `trouble` while another client works; what it gets must be as if nothing happened. */
async function besideNeighbour(trouble: () => Promise<unknown>): Promise<void> {
  const neighbour = await node.client();
  let running = true;
  let rounds = 0;
  const work = (async () => {
    while (running) {
      rounds += 1;
      expect(await neighbour.send("SET", "neighbour", String(rounds))).toEqual({ status: "OK" });
      expect(await neighbour.send("GET", "neighbour")).toBe(String(rounds));
    }
  })();
  await eventually(() => rounds > 2);
  await trouble();
  running = false;
  await work;
  expect(await neighbour.send("PING")).toEqual({ status: "PONG" });
  await neighbour.end();
}

/** Sends bytes as fast as they are taken, until the server ends the connection. */
function flood(client: TestClient, chunk: Buffer, totalBytes: number): Promise<void> {
  return new Promise((resolve) => {
    let left = totalBytes;
    const more = () => {
      while (left > 0 && !client.socket.destroyed) {
        left -= chunk.length;
        if (!client.socket.write(chunk)) return;
      }
      client.socket.off("drain", more);
      resolve();
    };
    client.socket.on("drain", more);
    client.socket.once("close", () => resolve());
    more();
  });
}

describe("replies", () => {
  test("a pipeline is answered in order and with one write", async () => {
    const client = await node.client();
    const before = node.running.gateway.stats.writes;
    client.write("PING\r\nECHO a\r\nNOSUCH\r\nPING\r\nECHO b\r\n");
    const replies = [];
    for (let i = 0; i < 5; i++) replies.push(await client.next());
    expect(replies[0]).toEqual({ status: "PONG" });
    expect(replies[1]).toBe("a");
    expect(replies[2]).toBeInstanceOf(ReplyError);
    expect(replies[4]).toBe("b");
    expect(node.running.gateway.stats.writes - before).toBe(1);
    await client.end();
  });

  test("large and small replies of one turn keep their order", async () => {
    const client = await node.client();
    const large = "x".repeat(300_000);
    await client.send("SET", "large", large);
    client.write("GET large\r\nPING\r\nGET large\r\nPING\r\n");
    expect(await client.next()).toBe(large);
    expect(await client.next()).toEqual({ status: "PONG" });
    expect(await client.next()).toBe(large);
    expect(await client.next()).toEqual({ status: "PONG" });
    await client.end();
  });

  test("a client that ends its sending side at once gets every reply", async () => {
    const client = await node.client();
    client.socket.end("SET half closed\r\nGET half\r\nPING\r\n");
    expect(await client.next()).toEqual({ status: "OK" });
    expect(await client.next()).toBe("closed");
    expect(await client.next()).toEqual({ status: "PONG" });
    expect(await client.closed).toBe("");
  });

  test("QUIT behind a pipeline ends the connection after the replies and drops what follows", async () => {
    const client = await node.client();
    client.write("SET q 1\r\nGET q\r\nQUIT\r\nSET q 2\r\n");
    expect(await client.next()).toEqual({ status: "OK" });
    expect(await client.next()).toBe("1");
    expect(await client.next()).toEqual({ status: "OK" });
    expect(await client.closed).toBe("");
    const other = await node.client();
    expect(await other.send("GET", "q")).toBe("1");
    await other.end();
  });

  test("a client that does not read is not read from, and gets everything once it reads", async () => {
    const client = await node.client();
    await client.send("SET", "mib", "y".repeat(MIB));
    client.socket.pause();
    const { gateway } = node.running;
    const own = [...gateway.connections].at(-1)!;
    client.write("GET mib\r\n".repeat(80));
    await eventually(() => own.releasedBytes > 64 * MIB);
    const before = gateway.stats.inputBytes;
    client.write("PING\r\n".repeat(2 * MIB));
    await besideNeighbour(async () => {});
    // Far below what was sent: the rest is in the system's buffers and in the client.
    expect(gateway.stats.inputBytes - before).toBeLessThan(MIB);
    client.socket.resume();
    for (let i = 0; i < 80; i++) expect(await client.next()).toHaveLength(MIB);
    expect(await client.next()).toEqual({ status: "PONG" });
    await client.end();
  });
});

describe("hostile bytes", () => {
  test("100 MB of one letter get an error and the end; a neighbour never notices", async () => {
    await besideNeighbour(async () => {
      const client = await node.client();
      await flood(client, Buffer.alloc(MIB, "A"), 100 * MIB);
      const reply = await client.next();
      expect(reply).toEqual(new ReplyError("ERR Protocol error: too big inline request"));
      await client.closed;
    });
  });

  test("a header that announces too much gets an error and the end", async () => {
    for (const bytes of ["*4294967296\r\n", "*1\r\n$99999999999\r\n", "*1\r\n:5\r\n"]) {
      const client = await node.client();
      client.write(`PING\r\n${bytes}PING\r\n`);
      expect(await client.next()).toEqual({ status: "PONG" });
      const reply = await client.next();
      expect(reply).toBeInstanceOf(ReplyError);
      expect((reply as ReplyError).text).toMatch(/^ERR Protocol error: /);
      expect(await client.closed).toBe("");
    }
  });

  test("random bytes never reach a neighbour", async () => {
    await besideNeighbour(() =>
      fc.assert(
        fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 400 }), async (bytes) => {
          const client = await node.client();
          client.socket.end(Buffer.concat([Buffer.from(bytes), Buffer.from("\r\n")]));
          await client.closed;
        }),
        { numRuns: 60, seed: 7 },
      ),
    );
  });

  test("HTTP ends its connection unanswered, nothing behind its first line is done, one warning", async () => {
    await besideNeighbour(async () => {
      for (const line of ["POST / HTTP/1.1", "hOsT: localhost"]) {
        const browser = await node.client();
        browser.write(`${line}\r\nContent-Type: text/plain\r\n\r\nSET posted 1\r\n`);
        expect(await browser.closed).toBe("");
      }
    });
    const client = await node.client();
    expect(await client.send("EXISTS", "posted")).toBe(0);
    await client.end();
    expect(node.lines.filter(({ event }) => event.includes("HTTP"))).toHaveLength(1);
  });

  test("a reset connection is forgotten and nobody else notices", async () => {
    await besideNeighbour(async () => {
      const { gateway } = node.running;
      const before = gateway.connections.size;
      const clients = await Promise.all(Array.from({ length: 20 }, () => node.client()));
      for (const client of clients) client.write("SET reset 1\r\nGET reset\r\n*1\r\n$4\r\nPI");
      for (const client of clients) client.socket.resetAndDestroy();
      await eventually(() => gateway.connections.size === before);
    });
  });
});

describe("limits", () => {
  test("maxclients refuses the one too many and lets the next in when one leaves", async () => {
    const small = await startTestNode(["--maxclients", "2"]);
    const [first, second] = [await small.client(), await small.client()];
    await second.send("PING");
    const third = await small.client();
    expect(await third.next()).toEqual(new ReplyError("ERR max number of clients reached"));
    await third.closed;
    await second.end();
    await eventually(() => small.running.gateway.connections.size === 1);
    const fourth = await small.client();
    expect(await fourth.send("PING")).toEqual({ status: "PONG" });
    expect(await first.send("PING")).toEqual({ status: "PONG" });
    expect(small.running.gateway.stats.connectionsRejected).toBe(1);
    await small.stop();
  });

  test("a request larger than client-query-buffer-limit closes its client alone", async () => {
    const client = await node.client();
    const admin = await node.client();
    const saved = node.config.get("client-query-buffer-limit")!;
    await admin.send("CONFIG", "SET", "client-query-buffer-limit", "1mb");
    await besideNeighbour(async () => {
      client.write(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${8 * MIB}\r\n`);
      await flood(client, Buffer.alloc(MIB, "v"), 7 * MIB);
      await client.closed;
    });
    expect(node.lines.some(({ event }) => event.includes("buffer over its limit"))).toBe(true);
    await admin.send("CONFIG", "SET", "client-query-buffer-limit", saved);
    await admin.end();
  });

  test("the hard output limit closes a client that does not read", async () => {
    const admin = await node.client();
    await admin.send("SET", "mib", "y".repeat(MIB));
    const saved = node.config.get("client-output-buffer-limit")!;
    const client = await node.client();
    await client.send("PING");
    const own = [...node.running.gateway.connections].at(-1)!;
    const limit = "normal 20mb 0 0";
    expect(await admin.send("CONFIG", "SET", "client-output-buffer-limit", limit)).toEqual({
      status: "OK",
    });
    await besideNeighbour(async () => {
      client.socket.pause();
      client.write("GET mib\r\n".repeat(60));
      await eventually(() => own.state === "closed");
      client.socket.resume();
      await client.closed;
    });
    expect(node.running.gateway.stats.outputLimitKills).toBeGreaterThan(0);
    await admin.send("CONFIG", "SET", "client-output-buffer-limit", saved);
    await admin.end();
  });

  test("trap-20 a subscriber that does not read is cut, in the middle of a turn too; the others hear", async () => {
    const admin = await node.client();
    const saved = node.config.get("client-output-buffer-limit")!;
    await admin.send("CONFIG", "SET", "client-output-buffer-limit", "pubsub 3mb 0 0");
    const [slow, quick, publisher] = [
      await node.client(),
      await node.client(),
      await node.client(),
    ];
    await slow.send("SUBSCRIBE", "a");
    const own = [...node.running.gateway.connections].at(-3)!;
    expect(own.isSubscriber).toBe(true);
    await quick.send("SUBSCRIBE", "a");
    const listed = String(await admin.send("CLIENT", "LIST", "TYPE", "pubsub"));
    expect(listed.match(/ flags=P .* sub=1 psub=0 ssub=0 /g)).toHaveLength(2);
    const killsBefore = node.running.gateway.stats.outputLimitKills;
    slow.socket.pause();
    const message = "m".repeat(MIB);
    await besideNeighbour(async () => {
      for (let i = 0; i < 40 && own.state !== "closed"; i++) {
        await publisher.send("PUBLISH", "a", message);
      }
      await eventually(() => own.state === "closed");
    });
    expect(node.running.gateway.stats.outputLimitKills).toBe(killsBefore + 1);
    expect(await publisher.send("PUBSUB", "NUMSUB", "a")).toEqual(["a", 1]);
    expect(await publisher.send("PUBLISH", "a", "last")).toBe(1);
    await admin.send("CONFIG", "SET", "client-output-buffer-limit", saved);
    slow.socket.destroy();
    for (const client of [quick, publisher, admin]) await client.end();
  });

  test("trap-20 a pipeline whose replies nobody reads is not executed ahead of its reader", async () => {
    const admin = await node.client();
    await admin.send("SET", "page", "p".repeat(15_000));
    const client = await node.client();
    await client.send("PING");
    const own = [...node.running.gateway.connections].at(-1)!;
    const requests = 20_000;
    await besideNeighbour(async () => {
      client.socket.pause();
      client.write("GET page\r\n".repeat(requests));
      let most = 0;
      await eventually(() => {
        most = Math.max(most, own.outputBytes);
        return own.releasedBytes > outputBytesPause;
      });
      // It stays there, however many turns pass.
      for (let i = 0; i < 300; i++) {
        await admin.send("GET", "nothing");
        most = Math.max(most, own.outputBytes);
      }
      expect(most).toBeLessThan(outputBytesPause + requestsSubmittedMax * 16 * 1024);
    });
    await client.end();
    await admin.end();
  });

  test("a long pipeline is answered whole and in order, its protocol error last", async () => {
    const client = await node.client();
    const count = 5 * requestsSubmittedMax;
    const words = Array.from({ length: count }, (_, i) => `ECHO ${i}\r\n`);
    client.write(`${words.join("")}*1\r\n$-1\r\n`);
    for (let i = 0; i < count; i++) expect(await client.next()).toBe(String(i));
    expect(await client.next()).toEqual(new ReplyError("ERR Protocol error: invalid bulk length"));
    await client.closed;
  });

  test("a pipeline from a client that closes its side at once is answered whole", async () => {
    const client = await node.client();
    const count = 3 * requestsSubmittedMax;
    client.socket.end("PING\r\n".repeat(count));
    expect(await client.closed).toBe("+PONG\r\n".repeat(count));
  });

  test("timeout closes an idle client and not a busy one", async () => {
    const admin = await node.client();
    const idle = await node.client();
    await admin.send("CONFIG", "SET", "timeout", "1");
    let gone = false;
    void idle.closed.then(() => {
      gone = true;
    });
    await eventually(async () => {
      expect(await admin.send("PING")).toEqual({ status: "PONG" });
      return gone;
    });
    await admin.send("CONFIG", "SET", "timeout", "0");
    await admin.end();
  });

  test("before AUTH a client may send only small requests", async () => {
    const locked = await startTestNode(["--requirepass", "secret"]);
    const large = `*2\r\n$4\r\nECHO\r\n$20000\r\n${"e".repeat(20_000)}\r\n`;
    const stranger = await locked.client();
    stranger.write(large);
    expect(await stranger.next()).toEqual(
      new ReplyError("ERR Protocol error: unauthenticated bulk length"),
    );
    await stranger.closed;
    const friend = await locked.client();
    expect(await friend.fails("GET", "a")).toBe("NOAUTH Authentication required.");
    expect(await friend.send("AUTH", "secret")).toEqual({ status: "OK" });
    friend.write(large);
    expect(await friend.next()).toBe("e".repeat(20_000));
    await locked.stop();
  });
});

describe("start and stop", () => {
  test("a client port in use is a PORT_IN_USE error and leaves nothing running", async () => {
    const [port] = await freePorts(1);
    const first = await startTestNode(["--port", String(port)]);
    await expect(startTestNode(["--port", String(port)])).rejects.toMatchObject({
      code: "PORT_IN_USE",
    });
    await first.stop();
  });

  test("an optional address that is missing is skipped, a required one is an error", async () => {
    const optional = await startTestNode(["--bind", "127.0.0.1 -192.0.2.1"]);
    expect(optional.running.addresses).toHaveLength(1);
    await optional.stop();
    await expect(startTestNode(["--bind", "127.0.0.1 192.0.2.1"])).rejects.toMatchObject({
      code: "BIND_FAILED",
    });
  });

  test("stop lets replies under way go, then ends every connection", async () => {
    const stopping = await startTestNode();
    const client = await stopping.client();
    const idle = await stopping.client();
    await idle.send("PING");
    const reply = client.send("SET", "last", "word");
    await eventually(() => stopping.running.gateway.stats.requests > 1);
    await stopping.stop();
    expect(await reply).toEqual({ status: "OK" });
    expect(await client.closed).toBe("");
    expect(await idle.closed).toBe("");
    await expect(
      new Promise((resolve, reject) => {
        connect(stopping.port, "127.0.0.1").once("connect", resolve).once("error", reject);
      }),
    ).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
