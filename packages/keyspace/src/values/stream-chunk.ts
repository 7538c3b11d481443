/**
 * Up to a hundred consecutive entries of a stream, packed into bytes. Entries hold no objects: a million of
 * them are ten thousand Buffers to the garbage collector.
 *
 *   master field names | entry | entry | ... | spare
 *   entry = size  id  pairs (0: the names are the master's)  [name] value  [name] value ...
 *   size, pairs, id and texts are packed as stream-packing.ts says, ids against the chunk's key
 *
 * Removal closes the gap at once: there are no tombstones. As in Redis a chunk is not filled again, though:
 * `added` counts what was removed too, and `topId` may be gone, so that XTRIM ~ finds the same pieces.
 *
 * Longer than other files: whoever reads or writes the packed form needs all of it.
 */

import { Buffer } from "node:buffer";
import { assert } from "../assert.js";
import {
  STREAM_CHUNK_BYTES_MAX,
  STREAM_CHUNK_ENTRIES_MAX,
  STREAM_ENTRY_BYTES_MAX,
} from "../constants.js";
import { latin1Slice, latin1Write } from "../latin1.js";
import { STREAM_CHUNK_BYTES } from "../memory.js";
import type { StreamId } from "./stream-id.js";
import {
  idAt,
  idHead,
  idWidth,
  isBelow,
  isTextAt,
  lengthAt,
  lengthWidth,
  lengthWidthAt,
  sharedMsBytes,
  textAt,
  textBytes,
  textEnd,
  writeId,
  writeLength,
  writeText,
} from "./stream-packing.js";

export interface ChunkLimits {
  /** Packed bytes, unless the chunk has been given one entry only. */
  readonly bytesMax: number;
  /** Entries ever added, removed ones included. */
  readonly entriesMax: number;
}

export const CHUNK_LIMITS: ChunkLimits = {
  bytesMax: STREAM_CHUNK_BYTES_MAX,
  entriesMax: STREAM_CHUNK_ENTRIES_MAX,
};

/** A chunk gives room back when less than this part of it is used. */
const SHRINK_FACTOR = 2;
const CAPACITY_MIN = 48;

export class StreamChunk {
  /** Id of the first entry ever added. */
  readonly key: StreamId;
  /** Id of the last entry ever added. An undo may leave it lower, but not below an entry. */
  topId: StreamId;
  /** Entries. */
  count = 0;
  /** Entries ever added. */
  added = 0;
  /** Bytes in use: where the next entry is appended. */
  used: number;
  /** Offset of the first entry. */
  readonly start: number;
  private bytes: Buffer;
  /** Another chunk may hold the same Buffer (COPY): it is copied before it is written. */
  private shared = false;

  private constructor(key: StreamId, bytes: Buffer, start: number) {
    this.key = key;
    this.topId = key;
    this.bytes = bytes;
    this.start = start;
    this.used = start;
  }

  /** With one entry, whose names are the master fields. `spare`: bytes of more entries to expect. */
  static begin(id: StreamId, fields: readonly string[], spare: number): StreamChunk {
    let start = lengthWidth(fields.length >> 1);
    for (let i = 0; i < fields.length; i += 2) {
      start += textBytes(fields[i]!);
    }
    const bytes = Buffer.allocUnsafeSlow(start + spare);
    let at = writeLength(bytes, 0, fields.length >> 1);
    for (let i = 0; i < fields.length; i += 2) {
      at = writeText(bytes, at, fields[i]!);
    }
    const chunk = new StreamChunk(id, bytes, start);
    chunk.write(id, fields, true, chunk.bodyBytes(id, fields, true));
    return chunk;
  }

  get memoryBytes(): number {
    return STREAM_CHUNK_BYTES + this.used;
  }

  /** The id is above topId. False: the chunk is full, and nothing changed. */
  append(id: StreamId, fields: readonly string[], limits: ChunkLimits): boolean {
    if (this.added >= limits.entriesMax) {
      return false;
    }
    const master = this.hasMasterFields(fields);
    const size = this.bodyBytes(id, fields, master);
    if (this.used + lengthWidth(size) + size > limits.bytesMax) {
      return false;
    }
    this.write(id, fields, master, size);
    return true;
  }

  /** The inverse of append, unless `id` is the only entry. */
  removeLast(id: StreamId): void {
    assert(this.count > 1, "an entry of the chunk stays");
    const previous = this.skip(this.count - 2);
    const offset = this.next(previous);
    assert(this.idAt(offset) === id, "an entry that is taken back is the last one");
    this.removeBytes(offset, this.used, 1);
    this.added--;
    this.topId = this.idAt(previous);
  }

  /** Removes the `entries` entries from `offset` on, not all of the chunk. Returns them packed. */
  cut(offset: number, entries: number): string {
    assert(entries > 0 && entries < this.count, "an entry of the chunk stays");
    let end = offset;
    for (let i = 0; i < entries; i++) {
      end = this.next(end);
    }
    assert(end <= this.used, "removed entries are in the chunk");
    const packed = latin1Slice(this.bytes, offset, end);
    this.removeBytes(offset, end, entries);
    return packed;
  }

  /** The inverse of cut. */
  paste(offset: number, packed: string, entries: number): void {
    assert(this.count + entries <= this.added, "pasted entries were in the chunk");
    this.makeRoom(packed.length);
    this.bytes.copyWithin(offset + packed.length, offset, this.used);
    latin1Write(this.bytes, packed, offset);
    const atEnd = offset === this.used;
    this.used += packed.length;
    this.count += entries;
    if (atEnd && this.lastId() > this.topId) {
      this.topId = this.lastId();
    }
  }

  /** Offset of the first entry whose id is at least `id`, or `used`. */
  offsetOf(id: StreamId): number {
    const { bytes, key, used } = this;
    if (id <= key) {
      return this.start;
    }
    const msShared = sharedMsBytes(key, id);
    let offset = this.start;
    while (offset < used) {
      if (!isBelow(bytes, offset + lengthWidthAt(bytes, offset), id, msShared)) {
        return offset;
      }
      offset = textEnd(bytes, offset);
    }
    return used;
  }

  /** Offset of the entry after the one at `offset`. */
  next(offset: number): number {
    return textEnd(this.bytes, offset);
  }

  idAt(offset: number): StreamId {
    return idAt(this.bytes, offset + lengthWidthAt(this.bytes, offset), this.key);
  }

  hasIdAt(offset: number, id: StreamId): boolean {
    return offset < this.used && this.idAt(offset) === id;
  }

  /** Fresh flat texts: names and values in turn. */
  fieldsAt(offset: number): string[] {
    const { bytes } = this;
    let at = offset + lengthWidthAt(bytes, offset);
    at += idWidth(bytes[at]!);
    let pairs = lengthAt(bytes, at);
    at += lengthWidthAt(bytes, at);
    const fields: string[] = [];
    if (pairs !== 0) {
      for (let i = 0; i < 2 * pairs; i++) {
        fields.push(textAt(bytes, at));
        at = textEnd(bytes, at);
      }
      return fields;
    }
    pairs = lengthAt(bytes, 0);
    let name = lengthWidthAt(bytes, 0);
    for (let i = 0; i < pairs; i++) {
      fields.push(textAt(bytes, name), textAt(bytes, at));
      name = textEnd(bytes, name);
      at = textEnd(bytes, at);
    }
    return fields;
  }

  /** Names with values of all entries, counted up to `max` or a little more. Unpacks nothing. */
  pairsUpTo(max: number): number {
    const { bytes } = this;
    const masterPairs = lengthAt(bytes, 0);
    let pairs = 0;
    for (let at = this.start; at < this.used && pairs <= max; at = textEnd(bytes, at)) {
      const head = at + lengthWidthAt(bytes, at);
      const own = lengthAt(bytes, head + idWidth(bytes[head]!));
      pairs += own === 0 ? masterPairs : own;
    }
    return pairs;
  }

  lastId(): StreamId {
    return this.idAt(this.skip(this.count - 1));
  }

  /** Entries whose ids are below `id`. */
  countBelow(id: StreamId): number {
    const end = this.offsetOf(id);
    let below = 0;
    for (let at = this.start; at < end; at = this.next(at)) {
      below++;
    }
    return below;
  }

  /** Gives spare room back: nothing more is appended. */
  shrink(): void {
    if (this.used < this.bytes.length) {
      this.reallocate(this.used);
    }
  }

  /** Shares the bytes until one of both changes. */
  clone(): StreamChunk {
    const other = new StreamChunk(this.key, this.bytes, this.start);
    other.topId = this.topId;
    other.count = this.count;
    other.added = this.added;
    other.used = this.used;
    other.shared = true;
    this.shared = true;
    return other;
  }

  /** For tests: the invariants. Ids are above `previousTopId`. */
  check(previousTopId: StreamId, limits: ChunkLimits): void {
    assert(previousTopId < this.key, "a chunk is above the one before");
    assert(this.count > 0 && this.count <= this.added, "a chunk has entries");
    assert(this.added <= limits.entriesMax, "a chunk has not too many entries");
    assert(this.added === 1 || this.used <= limits.bytesMax, "a chunk has not too many bytes");
    assert(this.used <= this.bytes.length, "the entries lie in the chunk's bytes");
    let count = 0;
    let previous = "";
    let at = this.start;
    while (at < this.used) {
      const id = this.idAt(at);
      assert(previous < id && this.key <= id && id <= this.topId, "ids rise");
      assert(this.offsetOf(id) === at, "an id is found where it is");
      previous = id;
      count++;
      at = this.next(at);
    }
    assert(at === this.used && count === this.count, "the entries fill the used bytes");
  }

  private write(id: StreamId, fields: readonly string[], master: boolean, size: number): void {
    const offset = this.used;
    const room = lengthWidth(size) + size;
    this.makeRoom(room);
    const { bytes } = this;
    let at = writeLength(bytes, offset, size);
    at = writeId(bytes, at, this.key, id);
    at = writeLength(bytes, at, master ? 0 : fields.length >> 1);
    for (let i = master ? 1 : 0; i < fields.length; i += master ? 2 : 1) {
      at = writeText(bytes, at, fields[i]!);
    }
    assert(at === offset + room, "an entry has the size it was given");
    this.used = at;
    this.topId = id;
    this.count++;
    this.added++;
  }

  private hasMasterFields(fields: readonly string[]): boolean {
    const { bytes } = this;
    if (lengthAt(bytes, 0) !== fields.length >> 1) {
      return false;
    }
    let at = lengthWidthAt(bytes, 0);
    for (let i = 0; i < fields.length; i += 2) {
      if (!isTextAt(bytes, at, fields[i]!)) {
        return false;
      }
      at = textEnd(bytes, at);
    }
    return true;
  }

  private bodyBytes(id: StreamId, fields: readonly string[], master: boolean): number {
    let size = idWidth(idHead(this.key, id));
    size += lengthWidth(master ? 0 : fields.length >> 1);
    for (let i = master ? 1 : 0; i < fields.length; i += master ? 2 : 1) {
      size += textBytes(fields[i]!);
    }
    assert(size <= STREAM_ENTRY_BYTES_MAX, "an entry of a stream is not too large");
    return size;
  }

  /** Offset behind the first `entries` entries. */
  private skip(entries: number): number {
    let offset = this.start;
    for (let i = 0; i < entries; i++) {
      offset = this.next(offset);
    }
    return offset;
  }

  /** Grows by a half, but not beyond what a chunk of many entries can need. */
  private makeRoom(added: number): void {
    const wanted = this.used + added;
    const { length } = this.bytes;
    if (wanted > length) {
      const grown = Math.max(CAPACITY_MIN, length + (length >> 1));
      this.reallocate(Math.max(wanted, Math.min(grown, STREAM_CHUNK_BYTES_MAX)));
    } else if (this.shared) {
      this.reallocate(length);
    }
  }

  private removeBytes(from: number, end: number, entries: number): void {
    if (this.shared) {
      this.reallocate(this.used);
    }
    this.bytes.copyWithin(from, end, this.used);
    this.used -= end - from;
    this.count -= entries;
    if (this.bytes.length > CAPACITY_MIN && this.used < this.bytes.length / SHRINK_FACTOR) {
      this.reallocate(this.used);
    }
  }

  private reallocate(capacity: number): void {
    const bytes = Buffer.allocUnsafeSlow(capacity);
    this.bytes.copy(bytes, 0, 0, this.used);
    this.bytes = bytes;
    this.shared = false;
  }
}
