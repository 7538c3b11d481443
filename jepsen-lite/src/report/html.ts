/**
 * Markup in which nothing becomes markup by accident. Whatever is put into an `html` template is escaped unless it was
 * made by one; values of a history are bytes that somebody hostile may have chosen, and a report is opened in a
 * browser. What cannot be seen (controls, directions of writing, halves of pairs) is spelled out for the same reason.
 */

export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** null: nothing. Numbers are finite, or it is a mistake of the caller. */
export type Part = Html | string | number | null | readonly Part[];

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = strings[0] ?? "";
  parts.forEach((part, at) => {
    text += textOf(part) + (strings[at + 1] ?? "");
  });
  return new Html(text);
}

export function join(parts: readonly Part[], between: Part): Html {
  return new Html(parts.map(textOf).join(textOf(between)));
}

export const nothing: Html = html``;

/** Controls, formats, surrogates without their other half. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}]/gu;

/** The same, legible: `\x00`, `\u202e`. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Good in text and in quoted attributes, nowhere else. */
function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

function textOf(part: Part): string {
  if (part === null) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "string") return escaped(part);
  if (typeof part === "number") {
    if (!Number.isFinite(part)) throw new Error("a number that is not finite in a page");
    return String(part);
  }
  return part.map(textOf).join("");
}
