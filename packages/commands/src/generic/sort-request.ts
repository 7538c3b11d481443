/** The options of SORT and SORT_RO. */

import { errors } from "../errors.js";
import { clampToSafe } from "../numbers/int64.js";
import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";
import { integerArgument, keyArgument, optionArgument } from "../values.js";

const FIRST_OPTION = 2;

export interface SortRequest {
  descending: boolean;
  alpha: boolean;
  /** Pattern of the weights; null: the elements themselves. */
  by: string | null;
  /** False: BY was given a pattern without an asterisk. The elements keep their order. */
  sorts: boolean;
  limitStart: number;
  /** Negative: all. */
  limitCount: number;
  readonly gets: string[];
  destination: string | null;
}

/** Null: the error was replied. */
export function parseSortRequest(context: CommandContext, mayStore: boolean): SortRequest | null {
  const request: SortRequest = {
    descending: false,
    alpha: false,
    by: null,
    sorts: true,
    limitStart: 0,
    limitCount: -1,
    gets: [],
    destination: null,
  };
  const argc = context.argv.length;
  let at = FIRST_OPTION;
  while (at < argc) {
    const word = optionArgument(context, at);
    if (at + operandCount(word) >= argc || !takeOption(context, request, word, at, mayStore)) {
      context.reply.error(errors.syntax);
      return null;
    }
    if (word === "LIMIT" && !takeLimit(context, request, at)) return null;
    at += 1 + operandCount(word);
  }
  return request;
}

/** False: no such option. */
function takeOption(
  context: CommandContext,
  request: SortRequest,
  word: string,
  at: number,
  mayStore: boolean,
): boolean {
  switch (word) {
    case "ASC":
    case "DESC":
      request.descending = word === "DESC";
      return true;
    case "ALPHA":
      request.alpha = true;
      return true;
    case "LIMIT":
      return true;
    case "BY":
      request.by = keyArgument(context, at + 1);
      // Of several BYs the last is the pattern, but one without an asterisk is enough not to sort, as in Redis.
      if (!hasAsterisk(request.by)) request.sorts = false;
      return true;
    case "GET":
      request.gets.push(keyArgument(context, at + 1));
      return true;
    case "STORE":
      if (!mayStore) return false;
      request.destination = keyArgument(context, at + 1);
      return true;
    default:
      return false;
  }
}

/** False: the error was replied. */
function takeLimit(context: CommandContext, request: SortRequest, at: number): boolean {
  const start = integerArgument(context, at + 1);
  if (start === null) return false;
  const count = integerArgument(context, at + 2);
  if (count === null) return false;
  request.limitStart = clampToSafe(start);
  request.limitCount = clampToSafe(count);
  return true;
}

function operandCount(word: string): number {
  if (word === "LIMIT") return 2;
  return word === "BY" || word === "GET" || word === "STORE" ? 1 : 0;
}

/** Redis looks at a pattern as a C string: a NUL ends it. */
function hasAsterisk(pattern: string): boolean {
  return pattern.split("\0", 1)[0]!.includes("*");
}

/** Argument with the key of the last STORE; 0: there is none. */
export function storePosition(argv: readonly Buffer[]): number {
  let position = 0;
  let at = FIRST_OPTION;
  while (at < argv.length) {
    const word = latin1(argv[at]!).toUpperCase();
    if (word === "STORE" && at + 1 < argv.length) position = at + 1;
    at += 1 + operandCount(word);
  }
  return position;
}
