/** One connection to a redis-server on which a command may wait: what was sent and what came are apart. */

import { connect, type Socket } from "node:net";
import { encode } from "./encode.js";
import { splitReplies } from "./resp-value.js";

export class RedisConnection {
  readonly #socket: Socket;
  #chunks: Buffer[] = [];
  #rest: Buffer = Buffer.alloc(0);
  #replies: Buffer[] = [];
  #taken = 0;
  #wake: (() => void) | null = null;
  #failure: Error | null = null;
  /** CLIENT ID. */
  id = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#chunks.push(chunk);
      this.#wake?.();
    });
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("redis-server closed the connection")));
  }

  static async open(path: string): Promise<RedisConnection> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    const connection = new RedisConnection(socket);
    connection.id = Number(/\d+/.exec((await connection.call("CLIENT", "ID")).toString())![0]);
    return connection;
  }

  send(...requests: readonly (readonly (Buffer | string)[])[]): void {
    this.#socket.write(Buffer.concat(requests.map(encode)));
  }

  /** Replies that have come since the last call. */
  take(): Buffer[] {
    this.#split();
    const replies = this.#replies;
    this.#replies = [];
    this.#taken += replies.length;
    return replies;
  }

  /** Replies that have come since the beginning. */
  get replyCount(): number {
    this.#split();
    return this.#taken + this.#replies.length;
  }

  #split(): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#chunks.length === 0) return;
    const received = Buffer.concat([this.#rest, ...this.#chunks]);
    this.#chunks = [];
    const { replies, end } = splitReplies(received);
    this.#rest = received.subarray(end);
    for (const reply of replies) this.#replies.push(reply);
  }

  /** Of a command that does not wait, with nothing else under way. */
  async call(...argv: readonly (Buffer | string)[]): Promise<Buffer> {
    this.send(argv);
    for (;;) {
      const [reply] = this.take();
      if (reply !== undefined) return reply;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
  }

  end(): void {
    this.#socket.removeAllListeners("close");
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    this.#failure = error;
    this.#wake?.();
  }
}
