import { expect, test } from "vitest";
import { Refusal, ReplyStream } from "./reply-stream.js";

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

const all = bytes(
  "+OK\r\n-MOVED 1 h:2\r\n:-7\r\n$-1\r\n$4\r\na\r\n\xff\r\n*3\r\n:1\r\n$0\r\n\r\n*1\r\n$1\r\nx\r\n*-1\r\n",
);

function repliesOf(stream: ReplyStream): unknown[] {
  const replies: unknown[] = [];
  for (let reply = stream.next(); reply !== undefined; reply = stream.next()) replies.push(reply);
  return replies;
}

test("replies are the same however their bytes are cut", () => {
  const whole = new ReplyStream();
  whole.push(all);
  const expected = repliesOf(whole);
  expect(expected).toEqual([
    bytes("OK"),
    new Refusal("MOVED 1 h:2"),
    -7,
    null,
    bytes("a\r\n\xff"),
    [1, bytes(""), [bytes("x")]],
    null,
  ]);
  expect((expected[1] as Refusal).code).toBe("MOVED");
  for (let size = 1; size < all.length; size++) {
    const cut = new ReplyStream();
    const replies: unknown[] = [];
    for (let at = 0; at < all.length; at += size) {
      cut.push(all.subarray(at, at + size));
      replies.push(...repliesOf(cut));
    }
    expect(replies).toEqual(expected);
  }
});

test("what is no reply, is endless or nests without end is refused", () => {
  for (const text of [
    "HTTP/1.1 200\r\n",
    ":1x\r\n",
    "$99999999999\r\n",
    "$-2\r\n",
    `${"*1\r\n".repeat(20)}:1\r\n`,
  ]) {
    const stream = new ReplyStream();
    stream.push(bytes(text));
    expect(() => stream.next()).toThrow(expect.objectContaining({ code: "NOT_UNDERSTOOD" }));
  }
});
