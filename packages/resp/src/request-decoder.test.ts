import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inlineBytesMaxDefault, multibulkMaxDefault } from "./constants.js";
import { encodeRequest } from "./encode-request.js";
import { RequestDecoder } from "./request-decoder.js";
import type { DecoderLimits } from "./request-scanner.js";

const defaults: DecoderLimits = {
  multibulkMax: multibulkMaxDefault,
  bulkBytesMax: 512 * 1024 * 1024,
  inlineBytesMax: inlineBytesMaxDefault,
};

/** A decoder with what came out of it. Arguments are kept as latin1: they are valid for the turn only. */
function recorder(limits: DecoderLimits = defaults, authenticated = true) {
  const requests: string[][] = [];
  const errors: string[] = [];
  const decoder = new RequestDecoder(limits, {
    request: (argv) => requests.push(argv.map((argument) => argument.toString("latin1"))),
    protocolError: (text) => errors.push(text),
  });
  decoder.authenticated = authenticated;
  /** Each chunk is overwritten afterwards, as a reused read buffer would be: what is kept must be a copy. */
  const push = (bytes: string | Uint8Array) => {
    const chunk = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : Buffer.from(bytes);
    decoder.push(chunk);
    chunk.fill("#");
  };
  return { decoder, requests, errors, push };
}

function pushCut(push: (bytes: Uint8Array) => void, bytes: Buffer, cuts: readonly number[]): void {
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    const to = Math.max(from, Math.min(cut, bytes.length));
    push(bytes.subarray(from, to));
    from = to;
  }
}

describe("RequestDecoder", () => {
  test("arrays, inline lines and empty requests may follow each other", () => {
    const r = recorder();
    r.push("*2\r\n$4\r\nECHO\r\n$0\r\n\r\n\r\nPING 'a b'\n*0\r\n*-5\r\n  \r\n*1\r\n$4\r\nPING\r\n");
    expect(r.requests).toEqual([["ECHO", ""], ["PING", "a b"], ["PING"]]);
    expect([r.errors, r.decoder.pendingBytes]).toEqual([[], 0]);
  });

  test("requests before a protocol error are handed out, nothing after it", () => {
    const r = recorder();
    r.push("PING\r\n*1\r\n:5\r\nPING\r\n");
    r.push("PING\r\n");
    expect(r.requests).toEqual([["PING"]]);
    expect(r.errors).toEqual(["ERR Protocol error: expected '$', got ':'"]);
    expect(r.decoder.pendingBytes).toBe(0);
  });

  test("limits of strangers end with the request that authenticates, also inside one chunk", () => {
    const many = encodeRequest(["DEL", ..."abcdefghijk"]);
    const requests: Buffer[][] = [];
    const errors: string[] = [];
    const decoder = new RequestDecoder(defaults, {
      request(argv) {
        requests.push(argv);
        if (argv[0]!.toString() === "AUTH") decoder.authenticated = true;
      },
      protocolError: (text) => errors.push(text),
    });
    decoder.push(Buffer.concat([encodeRequest(["AUTH", "secret"]), many]));
    expect([requests.length, errors]).toEqual([2, []]);

    const stranger = recorder(defaults, false);
    stranger.push(many);
    expect(stranger.errors).toEqual(["ERR Protocol error: unauthenticated multibulk length"]);
    const large = recorder(defaults, false);
    large.push(encodeRequest(["AUTH", Buffer.alloc(16 * 1024)]));
    large.push(encodeRequest(["AUTH", Buffer.alloc(16 * 1024 + 1)]));
    expect(large.requests.length).toBe(1);
    expect(large.errors).toEqual(["ERR Protocol error: unauthenticated bulk length"]);
  });

  test("limits are read anew for every request", () => {
    const limits = { ...defaults, bulkBytesMax: 4 };
    const r = recorder(limits);
    r.push(encodeRequest(["PING", "1234"]));
    limits.bulkBytesMax = 3;
    r.push(encodeRequest(["GET", "1234"]));
    expect(r.requests).toEqual([["PING", "1234"]]);
    expect(r.errors).toEqual(["ERR Protocol error: invalid bulk length"]);
    const narrow = recorder({ ...defaults, multibulkMax: 2 });
    narrow.push("*2\r\n$1\r\na\r\n$1\r\nb\r\n*3\r\n");
    expect(narrow.requests).toEqual([["a", "b"]]);
    expect(narrow.errors).toEqual(["ERR Protocol error: invalid multibulk length"]);
  });

  test("bulks are binary: line ends and headers inside them mean nothing", () => {
    const r = recorder();
    const argv = ["SET", "\r\n*1\r\n$4\r\nPING\r\n", "\0\xff\r"];
    r.push(encodeRequest(argv.map((a) => Buffer.from(a, "latin1"))));
    expect(r.requests).toEqual([argv]);
  });

  test("an exception of its owner passes through and the decoder refuses to go on", () => {
    const decoder = new RequestDecoder(defaults, {
      request() {
        throw new Error("owner's");
      },
      protocolError() {},
    });
    expect(() => decoder.push(Buffer.from("PING\r\n"))).toThrow("owner's");
    expect(() => decoder.push(Buffer.from("PING\r\n"))).toThrow("after one of them threw");
  });

  test("trap-36 requests of connections that arrive interleaved in pieces never mix", () => {
    const both = [recorder(), recorder()];
    const bytes = both.map((_, i) => encodeRequest(["SET", `key${i}`, `${i}`.repeat(300)]));
    for (let at = 0; at < bytes[0]!.length; at += 7) {
      both.forEach((r, i) => {
        r.push(bytes[i]!.subarray(at, at + 7));
      });
    }
    both.forEach((r, i) => {
      expect(r.requests).toEqual([["SET", `key${i}`, `${i}`.repeat(300)]]);
    });
  });
});

describe("RequestDecoder: cut anywhere", () => {
  const latin1 = fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b).toString("latin1"));
  const large = fc
    .record({ byte: fc.constantFrom("a", "\r", "\n", "$"), length: fc.nat(20_000) })
    .map(({ byte, length }) => byte.repeat(length));
  const argument = fc.oneof({ weight: 9, arbitrary: latin1 }, { weight: 1, arbitrary: large });
  const array = fc
    .array(argument, { minLength: 1, maxLength: 6 })
    .map((argv) => ({ argv, bytes: encodeRequest(argv.map((a) => Buffer.from(a, "latin1"))) }));
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  const inline = fc
    .record({ words: fc.array(word, { maxLength: 4 }), end: fc.constantFrom("\n", "\r\n") })
    .map(({ words, end }) => ({ argv: words, bytes: Buffer.from(words.join(" ") + end) }));
  const empty = fc
    .constantFrom("*0\r\n", "*-1\r\n", "\r\n")
    .map((text) => ({ argv: [] as string[], bytes: Buffer.from(text) }));
  const pipeline = fc.array(fc.oneof({ weight: 4, arbitrary: array }, inline, empty), {
    minLength: 1,
    maxLength: 12,
  });
  const cuts = fc
    .array(fc.nat(30_000), { maxLength: 40 })
    .map((list) => list.sort((a, b) => a - b));

  test("a pipeline gives the same requests however it is cut", () => {
    fc.assert(
      fc.property(pipeline, cuts, (items, at) => {
        const bytes = Buffer.concat(items.map((item) => item.bytes));
        const expected = items.map((item) => item.argv).filter((argv) => argv.length > 0);
        const r = recorder();
        pushCut(r.push, bytes, at);
        expect(r.errors).toEqual([]);
        expect(r.requests).toEqual(expected);
        expect(r.decoder.pendingBytes).toBe(0);
      }),
      { numRuns: 400, seed: 17 },
    );
  });

  /** Bytes that come close to the protocol much more often than chance. */
  const fragment = fc.oneof(
    fc.constantFrom("*", "$", "\r\n", "\r", "\n", "-", ":", "+", '"', "'", "\\x", "\0", " "),
    fc.constantFrom("*1\r\n", "*2\r\n", "$1\r\n", "$3\r\nabc\r\n", "$0\r\n\r\n", "PING\r\n"),
    fc.constantFrom("*4294967296\r\n", "$99999999999\r\n", "*-5\r\n", "*01\r\n", "*1\r\n*1\r\n"),
    fc.uint8Array({ maxLength: 6 }).map((b) => Buffer.from(b).toString("latin1")),
  );
  const hostile = fc
    .array(fragment, { maxLength: 30 })
    .map((fragments) => Buffer.from(fragments.join(""), "latin1"));

  test("hostile bytes never throw, keep no more than was sent, and mean the same however cut", () => {
    let failures = 0;
    let decoded = 0;
    fc.assert(
      fc.property(hostile, cuts, (bytes, at) => {
        const limits = { ...defaults, inlineBytesMax: 64 };
        const whole = recorder(limits);
        whole.push(bytes);
        const cut = recorder(limits);
        pushCut(
          cut.push,
          bytes,
          at.map((position) => position % (bytes.length + 1)).sort((a, b) => a - b),
        );
        expect(cut.requests).toEqual(whole.requests);
        expect(cut.errors).toEqual(whole.errors);
        expect(cut.decoder.pendingBytes).toBe(whole.decoder.pendingBytes);
        expect(whole.decoder.pendingBytes).toBeLessThanOrEqual(bytes.length);
        expect(whole.errors.length).toBeLessThanOrEqual(1);
        failures += whole.errors.length;
        decoded += whole.requests.length;
      }),
      { numRuns: 3000, seed: 23 },
    );
    // Canary: the generator reaches both outcomes.
    expect(failures).toBeGreaterThan(100);
    expect(decoded).toBeGreaterThan(100);
  });
});

// Each of these takes minutes, and so fails, when the work is quadratic in what was sent.
describe("RequestDecoder: slow and large senders cost linear time", () => {
  test("a request of 100 000 arguments, a few bytes at a time", () => {
    const argv = Array.from({ length: 100_000 }, (_, i) => String(i));
    const bytes = encodeRequest(argv);
    const r = recorder();
    for (let at = 0; at < bytes.length; at += 5) r.push(bytes.subarray(at, at + 5));
    expect(r.requests.length).toBe(1);
    expect(r.requests[0]).toEqual(argv);
  });

  test("a bulk of 64 MiB in chunks of a socket", () => {
    const value = Buffer.alloc(64 * 1024 * 1024, "v");
    const bytes = encodeRequest(["SET", "k", value]);
    let same = false;
    const decoder = new RequestDecoder(defaults, {
      request(argv) {
        same = argv[2]!.equals(value);
      },
      protocolError() {},
    });
    decoder.authenticated = true;
    for (let at = 0; at < bytes.length; at += 65_536) decoder.push(bytes.subarray(at, at + 65_536));
    expect(same).toBe(true);
  });

  test("a bulk of 512 KiB and a line of 64 KiB, a byte at a time", () => {
    const r = recorder();
    const value = "x".repeat(512 * 1024);
    for (const byte of encodeRequest(["SET", "k", value])) r.push(Buffer.of(byte));
    const word = "w".repeat(inlineBytesMaxDefault);
    for (const byte of Buffer.from(`${word}\n`)) r.push(Buffer.of(byte));
    expect(r.requests).toEqual([["SET", "k", value], [word]]);
  });

  test("100 MB without an end of line keeps less than 1 MiB and is refused at the line limit", () => {
    for (const first of ["A", "*1", "*1\r\n$1", "*1\0"]) {
      const r = recorder();
      r.push(first);
      const chunk = Buffer.alloc(50_000, "A");
      let most = 0;
      for (let sent = 0; sent < 100_000_000; sent += chunk.length) {
        r.decoder.push(chunk);
        most = Math.max(most, r.decoder.pendingBytes);
      }
      expect(r.errors.length).toBe(1);
      expect(r.errors[0]).toContain("too big");
      expect(most).toBeLessThan(1024 * 1024);
    }
  });
});
