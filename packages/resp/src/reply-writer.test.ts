import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  joinedCountMin,
  joinedTextMax,
  loopCharactersMax,
  referenceBytesMin,
} from "./constants.js";
import { OutputBuffer } from "./output-buffer.js";
import { ReplyWriter } from "./reply-writer.js";

function written(protocol: 2 | 3, write: (reply: ReplyWriter) => void): string {
  const reply = new ReplyWriter(new OutputBuffer());
  reply.protocol = protocol;
  write(reply);
  return Buffer.from(reply.output.copy(0, reply.output.end)).toString("latin1");
}

describe("ReplyWriter", () => {
  const replies: [string, (reply: ReplyWriter) => void, string, string][] = [
    ["ok", (r) => r.ok(), "+OK\r\n", "+OK\r\n"],
    ["simple", (r) => r.simple("PONG"), "+PONG\r\n", "+PONG\r\n"],
    ["error", (r) => r.error("ERR no"), "-ERR no\r\n", "-ERR no\r\n"],
    ["integer", (r) => r.integer(-42), ":-42\r\n", ":-42\r\n"],
    ["bulk", (r) => r.bulk("a\r\nb"), "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"],
    ["empty bulk", (r) => r.bulk(""), "$0\r\n\r\n", "$0\r\n\r\n"],
    ["bytes", (r) => r.bulk(Buffer.from([0, 255])), "$2\r\n\0\xff\r\n", "$2\r\n\0\xff\r\n"],
    ["utf8", (r) => r.bulkUtf8("é"), "$2\r\n\xc3\xa9\r\n", "$2\r\n\xc3\xa9\r\n"],
    ["null", (r) => r.null(), "$-1\r\n", "_\r\n"],
    ["nullArray", (r) => r.nullArray(), "*-1\r\n", "_\r\n"],
    ["array", (r) => r.array(12), "*12\r\n", "*12\r\n"],
    ["map", (r) => r.map(3), "*6\r\n", "%3\r\n"],
    ["set", (r) => r.set(3), "*3\r\n", "~3\r\n"],
    ["push", (r) => r.push(3), "*3\r\n", ">3\r\n"],
    ["double", (r) => r.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n"],
    ["infinity", (r) => r.double(Number.NEGATIVE_INFINITY), "$4\r\n-inf\r\n", ",-inf\r\n"],
    ["not a number", (r) => r.double(Number.NaN), "$3\r\nnan\r\n", ",nan\r\n"],
    ["true", (r) => r.boolean(true), ":1\r\n", "#t\r\n"],
    ["false", (r) => r.boolean(false), ":0\r\n", "#f\r\n"],
    ["verbatim", (r) => r.verbatim("txt", "é"), "$2\r\n\xc3\xa9\r\n", "=6\r\ntxt:\xc3\xa9\r\n"],
    ["raw string", (r) => r.raw(":1\r\n\xff"), ":1\r\n\xff", ":1\r\n\xff"],
    ["raw bytes", (r) => r.raw(Buffer.from(":1\r\n")), ":1\r\n", ":1\r\n"],
  ];

  test.each(replies)("%s", (_name, write, resp2, resp3) => {
    expect(written(2, write)).toBe(resp2);
    expect(written(3, write)).toBe(resp3);
  });

  test("line ends inside a status or an error become spaces, also those a wide character would leave", () => {
    expect(written(2, (r) => r.error("ERR a\r\n+OK"))).toBe("-ERR a  +OK\r\n");
    expect(written(2, (r) => r.simple("a\u010d\u010ab\xff"))).toBe("+a??b\xff\r\n");
  });

  test("integers print exactly up to 64 bits", () => {
    const limits = [0, 9, 10, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), Number.MAX_SAFE_INTEGER];
    for (const value of limits) {
      expect(written(2, (r) => r.integer(value))).toBe(`:${value}\r\n`);
      expect(written(2, (r) => r.integer(-value))).toBe(`:${value === 0 ? 0 : -value}\r\n`);
    }
    expect(written(2, (r) => r.integer(-(2n ** 63n)))).toBe(":-9223372036854775808\r\n");
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.maxSafeInteger()), (value) => {
        expect(written(2, (r) => r.integer(value))).toBe(`:${value}\r\n`);
        expect(written(2, (r) => r.integer(BigInt(value)))).toBe(`:${value}\r\n`);
      }),
      { numRuns: 500, seed: 3 },
    );
  });

  test("what is no exact integer is a broken invariant, and nothing of it is written", () => {
    for (const value of [1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY, 2n ** 70n]) {
      const reply = new ReplyWriter(new OutputBuffer());
      expect(() => reply.integer(value)).toThrow("integer");
      expect(reply.output.end).toBe(0);
    }
  });

  test("bulks in a row are the bytes of as many bulks", () => {
    const size = fc.oneof(
      fc.nat(20),
      fc.integer({ min: loopCharactersMax, max: joinedTextMax }),
      fc.constantFrom(joinedTextMax - 1, joinedTextMax, joinedTextMax + 1, referenceBytesMin),
    );
    const value = fc.tuple(size, fc.boolean(), fc.nat(255));
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60, size: "max" }), (shapes) => {
        const values = shapes.map(([length, isText, fill]) => {
          const bytes = Buffer.alloc(length, fill);
          return isText ? bytes.toString("latin1") : bytes;
        });
        const together = written(2, (r) => {
          r.array(values.length);
          r.bulks(values.length, (add) => values.forEach(add));
          r.integer(7);
        });
        const alone = written(2, (r) => {
          r.array(values.length);
          for (const each of values) r.bulk(each);
          r.integer(7);
        });
        expect(together).toBe(alone);
      }),
      { seed: 8 },
    );
  });

  test("bulks in a row fill their chunks", () => {
    for (const length of [loopCharactersMax + 1, 64, joinedTextMax]) {
      const count = 100_000;
      const output = new OutputBuffer();
      new ReplyWriter(output).bulks(count, (add) => {
        for (let i = 0; i < count; i++) add("v".repeat(length));
      });
      // A view's memory is its chunk's.
      const memory = new Set(output.take(output.end).map((view) => view.buffer));
      let bytes = 0;
      for (const each of memory) bytes += each.byteLength;
      expect(bytes / output.end).toBeLessThan(1.1);
    }
  });

  test("nothing else is written between bulks in a row; what came before a fault is not told later", () => {
    const text = "t".repeat(joinedTextMax);
    const reply = new ReplyWriter(new OutputBuffer());
    expect(() =>
      reply.bulks(joinedCountMin, (add) => {
        add(text);
        reply.ok();
        add("two");
      }),
    ).toThrow("nothing is written between bulks in a row");
    expect(() =>
      reply.bulks(joinedCountMin, (add) => {
        add(text);
        throw new Error("a handler's fault");
      }),
    ).toThrow("a handler's fault");
    reply.output.truncate(0);
    reply.bulks(joinedCountMin, (add) => add("three"));
    const told = reply.output.copy(0, reply.output.end);
    expect(Buffer.from(told).toString()).toBe("$5\r\nthree\r\n");
  });

  test("bulks of every size around the limits keep their bytes", () => {
    const sizes = [1, loopCharactersMax, loopCharactersMax + 1, 511, 512, 4096];
    sizes.push(referenceBytesMin - 1, referenceBytesMin, 3 * referenceBytesMin);
    for (const size of sizes) {
      const bytes = Buffer.alloc(size, "aé\xff\r\n", "latin1");
      const expected = `$${size}\r\n${bytes.toString("latin1")}\r\n`;
      expect(written(2, (r) => r.bulk(bytes))).toBe(expected);
      expect(written(2, (r) => r.bulk(bytes.toString("latin1")))).toBe(expected);
    }
  });
});
