/**
 * Speaks to a cluster for the command line: one connection at a time, one request at a time. Any node is
 * asked first; what only the leader may do is sent on to it.
 */

import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { encodeRequest } from "@redoubt/resp";
import { formatAddress, hostOf, portOf } from "../gateway/address.js";
import {
  connectTimeoutMs,
  leaderPatienceMs,
  pollIntervalMs,
  replyTimeoutMs,
} from "./redoubt-constants.js";
import { ErrorReply, type Reply, ReplyReader } from "./redoubt-replies.js";
import { CliError } from "./redoubt-terminal.js";

export interface Target {
  readonly host: string;
  readonly port: number;
  /** "": the default user. */
  readonly user: string;
  /** "": none. */
  readonly password: string;
}

/** A change that may have been made, though nobody said so. */
const unknownOutcome = "it is not known whether it was done: look with redoubt status";

export class ClusterClient {
  readonly #target: Target;
  /** Where nodes are known to answer, the one to ask next first. */
  #addresses: string[];
  #connection: Connection | null = null;

  constructor(target: Target) {
    this.#target = target;
    this.#addresses = [formatAddress(target.host, target.port)];
  }

  /** Other members may be asked when the one at hand does not answer. */
  learn(addresses: readonly string[]): void {
    for (const address of addresses) {
      if (address !== "" && !this.#addresses.includes(address)) this.#addresses.push(address);
    }
  }

  /** Asks this one from now on. */
  prefer(address: string): void {
    if (this.#addresses[0] === address) return;
    this.#hangUp();
    this.#addresses = [address, ...this.#addresses.filter((each) => each !== address)];
  }

  /** A question that changes nothing, to whichever node answers. */
  async ask(argv: readonly string[]): Promise<Reply> {
    let failure: unknown = null;
    for (const address of [...this.#addresses]) {
      this.prefer(address);
      try {
        return await (await this.#connected()).request(argv);
      } catch (error) {
        if (!(error instanceof CliError) || error.code !== "UNREACHABLE") throw error;
        this.#hangUp();
        failure ??= error;
      }
    }
    throw failure;
  }

  /**
   * To the leader, wherever it is by then. Sent again only where the answer says that it was not done. An
   * error reply of any other kind is returned.
   */
  async askLeader(argv: readonly string[]): Promise<Reply> {
    const deadlineMs = performance.now() + leaderPatienceMs;
    for (;;) {
      const reply = await this.#change(argv);
      if (!(reply instanceof ErrorReply) || !saysAskAgain(reply)) return reply;
      if (performance.now() > deadlineMs) throw new CliError("NO_LEADER", reply.text);
      const leader = /^NOTLEADER .* at (\S+)$/.exec(reply.text)?.[1];
      const isNews = leader !== undefined && leader !== this.#addresses[0];
      if (leader !== undefined) this.prefer(leader);
      if (!isNews) await pause(pollIntervalMs);
    }
  }

  close(): void {
    this.#hangUp();
  }

  /** Before the request has left another node may be asked; afterwards silence means that nobody knows. */
  async #change(argv: readonly string[]): Promise<Reply> {
    const connection = await this.#reach();
    try {
      const reply = await connection.request(argv);
      if (reply instanceof ErrorReply && reply.code === "INDETERMINATE") {
        throw new CliError("INDETERMINATE", `leadership changed meanwhile, ${unknownOutcome}`);
      }
      return reply;
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== "UNREACHABLE") throw error;
      throw new CliError("INDETERMINATE", `${error.message}, ${unknownOutcome}`, error);
    }
  }

  /** A connection to the first address that takes one. */
  async #reach(): Promise<Connection> {
    let failure: unknown = null;
    for (const address of [...this.#addresses]) {
      this.prefer(address);
      try {
        return await this.#connected();
      } catch (error) {
        if (!(error instanceof CliError) || error.code !== "UNREACHABLE") throw error;
        failure ??= error;
      }
    }
    throw failure;
  }

  async #connected(): Promise<Connection> {
    if (this.#connection?.usable === true) return this.#connection;
    this.#hangUp();
    const connection = await Connection.open(this.#addresses[0] ?? "");
    this.#connection = connection;
    const { user, password } = this.#target;
    if (password === "") return connection;
    const argv = user === "" ? ["AUTH", password] : ["AUTH", user, password];
    const reply = await connection.request(argv);
    if (reply instanceof ErrorReply) throw new CliError("ERROR_REPLY", reply.text);
    return connection;
  }

  #hangUp(): void {
    this.#connection?.close();
    this.#connection = null;
  }
}

/** Certainly not done, and somebody else, or the same one a moment later, may do it. */
function saysAskAgain({ code, text }: ErrorReply): boolean {
  return code === "NOTLEADER" || /^REFUSED (NOT_READY|TRANSFERRING) /.test(`${text} `);
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: CliError): void;
}

class Connection {
  readonly #address: string;
  readonly #socket: Socket;
  readonly #reader = new ReplyReader();
  #waiting: Waiting | null = null;
  #failure: CliError | null = null;

  static open(address: string): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostOf(address), port: portOf(address) });
      const timer = setTimeout(() => fail("no answer"), connectTimeoutMs);
      const fail = (why: string): void => {
        clearTimeout(timer);
        socket.destroy();
        reject(new CliError("UNREACHABLE", `${address} can't be reached: ${why}`));
      };
      const failed = (error: NodeJS.ErrnoException): void => fail(error.code ?? error.message);
      socket.once("error", failed);
      socket.once("connect", () => {
        clearTimeout(timer);
        socket.off("error", failed);
        resolve(new Connection(address, socket));
      });
    });
  }

  private constructor(address: string, socket: Socket) {
    this.#address = address;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
    socket.on("close", () => this.#fail("it closed the connection"));
  }

  get usable(): boolean {
    return this.#failure === null;
  }

  /** Rejects with UNREACHABLE when no reply comes. */
  request(argv: readonly string[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      const timer = setTimeout(() => this.#fail("no reply"), replyTimeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting = null;
      };
      this.#waiting = {
        resolve: (reply) => {
          done();
          resolve(reply);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
      this.#socket.write(encodeRequest(argv));
    });
  }

  close(): void {
    this.#failure ??= new CliError("UNREACHABLE", `${this.#address} was hung up on`);
    this.#socket.destroy();
  }

  #receive(chunk: Uint8Array): void {
    try {
      const reply = this.#reader.push(chunk);
      if (reply !== undefined) this.#waiting?.resolve(reply);
    } catch (error) {
      const refused =
        error instanceof CliError ? error : new CliError("NOT_UNDERSTOOD", String(error));
      this.#failure ??= refused;
      this.#waiting?.reject(refused);
      this.#socket.destroy();
    }
  }

  #fail(why: string): void {
    this.#failure ??= new CliError("UNREACHABLE", `${this.#address} does not answer: ${why}`);
    this.#socket.destroy();
    this.#waiting?.reject(this.#failure);
  }
}
