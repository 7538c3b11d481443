/** Counters that clients may set: of entries added, entries read, deliveries. */

import { errors } from "../errors.js";
import { type Integer, parseArgument } from "../numbers/int64.js";
import type { CommandContext } from "../types.js";

/**
 * Greatest counter a client may set: counters are numbers, exact up to 2^53, and no stream will ever count so
 * far from here. Differs from Redis: there it is 2^63 - 1.
 */
export const STREAM_COUNTER_MAX = 2 ** 52;

/** May be negative. Null: not an integer, which is answered with `refusal`, or too large. */
export function counterArgument(
  context: CommandContext,
  index: number,
  refusal: string = errors.notInteger,
): number | null {
  const value: Integer | null = parseArgument(context.argv[index]!);
  if (value !== null && value <= STREAM_COUNTER_MAX)
    return value < 0 ? clamped(value) : Number(value);
  context.reply.error(value === null ? refusal : errors.outOfRange);
  return null;
}

/** What is negative is only told apart from the rest, and -1 from other ones. */
function clamped(value: Integer): number {
  return value < -STREAM_COUNTER_MAX ? -STREAM_COUNTER_MAX : Number(value);
}
