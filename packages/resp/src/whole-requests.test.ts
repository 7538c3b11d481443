import { describe, expect, test } from "vitest";
import { encodeRequest } from "./encode-request.js";
import { parseWholeRequests } from "./whole-requests.js";

describe("parseWholeRequests", () => {
  // What the scanner keeps from it; here it is let through on purpose.
  const hostile: [string, Buffer][] = [
    ["an array too long to allocate", Buffer.from("*4294967296\r\n")],
    ["nesting beyond the stack", Buffer.from("*1\r\n".repeat(200_000))],
    ["an inline command", Buffer.from("PING\r\n")],
    ["half a request", encodeRequest(["SET", "k", "value"]).subarray(0, 20)],
    ["an error reply", Buffer.from("-ERR\r\n")],
    ["two requests instead of one", Buffer.concat([encodeRequest(["A"]), encodeRequest(["B"])])],
  ];

  test.each(hostile)(
    "%s is refused, and the next request is read as if nothing had been",
    (_n, bytes) => {
      expect(parseWholeRequests(bytes, 1)).toBeNull();
      const next = parseWholeRequests(encodeRequest(["GET", "k"]), 1);
      expect(next?.map((argv) => argv.map(String))).toEqual([["GET", "k"]]);
    },
  );
});
