/**
 * A life of a log as a list of steps, played on a simulated disk until it is over or the process crashes, and what
 * must then be true: nothing acknowledged is missing, and the log is in the state of one moment since.
 *
 * The production code is played: birth, opening, Persists, snapshots made and received. Only the disk is not real.
 */

import { crc32 } from "node:zlib";
import {
  type Entry,
  EntryKind,
  entryChecksum,
  type HardState,
  MessageType,
  type Persist,
  type SnapshotDescription,
} from "@redoubt/raft";
import { bootstrapLog } from "../bootstrap.js";
import type { LevelLog } from "../level-log.js";
import { openLog } from "../open.js";
import type { SimulatedProcess } from "./simulated-disk.js";

export const DIRECTORY = "/node";
const IDENTITY = { clusterId: "crash", nodeId: 1, incarnation: 1 };
const CHUNK_BYTES = 700;

/** What a restart must find. */
export interface State {
  readonly anchor: number;
  /** Behind the anchor. */
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
  readonly snapshot: (SnapshotDescription & { readonly data: string }) | null;
}

interface Tip {
  readonly index: number;
  readonly term: number;
  readonly checksum: number;
}

/** One thing that becomes durable as a whole. */
export type Change =
  | { readonly kind: "persist"; readonly persist: Persist }
  | { readonly kind: "adopt"; readonly snapshot: SnapshotDescription; readonly data: string };

export type Step =
  /** Handed over in one moment. */
  | { readonly kind: "changes"; readonly changes: readonly Change[] }
  | { readonly kind: "receive"; readonly snapshot: SnapshotDescription; readonly data: string }
  | { readonly kind: "restart" };

/** `states[0]` is at birth, one more for each change. */
export interface Script {
  readonly steps: readonly Step[];
  readonly states: readonly State[];
}

/** Builds a script by saying what happens; the state after each change follows. */
export class ScriptBuilder {
  readonly #steps: Step[] = [];
  readonly #states: State[] = [
    { anchor: 0, entries: [], hardState: { term: 0, vote: 0 }, snapshot: null },
  ];
  #anchor: Tip = { index: 0, term: 0, checksum: 0 };
  #together: Change[] | null = null;
  #received: { snapshot: SnapshotDescription; data: string } | null = null;

  get state(): State {
    return this.#states.at(-1)!;
  }

  get lastIndex(): number {
    return this.#tip().index;
  }

  get script(): Script {
    return { steps: this.#steps, states: this.#states };
  }

  append(payloads: readonly string[], fields: { cut?: number; vote?: number } = {}): this {
    const { state } = this;
    const cut = fields.cut ?? 0;
    const kept = cut === 0 ? state.entries : state.entries.slice(0, cut - 1 - state.anchor);
    const term = this.#tip().term + (cut === 0 ? 0 : 1) || 1;
    let previous: Tip = kept.at(-1) ?? this.#anchor;
    const entries = payloads.map((content) => {
      previous = entryAfter(previous, term, content);
      return previous as Entry;
    });
    const hardState = fields.vote === undefined ? null : { term, vote: fields.vote };
    return this.#persist(
      { truncateFrom: cut, entries, hardState },
      { ...state, entries: [...kept, ...entries], hardState: hardState ?? state.hardState },
    );
  }

  /** A snapshot of this node's own. */
  adopt(index: number): this {
    const snapshot = this.#snapshotOf(this.#at(index));
    this.#change(
      { kind: "adopt", ...snapshot },
      { ...this.state, snapshot: { ...snapshot.snapshot, data: snapshot.data } },
    );
    return this;
  }

  trim(index: number): this {
    const { state } = this;
    const tip = this.#at(index);
    const entries = state.entries.filter((entry) => entry.index > index);
    this.#persist({ trimTo: index }, { ...state, anchor: index, entries });
    this.#anchor = tip;
    return this;
  }

  /** Verified here, not installed. */
  receive(index: number): this {
    const term = this.#tip().term + 1;
    const received = this.#snapshotOf({ index, term, checksum: index * 7919 });
    this.#received = received;
    this.#steps.push({ kind: "receive", ...received });
    return this;
  }

  install(payloads: readonly string[] = []): this {
    const { snapshot, data } = this.#received!;
    let previous: Tip = snapshot;
    const entries = payloads.map((content) => {
      previous = entryAfter(previous, snapshot.term, content);
      return previous as Entry;
    });
    this.#persist(
      { install: snapshot, entries },
      { ...this.state, anchor: snapshot.index, entries, snapshot: { ...snapshot, data } },
    );
    this.#anchor = snapshot;
    return this;
  }

  restart(): this {
    this.#steps.push({ kind: "restart" });
    return this;
  }

  /** What `act` says is handed over in one moment. */
  together(act: (script: this) => void): this {
    this.#together = [];
    act(this);
    this.#steps.push({ kind: "changes", changes: this.#together });
    this.#together = null;
    return this;
  }

  #persist(fields: Partial<Persist>, after: State): this {
    const persist = { sequence: 0, hardState: null, truncateFrom: 0, entries: [], ...fields };
    return this.#change({ kind: "persist", persist }, after);
  }

  #change(change: Change, after: State): this {
    this.#states.push(after);
    if (this.#together === null) this.#steps.push({ kind: "changes", changes: [change] });
    else this.#together.push(change);
    return this;
  }

  #tip(): Tip {
    return this.state.entries.at(-1) ?? this.#anchor;
  }

  #at(index: number): Tip {
    return this.state.entries.find((entry) => entry.index === index) ?? this.#anchor;
  }

  #snapshotOf({ index, term, checksum }: Tip) {
    const data = `state after ${index}.`.repeat(100);
    const bytes = Buffer.from(data);
    const voters = [{ id: 1, incarnation: 1, peerAddress: "127.0.0.1:7001" }];
    const configuration = {
      index: 1,
      configuration: { clusterId: "crash", voters, votersOutgoing: [], learners: [] },
    };
    const digest = crc32(bytes);
    const snapshot = { index, term, checksum, configuration, bytes: bytes.length, digest };
    return { snapshot, data };
  }
}

/** How far a life has come. */
export interface Life {
  /** Changes handed over, and those acknowledged. */
  handed: number;
  acknowledged: number;
  born: boolean;
}

/** Until the script is over or the process has crashed. Throws what production calls fatal. */
export async function play(script: Script, process: SimulatedProcess): Promise<Life> {
  const life: Life = { handed: 0, acknowledged: 0, born: false };
  const lived = new Promise<void>((resolve, reject) => {
    live(script, process, life, reject).then(resolve, reject);
  });
  const crashed = process.crashed;
  try {
    await Promise.race([lived, crashed]);
  } catch (error) {
    // Who writes while the process goes is told so.
    if (!process.isDead) throw error;
  }
  lived.catch(() => {});
  return life;
}

async function live(
  { steps }: Script,
  process: SimulatedProcess,
  life: Life,
  fail: (error: unknown) => void,
): Promise<void> {
  await bootstrapLog(
    { directory: DIRECTORY, identity: IDENTITY, entries: [], hardState: { term: 0, vote: 0 } },
    process,
  );
  life.born = true;
  let log = await open(process, fail);
  for (const step of steps) {
    if (step.kind === "restart") {
      await log.close();
      log = await open(process, fail);
    } else if (step.kind === "receive") {
      if (!(await receive(log, step.snapshot, step.data))) fail(new Error("refused"));
    } else {
      await Promise.all(step.changes.map((change) => begin(log, change, process, life)));
    }
  }
  await log.close();
}

export function open(
  process: SimulatedProcess,
  onFatal: (error: Error) => void,
): Promise<LevelLog> {
  return openLog({ directory: DIRECTORY, nodeId: 1, clusterId: null, onFatal }, process);
}

async function begin(
  log: LevelLog,
  change: Change,
  process: SimulatedProcess,
  life: Life,
): Promise<void> {
  life.handed++;
  if (change.kind === "persist") {
    await new Promise<void>((resolve) => log.persist(change.persist, resolve));
  } else {
    const { snapshot, data } = change;
    const path = log.snapshots.temporaryPath();
    const file = await process.files.open(path, "create");
    await file.write(Buffer.from(data), 0);
    await file.sync();
    await file.close();
    if (!(await log.snapshots.adopt(snapshot, path, () => []))) return;
  }
  // Persists complete in order; an install that overtakes a snapshot makes it be refused.
  life.acknowledged++;
}

function receive(log: LevelLog, snapshot: SnapshotDescription, text: string): Promise<boolean> {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
    const data = bytes.subarray(offset, offset + CHUNK_BYTES);
    const addressed = { from: 2, to: 1, term: 1, incarnation: 1, toIncarnation: 1 };
    const type = MessageType.snapshotChunk;
    log.snapshots.write({ type, ...addressed, snapshot, offset, data });
  }
  return new Promise((resolve) => log.snapshots.verify(snapshot, resolve));
}

export function entryAfter(previous: Tip, term: number, content: string): Entry {
  const index = previous.index + 1;
  const payload = Buffer.from(content);
  const kind = EntryKind.batch;
  const checksum = entryChecksum(index, term, kind, previous.checksum, payload);
  return { index, term, kind, checksum, payload };
}

/** Everything a restart finds, as a `State`; entries are read and verified. */
export function stateOf(log: LevelLog): State {
  const { anchor = { index: 0 }, hardState, lastIndex, snapshot } = log.initial;
  const first = anchor.index + 1;
  const entries = lastIndex < first ? [] : log.readEntries(first, lastIndex, Infinity);
  return {
    anchor: anchor.index,
    entries,
    hardState,
    snapshot: snapshot === undefined ? null : { ...snapshot, data: dataOf(log, snapshot) },
  };
}

function dataOf(log: LevelLog, snapshot: SnapshotDescription): string {
  const source = log.snapshots.open(snapshot);
  const bytes = Buffer.alloc(snapshot.bytes + 1);
  let filled = 0;
  for (let read = -1; read !== 0; filled += read) read = source.read(bytes.subarray(filled));
  source.close();
  return bytes.subarray(0, filled).toString();
}
