/**
 * A RESP2 client that hides nothing: no retries, no redirects, no reconnection. What a checker is told must be what
 * the server said. Replies are parsed by redis-parser, as most clients do.
 */

import { connect, type Socket } from "node:net";
import RedisParser from "redis-parser";

/** An error reply is a value: it says something about the operation. */
export class ErrorReply {
  /** As it came: `MOVED 0 10.0.0.1:6379`. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** The first word: `MOVED`. */
  get code(): string {
    return this.text.split(" ", 1)[0]!;
  }
}

export type Reply = string | number | null | ErrorReply | Reply[];

/** The connection was refused or did not come to be: nothing was sent. */
export class NotConnectedError extends Error {
  override readonly name = "NotConnectedError";
}

/** The connection ended, or the reply did not come in time, after the request was given to the socket. */
export class NoReplyError extends Error {
  override readonly name = "NoReplyError";
}

interface Waiting {
  readonly replies: Reply[];
  readonly count: number;
  readonly resolve: (replies: Reply[]) => void;
  readonly reject: (error: Error) => void;
}

export interface RespClientOptions {
  readonly host: string;
  readonly port: number;
  /** Milliseconds. Of connecting, and of each request; a connection whose request timed out is closed. */
  readonly timeoutMs: number;
}

export class RespClient {
  isClosed = false;
  /** Takes replies that no request waits for: messages of subscriptions. */
  onUnclaimed: ((reply: Reply) => void) | null = null;
  /** Resolves when the socket is gone, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #timeoutMs: number;
  readonly #waiting: Waiting[] = [];

  /** Rejects with NotConnectedError. */
  static connect({ host, port, timeoutMs }: RespClientOptions): Promise<RespClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, host);
      const fail = (reason: string): void => {
        socket.destroy();
        reject(new NotConnectedError(`${host}:${port}: ${reason}`));
      };
      const timer = setTimeout(() => fail("no connection in time"), timeoutMs);
      socket.once("error", (error) => {
        clearTimeout(timer);
        fail(error.message);
      });
      socket.once("connect", () => {
        clearTimeout(timer);
        socket.removeAllListeners("error");
        resolve(new RespClient(socket, timeoutMs));
      });
    });
  }

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    socket.setNoDelay(true);
    const parser = new RedisParser({
      returnReply: (reply) => this.#reply(replyOf(reply)),
      returnError: (error) => this.#reply(new ErrorReply(error.message)),
      returnFatalError: () => socket.destroy(),
    });
    socket.on("data", (bytes) => parser.execute(bytes));
    // What went wrong is told by `close`, which always follows.
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.isClosed = true;
        for (const { reject } of this.#waiting.splice(0))
          reject(new NoReplyError("connection lost"));
        resolve();
      });
    });
  }

  /** Rejects with NoReplyError, or NotConnectedError when the connection was gone before. */
  async send(...argv: readonly string[]): Promise<Reply> {
    const [reply] = await this.pipeline([argv]);
    return reply!;
  }

  /** In one write; a reply each, in order. Rejects as `send` does. */
  pipeline(commands: readonly (readonly string[])[]): Promise<Reply[]> {
    if (this.isClosed) return Promise.reject(new NotConnectedError("the connection is gone"));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#socket.destroy(), this.#timeoutMs);
      this.#waiting.push({
        replies: [],
        count: commands.length,
        resolve: (replies) => {
          clearTimeout(timer);
          resolve(replies);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#socket.write(commands.map(encoded).join(""));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #reply(reply: Reply): void {
    const waiting = this.#waiting[0];
    if (waiting === undefined) {
      this.onUnclaimed?.(reply);
      return;
    }
    waiting.replies.push(reply);
    if (waiting.replies.length < waiting.count) return;
    this.#waiting.shift();
    waiting.resolve(waiting.replies);
  }
}

function encoded(argv: readonly string[]): string {
  let text = `*${argv.length}\r\n`;
  for (const argument of argv) text += `$${Buffer.byteLength(argument)}\r\n${argument}\r\n`;
  return text;
}

/** redis-parser gives errors inside arrays as Error objects. */
function replyOf(reply: unknown): Reply {
  if (Array.isArray(reply)) return reply.map(replyOf);
  if (reply instanceof Error) return new ErrorReply(reply.message);
  return reply as string | number | null;
}
