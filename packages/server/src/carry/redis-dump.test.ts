/** Answers to PSYNC that redis-server gives seldom, or no more: it itself is asked in test/cluster/import.test.ts. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { dumpRedis } from "./redis-dump.js";

const directory = mkdtempSync(join(tmpdir(), "redoubt-dump-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let server: Server | null = null;
afterEach(() => server?.close());

const mark = "0123456789abcdef0123456789abcdef01234567";
const hello = ["PONG", "OK"];

/** Answers one request after the other with these bytes, a few at a time, then closes. */
async function dumped(answers: readonly string[], password = "") {
  const asked: string[] = [];
  const listening = createServer((socket) => {
    let next = 0;
    socket.on("error", () => {});
    socket.on("data", async (chunk) => {
      asked.push(chunk.toString("latin1").split("\r\n")[2] ?? "");
      const answer = Buffer.from(answers[next++] ?? "", "latin1");
      for (let at = 0; at < answer.length; at += 7) {
        await new Promise((resolve) => setImmediate(resolve));
        socket.write(answer.subarray(at, at + 7));
      }
      if (next === answers.length) socket.end();
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const address = `127.0.0.1:${(listening.address() as AddressInfo).port}`;
  const path = join(directory, `dump-${Math.random()}`);
  const file = await open(path, "wx");
  try {
    const source = { address, user: "", password, database: null };
    const bytes = await dumpRedis(source, file, () => {});
    return { bytes, text: readFileSync(path, "latin1"), asked };
  } finally {
    await file.close();
  }
}

const resync = "+FULLRESYNC 8de1787ba490483314a4d30f1c628bc5025eb761 0\r\n";

test("a dump of a known length ends there, whatever follows", async () => {
  const answers = [
    ...hello.map((text) => `+${text}\r\n`),
    `${resync}\n\n$9\r\nREDIS0011*1\r\n$4\r\nPING\r\n`,
  ];
  expect(await dumped(answers)).toMatchObject({ bytes: 9, text: "REDIS0011" });
});

test("a dump of an unknown length ends with its mark, in whatever pieces it comes", async () => {
  const data = `REDIS0011${mark.slice(0, 39)}x${"y".repeat(500)}`;
  const answers = [
    ...hello.map((text) => `+${text}\r\n`),
    `${resync}\n$EOF:${mark}\r\n${data}${mark}`,
  ];
  expect(await dumped(answers)).toMatchObject({ bytes: data.length, text: data });
});

test("one that knows neither REPLCONF nor PSYNC is asked by SYNC; a password comes first", async () => {
  const answers = [
    "+OK\r\n",
    "+PONG\r\n",
    "-ERR unknown command 'REPLCONF'\r\n",
    "-ERR unknown command 'PSYNC'\r\n",
    "\n\n$3\r\nabc",
  ];
  const { text, asked } = await dumped(answers, "secret");
  expect(text).toBe("abc");
  expect(asked).toEqual(["AUTH", "PING", "REPLCONF", "PSYNC", "SYNC"]);
});

test.each<[string, string[], string]>([
  ["a refused password", ["-WRONGPASS no\r\n"], "ERROR_REPLY"],
  ["NOAUTH", ["-NOAUTH Authentication required.\r\n"], "ERROR_REPLY"],
  ["no master", ["+PONG\r\n", "+OK\r\n", "-NOMASTERLINK wait\r\n"], "ERROR_REPLY"],
  ["another protocol", ["HTTP/1.1 400 Bad Request\r\n"], "NOT_UNDERSTOOD"],
  ["a partial resync", ["+PONG\r\n", "+OK\r\n", "+CONTINUE\r\n"], "NOT_UNDERSTOOD"],
  ["no dump", ["+PONG\r\n", "+OK\r\n", `${resync}$x\r\n`], "NOT_UNDERSTOOD"],
  ["an end before its length", ["+PONG\r\n", "+OK\r\n", `${resync}$10\r\nREDIS`], "UNREACHABLE"],
  [
    "an end before its mark",
    ["+PONG\r\n", "+OK\r\n", `${resync}$EOF:${mark}\r\nab`],
    "UNREACHABLE",
  ],
])("%s is no dump", async (name, answers, code) => {
  const password = name === "a refused password" ? "wrong" : "";
  await expect(dumped(answers, password)).rejects.toThrow(expect.objectContaining({ code }));
});
