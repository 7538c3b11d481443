/** A RESP client that hides nothing: no retries, no redirects, raw bytes when asked for. */

import { connect, type Socket } from "node:net";
import { type Reply, RespError, RespReader } from "../../support/resp-reader.js";

export type Argument = string | Uint8Array;

interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

export class RawClient {
  readonly socket: Socket;
  /** Resolves when the socket is gone, whoever ended it. */
  readonly closed: Promise<void>;
  /** Bytes that have arrived. */
  receivedBytes = 0;
  isClosed = false;
  readonly #reader = new RespReader();
  readonly #waiting: Waiting[] = [];
  readonly #unclaimed: Reply[] = [];

  /** Rejects when the connection is refused. */
  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return new RawClient(socket);
  }

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    // A reset is told by `close`, which always follows.
    socket.on("error", () => {});
    socket.on("data", (chunk) => this.#received(chunk));
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.isClosed = true;
        for (const { reject } of this.#waiting.splice(0)) reject(new ConnectionLost());
        resolve();
      });
    });
  }

  /** One command; error replies are values. Rejects when the connection ends before the reply. */
  send(...argv: Argument[]): Promise<Reply> {
    return this.pipeline([argv]).then(([reply]) => reply!);
  }

  /** As `send`; throws on an error reply, and when the reply is no string. */
  async text(...argv: Argument[]): Promise<string> {
    const reply = await this.send(...argv);
    if (typeof reply === "string") return reply;
    throw new Error(reply instanceof RespError ? reply.text : `no text: ${String(reply)}`);
  }

  /** One write to the socket; the replies in order. */
  pipeline(commands: readonly (readonly Argument[])[]): Promise<Reply[]> {
    this.write(Buffer.concat(commands.map(encodeCommand)));
    return Promise.all(commands.map(() => this.next()));
  }

  write(bytes: Argument): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** The next reply that nobody has asked for yet. */
  next(): Promise<Reply> {
    const reply = this.#unclaimed.shift();
    if (reply !== undefined) return Promise.resolve(reply);
    if (this.isClosed) return Promise.reject(new ConnectionLost());
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async end(): Promise<void> {
    this.socket.destroy();
    await this.closed;
  }

  #received(chunk: Buffer): void {
    this.receivedBytes += chunk.length;
    this.#reader.push(chunk);
    for (let reply = this.#reader.next(); reply !== undefined; reply = this.#reader.next()) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#unclaimed.push(reply);
      else waiting.resolve(reply);
    }
  }
}

/** What was sent may have been done or not. */
export class ConnectionLost extends Error {
  override readonly name = "ConnectionLost";
}

export function encodeCommand(argv: readonly Argument[]): Buffer {
  const parts: Uint8Array[] = [Buffer.from(`*${argv.length}\r\n`)];
  for (const argument of argv) {
    const bytes = typeof argument === "string" ? Buffer.from(argument, "latin1") : argument;
    parts.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n"));
  }
  return Buffer.concat(parts);
}
