import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitInline } from "./inline-request.js";

const split = (line: string) =>
  splitInline(Buffer.from(line, "latin1"))?.map((word) => word.toString("latin1")) ?? null;

describe("splitInline", () => {
  const lines: [string, string[] | null][] = [
    ["", []],
    [" \t\v\f\r ", []],
    ["PING", ["PING"]],
    ["  SET  a\tb  ", ["SET", "a", "b"]],
    ['ECHO "a b"', ["ECHO", "a b"]],
    ['ECHO ""', ["ECHO", ""]],
    ["ECHO ''", ["ECHO", ""]],
    ['"\\x41\\xfF\\n\\r\\t\\b\\a\\q\\\\\\""', ['A\xff\n\r\t\b\x07q\\"']],
    ['"\\x4"', ["x4"]],
    ['"\\xzz"', ["xzz"]],
    ["'a\\'b\\n\"'", ["a'b\\n\""]],
    ["a'b c'", ["ab c"]],
    ["a\vb\fc", ["a\vb\fc"]],
    ["'a'\vb", ["a", "b"]],
    ["a\\nb", ["a\\nb"]],
    ["a\0b c", ["a"]],
    ["'a'\0b", ["a"]],
    ['"a', null],
    ["'a", null],
    ['"a\\"', null],
    ['"a\\', null],
    ["'a\\'", null],
    ['"a\0"', null],
    ['"a"b', null],
    ["'a'\"b\"", null],
    ['a"b c"d', null],
  ];

  test.each(lines)("%j", (line, words) => {
    expect(split(line)).toEqual(words);
  });

  test("any bytes, written as escapes in double quotes, come back", () => {
    const escaped = (bytes: Uint8Array) =>
      `"${Array.from(bytes, (b) => `\\x${b.toString(16).padStart(2, "0")}`).join("")}"`;
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 6 }), (words) => {
        const line = Buffer.from(words.map(escaped).join(" "), "latin1");
        const result = splitInline(line);
        expect(result?.map((word) => [...word])).toEqual(words.map((word) => [...word]));
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  test("no bytes make it throw, and no word is made of more than the line", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        const words = splitInline(Buffer.from(bytes)) ?? [];
        const total = words.reduce((sum, word) => sum + word.length, 0);
        expect(total).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 500, seed: 5 },
    );
  });
});
