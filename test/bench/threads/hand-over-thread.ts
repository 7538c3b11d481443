/** The other thread of hand-over.ts: hands over, waits for the replies, hands over again. */

import { parentPort } from "node:worker_threads";
import { Packer, unpackReplies } from "./frames.js";
import { sendCopy } from "./start-thread.js";
import { ownThread } from "./thread-time.js";

export interface HandOverOrder {
  readonly requests: number;
  readonly ms: number;
}

export interface HandOverReport {
  readonly handOvers: number;
  readonly thread: number;
  readonly ms: number;
}

const SET = [Buffer.from("SET"), Buffer.from("key:000000000042"), Buffer.alloc(64, "v")];

const executor = parentPort!;
const packer = new Packer();
let order: HandOverOrder = { requests: 0, ms: 0 };
let startedMs = 0;
let handOvers = 0;

function answered(message: ArrayBuffer): void {
  let replies = 0;
  unpackReplies(Buffer.from(message), (_connection, bytes) => {
    replies += bytes.length > 0 ? 1 : 0;
  });
  if (replies !== order.requests) throw new Error("a reply for each request");
  handOvers += 1;
  const ms = performance.now() - startedMs;
  if (ms < order.ms) handOver();
  else executor.postMessage({ handOvers, thread: ownThread(), ms } satisfies HandOverReport);
}

function handOver(): void {
  for (let connection = 0; connection < order.requests; connection++) {
    packer.request(connection, SET);
  }
  sendCopy(executor, packer.take());
}

executor.on("message", (next: HandOverOrder | ArrayBuffer) => {
  if (next instanceof ArrayBuffer) {
    answered(next);
    return;
  }
  order = next;
  handOvers = 0;
  startedMs = performance.now();
  handOver();
});
executor.postMessage("ready");
