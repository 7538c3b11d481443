/**
 * Raft messages to and from the `Message` of peer.proto.
 *
 * Encoding yields segments: small heads of our own and the payloads themselves, so that a payload is
 * copied only when its frame is built. Decoding checks every field's type and range before anything
 * reaches raft; payloads are views of the given buffer where that does not pin much more than them.
 *
 * Longer than other files: what is written and what is read back stand side by side.
 */

import {
  type Configuration,
  ConfigurationError,
  decodeConfiguration,
  type Entry,
  EntryKind,
  encodeConfiguration,
  type Message,
  MessageType,
  type SnapshotChunk,
  type SnapshotDescription,
} from "@redoubt/raft";
import { ENTRY_BYTES_MAX, GRPC_MESSAGE_BYTES_MAX, PINNED_SHARE_MIN } from "./constants.js";
import { MalformedFrame } from "./errors.js";
import { varintSize, WireReader, WireType, WireWriter } from "./wire.js";

/** The encoded message is the concatenation of the segments. They must not be mutated. */
export interface EncodedMessage {
  readonly bytes: number;
  readonly segments: readonly Uint8Array[];
  /** It is no message but a state digest. */
  readonly isAudit?: true;
}

/** Tag and varint of each scalar field: at most 2 + 8 bytes; no message has more than 12 of them. */
const MESSAGE_HEAD_BYTES_MAX = 128;
/** Its scalar fields, tags and lengths; the configuration comes on top. */
const SNAPSHOT_HEAD_BYTES_MAX = 80;
/** Outer tag and length (6), index and term (18), kind (2), checksum (5), payload's tag and length (6). */
const ENTRY_HEAD_BYTES_MAX = 40;
const ID_MAX = 2 ** 31 - 1;
const ENTRY_KINDS: ReadonlySet<number> = new Set(Object.values(EntryKind));
const NO_PAYLOAD = new Uint8Array(0);
/** Fields of peer.proto's Message that are not varints; 0 is none. */
const BYTES_FIELDS: ReadonlySet<number> = new Set([0, 11, 23, 24]);

export function encodeMessage(message: Message): EncodedMessage {
  if (message.type === MessageType.snapshotChunk) return encodeChunk(message);
  const entries = message.type === MessageType.append ? message.entries : [];
  const headBytesMax = MESSAGE_HEAD_BYTES_MAX + entries.length * ENTRY_HEAD_BYTES_MAX;
  const writer = new WireWriter(Buffer.allocUnsafe(headBytesMax));
  writeEnds(writer, message);
  writeFields(writer, message);
  const segments: Uint8Array[] = [];
  let bytes = 0;
  let start = 0;
  for (const entry of entries) {
    writeEntryHead(writer, entry);
    segments.push(writer.buffer.subarray(start, writer.position), entry.payload);
    bytes += writer.position - start + entry.payload.length;
    start = writer.position;
  }
  writeLaterFields(writer, message);
  if (writer.position > start) {
    segments.push(writer.buffer.subarray(start, writer.position));
    bytes += writer.position - start;
  }
  return { bytes, segments };
}

function writeEnds(writer: WireWriter, message: Message): void {
  writer.uint(1, message.type);
  writer.uint(2, message.from);
  writer.uint(3, message.to);
  writer.uint(4, message.term);
}

/** Fields in order of their numbers, as protobuf's own encoders write them: these follow the entries. */
function writeLaterFields(writer: WireWriter, message: Message): void {
  writer.uint(17, message.incarnation);
  writer.uint(18, message.toIncarnation);
  switch (message.type) {
    case MessageType.preVote:
    case MessageType.vote:
      writer.uint(19, message.transfer ? 1 : 0);
      return;
    case MessageType.readIndex:
    case MessageType.readIndexResponse:
      writer.uint(20, message.context);
      return;
    case MessageType.snapshotResponse:
      writer.uint(21, message.installed ? 1 : 0);
      writer.uint(22, message.offset);
      return;
    case MessageType.snapshotChunk:
      writer.uint(22, message.offset);
      return;
  }
}

/** The data is a segment of its own: copied only into its frame. */
function encodeChunk(message: SnapshotChunk): EncodedMessage {
  const { snapshot, data } = message;
  const configuration = encodeConfiguration(snapshot.configuration.configuration);
  const description = new WireWriter(
    Buffer.allocUnsafe(SNAPSHOT_HEAD_BYTES_MAX + configuration.length),
  );
  description.uint(1, snapshot.index);
  description.uint(2, snapshot.term);
  description.fixed32(3, snapshot.checksum);
  description.tag(4, WireType.bytes);
  description.varint(configuration.length);
  description.raw(configuration);
  description.uint(5, snapshot.configuration.index);
  description.uint(6, snapshot.bytes);
  description.fixed32(7, snapshot.digest);
  const writer = new WireWriter(
    Buffer.allocUnsafe(MESSAGE_HEAD_BYTES_MAX + SNAPSHOT_HEAD_BYTES_MAX + configuration.length),
  );
  writeEnds(writer, message);
  writeLaterFields(writer, message);
  writer.tag(23, WireType.bytes);
  writer.varint(description.position);
  writer.raw(description.buffer.subarray(0, description.position));
  if (data.length > 0) {
    writer.tag(24, WireType.bytes);
    writer.varint(data.length);
  }
  const head = writer.buffer.subarray(0, writer.position);
  return { bytes: head.length + data.length, segments: [head, data] };
}

function writeFields(writer: WireWriter, message: Message): void {
  switch (message.type) {
    case MessageType.preVote:
    case MessageType.vote:
      writer.uint(5, message.lastIndex);
      writer.uint(6, message.lastTerm);
      return;
    case MessageType.preVoteResponse:
    case MessageType.voteResponse:
      writer.uint(7, message.granted ? 1 : 0);
      return;
    case MessageType.append:
      writer.uint(8, message.prevIndex);
      writer.uint(9, message.prevTerm);
      writer.uint(10, message.commit);
      return;
    case MessageType.appendResponse:
      writer.uint(12, message.index);
      writer.uint(13, message.rejected ? 1 : 0);
      writer.uint(14, message.hintIndex);
      writer.uint(15, message.hintTerm);
      return;
    case MessageType.heartbeat:
      writer.uint(10, message.commit);
      writer.uint(16, message.readRound);
      return;
    case MessageType.heartbeatResponse:
      writer.uint(16, message.readRound);
      return;
    case MessageType.readIndexResponse:
    case MessageType.snapshotResponse:
      writer.uint(12, message.index);
      return;
  }
}

/** Everything of an entry but its payload's bytes, which follow. */
function writeEntryHead(writer: WireWriter, entry: Entry): void {
  const payloadBytes = entry.payload.length;
  const size =
    (entry.index === 0 ? 0 : 1 + varintSize(entry.index)) +
    (entry.term === 0 ? 0 : 1 + varintSize(entry.term)) +
    (entry.kind === 0 ? 0 : 1 + varintSize(entry.kind)) +
    (entry.checksum === 0 ? 0 : 5) +
    (payloadBytes === 0 ? 0 : 1 + varintSize(payloadBytes) + payloadBytes);
  writer.tag(11, WireType.bytes);
  writer.varint(size);
  writer.uint(1, entry.index);
  writer.uint(2, entry.term);
  writer.uint(3, entry.kind);
  writer.fixed32(4, entry.checksum);
  if (payloadBytes !== 0) {
    writer.tag(5, WireType.bytes);
    writer.varint(payloadBytes);
  }
}

interface Fields {
  type: number;
  from: number;
  to: number;
  term: number;
  lastIndex: number;
  lastTerm: number;
  granted: boolean;
  prevIndex: number;
  prevTerm: number;
  commit: number;
  entries: Entry[];
  index: number;
  rejected: boolean;
  hintIndex: number;
  hintTerm: number;
  readRound: number;
  incarnation: number;
  toIncarnation: number;
  transfer: boolean;
  context: number;
  installed: boolean;
  offset: number;
  snapshot: SnapshotDescription | null;
  data: Uint8Array;
}

/** The newest field this version knows; later ones are skipped. */
const FIELD_LAST = 24;

/** Reads one message from `start` to before `end`. Throws MalformedFrame. */
export function decodeMessage(buffer: Buffer, start: number, end: number): Message {
  const fields = emptyFields();
  const reader = new WireReader(buffer, start, end);
  while (!reader.done) {
    readField(reader, fields);
  }
  return messageOf(fields);
}

function emptyFields(): Fields {
  return {
    type: 0,
    from: 0,
    to: 0,
    term: 0,
    lastIndex: 0,
    lastTerm: 0,
    granted: false,
    prevIndex: 0,
    prevTerm: 0,
    commit: 0,
    entries: [],
    index: 0,
    rejected: false,
    hintIndex: 0,
    hintTerm: 0,
    readRound: 0,
    incarnation: 0,
    toIncarnation: 0,
    transfer: false,
    context: 0,
    installed: false,
    offset: 0,
    snapshot: null,
    data: NO_PAYLOAD,
  };
}

function readField(reader: WireReader, fields: Fields): void {
  const tag = reader.varint();
  const wireType = tag % 8;
  const field = Math.floor(tag / 8);
  if (field === 11 && wireType === WireType.bytes) {
    const end = reader.length();
    fields.entries.push(readEntry(new WireReader(reader.buffer, reader.position, end)));
    reader.position = end;
    return;
  }
  if (field === 23 && wireType === WireType.bytes) {
    const end = reader.length();
    fields.snapshot = readSnapshot(new WireReader(reader.buffer, reader.position, end));
    reader.position = end;
    return;
  }
  if (field === 24 && wireType === WireType.bytes) {
    fields.data = ownedPayload(reader.bytes());
    return;
  }
  if (field > FIELD_LAST) {
    reader.skip(wireType);
    return;
  }
  if (wireType !== WireType.varint || BYTES_FIELDS.has(field)) {
    throw new MalformedFrame("field has another type");
  }
  setField(fields, field, reader.varint());
}

function setField(fields: Fields, field: number, value: number): void {
  switch (field) {
    case 1:
      fields.type = value;
      return;
    case 2:
      fields.from = value;
      return;
    case 3:
      fields.to = value;
      return;
    case 4:
      fields.term = value;
      return;
    case 5:
      fields.lastIndex = value;
      return;
    case 6:
      fields.lastTerm = value;
      return;
    case 7:
      fields.granted = booleanOf(value);
      return;
    case 8:
      fields.prevIndex = value;
      return;
    case 9:
      fields.prevTerm = value;
      return;
    case 10:
      fields.commit = value;
      return;
    case 12:
      fields.index = value;
      return;
    case 13:
      fields.rejected = booleanOf(value);
      return;
    case 14:
      fields.hintIndex = value;
      return;
    case 15:
      fields.hintTerm = value;
      return;
    case 16:
      fields.readRound = value;
      return;
    case 17:
      fields.incarnation = value;
      return;
    case 18:
      fields.toIncarnation = value;
      return;
    case 19:
      fields.transfer = booleanOf(value);
      return;
    case 20:
      fields.context = value;
      return;
    case 21:
      fields.installed = booleanOf(value);
      return;
    case 22:
      fields.offset = value;
      return;
  }
}

function readSnapshot(reader: WireReader): SnapshotDescription {
  const found = { index: 0, term: 0, checksum: 0, configurationIndex: 0, bytes: 0, digest: 0 };
  let configuration: Configuration | null = null;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === 1 * 8 + WireType.varint) {
      found.index = reader.varint();
    } else if (tag === 2 * 8 + WireType.varint) {
      found.term = reader.varint();
    } else if (tag === 3 * 8 + WireType.fixed32) {
      found.checksum = reader.fixed32();
    } else if (tag === 4 * 8 + WireType.bytes) {
      configuration = readConfiguration(reader.bytes());
    } else if (tag === 5 * 8 + WireType.varint) {
      found.configurationIndex = reader.varint();
    } else if (tag === 6 * 8 + WireType.varint) {
      found.bytes = reader.varint();
    } else if (tag === 7 * 8 + WireType.fixed32) {
      found.digest = reader.fixed32();
    } else if (tag >= 8 * 8) {
      reader.skip(tag % 8);
    } else {
      throw new MalformedFrame("snapshot's field has another type");
    }
  }
  if (configuration === null) throw new MalformedFrame("snapshot without a configuration");
  const { index, term, checksum, bytes, digest, configurationIndex } = found;
  check(index >= 1 && term >= 1 && bytes >= 1, "snapshot's position is not positive");
  check(
    configurationIndex >= 1 && configurationIndex <= index,
    "configuration outside the snapshot",
  );
  const indexed = { index: configurationIndex, configuration };
  return { index, term, checksum, configuration: indexed, bytes, digest };
}

function readConfiguration(bytes: Buffer): Configuration {
  try {
    // A copy: the configuration outlives the frame.
    return decodeConfiguration(new Uint8Array(bytes));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new MalformedFrame("snapshot's configuration is malformed");
  }
}

function readEntry(reader: WireReader): Entry {
  let index = 0;
  let term = 0;
  let kind = 0;
  let checksum = 0;
  let payload: Uint8Array = NO_PAYLOAD;
  while (!reader.done) {
    const tag = reader.varint();
    if (tag === 1 * 8 + WireType.varint) {
      index = reader.varint();
    } else if (tag === 2 * 8 + WireType.varint) {
      term = reader.varint();
    } else if (tag === 3 * 8 + WireType.varint) {
      kind = reader.varint();
    } else if (tag === 4 * 8 + WireType.fixed32) {
      checksum = reader.fixed32();
    } else if (tag === 5 * 8 + WireType.bytes) {
      payload = ownedPayload(reader.bytes());
    } else if (tag >= 6 * 8) {
      reader.skip(tag % 8);
    } else {
      throw new MalformedFrame("entry's field has another type");
    }
  }
  check(index >= 1, "entry's index is not positive");
  check(term >= 1, "entry's term is not positive");
  check(ENTRY_KINDS.has(kind), "entry's kind is unknown");
  check(payload.length <= ENTRY_BYTES_MAX, "entry's payload is too large");
  return { index, term, kind: kind as EntryKind, checksum, payload };
}

/** A small neighbour of a huge entry, kept as a view, would keep the huge one alive. */
function ownedPayload(view: Buffer): Uint8Array {
  const pinnedBytes = view.buffer.byteLength;
  if (pinnedBytes <= GRPC_MESSAGE_BYTES_MAX || view.length >= pinnedBytes * PINNED_SHARE_MIN) {
    return view;
  }
  const copy = new Uint8Array(view.length);
  copy.set(view);
  return copy;
}

function messageOf(fields: Fields): Message {
  check(fields.from >= 1 && fields.from <= ID_MAX, "sender's id is out of range");
  check(fields.to >= 1 && fields.to <= ID_MAX, "receiver's id is out of range");
  check(fields.incarnation >= 1, "sender's incarnation is not positive");
  const { type, from, to, term, incarnation, toIncarnation } = fields;
  switch (type) {
    case MessageType.preVote:
    case MessageType.vote: {
      check(fields.lastTerm <= term, "last entry's term is above the sender's");
      const { lastIndex, lastTerm, transfer } = fields;
      const position = { lastIndex, lastTerm, transfer };
      return { type, from, to, term, incarnation, toIncarnation, ...position };
    }
    case MessageType.preVoteResponse:
    case MessageType.voteResponse:
      return { type, from, to, term, incarnation, toIncarnation, granted: fields.granted };
    case MessageType.append: {
      checkAppend(fields);
      const { prevIndex, prevTerm, commit, entries } = fields;
      return {
        type,
        from,
        to,
        term,
        incarnation,
        toIncarnation,
        prevIndex,
        prevTerm,
        commit,
        entries,
      };
    }
    case MessageType.appendResponse: {
      const { index, rejected, hintIndex, hintTerm } = fields;
      return {
        type,
        from,
        to,
        term,
        incarnation,
        toIncarnation,
        index,
        rejected,
        hintIndex,
        hintTerm,
      };
    }
    case MessageType.heartbeat: {
      const { commit, readRound } = fields;
      return { type, from, to, term, incarnation, toIncarnation, commit, readRound };
    }
    case MessageType.heartbeatResponse:
      return { type, from, to, term, incarnation, toIncarnation, readRound: fields.readRound };
    case MessageType.timeoutNow:
    case MessageType.transferRequest:
      return { type, from, to, term, incarnation, toIncarnation };
    case MessageType.readIndex:
      check(fields.context >= 1, "a read's context is not positive");
      return { type, from, to, term, incarnation, toIncarnation, context: fields.context };
    case MessageType.readIndexResponse: {
      check(fields.context >= 1, "a read's context is not positive");
      const { context, index } = fields;
      return { type, from, to, term, incarnation, toIncarnation, context, index };
    }
    case MessageType.snapshotChunk: {
      const { snapshot, offset, data } = fields;
      if (snapshot === null) throw new MalformedFrame("chunk without a snapshot");
      check(snapshot.term <= term, "a snapshot's term is above the leader's");
      check(offset + data.length <= snapshot.bytes, "chunk outside the snapshot");
      return { type, from, to, term, incarnation, toIncarnation, snapshot, offset, data };
    }
    case MessageType.snapshotResponse: {
      check(fields.index >= 1, "a snapshot's index is not positive");
      const { index, offset, installed } = fields;
      return { type, from, to, term, incarnation, toIncarnation, index, offset, installed };
    }
    default:
      throw new MalformedFrame("message's type is unknown");
  }
}

/** Entries follow prevIndex without a gap, in terms that do not fall and are not above the leader's (trap 19). */
function checkAppend(fields: Fields): void {
  let index = fields.prevIndex;
  let term = fields.prevTerm;
  for (const entry of fields.entries) {
    index += 1;
    check(entry.index === index, "entries are not contiguous");
    check(entry.term >= term, "entries' terms fall");
    term = entry.term;
  }
  check(term <= fields.term, "an entry's term is above the leader's");
}

function booleanOf(value: number): boolean {
  check(value <= 1, "boolean is neither 0 nor 1");
  return value === 1;
}

function check(condition: boolean, text: string): void {
  if (!condition) {
    throw new MalformedFrame(text);
  }
}
