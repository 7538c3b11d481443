/** What handlers share: reading arguments and values, with the error reply when they do not fit. */

import {
  asHash,
  asList,
  asSet,
  asSortedSet,
  asStream,
  type HashView,
  isStringValue,
  type ListView,
  type SetView,
  type SortedSetView,
  type StreamView,
  type StringValue,
  stringToLatin1,
  type Value,
} from "@redoubt/keyspace";
import { INT32_MAX, INT32_MIN } from "./constants.js";
import { errors } from "./errors.js";
import { type Integer, parseArgument, parseInteger } from "./numbers/int64.js";
import { latin1 } from "./text.js";
import type { CommandContext } from "./types.js";

export function keyArgument(context: CommandContext, index: number): string {
  return latin1(context.argv[index]!);
}

/** An option word, folded. */
export function optionArgument(context: CommandContext, index: number): string {
  return latin1(context.argv[index]!).toUpperCase();
}

/** Null: the error was replied. */
export function integerArgument(context: CommandContext, index: number): Integer | null {
  const value = parseArgument(context.argv[index]!);
  if (value === null) context.reply.error(errors.notInteger);
  return value;
}

/** An argument Redis reads as a C int. Null: the error was replied. */
export function int32Argument(context: CommandContext, index: number): number | null {
  const value = integerArgument(context, index);
  if (value === null) return null;
  if (value >= INT32_MIN && value <= INT32_MAX) return Number(value);
  context.reply.error(errors.notInt32);
  return null;
}

/** The number a counter's text means; null: the error was replied. */
export function integerOf(context: CommandContext, value: StringValue): Integer | null {
  const number = parseInteger(stringToLatin1(value));
  if (number === null) context.reply.error(errors.notInteger);
  return number;
}

/** True: it is a string. False: the error was replied. */
export function isString(context: CommandContext, value: Value): value is StringValue {
  if (isStringValue(value)) return true;
  context.reply.error(errors.wrongType);
  return false;
}

/** undefined: no such key. null: of another type, and the error was replied. */
export function listAt(context: CommandContext, key: string): ListView | undefined | null {
  return typed(context, key, asList);
}

export function hashAt(context: CommandContext, key: string): HashView | undefined | null {
  return typed(context, key, asHash);
}

export function setAt(context: CommandContext, key: string): SetView | undefined | null {
  return typed(context, key, asSet);
}

export function sortedSetAt(
  context: CommandContext,
  key: string,
): SortedSetView | undefined | null {
  return typed(context, key, asSortedSet);
}

export function streamAt(context: CommandContext, key: string): StreamView | undefined | null {
  return typed(context, key, asStream);
}

function typed<T>(
  context: CommandContext,
  key: string,
  as: (value: Value) => T | undefined,
): T | undefined | null {
  const value = context.txn.get(key);
  if (value === undefined) return undefined;
  const found = as(value);
  if (found !== undefined) return found;
  context.reply.error(errors.wrongType);
  return null;
}

export function replyString(context: CommandContext, value: StringValue): void {
  context.reply.bulk(bulkOf(value));
}

/** What a reply takes as a bulk. */
export function bulkOf(value: StringValue): string | Uint8Array {
  return typeof value === "string" ? value : value.bytes();
}
