/**
 * Runs one command, or one EXEC, ahead of consensus: effects into the open batch, reply bytes into the
 * connection's output, and the marks the reply needs (design, section 5):
 *
 *   needsCommit = effects emitted ? index of the open batch : the greatest hazard of what it names
 *   needsRead   = no effect emitted: nothing in the log vouches for it
 *
 * What is read comes from the row's key specification, never from the handler.
 */

import {
  type BlockRequest,
  type CommandContext,
  type CommandRow,
  forEachKey,
} from "@redoubt/commands";
import type { Index } from "@redoubt/raft";
import { OutputBuffer, ReplyWriter } from "@redoubt/resp";
import { assert } from "./assert.js";
import { COMMAND_EFFECT_BYTES_MAX } from "./constants.js";
import { EFFECTS_TOO_LARGE, INTERNAL } from "./errors.js";
import type { Clock, Host, Logger, Random } from "./ports.js";
import { pong } from "./pub-sub-commands.js";
import type { ReplyGate } from "./reply-gate.js";
import type { Argv, Transaction } from "./requests.js";
import type { Session } from "./session.js";
import type { Speculation } from "./speculation.js";
import { ReplyKind } from "./waiting-replies.js";

/** The executor's own mutable view of `CommandContext`: one object for all commands. */
type Context = { -readonly [K in keyof CommandContext]: CommandContext[K] };

/** First byte of an error reply: "-". */
const ERROR_TYPE = 0x2d;

export class Executor {
  readonly #speculation: Speculation;
  readonly #gate: ReplyGate;
  readonly #clock: Clock;
  readonly #host: Host;
  readonly #logger: Logger;
  readonly #context: Context;
  #greatestHazard: Index = 0;
  #blockAsked: BlockRequest | null = null;
  readonly #block = (request: BlockRequest): void => {
    this.#blockAsked = request;
  };
  readonly #noteHazard = (key: string): void => {
    const hazard = this.#speculation.hazard(key);
    if (hazard > this.#greatestHazard) this.#greatestHazard = hazard;
  };
  /** Commands executed since start. */
  executedCommands = 0;
  /** Runs the session's own rows inside EXEC. Set by the owner. */
  insideExec: (session: Session, row: CommandRow, argv: Argv) => void = () => undefined;
  /** How many on this node would hear a message. Set by the owner. */
  receivers: (channel: string, sharded: boolean) => number = () => 0;

  constructor(
    speculation: Speculation,
    gate: ReplyGate,
    clock: Clock,
    random: Random,
    host: Host,
    logger: Logger,
  ) {
    this.#speculation = speculation;
    this.#gate = gate;
    this.#clock = clock;
    this.#host = host;
    this.#logger = logger;
    this.#context = {
      argv: [],
      txn: speculation.txn,
      // Replaced before every use.
      reply: new ReplyWriter(new OutputBuffer()),
      random: () => random.next(),
      wallMs: () => clock.wallMs(),
      subscribers: (channel, sharded) => this.receivers(channel, sharded),
      block: null,
      timedOut: false,
    };
  }

  /**
   * On a serving leader: executes, leaves the reply behind its marks. `nextIndex`: Raft's last index + 1. Not
   * null: there is no reply, the command waits; only if it may.
   */
  lead(
    session: Session,
    row: CommandRow,
    argv: Argv,
    nextIndex: Index,
    mayBlock: boolean,
  ): BlockRequest | null {
    const start = session.output.end;
    const txn = this.#begin(nextIndex);
    const mark = txn.mark();
    const ran = this.#runBlocking(row, session, argv, mayBlock);
    const asked = this.#blockAsked;
    this.#blockAsked = null;
    if (ran && asked !== null && txn.bytesSinceMark <= COMMAND_EFFECT_BYTES_MAX) {
      assert(session.output.end === start, "who waits has not replied");
      // Nothing but keys that had expired can have gone, and nobody waits for that.
      return asked;
    }
    if (!ran) {
      this.#refuse(session, start, mark, INTERNAL);
    } else if (txn.bytesSinceMark > COMMAND_EFFECT_BYTES_MAX) {
      this.#refuse(session, start, mark, EFFECTS_TOO_LARGE);
    }
    if (txn.effectCount > 0) {
      this.#emitted(session, start, row.isWrite, argv);
      return null;
    }
    this.#greatestHazard = 0;
    this.#collectHazards(row, argv);
    this.#gate.push(session, start, this.#greatestHazard, true, ReplyKind.repeatable, argv);
    return null;
  }

  /** On a serving leader: EXEC, one atomic part of one entry (trap 51). */
  leadTransaction(session: Session, transaction: Transaction, nextIndex: Index): void {
    const start = session.output.end;
    const txn = this.#begin(nextIndex);
    const mark = txn.mark();
    let writes = false;
    let failed: string | null = null;
    const broken = this.#watchesBroken(transaction);
    if (txn.bytesSinceMark > COMMAND_EFFECT_BYTES_MAX) {
      failed = EFFECTS_TOO_LARGE;
    } else if (broken) {
      session.reply.nullArray();
    } else {
      const { commands } = transaction;
      session.reply.array(commands.length);
      for (const { row, argv } of commands) {
        if (row.isWrite) writes = true;
        if (!this.#run(row, session, argv)) failed = INTERNAL;
        else if (txn.bytesSinceMark > COMMAND_EFFECT_BYTES_MAX) failed = EFFECTS_TOO_LARGE;
        if (failed !== null) break;
      }
    }
    if (failed !== null) {
      this.#refuse(session, start, mark, failed);
      // What it listens to since then can't be taken back, and its client was not told of it.
      if (transaction.changesSubscriptions) session.closing = true;
    }
    if (txn.effectCount > 0) {
      this.#emitted(session, start, writes, transaction);
      return;
    }
    this.#greatestHazard = 0;
    for (const { row, argv } of transaction.commands) this.#collectHazards(row, argv);
    for (const key of transaction.watched.keys()) this.#noteHazard(key);
    this.#gate.push(session, start, this.#greatestHazard, true, ReplyKind.repeatable, transaction);
  }

  /** On a serving leader: WATCH. An expired key is deleted first, so that its version is of "missing". */
  watch(session: Session, argv: Argv, nextIndex: Index): void {
    const start = session.output.end;
    const txn = this.#begin(nextIndex);
    const mark = txn.mark();
    const keys = argv.slice(1).map((argument) => argument.toString("latin1"));
    for (const key of keys) txn.has(key);
    if (txn.bytesSinceMark > COMMAND_EFFECT_BYTES_MAX) {
      this.#refuse(session, start, mark, EFFECTS_TOO_LARGE);
    } else {
      for (const key of keys) this.#remember(session, key);
      session.reply.ok();
    }
    this.#gate.push(session, start, 0, false, ReplyKind.final, null);
  }

  /**
   * Anywhere: executes against the applied state without emitting anything. The reply waits for nothing; as in
   * `lead`, there may be none.
   */
  observe(session: Session, row: CommandRow, argv: Argv, mayBlock = false): BlockRequest | null {
    const start = session.output.end;
    this.#observeNow();
    const ran = this.#runBlocking(row, session, argv, mayBlock);
    const asked = this.#blockAsked;
    this.#blockAsked = null;
    if (ran && asked !== null) return asked;
    if (!ran) {
      session.output.truncate(start);
      session.reply.error(INTERNAL);
    }
    this.#gate.push(session, start, 0, false, ReplyKind.final, null);
    return null;
  }

  /** On a follower: a transaction of reads, or one that a watched key made void. */
  observeTransaction(session: Session, transaction: Transaction): void {
    const start = session.output.end;
    this.#observeNow();
    if (transaction.dirty || !this.#versionsHold(transaction)) {
      session.reply.nullArray();
    } else {
      session.reply.array(transaction.commands.length);
      for (const { row, argv } of transaction.commands) this.#runOrError(row, session, argv);
    }
    this.#gate.push(session, start, 0, false, ReplyKind.final, null);
  }

  watchObserved(session: Session, argv: Argv): void {
    const start = session.output.end;
    for (let i = 1; i < argv.length; i++) this.#remember(session, argv[i]!.toString("latin1"));
    session.reply.ok();
    this.#gate.push(session, start, 0, false, ReplyKind.final, null);
  }

  /** A row the host runs, on any role. What it tells of the keyspace waits for what is in flight. */
  host(session: Session, row: CommandRow, argv: Argv): boolean {
    const start = session.output.end;
    session.hostNeedsCommit = 0;
    session.hostWaits = false;
    if (!this.#run(row, session, argv)) {
      session.hostWaits = false;
      session.output.truncate(start);
      session.reply.error(INTERNAL);
    }
    if (session.hostWaits) {
      assert(session.output.end === start, "who waits has written nothing");
      return false;
    }
    if (session.hostNeedsCommit > 0) {
      this.#gate.pushOfHost(session, start, session.hostNeedsCommit, argv);
      return true;
    }
    const tells = row.visibility === "wholeKeyspace" && this.#speculation.leading;
    const needs = tells ? this.#speculation.lastInFlight : 0;
    const kind = needs > 0 ? ReplyKind.repeatable : ReplyKind.final;
    this.#gate.push(session, start, needs, false, kind, needs > 0 ? argv : null);
    return true;
  }

  /** RESET: whether the connection must authenticate again is the host's to say. */
  resetByHost(session: Session): void {
    session.authenticated = this.#host.initiallyAuthenticated();
    this.#host.reset(session);
  }

  /** Time a follower judges expiry by: the log time of what it applied, never its own clock (trap 55). */
  #observeNow(): void {
    const { keyspace, txn } = this.#speculation;
    txn.begin(keyspace.logTimeMs, "observe");
  }

  #begin(nextIndex: Index) {
    const { txn } = this.#speculation;
    txn.begin(this.#speculation.open(nextIndex, this.#clock.wallMs()), "lead");
    return txn;
  }

  #runBlocking(row: CommandRow, session: Session, argv: Argv, mayBlock: boolean): boolean {
    this.#context.block = mayBlock ? this.#block : null;
    const { blockedOn, output } = session;
    const timedOut = blockedOn?.kind === "keys" && blockedOn.timedOut;
    this.#context.timedOut = timedOut;
    const start = output.end;
    const ran = this.#run(row, session, argv);
    if (timedOut && ran && output.copy(start, start + 1)[0] === ERROR_TYPE) {
      // A wait that is over is answered with nil, whatever its keys have become. Redis: replyToBlockedClientTimedOut.
      output.truncate(start);
      session.reply.nullArray();
    }
    this.#context.block = null;
    this.#context.timedOut = false;
    return ran;
  }

  /** Runs a row's handler or hands it to the host. False: it threw (a bug of ours, not of the client). */
  #run(row: CommandRow, session: Session, argv: Argv): boolean {
    this.executedCommands += 1;
    try {
      if (session.listensInRESP2 && row.fullName === "ping") {
        pong(session, argv);
      } else if (row.execute !== null) {
        this.#context.argv = argv;
        this.#context.reply = session.reply;
        row.execute(this.#context);
      } else if (row.executor === "session") {
        this.insideExec(session, row, argv);
      } else {
        this.#host.execute(row, session, argv);
      }
      return true;
    } catch (error) {
      this.#logger.error({ command: row.fullName, err: error }, "command handler threw");
      return false;
    }
  }

  /** Takes back what the command did; its error is all that is left. */
  #refuse(session: Session, start: number, mark: number, text: string): void {
    this.#speculation.undoTo(mark);
    session.output.truncate(start);
    session.reply.error(text);
  }

  #runOrError(row: CommandRow, session: Session, argv: Argv): void {
    const start = session.output.end;
    if (this.#run(row, session, argv)) return;
    session.output.truncate(start);
    session.reply.error(INTERNAL);
  }

  /**
   * The command left effects: its reply waits for their batch. A command that only reads and merely
   * deleted what had expired is still safe to repeat.
   */
  #emitted(session: Session, start: number, isWrite: boolean, request: Argv | Transaction): void {
    const index = this.#speculation.openIndex;
    session.lastWriteIndex = index;
    const kind = isWrite ? ReplyKind.write : ReplyKind.repeatable;
    this.#gate.push(session, start, index, false, kind, request);
  }

  #collectHazards(row: CommandRow, argv: Argv): void {
    if (row.visibility === "noKeyspace") return;
    if (row.visibility === "wholeKeyspace") {
      const last = this.#speculation.lastInFlight;
      if (last > this.#greatestHazard) this.#greatestHazard = last;
      return;
    }
    forEachKey(row, argv, this.#noteHazard);
  }

  /** Redis: multi.c, isWatchedKeyExpired and the version check. Expired keys are deleted here, by effect. */
  #watchesBroken(transaction: Transaction): boolean {
    if (transaction.dirty) return true;
    for (const key of transaction.watched.keys()) this.#speculation.txn.has(key);
    return !this.#versionsHold(transaction);
  }

  #versionsHold(transaction: Transaction): boolean {
    for (const [key, version] of transaction.watched) {
      if (this.#speculation.keyspace.version(key) !== version) return false;
    }
    return true;
  }

  #remember(session: Session, key: string): void {
    if (session.watched.has(key)) return;
    session.watched.set(key, this.#speculation.keyspace.watch(key));
  }
}
