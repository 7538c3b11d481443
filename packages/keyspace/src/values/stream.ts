/**
 * The value of a stream key: entries by id in packed chunks, consumer groups by name, and the counters that
 * Redis keeps. Names and values of entries are latin1 strings whatever their length, packed into bytes:
 * what is read out is a fresh flat string.
 *
 *   chunks   key -> StreamChunk   a chunk's ids are from its key up to below the next key
 *
 * Every mutation is absolute. Its inverse is another one, played newest first, and gives back the very
 * state, its division into chunks and memoryBytes included:
 *   append                 removeLast(lastId before)
 *   removeEntry, takeLow   putBack(what it returned)
 *   setIds                 itself, with lastId, entriesAdded and maxDeletedId before
 *   createGroup            detachGroup <-> attachGroup
 * and those of ConsumerGroup, called on the group. What was removed belongs to its inverse alone.
 *
 * The order of forEachUp, forEachGroup, forEachPending and forEachConsumer is canonical: it depends on
 * ids and names only. How entries are divided into chunks is not part of the state.
 *
 * Longer than other files: one class, whose counters each mutation keeps, beside its inverse.
 */

import { assert } from "../assert.js";
import { STREAM_BYTES } from "../memory.js";
import { ConsumerGroup, type GroupHolder } from "./consumer-group.js";
import { OrderedMap } from "./ordered-map.js";
import { RemovedEntries } from "./removed-entries.js";
import { CHUNK_LIMITS, type ChunkLimits, StreamChunk } from "./stream-chunk.js";
import { STREAM_ID_MIN, type StreamId } from "./stream-id.js";

/** Visits an entry: names and values in turn. False: that was the last one wanted. */
export type EntryVisitor = (id: StreamId, fields: string[]) => boolean;

export class Stream {
  private readonly limits: ChunkLimits;
  private chunks = new OrderedMap<StreamChunk>();
  private entries = 0;
  private chunkBytes = 0;
  private last: StreamId = STREAM_ID_MIN;
  private maxDeleted: StreamId = STREAM_ID_MIN;
  private added = 0;
  private groups: OrderedMap<ConsumerGroup> | null = null;
  private readonly holder: GroupHolder = { groupBytes: 0 };

  constructor(limits: ChunkLimits = CHUNK_LIMITS) {
    this.limits = limits;
  }

  /** Entries. */
  get length(): number {
    return this.entries;
  }

  get memoryBytes(): number {
    return STREAM_BYTES + this.chunkBytes + this.holder.groupBytes;
  }

  /** Highest id ever added, or what XSETID said. */
  get lastId(): StreamId {
    return this.last;
  }

  /** Highest id that XDEL removed, or what XSETID said. A trim does not change it. */
  get maxDeletedId(): StreamId {
    return this.maxDeleted;
  }

  /** Entries ever added, or what XSETID said: up to 2^53 - 1. */
  get entriesAdded(): number {
    return this.added;
  }

  get chunkCount(): number {
    return this.chunks.size;
  }

  get groupCount(): number {
    return this.groups === null ? 0 : this.groups.size;
  }

  /** STREAM_ID_MIN in an empty stream. */
  get firstId(): StreamId {
    const chunk = this.chunks.first();
    return chunk === undefined ? STREAM_ID_MIN : chunk.idAt(chunk.start);
  }

  /** undefined: no such entry. */
  get(id: StreamId): string[] | undefined {
    const chunk = this.chunks.atOrBelow(id);
    if (chunk === undefined) {
      return undefined;
    }
    const offset = chunk.offsetOf(id);
    return chunk.hasIdAt(offset, id) ? chunk.fieldsAt(offset) : undefined;
  }

  has(id: StreamId): boolean {
    const chunk = this.chunks.atOrBelow(id);
    return chunk?.hasIdAt(chunk.offsetOf(id), id) ?? false;
  }

  /** Upward from the first id that is at least `from`. The stream must not change meanwhile. */
  forEachUp(from: StreamId, visit: EntryVisitor): void {
    const first = this.chunks.atOrBelow(from);
    this.chunks.forEachUp(first?.key ?? from, (_key, chunk) => {
      let at = chunk === first ? chunk.offsetOf(from) : chunk.start;
      while (at < chunk.used) {
        if (!visit(chunk.idAt(at), chunk.fieldsAt(at))) {
          return false;
        }
        at = chunk.next(at);
      }
      return true;
    });
  }

  /** Downward from the last id that is at most `from`. The stream must not change meanwhile. */
  forEachDown(from: StreamId, visit: EntryVisitor): void {
    let offsets: number[] = [];
    this.chunks.forEachDown(from, (_key, chunk) => {
      offsets = [];
      const end = chunk.offsetOf(from);
      let at = chunk.start;
      for (; at < end; at = chunk.next(at)) {
        offsets.push(at);
      }
      if (chunk.hasIdAt(at, from)) {
        offsets.push(at);
      }
      for (let i = offsets.length - 1; i >= 0; i--) {
        if (!visit(chunk.idAt(offsets[i]!), chunk.fieldsAt(offsets[i]!))) {
          return false;
        }
      }
      return true;
    });
  }

  /** Names with values of all entries, counted up to `max` or a little more: what is beyond takes no time. */
  pairsUpTo(max: number): number {
    let pairs = 0;
    this.chunks.forEachUp("", (_key, chunk) => {
      pairs += chunk.pairsUpTo(max - pairs);
      return pairs <= max;
    });
    return pairs;
  }

  /** Entries below `id`: how many an exact XTRIM MINID removes. O(chunks that go). */
  countBelow(id: StreamId): number {
    let count = 0;
    this.chunks.forEachUp("", (key, chunk) => {
      if (key >= id) {
        return false;
      }
      count += chunk.topId < id ? chunk.count : chunk.countBelow(id);
      return true;
    });
    return count;
  }

  /** Entries of whole chunks: how many XTRIM MINID ~ removes. `countMax` is its LIMIT, 0 for none. */
  countBelowInChunks(id: StreamId, countMax: number): number {
    return this.countInChunks(countMax, (chunk) => chunk.topId < id);
  }

  /** Entries of whole chunks: how many XTRIM MAXLEN ~ removes. `countMax` is its LIMIT, 0 for none. */
  countOverInChunks(length: number, countMax: number): number {
    return this.countInChunks(
      countMax,
      (chunk, counted) => this.entries - counted - chunk.count >= length,
    );
  }

  /** The id is above lastId; names and values in turn, at least one of each. */
  append(id: StreamId, fields: readonly string[]): void {
    assert(id > this.last, "an appended entry is the last one");
    assert(this.added < Number.MAX_SAFE_INTEGER, "the counter of entries is exact");
    assert(fields.length >= 2 && fields.length % 2 === 0, "an entry has names and values");
    const chunk = this.chunks.last();
    const bytes = chunk === undefined ? 0 : chunk.memoryBytes;
    if (chunk?.append(id, fields, this.limits)) {
      this.chunkBytes += chunk.memoryBytes - bytes;
    } else {
      // A chunk that was filled tells how much the next one will hold.
      const spare = chunk === undefined ? 0 : Math.min(chunk.used, this.limits.bytesMax);
      chunk?.shrink();
      this.addChunk(StreamChunk.begin(id, fields, spare));
    }
    this.entries++;
    this.last = id;
    this.added++;
  }

  /** The inverse of append. */
  removeLast(previousLastId: StreamId): void {
    assert(previousLastId < this.last && this.added > 0, "the last entry was appended");
    const chunk = this.chunks.last();
    assert(chunk !== undefined, "the last entry is in the stream");
    if (chunk.count === 1) {
      assert(chunk.lastId() === this.last, "an entry that is taken back is the last one");
      this.detachChunk(chunk);
    } else {
      const bytes = chunk.memoryBytes;
      chunk.removeLast(this.last);
      this.chunkBytes += chunk.memoryBytes - bytes;
    }
    this.entries--;
    this.last = previousLastId;
    this.added--;
  }

  /** XDEL. undefined: no such entry, and nothing changed. */
  removeEntry(id: StreamId): RemovedEntries | undefined {
    const chunk = this.chunks.atOrBelow(id);
    if (chunk === undefined) {
      return undefined;
    }
    const offset = chunk.offsetOf(id);
    if (!chunk.hasIdAt(offset, id)) {
      return undefined;
    }
    const removed = new RemovedEntries(this.maxDeleted);
    this.takeFrom(chunk, offset, id, 1, removed);
    this.entries--;
    if (id > this.maxDeleted) {
      this.maxDeleted = id;
    }
    return removed;
  }

  /** Removes the `count` entries with the lowest ids; there are as many. Chunks go as they are. */
  takeLow(count: number): RemovedEntries {
    assert(count >= 0 && count <= this.entries, "a trim removes entries that are there");
    const removed = new RemovedEntries(this.maxDeleted);
    while (removed.count < count) {
      const chunk = this.chunks.first()!;
      const taken = Math.min(chunk.count, count - removed.count);
      this.takeFrom(chunk, chunk.start, chunk.idAt(chunk.start), taken, removed);
    }
    this.entries -= count;
    return removed;
  }

  /** The inverse of removeEntry and takeLow. */
  putBack(removed: RemovedEntries): void {
    if (removed.packedCount > 0) {
      const chunk = this.chunks.atOrBelow(removed.packedId);
      assert(chunk !== undefined, "the chunk of removed entries stayed");
      const bytes = chunk.memoryBytes;
      const offset = chunk.offsetOf(removed.packedId);
      chunk.paste(offset, removed.packed, removed.packedCount);
      this.chunkBytes += chunk.memoryBytes - bytes;
    }
    for (const chunk of removed.chunks) {
      this.addChunk(chunk);
    }
    this.entries += removed.count;
    this.maxDeleted = removed.previousMaxDeletedId;
  }

  /** XSETID. The last id is not below any entry. */
  setIds(lastId: StreamId, entriesAdded: number, maxDeletedId: StreamId): void {
    const chunk = this.chunks.last();
    assert(chunk === undefined || lastId >= chunk.lastId(), "no entry is above the last id");
    assert(Number.isSafeInteger(entriesAdded) && entriesAdded >= 0, "a counter is a whole number");
    this.last = lastId;
    this.added = entriesAdded;
    this.maxDeleted = maxDeletedId;
  }

  group(name: string): ConsumerGroup | undefined {
    return this.groups === null ? undefined : this.groups.get(name);
  }

  /** There is no group of that name. */
  createGroup(name: string, lastDeliveredId: StreamId, entriesRead: number): ConsumerGroup {
    const group = new ConsumerGroup(name, lastDeliveredId, entriesRead);
    this.attachGroup(group);
    return group;
  }

  /** Removes a group whole, with consumers and pending entries. */
  detachGroup(name: string): ConsumerGroup {
    assert(this.groups !== null, "the group exists");
    const group = this.groups.remove(name);
    group.attachTo(null);
    return group;
  }

  /** The inverse of detachGroup. */
  attachGroup(group: ConsumerGroup): void {
    this.groups ??= new OrderedMap();
    this.groups.insert(group.name, group);
    group.attachTo(this.holder);
  }

  /** In byte order of names. The stream must not change meanwhile. */
  forEachGroup(visit: (group: ConsumerGroup) => void): void {
    this.groups?.forEach(visit);
  }

  /** Chunks share their bytes until one side changes, but both count them; groups are copied. */
  clone(): Stream {
    const other = new Stream(this.limits);
    other.chunks = this.chunks.clone((chunk) => chunk.clone());
    other.entries = this.entries;
    other.chunkBytes = this.chunkBytes;
    other.last = this.last;
    other.maxDeleted = this.maxDeleted;
    other.added = this.added;
    this.forEachGroup((group) => other.attachGroup(group.clone()));
    return other;
  }

  /** For tests: the invariants, and the memory counted anew. */
  check(): void {
    this.chunks.check();
    let previous = "";
    let entries = 0;
    let bytes = 0;
    this.chunks.forEach((chunk, key) => {
      assert(chunk.key === key, "a chunk is found by its key");
      chunk.check(previous, this.limits);
      previous = chunk.topId;
      entries += chunk.count;
      bytes += chunk.memoryBytes;
    });
    const lastId = this.chunks.last()?.lastId() ?? STREAM_ID_MIN;
    assert(lastId <= this.last, "no entry is above the last id");
    assert(entries === this.entries, "the chunks hold all entries");
    assert(bytes === this.chunkBytes, "the chunks' memory is what they take");
    let groupBytes = 0;
    this.forEachGroup((group) => {
      group.check();
      groupBytes += group.memoryBytes;
    });
    assert(groupBytes === this.holder.groupBytes, "the groups' memory is what they take");
  }

  private countInChunks(
    countMax: number,
    goes: (chunk: StreamChunk, counted: number) => boolean,
  ): number {
    let counted = 0;
    this.chunks.forEachUp("", (_key, chunk) => {
      if ((countMax > 0 && counted + chunk.count > countMax) || !goes(chunk, counted)) {
        return false;
      }
      counted += chunk.count;
      return true;
    });
    return counted;
  }

  /** All entries of a chunk: the chunk itself, as it is. */
  private takeFrom(
    chunk: StreamChunk,
    offset: number,
    id: StreamId,
    count: number,
    removed: RemovedEntries,
  ): void {
    if (chunk.count === count) {
      this.detachChunk(chunk);
      removed.addChunk(chunk);
      return;
    }
    const bytes = chunk.memoryBytes;
    removed.setPacked(id, chunk.cut(offset, count), count);
    this.chunkBytes += chunk.memoryBytes - bytes;
  }

  private addChunk(chunk: StreamChunk): void {
    this.chunks.insert(chunk.key, chunk);
    this.chunkBytes += chunk.memoryBytes;
  }

  private detachChunk(chunk: StreamChunk): void {
    this.chunks.remove(chunk.key);
    this.chunkBytes -= chunk.memoryBytes;
  }
}
