/**
 * The decoder beside a real redis-server: for hostile and odd input both say the same bytes, and where Redis
 * closes, the decoder is dead at the very same byte. Skipped where redis-server is not installed.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeRequest } from "./encode-request.js";
import { OutputBuffer } from "./output-buffer.js";
import { protocolErrors } from "./protocol-errors.js";
import { ReplyWriter } from "./reply-writer.js";
import { RequestDecoder } from "./request-decoder.js";

const limits = { multibulkMax: 2 ** 31 - 1, bulkBytesMax: 512 * 2 ** 20, inlineBytesMax: 65_536 };
const password = "secret";
const installed = spawnSync("redis-server", ["--version"]).status === 0;

interface Outcome {
  /** All reply bytes, latin1. */
  readonly replies: string;
  /** Bytes after which the decoder gave up, or -1. */
  readonly deadAt: number;
  readonly requests: number;
}

/** The decoder with just enough of a server behind it: PING, ECHO, AUTH. */
function ours(input: Buffer, guarded: boolean, chunkBytes: number): Outcome {
  const reply = new ReplyWriter(new OutputBuffer());
  let deadAt = -1;
  let requests = 0;
  let pushed = 0;
  const decoder = new RequestDecoder(limits, {
    request(argv) {
      requests++;
      answer(reply, decoder, argv);
    },
    protocolError(text) {
      reply.error(text);
      deadAt = pushed;
    },
  });
  decoder.authenticated = !guarded;
  while (pushed < input.length) {
    const chunk = input.subarray(pushed, pushed + chunkBytes);
    pushed += chunk.length;
    decoder.push(chunk);
  }
  const bytes = reply.output.copy(0, reply.output.end);
  return { replies: Buffer.from(bytes).toString("latin1"), deadAt, requests };
}

function answer(reply: ReplyWriter, decoder: RequestDecoder, argv: readonly Buffer[]): void {
  const name = argv[0]!.toString("latin1").toUpperCase();
  if (name === "AUTH" && argv[1]?.toString() === password) {
    decoder.authenticated = true;
    reply.ok();
  } else if (!decoder.authenticated) reply.error("NOAUTH Authentication required.");
  else if (name === "PING" && argv.length === 1) reply.simple("PONG");
  else if ((name === "ECHO" || name === "PING") && argv.length === 2) reply.bulk(argv[1]!);
  else reply.error("ERR unknown command");
}

/** Redis's words for a command the little server above does not know are not compared. */
const comparable = (replies: string) =>
  replies.replace(/-ERR (unknown command|wrong number)[^\r]*\r\n/g, "-ERR unknown command\r\n");

/** Sends all, then closes its side unless Redis is expected to close; resolves when Redis has closed. */
function theirs(port: number, input: Buffer, awaitClose: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    let replies = "";
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      replies += text;
    });
    socket.on("error", reject);
    socket.on("end", () => {
      socket.destroy();
      resolve(replies);
    });
    if (awaitClose) socket.write(input);
    else socket.end(input);
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

class RedisServer {
  port = 0;
  private child: ChildProcess | undefined;
  private directory = "";

  async start(...options: string[]): Promise<void> {
    this.port = await freePort();
    this.directory = mkdtempSync(join(tmpdir(), "resp-"));
    const fixed = ["--bind", "127.0.0.1", "--save", "", "--dir", this.directory];
    const child = spawn("redis-server", ["--port", String(this.port), ...fixed, ...options]);
    this.child = child;
    await new Promise<void>((resolve, reject) => {
      let log = "";
      child.stdout.on("data", (bytes: Buffer) => {
        log += bytes.toString();
        if (log.includes("Ready to accept connections")) resolve();
      });
      child.on("exit", () => reject(new Error(`redis-server stopped: ${log}`)));
    });
  }

  async stop(): Promise<void> {
    const child = this.child;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.on("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    rmSync(this.directory, { recursive: true });
  }
}

const open = new RedisServer();
const guarded = new RedisServer();

const ping = "*1\r\n$4\r\nPING\r\n";
const manyA = (count: number) => "A".repeat(count);
const cases: Record<string, string> = {
  "a count beyond 2^32": "*4294967296\r\n",
  "a count of 2^31": "*2147483648\r\n",
  "a negative count": `*-5\r\n${ping}`,
  "the least negative count": `*-9223372036854775808\r\n${ping}`,
  "a negative count beyond 64 bits": "*-9223372036854775809\r\n",
  "a count of zero": `*0\r\n${ping}`,
  "a negative zero": "*-0\r\n",
  "a leading zero": "*01\r\n",
  "a plus sign": "*+1\r\n",
  "no count": "*\r\n",
  "letters as count": "*abc\r\n",
  "a space behind the count": "*1 \r\n",
  "200 000 nested arrays": "*1\r\n".repeat(200_000),
  "a bulk of 99 GB": "*1\r\n$99999999999\r\n",
  "a bulk beyond 64 bits": "*1\r\n$99999999999999999999\r\n",
  "a bulk one byte too large": "*1\r\n$536870913\r\n",
  "a null element": "*1\r\n$-1\r\n",
  "an integer element": "*1\r\n:5\r\n",
  "a simple string element": "*1\r\n+PING\r\n",
  "an array element": "*1\r\n*1\r\n$4\r\nPING\r\n",
  "an empty line as element": "*1\r\n\r\n",
  "a high byte as element": "*1\r\n\xff\xfe\r\n",
  "letters as bulk length": "*1\r\n$four\r\n",
  "a bulk without length": "*1\r\n$\r\n",
  "an empty bulk": "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
  "other bytes than LF behind the CR of a header": `*1\rX$4\rYPING\r\n${ping}`,
  "requests before the error": `${ping}PING\r\nECHO a\r\n*1\r\n$x\r\n${ping}`,
  "half a header": "*1",
  "half a bulk header": "*1\r\n$4",
  "half a bulk": "*2\r\n$4\r\nECHO\r\n$10\r\nabc",
  "a bulk whose end is missing": "*1\r\n$4\r\nPING",
  "a bulk with half its end": "*1\r\n$4\r\nPING\r",
  "100 KB without an end of line": manyA(100_000),
  "64 KiB of line": `ECHO ${manyA(65_529)}\r\n`,
  "a count that never ends": `*${"1".repeat(70_000)}`,
  "a bulk length that never ends": `*1\r\n$${"1".repeat(70_000)}`,
  "a bulk header that is none and never ends": `*1\r\n${manyA(70_000)}`,
  "a NUL in a count": `*1\0\r\n${manyA(70_000)}`,
  "a NUL in a bulk length": `*1\r\n$4\0\r\n${manyA(70_000)}`,
  "a NUL in an inline command": `ECHO a\0b\r\n${manyA(70_000)}`,
  "a NUL in an inline command, nothing more": "ECHO a\0b c\r\nPING\r\n",
  "empty lines": `\r\n\n  \r\n\t\n${ping}`,
  "line feeds alone": "PING\nECHO a\n",
  "two carriage returns": "PING\r\r\n",
  "a form feed before, a vertical tab inside": "\fECHO a\vb\r\n",
  "escapes in double quotes": 'ECHO "a\\x41\\xfF\\n\\r\\t\\b\\a\\q\\"\\x4g"\r\n',
  "escapes in single quotes": "ECHO 'a\\'b\\n\"'\r\n",
  "quotes inside a word": "ECHO a'b c'\r\n",
  "empty quotes": "ECHO ''\r\n",
  "an open double quote": 'ECHO "a\r\nPING\r\n',
  "an open single quote": "ECHO 'a\r\nPING\r\n",
  "an escaped last quote": 'ECHO "a\\"\r\n',
  "a word behind a quote": 'ECHO "a"b\r\n',
  "a vertical tab behind a quote": 'ECHO "a"\v\r\n',
  "an HTTP request": "OPTIONS / HTTP/1.1\r\nAccept: */*\r\n\r\n",
};
const strangers: Record<string, string> = {
  "ten arguments": encodeRequest(["MGET", ..."abcdefghi"]).toString("latin1"),
  "eleven arguments": encodeRequest(["MGET", ..."abcdefghij"]).toString("latin1"),
  "a bulk of 16 KiB": encodeRequest(["ECHO", manyA(16_384)]).toString("latin1"),
  "a bulk of more": "*2\r\n$4\r\nECHO\r\n$16385\r\n",
  "a bulk of far more": "*2\r\n$4\r\nECHO\r\n$99999999999\r\n",
  "AUTH and then a large bulk": `AUTH ${password}\r\n${encodeRequest(["ECHO", manyA(20_000)])}`,
};

async function compare(server: RedisServer, input: Buffer): Promise<Outcome> {
  const needsPassword = server === guarded;
  const exact = ours(input, needsPassword, 1);
  expect(ours(input, needsPassword, 16_384).replies).toBe(exact.replies);
  // Redis gets nothing behind the byte that killed the decoder: it must see the error there as well.
  const dead = exact.deadAt >= 0;
  const sent = dead ? input.subarray(0, exact.deadAt) : input;
  const replies = await theirs(server.port, sent, dead);
  expect(comparable(replies)).toBe(comparable(exact.replies));
  return exact;
}

describe.skipIf(!installed)("hostile bytes, compared with redis-server", () => {
  beforeAll(async () => {
    await open.start();
    await guarded.start("--requirepass", password);
  });
  afterAll(async () => {
    await open.stop();
    await guarded.stop();
  });

  test.each(Object.entries(cases))("%s", async (_name, text) => {
    await compare(open, Buffer.from(text, "latin1"));
  });

  test.each(Object.entries(strangers))("before AUTH: %s", async (_name, text) => {
    await compare(guarded, Buffer.from(text, "latin1"));
  });

  test("a connection that was not refused is still understood", async () => {
    const unfinished = Object.entries(cases).filter(([name]) => name.startsWith("half a bulk"));
    expect(unfinished.length).toBeGreaterThan(1);
    const rest = ["\r\nPING\r\nPING\r\n", "defghij\r\nPING\r\n"];
    for (const [i, [, text]] of unfinished.entries()) {
      const outcome = await compare(open, Buffer.from(text + rest[i]!, "latin1"));
      expect(outcome.requests).toBe(2);
    }
  });

  test("Differs from Redis: a bulk without CRLF behind it is refused, not passed over", async () => {
    const input = Buffer.from(`*1\r\n$4\r\nPINGxx${ping}`);
    expect(await theirs(open.port, input, false)).toBe("+PONG\r\n+PONG\r\n");
    const outcome = ours(input, false, input.length);
    expect(outcome.replies).toBe(`-${protocolErrors.bulkEnd}\r\n`);
    expect(outcome.deadAt).toBe(input.length);
  });

  test("random bytes near the protocol get the same answers", async () => {
    const fragment = fc.oneof(
      fc.constantFrom("*", "$", "\r\n", "\n", "-", ":", '"', "'", "\\x4", " ", "1", "\0"),
      fc.constantFrom("*1\r\n", "*2\r\n", "$4\r\nPING\r\n", "$4\r\nECHO\r\n", "$2\r\nab\r\n"),
      fc.constantFrom("PING\r\n", "ECHO ", "ab", "*-1\r\n", "$-1\r\n", "*0\r\n", "$0\r\n\r\n"),
      fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes).toString("latin1")),
    );
    const inputs = fc.sample(fc.array(fragment, { maxLength: 16 }), { numRuns: 500, seed: 41 });
    let refused = 0;
    let answered = 0;
    for (const fragments of inputs) {
      const input = Buffer.from(fragments.join(""), "latin1");
      // The one declared difference.
      if (ours(input, false, 1).replies.includes(protocolErrors.bulkEnd)) continue;
      const outcome = await compare(open, input);
      if (outcome.deadAt >= 0) refused++;
      else if (outcome.requests > 0) answered++;
    }
    // Canary: both kinds of outcome were compared.
    expect(refused).toBeGreaterThan(50);
    expect(answered).toBeGreaterThan(50);
  });
});
