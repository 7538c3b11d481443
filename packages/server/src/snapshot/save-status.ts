/** What INFO tells of saving: facts of the keeper, in plain values. Times are ms since the Unix epoch; -1: never. */

export interface SaveStatus {
  /** Effects applied since the newest snapshot. */
  readonly changes: number;
  /** Bytes of entries applied since. */
  readonly logBytes: number;
  /** The run under way; null: none. */
  readonly run: {
    readonly kind: SaveKind;
    readonly ms: number;
    readonly writtenBytes: number;
    /** Of the snapshot it is made from. */
    readonly previousBytes: number;
  } | null;
  /** What is to begin when that is done. */
  readonly scheduled: SaveKind | null;
  /** Of the start of the process, until a snapshot was made. */
  readonly lastSavedAtMs: number;
  readonly saves: RunCounts;
  readonly rewrites: RunCounts;
  /** Bytes of the newest snapshot's file; 0: there is none. */
  readonly snapshotBytes: number;
  /** Of the event loop, for all snapshots since the start: what it takes to begin and to end them. */
  readonly servingMs: number;
}

/** `save`: SAVE, BGSAVE and what is due by itself. `rewrite`: BGREWRITEAOF. Both make the same snapshot. */
export type SaveKind = "save" | "rewrite";

export interface RunCounts {
  readonly done: number;
  readonly lastOk: boolean;
  /** -1: none has ended. */
  readonly lastMs: number;
  readonly failuresInARow: number;
}
