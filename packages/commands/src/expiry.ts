/**
 * Expiry times as commands give them: seconds or milliseconds, from now or since the epoch. What leaves
 * here is an absolute deadline in ms, so that no effect depends on a clock.
 */

import { DEADLINE_MS_MAX } from "./constants.js";
import { invalidExpire } from "./errors.js";
import { add, type Integer, multiply } from "./numbers/int64.js";
import type { CommandContext } from "./types.js";
import { integerArgument } from "./values.js";

export interface ExpiryUnit {
  readonly factor: 1 | 1000;
  readonly relative: boolean;
}

/** By the option words of SET and GETEX. */
export const expiryUnits = {
  EX: { factor: 1000, relative: true },
  PX: { factor: 1, relative: true },
  EXAT: { factor: 1000, relative: false },
  PXAT: { factor: 1, relative: false },
} as const satisfies Record<string, ExpiryUnit>;

/** No deadline could be made; the error was replied. */
export const NO_DEADLINE = -1;

/**
 * The deadline SET and its relatives mean by argument `index`: a positive time, nothing else. May lie in
 * the past.
 */
export function positiveDeadline(
  context: CommandContext,
  index: number,
  unit: ExpiryUnit,
  fullName: string,
): number {
  const value = integerArgument(context, index);
  if (value === null) return NO_DEADLINE;
  const deadline = value > 0 ? toDeadline(value, unit, context.txn.nowMs) : null;
  if (deadline !== null) return deadline;
  context.reply.error(invalidExpire(fullName));
  return NO_DEADLINE;
}

/** Null: not a time this server can hold. Times before the epoch become 0. */
export function toDeadline(value: Integer, unit: ExpiryUnit, nowMs: number): number | null {
  const scaled = multiply(value, unit.factor);
  if (scaled === null) return null;
  const deadline = unit.relative ? add(scaled, nowMs) : scaled;
  if (deadline === null || deadline > DEADLINE_MS_MAX) return null;
  return deadline < 0 ? 0 : Number(deadline);
}
