/** Messages, entries and Readys as the one-line texts of the scenario files. */
import { type Entry, EntryKind, type Message, MessageType, type Ready } from "../src/index.js";

const typeNames = new Map<number, string>(
  Object.entries(MessageType).map(([name, number]) => [number, name]),
);

export function typeName(message: Message): string {
  return typeNames.get(message.type) ?? "unknown";
}

export function describeEntry(entry: Entry): string {
  const position = `${entry.index}/${entry.term}`;
  if (entry.kind === EntryKind.noop) return `${position} noop`;
  if (entry.kind === EntryKind.configuration) return `${position} configuration`;
  const text = new TextDecoder().decode(entry.payload);
  return text.length > 12 ? `${position} <${text.length} bytes>` : `${position} "${text}"`;
}

function describeEntries(entries: readonly Entry[]): string {
  return `[${entries.map(describeEntry).join(", ")}]`;
}

/** An incarnation is named from the second on: 3.2 is node 3, born again. */
function sender({ from, incarnation }: Message): string {
  return incarnation === 1 ? `${from}` : `${from}.${incarnation}`;
}

export function describeMessage(message: Message): string {
  const head = `${sender(message)}->${message.to} ${typeName(message)} term=${message.term}`;
  switch (message.type) {
    case MessageType.preVote:
    case MessageType.vote:
      return (
        `${head} last=${message.lastIndex}/${message.lastTerm}` +
        (message.transfer ? " by leave" : "")
      );
    case MessageType.preVoteResponse:
    case MessageType.voteResponse:
      return `${head} ${message.granted ? "granted" : "refused"}`;
    case MessageType.append: {
      const prev = `prev=${message.prevIndex}/${message.prevTerm}`;
      return `${head} ${prev} commit=${message.commit} ${describeEntries(message.entries)}`;
    }
    case MessageType.appendResponse:
      return message.rejected
        ? `${head} rejected=${message.index} hint=${message.hintIndex}/${message.hintTerm}`
        : `${head} index=${message.index}`;
    case MessageType.heartbeat:
      return `${head} commit=${message.commit} round=${message.readRound}`;
    case MessageType.heartbeatResponse:
      return `${head} round=${message.readRound}`;
    case MessageType.timeoutNow:
    case MessageType.transferRequest:
      return head;
    case MessageType.readIndex:
      return `${head} context=${message.context}`;
    case MessageType.readIndexResponse:
      return `${head} context=${message.context} index=${message.index}`;
    case MessageType.snapshotChunk: {
      const { snapshot, offset, data } = message;
      const position = `${snapshot.index}/${snapshot.term}`;
      return `${head} snapshot=${position} bytes=${offset}+${data.length} of ${snapshot.bytes}`;
    }
    case MessageType.snapshotResponse:
      return `${head} snapshot=${message.index} offset=${message.offset}${message.installed ? " installed" : ""}`;
  }
}

export function describeReady(id: number, ready: Ready): string[] {
  const lines = [
    `${id} ready: ${ready.role} term=${ready.term} leader=${ready.leader} commit=${ready.commit}` +
      (ready.confirmedRound > 0 ? ` confirmedRound=${ready.confirmedRound}` : ""),
  ];
  for (const message of ready.messages) lines.push(`  message ${describeMessage(message)}`);
  const persist = ready.persist;
  if (persist !== null) {
    const parts = [`  persist ${persist.sequence}:`];
    if (persist.hardState !== null) {
      parts.push(`term=${persist.hardState.term} vote=${persist.hardState.vote}`);
    }
    if (persist.install !== undefined) parts.push(`install=${persist.install.index}`);
    if (persist.truncateFrom !== 0) parts.push(`truncateFrom=${persist.truncateFrom}`);
    if (persist.entries.length > 0) parts.push(describeEntries(persist.entries));
    if (persist.trimTo !== undefined) parts.push(`trimTo=${persist.trimTo}`);
    lines.push(parts.join(" "));
  }
  for (const message of ready.promises) lines.push(`  promise ${describeMessage(message)}`);
  for (const { offset, data } of ready.chunks) lines.push(`  chunk ${offset}+${data.length}`);
  if (ready.verify !== null) lines.push(`  verify snapshot ${ready.verify.index}`);
  if (ready.installed !== null) lines.push(`  state of snapshot ${ready.installed.index}`);
  for (const { context, index } of ready.readIndexes) {
    lines.push(`  read ${context} at ${index}`);
  }
  if (ready.committed.length > 0) lines.push(`  apply ${describeEntries(ready.committed)}`);
  return lines;
}
