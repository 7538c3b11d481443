import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LinkProxy, LinkStates } from "./link-proxy.js";
import { clearRule } from "./link-rule.js";

/** Milliseconds in which nothing may come; what must come is awaited however long it takes. */
const SILENCE_MS = 60;
const HOST = "127.0.0.1";

/** What the target has seen. A new one for each test: connections of an earlier one may still be ending. */
interface Seen {
  text: string;
  /** The dialer's end has arrived. */
  isEnded: boolean;
  readonly accepted: Socket[];
}

let states: LinkStates;
let proxy: LinkProxy;
let server: Server;
let seen: Seen;
let port: number;

beforeEach(async () => {
  const own: Seen = { text: "", isEnded: false, accepted: [] };
  seen = own;
  server = createServer({ allowHalfOpen: true }, (socket) => {
    own.accepted.push(socket);
    socket.setEncoding("utf8").on("data", (text: string) => {
      own.text += text;
      socket.write(text.toUpperCase());
    });
    socket.on("end", () => {
      own.isEnded = true;
      socket.end();
    });
    socket.on("error", () => {});
  });
  server.listen(0, HOST);
  await once(server, "listening");
  states = new LinkStates();
  const [there, back] = [states.of({ from: 1, to: 2 }), states.of({ from: 2, to: 1 })];
  proxy = new LinkProxy(there, back, Math.random);
  port = await proxy.listen(HOST, (server.address() as AddressInfo).port);
});

afterEach(() => {
  proxy.close();
  server.close();
});

async function dialled(): Promise<{ socket: Socket; text: () => string }> {
  const socket = connect(port, HOST);
  socket.on("error", () => {});
  let text = "";
  socket.setEncoding("utf8").on("data", (more: string) => {
    text += more;
  });
  await once(socket, "connect");
  return { socket, text: () => text };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const silence = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
const cut = { ...clearRule, cut: true };

test("bytes and ends pass in both directions", async () => {
  const { socket, text } = await dialled();
  socket.write("hello");
  await until(() => text() === "HELLO");
  socket.end();
  await once(socket, "close");
  expect(seen.isEnded).toBe(true);
});

test("a cut lets nothing pass in its direction, keeps both ends open, and loses nothing", async () => {
  const { socket, text } = await dialled();
  socket.write("a");
  await until(() => text() === "A");
  states.of({ from: 1, to: 2 }).set(cut);
  socket.write("b");
  seen.accepted[0]!.write("still heard");
  await until(() => text() === "Astill heard");
  await silence();
  expect(seen.text).toBe("a");
  expect(socket.closed).toBe(false);
  expect(seen.accepted[0]!.closed).toBe(false);
  states.of({ from: 1, to: 2 }).set(clearRule);
  await until(() => seen.text === "ab" && text().endsWith("B"));
});

test("neither side learns through a cut that the other is gone", async () => {
  const { socket, text } = await dialled();
  socket.write("a");
  await until(() => text() === "A");
  states.of({ from: 1, to: 2 }).set(cut);
  states.of({ from: 2, to: 1 }).set(cut);
  socket.destroy();
  await silence();
  expect(seen.isEnded).toBe(false);
  expect(seen.accepted[0]!.closed).toBe(false);
  states.of({ from: 1, to: 2 }).set(clearRule);
  states.of({ from: 2, to: 1 }).set(clearRule);
  await once(seen.accepted[0]!, "close");
});

test("while one direction is cut no connection reaches the target", async () => {
  states.of({ from: 2, to: 1 }).set(cut);
  const { socket, text } = await dialled();
  socket.write("a");
  await silence();
  expect(seen.accepted).toEqual([]);
  states.of({ from: 2, to: 1 }).set(clearRule);
  await until(() => text() === "A");
  socket.destroy();
});

test("a delayed, jittery or narrow link keeps order and loses nothing", async () => {
  const link = states.of({ from: 1, to: 2 });
  link.set({ ...clearRule, delayMs: 5, jitterMs: 5, bitsPerSecond: 4_000_000 });
  const { socket } = await dialled();
  const words = Array.from({ length: 200 }, (_, at) => `word ${at};`);
  for (const word of words) socket.write(word);
  socket.end();
  await until(() => seen.isEnded);
  expect(seen.text).toBe(words.join(""));
});

test("a link gives bytes back only after its rate and its delay", () => {
  const link = states.of({ from: 1, to: 2 });
  link.set({ ...clearRule, bitsPerSecond: 8_000, delayMs: 100 });
  expect(link.dueMs(1_000, 0, Math.random)).toBe(1_100);
  expect(link.dueMs(1_000, 500, Math.random)).toBe(2_100);
  expect(link.dueMs(0, 5_000, Math.random)).toBe(5_100);
});
