import { createServer, type Server } from "node:net";
import { afterEach, expect, test } from "vitest";
import { RespClient } from "../resp/resp-client.js";
import { Link, NotDone } from "./link.js";

const open: { close(): void }[] = [];

afterEach(() => {
  for (const each of open.splice(0)) each.close();
});

/** Answers the first bytes of each connection with `reply`, or hangs up. */
async function linkTo(reply: string | null, wait: number | null = null): Promise<Link> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => (reply === null ? socket.destroy() : socket.write(reply)));
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const client = await RespClient.connect({
    host: "127.0.0.1",
    port: address.port,
    timeoutMs: 2_000,
  });
  open.push(client);
  return new Link(client, wait === null ? null : { wait }, 100);
}

async function refusal(act: Promise<unknown>): Promise<string> {
  const error = await act.then(
    () => "done",
    (reason: unknown) => reason,
  );
  if (!(error instanceof NotDone)) throw new Error(`not refused: ${String(error)}`);
  return `${error.outcome} ${error.message}`;
}

test("a write's error is judged by the table, a look's is always a failure", async () => {
  const text = "INDETERMINATE leadership was lost";
  expect(await refusal((await linkTo(`-${text}\r\n`)).write("SET", "k", "v"))).toBe(`info ${text}`);
  expect(await refusal((await linkTo(`-${text}\r\n`)).look("GET", "k"))).toBe(`fail ${text}`);
});

test("a connection that is lost behind a write leaves it unknown", async () => {
  const link = await linkTo(null);
  expect(await refusal(link.write("SET", "k", "v"))).toBe("info no-reply connection lost");
  expect(await refusal(link.write("SET", "k", "v"))).toMatch(/^fail not-connected/);
});

test("WAIT's answer decides whether a write counts", async () => {
  expect(await (await linkTo("+OK\r\n:1\r\n", 1)).write("SET", "k", "v")).toBe("OK");
  const short = await refusal((await linkTo("+OK\r\n:0\r\n", 1)).write("SET", "k", "v"));
  expect(short).toBe("info not-enough-replicas WAIT 1 answered 0");
  const gone = "-UNBLOCKED force unblock\r\n";
  expect(await refusal((await linkTo(`+OK\r\n${gone}`, 1)).write("SET", "k", "v"))).toMatch(
    /^info/,
  );
  const refused = await refusal((await linkTo("-READONLY no\r\n-ERR no WAIT\r\n", 1)).write("SET"));
  expect(refused).toBe("fail READONLY no");
});

test("of several writes one that is done and one that is not are partly done", async () => {
  const commands = [["LPUSH"], ["INCRBY"]];
  const both = "-MOVED 1 a:1\r\n-MOVED 2 a:1\r\n";
  expect(await refusal((await linkTo(both)).writeAll(commands))).toBe("fail MOVED 1 a:1");
  const one = ":1\r\n-CLUSTERDOWN down\r\n";
  expect(await refusal((await linkTo(one)).writeAll(commands))).toMatch(/^info partly-done/);
});

test("a transaction is done as a whole or not at all", async () => {
  const queued = "+OK\r\n+QUEUED\r\n";
  expect(await (await linkTo(`${queued}*1\r\n:7\r\n`)).transaction([["INCR", "k"]])).toEqual([7]);
  expect(await (await linkTo(`${queued}*-1\r\n`)).transaction([["INCR", "k"]])).toBeNull();
  const aborted = "+OK\r\n-MOVED 3 a:1\r\n-EXECABORT discarded\r\n";
  expect(await refusal((await linkTo(aborted)).transaction([["INCR", "k"]]))).toBe(
    "fail EXECABORT MOVED 3 a:1",
  );
  const unknown = `${queued}-INDETERMINATE lost\r\n`;
  expect(await refusal((await linkTo(unknown)).transaction([["INCR", "k"]]))).toMatch(/^info/);
});

test("commands behind a refused MULTI were executed by themselves", async () => {
  const slipped = "-LOADING yet\r\n:1\r\n-ERR EXEC without MULTI\r\n";
  expect(await refusal((await linkTo(slipped)).transaction([["INCR", "k"]]))).toMatch(/^info/);
  const none = "-LOADING yet\r\n-LOADING yet\r\n-ERR EXEC without MULTI\r\n";
  expect(await refusal((await linkTo(none)).transaction([["INCR", "k"]]))).toBe("fail LOADING yet");
});
