/**
 * What it costs to hand requests to another thread and to get their replies, when nothing else is to be done: both
 * threads sleep between. The other thread is the one that reads sockets, this one would execute.
 */

import type { Worker } from "node:worker_threads";
import { Packer, unpackRequests } from "./frames.js";
import type { HandOverOrder, HandOverReport } from "./hand-over-thread.js";
import { nextMessage, sendCopy, startThread } from "./start-thread.js";
import { ownThread, taken, timesOf } from "./thread-time.js";

/** Requests a hand-over: one client, a turn of 50, a turn of pipelines. */
export const HAND_OVER_SIZES = [1, 35, 500] as const;

export interface HandOverFigures {
  /** Microseconds from the first byte packed to the last reply unpacked. */
  readonly roundTripUs: number;
  /** Microseconds of processor time a hand-over, there and back: of the thread that executes, and of the other one. */
  readonly main: number;
  readonly io: number;
}

const OK = [Buffer.from("+OK\r\n")];
/** Of the time that is measured; before it, so that it is compiled. */
const WARM_SHARE = 1 / 2;

export async function measureHandOver(requests: number, seconds: number): Promise<HandOverFigures> {
  const worker = startThread("./hand-over-thread.ts");
  const packer = new Packer();
  try {
    await nextMessage(worker);
    worker.on("message", (message: HandOverReport | ArrayBuffer) => {
      if (!(message instanceof ArrayBuffer)) return;
      unpackRequests(Buffer.from(message), (connection, argv) => {
        if (argv.length > 0) packer.reply(connection, OK);
      });
      sendCopy(worker, packer.take());
    });
    await report(worker, { requests, ms: seconds * 1000 * WARM_SHARE });
    const before = timesOf(process.pid);
    const { handOvers, thread, ms } = await report(worker, { requests, ms: seconds * 1000 });
    const after = timesOf(process.pid);
    return {
      roundTripUs: (ms * 1000) / handOvers,
      main: taken(before, after, ownThread()) / 1000 / handOvers,
      io: taken(before, after, thread) / 1000 / handOvers,
    };
  } finally {
    await worker.terminate();
  }
}

function report(worker: Worker, order: HandOverOrder): Promise<HandOverReport> {
  worker.postMessage(order);
  return new Promise((resolve) => {
    const look = (message: HandOverReport | ArrayBuffer): void => {
      if (message instanceof ArrayBuffer) return;
      worker.off("message", look);
      resolve(message);
    };
    worker.on("message", look);
  });
}
