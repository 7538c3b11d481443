/** Scores as arguments, and members with scores as replies. */

import { parseDouble } from "@redoubt/keyspace";
import { latin1 } from "../text.js";
import type { CommandContext } from "../types.js";

/** Null: the error, `refusal`, was replied. */
export function scoreArgument(
  context: CommandContext,
  index: number,
  refusal: string,
): number | null {
  const score = parseDouble(latin1(context.argv[index]!));
  if (!Number.isNaN(score)) return score;
  context.reply.error(refusal);
  return null;
}

/** The head of a reply that `replyEntry` fills: RESP2 has no pairs in it, RESP3 has. */
export function replyEntries(context: CommandContext, count: number, withScores: boolean): void {
  const isFlat = withScores && context.reply.protocol === 2;
  context.reply.array(isFlat ? 2 * count : count);
}

export function replyEntry(
  context: CommandContext,
  member: string,
  score: number,
  withScores: boolean,
): void {
  const { reply } = context;
  if (withScores && reply.protocol === 3) reply.array(2);
  reply.bulk(member);
  if (withScores) reply.double(score);
}
