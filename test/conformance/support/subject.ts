/** Our side of the comparison: rows on a keyspace of their own, executed the way a leader does. */

import {
  arityOk,
  type CommandContext,
  commandTable,
  unknownCommand,
  unknownSubcommand,
  wrongArity,
} from "@redoubt/commands";
import {
  applyBatch,
  BatchWriter,
  debugDigest,
  Keyspace,
  Txn,
  UndoJournal,
} from "@redoubt/keyspace";
import { OutputBuffer, ReplyWriter } from "@redoubt/resp";

export class Subject {
  readonly keyspace = new Keyspace();
  /** Fed with our effects only. */
  readonly follower = new Keyspace();
  readonly #batch = new BatchWriter();
  readonly #journal = new UndoJournal();
  readonly #output = new OutputBuffer();
  readonly #context: CommandContext;

  constructor(random: () => number) {
    const touch = { touched: () => {}, touchedAll: () => {} };
    this.#context = {
      argv: [],
      txn: new Txn(this.keyspace, this.#journal, this.#batch, touch),
      reply: new ReplyWriter(this.#output),
      random,
      wallMs: () => Date.now(),
      subscribers: () => 0,
      block: null,
      timedOut: false,
    };
  }

  set protocol(version: 2 | 3) {
    this.#context.reply.protocol = version;
  }

  /** The raw bytes of the reply. */
  execute(argv: readonly Buffer[], nowMs: number): Buffer {
    const { txn, reply } = this.#context;
    const start = this.#output.end;
    txn.begin(nowMs, "lead");
    const refusal = this.#dispatch(argv);
    if (refusal !== null) reply.error(refusal);
    return Buffer.from(this.#output.copy(start, this.#output.end));
  }

  /** What a replica does at commit; then leader and follower must be one. */
  commit(nowMs: number): void {
    if (this.#batch.effects > 0) applyBatch(this.follower, this.#batch.take(nowMs));
    this.#journal.commitTo(this.#journal.position, () => {});
    this.#output.take(this.#output.end);
  }

  digest(): string {
    return debugDigest(this.keyspace);
  }

  #dispatch(argv: readonly Buffer[]): string | null {
    const named = commandTable.lookup(argv[0]!);
    if (named === undefined) return unknownCommand(argv);
    const row = commandTable.resolve(argv);
    if (row === undefined) return unknownSubcommand(named, argv[1]!);
    if (!arityOk(row, argv.length)) return wrongArity(row.fullName);
    if (row.execute === null) throw new Error(`${row.fullName} is not executed here`);
    this.#context.argv = argv;
    row.execute(this.#context);
    return null;
  }
}
