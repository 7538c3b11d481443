/** XADD, with its own grammar: trimming first, then the id, then the entry. */

import {
  formatStreamId,
  generatedSeqId,
  generatedStreamId,
  parseStreamId,
  STREAM_ENTRY_BYTES_MAX,
  STREAM_ID_MAX,
  STREAM_ID_MIN,
  type StreamId,
} from "@redoubt/keyspace";
import { wrongArity } from "../errors.js";
import { keyAt, type RowSpec, withNotes } from "../row.js";
import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";
import { keyArgument, streamAt } from "../values.js";
import { idArgument } from "./ids.js";
import { cText, streamErrors } from "./texts.js";
import { parseTrimOptions, settleTrim, trimStream } from "./trim-options.js";

/** `clock`: `*`. `sequence`: `ms-*`, with the id `ms-0`. */
type WantedId =
  | { readonly kind: "clock" }
  | { readonly kind: "sequence" | "given"; readonly id: StreamId };

function xadd(context: CommandContext): void {
  const { argv, txn, reply } = context;
  const options = parseTrimOptions(context, true);
  if (options === null) return;
  const wanted = wantedId(context, options.end);
  if (wanted === null || !settleTrim(context, options, true)) return;
  const texts = argv.length - options.end - 1;
  if (texts < 2 || texts % 2 === 1) {
    reply.error(wrongArity("xadd"));
    return;
  }
  if (wanted.kind === "given" && wanted.id === STREAM_ID_MIN) {
    reply.error(streamErrors.idZero);
    return;
  }
  const key = keyArgument(context, 1);
  const before = streamAt(context, key);
  if (before === null) return;
  if (before === undefined && !options.create) {
    reply.null();
    return;
  }
  const lastId = before?.lastId ?? STREAM_ID_MIN;
  const id = lastId === STREAM_ID_MAX ? undefined : nextId(wanted, lastId, txn.nowMs);
  if (id === undefined) {
    const isFull = lastId === STREAM_ID_MAX;
    reply.error(isFull ? streamErrors.idExhausted : streamErrors.idNotAbove);
    return;
  }
  const fields = argv.slice(options.end + 1);
  if (fields.reduce((sum, { length }) => sum + length, 0) > STREAM_ENTRY_BYTES_MAX) {
    reply.error(streamErrors.entryTooLarge);
    return;
  }
  txn.streams.append(key, id, fields.map(latin1));
  trimStream(context, key, streamAt(context, key)!, options);
  reply.bulk(formatStreamId(id));
}

/** Null: the error was replied. */
function wantedId(context: CommandContext, index: number): WantedId | null {
  const argument = context.argv[index];
  if (argument === undefined) return { kind: "clock" };
  const text = cText(argument);
  if (text === "*") return { kind: "clock" };
  const dash = text.indexOf("-");
  if (dash >= 0 && text.slice(dash) === "-*") {
    const ms = parseStreamId(`${text.slice(0, dash)}-0`, "first");
    if (ms !== undefined) return { kind: "sequence", id: ms };
  }
  const id = idArgument(context, index);
  return id === null ? null : { kind: "given", id };
}

/** undefined: it would not be above the last one. */
function nextId(wanted: WantedId, lastId: StreamId, nowMs: number): StreamId | undefined {
  if (wanted.kind === "clock") return generatedStreamId(lastId, nowMs);
  if (wanted.kind === "sequence") return generatedSeqId(lastId, wanted.id);
  return wanted.id > lastId ? wanted.id : undefined;
}

export const addRow: RowSpec = {
  name: "xadd",
  arity: -5,
  flags: ["write", "denyoom", "fast"],
  categories: ["stream"],
  keys: [
    withNotes(
      keyAt(1, "RW", "update"),
      "UPDATE instead of INSERT because of the optional trimming feature",
    ),
  ],
  tips: ["nondeterministic_output"],
  summary: "Appends an entry to a stream; makes the stream, and trims it when told.",
  since: "5.0.0",
  group: "stream",
  complexity: "O(log N) to append, N: chunks; and O(M), M: entries that are trimmed",
  syntax:
    "key:key [NOMKSTREAM] [trim{strategy(MAXLEN | MINID) [operator(equal:'=' | approximately:'~')] threshold:string [LIMIT count:integer]}] id-selector(auto-id:'*' | id:string) data{field:string value:string}...",
  execute: xadd,
};
