/**
 * RaftLog against a model that knows nothing of windows, runs and pointers: one array with every entry there
 * ever was from index 1, and for each Persist a copy of it. Whatever is appended, cut, trimmed or replaced,
 * and however far storage has come, unreported work and crashes included, every reader says what the array
 * says, and `flushed` is exactly what the array has in common with the last Persist that was reported.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SimulatedDisk } from "../testing/simulated-node.js";
import { entryChecksum } from "./checksum.js";
import { emptyConfiguration } from "./configuration.js";
import { entryOverheadBytes } from "./constants.js";
import { RaftLog } from "./raft-log.js";
import {
  type Entry,
  EntryKind,
  type Index,
  type Persist,
  type SnapshotDescription,
  type Term,
} from "./types.js";

/** What the log is: entries 1.. with what was trimmed or never seen, and where it begins. */
interface State {
  readonly history: readonly Entry[];
  readonly anchor: Index;
}

interface Model {
  state: State;
  /** What the caller of the log knows: bounds truncation, trimming and compaction. */
  commit: Index;
  applied: Index;
  /** States[n] is what storage holds once Persist n is done; states[0] what it was opened with. */
  states: State[];
  /** Number of the last Persist written, and of the last reported. */
  written: number;
  reported: number;
  /** Not durable yet; `persist`: number of the Persist that carries it, 0: not submitted. */
  installing: { readonly snapshot: SnapshotDescription; persist: number } | null;
}

class Real {
  readonly disk = new SimulatedDisk([]);
  log = new RaftLog(this.disk.initialState(), this.disk);
  /** Persists handed over, by their number. */
  persists: Persist[] = [];
}

/** Makes every entry unlike every other one: one that is cut never comes back. */
let payloads = 0;

function nextEntry(history: readonly Entry[], term: Term, bytes: number): Entry {
  payloads += 1;
  const index = history.length + 1;
  const payload = new Uint8Array(4 + bytes);
  new DataView(payload.buffer).setUint32(0, payloads);
  const before = history.at(-1)?.checksum ?? 0;
  const checksum = entryChecksum(index, term, EntryKind.batch, before, payload);
  return { index, term, kind: EntryKind.batch, checksum, payload };
}

function lastTerm({ history }: State): Term {
  return history.at(-1)?.term ?? 1;
}

function commonPrefix(a: State, b: State): Index {
  let index = 0;
  while (index < a.history.length && a.history[index] === b.history[index]) index += 1;
  return index;
}

function flushed(model: Model): Index {
  return commonPrefix(model.states[model.reported]!, model.state);
}

/** From low to high inclusive; `share` is a thousandth. */
function between(low: number, high: number, share: number): number {
  return low + Math.floor(((high - low + 1) * share) / 1000);
}

type Command = fc.Command<Model, Real>;

/** How often each was run: commands that never were prove nothing. */
const ran = new Map<string, number>();

/** One act on both, then everything is compared. */
function command(
  text: string,
  act: (model: Model, real: Real) => void,
  check: (model: Readonly<Model>) => boolean = () => true,
): Command {
  return {
    check,
    run: (model, real) => {
      const name = text.split("(")[0]!;
      ran.set(name, (ran.get(name) ?? 0) + 1);
      act(model, real);
      compare(model, real);
    },
    toString: () => text,
  };
}

const append = (count: number, termStep: number, bytes: number): Command =>
  command(`append(${count}, ${termStep}, ${bytes})`, (model, { log }) => {
    const history = [...model.state.history];
    const term = lastTerm(model.state) + termStep;
    for (let at = 0; at < count; at += 1) {
      const entry = nextEntry(history, term, bytes);
      history.push(entry);
      log.append(entry);
    }
    model.state = { ...model.state, history };
  });

const truncate = (share: number): Command =>
  command(
    `truncate(${share})`,
    (model, { log }) => {
      const index = between(model.commit + 1, model.state.history.length, share);
      log.truncateFrom(index);
      model.state = { ...model.state, history: model.state.history.slice(0, index - 1) };
    },
    ({ state, commit }) => commit < state.history.length,
  );

const learn = (commitShare: number, appliedShare: number): Command =>
  command(`learn(${commitShare}, ${appliedShare})`, (model) => {
    model.commit = between(model.commit, model.state.history.length, commitShare);
    if (model.installing !== null) return;
    model.applied = between(model.applied, Math.min(model.commit, flushed(model)), appliedShare);
  });

const submit: Command = command(
  "submit",
  (model, { log, persists }) => {
    const sequence = model.states.length;
    persists[sequence] = { sequence, hardState: null, ...log.submit(sequence) };
    model.states.push(model.state);
    if (model.installing?.persist === 0) model.installing.persist = sequence;
  },
  (model) => model.state !== model.states.at(-1),
);

/** Storage works: nobody is told yet. */
const write = (count: number): Command =>
  command(
    `write(${count})`,
    (model, { disk, persists }) => {
      const end = Math.min(model.written + count, model.states.length - 1);
      for (; model.written < end; model.written += 1) disk.write(persists[model.written + 1]!);
      const { history, anchor } = model.states[end]!;
      same("anchor on the disk", disk.anchor.index, anchor);
      same("last on the disk", disk.lastIndex, history.length);
      for (const entry of disk.entries) same("disk", entry, history[entry.index - 1]!);
    },
    (model) => model.written < model.states.length - 1,
  );

const report = (share: number): Command =>
  command(
    `report(${share})`,
    (model, { log }) => {
      model.reported = between(model.reported, model.written, share);
      const { installing } = model;
      const isDurable =
        installing !== null && installing.persist > 0 && installing.persist <= model.reported;
      const told = log.persisted(model.reported);
      same("installed", told, isDurable ? installing.snapshot : null);
      if (!isDurable) return;
      model.applied = installing.snapshot.index;
      model.installing = null;
    },
    (model) => model.written > 0,
  );

const compact = (recent: number, wanted: number, matched: number): Command =>
  command(`compact(${recent}, ${wanted}, ${matched})`, (model, { log }) => {
    log.compact(model.applied, matched, recent, recent + wanted);
    const isDone = log.memoryBytes <= recent || log.memoryFirst > matched;
    const kept = Math.min(model.applied, flushed(model));
    same("compacted", isDone || log.memoryFirst > kept, true);
  });

function describeAt({ history }: State, index: Index): SnapshotDescription {
  const { term, checksum } = history[index - 1]!;
  const configuration = { index: 1, configuration: emptyConfiguration };
  return { index, term, checksum, configuration, bytes: 1, digest: checksum };
}

/** This node makes a snapshot of what it has applied, and trims all but a margin. */
const trim = (share: number, margin: number): Command =>
  command(
    `trim(${share}, ${margin})`,
    (model, { log, disk }) => {
      const at = between(model.state.anchor + 1, model.applied, share);
      const snapshot = describeAt(model.state, at);
      if (at > (disk.snapshot?.index ?? 0)) disk.keep(snapshot, new Uint8Array(1));
      const to = Math.max(at - margin, model.state.anchor + 1);
      log.trimTo(to);
      model.state = { ...model.state, anchor: to };
    },
    ({ applied, state, installing }) => installing === null && applied > state.anchor,
  );

/** A snapshot of a history that shares what is committed and goes on otherwise. */
const install = (ahead: number, bytes: number): Command =>
  command(`install(${ahead}, ${bytes})`, (model, { log, disk }) => {
    const history = model.state.history.slice(0, model.commit);
    const term = lastTerm(model.state) + 1;
    for (let at = 0; at < ahead; at += 1) history.push(nextEntry(history, term, bytes));
    const index = history.length;
    const snapshot = describeAt({ history, anchor: 0 }, index);
    disk.files.set(snapshot.digest, { index, bytes: new Uint8Array(1) });
    log.install(snapshot, model.commit);
    model.state = { history, anchor: index };
    model.commit = index;
    model.installing = { snapshot, persist: 0 };
  });

/** More may have reached the disk than was reported. */
const crash = (share: number): Command =>
  command(`crash(${share})`, (model, real) => {
    const { disk, persists } = real;
    const survives = between(model.written, model.states.length - 1, share);
    for (let at = model.written + 1; at <= survives; at += 1) disk.write(persists[at]!);
    real.log = new RaftLog(disk.initialState(), disk);
    real.persists = [];
    model.state = model.states[survives]!;
    model.commit = model.applied = disk.snapshot?.index ?? 0;
    model.states = [model.state];
    model.written = model.reported = 0;
    model.installing = null;
  });

function compare(model: Model, { log }: Real): void {
  const { history, anchor } = model.state;
  const last = history.length;
  same("anchor", log.anchor, anchor);
  same("last", log.last, last);
  same("installing", log.installing, model.installing !== null);
  same("flushed", log.flushed, flushed(model));
  same("hasChange", log.hasChange(), isNews(model));
  comparePointers(model, log);
  for (let index = Math.max(anchor, 1); index <= last; index += 1) {
    const { term, checksum } = history[index - 1]!;
    same("termAt", log.termAt(index), term);
    same("checksumAt", log.checksumAt(index), checksum);
    for (const asked of [term - 1, term, term + 1]) {
      same("holds", log.holds(index, asked), asked === term);
      const found = log.lastIndexWithTermAtMost(index, asked);
      same("conflict search", found, search(model.state, index, asked));
    }
  }
  same("lastTerm", log.lastTerm, history.at(-1)?.term ?? 0);
  same("holds behind the last", log.holds(last + 1, lastTerm(model.state)), false);
  if (anchor > 1) {
    same("holds before the anchor", log.holds(anchor - 1, history[anchor - 2]!.term), false);
  }
  compareEntries(model.state, log);
}

/** Called a million times: an `expect` each would take minutes. */
function same<T>(what: string, found: T, expected: T): void {
  if (found !== expected) throw new Error(`${what}: ${found} instead of ${expected}`);
}

/** Entries that were appended and cut before anybody saw them leave nothing to write. */
function isNews({ state, states }: Model): boolean {
  const written = states.at(-1)!;
  const common = commonPrefix(written, state);
  const isSame = common === written.history.length && common === state.history.length;
  return !isSame || written.anchor !== state.anchor;
}

function comparePointers(model: Model, log: RaftLog): void {
  const { anchor, memoryFirst, flushed, submitted, last, installing } = log;
  same("flushed <= submitted <= last", flushed <= submitted && submitted <= last, true);
  same("anchor < memoryFirst", anchor < memoryFirst, true);
  same("memoryFirst - 1 <= flushed", installing || memoryFirst - 1 <= flushed, true);
  // What is not applied here is in memory: nobody waits for a disk to see it.
  const gone = Math.max(model.applied, openedWith(model, log));
  same("memoryFirst - 1 <= applied", memoryFirst - 1 <= gone, true);
}

/** After a start, and behind an install, memory begins behind what is there. */
function openedWith(model: Model, log: RaftLog): Index {
  return Math.max(model.states[0]!.history.length, log.anchor);
}

function compareEntries({ history, anchor }: State, log: RaftLog): void {
  let memoryBytes = 0;
  for (let index = anchor + 1; index <= history.length; index += 1) {
    const entry = history[index - 1]!;
    const isInMemory = index >= log.memoryFirst;
    if (isInMemory) memoryBytes += entry.payload.length + entryOverheadBytes;
    same("peek", log.peek(index), isInMemory ? entry : undefined);
    for (const bytesMax of [0, 40]) {
      const page = log.slice(index, history.length, bytesMax);
      let bytes = 0;
      for (const [at, found] of page.entries()) {
        same("slice", found, history[index - 1 + at]!);
        bytes += found.payload.length;
      }
      same("page", page.length === 1 || (page.length > 1 && bytes <= bytesMax), true);
    }
  }
  same("memoryBytes", log.memoryBytes, memoryBytes);
}

/** Of the definition: the anchor also stands for all that lies before it. */
function search({ history, anchor }: State, from: Index, term: Term): Index {
  for (let index = from; index > anchor; index -= 1) {
    if (history[index - 1]!.term <= term) return index;
  }
  return anchor;
}

const share = fc.noBias(fc.nat(999));
const small = (max: number) => fc.noBias(fc.nat(max));
const weighted = (weight: number, arbitrary: fc.Arbitrary<Command>) => ({ weight, arbitrary });
const commands = fc.oneof(
  weighted(
    6,
    fc.tuple(small(3), small(2), small(20)).map(([n, t, b]) => append(1 + n, t, b)),
  ),
  weighted(
    6,
    fc.tuple(share, share).map((a) => learn(...a)),
  ),
  weighted(6, fc.constant(submit)),
  weighted(
    6,
    small(2).map((more) => write(1 + more)),
  ),
  weighted(6, share.map(report)),
  weighted(2, share.map(truncate)),
  weighted(
    2,
    fc.tuple(small(600), small(600), small(20)).map((a) => compact(...a)),
  ),
  weighted(
    6,
    fc.tuple(share, small(3)).map((a) => trim(...a)),
  ),
  weighted(
    1,
    fc.tuple(small(4), small(20)).map(([ahead, b]) => install(1 + ahead, b)),
  ),
  weighted(1, share.map(crash)),
);

test("trap-22, trap-50: whatever is cut, trimmed, installed or lost in a crash, the log is what it should be", () => {
  const property = fc.property(
    fc.commands([commands], { maxCommands: 150, size: "max" }),
    (run) => {
      const setup = () => {
        const state = { history: [], anchor: 0 };
        const positions = { commit: 0, applied: 0, written: 0, reported: 0 };
        const model: Model = { state, ...positions, states: [state], installing: null };
        return { model, real: new Real() };
      };
      fc.modelRun(setup, run);
    },
  );
  fc.assert(property, { seed: 21, numRuns: 500 });
  expect(ran.size).toBe(10);
  expect(Math.min(...ran.values())).toBeGreaterThan(500);
});
