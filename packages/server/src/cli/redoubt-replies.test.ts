import { OutputBuffer, ReplyWriter } from "@redoubt/resp";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ErrorReply, type Reply, ReplyReader } from "./redoubt-replies.js";
import { CliError } from "./redoubt-terminal.js";

const { reply: anyReply } = fc.letrec<{ reply: Reply }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.string({ maxLength: 20 }),
    fc.integer(),
    fc.constant(null),
    fc.stringMatching(/^[A-Z]{1,8} [a-z ]{0,20}$/).map((text) => new ErrorReply(text)),
    fc.array(tie("reply"), { maxLength: 4 }),
  ),
}));

function encode(replies: readonly Reply[]): Buffer {
  const output = new OutputBuffer();
  const writer = new ReplyWriter(output);
  const write = (reply: Reply): void => {
    if (reply === null) writer.null();
    else if (typeof reply === "number") writer.integer(reply);
    else if (typeof reply === "string") writer.bulkUtf8(reply);
    else if (reply instanceof ErrorReply) writer.error(reply.text);
    else {
      writer.array(reply.length);
      for (const each of reply) write(each);
    }
  };
  for (const reply of replies) write(reply);
  return Buffer.concat(output.take(output.end));
}

describe("replies", () => {
  test("what the server writes is read back, however it is cut into chunks", () => {
    fc.assert(
      fc.property(anyReply, fc.array(fc.nat({ max: 12 }), { maxLength: 60 }), (reply, cuts) => {
        const bytes = encode([reply]);
        const reader = new ReplyReader();
        let at = 0;
        let read: Reply | undefined;
        for (const cut of [...cuts, bytes.length]) {
          expect(read === undefined || at === bytes.length).toBe(true);
          if (read !== undefined) break;
          const end = Math.min(bytes.length, at + cut);
          read = reader.push(bytes.subarray(at, end));
          at = end;
        }
        expect(read).toEqual(reply);
      }),
      { seed: 11 },
    );
  });

  test("what follows a reply is the beginning of the next", () => {
    const bytes = encode(["first", ["second"]]);
    const reader = new ReplyReader();
    expect(reader.push(bytes)).toBe("first");
    expect(reader.push(Buffer.alloc(0))).toEqual(["second"]);
  });

  test("hostile bytes are refused with the one error, and never hang", () => {
    for (const hostile of [
      "HTTP/1.1 400 Bad\r\n",
      "$99999999999\r\n",
      ":x\r\n",
      "*-2\r\n",
      "%1\r\n",
    ]) {
      expect(() => new ReplyReader().push(Buffer.from(hostile)), hostile).toThrow(CliError);
    }
    expect(() => new ReplyReader().push(Buffer.from("*1\r\n".repeat(50)))).toThrow(CliError);
    expect(() => new ReplyReader().push(Buffer.alloc(2 * 1024 * 1024, "a"))).toThrow(CliError);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          new ReplyReader().push(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(CliError);
        }
      }),
      { seed: 12 },
    );
  });
});
