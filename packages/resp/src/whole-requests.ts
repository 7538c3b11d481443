/**
 * The only place that touches redis-parser. It is a parser of replies and trusts what it reads, so it is
 * given nothing but whole arrays of bulk strings that the scanner has checked; then it keeps no state from
 * call to call, and one parser serves every connection.
 */
import RedisParser from "redis-parser";

let parsed: Buffer[][] = [];
let failed = false;

const parser = new RedisParser({
  returnBuffers: true,
  returnReply(reply: unknown): void {
    parsed.push(reply as Buffer[]);
  },
  returnError(): void {
    failed = true;
  },
});

/** The `count` requests that fill `bytes`; arguments are views of them. Null: the parser disagrees with the scanner. */
export function parseWholeRequests(bytes: Buffer, count: number): Buffer[][] | null {
  try {
    parser.execute(bytes);
  } catch {
    // A scanner that let something through: the client is refused, other connections go on.
    failed = true;
  }
  const requests = parsed;
  parsed = [];
  if (failed || requests.length !== count) {
    failed = false;
    parser.reset();
    return null;
  }
  return requests;
}
