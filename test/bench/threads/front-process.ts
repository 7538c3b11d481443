/**
 * The process of one measurement: `front-process.ts COUNT`, so many I/O threads beside the one that executes; 0: the
 * production gateway in it. It tells its ports and threads, and ends with its parent.
 */

import type { ClientSink, Session } from "@redoubt/replica";
import { Gateway, type GatewaySettings } from "../../../packages/server/src/gateway/gateway.js";
import { Packer, unpackRequests } from "./frames.js";
import type { IoThreadReport } from "./io-thread.js";
import { nextMessage, sendCopy, startThread } from "./start-thread.js";
import { StubReplica } from "./stub-replica.js";
import { ownThread } from "./thread-time.js";

export interface FrontProcess {
  readonly ports: readonly number[];
  readonly thread: number;
  readonly ioThreads: readonly number[];
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Nothing is limited. */
const SETTINGS: GatewaySettings = {
  addresses: [{ host: "127.0.0.1", optional: false }],
  port: 0,
  backlog: 511,
  keepaliveSeconds: () => 300,
  idleSeconds: () => 0,
  clientsMax: () => 10_000,
  protectedNow: () => false,
  bulkBytesMax: () => 512 * 2 ** 20,
  queryBytesMax: () => 2 ** 30,
  clientBytesMax: () => 0,
  outputLimits: () => ({ hardBytes: 0, softBytes: 0, softSeconds: 0 }),
};

async function inOneThread(): Promise<FrontProcess> {
  const replica = new StubReplica((turn) => gateway.turn(turn));
  const gateway = new Gateway(SETTINGS, {
    nowMs: () => performance.now(),
    connect: (connection) => replica.connect(connection),
    executedCommands: () => replica.executed,
    logger: silent,
  });
  await gateway.listen();
  return { ports: gateway.addresses().map(({ port }) => port), thread: ownThread(), ioThreads: [] };
}

/** A connection whose socket is in another thread. */
class FarSink implements ClientSink {
  readonly #connection: number;
  readonly #packer: Packer;

  constructor(connection: number, packer: Packer) {
    this.#connection = connection;
    this.#packer = packer;
  }

  write(chunks: readonly Uint8Array[]): void {
    this.#packer.reply(this.#connection, chunks);
  }

  end(): void {}
  pause(): void {}
}

async function withThreads(count: number): Promise<FrontProcess> {
  const outgoing: { packer: Packer; send(): void }[] = [];
  const replica = new StubReplica((turn) => {
    turn();
    for (const { packer, send } of outgoing) if (!packer.isEmpty) send();
  });
  const said: IoThreadReport[] = [];
  for (let i = 0; i < count; i++) {
    const packer = new Packer();
    const sessions: Session[] = [];
    const worker = startThread("./io-thread.ts");
    said.push((await nextMessage(worker)) as IoThreadReport);
    worker.on("message", (message: ArrayBuffer) => {
      unpackRequests(Buffer.from(message), (connection, argv) => {
        sessions[connection] ??= replica.connect(new FarSink(connection, packer));
        sessions[connection].submit(argv);
      });
    });
    outgoing.push({ packer, send: () => sendCopy(worker, packer.take()) });
  }
  const ports = said.map(({ port }) => port);
  return { ports, thread: ownThread(), ioThreads: said.map(({ thread }) => thread) };
}

process.once("disconnect", () => process.exit());
const threads = Number(process.argv[2]);
process.send!(await (threads === 0 ? inOneThread() : withThreads(threads)));
