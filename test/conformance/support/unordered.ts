/** Rules for replies without a fixed order, for scans, and for random choices. */

import { type RespValue, readFrame } from "./resp-value.js";

/** Elements of an array, set or map; null: it is none of these. */
export function elementsOf(reply: Buffer): RespValue[] | null {
  const { value } = readFrame(reply, 0)!;
  return Array.isArray(value) ? value : null;
}

/** Same RESP type and length: both must be equal before elements are compared. */
export function sameHeader(ours: Buffer, theirs: Buffer): boolean {
  return header(ours) === header(theirs);
}

function header(reply: Buffer): string {
  return reply.toString("latin1", 0, reply.indexOf("\r\n"));
}

/** Each group of `width` neighbours is one element. */
export function grouped(elements: readonly RespValue[], width: number): string[] {
  const groups: string[] = [];
  for (let i = 0; i < elements.length; i += width) {
    groups.push(JSON.stringify(elements.slice(i, i + width)));
  }
  return groups;
}

export function sameMultiset(ours: Buffer, theirs: Buffer, width: number): boolean {
  const [a, b] = [elementsOf(ours), elementsOf(theirs)];
  if (a === null || b === null || !sameHeader(ours, theirs)) return false;
  return grouped(a, width).sort().join() === grouped(b, width).sort().join();
}

/** Both are random choices from `all`: as many, and, if `distinct`, none twice. */
export function bothChosen(
  ours: readonly string[],
  theirs: readonly string[],
  all: ReadonlySet<string>,
  distinct: boolean,
): boolean {
  if (ours.length !== theirs.length) return false;
  return [ours, theirs].every(
    (chosen) =>
      chosen.every((one) => all.has(one)) && (!distinct || new Set(chosen).size === chosen.length),
  );
}

/**
 * One step of a scan: when both say that it ended they have the same elements, else each has some of `all`.
 * Only ours is known to visit none twice.
 */
export function scanStepsAgree(
  ours: Buffer,
  theirs: Buffer,
  width: number,
  all: ReadonlySet<string>,
  fromStart: boolean,
): boolean {
  const [a, b] = [elementsOf(ours), elementsOf(theirs)];
  if (a?.length !== 2 || b?.length !== 2 || !sameHeader(ours, theirs)) return false;
  const [mine, other] = [a, b].map((reply) => grouped(reply[1] as RespValue[], width).sort());
  const ended = fromStart && a[0] === "0" && b[0] === "0";
  if (ended) return mine!.join() === other!.join();
  return mine!.every((one) => all.has(one)) && other!.every((one) => all.has(one));
}
