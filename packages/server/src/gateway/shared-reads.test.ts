import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, expect, test } from "vitest";
import { chunkSlabBytes, chunkSlabShareMax, readBytesMax } from "./constants.js";
import { alone, readingShared } from "./shared-reads.js";
import { eventually, startTestNode } from "./test-support.js";

interface Pair {
  readonly client: Socket;
  /** The server's end. */
  readonly socket: Socket;
}

const servers: Server[] = [];
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function listening(): Promise<{ server: Server; pair: () => Promise<Pair> }> {
  const accepted: Socket[] = [];
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    accepted.push(readingShared(socket));
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const pair = async (): Promise<Pair> => {
    const client = connect(port, "127.0.0.1");
    sockets.push(client);
    // Both ends, in either order.
    await eventually(() => accepted.length > 0 && !client.connecting);
    const socket = accepted.shift()!;
    sockets.push(socket);
    return { client, socket };
  };
  return { server, pair };
}

function chunksOf(socket: Socket): Buffer[] {
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  return chunks;
}

const textOf = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString("latin1");

test("what was read stays what it was when others have been read into the same buffer", async () => {
  const { pair } = await listening();
  const [a, b] = [await pair(), await pair()];
  const [fromA, fromB] = [chunksOf(a.socket), chunksOf(b.socket)];
  for (let round = 0; round < 50; round++) {
    a.client.write(`a${round};`);
    b.client.write("b".repeat(5_000));
    await eventually(() => textOf(fromB).length === (round + 1) * 5_000);
  }
  const rounds = Array.from({ length: 50 }, (_, round) => `a${round};`).join("");
  await eventually(() => textOf(fromA).length === rounds.length);
  expect(textOf(fromA)).toBe(rounds);
  expect(textOf(fromB)).toBe("b".repeat(250_000));
});

test("more than a read takes arrives whole and in order", async () => {
  const { pair } = await listening();
  const { client, socket } = await pair();
  const chunks = chunksOf(socket);
  const sent = Buffer.from(Array.from({ length: 5 * readBytesMax + 7 }, (_, i) => i % 251));
  client.write(sent);
  await eventually(() => chunks.reduce((sum, { length }) => sum + length, 0) === sent.length);
  expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(readBytesMax);
});

test("a paused socket is not read from, and misses nothing", async () => {
  const { pair } = await listening();
  const { client, socket } = await pair();
  const chunks = chunksOf(socket);
  socket.once("data", () => socket.pause());
  client.write("first");
  await eventually(() => socket.isPaused());
  client.write("second");
  client.end();
  await sleep(30);
  expect(textOf(chunks)).toBe("first");
  const ended = once(socket, "end");
  socket.resume();
  await ended;
  expect(textOf(chunks)).toBe("firstsecond");
});

test("the peer's end leaves this side open, and a reply still reaches it", async () => {
  const { pair } = await listening();
  const { client, socket } = await pair();
  const requests = chunksOf(socket);
  const replies = chunksOf(client);
  const ended = once(socket, "end");
  client.end("request");
  await ended;
  expect(textOf(requests)).toBe("request");
  const closed = once(client, "close");
  socket.end("reply");
  await closed;
  expect(textOf(replies)).toBe("reply");
});

test("a peer that is gone is an error and a close of this socket alone", async () => {
  const { pair } = await listening();
  const [a, b] = [await pair(), await pair()];
  const fromB = chunksOf(b.socket);
  const events: string[] = [];
  a.socket.on("error", (error: NodeJS.ErrnoException) => events.push(error.code ?? ""));
  a.socket.on("close", () => events.push("close"));
  a.client.resetAndDestroy();
  await eventually(() => events.length === 2);
  expect(events).toEqual(["ECONNRESET", "close"]);
  b.client.write("alive");
  await eventually(() => textOf(fromB) === "alive");
});

test("addresses and descriptor are the connection's, and the server counts it no longer", async () => {
  const { server, pair } = await listening();
  const { client, socket } = await pair();
  expect(socket.remotePort).toBe(client.localPort);
  expect(socket.localPort).toBe(client.remotePort);
  expect(Reflect.get(Reflect.get(socket, "_handle") as object, "fd")).toBeGreaterThan(2);
  const closed = once(server, "close");
  server.close();
  await closed;
  const chunks = chunksOf(socket);
  client.write("served");
  await eventually(() => textOf(chunks) === "served");
});

test("bytes nobody listens for are taken and dropped: a reply behind them is not lost to a reset", async () => {
  const { pair } = await listening();
  const { client, socket } = await pair();
  const replies = chunksOf(client);
  let error: Error | null = null;
  client.on("error", (cause) => {
    error = cause;
  });
  client.write("x".repeat(3 * readBytesMax));
  await eventually(() => socket.bytesRead === 3 * readBytesMax);
  const closed = once(client, "close");
  socket.end("refused", () => socket.destroy());
  await closed;
  expect(textOf(replies)).toBe("refused");
  expect(error).toBeNull();
});

test("a socket without a handle is used as it came", () => {
  const socket = new Socket();
  sockets.push(socket);
  expect(readingShared(socket)).toBe(socket);
});

test("small chunks share memory with each other, and with nothing else", async () => {
  const { pair } = await listening();
  const { client, socket } = await pair();
  const chunks = chunksOf(socket);
  for (const bytes of [1, 100, chunkSlabShareMax, chunkSlabShareMax + 1]) {
    const before = chunks.length;
    client.write("x".repeat(bytes));
    await eventually(() => chunks.length > before);
  }
  expect(chunks.map(({ length }) => length)).toEqual([
    1,
    100,
    chunkSlabShareMax,
    chunkSlabShareMax + 1,
  ]);
  expect(chunks.map(({ buffer }) => buffer.byteLength)).toEqual([
    chunkSlabBytes,
    chunkSlabBytes,
    chunkSlabBytes,
    chunkSlabShareMax + 1,
  ]);
  const kept = Buffer.from("kept for long");
  expect(chunks.every(({ buffer }) => buffer !== kept.buffer)).toBe(true);
});

test("a chunk alone has the same bytes, and is not copied twice", () => {
  const part = Buffer.from("a chunk of some").subarray(2, 7);
  const own = alone(part);
  expect(own.equals(part)).toBe(true);
  expect(own.buffer.byteLength).toBe(own.length);
  expect(alone(own)).toBe(own);
});

test("what waits behind a blocked command keeps no more than itself in memory", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const held = (): number => {
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  const node = await startTestNode();
  try {
    const clients = await Promise.all(Array.from({ length: 10 }, () => node.client()));
    const neighbour = await node.client();
    const others = "x".repeat(chunkSlabShareMax - 100);
    await neighbour.send("ECHO", others);
    const before = held();
    const replies: Promise<unknown>[] = [];
    for (const [i, client] of clients.entries()) {
      replies.push(client.send("BLPOP", `list:${i}`, "0"));
      for (let behind = 0; behind < 100; behind++) {
        replies.push(client.send("PING"));
        // The next PING begins another slab.
        for (let chunk = 0; chunk < 3; chunk++) await neighbour.send("ECHO", others);
      }
    }
    // What a collection finds is given back some time behind it.
    await eventually(() => held() - before < (10 * 100 * chunkSlabBytes) / 4);
    for (const i of clients.keys()) await neighbour.send("RPUSH", `list:${i}`, "element");
    await Promise.all(replies);
    for (const client of [...clients, neighbour]) await client.end();
  } finally {
    await node.stop();
  }
}, 30_000);
