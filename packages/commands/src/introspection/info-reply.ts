/** One row as COMMAND INFO prints it. */

import type { ReplyWriter } from "@redoubt/resp";
import type { CommandRow, KeyBegin, KeyFind, KeySpec } from "../types.js";

export function replyInfo(reply: ReplyWriter, row: CommandRow): void {
  const positions = legacyPositions(row.keySpecs);
  reply.array(10);
  reply.bulk(row.fullName);
  reply.integer(row.arity);
  replyWords(reply, row.flags, "");
  reply.integer(positions.first);
  reply.integer(positions.last);
  reply.integer(positions.step);
  replyWords(reply, row.aclCategories, "@");
  reply.set(row.tips.length);
  for (const tip of row.tips) reply.bulk(tip);
  reply.set(row.keySpecs.length);
  for (const spec of row.keySpecs) replyKeySpec(reply, spec);
  reply.set(row.subcommands?.size ?? 0);
  for (const sub of row.subcommands?.values() ?? []) replyInfo(reply, sub);
}

/** A set of status words. */
export function replyWords(reply: ReplyWriter, words: readonly string[], prefix: string): void {
  reply.set(words.length);
  for (const word of words) reply.simple(prefix + word);
}

/**
 * Before key specifications there were one first key, one last key and one step. Specifications that
 * follow on each other without a gap still fit into that.
 */
function legacyPositions(specs: readonly KeySpec[]): {
  readonly first: number;
  readonly last: number;
  readonly step: number;
} {
  let first = 0;
  let last = 0;
  let step = 0;
  for (const { begin, find } of specs) {
    if (begin.type !== "index" || find.type !== "range") continue;
    const end = find.lastKey >= 0 ? begin.index + find.lastKey : find.lastKey;
    if (step === 0) {
      first = begin.index;
      last = end;
      step = find.keyStep;
    } else if (step === 1 && find.keyStep === 1 && begin.index === last + 1) {
      last = end;
    } else {
      break;
    }
  }
  return { first, last, step };
}

function replyKeySpec(reply: ReplyWriter, spec: KeySpec): void {
  reply.map(spec.notes === null ? 3 : 4);
  if (spec.notes !== null) {
    reply.bulk("notes");
    reply.bulk(spec.notes);
  }
  reply.bulk("flags");
  replyWords(reply, spec.flags, "");
  reply.bulk("begin_search");
  replyTyped(reply, spec.begin.type, beginFields(spec.begin));
  reply.bulk("find_keys");
  replyTyped(reply, spec.find.type, findFields(spec.find));
}

type Fields = readonly (readonly [string, string | number])[];

function beginFields(begin: KeyBegin): Fields {
  if (begin.type === "unknown") return [];
  if (begin.type === "index") return [["index", begin.index]];
  return [
    ["keyword", begin.keyword],
    ["startfrom", begin.startFrom],
  ];
}

function findFields(find: KeyFind): Fields {
  if (find.type === "unknown") return [];
  if (find.type === "range") {
    return [
      ["lastkey", find.lastKey],
      ["keystep", find.keyStep],
      ["limit", find.limit],
    ];
  }
  return [
    ["keynumidx", find.keyNumIndex],
    ["firstkey", find.firstKey],
    ["keystep", find.keyStep],
  ];
}

function replyTyped(reply: ReplyWriter, type: string, fields: Fields): void {
  reply.map(2);
  reply.bulk("type");
  reply.bulk(type);
  reply.bulk("spec");
  reply.map(fields.length);
  for (const [name, value] of fields) {
    reply.bulk(name);
    if (typeof value === "number") reply.integer(value);
    else reply.bulk(value);
  }
}
