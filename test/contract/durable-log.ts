/**
 * What every `DurableLog` must do, whatever it stands on: the promises of the port that the replica and
 * the core build on. An adapter's suite calls `durableLogContract` with a way to make one.
 */

import {
  type Configuration,
  type Entry,
  EntryKind,
  encodeConfiguration,
  entryChecksum,
  type HardState,
  type Persist,
} from "@redoubt/raft";
import type { DurableLog } from "@redoubt/replica/ports";
import { afterEach, describe, expect, test } from "vitest";

/** What a log is born with. */
export interface Birth {
  readonly entries: readonly Entry[];
  readonly hardState: HardState;
}

export interface DurableLogUnderTest {
  readonly log: DurableLog;
  /** The node starts again: called after `close`, returns the log of the new process. */
  reopen(): Promise<DurableLog>;
  /** Called last; the newest log is still open. */
  dispose(): Promise<void>;
}

const BORN: Birth = { entries: [], hardState: { term: 0, vote: 0 } };
const MIB = 1024 * 1024;

export function durableLogContract(
  name: string,
  open: (birth: Birth) => Promise<DurableLogUnderTest>,
): void {
  describe(`durable log contract: ${name}`, () => {
    const opened: DurableLogUnderTest[] = [];
    afterEach(async () => {
      for (const subject of opened.splice(0)) await subject.dispose();
    });
    const start = async (birth: Birth = BORN) => {
      const subject = await open(birth);
      opened.push(subject);
      return subject;
    };
    const restart = async (subject: DurableLogUnderTest, log = subject.log) => {
      await log.close();
      return subject.reopen();
    };

    test("it is born with exactly the entries and hard state it is given", async () => {
      const entries = [configurationEntry(1, 1)];
      const { log } = await start({ entries, hardState: { term: 1, vote: 2 } });
      expect(log.initial).toMatchObject({
        hardState: { term: 1, vote: 2 },
        lastIndex: 1,
        lastChecksum: entries[0]!.checksum,
        termRuns: [[1, 1]],
      });
      expect(read(log, 1, 1)).toEqual(plain(entries));
    });

    test("an empty log says so", async () => {
      const { log } = await start();
      expect(log.initial).toEqual({
        hardState: { term: 0, vote: 0 },
        lastIndex: 0,
        lastChecksum: 0,
        termRuns: [],
        configurations: [],
      });
    });

    test("what was persisted is read back byte for byte, before and after a restart", async () => {
      const subject = await start();
      const entries = chain(["", "\0\r\n\xff", "three"]);
      await persist(subject.log, { entries });
      expect(read(subject.log, 1, 3)).toEqual(plain(entries));
      const again = await restart(subject);
      expect(read(again, 1, 3)).toEqual(plain(entries));
      expect(again.initial.lastChecksum).toBe(entries[2]!.checksum);
    });

    test("trap-03 done is never called before persist returns", async () => {
      const { log } = await start();
      for (const fields of [{}, { entries: chain(["a"]) }, { hardState: { term: 1, vote: 1 } }]) {
        let returned = false;
        const early = await new Promise((resolve) => {
          log.persist(persistOf(fields), () => resolve(!returned));
          returned = true;
        });
        expect(early).toBe(false);
      }
    });

    test("overlapping persists complete in the order of the calls, empty ones too", async () => {
      const { log } = await start();
      const entries = chain(Array.from({ length: 20 }, (_, at) => `payload ${at}`));
      const order: number[] = [];
      const all: Promise<void>[] = [];
      entries.forEach((entry, at) => {
        all.push(persist(log, { entries: [entry] }).then(() => void order.push(2 * at)));
        all.push(persist(log, {}).then(() => void order.push(2 * at + 1)));
      });
      await Promise.all(all);
      expect(order).toEqual(Array.from({ length: 40 }, (_, at) => at));
      expect(read(log, 1, 20)).toEqual(plain(entries));
    });

    test("a persist handed over inside done completes too", async () => {
      const { log } = await start();
      const [first, second] = chain(["a", "b"]) as [Entry, Entry];
      await new Promise<void>((resolve) => {
        log.persist(persistOf({ entries: [first] }), () => {
          log.persist(persistOf({ entries: [second] }), resolve);
        });
      });
      expect(read(log, 1, 2)).toEqual(plain([first, second]));
    });

    test("a truncation replaces the suffix, also after a restart", async () => {
      const subject = await start();
      const old = chain(["a", "b", "c", "d"]);
      await persist(subject.log, { entries: old });
      const fresh = chain(["B"], 2, old[0]);
      await persist(subject.log, { truncateFrom: 2, entries: fresh });
      const again = await restart(subject);
      expect(again.initial).toMatchObject({
        lastIndex: 2,
        lastChecksum: fresh[0]!.checksum,
        termRuns: [
          [1, 1],
          [2, 2],
        ],
      });
      expect(read(again, 1, 2)).toEqual(plain([old[0]!, fresh[0]!]));
    });

    test("a truncation cuts entries that were handed over in the same moment", async () => {
      const subject = await start();
      const old = chain(["a", "b", "c"]);
      const fresh = chain(["B", "C", "D", "E"], 3, old[0]);
      const last = chain(["C'"], 4, fresh[0]);
      await Promise.all([
        persist(subject.log, { entries: old }),
        persist(subject.log, { truncateFrom: 2, entries: fresh }),
        persist(subject.log, { truncateFrom: 3, entries: last, hardState: { term: 4, vote: 0 } }),
      ]);
      const expected = plain([old[0]!, fresh[0]!, last[0]!]);
      expect(read(subject.log, 1, 3)).toEqual(expected);
      const again = await restart(subject);
      expect(again.initial).toMatchObject({ lastIndex: 3, hardState: { term: 4, vote: 0 } });
      expect(read(again, 1, 3)).toEqual(expected);
    });

    test("the log can be cut to nothing and grow again", async () => {
      const subject = await start();
      await persist(subject.log, { entries: chain(["a", "b"]) });
      await persist(subject.log, { truncateFrom: 1 });
      const empty = await restart(subject);
      expect(empty.initial).toMatchObject({ lastIndex: 0, termRuns: [] });
      const fresh = chain(["c"], 2);
      await persist(empty, { entries: fresh });
      const again = await restart(subject, empty);
      expect(read(again, 1, 1)).toEqual(plain(fresh));
    });

    test("trap-17 the newest vote survives, with and without entries beside it", async () => {
      const subject = await start();
      await persist(subject.log, { hardState: { term: 3, vote: 2 } });
      let log = await restart(subject);
      expect(log.initial.hardState).toEqual({ term: 3, vote: 2 });
      await Promise.all([
        persist(log, { hardState: { term: 4, vote: 0 }, entries: chain(["a"], 4) }),
        persist(log, { hardState: { term: 4, vote: 1 } }),
        persist(log, {}),
      ]);
      log = await restart(subject, log);
      expect(log.initial.hardState).toEqual({ term: 4, vote: 1 });
    });

    test("a read is bounded by bytes but gives at least one entry", async () => {
      const { log } = await start();
      const entries = chain(["aaaa", "bbbb", "cccc", "dddd"]);
      await persist(log, { entries });
      const lengths = [0, 4, 7, 8, 12, 100].map((max) => log.readEntries(2, 4, max).length);
      expect(lengths).toEqual([1, 1, 1, 2, 3, 3]);
      expect(read(log, 2, 3)).toEqual(plain(entries.slice(1, 3)));
    });

    test("terms are reported as runs over the whole log", async () => {
      const subject = await start();
      const one = chain(["a", "b"], 1);
      const five = chain(["c"], 5, one[1]);
      const six = chain(["d", "e"], 6, five[0]);
      await persist(subject.log, { entries: [...one, ...five, ...six] });
      const again = await restart(subject);
      expect(again.initial.termRuns).toEqual([
        [1, 1],
        [3, 5],
        [4, 6],
      ]);
    });

    test("trap-02 the last two configurations are reported; a truncated one is not", async () => {
      const subject = await start();
      const entries = [configurationEntry(1, 1)];
      for (let index = 2; index <= 4; index++) {
        entries.push(configurationEntry(index, index, entries.at(-1)));
      }
      await persist(subject.log, { entries });
      let log = await restart(subject);
      expect(log.initial.configurations).toEqual([
        { index: 3, configuration: configuration(3) },
        { index: 4, configuration: configuration(4) },
      ]);
      await persist(log, { truncateFrom: 4 });
      log = await restart(subject, log);
      expect(log.initial.configurations).toEqual([
        { index: 2, configuration: configuration(2) },
        { index: 3, configuration: configuration(3) },
      ]);
    });

    test("close waits for what was handed over", async () => {
      const subject = await start();
      const entries = chain(["a", "b", "c"]);
      let completed = 0;
      for (const entry of entries) {
        subject.log.persist(persistOf({ entries: [entry] }), () => void completed++);
      }
      const again = await restart(subject);
      expect(completed).toBe(3);
      expect(read(again, 1, 3)).toEqual(plain(entries));
    });

    test("an entry of several MiB is kept whole and can be cut", async () => {
      const subject = await start();
      const large = new Uint8Array(5 * MIB + 1).map((_, at) => at % 251);
      const entries = chain(["a", large, "c"]);
      await persist(subject.log, { entries });
      let log = await restart(subject);
      const [found] = log.readEntries(2, 3, 1);
      expect(Buffer.compare(found!.payload, large)).toBe(0);
      const fresh = chain(["short"], 2, entries[0]);
      await persist(log, { truncateFrom: 2, entries: fresh });
      log = await restart(subject, log);
      expect(read(log, 1, 2)).toEqual(plain([entries[0]!, fresh[0]!]));
    });
  });
}

/** Batches behind `after`, chained, one per payload. */
export function chain(
  payloads: readonly (string | Uint8Array)[],
  term = 1,
  after: { readonly index: number; readonly checksum: number } = { index: 0, checksum: 0 },
): Entry[] {
  let previous = after;
  return payloads.map((content) => {
    const payload = typeof content === "string" ? Buffer.from(content, "latin1") : content;
    const entry = entryOf(EntryKind.batch, previous, term, payload);
    previous = entry;
    return entry;
  });
}

export function configuration(number: number): Configuration {
  const member = { id: number, incarnation: 1, peerAddress: `127.0.0.1:${7000 + number}` };
  return { clusterId: "contract", voters: [member], votersOutgoing: [], learners: [] };
}

function configurationEntry(index: number, term: number, after?: Entry): Entry {
  const payload = encodeConfiguration(configuration(index));
  return entryOf(EntryKind.configuration, after ?? { index: 0, checksum: 0 }, term, payload);
}

function entryOf(
  kind: EntryKind,
  after: { readonly index: number; readonly checksum: number },
  term: number,
  payload: Uint8Array,
): Entry {
  const index = after.index + 1;
  const checksum = entryChecksum(index, term, kind, after.checksum, payload);
  return { index, term, kind, checksum, payload };
}

export function persistOf(fields: Partial<Persist>): Persist {
  return { sequence: 0, hardState: null, truncateFrom: 0, entries: [], ...fields };
}

export function persist(log: DurableLog, fields: Partial<Persist>): Promise<void> {
  return new Promise((resolve) => log.persist(persistOf(fields), resolve));
}

/** Comparable whatever class of bytes the adapter returns. */
export function plain(entries: readonly Entry[]): unknown[] {
  return entries.map((entry) => ({
    ...entry,
    payload: Buffer.from(entry.payload).toString("latin1"),
  }));
}

export function read(log: DurableLog, first: number, last: number): unknown[] {
  return plain(log.readEntries(first, last, Number.POSITIVE_INFINITY));
}
