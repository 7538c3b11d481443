/**
 * What every store of snapshots must do beside its `DurableLog`: what is made, received, verified, installed and
 * trimmed, and what a restart finds of it. An adapter's suite calls `snapshotContract` with a way to make both.
 */

import { type Entry, MessageType, type SnapshotDescription } from "@redoubt/raft";
import type { DurableLog, SnapshotStore } from "@redoubt/replica/ports";
import { afterEach, describe, expect, test } from "vitest";
import { chain, configuration, persist, plain, read } from "./durable-log.js";

export type Snapshots = Pick<SnapshotStore, "newest" | "read" | "write" | "verify">;

/** One process: a log and the snapshots beside it. */
export interface NodeStorage {
  readonly log: DurableLog;
  readonly snapshots: Snapshots;
  /** A snapshot that this node has made counts from now on. `sent`: what peers are being sent. */
  adopt(
    snapshot: SnapshotDescription,
    bytes: Uint8Array,
    sent: readonly SnapshotDescription[],
  ): Promise<void>;
}

export interface StorageUnderTest {
  readonly storage: NodeStorage;
  /** What the store compares the bytes of a snapshot with. */
  digestOf(bytes: Uint8Array): number;
  /** The node starts again: called after `close` of the log. */
  reopen(): Promise<NodeStorage>;
  /** Called last; the newest log is still open. */
  dispose(): Promise<void>;
}

const CHUNK_BYTES = 100;

export function snapshotContract(name: string, open: () => Promise<StorageUnderTest>): void {
  describe(`snapshot contract: ${name}`, () => {
    const opened: StorageUnderTest[] = [];
    afterEach(async () => {
      for (const subject of opened.splice(0)) await subject.dispose();
    });
    const start = async () => {
      const subject = await open();
      opened.push(subject);
      const { storage } = subject;
      const describeOf = (last: Tip, bytes: Uint8Array) =>
        describedBy(last, bytes, subject.digestOf(bytes));
      const restart = async (current: NodeStorage = storage) => {
        await current.log.close();
        return subject.reopen();
      };
      return { ...storage, describeOf, restart };
    };
    const state = Buffer.from("the state of everything so far; ".repeat(20));

    test("none is there at first", async () => {
      const { snapshots, log, describeOf } = await start();
      expect(snapshots.newest()).toBeNull();
      expect(log.initial.snapshot).toBeUndefined();
      expect(
        snapshots.read(describeOf({ index: 1, term: 1, checksum: 1 }, state), 0, 10),
      ).toBeNull();
    });

    test("one that was adopted is read back in pieces, and a restart begins from it", async () => {
      const { snapshots, log, adopt, describeOf, restart } = await start();
      const entries = chain(["a", "b", "c"]);
      await persist(log, { entries });
      const snapshot = describeOf(entries[1]!, state);
      await adopt(snapshot, state, []);
      expect(snapshots.newest()).toEqual(snapshot);
      expect(bytesOf(snapshots, snapshot)).toEqual(state);
      const again = await restart();
      expect(again.snapshots.newest()).toEqual(snapshot);
      expect(bytesOf(again.snapshots, snapshot)).toEqual(state);
      expect(again.log.initial).toMatchObject({ snapshot, anchor: { index: 0 }, lastIndex: 3 });
      expect(read(again.log, 1, 3)).toEqual(plain(entries));
    });

    test("trap-23 the log begins behind what was trimmed; the snapshot remembers the members", async () => {
      const { log, adopt, describeOf, restart } = await start();
      const entries = chain(["a", "b", "c", "d"]);
      await persist(log, { entries });
      const snapshot = describeOf(entries[2]!, state);
      await adopt(snapshot, state, []);
      const more = chain(["e"], 2, entries[3]);
      await persist(log, { entries: more, hardState: { term: 2, vote: 3 }, trimTo: 2 });
      const again = await restart();
      const { term, checksum } = entries[1]!;
      expect(again.log.initial).toMatchObject({
        anchor: { index: 2, term, checksum },
        snapshot,
        lastIndex: 5,
        hardState: { term: 2, vote: 3 },
        termRuns: [
          [3, 1],
          [5, 2],
        ],
      });
      expect(again.log.initial.snapshot?.configuration.configuration).toEqual(configuration(1));
      expect(read(again.log, 3, 5)).toEqual(plain([...entries.slice(2), ...more]));
    });

    test("a log that is trimmed to its end goes on behind it", async () => {
      const { log, adopt, describeOf, restart } = await start();
      const entries = chain(["a", "b"]);
      await persist(log, { entries });
      await adopt(describeOf(entries[1]!, state), state, []);
      await persist(log, { trimTo: 2 });
      const empty = await restart();
      expect(empty.log.initial).toMatchObject({ lastIndex: 2, termRuns: [] });
      expect(empty.log.initial.lastChecksum).toBe(entries[1]!.checksum);
      const more = chain(["c"], 3, entries[1]);
      await persist(empty.log, { entries: more });
      expect(read((await restart(empty)).log, 3, 3)).toEqual(plain(more));
    });

    test("trap-21 an older one stays readable while a peer is being sent it", async () => {
      const { snapshots, log, adopt, describeOf } = await start();
      const entries = chain(["a", "b", "c"]);
      await persist(log, { entries });
      const [first, second, third] = entries.map((entry) => describeOf(entry, state));
      await adopt(first!, state, []);
      await adopt(second!, state, [first!]);
      expect(bytesOf(snapshots, first!)).toEqual(state);
      await adopt(third!, state, []);
      expect(snapshots.read(first!, 0, 10)).toBeNull();
      expect(snapshots.newest()).toEqual(third);
    });

    test("one that was received counts from its install on, with the entries behind it", async () => {
      const { snapshots, log, describeOf, restart } = await start();
      await persist(log, { entries: chain(["a", "b", "c"]) });
      const snapshot = describeOf({ index: 9, term: 4, checksum: 99 }, state);
      expect(await receive(snapshots, snapshot, state)).toBe(true);
      expect(snapshots.newest()).toBeNull();
      const entries = chain(["ten", "eleven"], 5, snapshot);
      await persist(log, { install: snapshot, entries, hardState: { term: 5, vote: 1 } });
      expect(snapshots.newest()).toEqual(snapshot);
      expect(read(log, 10, 11)).toEqual(plain(entries));
      const again = await restart();
      expect(again.log.initial).toMatchObject({
        anchor: { index: 9, term: 4, checksum: 99 },
        snapshot,
        lastIndex: 11,
        hardState: { term: 5, vote: 1 },
        termRuns: [[10, 5]],
      });
      expect(bytesOf(again.snapshots, snapshot)).toEqual(state);
    });

    test("trap-22 what is handed over around an install amounts to what came last", async () => {
      const { snapshots, log, describeOf, restart } = await start();
      const old = chain(["a", "b", "c", "d", "e"]);
      await persist(log, { entries: old });
      const snapshot = describeOf({ index: 3, term: 7, checksum: 33 }, state);
      expect(await receive(snapshots, snapshot, state)).toBe(true);
      const entries = chain(["four", "five"], 8, snapshot);
      const last = chain(["FIVE"], 9, entries[0]);
      await Promise.all([
        persist(log, { entries: chain(["f"], 1, old[4]) }),
        persist(log, { install: snapshot, entries }),
        persist(log, { truncateFrom: 5, entries: last }),
      ]);
      const again = await restart();
      expect(again.log.initial).toMatchObject({ anchor: { index: 3 }, lastIndex: 5 });
      expect(read(again.log, 4, 5)).toEqual(plain([entries[0]!, last[0]!]));
    });

    test("one that is not what it is said to be is refused, and may come again", async () => {
      const { snapshots, describeOf } = await start();
      const snapshot = describeOf({ index: 9, term: 4, checksum: 99 }, state);
      const wrong = Buffer.from(state);
      wrong[150]! ^= 8;
      expect(await receive(snapshots, snapshot, wrong)).toBe(false);
      expect(await receive(snapshots, snapshot, state)).toBe(true);
    });

    test("the first bytes again drop what was received before", async () => {
      const { snapshots, describeOf } = await start();
      const snapshot = describeOf({ index: 9, term: 4, checksum: 99 }, state);
      snapshots.write(chunkOf(snapshot, Buffer.from("something else"), 0));
      expect(await receive(snapshots, snapshot, state)).toBe(true);
    });

    test("verify never answers before it returns", async () => {
      const { snapshots, describeOf } = await start();
      const snapshot = describeOf({ index: 9, term: 4, checksum: 99 }, state);
      let returned = false;
      const early = receive(snapshots, snapshot, state, () => !returned);
      returned = true;
      expect(await early).toBe(false);
    });
  });
}

interface Tip {
  readonly index: number;
  readonly term: number;
  readonly checksum: number;
}

function describedBy(
  { index, term, checksum }: Tip | Entry,
  bytes: Uint8Array,
  digest: number,
): SnapshotDescription {
  const inForce = { index: 1, configuration: configuration(1) };
  return { index, term, checksum, configuration: inForce, bytes: bytes.length, digest };
}

function bytesOf(snapshots: Snapshots, snapshot: SnapshotDescription): Buffer {
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset < snapshot.bytes; ) {
    const part = snapshots.read(snapshot, offset, CHUNK_BYTES);
    if (part === null) throw new Error("the snapshot is gone");
    expect(part.length).toBeGreaterThan(0);
    expect(part.length).toBeLessThanOrEqual(CHUNK_BYTES);
    parts.push(part);
    offset += part.length;
  }
  return Buffer.concat(parts);
}

function chunkOf(snapshot: SnapshotDescription, data: Uint8Array, offset: number) {
  const type = MessageType.snapshotChunk;
  const addressed = { from: 2, to: 1, term: 1, incarnation: 1, toIncarnation: 1 };
  return { type, ...addressed, snapshot, offset, data };
}

/** Resolves with what `told` makes of the verdict, at the moment it is told. */
function receive(
  snapshots: Snapshots,
  snapshot: SnapshotDescription,
  bytes: Buffer,
  told: (ok: boolean) => boolean = (ok) => ok,
): Promise<boolean> {
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES) {
    snapshots.write(chunkOf(snapshot, bytes.subarray(offset, offset + CHUNK_BYTES), offset));
  }
  return new Promise((resolve) => snapshots.verify(snapshot, (ok) => resolve(told(ok))));
}
