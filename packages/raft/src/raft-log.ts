/**
 * The log as one node knows it: a suffix in memory, the terms of everything, the rest behind LogReader.
 *
 *   1 ........ memoryFirst-1 | memoryFirst ....... flushed ... submitted ... last
 *   only in the durable log  | in memory
 *                              handed out of the core: ready()  ^           ^ appended by step/propose
 *
 * memoryFirst - 1 <= flushed <= submitted <= last, at all times.
 *
 * `flushed` means: the durable log holds exactly our entries 1..flushed. It is not "the storage has
 * reported entry n": see `persisted`. Not here: commit and applied, which are Raft's.
 */
import { assert, assertSafe } from "./assert.js";
import { entryOverheadBytes } from "./constants.js";
import { TermRuns } from "./term-runs.js";
import type { Entry, Index, InitialState, LogReader, Term } from "./types.js";

/** What a Persist that storage has not reported yet will have made durable of *today's* log. */
interface Outstanding {
  readonly sequence: number;
  /** Lowered by a truncation that follows it: what it writes behind that is not our log any more. */
  last: Index;
}

export interface LogChange {
  readonly truncateFrom: Index;
  readonly entries: readonly Entry[];
}

export class RaftLog {
  readonly #reader: LogReader;
  readonly #runs: TermRuns;
  /** Entries memoryFirst.. from position #head on; positions before #head are empty. */
  #entries: (Entry | undefined)[] = [];
  #head = 0;
  #memoryFirst: Index;
  /** Checksum of entry memoryFirst - 1. */
  #anchorChecksum: number;
  #last: Index;
  #flushed: Index;
  #submitted: Index;
  /** Where storage must cut before it appends what is not submitted yet; 0: nowhere. */
  #truncateFrom: Index = 0;
  readonly #outstanding: Outstanding[] = [];
  #memoryBytes = 0;

  constructor(initial: InitialState, reader: LogReader) {
    assertSafe(initial.lastIndex, "last index must be a safe integer");
    assert(initial.lastIndex === 0 || initial.termRuns.length > 0, "a log has term runs");
    this.#reader = reader;
    this.#runs = new TermRuns(initial.termRuns);
    this.#last = initial.lastIndex;
    this.#flushed = initial.lastIndex;
    this.#submitted = initial.lastIndex;
    this.#memoryFirst = initial.lastIndex + 1;
    this.#anchorChecksum = initial.lastChecksum;
  }

  get last(): Index {
    return this.#last;
  }

  get lastTerm(): Term {
    return this.#runs.termAt(this.#last);
  }

  get flushed(): Index {
    return this.#flushed;
  }

  get submitted(): Index {
    return this.#submitted;
  }

  /** Payload and overhead of the entries held in memory. */
  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  get memoryFirst(): Index {
    return this.#memoryFirst;
  }

  termAt(index: Index): Term {
    assert(index >= 0 && index <= this.#last, "term asked for an index outside the log");
    return this.#runs.termAt(index);
  }

  lastIndexWithTermAtMost(index: Index, term: Term): Index {
    assert(index >= 0 && index <= this.#last, "conflict search outside the log");
    return this.#runs.lastIndexWithTermAtMost(index, term);
  }

  checksumAt(index: Index): number {
    assert(index >= 0 && index <= this.#last, "checksum asked for an index outside the log");
    if (index === 0) return 0;
    if (index === this.#memoryFirst - 1) return this.#anchorChecksum;
    if (index >= this.#memoryFirst) return this.#inMemory(index).checksum;
    return this.#read(index, index, 0)[0]!.checksum;
  }

  /** The entry when it is in memory: for comparisons that are not worth a read. */
  peek(index: Index): Entry | undefined {
    return index >= this.#memoryFirst && index <= this.#last ? this.#inMemory(index) : undefined;
  }

  append(entry: Entry): void {
    assert(entry.index === this.#last + 1, "entries are appended without a gap");
    assertSafe(entry.index, "index overflow");
    this.#runs.append(entry.index, entry.term);
    this.#entries.push(entry);
    this.#last = entry.index;
    this.#memoryBytes += entry.payload.length + entryOverheadBytes;
  }

  /** Cuts `index` and all behind it. The caller has checked that nothing committed is cut. */
  truncateFrom(index: Index): void {
    assert(index >= 1 && index <= this.#last, "truncation outside the log");
    if (index < this.#memoryFirst) {
      const checksum = this.checksumAt(index - 1);
      this.#entries = [];
      this.#head = 0;
      this.#memoryBytes = 0;
      this.#memoryFirst = index;
      this.#anchorChecksum = checksum;
    } else {
      for (let cut = this.#last; cut >= index; cut -= 1) {
        const entry = this.#entries.pop();
        assert(entry !== undefined, "memory holds every entry behind its first");
        this.#memoryBytes -= entry.payload.length + entryOverheadBytes;
      }
    }
    this.#runs.truncateFrom(index);
    this.#last = index - 1;
    // What storage was never given needs no cutting there.
    if (index <= this.#submitted) {
      this.#truncateFrom = this.#truncateFrom === 0 ? index : Math.min(this.#truncateFrom, index);
    }
    this.#submitted = Math.min(this.#submitted, index - 1);
    this.#flushed = Math.min(this.#flushed, index - 1);
    for (const persist of this.#outstanding) persist.last = Math.min(persist.last, index - 1);
  }

  hasChange(): boolean {
    return this.#truncateFrom !== 0 || this.#submitted < this.#last;
  }

  /** Everything storage does not have yet, under the number its completion will carry. */
  submit(sequence: number): LogChange {
    const entries: Entry[] = [];
    for (let index = this.#submitted + 1; index <= this.#last; index += 1) {
      entries.push(this.#inMemory(index));
    }
    const change = { truncateFrom: this.#truncateFrom, entries };
    this.#truncateFrom = 0;
    this.#submitted = this.#last;
    this.#outstanding.push({ sequence, last: this.#last });
    return change;
  }

  /**
   * All Persists up to `sequence` are durable. Must not believe entries that were rewritten since:
   *   1. Term 2 appends 6, 7: Persist 1.
   *   2. A leader of term 3 conflicts at 6: the log is cut and gets new entries 6, 7: Persist 2.
   *   3. Storage reports Persist 1. It wrote indexes up to 7, but not *these*: were flushed 7 now, this
   *      node would acknowledge (or count for itself) entries that a crash takes away.
   * Comparing terms of index 7 is not enough either, since a cut and a rewrite may follow each other
   * twice. So a truncation lowers what every outstanding Persist can still prove.
   */
  persisted(sequence: number): void {
    let done = 0;
    for (const persist of this.#outstanding) {
      if (persist.sequence > sequence) break;
      // Storage that has done Persist n may hold less than `flushed` only through a later cut.
      this.#flushed = Math.max(this.#flushed, persist.last);
      done += 1;
    }
    this.#outstanding.splice(0, done);
    assert(this.#flushed <= this.#submitted, "flushed <= submitted");
  }

  /** Entries first..last, contiguous, at least one, ending before their payloads exceed `bytesMax`. */
  slice(first: Index, last: Index, bytesMax: number): Entry[] {
    assert(first >= 1 && first <= last && last <= this.#last, "slice outside the log");
    if (first < this.#memoryFirst) {
      return this.#read(first, Math.min(last, this.#memoryFirst - 1), bytesMax);
    }
    const entries: Entry[] = [];
    let bytes = 0;
    for (let index = first; index <= last; index += 1) {
      const entry = this.#inMemory(index);
      bytes += entry.payload.length;
      if (bytes > bytesMax && index > first) break;
      entries.push(entry);
    }
    return entries;
  }

  /**
   * Drops the oldest entries from memory. Only what storage can give back (flushed) and nobody here
   * still needs to see (`applied`) may go: up to `wantedBytesMax` it stays while a peer lacks it
   * (index > `matched`), up to `recentBytesMax` it stays anyway.
   */
  compact(applied: Index, matched: Index, recentBytesMax: number, wantedBytesMax: number): void {
    const droppable = Math.min(applied, this.#flushed);
    while (this.#memoryFirst <= droppable && this.#memoryBytes > recentBytesMax) {
      if (this.#memoryFirst > matched && this.#memoryBytes <= wantedBytesMax) break;
      const entry = this.#inMemory(this.#memoryFirst);
      this.#entries[this.#head] = undefined;
      this.#head += 1;
      this.#memoryFirst += 1;
      this.#anchorChecksum = entry.checksum;
      this.#memoryBytes -= entry.payload.length + entryOverheadBytes;
    }
    // Amortised: at least as many positions were emptied as are moved.
    if (this.#head > 1024 && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  #inMemory(index: Index): Entry {
    const entry = this.#entries[this.#head + index - this.#memoryFirst];
    assert(
      entry !== undefined && entry.index === index,
      "memory holds every entry behind its first",
    );
    return entry;
  }

  #read(first: Index, last: Index, bytesMax: number): Entry[] {
    assert(last <= this.#flushed, "only durable entries are read back");
    const entries = this.#reader.readEntries(first, last, bytesMax);
    assert(entries.length > 0 && entries.length <= last - first + 1, "reader must give a page");
    for (let at = 0; at < entries.length; at += 1) {
      const entry = entries[at]!;
      assert(entry.index === first + at, "reader must give contiguous entries");
      assert(entry.term === this.#runs.termAt(entry.index), "reader gave an entry of another term");
    }
    return entries;
  }
}
