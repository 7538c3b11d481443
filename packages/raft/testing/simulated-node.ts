/**
 * One Raft core with a disk and a driver that keeps to the order written on `Ready`. The disk completes
 * Persists only when told to, so a test decides what a crash takes away. Time is told, never read.
 */
import {
  type Configuration,
  crc32c,
  decodeConfiguration,
  type Entry,
  EntryKind,
  type HardState,
  type Index,
  type IndexedConfiguration,
  type InitialState,
  type LogReader,
  type Message,
  type NodeId,
  type Persist,
  Raft,
  type RaftOptions,
  type Ready,
  type SnapshotChunk,
  type SnapshotDescription,
  type SnapshotReader,
  type Term,
} from "../src/index.js";

export type Limits = Pick<
  RaftOptions,
  | "maxAppendBytes"
  | "maxInflightAppends"
  | "maxInflightBytes"
  | "committedPageBytes"
  | "snapshotChunkBytes"
>;

/**
 * Ways of not keeping the contract, for canaries: a check that does not find them proves nothing.
 * eager: promises leave before their Persists are durable. amnesia: a crash forgets the last vote.
 */
export type Breach = "none" | "eager" | "amnesia";

export interface NodeOptions {
  readonly id: NodeId;
  /** Default 1. */
  readonly incarnation?: number;
  readonly entries: readonly Entry[];
  readonly electionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly random: () => number;
  readonly limits: Limits;
  readonly breach?: Breach;
  readonly onEvent: (event: string, fields: object) => void;
}

/** The durable log, and the snapshots beside it: what survives a crash. */
export class SimulatedDisk implements LogReader, SnapshotReader {
  hardState: HardState = { term: 1, vote: 0 };
  /** Entries anchor + 1 ... */
  entries: Entry[];
  anchor = { index: 0, term: 0, checksum: 0 };
  /** The snapshot a restart begins from. */
  snapshot: SnapshotDescription | null = null;
  /**
   * Every snapshot that is on the disk, by digest: the adopted one, newer ones, which are verified and may be
   * about to be installed (trap 50), and older ones that are being sent (trap 21).
   */
  readonly files = new Map<number, { readonly index: Index; readonly bytes: Uint8Array }>();
  reads = 0;

  constructor(entries: readonly Entry[]) {
    this.entries = [...entries];
  }

  get lastIndex(): Index {
    return this.anchor.index + this.entries.length;
  }

  /** undefined: not there, or trimmed. */
  at(index: Index): Entry | undefined {
    return this.entries[index - this.anchor.index - 1];
  }

  checksumAt(index: Index): number | undefined {
    return index === this.anchor.index ? this.anchor.checksum : this.at(index)?.checksum;
  }

  write(persist: Persist): void {
    const { install, truncateFrom, entries, hardState, trimTo } = persist;
    if (install !== undefined) {
      if (!this.files.has(install.digest)) throw new Error("a snapshot that is not there");
      const { index, term, checksum } = install;
      this.entries = [];
      this.anchor = { index, term, checksum };
      this.#adopt(install, []);
    }
    if (truncateFrom !== 0) this.entries.length = truncateFrom - this.anchor.index - 1;
    for (const entry of entries) {
      if (entry.index !== this.lastIndex + 1) throw new Error("persist leaves a gap");
      this.entries.push(entry);
    }
    if (hardState !== null) this.hardState = hardState;
    if (trimTo !== undefined) this.#trim(trimTo);
  }

  /** This node's own snapshot of what it has applied: durable at once. */
  keep(
    snapshot: SnapshotDescription,
    bytes: Uint8Array,
    sent: readonly SnapshotDescription[] = [],
  ): void {
    this.files.set(snapshot.digest, { index: snapshot.index, bytes });
    this.#adopt(snapshot, sent);
  }

  #adopt(snapshot: SnapshotDescription, sent: readonly SnapshotDescription[]): void {
    this.snapshot = snapshot;
    const kept = new Set([snapshot, ...sent].map(({ digest }) => digest));
    for (const [digest, { index }] of this.files) {
      if (!kept.has(digest) && index <= snapshot.index) this.files.delete(digest);
    }
  }

  #trim(index: Index): void {
    if (index > (this.snapshot?.index ?? 0)) throw new Error("trimmed without a snapshot");
    const { term, checksum } = this.at(index)!;
    this.entries = this.entries.slice(index - this.anchor.index);
    this.anchor = { index, term, checksum };
  }

  newest(): SnapshotDescription | null {
    return this.snapshot;
  }

  read(snapshot: SnapshotDescription, offset: number, bytesMax: number): Uint8Array | null {
    return this.files.get(snapshot.digest)?.bytes.subarray(offset, offset + bytesMax) ?? null;
  }

  readEntries(first: Index, last: Index, bytesMax: number): Entry[] {
    this.reads += 1;
    if (first <= this.anchor.index || last > this.lastIndex) {
      throw new Error("read outside the durable log");
    }
    const page: Entry[] = [];
    let bytes = 0;
    for (let index = first; index <= last; index += 1) {
      const entry = this.at(index)!;
      bytes += entry.payload.length;
      if (bytes > bytesMax && page.length > 0) break;
      page.push(entry);
    }
    return page;
  }

  initialState(): InitialState {
    const termRuns: [Index, Term][] = [];
    const configurations: { index: Index; configuration: Configuration }[] = [];
    for (const { index, term, kind, payload } of this.entries) {
      if (termRuns.at(-1)?.[1] !== term) termRuns.push([index, term]);
      if (kind === EntryKind.configuration) {
        configurations.push({ index, configuration: decodeConfiguration(payload) });
      }
    }
    return {
      hardState: this.hardState,
      ...(this.snapshot === null ? {} : { anchor: this.anchor, snapshot: this.snapshot }),
      lastIndex: this.lastIndex,
      lastChecksum: this.checksumAt(this.lastIndex) ?? 0,
      termRuns,
      configurations: configurations.slice(-2),
    };
  }
}

export class SimulatedNode {
  readonly id: NodeId;
  readonly disk: SimulatedDisk;
  raft: Raft;
  alive = true;
  /** Handed over, not durable. */
  persists: Persist[] = [];
  /** Entries handed out for applying since the last start, or since the last install. */
  applied: Entry[] = [];
  /** The last index whose effects the state holds. */
  appliedIndex: Index = 0;
  /** In force at `appliedIndex`: what a snapshot names (trap 23). */
  #appliedConfiguration: IndexedConfiguration | null = null;
  /** Received and handed to the store; verified later. */
  verifying: SnapshotDescription | null = null;
  #received: Uint8Array[] = [];
  confirmedRound = 0;
  readonly #options: NodeOptions;
  #waiting: { readonly after: number; readonly message: Message }[] = [];
  #handedSequence = 0;
  #durableSequence = 0;

  constructor(options: NodeOptions, nowMs: number) {
    this.id = options.id;
    this.#options = options;
    this.disk = new SimulatedDisk(options.entries);
    this.raft = this.#start(nowMs);
  }

  /** Takes one Ready. Returns it, and what may leave now. */
  takeReady(): { ready: Ready; leaving: Message[] } {
    const ready = this.raft.ready();
    if (ready.persist !== null) {
      this.persists.push(ready.persist);
      this.#handedSequence = ready.persist.sequence;
    }
    const after = this.#options.breach === "eager" ? 0 : this.#handedSequence;
    for (const message of ready.promises) {
      this.#waiting.push({ after, message });
    }
    for (const chunk of ready.chunks) this.#store(chunk);
    if (ready.verify !== null) this.verifying = ready.verify;
    if (ready.installed !== null) {
      if (ready.installed.index <= this.appliedIndex) throw new Error("installed what is applied");
      this.applied = [];
      this.#startFrom(ready.installed);
    }
    for (const entry of ready.committed) {
      if (entry.index !== this.appliedIndex + 1) throw new Error("applied out of order");
      this.appliedIndex = entry.index;
      this.applied.push(entry);
      if (entry.kind === EntryKind.configuration) {
        const configuration = decodeConfiguration(entry.payload);
        this.#appliedConfiguration = { index: entry.index, configuration };
      }
    }
    this.confirmedRound = ready.confirmedRound;
    return { ready, leaving: [...ready.messages, ...this.#released()] };
  }

  /** Makes the oldest `count` Persists durable as one synced batch; returns the promises that may leave. */
  sync(count: number): Message[] {
    const batch = this.persists.splice(0, count);
    for (const persist of batch) this.disk.write(persist);
    const last = batch.at(-1);
    if (last === undefined) return [];
    this.#durableSequence = last.sequence;
    this.raft.persisted(last.sequence);
    return this.#released();
  }

  /** The process dies; `written` of the pending Persists had reached the disk, unreported. */
  crash(written: number): void {
    for (const persist of this.persists.slice(0, written)) this.disk.write(persist);
    if (this.#options.breach === "amnesia") {
      this.disk.hardState = {
        term: this.disk.entries.at(-1)?.term ?? this.disk.anchor.term,
        vote: 0,
      };
    }
    this.alive = false;
    this.persists = [];
    this.applied = [];
    this.appliedIndex = 0;
    this.verifying = null;
    this.#received = [];
    this.confirmedRound = 0;
    this.#waiting = [];
    this.#handedSequence = 0;
    this.#durableSequence = 0;
  }

  restart(nowMs: number): void {
    this.alive = true;
    this.raft = this.#start(nowMs);
  }

  /**
   * Makes a snapshot of what is applied and trims the log behind it, but for `margin` entries. Its bytes are
   * the checksum of every entry it stands for, as far as this node knows: the history in four bytes each.
   */
  snapshot(margin: number): SnapshotDescription | null {
    const index = this.appliedIndex;
    const configuration = this.#appliedConfiguration;
    if (index <= (this.disk.snapshot?.index ?? 0) || configuration === null) return null;
    const bytes = this.#history(index);
    const { term, checksum } = this.disk.at(index) ?? this.disk.anchor;
    const digest = crc32c(bytes);
    const snapshot = { index, term, checksum, configuration, bytes: bytes.length, digest };
    this.disk.keep(snapshot, bytes, this.raft.snapshotsSent);
    this.raft.trimTo(Math.max(index - margin, 0));
    return snapshot;
  }

  /** The store is done with what was received. */
  verify(): void {
    const snapshot = this.verifying;
    if (snapshot === null) return;
    this.verifying = null;
    const bytes = new Uint8Array(Buffer.concat(this.#received));
    const ok = crc32c(bytes) === snapshot.digest;
    if (ok) this.disk.files.set(snapshot.digest, { index: snapshot.index, bytes });
    this.raft.snapshotVerified(snapshot, ok);
  }

  /** A bit flips in what was received. */
  rot(): void {
    const last = this.#received.pop();
    if (last === undefined) return;
    const damaged = Uint8Array.from(last);
    damaged[0]! ^= 1;
    this.#received.push(damaged);
  }

  #store({ offset, data }: SnapshotChunk): void {
    if (offset === 0) this.#received = [];
    this.#received.push(data);
  }

  #history(index: Index): Uint8Array {
    const known = this.disk.snapshot;
    const before = known === null ? new Uint8Array(0) : this.disk.files.get(known.digest)!.bytes;
    const bytes = Buffer.alloc(4 * index);
    bytes.set(before);
    for (let at = before.length / 4 + 1; at <= index; at += 1) {
      bytes.writeUInt32BE(this.disk.checksumAt(at)!, 4 * (at - 1));
    }
    return new Uint8Array(bytes);
  }

  #startFrom(snapshot: SnapshotDescription): void {
    if (!this.disk.files.has(snapshot.digest))
      throw new Error("started from a snapshot that is gone");
    this.appliedIndex = snapshot.index;
    this.#appliedConfiguration = snapshot.configuration;
  }

  #released(): Message[] {
    const leaving: Message[] = [];
    while (this.#waiting.length > 0 && this.#waiting[0]!.after <= this.#durableSequence) {
      leaving.push(this.#waiting.shift()!.message);
    }
    return leaving;
  }

  #start(nowMs: number): Raft {
    const { id, electionTimeoutMs, heartbeatIntervalMs, random, limits, onEvent } = this.#options;
    if (this.disk.snapshot !== null) this.#startFrom(this.disk.snapshot);
    return new Raft({
      id,
      incarnation: this.#options.incarnation ?? 1,
      initial: this.disk.initialState(),
      reader: this.disk,
      snapshots: this.disk,
      electionTimeoutMs,
      heartbeatIntervalMs,
      random,
      nowMs,
      onEvent,
      ...limits,
    });
  }
}
