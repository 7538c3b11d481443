/** For this package's tests: rows on a real keyspace, executed the way a leader does. */

import { BatchWriter, Keyspace, Txn, toCommands, UndoJournal } from "@redoubt/keyspace";
import { OutputBuffer, ReplyWriter } from "@redoubt/resp";
import { arityOk } from "../command-table.js";
import { unknownCommand, unknownSubcommand, wrongArity } from "../errors.js";
import { commandTable } from "../table.js";
import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";

/** An instant like any other: 2001-09-09T01:46:40Z. */
export const someTimeMs = 1_000_000_000_000;

export class Harness {
  readonly keyspace = new Keyspace();
  readonly batch = new BatchWriter();
  nowMs = someTimeMs;
  readonly #output = new OutputBuffer();
  readonly #context: CommandContext;

  constructor() {
    const touch = { touched: () => {}, touchedAll: () => {} };
    const txn = new Txn(this.keyspace, new UndoJournal(), this.batch, touch);
    this.#context = {
      argv: [],
      txn,
      reply: new ReplyWriter(this.#output),
      random: () => 0.5,
      wallMs: () => this.nowMs,
      subscribers: () => 0,
      block: null,
      timedOut: false,
    };
  }

  set protocol(version: 2 | 3) {
    this.#context.reply.protocol = version;
  }

  /** Words, or one line of them. The reply's bytes, with a space for each line end but the last. */
  run(...words: readonly string[]): string {
    return this.execute("lead", words).replaceAll("\r\n", " ").trimEnd();
  }

  /** The reply's lines. */
  runLines(...words: readonly string[]): string[] {
    return this.execute("lead", words).split("\r\n").slice(0, -1);
  }

  /** As a follower that may change nothing. */
  observe(...words: readonly string[]): string {
    return this.execute("observe", words).replaceAll("\r\n", " ").trimEnd();
  }

  /** What the commands since the last call replicate, as Redis commands. */
  effects(): string[] {
    if (this.batch.effects === 0) return [];
    const commands = toCommands(this.batch.take(this.nowMs));
    return commands.map((argv) => argv.map((argument) => latin1(argument)).join(" "));
  }

  private execute(mode: "lead" | "observe", words: readonly string[]): string {
    const split = words.length === 1 ? words[0]!.split(" ") : words;
    const argv = split.map((word) => Buffer.from(word, "latin1"));
    const { txn, reply } = this.#context;
    const start = this.#output.end;
    txn.begin(this.nowMs, mode);
    const refusal = this.dispatch(argv);
    if (refusal !== null) reply.error(refusal);
    const bytes = Buffer.from(this.#output.copy(start, this.#output.end));
    return latin1(bytes);
  }

  private dispatch(argv: readonly Buffer[]): string | null {
    const named = commandTable.lookup(argv[0]!);
    if (named === undefined) return unknownCommand(argv);
    const row = commandTable.resolve(argv);
    if (row === undefined) return unknownSubcommand(named, argv[1]!);
    if (!arityOk(row, argv.length)) return wrongArity(row.fullName);
    this.#context.argv = argv;
    row.execute?.(this.#context);
    return null;
  }
}
