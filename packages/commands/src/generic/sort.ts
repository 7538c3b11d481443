/**
 * SORT and SORT_RO: the elements of a list, set or sorted set in order of themselves or of other values.
 *
 * Differs from Redis: in cluster mode Redis denies GET, and BY with an asterisk, since the values may be on
 * other nodes. Here every node holds every slot, so they are served, as by a single Redis. ALPHA compares
 * bytes, whatever the locale.
 */

import {
  asList,
  asSet,
  asSortedSet,
  parseDouble,
  type StringValue,
  stringToLatin1,
  type Value,
} from "@redoubt/keyspace";
import { SORT_BYTES_MAX, SORT_GET_BYTES } from "../constants.js";
import { errors } from "../errors.js";
import { keyAt, keyUnknown, type RowSpec } from "../row.js";
import type { CommandContext } from "../types.js";
import { keyArgument, replyString } from "../values.js";
import { SortPattern } from "./sort-pattern.js";
import { parseSortRequest, type SortRequest, storePosition } from "./sort-request.js";

/** Below it doubles are denormal: strtod says that they are out of range. */
const NORMAL_DOUBLE_MIN = 2 ** -1022;

/** One element and what it is ordered by: the score, or with ALPHA the text. */
interface Weighed {
  readonly element: string;
  readonly score: number;
  /** Null with ALPHA: there is no such value; it comes before all others. */
  readonly text: string | null;
}

function sort(context: CommandContext): void {
  sortElements(context, true);
}

function sortRo(context: CommandContext): void {
  sortElements(context, false);
}

function sortElements(context: CommandContext, mayStore: boolean): void {
  const request = parseSortRequest(context, mayStore);
  if (request === null) return;
  const elements = orderedElements(context, keyArgument(context, 1), request);
  if (elements === null) return;
  const results = request.gets.length === 0 ? elements : gather(context, elements, request.gets);
  if (results === null) {
    context.reply.error(errors.sortTooLarge);
    return;
  }
  if (request.destination === null) {
    context.reply.array(results.length);
    for (const result of results) {
      if (result === undefined) context.reply.null();
      else replyString(context, result);
    }
    return;
  }
  const { txn } = context;
  txn.delete(request.destination);
  const values = results.map((result) => result ?? "");
  if (values.length > 0) txn.lists.push(request.destination, "tail", values);
  context.reply.integer(values.length);
}

/** Those inside LIMIT. Null: the error was replied. */
function orderedElements(
  context: CommandContext,
  key: string,
  request: SortRequest,
): string[] | null {
  const value = context.txn.get(key);
  if (value === undefined) return [];
  const size = asList(value)?.length ?? asSet(value)?.size ?? asSortedSet(value)?.size;
  if (size === undefined) {
    context.reply.error(errors.wrongType);
    return null;
  }
  if (!request.sorts && request.destination !== null && asSet(value) !== undefined) {
    // What is stored must not depend on the order in which members lie in memory.
    request.sorts = true;
    request.alpha = true;
    request.by = null;
  }
  const start = Math.min(Math.max(request.limitStart, 0), size);
  const end = request.limitCount < 0 ? size : Math.min(start + request.limitCount, size);
  if (!request.sorts) return elementsBetween(value, start, end, request.descending);
  const weighed = weigh(context, elementsBetween(value, 0, size, false), request);
  if (weighed === null) return null;
  const compare = request.alpha ? byText : byScore;
  // Not sorted and turned round: what is equal keeps its order.
  weighed.sort(request.descending ? (a, b) => compare(b, a) : compare);
  return weighed.slice(start, end).map(({ element }) => element);
}

/** In their own order; a set has none, and is not reversed. */
function elementsBetween(value: Value, start: number, end: number, isReversed: boolean): string[] {
  const elements: string[] = [];
  const set = asSet(value);
  if (set !== undefined) {
    set.forEach((member) => {
      elements.push(member);
    });
    return elements.slice(start, end);
  }
  const wanted = end - start;
  if (wanted === 0) return elements;
  const take = (element: StringValue) => {
    elements.push(stringToLatin1(element));
    return elements.length < wanted;
  };
  const list = asList(value);
  const sortedSet = asSortedSet(value);
  const size = list?.length ?? sortedSet?.size ?? 0;
  const first = isReversed ? size - 1 - start : start;
  list?.forEachFrom(first, isReversed ? -1 : 1, take);
  sortedSet?.forEachFromRank(first, isReversed ? "down" : "up", take);
  return elements;
}

/** Null: the error was replied. */
function weigh(
  context: CommandContext,
  elements: readonly string[],
  { by, alpha }: SortRequest,
): Weighed[] | null {
  const pattern = by === null ? null : new SortPattern(by);
  const weighed: Weighed[] = [];
  let copiedBytes = 0;
  for (const element of elements) {
    const value = pattern === null ? element : pattern.lookUp(context, element);
    const text = value === undefined ? null : stringToLatin1(value);
    const score = alpha || text === null ? 0 : weightOf(text);
    // Large weights are copied, the same one for each of its elements.
    if (alpha && typeof value === "object") copiedBytes += value.length;
    if (Number.isNaN(score) || copiedBytes > SORT_BYTES_MAX) {
      context.reply.error(copiedBytes > SORT_BYTES_MAX ? errors.sortTooLarge : errors.sortWeight);
      return null;
    }
    weighed.push({ element, score, text: alpha ? text : null });
  }
  return weighed;
}

/** As C reads it: up to a NUL, spaces before it, no text at all is 0. NaN: no number. */
function weightOf(text: string): number {
  const nul = text.indexOf("\0");
  const shown = nul < 0 ? text : text.slice(0, nul);
  if (shown === "") return 0;
  const number = shown.replace(/^[\t-\r ]+/, "");
  const score = parseDouble(number);
  const isDenormal = score !== 0 && Math.abs(score) < NORMAL_DOUBLE_MIN;
  return isDenormal && !/x/i.test(number) ? Number.NaN : score;
}

/** Equal scores: by the elements, so that the order is definite. */
function byScore(a: Weighed, b: Weighed): number {
  if (a.score !== b.score) return a.score < b.score ? -1 : 1;
  return compareBytes(a.element, b.element);
}

function byText(a: Weighed, b: Weighed): number {
  if (a.text === null || b.text === null) return a.text === b.text ? 0 : a.text === null ? -1 : 1;
  return compareBytes(a.text, b.text);
}

/** Latin1 strings: the order of the code units is that of the bytes. */
function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Undefined: a GET that means nothing. Null: they would be too large. */
function gather(
  context: CommandContext,
  elements: readonly string[],
  gets: readonly string[],
): (StringValue | undefined)[] | null {
  const patterns = gets.map((get) => new SortPattern(get));
  const results: (StringValue | undefined)[] = [];
  let bytes = 0;
  for (const element of elements) {
    for (const pattern of patterns) {
      const value = pattern.lookUp(context, element);
      results.push(value);
      bytes += SORT_GET_BYTES + (value?.length ?? 0);
      if (bytes > SORT_BYTES_MAX) return null;
    }
  }
  return results;
}

const sortFacts = {
  arity: -2,
  categories: ["set", "sortedset", "list", "dangerous"],
  group: "generic",
  complexity: "O(N+M*log(M)), N: elements, M: N if they are sorted, else those returned",
  visibility: "wholeKeyspace",
} as const satisfies Partial<RowSpec>;

const sortKeys = [
  keyAt(1, "RO", "access"),
  keyUnknown(
    null,
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
    "RO",
    "access",
  ),
];

const sortSyntax =
  "key:key [BY pattern:pattern#1] [LIMIT offset_count{offset:integer count:integer}] [GET pattern:pattern#1...+] [order(ASC | DESC)] [ALPHA sorting:pure-token]";

export const sortRows: readonly RowSpec[] = [
  {
    ...sortFacts,
    name: "sort",
    flags: ["write", "denyoom", "movablekeys"],
    keys: [
      ...sortKeys,
      keyUnknown(
        storePosition,
        "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
        "OW",
        "update",
      ),
    ],
    summary: "Sorts the elements of a list, set or sorted set, and may keep the result as a list.",
    since: "1.0.0",
    syntax: `${sortSyntax} [STORE destination:key#2]`,
    execute: sort,
  },
  {
    ...sortFacts,
    name: "sort_ro",
    flags: ["readonly", "movablekeys"],
    keys: sortKeys,
    summary: "Sorts the elements of a list, set or sorted set.",
    since: "7.0.0",
    syntax: sortSyntax,
    execute: sortRo,
  },
];
