/**
 * Redis's glob: `*` any bytes, `?` one byte, `[a-c]`, `[^a]`, `\` takes the next byte literally.
 *
 * Every element but `*` matches exactly one byte, so it is enough to remember the newest `*` and to let
 * it swallow one byte more on a mismatch: O(pattern * text), never exponential. The oddities of Redis
 * are kept: an unclosed class ends with the pattern, ranges compare signed bytes in either order, and an
 * empty text matches nothing but the empty pattern.
 */

const STAR = 42;
const DASH = 45;
const QUESTION = 63;
const OPEN = 91;
const BACKSLASH = 92;
const CLOSE = 93;
const CARET = 94;

/** Both are latin1 strings. */
export function globMatch(pattern: string, text: string): boolean {
  if (text.length === 0) return pattern.length === 0;
  let at = 0;
  let read = 0;
  let starNext = -1;
  let starRead = 0;
  while (read < text.length) {
    if (at < pattern.length && pattern.charCodeAt(at) === STAR) {
      at += 1;
      starNext = at;
      starRead = read;
      continue;
    }
    const next = at < pattern.length ? matchOne(pattern, at, text.charCodeAt(read)) : -1;
    if (next >= 0) {
      at = next;
      read += 1;
    } else {
      if (starNext < 0) return false;
      starRead += 1;
      at = starNext;
      read = starRead;
    }
  }
  while (at < pattern.length && pattern.charCodeAt(at) === STAR) at += 1;
  return at === pattern.length;
}

/** Position after the element at `at` if it matches `byte`, else -1. */
function matchOne(pattern: string, at: number, byte: number): number {
  const code = pattern.charCodeAt(at);
  if (code === QUESTION) return at + 1;
  if (code === OPEN) return matchClass(pattern, at + 1, byte);
  if (code === BACKSLASH && at + 1 < pattern.length) {
    return pattern.charCodeAt(at + 1) === byte ? at + 2 : -1;
  }
  return code === byte ? at + 1 : -1;
}

/** `at` is behind the bracket. */
function matchClass(pattern: string, at: number, byte: number): number {
  const end = pattern.length;
  const negated = pattern.charCodeAt(at) === CARET;
  let matched = false;
  let i = negated ? at + 1 : at;
  while (i < end && pattern.charCodeAt(i) !== CLOSE) {
    const code = pattern.charCodeAt(i);
    if (code === BACKSLASH && end - i >= 2) {
      if (pattern.charCodeAt(i + 1) === byte) matched = true;
      i += 2;
    } else if (end - i >= 3 && pattern.charCodeAt(i + 1) === DASH) {
      if (inRange(code, pattern.charCodeAt(i + 2), byte)) matched = true;
      i += 3;
    } else {
      if (code === byte) matched = true;
      i += 1;
    }
  }
  // Unclosed: the class ends with the pattern.
  const next = i < end ? i + 1 : end;
  return matched !== negated ? next : -1;
}

function inRange(start: number, end: number, byte: number): boolean {
  const a = signed(start);
  const b = signed(end);
  const c = signed(byte);
  return a <= b ? c >= a && c <= b : c >= b && c <= a;
}

/** Redis compares `char`, which is signed where it mostly runs. */
function signed(byte: number): number {
  return byte < 128 ? byte : byte - 256;
}
