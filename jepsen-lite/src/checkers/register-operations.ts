/** What the operations of a register say about its value. */

import type { Json } from "../history/event.js";
import type { Operation } from "../history/history.js";

export function changesNothing({ op, output, outcome }: Operation): boolean {
  if (op === "read") return true;
  return outcome === "ok" && op !== "write" && output === false;
}

/** What the register holds once the operation has taken effect; undefined: it never changes it. */
export function valueWritten(operation: Operation): string | undefined {
  if (changesNothing(operation)) return undefined;
  if (operation.op === "cas") return (operation.input as readonly [string, string])[1];
  return operation.input as string;
}

/** The value that the answer says was there; null: none was; undefined: it says at most what was not. */
export function valueSeen({ op, input, output, outcome }: Operation): Json | undefined {
  if (outcome !== "ok") return undefined;
  if (op === "read") return output;
  if (op === "cas" && output === true) return (input as readonly [string, string])[0];
  if (op === "setnx" && output === true) return null;
  return undefined;
}
