import { expect, test } from "vitest";
import { encodeCommands, encodePut, NUMBER } from "./requests.js";

test("a command's bytes are RESP, and every place of a number is known", () => {
  const commands = [
    ["ZADD", "zset", NUMBER, `member:${NUMBER}`],
    ["WAIT", "1", "0"],
  ];
  const { bytes, replies, weight, numbers } = encodeCommands(commands, 7, 20);
  const text = bytes.toString("latin1");
  expect(text).toBe(
    `*4\r\n$4\r\nZADD\r\n$4\r\nzset\r\n$12\r\n${NUMBER}\r\n$19\r\nmember:${NUMBER}\r\n` +
      "*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$1\r\n0\r\n",
  );
  expect({ replies, weight }).toEqual({ replies: 2, weight: 20 });
  expect(numbers.map(({ range }) => range)).toEqual([7, 7]);
  for (const { offset } of numbers) expect(text.slice(offset, offset + 12)).toBe(NUMBER);
});

test("a put of etcd is two fields of bytes", () => {
  const { bytes, numbers } = encodePut(`key:${NUMBER}`, "x".repeat(300), 7);
  expect(bytes.subarray(0, 2)).toEqual(Buffer.from([0x0a, 16]));
  // 300 as a varint.
  expect(bytes.subarray(18, 21)).toEqual(Buffer.from([0x12, 0xac, 0x02]));
  expect(bytes.length).toBe(18 + 3 + 300);
  expect(numbers).toEqual([{ offset: 6, range: 7 }]);
});
