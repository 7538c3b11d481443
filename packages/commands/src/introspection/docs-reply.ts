/** One row as COMMAND DOCS prints it; redis-cli makes its hints from this. */

import type { ReplyWriter } from "@redoubt/resp";
import type { CommandRow } from "../types.js";
import { replyWords } from "./info-reply.js";
import { type ArgumentDoc, parseSyntax } from "./syntax.js";

/** The name and the map: two of the enclosing map's elements. */
export function replyDocs(reply: ReplyWriter, row: CommandRow): void {
  const { deprecated, subcommands } = row;
  const items = parseSyntax(row.syntax);
  const fields =
    4 + (deprecated === null ? 0 : 3) + (items.length > 0 ? 1 : 0) + (subcommands === null ? 0 : 1);
  reply.bulk(row.fullName);
  reply.map(fields);
  replyField(reply, "summary", row.summary);
  replyField(reply, "since", row.since);
  replyField(reply, "group", row.group);
  replyField(reply, "complexity", row.complexity);
  if (deprecated !== null) {
    reply.bulk("doc_flags");
    replyWords(reply, ["deprecated"], "");
    replyField(reply, "deprecated_since", deprecated.since);
    replyField(reply, "replaced_by", deprecated.replacedBy);
  }
  if (items.length > 0) replyArguments(reply, items);
  if (subcommands === null) return;
  reply.bulk("subcommands");
  reply.map(subcommands.size);
  for (const sub of subcommands.values()) replyDocs(reply, sub);
}

function replyArguments(reply: ReplyWriter, items: readonly ArgumentDoc[]): void {
  reply.bulk("arguments");
  reply.array(items.length);
  for (const item of items) replyArgument(reply, item);
}

function replyArgument(reply: ReplyWriter, item: ArgumentDoc): void {
  const isLeaf = item.children.length === 0;
  const flags: string[] = [];
  if (item.optional) flags.push("optional");
  if (item.multiple) flags.push("multiple");
  if (item.multipleToken) flags.push("multiple_token");
  const extras = [isLeaf, item.keySpecIndex >= 0, item.token !== "", flags.length > 0, !isLeaf];
  reply.map(2 + extras.filter(Boolean).length);
  replyField(reply, "name", item.name);
  if (isLeaf) replyField(reply, "display_text", item.name);
  replyField(reply, "type", item.type);
  if (item.keySpecIndex >= 0) {
    reply.bulk("key_spec_index");
    reply.integer(item.keySpecIndex);
  }
  if (item.token !== "") replyField(reply, "token", item.token);
  if (flags.length > 0) {
    reply.bulk("flags");
    replyWords(reply, flags, "");
  }
  if (!isLeaf) replyArguments(reply, item.children);
}

function replyField(reply: ReplyWriter, name: string, value: string): void {
  reply.bulk(name);
  reply.bulk(value);
}
