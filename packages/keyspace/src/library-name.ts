/**
 * The name that a library's source says in its first line (`#!lua name=mylib`). Redis: functions.c,
 * functionExtractLibMetaData and functionsCreateWithLibraryCtx; sds.c, sdssplitargs.
 *
 * Only the first line is looked at: whether the rest is a program, only running it tells. Differs from Redis: one that is
 * too long is refused.
 */

import { LIBRARY_LINE_BYTES_MAX } from "./constants.js";

export type LibraryName =
  | { readonly name: string; readonly fault: null }
  /** In Redis's words, without "ERR". */
  | { readonly name: null; readonly fault: string };

/** The one fault that Redis does not find. */
export const LIBRARY_LINE_TOO_LONG = "Library metadata is too long";

const ENGINE = "lua";
const nameForm = /^[A-Za-z0-9_]+$/;

/** `code` is latin1. */
export function libraryName(code: string): LibraryName {
  if (!code.startsWith("#!")) return fault("Missing library metadata");
  const line = firstLine(code);
  if (line.length > LIBRARY_LINE_BYTES_MAX) return fault(LIBRARY_LINE_TOO_LONG);
  const words = splitWords(line);
  const [first, ...rest] = words ?? [];
  if (first === undefined) return fault("Invalid library metadata");
  let name: string | null = null;
  for (const word of rest) {
    if (word.slice(0, 5).toLowerCase() !== "name=") {
      return fault(`Invalid metadata value given: ${cText(word)}`);
    }
    if (name !== null) {
      return fault("Invalid metadata value, name argument was given multiple times");
    }
    name = word.slice(5);
  }
  if (name === null) return fault("Library name was not given");
  if (!nameForm.test(name)) {
    return fault(
      "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long",
    );
  }
  const engine = first.slice(2);
  if (engine.toLowerCase() !== ENGINE) return fault(`Engine '${engine}' not found`);
  return { name, fault: null };
}

function fault(text: string): LibraryName {
  return { name: null, fault: text };
}

/** "": there is none, or a NUL comes before its end. */
function firstLine(code: string): string {
  const end = code.indexOf("\n");
  const nul = code.indexOf("\0");
  return end < 0 || (nul >= 0 && nul < end) ? "" : code.slice(0, end);
}

/** As Redis prints it with %s. */
function cText(word: string): string {
  const nul = word.indexOf("\0");
  return nul < 0 ? word : word.slice(0, nul);
}

/** Words as in a configuration file or an inline request. Null: a quote is not closed, or something follows it. */
function splitWords(line: string): string[] | null {
  const words: string[] = [];
  for (let at = 0; ; ) {
    while (at < line.length && isSpace(line[at]!)) at++;
    if (at === line.length) return words;
    const found = wordAt(line, at);
    if (found === null) return null;
    words.push(found.word);
    at = found.end;
  }
}

function wordAt(line: string, start: number): { word: string; end: number } | null {
  let word = "";
  let quote = "";
  let at = start;
  for (; at < line.length; at++) {
    const character = line[at]!;
    if (quote === "") {
      if (isSpace(character)) break;
      if (character === '"' || character === "'") quote = character;
      else word += character;
    } else if (character === quote) {
      const next = line[at + 1];
      return next === undefined || isSpace(next) ? { word, end: at + 1 } : null;
    } else if (character === "\\" && at + 1 < line.length) {
      const escaped = quote === '"' ? doubleEscape(line, at + 1) : singleEscape(line, at + 1);
      word += escaped.text;
      at += escaped.length;
    } else {
      word += character;
    }
  }
  return quote === "" ? { word, end: at } : null;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };

/** What stands behind a backslash in double quotes, and how many characters of the line it takes. */
function doubleEscape(line: string, at: number): { text: string; length: number } {
  const hex = /^x([0-9a-fA-F]{2})/.exec(line.slice(at, at + 3));
  if (hex !== null) return { text: String.fromCharCode(Number.parseInt(hex[1]!, 16)), length: 3 };
  const character = line[at]!;
  return { text: escapes[character] ?? character, length: 1 };
}

/** In single quotes only the quote itself is escaped. */
function singleEscape(line: string, at: number): { text: string; length: number } {
  return line[at] === "'" ? { text: "'", length: 1 } : { text: "\\", length: 0 };
}

function isSpace(character: string): boolean {
  return /[ \t\n\v\f\r\0]/.test(character);
}
