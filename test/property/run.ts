/**
 * One program on two nodes, with everything that must agree:
 *
 *   leader      executes ahead; at every point of its journal the state is known, and is there again when the
 *               journal is played back to it
 *   follower    applies what commits: the leader's state at that boundary
 *   rebuilt     an empty keyspace that is told nothing but payloads
 *   installed   one that is read from an RDB of the leader's
 *
 * A loss of leadership takes the leader back to what the follower has; survivors come by the follower's path,
 * and the other node may lead on: what it holds has another history and must behave the same.
 */

import {
  applyBatch,
  debugDigest,
  isStringValue,
  Keyspace,
  RdbReader,
  RdbWriter,
  stateDigest,
  toCommands,
} from "@redoubt/keyspace";
import { DEADLINE_BYTES, entryBytes, latin1Bytes } from "../../packages/keyspace/src/memory.js";
import { Speculation } from "../../packages/replica/src/speculation.js";
import { type Coverage, countEffects, countInverses } from "./coverage.js";
import { Node } from "./node.js";
import { demand, demandEqual } from "./problem.js";
import { ERA_START_MS, type Program, type Step } from "./program.js";
import type { RedisCase } from "./redis-case.js";

interface Point {
  readonly position: number;
  readonly logTimeMs: number;
  readonly digest: string;
}

interface SealedBatch extends Point {
  readonly payload: Uint8Array;
}

/** Watched from the start, on both nodes. */
const WATCHED_KEYS = ["t0", "l0", "s0", "z0", "a"] as const;

/** Every so many batches end with a check index. */
const SEALS_PER_AUDIT = 4;

/** Throws a Problem, or whatever the code throws. Returns what a real server is to agree with. */
export function run(program: Program, coverage: Coverage): RedisCase {
  const end = countInverses(coverage.inverses);
  try {
    return new Run(program, coverage).play();
  } finally {
    end();
  }
}

class Run {
  readonly #program: Program;
  readonly #coverage: Coverage;
  #leader: Node;
  #follower: Node;
  #term = 1;
  #seals = 0;
  #nowMs: number;
  readonly #committed: Uint8Array[] = [];
  #sealed: SealedBatch[] = [];
  /** Of the leader's journal, in order. */
  #points: Point[] = [];
  readonly #versions = new Map<Node, number[]>();

  constructor(program: Program, coverage: Coverage) {
    this.#program = program;
    this.#coverage = coverage;
    this.#nowMs = ERA_START_MS[program.era];
    this.#leader = this.#node();
    this.#follower = this.#node();
    this.#leader.lead(this.#term);
  }

  play(): RedisCase {
    for (const step of this.#program.steps) {
      this.#take(step);
      this.#lookAtVersions();
    }
    this.#seal();
    this.#commit(this.#sealed.length);
    return this.#compare();
  }

  #node(): Node {
    const node = new Node(this.#nowMs, this.#coverage.wrote);
    const versions = WATCHED_KEYS.map((key) => node.keyspace.watch(key));
    this.#versions.set(node, versions);
    return node;
  }

  #take(step: Step): void {
    switch (step.kind) {
      case "run":
        this.#coverage.requests += step.requests.length;
        this.#leader.run(step.requests, step.draw, false);
        if (this.#program.isWatchedClosely) this.#notePoint();
        return;
      case "throw":
        this.#coverage.requests += step.requests.length;
        this.#runAndThrow(step);
        return;
      case "watch":
        this.#leader.watch(step.keys);
        return;
      case "time":
        this.#nowMs += step.ms;
        this.#leader.nowMs = this.#nowMs;
        this.#follower.nowMs = this.#nowMs;
        return;
      case "seal":
        this.#seal();
        return;
      case "commit":
        this.#commit(step.batches);
        return;
      default:
        this.#fall(step.survivors, step.moves);
    }
  }

  #runAndThrow({ requests, draw }: Extract<Step, { kind: "throw" }>): void {
    const { keyspace, batch, journal } = this.#leader.speculation;
    const seen = () => [stateDigest(keyspace), batch.bytes, batch.effects, journal.position].join();
    const before = seen();
    const memory = keyspace.memoryBytes;
    this.#leader.run(requests, draw, true);
    demandEqual(seen(), before, "a command that threw is taken back");
    demandEqual(keyspace.memoryBytes, memory, "a command that threw leaves no memory");
    this.#coverage.undoneCommands += 1;
    this.#demandNothingLeft();
  }

  #notePoint(): void {
    const { keyspace, journal } = this.#leader.speculation;
    const { position } = journal;
    if (this.#points.at(-1)?.position === position) return;
    const { logTimeMs } = keyspace;
    this.#points.push({ position, logTimeMs, digest: stateDigest(keyspace) });
  }

  #seal(): void {
    const { speculation } = this.#leader;
    if (speculation.batch.effects === 0) return;
    if (this.#program.isWatchedClosely) this.#demandHazards();
    this.#seals += 1;
    if (this.#seals % SEALS_PER_AUDIT === 0) speculation.audit(speculation.openIndex, this.#nowMs);
    const payload = speculation.seal();
    const { keyspace, journal } = speculation;
    const point = {
      position: journal.position,
      logTimeMs: keyspace.logTimeMs,
      digest: stateDigest(keyspace),
    };
    this.#points.push(point);
    this.#sealed.push({ ...point, payload });
  }

  #commit(batches: number): void {
    const { speculation } = this.#leader;
    for (const { position, payload, digest } of this.#sealed.splice(0, batches)) {
      const index = speculation.applied + 1;
      speculation.commitTo(this.#term, index);
      this.#follower.speculation.apply(index, payload);
      this.#committed.push(payload);
      this.#points = this.#points.filter((point) => point.position >= position);
      demandEqual(stateDigest(this.#follower.keyspace), digest, "follower at a boundary");
    }
    this.#demandNothingLeft();
  }

  /** Whatever a key is now that it is not where everything is committed: nobody is told of it. */
  #demandHazards(): void {
    const { speculation } = this.#leader;
    const [ahead, applied] = [speculation.keyspace, this.#follower.keyspace];
    for (const keyspace of [ahead, applied]) {
      keyspace.forEachKey((key) => {
        const isSame =
          ahead.markOf(key) === applied.markOf(key) &&
          ahead.deadlineOf(key) === applied.deadlineOf(key);
        demand(isSame || speculation.hazard(key) > 0, `a hazard of changed key ${key}`);
      });
    }
  }

  #demandNothingLeft(): void {
    const { speculation } = this.#leader;
    if (speculation.lastInFlight !== 0) return;
    demandEqual(speculation.journal.memoryBytes, 0, "undo bytes with nothing in flight");
    demandEqual(speculation.journal.length, 0, "undo records with nothing in flight");
    demandEqual(speculation.hazardCount, 0, "hazards with nothing in flight");
    demandEqual(speculation.hazard("t0"), 0, "hazard floor with nothing in flight");
  }

  #fall(survivorsMax: number, moves: boolean): void {
    const sealed = this.#sealed;
    this.#coverage.rollbacks += 1;
    this.#coverage.rolledBackEffects += this.#leader.speculation.journal.length;
    this.#rebuild(sealed);
    this.#playBack();
    this.#leader.fall();
    this.#demandNothingLeft();
    const { applied } = this.#leader.speculation;
    demandEqual(applied, this.#follower.speculation.applied, "applied index");
    this.#demandSame(this.#leader.keyspace, this.#follower.keyspace, "rolled back");
    checkKeyspace(this.#leader.keyspace);
    for (const { payload, digest } of sealed.slice(0, survivorsMax)) {
      const index = this.#leader.speculation.applied + 1;
      for (const node of [this.#leader, this.#follower]) {
        node.speculation.apply(index, payload);
        demandEqual(stateDigest(node.keyspace), digest, "an entry that survived");
      }
      this.#committed.push(payload);
    }
    this.#sealed = [];
    this.#points = [];
    this.#term += 1;
    for (const { speculation } of [this.#leader, this.#follower]) {
      speculation.skip(speculation.applied + 1);
    }
    if (moves) [this.#leader, this.#follower] = [this.#follower, this.#leader];
    this.#leader.lead(this.#term);
  }

  /** To every point that is known, newest first. */
  #playBack(): void {
    const { keyspace, journal } = this.#leader.speculation;
    const first = journal.position - journal.length;
    for (const { position, logTimeMs, digest } of this.#points.reverse()) {
      if (position < first) continue;
      journal.rollbackTo(position, keyspace);
      keyspace.logTimeMs = logTimeMs;
      demandEqual(stateDigest(keyspace), digest, `played back to ${position}`);
      if (this.#program.isWatchedClosely) checkKeyspace(keyspace);
      this.#coverage.points += 1;
    }
  }

  /** From the log alone, then from each batch in flight. */
  #rebuild(sealed: readonly SealedBatch[]): Keyspace {
    const rebuilt = new Keyspace();
    for (const payload of this.#committed) applyBatch(rebuilt, payload);
    demandEqual(stateDigest(rebuilt), stateDigest(this.#follower.keyspace), "rebuilt from the log");
    for (const { payload, digest } of sealed) {
      applyBatch(rebuilt, payload);
      demandEqual(stateDigest(rebuilt), digest, "rebuilt to a boundary");
    }
    this.#coverage.rebuilds += 1;
    return rebuilt;
  }

  #demandSame(actual: Keyspace, expected: Keyspace, what: string): void {
    demandEqual(stateDigest(actual), stateDigest(expected), `state, ${what}`);
    demandEqual(actual.size, expected.size, `keys, ${what}`);
    demandEqual(actual.volatileSize, expected.volatileSize, `deadlines, ${what}`);
  }

  #lookAtVersions(): void {
    for (const [node, versions] of this.#versions) {
      WATCHED_KEYS.forEach((key, i) => {
        const version = node.keyspace.version(key);
        demand(version >= versions[i]!, `a version of ${key} went back`);
        versions[i] = version;
      });
    }
  }

  /** The end: everything is committed. */
  #compare(): RedisCase {
    const { keyspace } = this.#leader;
    let rebuilt!: Keyspace;
    countEffects(this.#coverage.effects, () => {
      rebuilt = this.#rebuild([]);
    });
    const installed = this.#installed(keyspace);
    for (const [other, what] of [
      [this.#follower.keyspace, "follower"],
      [rebuilt, "rebuilt"],
      [installed, "installed"],
    ] as const) {
      this.#demandSame(other, keyspace, what);
      checkKeyspace(other);
    }
    checkKeyspace(keyspace);
    demandEqual(this.#leader.heard.join("\n"), this.#follower.heard.join("\n"), "messages");
    this.#coverage.programs += 1;
    return this.#redisCase();
  }

  #installed(keyspace: Keyspace): Keyspace {
    const installed = new Speculation();
    installed.install(1, throughRdb(keyspace));
    this.#coverage.rebuilds += 1;
    return installed.keyspace;
  }

  #redisCase(): RedisCase {
    const deadlines: [string, number][] = [];
    const streams: [string, Buffer][] = [];
    const { keyspace } = this.#leader;
    keyspace.forEachKey((key, value, deadlineMs) => {
      deadlines.push([key, deadlineMs === 0 ? -1 : deadlineMs]);
      if (!isStringValue(value) && value.constructor.name === "Stream") {
        streams.push([key, this.#leader.ask(["XINFO", "STREAM", key, "FULL", "COUNT", "0"])]);
      }
    });
    const commands = this.#committed.flatMap((payload) => toCommands(payload));
    return { program: this.#program, commands, digest: debugDigest(keyspace), deadlines, streams };
  }
}

/** What a snapshot's file makes of it. */
function throughRdb(keyspace: Keyspace): Keyspace {
  const blocks: Uint8Array[] = [];
  const writer = new RdbWriter({ write: (block) => blocks.push(block) });
  keyspace.forEachKey((key, value, deadlineMs) => writer.key(key, value, deadlineMs));
  writer.finish();
  const bytes = Buffer.concat(blocks);
  let at = 0;
  const reader = new RdbReader({
    read: (target) => {
      const copied = bytes.copy(target, 0, at);
      at += copied;
      return copied;
    },
  });
  const loaded = new Keyspace();
  while (reader.next() !== "end") reader.loadInto(loaded);
  loaded.logTimeMs = keyspace.logTimeMs;
  return loaded;
}

/** The estimate is the sum of its parts; every value keeps its own invariants. */
function checkKeyspace(keyspace: Keyspace): void {
  let sum = 0;
  keyspace.forEachKey((key, value, deadlineMs) => {
    sum += entryBytes(key, value) + (deadlineMs === 0 ? 0 : DEADLINE_BYTES + latin1Bytes(key));
    if (!isStringValue(value)) value.check();
  });
  demandEqual(keyspace.memoryBytes, sum, "memory is the sum of its parts");
}
