/**
 * The log as one node knows it: a suffix in memory, the terms of everything, the rest behind LogReader.
 *
 *   anchor | ........ memoryFirst-1 | memoryFirst ....... flushed ... submitted ... last
 *   trimmed| only in the durable log| in memory
 *                              handed out of the core: ready()  ^           ^ appended by step/propose
 *
 * anchor <= memoryFirst - 1 <= flushed <= submitted <= last, but while an install is not durable yet: then
 * flushed lies before the anchor, in the log that is still on the disk.
 *
 * The anchor is index, term and checksum of the entry the log begins behind: 0 of all at birth; else a durable
 * snapshot covers what is not there any more (traps 21, 50).
 *
 * `flushed` means: the durable log holds exactly our entries up to it. It is not "the storage has
 * reported entry n": see `persisted`. Not here: commit and applied, which are Raft's.
 */
import { assert, assertSafe } from "./assert.js";
import { entryOverheadBytes } from "./constants.js";
import { TermRuns } from "./term-runs.js";
import type {
  Entry,
  Index,
  InitialState,
  LogReader,
  Persist,
  SnapshotDescription,
  Term,
} from "./types.js";

/** What a Persist that storage has not reported yet will have made durable of *today's* log. */
interface Outstanding {
  readonly sequence: number;
  /** Lowered by a truncation that follows it: what it writes behind that is not our log any more. */
  last: Index;
}

/** A Persist's part of the log. */
export type LogChange = Omit<Persist, "sequence" | "hardState">;

/** A snapshot that replaced the log, until it is durable. */
interface Installing {
  readonly snapshot: SnapshotDescription;
  /** Of the Persist that carries it; 0: not handed out yet. */
  sequence: number;
}

export class RaftLog {
  readonly #reader: LogReader;
  readonly #runs: TermRuns;
  /** Entries memoryFirst.. from position #head on; positions before #head are empty. */
  #entries: (Entry | undefined)[] = [];
  #head = 0;
  #memoryFirst: Index;
  /** Checksum of entry memoryFirst - 1. */
  #checksumBefore: number;
  #anchor: Index;
  #anchorChecksum: number;
  #installing: Installing | null = null;
  /** What storage may drop with the next Persist; 0: nothing. */
  #trimTo: Index = 0;
  #last: Index;
  #flushed: Index;
  #submitted: Index;
  /** Where storage must cut before it appends what is not submitted yet; 0: nowhere. */
  #truncateFrom: Index = 0;
  readonly #outstanding: Outstanding[] = [];
  #memoryBytes = 0;

  constructor(initial: InitialState, reader: LogReader) {
    assertSafe(initial.lastIndex, "last index must be a safe integer");
    const { index, term, checksum } = initial.anchor ?? { index: 0, term: 0, checksum: 0 };
    assert(initial.lastIndex === index || initial.termRuns.length > 0, "a log has term runs");
    assert(initial.lastIndex >= index, "a log ends at or behind its anchor");
    this.#reader = reader;
    this.#runs = new TermRuns(initial.termRuns, index, term);
    this.#anchor = index;
    this.#anchorChecksum = checksum;
    this.#last = initial.lastIndex;
    this.#flushed = initial.lastIndex;
    this.#submitted = initial.lastIndex;
    this.#memoryFirst = initial.lastIndex + 1;
    this.#checksumBefore = initial.lastChecksum;
  }

  /** The index the log begins behind. */
  get anchor(): Index {
    return this.#anchor;
  }

  /** A snapshot has replaced the log and is not durable yet. */
  get installing(): boolean {
    return this.#installing !== null;
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
    assert(index >= this.#anchor && index <= this.#last, "term asked for an index outside the log");
    return this.#runs.termAt(index);
  }

  /** Whether the entry (index, term) is in the log, or its anchor. */
  holds(index: Index, term: Term): boolean {
    return index >= this.#anchor && index <= this.#last && this.#runs.termAt(index) === term;
  }

  /** The largest index <= `index` with a term <= `term`; the anchor: there, or before it. */
  lastIndexWithTermAtMost(index: Index, term: Term): Index {
    assert(index >= this.#anchor && index <= this.#last, "conflict search outside the log");
    return this.#runs.lastIndexWithTermAtMost(index, term);
  }

  checksumAt(index: Index): number {
    assert(
      index >= this.#anchor && index <= this.#last,
      "checksum asked for an index outside the log",
    );
    if (index === this.#anchor) return this.#anchorChecksum;
    if (index === this.#memoryFirst - 1) return this.#checksumBefore;
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
    assert(index > this.#anchor && index <= this.#last, "truncation outside the log");
    if (index < this.#memoryFirst) {
      const checksum = this.checksumAt(index - 1);
      this.#entries = [];
      this.#head = 0;
      this.#memoryBytes = 0;
      this.#memoryFirst = index;
      this.#checksumBefore = checksum;
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

  /**
   * Entries up to `index` are covered by a durable snapshot, and applied: they go, from memory at once, from
   * storage with the next Persist.
   */
  trimTo(index: Index): void {
    assert(this.#installing === null, "nothing is trimmed under an install");
    assert(index > this.#anchor && index <= this.#flushed, "only durable entries are trimmed");
    const checksum = this.checksumAt(index);
    while (this.#memoryFirst <= index) this.#dropFirst();
    this.#closeGaps();
    this.#runs.trimTo(index);
    this.#anchor = index;
    this.#anchorChecksum = checksum;
    this.#trimTo = index;
  }

  /**
   * A verified snapshot takes the place of the whole log, which does not hold its last entry. Until that is
   * durable the old log is what a crash would leave: of it counts what was committed.
   */
  install(snapshot: SnapshotDescription, commit: Index): void {
    const { index, term, checksum } = snapshot;
    assert(index > commit && !this.holds(index, term), "an install brings what is not there");
    this.#entries = [];
    this.#head = 0;
    this.#memoryBytes = 0;
    this.#runs.reset(index, term);
    this.#anchor = this.#last = this.#submitted = index;
    this.#anchorChecksum = this.#checksumBefore = checksum;
    this.#memoryFirst = index + 1;
    this.#flushed = Math.min(this.#flushed, commit);
    // What is on its way to storage still writes the old log, of which nothing else counts any more.
    for (const persist of this.#outstanding) persist.last = Math.min(persist.last, commit);
    this.#truncateFrom = 0;
    this.#trimTo = 0;
    this.#installing = { snapshot, sequence: 0 };
  }

  hasChange(): boolean {
    return (
      this.#truncateFrom !== 0 ||
      this.#submitted < this.#last ||
      this.#trimTo !== 0 ||
      this.#installing?.sequence === 0
    );
  }

  /** Everything storage does not have yet, under the number its completion will carry. */
  submit(sequence: number): LogChange {
    const entries: Entry[] = [];
    for (let index = this.#submitted + 1; index <= this.#last; index += 1) {
      entries.push(this.#inMemory(index));
    }
    const installing = this.#installing?.sequence === 0 ? this.#installing : null;
    if (installing !== null) installing.sequence = sequence;
    const change: LogChange = {
      ...(installing === null ? null : { install: installing.snapshot }),
      truncateFrom: this.#truncateFrom,
      entries,
      ...(this.#trimTo === 0 ? null : { trimTo: this.#trimTo }),
    };
    this.#truncateFrom = 0;
    this.#trimTo = 0;
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
   *
   * Returns the snapshot whose install is durable with this, or null.
   */
  persisted(sequence: number): SnapshotDescription | null {
    let done = 0;
    for (const persist of this.#outstanding) {
      if (persist.sequence > sequence) break;
      // Storage that has done Persist n may hold less than `flushed` only through a later cut.
      this.#flushed = Math.max(this.#flushed, persist.last);
      done += 1;
    }
    this.#outstanding.splice(0, done);
    assert(this.#flushed <= this.#submitted, "flushed <= submitted");
    const installing = this.#installing;
    if (installing === null || installing.sequence === 0 || installing.sequence > sequence) {
      return null;
    }
    assert(this.#flushed >= this.#anchor, "an install that is durable is flushed");
    this.#installing = null;
    return installing.snapshot;
  }

  /** Entries first..last, contiguous, at least one, ending before their payloads exceed `bytesMax`. */
  slice(first: Index, last: Index, bytesMax: number): Entry[] {
    assert(first > this.#anchor && first <= last && last <= this.#last, "slice outside the log");
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
      this.#dropFirst();
    }
    this.#closeGaps();
  }

  #dropFirst(): void {
    const entry = this.#inMemory(this.#memoryFirst);
    this.#entries[this.#head] = undefined;
    this.#head += 1;
    this.#memoryFirst += 1;
    this.#checksumBefore = entry.checksum;
    this.#memoryBytes -= entry.payload.length + entryOverheadBytes;
  }

  /** Amortised: at least as many positions were emptied as are moved. */
  #closeGaps(): void {
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
