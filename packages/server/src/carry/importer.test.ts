/** What an import does when leadership moves under it, in front of a real node. With real fail-overs: test/cluster. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dumpLibraries, RdbWriter, readLibraries } from "@redoubt/keyspace";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestNode, type TestClient, type TestNode } from "../gateway/test-support.js";
import { wholeRecordBytesMax } from "./constants.js";
import { importFile } from "./import-file.js";
import { emptyClusterOptions } from "./import-options.js";
import { LeaderLink } from "./leader-link.js";

const directory = mkdtempSync(join(tmpdir(), "redoubt-importer-"));
const path = join(directory, "one.rdb");
const large = "x".repeat(wholeRecordBytesMax + 1);
let node: TestNode;
let client: TestClient;
let door: Door;

beforeAll(async () => {
  node = await startTestNode();
  client = await node.client();
});
afterAll(async () => {
  await node?.stop();
  rmSync(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  await client.send("FLUSHALL");
  await client.send("FUNCTION", "FLUSH");
  door = new Door(node.port);
  await door.listen();
});
afterEach(() => door.close());

interface Answer {
  readonly word: string;
  readonly text: string;
  /** The node is told, too, and its reply is lost. */
  readonly passes: boolean;
}

/** The way to the node; one connection is answered as by a node that serves no more. */
class Door {
  port = 0;
  /** Given to the connection whose requests have that word first. */
  answer: Answer | null = null;
  /** Before it answers. */
  meanwhile: () => Promise<unknown> = async () => undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(nodePort: number) {
    this.#server = createServer((socket) => {
      const to = connect(nodePort, "127.0.0.1");
      for (const each of [socket, to]) {
        this.#sockets.add(each);
        each.on("error", () => each.destroy());
      }
      let answer: Answer | null = null;
      to.pipe(socket);
      socket.on("close", () => to.destroy());
      socket.on("data", async (chunk: Buffer) => {
        const isFirst = answer === null && timesIn(chunk, this.answer?.word) > 0;
        if (isFirst) {
          answer = this.answer;
          this.answer = null;
          to.unpipe(socket);
        }
        if (answer === null || answer.passes) to.write(chunk);
        if (isFirst) await this.meanwhile();
        socket.write(answer?.text.repeat(timesIn(chunk, answer.word)) ?? "");
      });
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

function timesIn(chunk: Buffer, word: string | undefined): number {
  return word === undefined ? 0 : chunk.toString("latin1").split(`\r\n${word}\r\n`).length - 1;
}

function fileOf(...keys: readonly (readonly [key: string, value: string])[]): void {
  const parts: Uint8Array[] = [];
  const writer = new RdbWriter({ write: (bytes) => parts.push(Buffer.from(bytes)) });
  for (const [key, value] of keys) writer.key(key, value, 0);
  writer.finish();
  writeFileSync(path, Buffer.concat(parts));
}

function fileOfLibrary(code: string): void {
  const parts: Uint8Array[] = [];
  const writer = new RdbWriter({ write: (bytes) => parts.push(Buffer.from(bytes)) });
  writer.library(code);
  writer.finish();
  writeFileSync(path, Buffer.concat(parts));
}

async function libraryThere(): Promise<string | undefined> {
  const payload = Buffer.from(await client.text("FUNCTION", "DUMP"), "latin1");
  const limits = { madeBytesMax: 1000, textBytesMax: 1000, librariesMax: 1 };
  return readLibraries(payload, limits).libraries?.get("l");
}

async function imported(replaces = false) {
  const link = new LeaderLink(`127.0.0.1:${door.port}`, { user: "", password: "" });
  try {
    const options = { ...emptyClusterOptions, intoExisting: true, replaces };
    const task = { path, bytes: 0, options, verify: true, report: () => {} };
    return (await importFile(link, task)).result;
  } finally {
    link.close();
  }
}

const moved = (): string => `-MOVED 0 127.0.0.1:${node.port}\r\n`;
const refused = expect.objectContaining({ code: "REFUSED" });

test.each([
  ["a key", "RESTORE", "file's"],
  ["a key that goes in pieces", "DEL", large],
])(
  "trap-37 %s that was certainly not written does not take the place of a client's",
  async (_, word, value) => {
    fileOf(["k", value]);
    door.answer = { word, text: moved(), passes: false };
    door.meanwhile = () => client.send("SET", "k", "acknowledged");
    await expect(imported()).rejects.toEqual(refused);
    expect(await client.text("GET", "k")).toBe("acknowledged");
  },
);

test("trap-37 nor do the others that were sent along with it", async () => {
  fileOf(["a", "1"], ["b", "2"], ["c", "3"]);
  door.answer = { word: "RESTORE", text: moved(), passes: false };
  door.meanwhile = () => client.send("SET", "c", "acknowledged");
  await expect(imported()).rejects.toEqual(refused);
  expect(await client.text("GET", "c")).toBe("acknowledged");
});

test.each([
  ["a key", "RESTORE", "file's"],
  ["a key that goes in pieces", "DEL", large],
])("trap-37 %s whose outcome nobody knows is written again", async (_, word, value) => {
  fileOf(["k", value]);
  door.answer = { word, text: "-INDETERMINATE\r\n", passes: true };
  expect(await imported()).toMatchObject({ keys: 1, repeated: 1 });
  expect(await client.text("GET", "k")).toBe(value);
});

test("trap-37 a library that was certainly not written does not take the place of a client's", async () => {
  const [code, other] = ["#!lua name=l\n-- file's", "#!lua name=l\n-- acknowledged"] as const;
  fileOfLibrary(code);
  door.answer = { word: "APPEND", text: moved(), passes: false };
  door.meanwhile = () => client.send("FUNCTION", "RESTORE", dumpLibraries([other], 1000)!);
  await expect(imported()).rejects.toThrow("Library l already exists");
  expect(await libraryThere()).toBe(other);
});

test("trap-37 a library whose outcome nobody knows is written again", async () => {
  const code = "#!lua name=l\n-- file's";
  fileOfLibrary(code);
  door.answer = { word: "APPEND", text: "-INDETERMINATE\r\n", passes: true };
  await imported();
  expect(await libraryThere()).toBe(code);
});
