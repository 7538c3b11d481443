/** Libraries of functions beside a real redis-server: each side's payloads are restored by the other. */

import { errors, LIBRARIES_BYTES_MAX, LIBRARIES_MAX } from "@redoubt/commands";
import { crc64, dumpLibraries } from "@redoubt/keyspace";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { RedisServer, redisVersion } from "./support/redis-server.js";
import { Subject } from "./support/subject.js";

const comparable = redisVersion()?.startsWith("7.0.") ?? false;

type Argument = string | Buffer;

const OK = "+OK\r\n";

function library(name: string, result = 1): string {
  return `#!lua name=${name}\nredis.register_function('f_${name}', function() return ${result} end)`;
}

function payloadOf(...codes: string[]): Buffer {
  return dumpLibraries(codes, 2 * LIBRARIES_BYTES_MAX)!;
}

/** The text of a bulk reply. */
function bulk(reply: Buffer): Buffer {
  return Buffer.from(reply.subarray(reply.indexOf("\n") + 1, -2));
}

/** A payload of that body, with a footer that is right. */
function footed(body: Buffer): Buffer {
  const payload = Buffer.concat([body, Buffer.alloc(10)]);
  payload.writeUInt16LE(10, body.length);
  const { low, high } = crc64(payload, payload.length - 8);
  payload.writeUInt32LE(low, payload.length - 8);
  payload.writeUInt32LE(high, payload.length - 4);
  return payload;
}

function flipped(payload: Buffer): Buffer {
  payload[payload.length - 1]! ^= 1;
  return payload;
}

describe.skipIf(!comparable)("libraries like redis-server's (skipped without 7.0)", () => {
  let redis: RedisServer;
  let subject: Subject;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(async () => {
    await redis.stop();
  });

  beforeEach(async () => {
    subject = new Subject(Math.random);
    await theirs("FUNCTION", "FLUSH");
  });

  async function theirs(...argv: Argument[]): Promise<Buffer> {
    const [reply] = await redis.pipeline([argv]);
    return reply!;
  }

  function ours(...argv: Argument[]): Buffer {
    const request = argv.map((argument) =>
      typeof argument === "string" ? Buffer.from(argument, "latin1") : argument,
    );
    return subject.execute(request, Date.now());
  }

  async function same(...argv: Argument[]): Promise<string> {
    const reply = ours(...argv).toString("latin1");
    expect(reply).toBe((await theirs(...argv)).toString("latin1"));
    return reply;
  }

  async function listed(): Promise<string[]> {
    const reply = (await theirs("FUNCTION", "LIST", "WITHCODE")).toString("latin1");
    return reply.split("\r\n").toSorted();
  }

  test("dumped by either are restored by the other, and run there", async () => {
    const long = `${library("long", 3)}\n${"-- packed when it is dumped\n".repeat(50)}`;
    for (const code of [library("a"), library("b_2", 2), long]) {
      expect((await theirs("FUNCTION", "LOAD", code)).toString()).toMatch(/^\$/);
    }
    const before = await listed();
    expect(ours("FUNCTION", "RESTORE", bulk(await theirs("FUNCTION", "DUMP"))).toString()).toBe(OK);
    expect(subject.keyspace.libraries.get("long")).toBe(long);
    subject.commit(Date.now());
    expect(subject.follower.libraries.size).toBe(3);
    const payload = bulk(ours("FUNCTION", "DUMP"));
    expect((await theirs("FUNCTION", "RESTORE", payload, "FLUSH")).toString()).toBe(OK);
    expect(await listed()).toEqual(before);
    expect((await theirs("FCALL", "f_long", "0")).toString()).toBe(":3\r\n");
  });

  test("are appended, replaced or flushed as it is asked for", async () => {
    expect(await same("FUNCTION", "RESTORE", payloadOf(library("a"), library("b")))).toBe(OK);
    expect(await same("FUNCTION", "RESTORE", payloadOf(library("a")))).toMatch(/^-ERR Library/);
    await same("FUNCTION", "RESTORE", payloadOf(library("c"), library("a")), "append");
    expect(await same("FUNCTION", "DELETE", "c")).toMatch(/^-ERR/);
    expect(await same("FUNCTION", "RESTORE", payloadOf(library("a", 9)), "Replace")).toBe(OK);
    expect(subject.keyspace.libraries.get("a")).toBe(library("a", 9));
    expect(subject.keyspace.libraries.size).toBe(2);
    await same("FLUSHALL");
    expect(await same("FUNCTION", "RESTORE", payloadOf(library("d")), "FLUSH")).toBe(OK);
    expect(await same("FUNCTION", "DELETE", "a")).toMatch(/^-ERR/);
    expect(await same("FUNCTION", "DELETE", "d")).toBe(OK);
    expect(await same("FUNCTION", "DUMP")).toMatch(/^\$10\r\n/);
    expect(await same("FUNCTION", "RESTORE", payloadOf())).toBe(OK);
  });

  test("whose function moves from one to the other are replaced together", async () => {
    const moved = (name: string, f: string) =>
      `#!lua name=${name}\nredis.register_function('${f}', function() return 1 end)`;
    await same("FUNCTION", "RESTORE", payloadOf(moved("a", "one"), moved("b", "two")));
    await same("FUNCTION", "RESTORE", payloadOf(moved("a", "two"), moved("b", "one")), "REPLACE");
    expect(subject.keyspace.libraries.get("a")).toBe(moved("a", "two"));
  });

  test.each([
    "return 1",
    "",
    "#",
    "#!",
    "#!\n",
    "#! name=a\n",
    "#!lua\n",
    "#!lua name=a",
    "#!lua name=\n",
    "#!lua name=a-b\n",
    "#!lua name=a name=b\n",
    "#!lua name=a NAME=a\n",
    "#!lua other=1 name=a\n",
    "#!lua name\n",
    "#!js name=a\n",
    '#!lua "name=a\n',
    '#!lua "name=a"b\n',
    "#!lua 'name=\\'a'\n",
    "#!lua name=a\0b\n",
    "#!lua\0 name=a\n",
  ])("with a first line that says no name are refused alike: %j", async (code) => {
    expect(await same("FUNCTION", "RESTORE", payloadOf(code))).toMatch(/^-ERR/);
  });

  test("Differs from Redis: a library that is no program is kept, and refused where it is run", async () => {
    const payload = payloadOf("#!lua name=a\nthis is no program", library("b"));
    expect(ours("FUNCTION", "RESTORE", payload).toString()).toBe(OK);
    expect((await theirs("FUNCTION", "RESTORE", payload)).toString()).toMatch(/^-ERR/);
    const again = payloadOf(library("c").replace("f_c", "f_b"));
    expect(ours("FUNCTION", "RESTORE", again).toString()).toBe(OK);
    await theirs("FUNCTION", "LOAD", library("b"));
    expect((await theirs("FUNCTION", "RESTORE", again)).toString()).toMatch(/already exists/);
  });

  test("in a payload that is none are refused alike", async () => {
    const body = payloadOf(library("a")).subarray(0, -10);
    const wrong = [
      Buffer.alloc(0),
      Buffer.from("x"),
      flipped(payloadOf(library("a"))),
      footed(Buffer.concat([Buffer.of(0), body.subarray(1)])),
      footed(Buffer.concat([body, body])),
      footed(Buffer.concat([body, Buffer.of(1)])),
      // A text of 60 bytes, of which there is one.
      footed(Buffer.of(245, 60, 35)),
    ];
    for (const payload of wrong) {
      expect(await same("FUNCTION", "RESTORE", payload)).toMatch(/^-ERR/);
    }
    // 7.0 still looks for what its own release candidates wrote.
    const old = footed(Buffer.concat([Buffer.of(246), body.subarray(1)]));
    const reply = ours("FUNCTION", "RESTORE", old).toString();
    expect(reply).toBe("-ERR Pre-GA function format not supported\r\n");
    expect((await theirs("FUNCTION", "RESTORE", old)).toString()).toMatch(/^-ERR/);
    expect(subject.keyspace.libraries.size).toBe(0);
  });

  test("asked for with other words are refused alike", async () => {
    const requests = [
      "FUNCTION",
      "FUNCTION DELETE",
      "FUNCTION DELETE a",
      "FUNCTION DELETE a b",
      "FUNCTION DUMP a",
      "FUNCTION FLUSH NOW",
      "FUNCTION FLUSH SYNC SYNC",
      "FUNCTION RESTORE",
      "FUNCTION RESTORE x",
      "FUNCTION RESTORE x NEVER",
      "FUNCTION RESTORE x FLUSH FLUSH",
      "FUNCTION NOSUCH",
    ];
    for (const request of requests) {
      expect(await same(...request.split(" ")), request).toMatch(/^-/);
    }
    for (const request of ["FUNCTION FLUSH", "FUNCTION FLUSH ASYNC", "FUNCTION FLUSH sync"]) {
      expect(await same(...request.split(" "))).toBe(OK);
    }
  });
});

describe("libraries are bounded", () => {
  function restore(subject: Subject, payload: Buffer, policy: string): string {
    const request = ["FUNCTION", "RESTORE", payload, policy].map((each) => Buffer.from(each));
    return subject.execute(request, Date.now()).toString("latin1");
  }

  test("in number, those that are replaced not counted twice", () => {
    const subject = new Subject(Math.random);
    const names = Array.from({ length: LIBRARIES_MAX }, (_, i) => library(`l${i}`));
    expect(restore(subject, payloadOf(...names), "APPEND")).toBe(OK);
    expect(restore(subject, payloadOf(...names), "REPLACE")).toBe(OK);
    const refused = `-${errors.librariesTooMany}\r\n`;
    for (const policy of ["APPEND", "REPLACE"]) {
      expect(restore(subject, payloadOf(library("more")), policy)).toBe(refused);
    }
    expect(subject.keyspace.libraries.size).toBe(LIBRARIES_MAX);
    expect(restore(subject, payloadOf(library("more")), "FLUSH")).toBe(OK);
    expect(subject.keyspace.libraries.size).toBe(1);
  });

  test("in bytes of all sources together", () => {
    const subject = new Subject(Math.random);
    const half = (name: string) => library(name).padEnd(LIBRARIES_BYTES_MAX / 2, " ");
    expect(restore(subject, payloadOf(half("a")), "APPEND")).toBe(OK);
    expect(restore(subject, payloadOf(half("b")), "APPEND")).toBe(OK);
    expect(restore(subject, payloadOf(library("c")), "APPEND")).toBe(
      `-${errors.librariesTooLarge}\r\n`,
    );
    expect(restore(subject, payloadOf(half("b")), "REPLACE")).toBe(OK);
    expect(subject.keyspace.libraries.codeBytes).toBe(LIBRARIES_BYTES_MAX);
  });
});
