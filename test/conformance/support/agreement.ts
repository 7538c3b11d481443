/**
 * Replies that need not be equal byte for byte, by command, for sequences in which nothing is chosen at random.
 * An agreement is the name of its rule.
 */

import { type RespValue, readFrame, splitElements } from "./resp-value.js";
import { streamRepliesAgree } from "./streams-agreement.js";
import { sameMultiset } from "./unordered.js";

/** Both sides read their clock at some time between sending and receiving. */
const CLOCK_TOLERANCE_MS = 20_000;
const TIMEOUT_OUT_OF_RANGE = Buffer.from("-ERR timeout is out of range\r\n");
const TIMEOUT_NEGATIVE = Buffer.from("-ERR timeout is negative\r\n");

/** Redis says so, too, when it finds errno as something else has left it. */
const NO_DOUBLE = Buffer.from("-ERR One or more scores can't be converted into double\r\n");

/** Null: they do not agree. */
export function agreement(argv: readonly Buffer[], ours: Buffer, theirs: Buffer): string | null {
  const words = argv.map((argument) => argument.toString("latin1").toUpperCase());
  if (ours.equals(TIMEOUT_OUT_OF_RANGE) && theirs.equals(TIMEOUT_NEGATIVE)) {
    return "7.2: a timeout beyond all";
  }
  switch (words[0]) {
    case "SMEMBERS":
    case "SINTER":
    case "SUNION":
    case "SDIFF":
    case "HKEYS":
    case "HVALS":
    case "KEYS":
    case "SPOP":
      return sameMultiset(ours, theirs, 1) ? "the order is free" : null;
    case "HGETALL":
      return sameMultiset(ours, theirs, 2) ? "the order is free" : null;
    case "SORT":
    case "SORT_RO":
      if (argv.length === 2 && !isError(ours) && theirs.equals(NO_DOUBLE)) {
        return "SORT behind a number out of range";
      }
      return sameMultiset(ours, theirs, 1) ? "the order is free" : null;
    case "SSCAN":
      return wholeScansAgree(ours, theirs, 1) ? "a whole scan in free order" : null;
    case "HSCAN":
    case "ZSCAN":
      return wholeScansAgree(ours, theirs, 2) ? "a whole scan in free order" : null;
    case "TTL":
    case "EXPIRETIME":
      return near(ours, theirs, CLOCK_TOLERANCE_MS / 1000) ? "a time" : null;
    case "PTTL":
    case "PEXPIRETIME":
      return near(ours, theirs, CLOCK_TOLERANCE_MS) ? "a time" : null;
    case "OBJECT":
      return words[1] === "ENCODING" ? "7.2: encodings of lists and sets" : null;
    case "ZRANK":
    case "ZREVRANK":
      return argv.length === 4 && isError(ours) && isError(theirs) ? "7.2: WITHSCORE" : null;
    default:
      return streamRepliesAgree(argv, ours, theirs);
  }
}

/** An EXEC's reply, by what was queued; null: they do not agree. */
export function execAgreement(
  queued: readonly (readonly Buffer[])[],
  ours: Buffer,
  theirs: Buffer,
): string | null {
  const [mine, other] = [splitElements(ours), splitElements(theirs)];
  if (mine === null || other === null) return null;
  if (mine.length !== other.length || mine.length !== queued.length) return null;
  let rule: string | null = null;
  for (let i = 0; i < mine.length; i++) {
    if (mine[i]!.equals(other[i]!)) continue;
    rule = agreement(queued[i]!, mine[i]!, other[i]!);
    if (rule === null) return null;
  }
  return rule;
}

export function isError(reply: Buffer): boolean {
  return reply[0] === "-".charCodeAt(0);
}

function wholeScansAgree(ours: Buffer, theirs: Buffer, width: number): boolean {
  const [mine, other] = [splitElements(ours), splitElements(theirs)];
  if (mine?.length !== 2 || other?.length !== 2) return false;
  return (
    mine[0]!.equals(other[0]!) &&
    mine[0]!.toString() === "$1\r\n0\r\n" &&
    sameMultiset(mine[1]!, other[1]!, width)
  );
}

/** Negative replies mean something else than a time. */
function near(ours: Buffer, theirs: Buffer, tolerance: number): boolean {
  const value = (reply: Buffer): RespValue => readFrame(reply, 0)!.value;
  const [a, b] = [value(ours), value(theirs)];
  if (typeof a !== "number" || typeof b !== "number") return false;
  return a >= 0 && b >= 0 && Math.abs(a - b) <= tolerance;
}
