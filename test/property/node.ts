/**
 * One node's state machine as the replica drives it, without Raft, disk and sockets: the production Speculation
 * and Executor. It leads, or it follows; what it leads with is proposed, committed or lost by its owner.
 */

import { arityOk, type CommandRow, commandTable } from "@redoubt/commands";
import type { Host } from "@redoubt/replica";
import { OutputBuffer, ReplyWriter } from "@redoubt/resp";
import { ackPolicy } from "../../packages/replica/src/ack-policy.js";
import { Executor } from "../../packages/replica/src/executor.js";
import { ReplyGate } from "../../packages/replica/src/reply-gate.js";
import { Transaction } from "../../packages/replica/src/requests.js";
import { Session } from "../../packages/replica/src/session.js";
import { Speculation } from "../../packages/replica/src/speculation.js";
import { SeededRandom } from "../conformance/support/seeded-random.js";
import { addCount } from "./coverage.js";
import { Problem } from "./problem.js";
import { DUMPED, type Request } from "./program.js";

interface Command {
  readonly row: CommandRow;
  readonly argv: Buffer[];
}

/** What the last handler of a `throw` step throws. */
class Thrown extends Error {}

const SINK = { write: () => undefined, end: () => undefined, pause: () => undefined };
const EVENTS = { sessionActive: () => undefined, sessionClosed: () => undefined };
const HOST: Host = {
  execute: () => undefined,
  initiallyAuthenticated: () => true,
  reset: () => undefined,
};

export class Node {
  readonly speculation = new Speculation();
  /** Wall clock. */
  nowMs: number;
  /** Commands that left an effect, by row. */
  readonly wrote: Record<string, number>;
  /** Messages of committed effects, in order. */
  readonly heard: string[] = [];
  #random = new SeededRandom(1);
  #gate = new ReplyGate(ackPolicy("raft"));
  #executor!: Executor;
  #session!: Session;

  constructor(nowMs: number, wrote: Record<string, number>) {
    this.nowMs = nowMs;
    this.wrote = wrote;
    this.speculation.onPublished = (channel, message, sharded) => {
      this.heard.push(`${channel} ${sharded} ${Buffer.from(message).toString("latin1")}`);
    };
  }

  get keyspace() {
    return this.speculation.keyspace;
  }

  lead(term: number): void {
    const { speculation } = this;
    speculation.begin(term);
    this.#gate = new ReplyGate(ackPolicy("raft"));
    this.#gate.begin(speculation.applied);
    const clock = { monotonicMs: () => this.nowMs, wallMs: () => this.nowMs };
    const random = { next: () => this.#random.next() };
    const quiet = (): void => undefined;
    const logger = { debug: quiet, info: quiet, warn: quiet, error: noteThrown };
    this.#executor = new Executor(speculation, this.#gate, clock, random, HOST, logger);
    this.#connect();
  }

  watch(keys: readonly string[]): void {
    const argv = ["WATCH", ...keys].map(bytes);
    this.#executor.watch(this.#session, argv, this.#nextIndex);
    this.#drain();
  }

  /** As one command, or one EXEC. `throws`: behind the last one's handler. */
  run(requests: readonly Request[], draw: number, throws: boolean): void {
    this.#random = new SeededRandom(draw);
    const commands = requests.flatMap((request) => this.#resolve(request) ?? []);
    if (commands.length === 0) return;
    if (throws) {
      const last = commands.length - 1;
      commands[last] = { ...commands[last]!, row: throwing(commands[last]!.row) };
    }
    const { txn } = this.speculation;
    if (requests.length === 1) {
      const { row, argv } = commands[0]!;
      this.#executor.lead(this.#session, row, argv, this.#nextIndex, true);
      if (txn.effectCount > 0) addCount(this.wrote, row.fullName);
    } else {
      const transaction = new Transaction();
      transaction.commands.push(...commands);
      transaction.watched = new Map(this.#session.watched);
      this.#executor.leadTransaction(this.#session, transaction, this.#nextIndex);
      for (const key of this.#session.watched.keys()) this.keyspace.unwatch(key);
      this.#session.watched.clear();
    }
    this.#drain();
  }

  /** A read's reply, RESP2. Nothing counts as expired. */
  ask(request: Request): Buffer {
    const row = commandTable.resolve(request.map(bytes))!;
    const output = new OutputBuffer();
    const { txn } = this.speculation;
    txn.begin(0, "observe");
    row.execute!({
      argv: request.map(bytes),
      txn,
      reply: new ReplyWriter(output),
      random: () => 0,
      wallMs: () => this.nowMs,
      subscribers: () => 0,
      block: null,
      timedOut: false,
    });
    return Buffer.from(output.copy(0, output.end));
  }

  /** Its connections are gone with its leadership. */
  fall(): void {
    for (const key of this.#session.watched.keys()) this.keyspace.unwatch(key);
    this.speculation.rollback();
  }

  get #nextIndex(): number {
    return this.speculation.lastSealed + 1;
  }

  #connect(): void {
    this.#session = new Session(1, SINK, null, true, this.keyspace, EVENTS);
  }

  /** What waits is of no interest here; the gate has tests of its own. */
  #drain(): void {
    const { output } = this.#session;
    if (output.end - output.start < 65_536) return;
    const watched = [...this.#session.watched];
    this.#connect();
    for (const [key, version] of watched) this.#session.watched.set(key, version);
  }

  /** null: the dispatcher would refuse it, or it is not about data. */
  #resolve(request: Request): Command | null {
    const argv = request.map((word) => {
      if (!word.startsWith(DUMPED)) return bytes(word);
      return payload(this.ask(["DUMP", word.slice(DUMPED.length)]));
    });
    const row = commandTable.resolve(argv);
    if (row === undefined || !arityOk(row, argv.length) || row.execute === null) return null;
    return { row, argv };
  }
}

/** Of a RESTORE of a missing key: one that is refused. */
function payload(reply: Buffer): Buffer {
  const at = reply.indexOf("\r\n") + 2;
  return reply.length < at + 2 ? Buffer.alloc(0) : reply.subarray(at, reply.length - 2);
}

function throwing(row: CommandRow): CommandRow {
  return {
    ...row,
    execute: (context) => {
      row.execute!(context);
      throw new Thrown("on purpose");
    },
  };
}

function noteThrown(fields: object): void {
  const { err } = fields as { err: unknown };
  if (!(err instanceof Thrown)) throw new Problem(`a handler threw: ${(err as Error).stack}`);
}

function bytes(word: string): Buffer {
  return Buffer.from(word, "latin1");
}
