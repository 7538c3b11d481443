/** Counts as Redis checks them, and the samples they ask for. */

import { RANDOM_REPEATS_BYTES_MAX, RANDOM_REPEATS_MAX } from "./constants.js";
import { errors } from "./errors.js";
import { clampToSafe, INT64_MIN, parseArgument } from "./numbers/int64.js";
import type { CommandContext } from "./types.js";
import { integerArgument } from "./values.js";

/** 0 or more; beyond 2^53 - 1 that number. Null: the error, `refusal`, was replied. */
export function countArgument(
  context: CommandContext,
  index: number,
  refusal: string = errors.notPositive,
): number | null {
  const count = parseArgument(context.argv[index]!);
  if (count !== null && count >= 0) return clampToSafe(count);
  context.reply.error(refusal);
  return null;
}

/**
 * How many random elements: different ones, or, when negative, one by one with repetition. Null: the error
 * was replied.
 */
export function randomCountArgument(context: CommandContext, index: number): number | null {
  const count = integerArgument(context, index);
  if (count === null) return null;
  if (count !== INT64_MIN) return clampToSafe(count);
  context.reply.error(errors.notNegatable);
  return null;
}

/**
 * `count` draws, each of any element. `bytesOf` is what a drawn element adds to the reply. Null: more than
 * anybody can want, and the error was replied.
 */
export function drawRepeatedly(
  context: CommandContext,
  count: number,
  draw: (random: () => number) => string,
  bytesOf: (name: string) => number,
): string[] | null {
  const drawn: string[] = [];
  let bytes = 0;
  if (count <= RANDOM_REPEATS_MAX) {
    while (drawn.length < count && bytes <= RANDOM_REPEATS_BYTES_MAX) {
      const name = draw(context.random);
      drawn.push(name);
      bytes += bytesOf(name);
    }
    if (bytes <= RANDOM_REPEATS_BYTES_MAX) return drawn;
  }
  context.reply.error(errors.outOfRange);
  return null;
}
