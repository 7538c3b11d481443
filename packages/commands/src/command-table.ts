/** The lookup from a request's name to its row. */

import { assert } from "./errors.js";
import { latin1 } from "./text.js";
import type { CommandRow } from "./types.js";

export class CommandTable {
  /** Top-level rows, in declaration order. */
  readonly rows: readonly CommandRow[];
  /** Under the lower and the upper case name: what nearly every client sends is found without folding. */
  readonly #byName = new Map<string, CommandRow>();

  constructor(rows: readonly CommandRow[]) {
    this.rows = rows;
    for (const row of rows) {
      assert(!this.#byName.has(row.name), "a command is declared once");
      this.#byName.set(row.name, row);
      this.#byName.set(row.name.toUpperCase(), row);
    }
  }

  lookup(name: Buffer): CommandRow | undefined {
    const text = latin1(name);
    return this.#byName.get(text) ?? this.#byName.get(text.toLowerCase());
  }

  /** Undefined also when `row` has no subcommands. */
  subcommand(row: CommandRow, name: Buffer): CommandRow | undefined {
    if (row.subcommands === null) return undefined;
    return row.subcommands.get(latin1(name).toLowerCase());
  }

  /** The row a whole request means: the subcommand's when there is one, else undefined if unknown. */
  resolve(argv: readonly Buffer[]): CommandRow | undefined {
    const row = this.lookup(argv[0]!);
    if (row === undefined || row.subcommands === null || argv.length === 1) return row;
    return this.subcommand(row, argv[1]!);
  }
}

export function arityOk(row: CommandRow, argc: number): boolean {
  return row.arity >= 0 ? argc === row.arity : argc >= -row.arity;
}
