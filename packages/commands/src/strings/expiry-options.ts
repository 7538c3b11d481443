/** The option grammar SET and GETEX share: a condition, GET, and one kind of expiry. */

import { errors } from "../errors.js";
import { type ExpiryUnit, expiryUnits } from "../expiry.js";
import type { CommandContext } from "../types.js";
import { optionArgument } from "../values.js";

export type ExpiryKind = "none" | "keep" | "persist" | "at";

/** Refilled by each parse: valid until the next. */
interface StringOptions {
  ifMissing: boolean;
  ifPresent: boolean;
  get: boolean;
  expiry: ExpiryKind;
  unit: ExpiryUnit;
  /** Argument that holds the time, when `expiry` is "at". */
  timeIndex: number;
}

const parsed: StringOptions = {
  ifMissing: false,
  ifPresent: false,
  get: false,
  expiry: "none",
  unit: expiryUnits.PX,
  timeIndex: 0,
};

/**
 * Reads the options from argument `start` on. An option may be repeated, the last one counts; two
 * different expiries contradict each other. Null: the error was replied.
 */
export function parseStringOptions(
  context: CommandContext,
  start: number,
  command: "set" | "getex",
): Readonly<StringOptions> | null {
  parsed.ifMissing = false;
  parsed.ifPresent = false;
  parsed.get = false;
  parsed.expiry = "none";
  const argc = context.argv.length;
  let at = start;
  while (at < argc) {
    const used = takeOption(optionArgument(context, at), at, argc, command);
    if (used === 0) {
      context.reply.error(errors.syntax);
      return null;
    }
    at += used;
  }
  return parsed;
}

/** Number of arguments the option takes; 0: it is out of place. */
function takeOption(word: string, at: number, argc: number, command: "set" | "getex"): number {
  switch (word) {
    case "EX":
    case "PX":
    case "EXAT":
    case "PXAT": {
      const unit = expiryUnits[word];
      const repeated = parsed.expiry === "at" && parsed.unit === unit;
      if (at + 1 >= argc || (parsed.expiry !== "none" && !repeated)) return 0;
      parsed.expiry = "at";
      parsed.unit = unit;
      parsed.timeIndex = at + 1;
      return 2;
    }
    case "PERSIST":
      return command === "getex" ? takeMark("persist") : 0;
    case "KEEPTTL":
      return command === "set" ? takeMark("keep") : 0;
    case "NX":
      if (command !== "set" || parsed.ifPresent) return 0;
      parsed.ifMissing = true;
      return 1;
    case "XX":
      if (command !== "set" || parsed.ifMissing) return 0;
      parsed.ifPresent = true;
      return 1;
    case "GET":
      if (command !== "set") return 0;
      parsed.get = true;
      return 1;
    default:
      return 0;
  }
}

function takeMark(kind: "keep" | "persist"): number {
  if (parsed.expiry !== "none" && parsed.expiry !== kind) return 0;
  parsed.expiry = kind;
  return 1;
}
