/**
 * Why an answer of a register is impossible, in words. That it is has been proved; here the plainest reason that holds is
 * looked for, in the order of how plain it is. The last one holds for whatever a search has found; what
 * `register-refutation.ts` finds is one of the others.
 */

import type { Json } from "../history/event.js";
import type { Operation } from "../history/history.js";
import type { Explanation, Finding } from "./model.js";
import { valueSeen, valueWritten } from "./register-operations.js";
import { seconds, shown } from "./words.js";

export function explainRegister(finding: Finding): Explanation {
  const seen = valueSeen(finding.impossible);
  if (seen === undefined) return explainByStates(finding);
  return (
    (seen === null ? null : explainSource(finding, seen)) ??
    explainOverwritten(finding, seen) ??
    explainByStates(finding)
  );
}

/** Nobody can have written it: not at all, not with success, not yet. */
function explainSource(finding: Finding, seen: Json): Explanation | null {
  const { impossible, operations } = finding;
  const writers = operations.filter((each) => valueWritten(each) === seen);
  const [first] = writers;
  if (first === undefined) {
    const text = `${act(finding)}, which nobody ever wrote.`;
    return { kind: "phantom read", text, witnesses: [] };
  }
  const possible = writers.filter(({ outcome }) => outcome !== "fail");
  const [firstPossible] = possible;
  if (firstPossible === undefined) {
    const text = `${act(finding)}, although the write of it that began at ${seconds(first.invokedAt)} was answered as certainly not done.`;
    return { kind: "dirty read", text, witnesses: [first] };
  }
  if (firstPossible.invokedAt > impossible.completedAt) {
    const text = `${act(finding)}, before anybody wrote it: its first write began at ${seconds(firstPossible.invokedAt)}.`;
    return { kind: "read from the future", text, witnesses: [firstPossible] };
  }
  return null;
}

/** Whoever wrote what was seen had ended before another write began, and that one was acknowledged before the answer. */
function explainOverwritten(finding: Finding, seen: Json): Explanation | null {
  const { impossible, operations, finalReads } = finding;
  const writers = operations.filter(
    (each) => each !== impossible && each.outcome !== "fail" && valueWritten(each) === seen,
  );
  const endedAt = Math.max(-1, ...writers.map(({ completedAt }) => completedAt));
  const isLater = (each: Operation): boolean =>
    each.outcome === "ok" && each.invokedAt > endedAt && valueWritten(each) !== undefined;
  const later = operations.findLast(
    (each) => isLater(each) && each.completedAt < impossible.invokedAt,
  );
  if (later === undefined) return null;
  const value = valueWritten(later)!;
  const before =
    writers.length === 0 ? "" : `, and that of ${shown(seen)} had ended before it began`;
  const text = `${act(finding)}, although the write of ${shown(value)} had been acknowledged at ${seconds(later.completedAt)}${before}.`;
  const found = operations.find(
    (each) => each.completedAt > impossible.invokedAt && valueSeen(each) === value,
  );
  const witnesses = [...writers.slice(-1), later];
  if (found !== undefined) return { kind: "stale read", text, witnesses: [...witnesses, found] };
  // Lost only if nothing can have overwritten it, to the end there is no other write, and nobody has it then.
  const isLast = !operations.some((each) => isLater(each) && each.invokedAt > later.invokedAt);
  const isKept = finalReads.some(({ outcome, output }) => outcome === "ok" && output === value);
  return { kind: isLast && !isKept ? "lost write" : "stale read", text, witnesses };
}

/** What always can be said: the answer, and what the value had to be. */
function explainByStates(finding: Finding): Explanation {
  const possible = [...finding.states].map(shown);
  const had =
    possible.length === 1
      ? `the value had to be ${possible[0]}`
      : `the value had to be one of ${possible.join(", ")}`;
  const text = `${act(finding)}, although ${had} then, in whatever order the operations took effect while they were open.`;
  return { kind: "not linearizable", text, witnesses: writersOf(finding) };
}

/** Of the values that it had to be. */
function writersOf({ operations, states, impossible }: Finding): readonly Operation[] {
  return operations.filter((each) => {
    const value = valueWritten(each);
    if (value === undefined || each === impossible || each.outcome === "fail") return false;
    return states.has(value) && each.invokedAt < impossible.completedAt;
  });
}

/** `Client 3 read "7" of key "r1" at 3.200 s`. */
function act({ impossible, key }: Finding): string {
  const { process, op, input, output, completedAt } = impossible;
  const who = `Client ${process}`;
  const where = `key ${shown(key)} at ${seconds(completedAt)}`;
  if (op === "read") return `${who} read ${shown(output)} from ${where}`;
  if (op === "setnx") {
    return output === true
      ? `${who} was told that there was nothing at ${where} and that ${shown(input)} was set`
      : `${who} was told that there was something at ${where}`;
  }
  const [from, to] = input as readonly [Json, Json];
  return output === true
    ? `${who} was told that ${shown(from)} became ${shown(to)} at ${where}`
    : `${who} was told that ${shown(from)} was not at ${where}`;
}
