/** Inline commands: a line of words for people with telnet, in the quoting of Redis's own `sdssplitargs`. */

const byte = {
  nul: 0x00,
  tab: 0x09,
  lineFeed: 0x0a,
  carriageReturn: 0x0d,
  space: 0x20,
  doubleQuote: 0x22,
  singleQuote: 0x27,
  backslash: 0x5c,
  x: 0x78,
} as const;

/** What stands for which byte behind a backslash in double quotes; every other byte stands for itself. */
const escapes = new Map([
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x62, 0x08],
  [0x61, 0x07],
]);

/**
 * The words of `line` (without its end). Null: quotes are unbalanced, or a closing quote is followed by
 * something else than a space. The words are views of one new buffer.
 */
export function splitInline(line: Buffer): Buffer[] | null {
  const words: Buffer[] = [];
  // No word is longer than its source: one allocation holds them all.
  const memory = Buffer.allocUnsafe(line.length);
  let used = 0;
  let at = 0;
  while (at < line.length) {
    const c = line[at]!;
    if (c === byte.nul) break;
    if (isBlank(c)) {
      at++;
      continue;
    }
    const word = readWord(line, at, memory, used);
    if (word === null) return null;
    words.push(memory.subarray(used, word.used));
    used = word.used;
    at = word.next;
  }
  return words;
}

/** `used`: where the word ends in memory. `next`: where reading goes on in the line. */
interface Word {
  readonly used: number;
  readonly next: number;
}

function readWord(line: Buffer, first: number, memory: Buffer, start: number): Word | null {
  let used = start;
  let at = first;
  while (at < line.length && !endsWord(line[at]!)) {
    const c = line[at]!;
    if (c !== byte.doubleQuote && c !== byte.singleQuote) {
      memory[used++] = c;
      at++;
      continue;
    }
    const quoted =
      c === byte.doubleQuote
        ? readDoubleQuoted(line, at + 1, memory, used)
        : readSingleQuoted(line, at + 1, memory, used);
    if (quoted === null) return null;
    if (quoted.next < line.length && !followsQuote(line[quoted.next]!)) return null;
    // A closing quote ends the word, also before \v and \f, which do not end an unquoted one.
    return quoted;
  }
  return { used, next: at };
}

function readDoubleQuoted(line: Buffer, first: number, memory: Buffer, start: number): Word | null {
  let used = start;
  let at = first;
  while (at < line.length && line[at] !== byte.nul) {
    const c = line[at]!;
    if (c === byte.doubleQuote) return { used, next: at + 1 };
    if (c !== byte.backslash || at + 1 >= line.length) {
      memory[used++] = c;
      at++;
      continue;
    }
    const escaped = line[at + 1]!;
    const high = hexDigit(line[at + 2]);
    const low = hexDigit(line[at + 3]);
    if (escaped === byte.x && high >= 0 && low >= 0) {
      memory[used++] = high * 16 + low;
      at += 4;
    } else {
      memory[used++] = escapes.get(escaped) ?? escaped;
      at += 2;
    }
  }
  return null;
}

function readSingleQuoted(line: Buffer, first: number, memory: Buffer, start: number): Word | null {
  let used = start;
  let at = first;
  while (at < line.length && line[at] !== byte.nul) {
    const c = line[at]!;
    if (c === byte.singleQuote) return { used, next: at + 1 };
    if (c === byte.backslash && line[at + 1] === byte.singleQuote) at++;
    memory[used++] = line[at]!;
    at++;
  }
  return null;
}

/** C's isspace. */
function isBlank(c: number): boolean {
  return c === byte.space || (c >= byte.tab && c <= byte.carriageReturn);
}

/** Ends an unquoted word: \v and \f do not, although they are blanks between words. */
function endsWord(c: number): boolean {
  return (
    c === byte.space ||
    c === byte.tab ||
    c === byte.lineFeed ||
    c === byte.carriageReturn ||
    c === byte.nul
  );
}

function followsQuote(c: number): boolean {
  return isBlank(c) || c === byte.nul;
}

function hexDigit(c: number | undefined): number {
  if (c === undefined) return -1;
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x61 + 10 : -1;
}
