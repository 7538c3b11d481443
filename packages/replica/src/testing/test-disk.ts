/**
 * A durable log in memory, and the snapshots beside it: every sync completes at once, one after the other, or
 * when a test lets it.
 */

import {
  crc32c,
  decodeConfiguration,
  type Entry,
  EntryKind,
  type HardState,
  type Index,
  type InitialState,
  type Persist,
  type SnapshotChunk,
  type SnapshotDescription,
} from "@redoubt/raft";
import type { DurableLog, SnapshotSource, SnapshotStore } from "../ports.js";
import { buildSnapshot } from "../snapshot-builder.js";
import { BytesSource } from "./bytes-source.js";

/** What outlives a process. */
export interface DiskContents {
  readonly anchor: NonNullable<InitialState["anchor"]>;
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
  readonly adopted: SnapshotDescription | null;
  readonly files: ReadonlyMap<number, Uint8Array>;
}

export class TestDisk implements DurableLog, SnapshotStore, DiskContents {
  readonly initial: InitialState;
  anchor: DiskContents["anchor"] = { index: 0, term: 0, checksum: 0 };
  /** Those behind the anchor. */
  readonly entries: Entry[];
  hardState: HardState;
  /** The snapshot that the log begins from. */
  adopted: SnapshotDescription | null = null;
  /** Bytes of snapshots by digest. */
  readonly files = new Map<number, Uint8Array>();
  /** What was received is never done being verified while this is set. */
  verifiesNothing = false;
  /** Chunks come faster than this disk takes them; it keeps none. */
  isBehind = false;
  /** The next snapshot that is received does not survive its way here. */
  damagesNext = false;
  #received: Uint8Array[] = [];
  #verifying: (() => void)[] = [];
  /** Syncs that never complete while this is set. */
  held = false;
  #waiting: { readonly persist: Persist; readonly done: () => void }[] = [];

  constructor(entries: readonly Entry[], hardState?: HardState, before?: DiskContents) {
    this.entries = [...entries];
    this.hardState = hardState ?? { term: entries.at(-1)?.term ?? 0, vote: 0 };
    if (before !== undefined) {
      this.anchor = before.anchor;
      this.adopted = before.adopted;
      for (const [digest, bytes] of before.files) this.files.set(digest, bytes);
    }
    const configurations = entries
      .filter((entry) => entry.kind === EntryKind.configuration)
      .map(({ index, payload }) => ({ index, configuration: decodeConfiguration(payload) }));
    const runs: (readonly [number, number])[] = [];
    for (const { index, term } of entries) if (runs.at(-1)?.[1] !== term) runs.push([index, term]);
    const last = entries.at(-1);
    this.initial = {
      hardState: this.hardState,
      ...(this.adopted === null ? {} : { anchor: this.anchor, snapshot: this.adopted }),
      lastIndex: this.lastIndex,
      lastChecksum: last?.checksum ?? this.anchor.checksum,
      termRuns: runs,
      configurations: configurations.slice(-2),
    };
  }

  get lastIndex(): Index {
    return this.anchor.index + this.entries.length;
  }

  at(index: Index): Entry | undefined {
    return this.entries[index - this.anchor.index - 1];
  }

  get pending(): number {
    return this.#waiting.length;
  }

  persist(persist: Persist, done: () => void): void {
    this.#waiting.push({ persist, done });
  }

  /** Completes what was handed over so far, as one group commit. */
  complete(): void {
    if (!this.verifiesNothing) for (const done of this.#verifying.splice(0)) done();
    if (this.held || this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { persist } of waiting) this.#write(persist);
    for (const { done } of waiting) done();
  }

  #write({ install, truncateFrom, entries, hardState, trimTo }: Persist): void {
    if (install !== undefined) {
      if (!this.files.has(install.digest)) throw new Error("a snapshot that is not there");
      this.adopted = install;
      this.#cutTo(install, []);
    }
    if (truncateFrom > 0) this.entries.length = truncateFrom - this.anchor.index - 1;
    this.entries.push(...entries);
    if (hardState !== null) this.hardState = hardState;
    if (trimTo !== undefined) {
      this.#cutTo(this.at(trimTo)!, this.entries.slice(trimTo - this.anchor.index));
    }
  }

  #cutTo({ index, term, checksum }: DiskContents["anchor"], entries: readonly Entry[]): void {
    this.anchor = { index, term, checksum };
    this.entries.splice(0, this.entries.length, ...entries);
  }

  readEntries(first: number, last: number, bytesMax: number): Entry[] {
    const found: Entry[] = [];
    let bytes = 0;
    for (let index = first; index <= last; index++) {
      const entry = this.at(index)!;
      bytes += entry.payload.length;
      if (found.length > 0 && bytes > bytesMax) break;
      found.push(entry);
    }
    return found;
  }

  // ---- snapshots ---------------------------------------------------------------------------------

  /** Made of the one before and the log behind it, up to `index`, and adopted. */
  makeSnapshot(index: Index): SnapshotDescription {
    const { adopted } = this;
    const previous =
      adopted === null ? null : { snapshot: adopted, open: () => this.open(adopted) };
    const blocks: Uint8Array[] = [];
    const first = (adopted?.index ?? 0) - this.anchor.index;
    const entries = () => this.entries.slice(first, index - this.anchor.index);
    const { term, checksum, configuration } = buildSnapshot(
      { previous, entries, to: index },
      { write: (block) => blocks.push(block) },
    );
    const bytes = Buffer.concat(blocks);
    const digest = crc32c(bytes);
    this.files.set(digest, bytes);
    this.adopted = { index, term, checksum, configuration, bytes: bytes.length, digest };
    return this.adopted;
  }

  newest(): SnapshotDescription | null {
    return this.adopted;
  }

  read(snapshot: SnapshotDescription, offset: number, bytesMax: number): Uint8Array | null {
    return this.files.get(snapshot.digest)?.subarray(offset, offset + bytesMax) ?? null;
  }

  write({ offset, data }: SnapshotChunk): void {
    if (offset === 0) this.#received = [];
    this.#received.push(data);
  }

  verify(snapshot: SnapshotDescription, done: (ok: boolean) => void): void {
    const bytes = Buffer.concat(this.#received);
    this.#verifying.push(() => {
      if (this.damagesNext) bytes[bytes.length >> 1]! ^= 1;
      this.damagesNext = false;
      const ok = crc32c(bytes) === snapshot.digest;
      if (ok) this.files.set(snapshot.digest, bytes);
      done(ok);
    });
  }

  open(snapshot: SnapshotDescription): SnapshotSource {
    return new BytesSource(this.files.get(snapshot.digest)!);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
