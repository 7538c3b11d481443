/**
 * One operation's way to a server. It sends, and turns every answer that is not the one asked for into a `NotDone`
 * with an outcome. What only looks fails definitely; what writes is judged by the table of errors.
 */

import {
  judge,
  NO_REPLY,
  NOT_CONNECTED,
  NOT_ENOUGH_REPLICAS,
  PARTLY_DONE,
} from "../history/error-semantics.js";
import type { Outcome } from "../history/event.js";
import { ErrorReply, NotConnectedError, type Reply, type RespClient } from "../resp/resp-client.js";

/** An operation that did not end `ok`. */
export class NotDone extends Error {
  override readonly name = "NotDone";
  readonly outcome: Exclude<Outcome, "ok">;
  readonly isListed: boolean;

  /** `error`: as in `error-semantics.ts`. */
  constructor(error: string, isWrite: boolean) {
    super(error);
    const { outcome, isListed } = judge(error, isWrite);
    this.outcome = outcome;
    this.isListed = isListed;
  }
}

/** What stands behind a write before it counts as acknowledged; null: its own reply is enough. */
export interface Acknowledgement {
  readonly wait: number;
}

export class Link {
  readonly #client: RespClient;
  readonly #acknowledgement: Acknowledgement | null;
  readonly #waitMs: number;

  constructor(client: RespClient, acknowledgement: Acknowledgement | null, waitMs: number) {
    this.#client = client;
    this.#acknowledgement = acknowledgement;
    this.#waitMs = waitMs;
  }

  /** Changes nothing. Throws NotDone. */
  async look(...argv: readonly string[]): Promise<Reply> {
    const [reply] = await this.lookAll([argv]);
    return reply!;
  }

  /** In one pipeline. Changes nothing. Throws NotDone at the first error. */
  async lookAll(commands: readonly (readonly string[])[]): Promise<Reply[]> {
    const replies = await this.#send(commands, false);
    const error = replies.find((reply) => reply instanceof ErrorReply);
    if (error !== undefined) throw new NotDone(error.text, false);
    return replies;
  }

  /** One write, and the WAIT behind it where the target asks for one, in one pipeline. Throws NotDone. */
  async write(...argv: readonly string[]): Promise<Reply> {
    const [reply] = await this.writeAll([argv]);
    return reply!;
  }

  /** Writes in one pipeline, not a transaction: some may be done and others not. Throws NotDone. */
  async writeAll(commands: readonly (readonly string[])[]): Promise<Reply[]> {
    const replies = await this.#acknowledged(commands, (own) => {
      const errors = own.filter((reply) => reply instanceof ErrorReply);
      if (errors.length > 0) throw worst(errors, own.length);
    });
    return replies;
  }

  /**
   * MULTI, the commands, EXEC. null: what was watched had changed, nothing was done. Throws NotDone.
   */
  async transaction(commands: readonly (readonly string[])[]): Promise<Reply[] | null> {
    const replies = await this.#acknowledged([["MULTI"], ...commands, ["EXEC"]], refuseTransaction);
    const answers = replies.at(-1);
    return Array.isArray(answers) ? answers : null;
  }

  /** MULTI, commands that change nothing, EXEC: all of one moment. Throws NotDone. */
  async lookTogether(commands: readonly (readonly string[])[]): Promise<Reply[]> {
    const replies = await this.lookAll([["MULTI"], ...commands, ["EXEC"]]);
    const answers = replies.at(-1);
    if (Array.isArray(answers)) return answers;
    throw new Error(`EXEC answered ${JSON.stringify(answers)}`);
  }

  async #acknowledged(
    commands: readonly (readonly string[])[],
    check: (replies: readonly Reply[]) => void,
  ): Promise<Reply[]> {
    const wait = this.#acknowledgement?.wait ?? null;
    const behind = wait === null ? [] : [["WAIT", String(wait), String(this.#waitMs)]];
    const replies = await this.#send([...commands, ...behind], true);
    const own = replies.slice(0, commands.length);
    check(own);
    if (wait === null) return own;
    const count = replies.at(-1);
    if (typeof count === "number" && count >= wait) return own;
    const said = count instanceof ErrorReply ? count.text : String(count);
    throw new NotDone(`${NOT_ENOUGH_REPLICAS} WAIT ${wait} answered ${said}`, true);
  }

  async #send(commands: readonly (readonly string[])[], isWrite: boolean): Promise<Reply[]> {
    try {
      return await this.#client.pipeline(commands);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const begins = error instanceof NotConnectedError ? NOT_CONNECTED : NO_REPLY;
      throw new NotDone(`${begins} ${text}`, isWrite);
    }
  }
}

/** Several writes of one operation: unknown unless every one of them is certainly not done. */
function worst(errors: readonly ErrorReply[], commands: number): NotDone {
  const judged = errors.map(({ text }) => new NotDone(text, true));
  const unknown = judged.find(({ outcome }) => outcome === "info");
  if (unknown !== undefined) return unknown;
  if (errors.length === commands) return judged[0]!;
  return new NotDone(`${PARTLY_DONE} ${errors[0]!.text}`, true);
}

/** Of MULTI ... EXEC. */
function refuseTransaction(replies: readonly Reply[]): void {
  const last = replies.at(-1)!;
  const [multi] = replies;
  if (multi instanceof ErrorReply) {
    // What followed was executed by itself, if anything was: EXEC's own error says nothing about it.
    throw worst(
      replies.slice(0, -1).filter((reply) => reply instanceof ErrorReply),
      replies.length - 1,
    );
  }
  if (last instanceof ErrorReply) {
    // EXECABORT tells that something was refused, the refusal tells what and where to go.
    const refusal = replies.find((reply) => reply instanceof ErrorReply)!;
    const isTold = last.code === "EXECABORT" && refusal !== last;
    throw new NotDone(isTold ? `EXECABORT ${refusal.text}` : last.text, true);
  }
  if (!Array.isArray(last)) return;
  const error = last.find((reply) => reply instanceof ErrorReply);
  if (error !== undefined) throw new NotDone(`${PARTLY_DONE} ${error.text}`, true);
}
