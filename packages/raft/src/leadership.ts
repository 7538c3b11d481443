/**
 * What a node knows only while it leads one term: its peers' progress, who was heard when, read rounds.
 * Made at election, dropped as a whole when leadership ends, so nothing of it can leak into another term.
 *
 * It never counts this node as a peer: its own share of a quorum is what it has flushed, the newest
 * round, and now.
 *
 * Longer than other files: what leaves for a peer and what its answers change rest on the same few pointers. What has a
 * state of its own lives beside it.
 */
import { assert } from "./assert.js";
import { allMembers } from "./configuration.js";
import { farewellElectionTimeouts, snapshotRefusalsMax, snapshotStallMsMax } from "./constants.js";
import { ForwardedReads } from "./forwarded-reads.js";
import { Lease } from "./lease.js";
import { Progress } from "./progress.js";
import type { Quorum } from "./quorum.js";
import type { RaftLog } from "./raft-log.js";
import { Reserves, type ReserveTimes } from "./reserves.js";
import type { Transfer } from "./transfer.js";
import {
  type AppendResponse,
  type Configuration,
  type Entry,
  type HeartbeatResponse,
  type Index,
  type Member,
  type Message,
  MessageType,
  type NodeId,
  type SnapshotDescription,
  type SnapshotReader,
  type SnapshotResponse,
  type Term,
} from "./types.js";

export interface LeadershipOptions {
  readonly id: NodeId;
  readonly incarnation: number;
  readonly term: Term;
  readonly log: RaftLog;
  readonly configuration: Configuration;
  readonly quorum: Quorum;
  readonly nowMs: number;
  readonly electionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  readonly clockDriftPercentMax: number;
  readonly appendBytesMax: number;
  readonly inflightAppendsMax: number;
  readonly inflightBytesMax: number;
  /** null: this node has none to send, and never trims its log. */
  readonly snapshots: SnapshotReader | null;
  readonly snapshotChunkBytes: number;
  /** See RaftOptions. */
  readonly commitDelayMs: number;
  /** null: everybody is served at once. */
  readonly reserves: ReserveTimes | null;
  readonly onEvent: (event: string, fields: object) => void;
}

/** One run of entries, shared by all peers that continue at the same index. */
interface Page {
  readonly first: Index;
  readonly entries: readonly Entry[];
  readonly bytes: number;
}

const nothing = new Uint8Array(0);

export class Leadership {
  /** Index of this term's no-op: entries from here on may be committed by counting (trap 04). */
  readonly ownTermStart: Index;
  /** Payload bytes of own-term entries that are not committed. */
  uncommittedBytes = 0;
  /** When heartbeats are due again. */
  intervalDueMs: number;
  /** Members but this node, and those that have just been removed. */
  peers: readonly Progress[] = [];
  transfer: Transfer | null = null;
  /** To whom leadership should go as soon as the host has sealed what is open; 0: nobody asked. */
  transferWanted: NodeId = 0;
  readonly lease: Lease;
  readonly forwarded = new ForwardedReads();
  readonly #reserves: Reserves;
  readonly #options: LeadershipOptions;
  readonly #byId = new Map<NodeId, Progress>();
  #quorum: Quorum;
  #round = 0;
  #roundSent = 0;
  #heartbeatWanted = false;
  /** The next heartbeats leave for reserves, too. */
  #roundForAll = false;
  /** From then on peers that lack the commit index are told it even if nothing else is to be sent; Infinity: all know. */
  #tellCommitAtMs = Infinity;
  // Made once: these run for every acknowledgement.
  readonly #matchOf: (id: NodeId, incarnation: number) => number;
  readonly #roundOf: (id: NodeId, incarnation: number) => number;
  readonly #heardOf: (id: NodeId, incarnation: number) => number;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    const { id, incarnation: own, log, configuration, quorum, nowMs } = options;
    this.#quorum = quorum;
    this.lease = new Lease(options.electionTimeoutMs, options.clockDriftPercentMax);
    this.#reserves = new Reserves(options.reserves);
    this.ownTermStart = log.last + 1;
    this.intervalDueMs = nowMs + options.heartbeatIntervalMs;
    const counted = (voter: NodeId, incarnation: number): Progress | undefined => {
      const peer = this.#byId.get(voter);
      return peer?.incarnation === incarnation ? peer : undefined;
    };
    const isSelf = (voter: NodeId, incarnation: number): boolean =>
      voter === id && incarnation === own;
    this.#matchOf = (voter, incarnation) =>
      isSelf(voter, incarnation) ? log.flushed : (counted(voter, incarnation)?.match ?? 0);
    this.#roundOf = (voter, incarnation) =>
      isSelf(voter, incarnation) ? this.#round : (counted(voter, incarnation)?.roundEchoed ?? 0);
    this.#heardOf = (voter, incarnation) =>
      isSelf(voter, incarnation) ? Infinity : (counted(voter, incarnation)?.heardMs ?? 0);
    this.configure(configuration, quorum, nowMs);
  }

  /** Another configuration is in force: from the moment it is appended (trap 02). */
  configure(configuration: Configuration, quorum: Quorum, nowMs: number): void {
    this.#quorum = quorum;
    const members = allMembers(configuration);
    for (const peer of this.#byId.values()) {
      const stays = members.some((m) => m.id === peer.id && m.incarnation === peer.incarnation);
      if (stays) peer.farewellMs = Infinity;
      else if (peer.farewellMs === Infinity) {
        peer.farewellMs = nowMs + farewellElectionTimeouts * this.#options.electionTimeoutMs;
      }
    }
    for (const member of members) {
      if (member.id === this.#options.id) continue;
      const known = this.#byId.get(member.id);
      // What the earlier incarnation had acknowledged is gone with its disk: forgotten at once (trap 43).
      if (known?.incarnation === member.incarnation) continue;
      this.#byId.set(member.id, this.#newProgress(member, nowMs));
    }
    this.peers = [...this.#byId.values()];
    this.#configureReserves(configuration);
  }

  #configureReserves(configuration: Configuration): void {
    const { id, incarnation, log } = this.#options;
    const { voters, votersOutgoing, learners } = configuration;
    const isOff =
      votersOutgoing.length > 0 ||
      voters.some((voter) => voter.witness === true) ||
      learners.some((learner) => learner.promote) ||
      !voters.some((voter) => voter.id === id && voter.incarnation === incarnation);
    const voting = this.peers.filter((peer) =>
      voters.some((voter) => voter.id === peer.id && voter.incarnation === peer.incarnation),
    );
    const firstCount = isOff ? 0 : Math.floor(voters.length / 2);
    const round = this.#roundAnew();
    this.#reserves.configure(this.peers, voting, firstCount, log.last + 1, round);
  }

  /** Leadership is handed over: whoever takes it should have everything. */
  beginTransfer(transfer: Transfer): void {
    this.transfer = transfer;
    this.#roundAnew();
    this.#reserves.callOff(Infinity, Infinity);
  }

  /** Somebody waits until all have the entries up to `index`, of which some may be the next ones. */
  hurry(index: Index): void {
    this.#reserves.hurry(index);
  }

  /** Somebody waits until all know that the entries up to `index` are committed. */
  hurryToTell(index: Index): void {
    this.#reserves.hurryToTell(index);
  }

  peer(id: NodeId): Progress | undefined {
    return this.#byId.get(id);
  }

  /** The own-term index that is durable on a quorum; 0 while there is none (trap 04). */
  committable(): Index {
    const index = this.#quorum.reached(this.#matchOf);
    return index >= this.ownTermStart ? index : 0;
  }

  committed(from: Index, to: Index): void {
    for (let index = Math.max(from + 1, this.ownTermStart); index <= to; index += 1) {
      const entry = this.#options.log.peek(index);
      assert(entry !== undefined, "what was not committed is in memory");
      this.uncommittedBytes -= entry.payload.length;
    }
    this.#reserves.committed(to);
  }

  /**
   * Since when a quorum has been heard. Not a flag cleared once per timeout: a leader that was paused
   * compares the same moments with its first clock reading after the pause, and knows at once.
   */
  quorumHeardMs(): number {
    return this.#quorum.reached(this.#heardOf);
  }

  beginReadRound(): number {
    this.#round += 1;
    this.#heartbeatWanted = true;
    return this.#round;
  }

  /**
   * The newest round a quorum has echoed. Nothing before the no-op is committed: until then this leader
   * may not know what earlier leaders committed, and would serve stale state (trap 05).
   */
  confirmedRound(commit: Index): number {
    return commit >= this.ownTermStart ? this.#quorum.reached(this.#roundOf) : 0;
  }

  tick(nowMs: number): void {
    if (this.#reserves.isLate(nowMs)) this.#serveAll();
    if (nowMs < this.intervalDueMs) return;
    this.intervalDueMs = nowMs + this.#options.heartbeatIntervalMs;
    // Each is a round of its own: it extends the lease.
    const round = this.beginReadRound();
    this.#roundForAll = true;
    if (this.transfer === null) {
      // Where entries are on their way, they tell better who is fast.
      const { last } = this.#options.log;
      this.#reserves.contest(last + 1, this.committable() === last ? round : Infinity);
    }
    for (const peer of this.peers) peer.intervalPassed();
    if (this.transfer !== null) this.transfer.due = true;
    if (this.peers.some((peer) => nowMs >= peer.farewellMs)) {
      for (const peer of this.peers) if (nowMs >= peer.farewellMs) this.#byId.delete(peer.id);
      this.peers = [...this.#byId.values()];
      this.#reserves.keep(this.peers);
    }
  }

  /** Who is first is late. */
  #serveAll(): void {
    const round = this.#roundAnew();
    this.#reserves.callOff(Math.max(this.ownTermStart, this.committable() + 1), round);
  }

  /**
   * Reserves are about to be none any more. A round that left without them, and is not confirmed, is begun anew: the lease
   * counts each from when it first left. Infinity: there is none.
   */
  #roundAnew(): number {
    return this.#reserves.awaitsRound ? this.beginReadRound() : Infinity;
  }

  /** The round that vouches for a read that arrives now: shared until it is sent. */
  openRound(): number {
    return this.#round > this.#roundSent ? this.#round : this.beginReadRound();
  }

  /** When the lease ends; -Infinity: there is none. Nothing before the no-op: see `confirmedRound`. */
  leaseUntilMs(commit: Index): number {
    return this.lease.untilMs(this.confirmedRound(commit));
  }

  voidLeaseRounds(): void {
    this.lease.voidRounds(this.#round);
  }

  /** The peer a transfer is best made to: the one that lacks least, of those heard lately; 0: none. */
  bestTarget(mayLead: (id: NodeId, incarnation: number) => boolean, heardSinceMs: number): NodeId {
    let best: Progress | null = null;
    for (const peer of this.peers) {
      if (!mayLead(peer.id, peer.incarnation) || !peer.heard || peer.heardMs < heardSinceMs)
        continue;
      if (best === null || peer.match > best.match) best = peer;
    }
    return best?.id ?? 0;
  }

  #transferDue(commit: Index): Progress | null {
    const { transfer } = this;
    if (transfer === null || !transfer.due) return null;
    const { last, flushed } = this.#options.log;
    if (!transfer.leavesUnsynced && (commit < last || flushed < last)) return null;
    const peer = this.#byId.get(transfer.target);
    return peer !== undefined && peer.match === last ? peer : null;
  }

  /** Nothing leaves because this peer answers: everything was sent or has its time, and its window has room for more. */
  isSentAll(id: NodeId): boolean {
    const peer = this.#byId.get(id);
    if (peer?.state !== "replicate") return false;
    const isSent = peer.next > this.#options.log.last || this.#reserves.holds(peer);
    return isSent && !peer.inflights.full;
  }

  /** Who answers it, and when, decides who is served first. */
  isContested(type: MessageType): boolean {
    return type === MessageType.appendResponse
      ? this.#reserves.isIndexContested
      : this.#reserves.isRoundContested;
  }

  /** Returns why the response cannot be, or null. */
  onAppendResponse(message: AppendResponse, nowMs: number): string | null {
    const peer = this.#byId.get(message.from);
    if (peer?.incarnation !== message.incarnation) return "not a member";
    const log = this.#options.log;
    if (message.index > log.last) return "answer beyond the leader's log";
    peer.heardMs = nowMs;
    peer.heard = true;
    if (message.rejected) {
      // The hint is where the peer's log ends or has a term we could share. The same search in our
      // log skips a whole run of terms the peer cannot have.
      const hint = Math.min(message.hintIndex, log.last);
      // Before our log's anchor nothing is known of terms: what is missing there comes as a snapshot.
      const matches =
        hint < log.anchor ? hint : log.lastIndexWithTermAtMost(hint, message.hintTerm);
      peer.refused(message.index, matches);
    } else {
      peer.acknowledged(message.index);
      this.#reserves.acknowledged(peer);
      // It had more than it seemed: entries will do.
      if (peer.state === "snapshot" && peer.match >= log.anchor)
        this.#endSnapshot(peer, peer.match);
    }
    peer.check(log.last);
    return null;
  }

  onHeartbeatResponse(message: HeartbeatResponse, nowMs: number): string | null {
    const peer = this.#byId.get(message.from);
    if (peer?.incarnation !== message.incarnation) return "not a member";
    if (message.readRound > this.#round) return "echo of a round that was never begun";
    peer.heardMs = nowMs;
    peer.heard = true;
    peer.roundEchoed = Math.max(peer.roundEchoed, message.readRound);
    this.#reserves.echoed(peer, this.#quorum.reached(this.#roundOf), this.#roundSent, nowMs);
    return null;
  }

  /** Returns why the response cannot be, or null. */
  onSnapshotResponse(message: SnapshotResponse, nowMs: number): string | null {
    const peer = this.#byId.get(message.from);
    if (peer?.incarnation !== message.incarnation) return "not a member";
    const { log, onEvent } = this.#options;
    if (message.index > log.last) return "answer beyond the leader's log";
    peer.heardMs = nowMs;
    peer.heard = true;
    const { id, sender } = peer;
    // Of a transfer that is over, or of an earlier leader's.
    if (sender === null || sender.snapshot.index !== message.index) return null;
    if (message.installed) {
      this.#endSnapshot(peer, message.index);
      onEvent("snapshot sent", { peer: id, index: message.index, resumes: sender.resumes });
    } else if (sender.responded(message.offset)) {
      onEvent("snapshot resumed", { peer: id, index: message.index, offset: message.offset });
    }
    return null;
  }

  /** `peer` holds everything up to `index`: it is sent entries again. */
  #endSnapshot(peer: Progress, index: Index): void {
    peer.becomeProbe();
    peer.acknowledged(index);
    peer.check(this.#options.log.last);
  }

  /**
   * What living peers are being sent. Who has it whole may be silent while its state is read; who refuses it again and
   * again, or gets no further, may need the next one.
   */
  snapshotsSent(nowMs: number): SnapshotDescription[] {
    const { electionTimeoutMs, heartbeatIntervalMs } = this.#options;
    const sent: SnapshotDescription[] = [];
    for (const { sender, heardMs } of this.peers) {
      if (sender === null || sender.refusals >= snapshotRefusalsMax) continue;
      const { readingMsMax } = sender;
      if (nowMs - heardMs >= electionTimeoutMs + readingMsMax) continue;
      const stalledMs = sender.stalledIntervals * heartbeatIntervalMs;
      if (stalledMs >= snapshotStallMsMax + readingMsMax) continue;
      if (!sent.includes(sender.snapshot)) sent.push(sender.snapshot);
    }
    return sent;
  }

  hasMessages(commit: Index, nowMs: number): boolean {
    if (this.#heartbeatWanted) return this.peers.length > 0;
    if (this.#transferDue(commit) !== null) return true;
    const last = this.#options.log.last;
    const tells = nowMs >= this.#tellCommitAtMs;
    // One that lacks it and is not waited for: `collectMessages` begins to wait.
    const begins = this.#tellCommitAtMs === Infinity;
    const reserves = this.#reserves;
    if (reserves.begins(last, commit, nowMs)) return true;
    for (const peer of this.peers) {
      if (reserves.holds(peer) && !reserves.isLeaving(nowMs) && !peer.asks) continue;
      if (peer.wantsAppend(last, commit, tells) || peer.wantsChunk) return true;
      if (begins && peer.lacksCommit(commit)) return true;
    }
    return false;
  }

  /** The next `collectMessages` keeps nothing back: there will be no other. */
  tellCommitNow(): void {
    this.#tellCommitAtMs = -Infinity;
  }

  /** When something is to be sent that waits, or is late; Infinity: nothing waits, or it leaves now. */
  sendDueMs(nowMs: number): number {
    const tellMs = nowMs >= this.#tellCommitAtMs ? Infinity : this.#tellCommitAtMs;
    return Math.min(tellMs, this.#reserves.dueMs(nowMs));
  }

  /** Heartbeats carry the newest round; appends carry all that was proposed since the last call. */
  collectMessages(messages: Message[], commit: Index, nowMs: number): void {
    const { id, incarnation, term, log } = this.#options;
    if (this.#heartbeatWanted) {
      this.#heartbeatWanted = false;
      this.#roundSent = this.#round;
      this.lease.forget(this.confirmedRound(commit));
      this.lease.sent(this.#round, nowMs);
      const forAll = this.#roundForAll;
      this.#roundForAll = false;
      for (const peer of this.peers) {
        if (!forAll && this.#reserves.sparesRound(peer)) {
          this.#reserves.roundSpared(this.#round, nowMs);
          continue;
        }
        messages.push({
          type: MessageType.heartbeat,
          from: id,
          to: peer.id,
          term,
          incarnation,
          toIncarnation: peer.incarnation,
          // Never beyond what the peer acknowledged: behind it, it may hold another history.
          commit: Math.min(peer.match, commit),
          readRound: this.#round,
        });
      }
    }
    const tells = this.#tellsCommit(commit, nowMs);
    const reserves = this.#reserves;
    const reservesLeave = reserves.leaves(log.last, commit, nowMs);
    let page: Page | null = null;
    for (const peer of this.peers) {
      if (peer.next <= log.anchor && peer.state !== "snapshot") this.#beginSnapshot(peer);
      if (peer.sender !== null) this.#sendChunks(peer, messages);
      const isHeld = reserves.holds(peer);
      if (isHeld && !reservesLeave && !peer.asks) continue;
      while (peer.wantsAppend(log.last, commit, tells || isHeld)) {
        const fromDisk = peer.next < log.memoryFirst;
        page = this.#appendTo(peer, commit, page, messages);
        // A peer that lags far behind is served one page per Ready: reading is synchronous.
        if (fromDisk) break;
      }
    }
    if (!this.#isLacked(commit)) this.#tellCommitAtMs = Infinity;
    reserves.left(log.last, commit, nowMs);
    this.#sendTimeoutNow(messages, commit);
  }

  /** The next append takes the news along; without one it waits `commitDelayMs`. */
  #tellsCommit(commit: Index, nowMs: number): boolean {
    if (this.#tellCommitAtMs === Infinity && this.#isLacked(commit)) {
      this.#tellCommitAtMs = nowMs + this.#options.commitDelayMs;
    }
    return nowMs >= this.#tellCommitAtMs;
  }

  #isLacked(commit: Index): boolean {
    for (const peer of this.peers) {
      if (peer.lacksCommit(commit) && !this.#reserves.holds(peer)) return true;
    }
    return false;
  }

  #beginSnapshot(peer: Progress): void {
    const { log, snapshots, snapshotChunkBytes, onEvent } = this.#options;
    const snapshot = snapshots?.newest() ?? null;
    assert(
      snapshot !== null && snapshot.index >= log.anchor && snapshot.index <= log.last,
      "what was trimmed is in a snapshot",
    );
    peer.becomeSnapshot(snapshot, snapshotChunkBytes);
    const { index, bytes } = snapshot;
    onEvent("snapshot begins", { peer: peer.id, index, bytes });
  }

  #sendChunks(peer: Progress, messages: Message[]): void {
    const { id, incarnation, term, snapshots } = this.#options;
    for (let next = peer.sender?.next(); next != null; next = peer.sender?.next()) {
      const { snapshot } = peer.sender!;
      const { offset, bytesMax } = next;
      const data = bytesMax === 0 ? nothing : snapshots!.read(snapshot, offset, bytesMax);
      if (data === null) {
        // Gone from the store, which has a newer one.
        this.#beginSnapshot(peer);
        assert(peer.sender!.snapshot.index > snapshot.index, "what is gone has a successor");
        continue;
      }
      assert(data.length > 0 || bytesMax === 0, "a snapshot is read to its end");
      const type = MessageType.snapshotChunk;
      const toIncarnation = peer.incarnation;
      messages.push({
        type,
        from: id,
        to: peer.id,
        term,
        incarnation,
        toIncarnation,
        snapshot,
        offset,
        data,
      });
      peer.sender!.sent(data.length);
    }
  }

  #sendTimeoutNow(messages: Message[], commit: Index): void {
    const peer = this.#transferDue(commit);
    if (peer === null) return;
    const { id, incarnation, term } = this.#options;
    this.transfer!.due = false;
    // Void before it leaves, and for good: it may arrive after the transfer was given up (trap 45).
    this.lease.voidForTerm();
    const type = MessageType.timeoutNow;
    messages.push({
      type,
      from: id,
      to: peer.id,
      term,
      incarnation,
      toIncarnation: peer.incarnation,
    });
  }

  /** The lowest index all replicating peers have: nobody needs what is at or below it from memory. */
  matchedByReplicating(): Index {
    let matched = Infinity;
    for (const peer of this.peers) {
      if (peer.state === "replicate") matched = Math.min(matched, peer.match);
    }
    return matched;
  }

  #appendTo(peer: Progress, commit: Index, shared: Page | null, messages: Message[]): Page | null {
    const { id, incarnation, term, log } = this.#options;
    const prevIndex = peer.next - 1;
    let page = shared;
    let entries: readonly Entry[] = [];
    let bytes = 0;
    if (peer.carriesEntries && peer.next <= log.last) {
      page = shared !== null && shared.first === peer.next ? shared : this.#page(peer.next);
      entries = page.entries;
      bytes = page.bytes;
    }
    messages.push({
      type: MessageType.append,
      from: id,
      to: peer.id,
      term,
      incarnation,
      toIncarnation: peer.incarnation,
      prevIndex,
      prevTerm: log.termAt(prevIndex),
      commit,
      entries,
    });
    peer.sent(entries.length, bytes, commit);
    return page;
  }

  #page(first: Index): Page {
    const { log, appendBytesMax } = this.#options;
    const entries = log.slice(first, log.last, appendBytesMax);
    let bytes = 0;
    for (const entry of entries) bytes += entry.payload.length;
    return { first, entries, bytes };
  }

  #newProgress(member: Member, nowMs: number): Progress {
    const { log, inflightAppendsMax, inflightBytesMax } = this.#options;
    return new Progress(member, log.last + 1, nowMs, inflightAppendsMax, inflightBytesMax);
  }
}
