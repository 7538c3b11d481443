import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { readBytesMax } from "./constants.js";
import { readingShared } from "./shared-reads.js";
import { eventually } from "./test-support.js";

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

test("bytes nobody listens for are taken and dropped: who is refused gets its reply, not a reset", async () => {
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
