/**
 * Words of a redis.conf line: Redis's quoting rules (sdssplitargs), both ways.
 *
 * "..." knows \n \r \t \b \a \xHH and \c for any other c; '...' knows only \'. A closing quote must be
 * followed by white space or the end.
 */

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };
const plainWord = /^[^\s"'\\#\p{Cc}][^\s"'\\\p{Cc}]*$/u;

function isSpace(char: string | undefined): boolean {
  return char !== undefined && " \t\n\v\f\r\0".includes(char);
}

/** The words of `line`; null when its quotes are unbalanced. */
export function splitWords(line: string): string[] | null {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (isSpace(line[at])) at += 1;
    if (at >= line.length) return words;
    const word = readWord(line, at);
    if (word === null) return null;
    words.push(word.text);
    at = word.end;
  }
}

/** One word from `start`. As in Redis a quote may open in the middle of it: a"b" is ab. */
function readWord(line: string, start: number): { text: string; end: number } | null {
  let text = "";
  let at = start;
  while (at < line.length && !isSpace(line[at])) {
    const char = line[at] as string;
    if (char !== '"' && char !== "'") {
      text += char;
      at += 1;
      continue;
    }
    const quoted = char === '"' ? readDoubleQuoted(line, at + 1) : readSingleQuoted(line, at + 1);
    if (quoted === null) return null;
    if (quoted.end < line.length && !isSpace(line[quoted.end])) return null;
    return { text: text + quoted.text, end: quoted.end };
  }
  return { text, end: at };
}

function readDoubleQuoted(line: string, start: number): { text: string; end: number } | null {
  let text = "";
  let at = start;
  while (at < line.length) {
    const char = line[at] as string;
    if (char === '"') return { text, end: at + 1 };
    if (char !== "\\" || at + 1 >= line.length) {
      text += char;
      at += 1;
      continue;
    }
    const hex = /^x([0-9a-fA-F]{2})/.exec(line.slice(at + 1, at + 4));
    if (hex !== null) {
      text += String.fromCharCode(Number.parseInt(hex[1] as string, 16));
      at += 4;
    } else {
      const escaped = line[at + 1] as string;
      text += escapes[escaped] ?? escaped;
      at += 2;
    }
  }
  return null;
}

function readSingleQuoted(line: string, start: number): { text: string; end: number } | null {
  let text = "";
  let at = start;
  while (at < line.length) {
    const char = line[at] as string;
    if (char === "'") return { text, end: at + 1 };
    if (char === "\\" && line[at + 1] === "'") {
      text += "'";
      at += 2;
    } else {
      text += char;
      at += 1;
    }
  }
  return null;
}

/** `word` as it is written in a configuration file so that splitWords gives it back. */
export function quoteWord(word: string): string {
  if (plainWord.test(word)) return word;
  let quoted = '"';
  for (const char of word) {
    const code = char.charCodeAt(0);
    if (char === '"' || char === "\\") quoted += `\\${char}`;
    else if (char === "\n") quoted += "\\n";
    else if (char === "\r") quoted += "\\r";
    else if (char === "\t") quoted += "\\t";
    else if (code < 0x20 || code === 0x7f) quoted += `\\x${code.toString(16).padStart(2, "0")}`;
    else quoted += char;
  }
  return `${quoted}"`;
}
