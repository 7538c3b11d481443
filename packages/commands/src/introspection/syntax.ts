/**
 * The notation of `CommandRow.syntax`, read into what COMMAND DOCS tells.
 *
 *   name:type       an argument; types are Redis's (key, string, integer, double, pattern, unix-time)
 *   name:type#n     the n-th key specification, from 0 on, finds it; keys alone are counted without
 *   TOKEN           a literal word
 *   name:'sign'     a literal that is no word
 *   TOKEN item      the word belongs to the argument behind it
 *   name(a | b)     one of
 *   name{a b}       a group that stands or falls together
 *   [item]          may be left out
 *   item...         may be repeated
 *   item...+        may be repeated, each time with its word
 */

import { assert } from "../errors.js";

export interface ArgumentDoc {
  readonly name: string;
  readonly type: string;
  /** Empty: none. */
  readonly token: string;
  /** Which key specification finds it; -1: it is no key. */
  readonly keySpecIndex: number;
  optional: boolean;
  multiple: boolean;
  /** The token comes again each time. */
  multipleToken: boolean;
  /** Of oneof and block. */
  readonly children: readonly ArgumentDoc[];
}

const lexemes = /\.\.\.\+?|[[\](){}|]|[^\s[\](){}|.]+/g;
const tokenWord = /^[A-Z][A-Z-]*$/;
const nameWord = /^[a-z]/;

interface Reader {
  readonly words: readonly string[];
  at: number;
  /** Keys met so far: the n-th belongs to the n-th key specification. */
  keys: number;
}

export function parseSyntax(syntax: string): ArgumentDoc[] {
  const reader: Reader = { words: syntax.match(lexemes) ?? [], at: 0, keys: 0 };
  const items = readSequence(reader);
  assert(reader.at === reader.words.length, "a syntax line is read to its end");
  return items;
}

function readSequence(reader: Reader): ArgumentDoc[] {
  const items: ArgumentDoc[] = [];
  while (reader.at < reader.words.length && !/^[\])}|]$/.test(reader.words[reader.at]!)) {
    items.push(readItem(reader));
  }
  return items;
}

function readItem(reader: Reader): ArgumentDoc {
  let item: ArgumentDoc;
  if (accept(reader, "[")) {
    item = readItem(reader);
    item.optional = true;
    expect(reader, "]");
  } else {
    item = readPlain(reader);
  }
  if (accept(reader, "...")) item.multiple = true;
  if (accept(reader, "...+")) {
    item.multiple = true;
    item.multipleToken = true;
  }
  return item;
}

function readPlain(reader: Reader): ArgumentDoc {
  const word = next(reader);
  if (!tokenWord.test(word)) return readNamed(reader, word, "");
  if (nameWord.test(reader.words[reader.at] ?? "")) return readNamed(reader, next(reader), word);
  return argument(word.toLowerCase(), "pure-token", word, -1, []);
}

function readNamed(reader: Reader, word: string, token: string): ArgumentDoc {
  if (accept(reader, "(")) {
    const choices = [readItem(reader)];
    while (accept(reader, "|")) choices.push(readItem(reader));
    expect(reader, ")");
    return argument(word, "oneof", token, -1, choices);
  }
  if (accept(reader, "{")) {
    const members = readSequence(reader);
    expect(reader, "}");
    return argument(word, "block", token, -1, members);
  }
  const [name, type, index] = word.split(/[:#]/);
  assert(name !== undefined && type !== undefined, "an argument has a name and a type");
  if (index !== undefined) return argument(name, type, token, Number(index), []);
  const sign = /^'(.)'$/.exec(type)?.[1];
  if (sign !== undefined) return argument(name, "pure-token", sign, -1, []);
  const keySpecIndex = type === "key" ? reader.keys++ : -1;
  return argument(name, type, token, keySpecIndex, []);
}

function argument(
  name: string,
  type: string,
  token: string,
  keySpecIndex: number,
  children: readonly ArgumentDoc[],
): ArgumentDoc {
  const repeated = { multiple: false, multipleToken: false };
  return { name, type, token, keySpecIndex, optional: false, ...repeated, children };
}

function next(reader: Reader): string {
  const word = reader.words[reader.at];
  assert(word !== undefined, "a syntax line is complete");
  reader.at += 1;
  return word;
}

function accept(reader: Reader, word: string): boolean {
  if (reader.words[reader.at] !== word) return false;
  reader.at += 1;
  return true;
}

function expect(reader: Reader, word: string): void {
  assert(accept(reader, word), "a syntax line's brackets match");
}

/** For people: "key value [NX|XX] [EX seconds]". */
export function usage(items: readonly ArgumentDoc[]): string {
  return items.map(usageOf).join(" ");
}

function usageOf(item: ArgumentDoc): string {
  const prefix = item.token === "" || item.type === "pure-token" ? "" : `${item.token} `;
  const inner = prefix + usageInner(item);
  const repeated = item.multiple ? `${inner} [${inner} ...]` : inner;
  return item.optional ? `[${repeated}]` : repeated;
}

function usageInner(item: ArgumentDoc): string {
  if (item.type === "pure-token") return item.token;
  if (item.type === "block") return usage(item.children);
  if (item.type !== "oneof") return item.name;
  const choices = item.children.map(usageOf).join("|");
  return item.optional && item.token === "" ? choices : `<${choices}>`;
}
