/**
 * One connection that many requests share: sent at once, answered in order. It follows nobody and retries
 * nothing; who is asked next is the caller's to decide.
 */

import { connect, type Socket } from "node:net";
import { encodeRequest } from "@redoubt/resp";
import { hostOf, portOf } from "../gateway/address.js";
import { connectTimeoutMs, fileBlockBytes, silenceTimeoutMs } from "./constants.js";
import { CarryError } from "./errors.js";
import { type BinaryReply, Refusal, ReplyStream } from "./reply-stream.js";

export interface Credentials {
  /** "": the default user. */
  readonly user: string;
  /** "": none. */
  readonly password: string;
}

/** Answered requests that are forgotten at once: an array that never runs empty must not grow for ever. */
const answeredMax = 1024;

interface Waiting {
  resolve(reply: BinaryReply): void;
  reject(error: CarryError): void;
}

export class Pipe {
  readonly address: string;
  readonly #socket: Socket;
  readonly #replies = new ReplyStream();
  #waiting: Waiting[] = [];
  #answered = 0;
  #failure: CarryError | null = null;
  #outgoing: Uint8Array[] = [];
  #outgoingBytes = 0;
  #isRetired = false;

  /** Rejects with UNREACHABLE, or ERROR_REPLY when the password is refused. */
  static async open(address: string, { user, password }: Credentials): Promise<Pipe> {
    const pipe = new Pipe(address, await connected(address));
    if (password === "") return pipe;
    const argv = user === "" ? ["AUTH", password] : ["AUTH", user, password];
    const reply = await pipe.request(argv);
    if (!(reply instanceof Refusal)) return pipe;
    pipe.close();
    throw new CarryError("ERROR_REPLY", `${address}: ${reply.text}`);
  }

  constructor(address: string, socket: Socket) {
    this.address = address;
    this.#socket = socket;
    socket.setNoDelay(true);
    // It is asked for by whoever waits; a connection that is idle may be as long as it likes.
    socket.setTimeout(silenceTimeoutMs, () => {
      if (this.#waiting.length > this.#answered) this.#fail("no reply");
    });
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
    socket.on("close", () => this.#fail("it closed the connection"));
  }

  /** False: what is sent is not heard by anybody. */
  get usable(): boolean {
    return this.#failure === null;
  }

  /** Rejects with UNREACHABLE when no reply comes: then nobody knows what happened. */
  request(argv: readonly (string | Uint8Array)[]): Promise<BinaryReply> {
    return this.send(encodeRequest(argv));
  }

  /** As `request`, of one whole request's bytes. */
  send(bytes: Uint8Array): Promise<BinaryReply> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      this.#waiting.push({ resolve, reject });
      this.#outgoing.push(bytes);
      this.#outgoingBytes += bytes.length;
      if (this.#outgoingBytes >= fileBlockBytes) this.#flush();
      else if (this.#outgoing.length === 1) process.nextTick(() => this.#flush());
    });
  }

  /** What was asked for in one go is one system call. */
  #flush(): void {
    const parts = this.#outgoing;
    this.#outgoing = [];
    this.#outgoingBytes = 0;
    if (parts.length > 0 && this.#failure === null) this.#socket.write(Buffer.concat(parts));
  }

  /** As `close`, once all that was asked for is answered. */
  retire(): void {
    this.#isRetired = true;
    this.#closeWhenRetired();
  }

  close(): void {
    this.#failure ??= new CarryError("UNREACHABLE", `${this.address} was hung up on`);
    this.#socket.destroy();
    this.#rejectAll();
  }

  #receive(chunk: Buffer): void {
    this.#replies.push(chunk);
    try {
      for (;;) {
        const reply = this.#replies.next();
        if (reply === undefined) return;
        this.#take(reply);
      }
    } catch (error) {
      this.#failure ??= error instanceof CarryError ? error : notUnderstood(this.address, error);
      this.#socket.destroy();
      this.#rejectAll();
    }
  }

  #take(reply: BinaryReply): void {
    const waiting = this.#waiting[this.#answered];
    if (waiting === undefined) throw notUnderstood(this.address, null);
    this.#answered += 1;
    if (this.#answered === this.#waiting.length || this.#answered === answeredMax) {
      this.#waiting = this.#waiting.slice(this.#answered);
      this.#answered = 0;
    }
    waiting.resolve(reply);
    this.#closeWhenRetired();
  }

  #closeWhenRetired(): void {
    if (this.#isRetired && this.#answered === this.#waiting.length) this.close();
  }

  #fail(why: string): void {
    this.#failure ??= new CarryError("UNREACHABLE", `${this.address} does not answer: ${why}`);
    this.#socket.destroy();
    this.#rejectAll();
  }

  #rejectAll(): void {
    const waiting = this.#waiting.slice(this.#answered);
    this.#waiting = [];
    this.#answered = 0;
    for (const { reject } of waiting) reject(this.#failure!);
  }
}

/** Rejects with UNREACHABLE. */
export function connected(address: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostOf(address), port: portOf(address) });
    const fail = (why: string): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(new CarryError("UNREACHABLE", `${address} can't be reached: ${why}`));
    };
    const timer = setTimeout(() => fail("no answer"), connectTimeoutMs);
    const failed = (error: NodeJS.ErrnoException): void => fail(error.code ?? error.message);
    socket.once("error", failed);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", failed);
      resolve(socket);
    });
  });
}

function notUnderstood(address: string, cause: unknown): CarryError {
  return new CarryError(
    "NOT_UNDERSTOOD",
    `${address} does not answer as a Redis server does`,
    cause,
  );
}
