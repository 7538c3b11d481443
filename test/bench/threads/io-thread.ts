/**
 * A thread that reads, decodes and writes for another one, which executes. It knows no limits, no back-pressure and
 * no CLIENT command: what it costs is the least that such a thread can cost.
 */

import { createServer, type Socket } from "node:net";
import { parentPort } from "node:worker_threads";
import { RequestDecoder } from "@redoubt/resp";
import { Packer, unpackReplies } from "./frames.js";
import { sendCopy } from "./start-thread.js";
import { ownThread } from "./thread-time.js";

const LIMITS = {
  multibulkMax: 1024 * 1024,
  bulkBytesMax: 512 * 2 ** 20,
  inlineBytesMax: 64 * 1024,
};

export interface IoThreadReport {
  readonly port: number;
  readonly thread: number;
}

const executor = parentPort!;
const sockets: Socket[] = [];
const packer = new Packer();
let asked = false;

executor.on("message", (message: ArrayBuffer) => {
  unpackReplies(Buffer.from(message), (connection, bytes) => sockets[connection]!.write(bytes));
});

/** Behind the sockets' events of the loop's pass, as a turn: one message has what all of them brought. */
function handOver(): void {
  asked = false;
  sendCopy(executor, packer.take());
}

const server = createServer({ noDelay: true }, (socket) => {
  const connection = sockets.push(socket) - 1;
  const decoder = new RequestDecoder(LIMITS, {
    request: (argv) => packer.request(connection, argv),
    protocolError: (text) => socket.destroy(new Error(text)),
  });
  decoder.authenticated = true;
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    decoder.push(chunk);
    if (asked || packer.isEmpty) return;
    asked = true;
    setImmediate(handOver);
  });
});
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as { port: number };
  executor.postMessage({ port, thread: ownThread() } satisfies IoThreadReport);
});
