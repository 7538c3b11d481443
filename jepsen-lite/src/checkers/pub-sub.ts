/**
 * Messages: one listener hears each once at most, only if somebody published it, never one that was refused; and all
 * listeners hear in one order. That what a message tells of is there in the end, and stays, the final reads and the
 * dirty reads say: a message counts as seeing the write it tells of.
 */

import type { Operation } from "../history/history.js";
import { Findings } from "./findings.js";
import type { Checker } from "./verdict.js";
import { seconds, shown } from "./words.js";

export const pubSub: Checker = (history) => {
  const findings = new Findings("pub/sub");
  const published = new Map<string, Operation>();
  for (const operation of history.operations) {
    if (operation.op === "publish") published.set(operation.input as string, operation);
  }
  /** By listener, in the order of hearing. */
  const heard = new Map<number, Operation[]>();
  for (const operation of history.operations) {
    if (operation.op !== "heard") continue;
    checkSource(findings, operation, published.get(operation.output as string));
    const ofListener = heard.get(operation.process) ?? [];
    heard.set(operation.process, ofListener);
    ofListener.push(operation);
  }
  for (const messages of heard.values()) checkOnce(findings, messages);
  checkOrder(findings, [...heard.values()]);
  const acknowledged = [...published.values()].filter(({ outcome }) => outcome === "ok");
  return findings.verdict({
    published: acknowledged.length,
    heard: [...heard.values()].reduce((sum, { length }) => sum + length, 0),
    listeners: heard.size,
  });
};

function checkSource(findings: Findings, message: Operation, source: Operation | undefined): void {
  const isPossible =
    source !== undefined && source.outcome !== "fail" && source.invokedAt <= message.completedAt;
  if (isPossible) return;
  const why = source?.outcome === "fail" ? "was refused" : "nobody had published by then";
  findings.add({
    kind: source?.outcome === "fail" ? "aborted write" : "out of thin air",
    figure: "strangers",
    text: `${shown(message.output)} was heard at ${seconds(message.completedAt)}, and ${why}.`,
    key: message.key,
    operations: source === undefined ? [message] : [source, message],
    impossible: message,
  });
}

function checkOnce(findings: Findings, messages: readonly Operation[]): void {
  const first = new Map<string, Operation>();
  for (const message of messages) {
    const element = message.output as string;
    const before = first.get(element);
    if (before === undefined) {
      first.set(element, message);
      continue;
    }
    findings.add({
      kind: "duplicated message",
      figure: "duplicates",
      text: `One listener heard ${shown(element)} at ${seconds(before.completedAt)} and again at ${seconds(message.completedAt)}.`,
      key: message.key,
      operations: [before, message],
      impossible: message,
    });
  }
}

/**
 * Against the listener who heard most: what both heard stands in the same order. Whoever contradicts somebody
 * contradicts an order that is put together from all of them; pairs with the fullest one find nearly all of it.
 */
function checkOrder(findings: Findings, listeners: readonly (readonly Operation[])[]): void {
  const reference = listeners.reduce<readonly Operation[]>(
    (most, each) => (each.length > most.length ? each : most),
    [],
  );
  const places = new Map(reference.map(({ output }, at) => [output as string, at]));
  for (const messages of listeners) {
    if (messages === reference) continue;
    let last: { place: number; message: Operation } | null = null;
    for (const message of messages) {
      const place = places.get(message.output as string);
      if (place === undefined) continue;
      if (last !== null && place < last.place) {
        findings.add({
          kind: "messages out of order",
          figure: "reordered",
          text: `Two listeners heard ${shown(last.message.output)} and ${shown(message.output)} in different orders.`,
          key: message.key,
          operations: [last.message, message, reference[place]!, reference[last.place]!],
          impossible: message,
        });
        break;
      }
      last = { place, message };
    }
  }
}
