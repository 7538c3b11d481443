/**
 * What is committed, as the first node that applied it showed it: entries, the values and states they
 * write. Ground truth of the other checkers; it checks nothing but that indexes come without a gap.
 */

import { batchLogTimeMs, toCommands } from "@redoubt/keyspace";
import { type Entry, EntryKind, type Index } from "@redoubt/raft";
import type { Report } from "./violation.js";

export interface CommittedEntry {
  readonly entry: Entry;
  /** Who applied it first. */
  readonly node: number;
  /** Keys its effects change; null: all. */
  readonly touched: readonly string[] | null;
}

/** A followed key's content from `index` on. */
export interface Change {
  readonly index: Index;
  /** null: no such key, or expired. */
  readonly value: string | null;
}

/** Keys whose every state is kept: what a read may show is judged by index. */
const FOLLOWED = /^(register|counter|expiring|pair)/;

/** Tokens stand at the start of a value; what makes it large stands behind. */
const TOKENS_WITHIN_BYTES = 4096;

interface Deadline {
  readonly key: string;
  readonly atMs: number;
}

export class CommittedLog {
  readonly #report: Report;
  readonly #entries: CommittedEntry[] = [];
  readonly #changes = new Map<string, Change[]>();
  /** Of followed keys that have one now. */
  readonly #deadlines = new Map<string, Deadline>();
  /** Every token ("v12.") that a committed entry writes. */
  readonly tokens = new Set<string>();
  #logTimeMs = 0;
  /** Of the entry that was added last. */
  commands: readonly (readonly Buffer[])[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  get last(): Index {
    return this.#entries.length;
  }

  at(index: Index): CommittedEntry | undefined {
    return this.#entries[index - 1];
  }

  /** Ascending by index. */
  changesOf(key: string): readonly Change[] {
    return this.#changes.get(key) ?? [];
  }

  /** The followed keys this entry changed hold now. Used right after `add`. */
  valueOf(key: string): string | null {
    return this.#changes.get(key)?.at(-1)?.value ?? null;
  }

  add(node: number, entry: Entry): void {
    if (entry.index !== this.last + 1) {
      this.#report("state-machine safety", `node ${node} applied ${entry.index} out of order`);
      return;
    }
    this.commands = entry.kind === EntryKind.batch ? toCommands(entry.payload) : [];
    const touched = entry.kind === EntryKind.batch ? this.#collect(entry) : [];
    this.#entries.push({ entry, node, touched });
  }

  #collect({ index, payload }: Entry): readonly string[] | null {
    let touched: string[] | null = [];
    // Expiry is judged by the log time of the entry that is applied: the batch's own, at its end.
    for (const command of this.commands) {
      const name = command[0]!.toString("latin1");
      const key = command[1]?.toString("latin1") ?? "";
      if (name === "FLUSHALL") touched = null;
      else if (name !== "FUNCTION") touched?.push(key);
      if (name === "XGROUP") touched?.push(command[2]!.toString("latin1"));
      if (name === "RENAME" || name === "COPY") touched?.push(command[2]!.toString("latin1"));
      this.#collectTokens(command);
      this.#collectChange(index, name, key, command);
    }
    this.#logTimeMs = batchLogTimeMs(payload);
    for (const { key, atMs } of this.#deadlines.values()) {
      if (atMs < this.#logTimeMs) this.#changed(index, key, null);
    }
    return touched;
  }

  #collectTokens(command: readonly Buffer[]): void {
    for (let i = 2; i < command.length; i++) {
      const value = command[i]!;
      const text = value.toString("latin1", 0, Math.min(value.length, TOKENS_WITHIN_BYTES));
      const found = text.match(/v\d+\./g);
      if (found !== null) for (const token of found) this.tokens.add(token);
    }
  }

  #collectChange(index: Index, name: string, key: string, command: readonly Buffer[]): void {
    if (name === "FLUSHALL") {
      for (const each of this.#changes.keys()) this.#changed(index, each, null);
      return;
    }
    if (!FOLLOWED.test(key)) return;
    if (name === "SET") {
      this.#changed(index, key, command[2]!.toString("latin1"));
      if (command.length > 3) {
        this.#deadlines.set(key, { key, atMs: Number(command[4]!.toString("latin1")) });
      }
    } else if (name === "DEL") {
      this.#changed(index, key, null);
    } else {
      this.#report("effects", `${key} was changed by ${name}`);
    }
  }

  #changed(index: Index, key: string, value: string | null): void {
    this.#deadlines.delete(key);
    const changes = this.#changes.get(key);
    if (changes === undefined) this.#changes.set(key, [{ index, value }]);
    else changes.push({ index, value });
  }
}
