/** An operation of a history in words: what was asked, what was answered. `operations.md` has the shapes of values. */

import type { Json, Outcome } from "../history/event.js";
import type { Operation } from "../history/history.js";
import { visible } from "./html.js";
import { count } from "./quantities.js";

export interface OutcomeWords {
  readonly symbol: string;
  readonly word: string;
}

export const OUTCOMES: Readonly<Record<Outcome, OutcomeWords>> = {
  ok: { symbol: "●", word: "done" },
  fail: { symbol: "■", word: "refused" },
  info: { symbol: "┆", word: "unknown" },
};

/** `write k7 "3"`, `transfer {"from":…}`. */
export function asked({ op, key, input }: Operation): string {
  if (op === "txn") return transaction(input);
  const subject = key === null ? op : `${op} ${visible(key)}`;
  return input === null ? subject : `${subject} ${valueText(input)}`;
}

/** `"3"`, `nothing there`, `refused: READONLY…`, `no answer`. */
export function answered({ op, outcome, input, output, error }: Operation): string {
  if (outcome === "fail") return error === null ? "refused" : `refused: ${visible(error)}`;
  if (outcome === "info") return error === null ? "no answer" : `unknown: ${visible(error)}`;
  if (op === "txn") return transaction(output);
  if (output === null) return "nothing there";
  if (output === true) return "yes";
  if (output === false) return "no";
  if (JSON.stringify(output) === JSON.stringify(input)) return "done";
  return valueText(output);
}

/** One line: asked, and answered where that says more. */
export function summary(operation: Operation): string {
  if (operation.op === "txn" && operation.outcome === "ok") return answered(operation);
  return `${asked(operation)} → ${answered(operation)}`;
}

/** At most so many characters; what was cut is said. */
export function shortened(text: string, charactersMax: number): string {
  const characters = [...text];
  if (characters.length <= charactersMax) return text;
  const kept = characters.slice(0, charactersMax).join("");
  return `${kept}… (${count(characters.length - charactersMax)} more)`;
}

function valueText(value: Json): string {
  if (Array.isArray(value) && value.every((element) => typeof element === "string")) {
    return `[${value.map(word).join(" ")}]`;
  }
  return visible(JSON.stringify(value));
}

/** Elements of lists are many and short: quotes only where they are needed. */
function word(text: string): string {
  return /^[\w.:-]+$/.test(text) ? text : visible(JSON.stringify(text));
}

/** `append x 3 · read y → [1 2]`. */
function transaction(value: Json): string {
  if (!Array.isArray(value)) return valueText(value);
  return value.map(step).join(" · ");
}

function step(value: Json): string {
  if (!Array.isArray(value)) return valueText(value);
  const [kind, key, element, length] = value as readonly Json[];
  const name = typeof key === "string" ? word(key) : valueText(key ?? null);
  if (kind === "r") {
    if (element === null || element === undefined) return `read ${name}`;
    return `read ${name} → ${valueText(element)}`;
  }
  const shown = typeof element === "string" ? word(element) : valueText(element ?? null);
  const longer = typeof length === "number" ? ` (length ${length})` : "";
  return `${kind === "append" ? "append" : valueText(kind ?? null)} ${name} ${shown}${longer}`;
}
