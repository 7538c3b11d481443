/**
 * Makes this node's snapshots: begins a thread when one is due or asked for, and adopts what it made. The event loop
 * does nothing else for it.
 *
 *   due, asked --> thread: build, sync, read back --> adopt (renamed, recorded durably) --> the log is trimmed
 *                    | an install: cancelled, what it brings is newer (trap 50)
 *                    | failed: told, tried again later; the node goes on
 *
 * No trim happens while a thread reads the log: only an adopted snapshot trims, and that is after it.
 */

import { LogDamagedError, type ThreadKeys } from "@redoubt/level-log";
import type { Index, SnapshotDescription } from "@redoubt/raft";
import type { Logger, ReplicaStatus } from "@redoubt/replica";
import { trailingBytesMax } from "./constants.js";
import { cancelledCode, otherStateCode, type SnapshotDone, type SnapshotFailed } from "./job.js";
import type { RunningJob, runJob } from "./run-job.js";
import type { RunCounts, SaveKind, SaveStatus } from "./save-status.js";
import { type DueReason, dueReason, type TriggerSettings, turnDelayMs } from "./triggers.js";

/** The snapshot files of this node. Implemented by level-log. */
export interface KeptSnapshots {
  readonly generation: number;
  newest(): SnapshotDescription | null;
  fileOf(snapshot: SnapshotDescription): string;
  keysForThread(): ThreadKeys | null;
  temporaryPath(): string;
  discard(path: string): Promise<void>;
  adopt(
    snapshot: SnapshotDescription,
    path: string,
    sent: () => readonly SnapshotDescription[],
    generation: number,
  ): Promise<boolean>;
}

export interface KeptReplica {
  status(): ReplicaStatus;
  readonly snapshotsSent: readonly SnapshotDescription[];
  compactTo(snapshot: SnapshotDescription, trailing: number): Index;
}

export interface KeeperOptions {
  /** Of the node. */
  readonly directory: string;
  readonly snapshots: KeptSnapshots;
  readonly replica: () => KeptReplica;
  /** Those that somebody outside reads, and wants to read to their end. */
  readonly read: () => readonly SnapshotDescription[];
  /** Chain checksum of a durable entry. */
  readonly checksumAt: (index: Index) => number;
  readonly settings: () => TriggerSettings;
  /** Entries that stay in the log behind a snapshot. */
  readonly trailingEntries: () => number;
  readonly run: typeof runJob;
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
  readonly logger: Logger;
  /** Something ended that a client waits for. */
  readonly wake: () => void;
  /** The log is damaged: the node must stop. */
  readonly fatal: (error: Error) => void;
  /**
   * What was made of `snapshot` and the log is not the state that most nodes hold: a start must not begin from it.
   * Whether the next one will not.
   */
  readonly doubted: (snapshot: SnapshotDescription, found: string) => boolean;
}

/** Somebody waits for a run. */
export interface SaveTicket {
  /** null: it goes on. */
  ok: boolean | null;
}

export type BeginResult = "begun" | "busy saving" | "busy rewriting";

interface Run {
  readonly kind: SaveKind;
  readonly reason: DueReason | "asked";
  readonly job: RunningJob;
  readonly path: string;
  readonly generation: number;
  /** What it is made from; null: only from the log. */
  readonly previous: SnapshotDescription | null;
  readonly startedMs: number;
  readonly tickets: SaveTicket[];
}

/** A snapshot, and what the replica had counted at its entry. */
interface CountedBase {
  readonly index: Index;
  readonly effects: number;
  readonly bytes: number;
}

const noRuns: RunCounts = { done: 0, lastOk: true, lastMs: -1, failuresInARow: 0 };

export class SnapshotKeeper {
  readonly #options: KeeperOptions;
  #run: Run | null = null;
  /** Of the run under way, until everything that follows from it is done. */
  #ending: Promise<void> = Promise.resolve();
  #scheduled: SaveKind | null = null;
  /** The snapshot that the counts below begin behind, and what the replica had counted there. */
  #base: CountedBase;
  /** Earlier ones that somebody outside reads, the oldest first. */
  #read: readonly CountedBase[] = [];
  #lastSavedAtMs: number;
  #lastSavedMs: number;
  #lastTryMs = Number.NEGATIVE_INFINITY;
  readonly #counts: Record<SaveKind, RunCounts> = { save: noRuns, rewrite: noRuns };
  /** Since when something is due; this node's turn may not have come. */
  #dueSinceMs: number | null = null;
  #servingMs = 0;
  /** One was found to hold another state than most nodes: until one is found right, none is made where nobody can tell. */
  #isDoubted = false;
  #quarantineDue = false;
  #stopped = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#base = { index: options.snapshots.newest()?.index ?? 0, effects: 0, bytes: 0 };
    this.#lastSavedAtMs = options.wallMs();
    this.#lastSavedMs = options.monotonicMs();
  }

  /** Asked for by a client: it begins now, or is refused because of the one under way. */
  begin(kind: SaveKind, ticket: SaveTicket | null = null): BeginResult {
    if (this.#run !== null) return this.#run.kind === "save" ? "busy saving" : "busy rewriting";
    this.#timed(() => this.#begin(kind, "asked", ticket));
    return "begun";
  }

  /** It begins as soon as the one under way has ended. */
  schedule(kind: SaveKind): void {
    this.#scheduled = kind;
  }

  /** From time to time: begins what is due, ends what an install has made useless. */
  look(): void {
    this.#timed(() => this.#look());
  }

  /**
   * `saveMsMax` above 0: a last snapshot is made behind the one under way, both in so long at most. No run is under way
   * when it resolves.
   */
  async stop(saveMsMax: number): Promise<void> {
    if (saveMsMax > 0) await this.#saveLast(saveMsMax);
    this.#stopped = true;
    this.#run?.job.cancel();
    await this.#ending;
  }

  async #saveLast(msMax: number): Promise<void> {
    const timer = setTimeout(() => {
      this.#stopped = true;
      this.#run?.job.cancel();
      this.#options.logger.warn(
        { ms: msMax },
        "no last snapshot: the stop has no more time for it",
      );
    }, msMax);
    await this.#ending;
    if (!this.#stopped) this.begin("save");
    await this.#ending;
    clearTimeout(timer);
  }

  /** The newest snapshot was found wrong: the next start will not begin from it, unless another one takes its place. */
  get quarantineDue(): boolean {
    return this.#quarantineDue;
  }

  /** What all runs have taken of the event loop so far. */
  get servingMs(): number {
    return this.#servingMs;
  }

  get isRunning(): boolean {
    return this.#run !== null;
  }

  get status(): SaveStatus {
    const { snapshots, replica, monotonicMs } = this.#options;
    const { counters } = replica().status();
    const run = this.#run;
    return {
      changes: Math.max(counters.appliedEffects - this.#base.effects, 0),
      logBytes: Math.max(counters.appliedBytes - this.#base.bytes, 0),
      run:
        run === null
          ? null
          : {
              kind: run.kind,
              ms: monotonicMs() - run.startedMs,
              writtenBytes: run.job.writtenBytes,
              previousBytes: run.previous?.bytes ?? 0,
            },
      scheduled: this.#scheduled,
      lastSavedAtMs: this.#lastSavedAtMs,
      saves: this.#counts.save,
      rewrites: this.#counts.rewrite,
      snapshotBytes: snapshots.newest()?.bytes ?? 0,
      servingMs: this.#servingMs,
    };
  }

  #look(): void {
    if (this.#stopped) return;
    const { snapshots, replica } = this.#options;
    const run = this.#run;
    if (run !== null) {
      if (run.generation !== snapshots.generation) run.job.cancel();
      return;
    }
    const status = replica().status();
    if (status.load?.alone === true) return;
    this.#noteInstall(status);
    const scheduled = this.#scheduled;
    if (scheduled !== null) {
      this.#scheduled = null;
      this.#begin(scheduled, "asked", null);
      return;
    }
    const reason = this.#due(status);
    if (reason === null) {
      this.#dueSinceMs = null;
    } else if (this.#isOurTurn(status)) {
      this.#dueSinceMs = null;
      this.#begin("save", reason, null);
    }
  }

  /** A leader's snapshot took the place of what was here. */
  #noteInstall({ counters, snapshotIndex }: ReplicaStatus): void {
    if (snapshotIndex === this.#base.index) return;
    const { appliedEffects, appliedBytes } = counters;
    this.#base = { index: snapshotIndex, effects: appliedEffects, bytes: appliedBytes };
    this.#trust();
    this.#saved();
  }

  #due({ applied, counters }: ReplicaStatus): DueReason | null {
    const { settings, monotonicMs } = this.#options;
    const nowMs = monotonicMs();
    const since = {
      ms: nowMs - this.#lastSavedMs,
      changes: counters.appliedEffects - this.#base.effects,
      bytes: counters.appliedBytes - this.#base.bytes,
      entries: applied - this.#base.index,
    };
    const { failuresInARow } = this.#counts.save;
    return dueReason(settings(), since, { count: failuresInARow, ms: nowMs - this.#lastTryMs });
  }

  #isOurTurn({ id, leader, configuration }: ReplicaStatus): boolean {
    const nowMs = this.#options.monotonicMs();
    this.#dueSinceMs ??= nowMs;
    const { voters, learners } = configuration;
    const members = [...new Set([...voters, ...learners].map((member) => member.id))];
    const durationMs = this.#counts.save.lastMs;
    return nowMs - this.#dueSinceMs >= turnDelayMs(id, leader, members, durationMs);
  }

  #begin(kind: SaveKind, reason: Run["reason"], ticket: SaveTicket | null): void {
    const { directory, snapshots, replica, checksumAt, monotonicMs } = this.#options;
    const startedMs = monotonicMs();
    this.#lastTryMs = startedMs;
    const newest = snapshots.newest();
    const { index, audited } = this.#target(replica().status(), reason);
    if (index <= (newest?.index ?? 0)) {
      // Nothing was written since: that snapshot is the one asked for.
      this.#count(kind, true, 0);
      this.#saved();
      if (ticket !== null) ticket.ok = true;
      return;
    }
    if (this.#isDoubted && audited === null) {
      const event = "no snapshot is made before a check index: the last one held another state";
      this.#options.logger.error({ index }, event);
      this.#count(kind, false, 0);
      if (ticket !== null) ticket.ok = false;
      return;
    }
    const path = snapshots.temporaryPath();
    const job = this.#options.run({
      directory,
      previous: newest === null ? null : { snapshot: newest, path: snapshots.fileOf(newest) },
      to: { index, checksum: checksumAt(index) },
      path,
      keys: snapshots.keysForThread(),
      audited,
    });
    const run: Run = {
      kind,
      reason,
      job,
      path,
      generation: snapshots.generation,
      previous: newest,
      startedMs,
      tickets: ticket === null ? [] : [ticket],
    };
    this.#run = run;
    this.#options.logger.info({ index, reason, from: newest?.index ?? 0 }, "snapshot begun");
    this.#ending = this.#end(run);
  }

  /**
   * The last entry that is covered. What is applied is durable here and committed. One whose state was compared on all
   * nodes is preferred, if it is not too far back: only there a wrong snapshot shows.
   */
  #target(
    { applied, audit }: ReplicaStatus,
    reason: Run["reason"],
  ): { readonly index: Index; readonly audited: string | null } {
    const from = this.#base.index;
    const covers = (audit.index - from) * 2 >= applied - from;
    const fits = covers && (reason !== "asked" || audit.index === applied);
    if (audit.verdict === "ok" && audit.index > from && (fits || this.#isDoubted)) {
      return { index: audit.index, audited: audit.digest };
    }
    return { index: applied, audited: null };
  }

  async #end(run: Run): Promise<void> {
    const outcome = await run.job.outcome;
    const ok = outcome.kind === "done" ? await this.#adopt(run, outcome) : this.#fail(run, outcome);
    if (outcome.kind === "failed") await this.#discard(run.path);
    this.#timed(() => {
      this.#run = null;
      if (ok !== null) this.#count(run.kind, ok, this.#options.monotonicMs() - run.startedMs);
      for (const ticket of run.tickets) ticket.ok = ok ?? false;
      this.#options.wake();
    });
  }

  async #adopt(run: Run, done: SnapshotDone): Promise<boolean> {
    const { snapshots, replica, read, logger } = this.#options;
    const { snapshot } = done;
    const sent = () => [...replica().snapshotsSent, ...read()];
    const adopted = await snapshots.adopt(snapshot, run.path, sent, run.generation);
    // Else an install has brought a newer one: everything that was to be saved is.
    if (!adopted) {
      logger.info({ index: snapshot.index }, "snapshot not needed: a newer one was installed");
      return true;
    }
    this.#timed(() => {
      const { effects, bytes } = this.#base;
      const { index } = snapshot;
      const fitting = this.#trailing(index - this.#base.index, done.logBytes);
      const base = { index, effects: effects + done.effects, bytes: bytes + done.logBytes };
      const trailing = Math.max(fitting, this.#readBehind(base));
      this.#base = base;
      this.#saved();
      if (done.isAudited) this.#trust();
      const firstIndex = replica().compactTo(snapshot, trailing) + 1;
      const { keys, buildMs, verifyMs, isAudited } = done;
      const times = { buildMs, verifyMs, servingMs: this.#servingMs };
      const fields = { index, bytes: snapshot.bytes, keys, ...times, firstIndex, isAudited };
      logger.info({ ...fields, reason: run.reason }, "snapshot made");
    });
    return true;
  }

  /** Entries of the size of those since the last snapshot. */
  #trailing(entries: number, bytes: number): number {
    const fitting = bytes === 0 ? Infinity : Math.floor((trailingBytesMax * entries) / bytes);
    return Math.min(this.#options.trailingEntries(), fitting);
  }

  /**
   * Entries behind a snapshot that somebody reads, who goes on with them: a copy that takes longer than the time between
   * two snapshots would begin anew for ever. As many bytes as that snapshot has: so much is kept for the reader anyway.
   */
  #readBehind(base: CountedBase): number {
    const read = new Map(this.#options.read().map(({ index, bytes }) => [index, bytes]));
    this.#read = [...this.#read, this.#base].filter(({ index }) => read.has(index));
    const fits = ({ index, bytes }: CountedBase) =>
      base.bytes - bytes <= Math.max(read.get(index) ?? 0, trailingBytesMax);
    const from = this.#read.find(fits)?.index ?? base.index;
    return base.index - from;
  }

  /** Null: it was told to end, and that is no failure. */
  #fail(run: Run, { code, message, logDamaged }: SnapshotFailed): boolean | null {
    const { snapshots, logger, fatal, directory } = this.#options;
    // An install takes the log and the last file from under it: that is no damage. What it brings is newer.
    if (run.generation !== snapshots.generation) return true;
    if (logDamaged) {
      fatal(new LogDamagedError(message, directory));
      return false;
    }
    if (code === cancelledCode && this.#stopped) return null;
    if (code === otherStateCode) this.#doubt(run, message);
    logger.error({ code, message }, "no snapshot was made: the log is kept, it is tried again");
    return false;
  }

  #doubt({ previous }: Run, message: string): void {
    this.#isDoubted = true;
    this.#quarantineDue = previous !== null && this.#options.doubted(previous, message);
  }

  #trust(): void {
    this.#isDoubted = false;
    this.#quarantineDue = false;
  }

  async #discard(path: string): Promise<void> {
    try {
      await this.#options.snapshots.discard(path);
    } catch (error) {
      this.#options.logger.error({ err: error, path }, "an unfinished snapshot can't be removed");
    }
  }

  #saved(): void {
    this.#lastSavedAtMs = this.#options.wallMs();
    this.#lastSavedMs = this.#options.monotonicMs();
  }

  #count(kind: SaveKind, ok: boolean, ms: number): void {
    const { done, failuresInARow } = this.#counts[kind];
    this.#counts[kind] = {
      done: ok ? done + 1 : done,
      lastOk: ok,
      lastMs: ms,
      failuresInARow: ok ? 0 : failuresInARow + 1,
    };
  }

  #timed(act: () => void): void {
    const beganMs = this.#options.monotonicMs();
    act();
    this.#servingMs += this.#options.monotonicMs() - beganMs;
  }
}
