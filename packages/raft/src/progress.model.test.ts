/**
 * What a leader knows of a follower, against the follower itself: one that tells the truth, over a network
 * that loses, repeats and reorders, while the leader's log grows and is trimmed. The leader never believes
 * more than was acknowledged, keeps its windows, and in the end, whatever was lost, the follower has it all.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { SimulatedDisk } from "../testing/simulated-node.js";
import { crc32c, entryChecksum } from "./checksum.js";
import { Leadership } from "./leadership.js";
import type { Progress } from "./progress.js";
import { Quorum } from "./quorum.js";
import { RaftLog } from "./raft-log.js";
import { SnapshotReceiver } from "./snapshot-receiver.js";
import {
  type AppendRequest,
  type Configuration,
  EntryKind,
  type Index,
  type Message,
  MessageType,
  type SnapshotChunk,
  type SnapshotDescription,
  type Term,
} from "./types.js";

const heartbeatIntervalMs = 20;
const inflightAppendsMax = 3;
const inflightBytesMax = 40;
const appendBytesMax = 20;
/** A larger one than an append carries travels alone. */
const entryBytesMax = 25;
const chunkBytes = 8;
/** Of the leader; entries before `ownStart` are of term 1. What the follower has alone is of term 2. */
const term: Term = 3;
const ownStart: Index = 6;

const member = (id: number) => ({ id, incarnation: 1, peerAddress: `node-${id}:1` });
const configuration: Configuration = {
  clusterId: "model",
  voters: [member(1), member(2)],
  votersOutgoing: [],
  learners: [],
};

/** The follower as it is. */
interface Model {
  /** It has the leader's entries up to here, and then `alone` entries nobody else has. */
  has: Index;
  alone: number;
  /** The highest index it ever acknowledged: more the leader can't know. */
  acknowledged: Index;
  received: Uint8Array[];
  verifying: SnapshotDescription | null;
}

class Leader {
  readonly disk = new SimulatedDisk([]);
  readonly log = new RaftLog(this.disk.initialState(), this.disk);
  readonly leadership: Leadership;
  nowMs = 0;
  network: Message[] = [];
  /** The follower's. */
  receiver = new SnapshotReceiver();
  #sequence = 0;

  constructor() {
    for (let index = 1; index < ownStart; index += 1) this.append(1);
    this.leadership = new Leadership({
      id: 1,
      incarnation: 1,
      term,
      log: this.log,
      configuration,
      quorum: new Quorum(configuration),
      nowMs: 0,
      electionTimeoutMs: 100,
      heartbeatIntervalMs,
      clockDriftPercentMax: 10,
      appendBytesMax,
      inflightAppendsMax,
      inflightBytesMax,
      snapshots: {
        newest: () => this.disk.newest(),
        // As readers may: fewer bytes than were asked for.
        read: (snapshot, offset, bytesMax) =>
          this.disk.read(snapshot, offset, Math.min(bytesMax, offset % 2 === 0 ? 5 : 8)),
      },
      snapshotChunkBytes: chunkBytes,
      commitDelayMs: 0,
      reserves: null,
      onEvent: () => {},
    });
    this.append(0);
  }

  get peer(): Progress {
    return this.leadership.peer(2)!;
  }

  append(bytes: number): void {
    const index = this.log.last + 1;
    const payload = new Uint8Array(bytes).fill(index);
    const at = index < ownStart ? 1 : term;
    const before = this.log.checksumAt(index - 1);
    const checksum = entryChecksum(index, at, EntryKind.batch, before, payload);
    this.log.append({ index, term: at, kind: EntryKind.batch, checksum, payload });
    this.persist();
  }

  persist(): void {
    this.#sequence += 1;
    this.disk.write({
      sequence: this.#sequence,
      hardState: null,
      ...this.log.submit(this.#sequence),
    });
    this.log.persisted(this.#sequence);
  }

  collect(): void {
    this.leadership.collectMessages(this.network, this.log.last, this.nowMs);
  }
}

type Command = fc.Command<Model, Leader>;

/** How often each was run: commands that never were prove nothing. */
const ran = new Map<string, number>();

function command(text: string, act: (model: Model, leader: Leader) => void): Command {
  return {
    check: () => true,
    run: (model, leader) => {
      const name = text.split("(")[0]!;
      ran.set(name, (ran.get(name) ?? 0) + 1);
      const { match, state, sender } = leader.peer;
      act(model, leader);
      checkLeader(model, leader);
      check(leader.peer.match >= match, "match went back");
      // A transfer ends when the follower has what was trimmed, or its bytes are gone from the leader's disk.
      if (state !== "snapshot" || leader.peer.sender === sender) return;
      const isGone = !leader.disk.files.has(sender!.snapshot.digest);
      check(isGone || leader.peer.match >= leader.log.anchor, "a transfer was given up");
    },
    toString: () => text,
  };
}

function checkLeader(model: Model, { peer, log }: Leader): void {
  const { match, next, inflights, state, sender } = peer;
  check(match <= model.acknowledged, "believes what was never acknowledged");
  check(match < next && next <= log.last + 1, "match < next <= last + 1");
  check(inflights.count <= inflightAppendsMax, "more appends out than the window holds");
  check(inflights.bytes < inflightBytesMax + entryBytesMax, "more bytes out than the window holds");
  check((state === "snapshot") === (sender !== null), "a snapshot has its sender");
  check(state === "replicate" || inflights.count === 0, "a window without replication");
  check(state !== "snapshot" || match < log.anchor, "sends a snapshot where entries would do");
  check(state !== "snapshot" || next === match + 1, "appends run ahead of a snapshot");
}

/** Called a million times: an `expect` each would take seconds. */
function check(isRight: boolean, text: string): void {
  if (!isRight) throw new Error(text);
}

/** Takes a message of its choice from the network, and mostly leaves none behind. */
function take(leader: Leader, share: number, leaves: boolean): Message | undefined {
  const at = Math.floor((leader.network.length * share) / 1000);
  const message = leader.network[at];
  if (!leaves) leader.network.splice(at, 1);
  return message;
}

function deliver(model: Model, leader: Leader, message: Message): void {
  hand(model, leader, message);
  const { heard, heardMs } = leader.peer;
  check(message.to === 2 || (heard && heardMs === leader.nowMs), "an answer was not heard");
}

function hand(model: Model, leader: Leader, message: Message): void {
  switch (message.type) {
    case MessageType.append:
      onAppend(model, leader, message);
      break;
    case MessageType.snapshotChunk:
      onChunk(model, leader, message);
      break;
    case MessageType.appendResponse:
      check(leader.leadership.onAppendResponse(message, leader.nowMs) === null, "refused");
      break;
    case MessageType.snapshotResponse:
      check(leader.leadership.onSnapshotResponse(message, leader.nowMs) === null, "refused");
  }
}

const envelope = { from: 2, to: 1, term, incarnation: 1, toIncarnation: 1 };

function onAppend(model: Model, { network }: Leader, message: AppendRequest): void {
  const { prevIndex, prevTerm, entries } = message;
  const type = MessageType.appendResponse;
  if (prevIndex > model.has) {
    // Its own entries are of term 2: behind an entry of term 1 they can't match.
    const end = prevTerm < 2 ? model.has : model.has + model.alone;
    const hintIndex = Math.min(prevIndex, end);
    const hintTerm =
      hintIndex > model.has ? 2 : hintIndex < ownStart ? Math.min(hintIndex, 1) : term;
    network.push({ type, ...envelope, index: prevIndex, rejected: true, hintIndex, hintTerm });
    return;
  }
  const index = prevIndex + entries.length;
  if (index > model.has) {
    model.has = index;
    model.alone = 0;
  }
  model.acknowledged = Math.max(model.acknowledged, index);
  network.push({ type, ...envelope, index, rejected: false, hintIndex: 0, hintTerm: 0 });
}

function onChunk(model: Model, leader: Leader, message: SnapshotChunk): void {
  const { index, bytes } = message.snapshot;
  if (index <= model.has) {
    answer(model, leader, index, bytes, true);
    return;
  }
  const { accepted, complete, offset } = leader.receiver.offer(message);
  if (accepted !== null) {
    if (accepted.offset === 0) model.received = [];
    model.received.push(accepted.data);
  }
  if (complete !== null) model.verifying = complete;
  if (offset >= 0) answer(model, leader, index, offset, false);
}

function answer(
  model: Model,
  leader: Leader,
  index: Index,
  offset: number,
  installed: boolean,
): void {
  if (installed) model.acknowledged = Math.max(model.acknowledged, index);
  const type = MessageType.snapshotResponse;
  leader.network.push({ type, ...envelope, index, offset, installed });
}

function verify(model: Model, leader: Leader): void {
  const snapshot = model.verifying;
  if (snapshot === null) return;
  model.verifying = null;
  // Whatever was lost, repeated and reordered: these are the bytes.
  expect(crc32c(new Uint8Array(Buffer.concat(model.received)))).toBe(snapshot.digest);
  expect(leader.receiver.verified(snapshot)).toBe(true);
  ran.set("a snapshot arrived", (ran.get("a snapshot arrived") ?? 0) + 1);
  if (snapshot.index > model.has) {
    model.has = snapshot.index;
    model.alone = 0;
  }
  answer(model, leader, snapshot.index, 0, true);
}

function makeSnapshot(leader: Leader, index: Index, margin: number): void {
  const { log, disk, leadership, nowMs } = leader;
  if (index <= (disk.snapshot?.index ?? 0)) return;
  const bytes = new Uint8Array(3 * index).map((_, at) => at * 7 + index);
  const digest = crc32c(bytes);
  const at = { index, term: log.termAt(index), checksum: log.checksumAt(index) };
  const named = { index: 1, configuration };
  const sent = leadership.snapshotsSent(nowMs);
  disk.keep({ ...at, configuration: named, bytes: bytes.length, digest }, bytes, sent);
  const to = Math.min(index - margin, ...sent.map((one) => one.index));
  if (to <= log.anchor) return;
  log.trimTo(to);
  leader.persist();
}

/** Nothing is lost any more. */
function recover(model: Model, leader: Leader): void {
  for (let round = 0; round < 100; round += 1) {
    leader.nowMs += heartbeatIntervalMs;
    leader.leadership.tick(leader.nowMs);
    // What one round trip per interval carries.
    for (let trip = 0; trip < 4; trip += 1) {
      leader.collect();
      for (const message of leader.network.splice(0)) deliver(model, leader, message);
      checkLeader(model, leader);
    }
    verify(model, leader);
    if (leader.peer.match === leader.log.last) break;
  }
  expect(leader.peer).toMatchObject({ state: "replicate", match: leader.log.last });
  expect(model).toMatchObject({ has: leader.log.last, alone: 0 });
}

const share = fc.noBias(fc.nat(999));
const small = (max: number) => fc.noBias(fc.nat(max));
const weighted = (weight: number, arbitrary: fc.Arbitrary<Command>) => ({ weight, arbitrary });
const commands = fc.oneof(
  weighted(
    4,
    small(entryBytesMax).map((b) => command(`propose(${b})`, (_, leader) => leader.append(b))),
  ),
  weighted(6, fc.constant(command("collect", (_, leader) => leader.collect()))),
  weighted(
    14,
    share.map((at) =>
      command(`deliver(${at})`, (model, leader) => {
        const message = take(leader, at, at % 10 === 0);
        if (message !== undefined) deliver(model, leader, message);
      }),
    ),
  ),
  weighted(
    2,
    share.map((at) => command(`lose(${at})`, (_, leader) => take(leader, at, false))),
  ),
  weighted(
    3,
    fc.constant(
      command("interval", (_, leader) => {
        leader.nowMs += heartbeatIntervalMs;
        leader.leadership.tick(leader.nowMs);
      }),
    ),
  ),
  weighted(
    2,
    fc.tuple(share, small(3)).map(([at, margin]) =>
      command(`snapshot(${at}, ${margin})`, (_, leader) => {
        const { anchor, last } = leader.log;
        makeSnapshot(leader, anchor + Math.ceil(((last - anchor) * at) / 999), margin);
      }),
    ),
  ),
  weighted(2, fc.constant(command("verify", (model, leader) => verify(model, leader)))),
  weighted(1, fc.constant(command("unreachable", (_, leader) => leader.peer.unreachable()))),
  weighted(
    1,
    fc.constant(
      command("crash", (model, leader) => {
        leader.receiver = new SnapshotReceiver();
        model.received = [];
        model.verifying = null;
      }),
    ),
  ),
);

test("trap-06, trap-20, trap-21: a leader believes what was acknowledged, and a follower gets it all", () => {
  const start = fc.tuple(small(ownStart - 1), small(8));
  const run = fc.commands([commands], { maxCommands: 200, size: "max" });
  const property = fc.property(start, run, ([has, alone], script) => {
    const leader = new Leader();
    const model: Model = { has, alone, acknowledged: 0, received: [], verifying: null };
    fc.modelRun(() => ({ model, real: leader }), script);
    recover(model, leader);
  });
  fc.assert(property, { seed: 20, numRuns: 200 });
  expect(ran.size).toBe(10);
  expect(Math.min(...ran.values())).toBeGreaterThan(100);
});

test("pages of a snapshot that are shorter than asked for leave no gap", () => {
  const leader = new Leader();
  const model: Model = { has: 0, alone: 0, acknowledged: 0, received: [], verifying: null };
  for (let count = 0; count < 20; count += 1) leader.append(1);
  makeSnapshot(leader, leader.log.last, 0);
  // Without an interval: whatever has to be asked for again is missing in the end.
  for (let trip = 0; trip < 100; trip += 1) {
    leader.collect();
    for (const message of leader.network.splice(0)) deliver(model, leader, message);
  }
  expect(model.verifying).not.toBeNull();
  expect(leader.peer.sender?.resumes).toBe(0);
  verify(model, leader);
  recover(model, leader);
});
