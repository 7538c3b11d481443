/** What passes between the event loop and the thread that makes a snapshot. */

import type { ThreadKeys } from "@redoubt/level-log";
import type { Index, SnapshotDescription } from "@redoubt/raft";
import { SNAPSHOT_OTHER_STATE } from "../diverged.js";

export interface SnapshotJob {
  /** Of the node. */
  readonly directory: string;
  /** What the new one is made of, besides the log behind it; null: none, the log begins at 1. */
  readonly previous: { readonly snapshot: SnapshotDescription; readonly path: string } | null;
  /** The last entry the new one covers; durable, committed, and kept in the log meanwhile. */
  readonly to: { readonly index: Index; readonly checksum: number };
  /** Where it is written. */
  readonly path: string;
  /** What log and files are encrypted with; null: they are not. */
  readonly keys: ThreadKeys | null;
  /** `auditDigest` at `to`, as most nodes hold it: what was written is compared with it; null: it is not known. */
  readonly audited: string | null;
  /** Slots of `SharedProgress`. */
  readonly shared: SharedArrayBuffer;
}

/** What the thread says once, last. */
export type SnapshotOutcome = SnapshotDone | SnapshotFailed;

export interface SnapshotDone {
  readonly kind: "done";
  readonly snapshot: SnapshotDescription;
  readonly keys: number;
  /** Digest of the state it holds: `stateDigest`. */
  readonly stateDigest: string;
  /** It is the state that most nodes hold. */
  readonly isAudited: boolean;
  /** Of the log that it has read: effects, and bytes of entries. */
  readonly effects: number;
  readonly logBytes: number;
  readonly buildMs: number;
  readonly verifyMs: number;
}

export interface SnapshotFailed {
  readonly kind: "failed";
  /** A stable code, or "". LOG_DAMAGED: the log or the previous file. */
  readonly code: string;
  readonly message: string;
  /** The log itself is damaged: this node must stop. */
  readonly logDamaged: boolean;
}

/** It was told to stop. */
export const cancelledCode = "SNAPSHOT_CANCELLED";

/** What was made does not hold the state that most nodes had at its entry. */
export const otherStateCode = SNAPSHOT_OTHER_STATE;

/** Int32 slots. */
const CANCELLED = 0;
const WRITTEN_KIB = 1;
const SLOTS = 2;
const BYTES_PER_SLOT = 4;

/** Memory of both threads: the one asks the other to stop, and sees how far it is. */
export class SharedProgress {
  readonly buffer: SharedArrayBuffer;
  readonly #slots: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(SLOTS * BYTES_PER_SLOT)) {
    this.buffer = buffer;
    this.#slots = new Int32Array(buffer);
  }

  get cancelled(): boolean {
    return Atomics.load(this.#slots, CANCELLED) !== 0;
  }

  cancel(): void {
    Atomics.store(this.#slots, CANCELLED, 1);
  }

  get writtenBytes(): number {
    return Atomics.load(this.#slots, WRITTEN_KIB) * 1024;
  }

  wrote(bytes: number): void {
    Atomics.store(this.#slots, WRITTEN_KIB, Math.floor(bytes / 1024));
  }
}
