/**
 * Is this a message at all? Checked once, at the door, so that everything behind may rely on it.
 * Whether it is *right* (term, position, checksum chain) is decided by Raft against its own state.
 */
import { configurationProblem } from "./configuration.js";
import { nodeIdMax } from "./constants.js";
import {
  type AppendRequest,
  EntryKind,
  type Message,
  MessageType,
  type SnapshotChunk,
} from "./types.js";

const kinds: ReadonlySet<number> = new Set(Object.values(EntryKind));

/** Why the message is refused, as a constant text, or null. */
export function messageProblem(message: Message, self: number): string | null {
  if (typeof message !== "object" || message === null) return "not a message";
  if (!isInteger(message.from, 1, nodeIdMax)) return "sender out of range";
  if (message.to !== self) return "addressed to another node";
  if (message.from === self) return "sent by this node itself";
  if (!isInteger(message.term, 1)) return "term out of range";
  if (!isInteger(message.incarnation, 1)) return "incarnation out of range";
  if (!isInteger(message.toIncarnation, 0)) return "incarnation out of range";
  switch (message.type) {
    case MessageType.preVote:
    case MessageType.vote:
      if (typeof message.transfer !== "boolean") return "vote without its kind";
      return positionProblem(message.lastIndex, message.lastTerm, message.term);
    case MessageType.preVoteResponse:
    case MessageType.voteResponse:
      return typeof message.granted === "boolean" ? null : "vote without an answer";
    case MessageType.append:
      return appendProblem(message);
    case MessageType.appendResponse:
      if (typeof message.rejected !== "boolean") return "acknowledgement without an answer";
      if (!isInteger(message.index, 0)) return "index out of range";
      return isInteger(message.hintIndex, 0) && isInteger(message.hintTerm, 0)
        ? null
        : "hint out of range";
    case MessageType.heartbeat:
      if (!isInteger(message.commit, 0)) return "commit out of range";
      return isInteger(message.readRound, 0) ? null : "read round out of range";
    case MessageType.heartbeatResponse:
      return isInteger(message.readRound, 0) ? null : "read round out of range";
    case MessageType.timeoutNow:
    case MessageType.transferRequest:
      return null;
    case MessageType.readIndex:
      return isInteger(message.context, 1) ? null : "context out of range";
    case MessageType.readIndexResponse:
      if (!isInteger(message.index, 0)) return "index out of range";
      return isInteger(message.context, 1) ? null : "context out of range";
    case MessageType.snapshotChunk:
      return chunkProblem(message);
    case MessageType.snapshotResponse:
      if (typeof message.installed !== "boolean") return "acknowledgement without an answer";
      if (!isInteger(message.index, 1)) return "index out of range";
      return isInteger(message.offset, 0) ? null : "offset out of range";
    default:
      return "unknown message type";
  }
}

function chunkProblem({ snapshot, offset, data, term }: SnapshotChunk): string | null {
  if (typeof snapshot !== "object" || snapshot === null) return "chunk without a snapshot";
  const { index, term: snapshotTerm, checksum, configuration, bytes, digest } = snapshot;
  if (!isInteger(index, 1)) return "index out of range";
  if (!isInteger(snapshotTerm, 1, term)) return "snapshot term out of range";
  if (!isInteger(checksum, 0, 0xffffffff) || !isInteger(digest, 0, 0xffffffff)) {
    return "checksum out of range";
  }
  if (!isInteger(configuration?.index, 1, index)) return "configuration index out of range";
  if (configurationProblem(configuration.configuration) !== null) return "malformed configuration";
  if (!isInteger(bytes, 1)) return "snapshot size out of range";
  if (!(data instanceof Uint8Array)) return "chunk without data";
  return isInteger(offset, 0) && offset + data.length <= bytes
    ? null
    : "chunk outside the snapshot";
}

function appendProblem(message: AppendRequest): string | null {
  const problem = positionProblem(message.prevIndex, message.prevTerm, message.term);
  if (problem !== null) return problem;
  if (!isInteger(message.commit, 0)) return "commit out of range";
  if (!Array.isArray(message.entries)) return "append without entries";
  let index = message.prevIndex;
  let term = message.prevTerm;
  for (const entry of message.entries as AppendRequest["entries"]) {
    index += 1;
    if (typeof entry !== "object" || entry === null) return "not an entry";
    if (entry.index !== index || !Number.isSafeInteger(index)) return "entries with a gap";
    if (!isInteger(entry.term, Math.max(term, 1), message.term)) return "entry term out of range";
    if (!kinds.has(entry.kind)) return "unknown entry kind";
    if (!isInteger(entry.checksum, 0, 0xffffffff)) return "checksum out of range";
    if (!(entry.payload instanceof Uint8Array)) return "entry without a payload";
    term = entry.term;
  }
  return null;
}

/** A log position: index 0 has term 0, every other one a term from 1 to the sender's. */
function positionProblem(index: number, term: number, senderTerm: number): string | null {
  if (!isInteger(index, 0)) return "index out of range";
  if (!isInteger(term, index === 0 ? 0 : 1, index === 0 ? 0 : senderTerm)) {
    return "entry term out of range";
  }
  return null;
}

function isInteger(value: number, min: number, max: number = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}
