/** Replies as the values that histories hold. What has another shape than was asked for is a mistake of the harness. */

import type { Json } from "../history/event.js";
import type { Reply } from "../resp/resp-client.js";

/** Also simple strings. */
export function stringOf(reply: Reply | undefined): string {
  if (typeof reply === "string") return reply;
  throw new Error(`no string: ${JSON.stringify(reply)}`);
}

export function stringOrNull(reply: Reply | undefined): string | null {
  return reply === null ? null : stringOf(reply);
}

export function integerOf(reply: Reply | undefined): number {
  if (typeof reply === "number") return reply;
  throw new Error(`no integer: ${JSON.stringify(reply)}`);
}

/** Of a string that holds one; a missing key is 0, as for INCRBY. */
export function numberOf(reply: Reply | undefined): number {
  return reply === null ? 0 : Number(stringOf(reply));
}

export function stringsOf(reply: Reply | undefined): string[] {
  if (Array.isArray(reply)) return reply.map(stringOf);
  throw new Error(`no list: ${JSON.stringify(reply)}`);
}

/** Of HGETALL; null: no such key. */
export function hashOf(reply: Reply | undefined): Json {
  const flat = stringsOf(reply);
  if (flat.length === 0) return null;
  const fields: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) fields[flat[at]!] = flat[at + 1]!;
  return fields;
}

/** The field `e` of each entry that XRANGE or one stream of XREADGROUP gives, with its id. */
export function streamEntriesOf(reply: Reply | undefined): { id: string; element: string }[] {
  if (!Array.isArray(reply)) throw new Error(`no entries: ${JSON.stringify(reply)}`);
  return reply.map((entry) => {
    if (!Array.isArray(entry)) throw new Error(`no entry: ${JSON.stringify(entry)}`);
    return { id: stringOf(entry[0]), element: stringsOf(entry[1])[1]! };
  });
}
