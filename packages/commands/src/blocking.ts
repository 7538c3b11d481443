/** What blocking commands share: their time, in Redis's words (timeout.c). */

import { INT64_MAX, parseArgument } from "./numbers/int64.js";
import { parseLongDouble } from "./numbers/long-double.js";
import { latin1 } from "./text.js";
import type { CommandContext } from "./types.js";

const NOT_A_FLOAT = "ERR timeout is not a float or out of range";
const OUT_OF_RANGE = "ERR timeout is out of range";
const NEGATIVE = "ERR timeout is negative";
const NOT_AN_INTEGER = "ERR timeout is not an integer or out of range";

/** Seconds with a fraction, as milliseconds rounded up; 0: for ever. Null: the error was replied. */
export function secondsArgument(context: CommandContext, index: number): number | null {
  const seconds = parseLongDouble(latin1(context.argv[index]!));
  if (seconds === null) return refuse(context, NOT_A_FLOAT);
  const { significand, exponent } = seconds;
  if (!Number.isFinite(exponent)) {
    return refuse(context, significand > 0n ? OUT_OF_RANGE : NEGATIVE);
  }
  return inRange(context, scaledUp(significand * 1000n, exponent));
}

/** XREAD's BLOCK. */
export function millisecondsArgument(context: CommandContext, index: number): number | null {
  const { reply } = context;
  const value = parseArgument(context.argv[index]!);
  if (value === null) {
    reply.error(NOT_AN_INTEGER);
    return null;
  }
  return inRange(context, BigInt(value));
}

/** Past its end in milliseconds nothing waits: 2^53 ms are 285 000 years. */
function inRange(context: CommandContext, ms: bigint): number | null {
  if (ms < 0n) return refuse(context, NEGATIVE);
  if (ms > INT64_MAX - BigInt(Math.ceil(context.txn.nowMs))) return refuse(context, OUT_OF_RANGE);
  return Number(ms);
}

/** significand * 2^exponent, toward positive infinity. */
function scaledUp(significand: bigint, exponent: number): bigint {
  if (significand === 0n) return 0n;
  if (exponent >= 0) return significand << BigInt(exponent);
  const divisor = 1n << BigInt(-exponent);
  const quotient = significand / divisor;
  return significand > 0n && quotient * divisor !== significand ? quotient + 1n : quotient;
}

function refuse(context: CommandContext, error: string): null {
  context.reply.error(error);
  return null;
}
