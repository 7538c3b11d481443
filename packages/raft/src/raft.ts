/**
 * The consensus core: Raft (Ongaro, 2014) with PreVote, CheckQuorum, leader stickiness, read rounds and
 * leases (thesis, 6.4), transfer of leadership (3.10), joint consensus (4.3), learners, witnesses, snapshots
 * and storage that completes later. Sans-IO: inputs are calls, outputs are `Ready`s; time
 * and randomness are given. One node's core; it never waits and never calls back but for log lines.
 *
 *                 deadline                 quorum would vote              quorum voted
 *    follower ---------------> preCandidate ------------> candidate -----------------> leader
 *       ^  ^                        |  refused / heard a leader |   CheckQuorum, higher term |
 *       |  +------------------------+---------------------------+                            |
 *       +------------------------------------------------------------------------------------+
 *
 *    applied <= commit <= last        applied <= flushed <= submitted <= last
 *
 * Longer than other files: it is the one place where roles, terms and the order of effects meet.
 * Parts with a state of their own live beside it: RaftLog, SnapshotReceiver, Leadership (Progress,
 * SnapshotSender, Reserves, Lease, Transfer, ForwardedReads), Quorum. Decisions that need no state are pure: judgeAppend, planChange.
 */
import { assert, assertSafe } from "./assert.js";
import { entryChecksum } from "./checksum.js";
import {
  allMembers,
  emptyConfiguration,
  encodeConfiguration,
  isVoterIn,
  memberOf,
} from "./configuration.js";
import * as limits from "./constants.js";
import { LogRolledBackError } from "./errors.js";
import { judgeAppend } from "./follower-append.js";
import { Leadership } from "./leadership.js";
import {
  type ChangeResult,
  type ConfigurationChange,
  type MembershipFacts,
  planChange,
  planPending,
} from "./membership.js";
import { messageProblem } from "./message-check.js";
import type { ProgressState } from "./progress.js";
import { Quorum, type Vote } from "./quorum.js";
import { RaftLog } from "./raft-log.js";
import type { ReserveTimes } from "./reserves.js";
import { SnapshotReceiver } from "./snapshot-receiver.js";
import { Transfer } from "./transfer.js";
import {
  type AppendRequest,
  type AppendResponse,
  type Configuration,
  type Entry,
  EntryKind,
  type HeartbeatRequest,
  type HeartbeatResponse,
  type Index,
  type IndexedConfiguration,
  type InitialState,
  type LogReader,
  type Message,
  MessageType,
  type NodeId,
  type Persist,
  type ReadIndexRequest,
  type ReadIndexResponse,
  type Ready,
  type Role,
  type SnapshotChunk,
  type SnapshotDescription,
  type SnapshotReader,
  type SnapshotResponse,
  type Term,
  type TimeoutNow,
  type TransferRequest,
  type VoteRequest,
  type VoteResponse,
} from "./types.js";

export interface RaftOptions {
  readonly id: NodeId;
  /** Of this node's directory: with the id it is who this node is. */
  readonly incarnation: number;
  readonly initial: InitialState;
  readonly reader: LogReader;
  /** The minimum; each wait is drawn from [this, twice this). The same on every node. */
  readonly electionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly nowMs: number;
  /** Percent: see `Timing`. The same on every node: leases rest on it. */
  readonly clockDriftPercentMax?: number;
  /**
   * How long a process that stands still may find itself leader afterwards, because somebody outside its event
   * loop keeps the peers from electing another. Default 0: one election timeout.
   */
  readonly stallToleranceMs?: number;
  /** Payload bytes of one append; at least one entry travels whatever its size. */
  readonly maxAppendBytes?: number;
  /** Per peer. */
  readonly maxInflightAppends?: number;
  readonly maxInflightBytes?: number;
  /** Payload bytes of `committed` per Ready; at least one entry. */
  readonly committedPageBytes?: number;
  /**
   * How long the news that an entry is committed may wait for an append that takes it along, where the leader has
   * nothing else to send: clients that wait for each reply bring the next one within it, and two messages for each
   * follower are spared. Followers apply, and show, what is committed that much later. Default 0: told at once.
   */
  readonly commitDelayMs?: number;
  /** Followers that a quorum can do without are served later, and entries of some time together. Default: none is. */
  readonly reserves?: ReserveTimes;
  /** What a follower that lacks trimmed entries is sent. Absent: none is taken, and the log is never trimmed. */
  readonly snapshots?: SnapshotReader;
  /** Bytes of one chunk of a snapshot. */
  readonly snapshotChunkBytes?: number;
  /** Log lines: refused messages, elections, step-downs. `event` is a constant text. */
  readonly onEvent?: (event: string, fields: object) => void;
}

export interface PeerProgress {
  readonly id: NodeId;
  readonly match: Index;
  readonly next: Index;
  readonly state: ProgressState;
  /** Heard within one election timeout. */
  readonly recentActive: boolean;
  readonly incarnation: number;
}

/** Constant texts: why leadership is not handed over now. */
export type TransferRefusal =
  | "not the leader"
  | "another transfer is under way"
  | "no member can take over now"
  | "the target is not a voter"
  | "the target is this node"
  | "the target is a witness"
  | "the target is not heard";

const NOTHING_COMMITTED: readonly Entry[] = [];

/** A hard state handed to storage and not reported yet. */
interface HardStateOut {
  readonly sequence: number;
  readonly term: Term;
}

export class Raft {
  readonly #options: RaftOptions;
  readonly #id: NodeId;
  readonly #log: RaftLog;
  readonly #onEvent: (event: string, fields: object) => void;

  #role: Role = "follower";
  #leader: NodeId = 0;
  #term: Term;
  #vote: NodeId;
  #commit: Index = 0;
  #applied: Index = 0;
  /** Not null exactly while leader. */
  #leadership: Leadership | null = null;
  /** Answers to the (pre)vote under way. */
  readonly #votes = new Map<NodeId, Vote>();

  /** Ascending by index; the last is in force, from the moment it is appended (trap 02). */
  #configurations: IndexedConfiguration[];
  #quorum: Quorum;
  /** By the configuration in force. */
  #isWitness = false;
  #isVoter = false;
  #isNamed = false;
  #successor: NodeId = 0;
  /**
   * Numbers the reads we forward or confirm ourselves. The first is drawn: an answer to one of before a restart
   * must not be taken for an answer to one of after it. 0: none was asked.
   */
  #readContext = 0;
  #readIndexes: { readonly context: number; readonly index: Index }[] = [];

  #nowMs: number;
  /** After a stall of this process nobody is given up before this. */
  #graceUntilMs = 0;
  /** Drawn anew at every change of role or term. */
  #drawnTimeoutMs = 0;
  #electionDeadlineMs = 0;
  /**
   * Until then no (pre)vote is granted: a leader may count on this node (lease). Deliberately not tied
   * to the leader's term: see #refusesVotes.
   */
  #stickyUntilMs: number;

  #sequence = 0;
  /** What the last Persist carried. */
  #submittedTerm: Term;
  #submittedVote: NodeId;
  readonly #hardStatesOut: HardStateOut[] = [];
  /** The newest term storage has reported durable, with the vote that goes with it. */
  #durableTerm: Term;
  #persistedSequence = 0;
  /** Since when storage has had something to do and completed nothing; Infinity: it is idle. */
  #storageBusySinceMs = Infinity;

  readonly #receiver = new SnapshotReceiver();
  #chunks: SnapshotChunk[] = [];
  #verify: SnapshotDescription | null = null;
  /** Its install is durable; the host has not been told. */
  #installed: SnapshotDescription | null = null;

  #messages: Message[] = [];
  #promises: Message[] = [];
  /** Highest index to acknowledge with the next Ready, and to which leader; -1: none. */
  #acknowledge: Index = -1;
  #acknowledgeTo: NodeId = 0;
  #acknowledgeToIncarnation = 0;
  /** What the last Ready said. */
  #handed = { role: "follower" as Role, term: 0, leader: 0, confirmedRound: 0 };

  constructor(options: RaftOptions) {
    const { id, initial, nowMs } = options;
    assert(Number.isSafeInteger(id) && id >= 1 && id <= limits.nodeIdMax, "node id out of range");
    assert(
      options.electionTimeoutMs > options.heartbeatIntervalMs,
      "election > heartbeat interval",
    );
    assert(options.heartbeatIntervalMs > 0, "the heartbeat interval is positive");
    assertSafe(initial.hardState.term, "term must be a safe integer");
    this.#options = options;
    this.#id = id;
    this.#onEvent = options.onEvent ?? (() => {});
    this.#log = new RaftLog(initial, options.reader);
    this.#durableTerm = this.#submittedTerm = initial.hardState.term;
    this.#vote = this.#submittedVote = initial.hardState.vote;
    // A log may be ahead of the hard state only at birth; else the vote record was lost (trap 42).
    const lastTerm = this.#log.lastTerm;
    const newborn = initial.lastIndex <= 1 && initial.hardState.term <= 1;
    assert(newborn || initial.hardState.term >= lastTerm, "hard state is older than the log");
    this.#term = Math.max(initial.hardState.term, lastTerm);
    this.#configurations = configurationsOf(initial);
    const { snapshot } = initial;
    assert(
      (initial.anchor?.index ?? 0) <= (snapshot?.index ?? 0),
      "what was trimmed is in a snapshot",
    );
    if (snapshot !== undefined) {
      assert(this.#log.holds(snapshot.index, snapshot.term), "a snapshot is of this log");
      this.#commit = this.#applied = snapshot.index;
      this.#forgetConfigurations();
    }
    this.#quorum = this.#takeConfiguration();
    this.#nowMs = nowMs;
    // Whom this node heard before the restart is forgotten, but a lease may count on it. A newborn has
    // never answered a leader: every answer waits until the leader's term, at least 2, is durable.
    this.#stickyUntilMs = newborn ? nowMs : nowMs + options.electionTimeoutMs;
    this.#restartElectionTimer();
  }

  get role(): Role {
    return this.#role;
  }

  get term(): Term {
    return this.#term;
  }

  /** 0: unknown. */
  get leader(): NodeId {
    return this.#leader;
  }

  get lastIndex(): Index {
    return this.#log.last;
  }

  get commit(): Index {
    return this.#commit;
  }

  get flushed(): Index {
    return this.#log.flushed;
  }

  /** The index the log begins behind: a durable snapshot holds what was before. */
  get anchorIndex(): Index {
    return this.#log.anchor;
  }

  /** A leader's snapshot takes the log's place, and is not durable yet: until then `anchorIndex` is ahead of the disk's. */
  get installing(): boolean {
    return this.#log.installing;
  }

  /** Index of the no-op of the own term while leader, else 0. */
  get ownTermStart(): Index {
    return this.#leadership?.ownTermStart ?? 0;
  }

  get configuration(): Configuration {
    return this.#configurations.at(-1)?.configuration ?? emptyConfiguration;
  }

  get configurationIndex(): Index {
    return this.#configurations.at(-1)?.index ?? 0;
  }

  get incarnation(): number {
    return this.#options.incarnation;
  }

  /** By the configuration in force. */
  get isWitness(): boolean {
    return this.#isWitness;
  }

  /**
   * A removed leader: to whom it handed over as it went. Nobody will tell it who leads, and its clients want to
   * know. 0: it knows of nobody.
   */
  get successor(): NodeId {
    return this.isRemoved ? this.#successor : 0;
  }

  /**
   * The configuration in force is committed and does not name this node, as an earlier one did: our incarnation
   * is the index of that. So it is known where that one was trimmed, too.
   */
  get isRemoved(): boolean {
    const index = this.configurationIndex;
    return !this.#isNamed && index >= this.incarnation && index <= this.#commit;
  }

  /** Payload and overhead of entries held in memory, in bytes. */
  get memoryBytes(): number {
    return this.#log.memoryBytes;
  }

  /** Leader: payload bytes appended in this term and not committed. 0 otherwise. */
  get uncommittedBytes(): number {
    return this.#leadership?.uncommittedBytes ?? 0;
  }

  checksumAt(index: Index): number {
    return this.#log.checksumAt(index);
  }

  /** The leader's view, itself first; empty on any other role. */
  progress(): readonly PeerProgress[] {
    if (this.#leadership === null) return [];
    const self: PeerProgress = {
      id: this.#id,
      match: this.#log.flushed,
      next: this.#log.last + 1,
      state: "replicate",
      recentActive: true,
      incarnation: this.incarnation,
    };
    const peers = this.#leadership.peers.map((peer) => ({
      id: peer.id,
      match: peer.match,
      next: peer.next,
      state: peer.state,
      recentActive: peer.heard && this.#nowMs - peer.heardMs < this.#options.electionTimeoutMs,
      incarnation: peer.incarnation,
    }));
    return [self, ...peers];
  }

  /** When `tick` must be called next; Infinity: never. */
  nextDeadlineMs(): number {
    if (this.#leadership !== null) {
      const { intervalDueMs } = this.#leadership;
      const sendMs = this.#leadership.sendDueMs(this.#nowMs);
      const giveUpMs = Math.min(this.#quorumDeadlineMs(), this.#storageDeadlineMs());
      const abortMs = this.#leadership.transfer?.deadlineMs ?? Infinity;
      return Math.min(intervalDueMs, sendMs, abortMs, this.#withGrace(giveUpMs));
    }
    return this.#mayCampaign() ? this.#withGrace(this.#electionDeadlineMs) : Infinity;
  }

  /**
   * Monotone time, without the timers. Called at the start of every turn, before `step`: messages are
   * taken to have arrived now, and what stickiness promises starts there. A stale clock would promise too
   * little.
   *
   * A deadline that is met far too late was missed by this process, not by its peers: it stood still
   * (a long command, a collection of garbage, a busy machine), and what they said meanwhile lies unread
   * (trap 38). It gets a moment to read before it judges them. Only giving up waits: a leader in that
   * moment confirms no read and commits no write without its quorum.
   */
  advanceTime(nowMs: number): void {
    assert(nowMs >= this.#nowMs, "time never goes back");
    const { heartbeatIntervalMs } = this.#options;
    if (nowMs - this.nextDeadlineMs() > heartbeatIntervalMs) {
      this.#graceUntilMs = nowMs + limits.stallGraceIntervals * heartbeatIntervalMs;
    }
    this.#nowMs = nowMs;
  }

  /** At most one election timeout, or for a leader what the host vouches for: by then the peers have chosen another. */
  #withGrace(deadlineMs: number): number {
    const { electionTimeoutMs, stallToleranceMs = 0 } = this.#options;
    const toleratedMs = this.#leadership === null ? 0 : stallToleranceMs;
    const latestMs = deadlineMs + Math.max(electionTimeoutMs, toleratedMs);
    return Math.min(Math.max(deadlineMs, this.#graceUntilMs), latestMs);
  }

  /** Monotone time and the timers. Called in every turn, after `step`: who was heard is not given up. */
  tick(nowMs: number): void {
    this.advanceTime(nowMs);
    if (this.#leadership !== null) {
      if (nowMs >= this.#withGrace(this.#quorumDeadlineMs())) {
        this.#onEvent("stepped down: no quorum heard", { term: this.#term });
        this.#becomeFollower(this.#term, 0);
        return;
      }
      if (nowMs >= this.#withGrace(this.#storageDeadlineMs())) {
        this.#onEvent("stepped down: the own disk stands still", { term: this.#term });
        this.#becomeFollower(this.#term, 0);
        return;
      }
      this.#leadership.tick(nowMs);
      this.#tickTransfer(this.#leadership);
    } else if (this.#mayCampaign() && nowMs >= this.#withGrace(this.#electionDeadlineMs)) {
      this.#campaign();
    }
  }

  /** Input from a peer. Malformed or unexpected: dropped with an event, never thrown. */
  step(message: Message): void {
    const problem = messageProblem(message, this.#id);
    if (problem !== null) {
      this.#onEvent("message refused", { problem });
      return;
    }
    const stranger = this.#incarnationProblem(message);
    if (stranger !== null) {
      this.#onEvent("message of another incarnation", {
        problem: stranger,
        from: message.from,
        incarnation: message.incarnation,
        toIncarnation: message.toIncarnation,
      });
      return;
    }
    switch (message.type) {
      case MessageType.preVote:
      case MessageType.vote:
        this.#onVoteRequest(message);
        break;
      case MessageType.timeoutNow:
        this.#onTimeoutNow(message);
        break;
      case MessageType.append:
        if (this.#followsSender(message)) this.#onAppend(message);
        break;
      case MessageType.heartbeat:
        if (this.#followsSender(message)) this.#onHeartbeat(message);
        break;
      case MessageType.snapshotChunk:
        if (this.#followsSender(message)) this.#onChunk(message);
        break;
      default:
        this.#onResponse(message);
    }
    this.#checkPointers();
  }

  /**
   * A response because of which nothing is committed, confirmed or sent. The host may `step` it without a turn: what it
   * brings counts as heard when time was last told, which is early, not late.
   */
  needsNoTurn(message: Message): boolean {
    const leadership = this.#leadership;
    if (leadership === null || message.term !== this.#term) return false;
    // Who is about to join or to take over is waited for.
    if (leadership.transfer !== null || !this.#isSettled()) return false;
    if (leadership.isContested(message.type)) return false;
    if (message.type === MessageType.appendResponse) {
      return (
        !message.rejected && message.index <= this.#commit && leadership.isSentAll(message.from)
      );
    }
    return (
      message.type === MessageType.heartbeatResponse &&
      message.readRound <= this.#confirmedRound() &&
      leadership.isSentAll(message.from)
    );
  }

  /** Leader only. Appends one batch and returns its index. The payload is never mutated afterwards. */
  propose(payload: Uint8Array): Index {
    assert(this.#leadership !== null, "only a leader proposes");
    assert(!this.transferring, "nothing is proposed while leadership is handed over");
    assert(!this.#isWitness, "a witness executes nothing");
    return this.#appendOwn(EntryKind.batch, payload);
  }

  /**
   * Leader only. Begins a confirmation round; its heartbeats leave with the next Ready. When
   * `Ready.confirmedRound` reaches it, this node was the leader at some moment after this call.
   */
  beginReadRound(): number {
    assert(this.#leadership !== null, "only a leader confirms its leadership");
    return this.#leadership.beginReadRound();
  }

  /**
   * Leader: somebody waits until `followers` voters have what there is up to `index`, of which some may be proposed
   * next. It leaves for all at once where a quorum is not enough.
   */
  hurry(index: Index, followers: number): void {
    const { voters } = this.configuration;
    if (followers > Math.floor(voters.length / 2)) this.#leadership?.hurry(index);
  }

  /**
   * Until when, on our monotonic clock, no other leader can be elected: a read that was executed before a
   * fresh sample of that clock which lies below it needs no round. -Infinity: there is no lease.
   */
  leaseUntilMs(): number {
    return this.#leadership?.leaseUntilMs(this.#commit) ?? -Infinity;
  }

  /** Our clocks jumped: the lease counts from rounds that begin after now (trap 15). */
  voidLease(): void {
    if (this.#leadership === null) return;
    this.#leadership.voidLeaseRounds();
    this.#onEvent("lease voided: a clock jumped", { term: this.#term });
  }

  /**
   * A linearizable read on any node: `Ready.readIndexes` names the returned context and the index that must
   * be applied here first. Asked again by the caller when no answer comes. 0: no leader is known.
   */
  requestReadIndex(): number {
    if (this.#leader === 0) return 0;
    if (this.#readContext === 0) {
      this.#readContext = Math.floor(this.#options.random() * limits.firstReadContextMax);
    }
    this.#readContext += 1;
    const context = this.#readContext;
    if (this.#leadership !== null) {
      this.#waitForRound(this.#leadership, this.#id, this.incarnation, context);
    } else {
      this.#reply({
        type: MessageType.readIndex,
        ...this.#envelope(this.#leader, this.#incarnationOf(this.#leader)),
        context,
      });
    }
    return context;
  }

  // ---- membership --------------------------------------------------------------------------------

  /**
   * Leader: appends the configuration that begins this change, or refuses and changes nothing. The host
   * seals its open batch first: this takes an index (trap 41).
   */
  changeConfiguration(change: ConfigurationChange): ChangeResult {
    if (this.#leadership === null)
      return { refused: "NOT_LEADER", text: "this node does not lead" };
    const plan = planChange(this.#membershipFacts(), change);
    if ("refused" in plan) return plan;
    return { index: this.#appendConfiguration(plan.configuration) };
  }

  /** Leader: it would go on with a change by itself now. Seal, then call `takePendingChange`. */
  get wantsConfiguration(): boolean {
    if (this.#leadership === null || this.#isSettled()) return false;
    return planPending(this.#membershipFacts()) !== null;
  }

  /** Nearly always: nothing joint, nobody to promote. */
  #isSettled(): boolean {
    const { votersOutgoing, learners } = this.configuration;
    return votersOutgoing.length === 0 && !learners.some((learner) => learner.promote);
  }

  /** Leader: leaves the joint configuration, or promotes who has caught up. 0: there was nothing to do. */
  takePendingChange(): Index {
    if (this.#leadership === null) return 0;
    const plan = planPending(this.#membershipFacts());
    if (plan === null) return 0;
    const index = this.#appendConfiguration(plan.configuration);
    const event = plan.kind === "leave" ? "joint configuration left" : "learner promoted";
    this.#onEvent(event, { index });
    return index;
  }

  // ---- transfer ----------------------------------------------------------------------------------

  /**
   * Leader: stops proposals (`transferring`), brings `target` level and tells it to campaign; gives up after
   * one election timeout. 0: whoever lacks least. The host seals its open batch first.
   */
  transferLeadership(target: NodeId): TransferRefusal | null {
    const leadership = this.#leadership;
    if (leadership === null) return "not the leader";
    if (this.transferring) return "another transfer is under way";
    leadership.transferWanted = 0;
    const refusal = target === 0 ? null : this.#targetProblem(target);
    if (refusal !== null) return refusal;
    const chosen = target === 0 ? this.#bestTarget(leadership) : target;
    if (chosen === 0) return "no member can take over now";
    const { electionTimeoutMs } = this.#options;
    const isStalled = this.#nowMs - this.#storageBusySinceMs >= electionTimeoutMs;
    leadership.beginTransfer(new Transfer(chosen, this.#nowMs + electionTimeoutMs, isStalled));
    this.#onEvent("leadership transfer begins", { term: this.#term, target: chosen });
    return null;
  }

  /** Nothing may be proposed: leadership is on its way to another, or ends with the next commit. */
  get transferring(): boolean {
    const leadership = this.#leadership;
    if (leadership === null) return false;
    return leadership.transfer !== null || !this.#isVoter;
  }

  /** Who should lead instead, as a peer asks or the own disk suggests; 0: nobody. Seal, then `transferLeadership`. */
  get transferWanted(): NodeId {
    return this.transferring ? 0 : (this.#leadership?.transferWanted ?? 0);
  }

  /** Follower: asks the leader for its place. False: none is known. */
  requestTransferToSelf(): boolean {
    if (this.#leader === 0 || this.#leadership !== null) return false;
    const envelope = this.#envelope(this.#leader, this.#incarnationOf(this.#leader));
    this.#reply({ type: MessageType.transferRequest, ...envelope });
    return true;
  }

  /** All Persists up to `sequence` are durable. */
  persisted(sequence: number): void {
    assert(sequence <= this.#sequence, "storage reported a Persist it was never given");
    assert(sequence >= this.#persistedSequence, "storage completes Persists in order");
    this.#persistedSequence = sequence;
    this.#storageBusySinceMs = sequence === this.#sequence ? Infinity : this.#nowMs;
    const installed = this.#log.persisted(sequence);
    if (installed !== null) {
      this.#applied = installed.index;
      this.#installed = installed;
    }
    while (this.#hardStatesOut.length > 0 && this.#hardStatesOut[0]!.sequence <= sequence) {
      this.#durableTerm = this.#hardStatesOut.shift()!.term;
    }
    if (this.#role === "candidate" && this.#durableTerm === this.#term) {
      // Its own vote counts like any other: once it is durable.
      this.#countVote(this.#id, this.incarnation, true);
    }
    this.#advanceCommit();
    this.#checkPointers();
  }

  // ---- snapshots ---------------------------------------------------------------------------------

  /**
   * A durable snapshot covers everything up to `index`, which is applied: the log may begin behind it. What a
   * follower is just being sent stays complete (trap 21): returns the index the log begins behind now.
   */
  trimTo(index: Index): Index {
    assert(index <= this.#applied, "only what is applied is trimmed");
    let to = index;
    for (const sent of this.snapshotsSent) to = Math.min(to, sent.index);
    if (to > this.#log.anchor && !this.#log.installing) this.#log.trimTo(to);
    return this.#log.anchor;
  }

  /**
   * What followers that are heard are just being sent. The store keeps these too, however many newer ones are
   * made meanwhile: a transfer that begins anew each time never ends (trap 21).
   */
  get snapshotsSent(): readonly SnapshotDescription[] {
    return this.#leadership?.snapshotsSent(this.#nowMs) ?? [];
  }

  /** The store has made `Ready.verify` durable and compared its digest, or found it wrong. */
  snapshotVerified(snapshot: SnapshotDescription, ok: boolean): void {
    if (!this.#receiver.verified(snapshot)) return;
    const { index, term } = snapshot;
    if (!ok) {
      this.#onEvent("snapshot refused", { index, problem: "it does not match its digest" });
      return;
    }
    if (!this.#holdsSnapshot(snapshot)) {
      assert(this.#leadership === null, "a leader holds everything that is committed");
      this.#onEvent("snapshot installed", { index, term, last: this.#log.last });
      this.#install(snapshot);
    }
    if (this.#leader !== 0 && this.#leadership === null) {
      this.#answerChunk(this.#leader, this.#incarnationOf(this.#leader), index, 0, true);
    }
    this.#checkPointers();
  }

  /** The link to `peer` broke: what was on its way may be lost. */
  unreachable(peer: NodeId): void {
    this.#leadership?.peer(peer)?.unreachable();
  }

  /** `takesCommitted`: as for `ready`. */
  hasReady(takesCommitted = true): boolean {
    const handed = this.#handed;
    return (
      this.#messages.length > 0 ||
      this.#promises.length > 0 ||
      this.#acknowledge >= 0 ||
      (takesCommitted && this.#applied < this.#applicable()) ||
      this.hasPersist ||
      handed.role !== this.#role ||
      handed.term !== this.#term ||
      handed.leader !== this.#leader ||
      this.#readIndexes.length > 0 ||
      this.#chunks.length > 0 ||
      this.#installed !== null ||
      (this.#leadership !== null &&
        (this.#leadership.hasMessages(this.#commit, this.#nowMs) ||
          this.#leadership.forwarded.hasConfirmed(this.#confirmedRound()) ||
          handed.confirmedRound !== this.#confirmedRound()))
    );
  }

  /**
   * Each obligation is handed out once, in the order that is written on `Ready`. `takesCommitted` false: what is to be
   * applied stays for a later one.
   */
  ready(takesCommitted = true): Ready {
    this.#answerForwardedReads();
    this.#leadership?.collectMessages(this.#messages, this.#commit, this.#nowMs);
    this.#queueAcknowledgement();
    const messages = this.#messages;
    const promises = this.#promises;
    if (messages.length > 0) this.#messages = [];
    if (promises.length > 0) this.#promises = [];
    const persist = this.#takePersist();
    const committed = takesCommitted ? this.#takeCommitted() : NOTHING_COMMITTED;
    const confirmedRound = this.#confirmedRound();
    const { chunks, verify, installed } = this.#takeSnapshotWork();
    const readIndexes = this.#readIndexes;
    if (readIndexes.length > 0) this.#readIndexes = [];
    this.#handed = { role: this.#role, term: this.#term, leader: this.#leader, confirmedRound };
    this.#log.compact(
      this.#applied,
      this.#leadership?.matchedByReplicating() ?? Infinity,
      limits.recentEntriesBytesMax,
      limits.pinnedEntriesBytesMax,
    );
    this.#checkPointers();
    return {
      role: this.#role,
      term: this.#term,
      leader: this.#leader,
      messages,
      persist,
      promises,
      committed,
      commit: this.#commit,
      confirmedRound,
      chunks,
      verify,
      installed,
      readIndexes,
    };
  }

  // ---- obligations -------------------------------------------------------------------------------

  /** The next Ready has something to be made durable. */
  get hasPersist(): boolean {
    return (
      this.#log.hasChange() ||
      this.#submittedTerm !== this.#term ||
      this.#submittedVote !== this.#vote
    );
  }

  #takePersist(): Persist | null {
    if (!this.hasPersist) return null;
    if (this.#persistedSequence === this.#sequence) this.#storageBusySinceMs = this.#nowMs;
    this.#sequence += 1;
    const sequence = this.#sequence;
    let hardState = null;
    if (this.#submittedTerm !== this.#term || this.#submittedVote !== this.#vote) {
      hardState = { term: this.#term, vote: this.#vote };
      this.#submittedTerm = this.#term;
      this.#submittedVote = this.#vote;
      this.#hardStatesOut.push({ sequence, term: this.#term });
    }
    return { sequence, hardState, ...this.#log.submit(sequence) };
  }

  #takeSnapshotWork(): Pick<Ready, "chunks" | "verify" | "installed"> {
    const chunks = this.#chunks;
    const verify = this.#verify;
    const installed = this.#installed;
    if (chunks.length > 0) this.#chunks = [];
    this.#verify = null;
    this.#installed = null;
    return { chunks, verify, installed };
  }

  #takeCommitted(): readonly Entry[] {
    const last = this.#applicable();
    if (this.#applied === last) return [];
    const pageBytes = this.#options.committedPageBytes ?? limits.committedPageBytes;
    const entries = this.#log.slice(this.#applied + 1, last, pageBytes);
    this.#applied += entries.length;
    return entries;
  }

  /**
   * What others hold durably may be committed before it is durable here; it is applied only then:
   *   1. A follower with a slow disk applies 7, which the two others have synced, and shows it.
   *   2. It loses power before its own sync of 7: its log ends at 6.
   *   3. It applies 6, all it knows of, and shows less than it had shown.
   * Under an install that is not durable, what could be applied next is gone from the log, and its state is
   * not there yet (trap 22).
   */
  #applicable(): Index {
    if (this.#log.installing) return this.#applied;
    return Math.min(this.#commit, this.#log.flushed);
  }

  /** One acknowledgement for all appends since the last Ready: the highest says it all. */
  #queueAcknowledgement(): void {
    if (this.#acknowledge < 0) return;
    const to = this.#acknowledgeTo;
    const incarnation = this.#acknowledgeToIncarnation;
    this.#promises.push(this.#appendResponse(to, incarnation, this.#acknowledge, false, 0, 0));
    this.#acknowledge = -1;
  }

  /** A follower's word that promises nothing but names our term: it waits only while that is not durable (trap 03). */
  #reply(message: Message): void {
    (this.#durableTerm === this.#term ? this.#messages : this.#promises).push(message);
  }

  #confirmedRound(): number {
    return this.#leadership?.confirmedRound(this.#commit) ?? 0;
  }

  // ---- roles and terms ---------------------------------------------------------------------------

  #becomeFollower(term: Term, leader: NodeId): void {
    if (term !== this.#term) this.#enterTerm(term, 0);
    this.#role = "follower";
    this.#leader = leader;
    this.#leadership = null;
    this.#votes.clear();
    this.#restartElectionTimer();
  }

  #enterTerm(term: Term, vote: NodeId): void {
    assert(term > this.#term, "terms only rise");
    assertSafe(term, "term overflow");
    this.#term = term;
    this.#vote = vote;
    // What was said in the earlier term and has not left is of no use to anyone any more, and an
    // acknowledgement among it might speak of entries that are cut before they are ever persisted.
    this.#messages = [];
    this.#promises = [];
    this.#acknowledge = -1;
  }

  #restartElectionTimer(): void {
    const timeoutMs = this.#options.electionTimeoutMs;
    this.#drawnTimeoutMs = timeoutMs + this.#options.random() * timeoutMs;
    if (this.#isWitness) this.#drawnTimeoutMs += limits.witnessPatienceElectionTimeouts * timeoutMs;
    this.#electionDeadlineMs = this.#nowMs + this.#drawnTimeoutMs;
  }

  #mayCampaign(): boolean {
    return this.#role !== "leader" && (this.#isVoter || this.#isNeeded());
  }

  /**
   * A configuration without us is ours to see through until it is known to be committed (thesis, 4.2.2):
   *   1. Leader 2 of {2, 3} removes itself: the joint entry commits, the one that leaves it reaches nobody.
   *   2. It restarts. Node 3 is still joint and needs its vote, which it refuses: its own log is longer.
   *   3. Did it not campaign, nobody ever would.
   */
  #isNeeded(): boolean {
    const [before, latest] = this.#configurations.slice(-2);
    if (before === undefined || latest === undefined || latest.index <= this.#commit) return false;
    return isVoterIn(before.configuration, this.#id, this.incarnation);
  }

  /** PreVote: asks whether an election could be won, before it costs everybody a term (trap 09). */
  #campaign(): void {
    assert(
      this.#nowMs >= this.#stickyUntilMs,
      "nobody campaigns against a leader it may have heard",
    );
    this.#role = "preCandidate";
    this.#leader = 0;
    this.#votes.clear();
    this.#restartElectionTimer();
    this.#onEvent("asking for pre-votes", { term: this.#term + 1, lastIndex: this.#log.last });
    this.#requestVotes(MessageType.preVote, this.#term + 1, false, this.#messages);
    this.#countVote(this.#id, this.incarnation, true);
  }

  /** `byLeave`: the leader of this term told us to. */
  #becomeCandidate(byLeave: boolean): void {
    this.#enterTerm(this.#term + 1, this.#id);
    this.#role = "candidate";
    this.#votes.clear();
    this.#restartElectionTimer();
    this.#onEvent("asking for votes", { term: this.#term, lastIndex: this.#log.last });
    // They carry a new term and imply our own vote: after both are durable, which is also when that
    // vote counts (see `persisted`).
    this.#requestVotes(MessageType.vote, this.#term, byLeave, this.#promises);
  }

  #requestVotes(type: VoteRequest["type"], term: Term, transfer: boolean, out: Message[]): void {
    const lastIndex = this.#log.last;
    const lastTerm = this.#log.lastTerm;
    for (const to of this.#quorum.voterIds) {
      if (to === this.#id) continue;
      const envelope = { ...this.#envelope(to, this.#incarnationOf(to)), term };
      out.push({ type, ...envelope, lastIndex, lastTerm, transfer });
    }
  }

  #countVote(from: NodeId, incarnation: number, granted: boolean): void {
    this.#votes.set(from, { incarnation, granted });
    const result = this.#quorum.tally(this.#votes);
    if (result === "lost") this.#becomeFollower(this.#term, 0);
    if (result !== "won") return;
    if (this.#role === "preCandidate") this.#becomeCandidate(false);
    else this.#becomeLeader();
  }

  #becomeLeader(): void {
    assert(this.#role === "candidate", "only a candidate becomes leader");
    assert(!this.#log.installing, "who lacks what a snapshot brings is not elected");
    assert(this.#durableTerm === this.#term, "a leader's own vote is durable");
    this.#role = "leader";
    this.#leader = this.#id;
    this.#votes.clear();
    const options = this.#options;
    this.#leadership = new Leadership({
      id: this.#id,
      incarnation: this.incarnation,
      term: this.#term,
      log: this.#log,
      configuration: this.configuration,
      quorum: this.#quorum,
      nowMs: this.#nowMs,
      electionTimeoutMs: options.electionTimeoutMs,
      heartbeatIntervalMs: options.heartbeatIntervalMs,
      clockDriftPercentMax: options.clockDriftPercentMax ?? limits.clockDriftPercentMaxDefault,
      appendBytesMax: options.maxAppendBytes ?? limits.appendBytesMax,
      inflightAppendsMax: options.maxInflightAppends ?? limits.inflightAppendsMax,
      inflightBytesMax: options.maxInflightBytes ?? limits.inflightBytesMax,
      snapshots: options.snapshots ?? null,
      snapshotChunkBytes: options.snapshotChunkBytes ?? limits.snapshotChunkBytes,
      commitDelayMs: options.commitDelayMs ?? 0,
      reserves: options.reserves ?? null,
      onEvent: this.#onEvent,
    });
    // Commits what earlier terms left behind (traps 04, 05).
    const noop = this.#appendOwn(EntryKind.noop, new Uint8Array(0));
    assert(noop === this.#leadership.ownTermStart, "the no-op opens the term");
    this.#onEvent("became leader", { term: this.#term, ownTermStart: noop });
    if (this.#isWitness) this.#onEvent("witness leads", { term: this.#term });
  }

  #appendOwn(kind: EntryKind, payload: Uint8Array): Index {
    const index = this.#log.last + 1;
    const checksum = entryChecksum(
      index,
      this.#term,
      kind,
      this.#log.checksumAt(index - 1),
      payload,
    );
    this.#log.append({ index, term: this.#term, kind, checksum, payload });
    this.#leadership!.uncommittedBytes += payload.length;
    return index;
  }

  #storageDeadlineMs(): number {
    const stallMs = limits.storageStallElectionTimeouts * this.#options.electionTimeoutMs;
    return this.#storageBusySinceMs + stallMs;
  }

  #quorumDeadlineMs(): number {
    return this.#leadership!.quorumHeardMs() + this.#options.electionTimeoutMs;
  }

  // ---- votes -------------------------------------------------------------------------------------

  /**
   * Whether a lease may count on this node not to vote. It must outlive what the node knows about terms:
   *   1. Leader of term 5 sends a round; we answer; its lease runs.
   *   2. A late refusal of a pre-vote arrives and carries term 6: we are in term 6, leader unknown.
   *   3. A request for a vote in term 6 arrives. Were stickiness bound to the known leader, we would
   *      grant it, and a leader of term 6 could acknowledge writes while the lease of term 5 runs.
   * A leader is its own quorum member: it stops serving when it steps down, so it needs no such time.
   */
  #refusesVotes(): boolean {
    return this.#role === "leader" || this.#nowMs < this.#stickyUntilMs;
  }

  /** The leader of this term gave up its lease before it said so: nobody counts on us any more. */
  #onTimeoutNow({ from, term }: TimeoutNow): void {
    if (term !== this.#term || from !== this.#leader || !this.#mayCampaign()) return;
    this.#onEvent("campaigns by leave of the leader", { term, leader: from });
    this.#leader = 0;
    this.#becomeCandidate(true);
  }

  #onVoteRequest(message: VoteRequest): void {
    const { from, term } = message;
    const real = message.type === MessageType.vote;
    if (term < this.#term) {
      this.#answerVote(message, false);
      return;
    }
    const repeated = real && term === this.#term && this.#vote === from;
    // Sent by leave of the leader we may hear: it has no lease in its term, nor has any earlier one.
    const byLeave = real && message.transfer;
    if (this.#refusesVotes() && !repeated && !byLeave) {
      // Silent, and the higher term is not taken over: the leader we hear stays undisturbed.
      this.#onEvent("vote refused: a leader is heard", { from, term });
      return;
    }
    if (real && term > this.#term) this.#becomeFollower(term, 0);
    const free = real ? repeated || (this.#vote === 0 && this.#leader === 0) : term > this.#term;
    const granted = free && this.#isUpToDate(message);
    if (granted && real) {
      this.#vote = from;
      this.#restartElectionTimer();
    }
    this.#answerVote(message, granted);
  }

  /** Term first, then index (Raft 5.4.1, trap 08). */
  #isUpToDate({ lastIndex, lastTerm }: VoteRequest): boolean {
    const ownTerm = this.#log.lastTerm;
    return lastTerm > ownTerm || (lastTerm === ownTerm && lastIndex >= this.#log.last);
  }

  #answerVote(request: VoteRequest, granted: boolean): void {
    const real = request.type === MessageType.vote;
    const type = real ? MessageType.voteResponse : MessageType.preVoteResponse;
    // A granted pre-vote names the term it is for; a refusal tells the asker ours.
    const term = granted ? request.term : this.#term;
    const envelope = { ...this.#envelope(request.from, request.incarnation), term };
    const response: VoteResponse = { type, ...envelope, granted };
    if (real) this.#promises.push(response);
    else this.#reply(response);
  }

  #onResponse(
    message:
      | VoteResponse
      | AppendResponse
      | HeartbeatResponse
      | ReadIndexRequest
      | ReadIndexResponse
      | TransferRequest
      | SnapshotResponse,
  ): void {
    const { from, term, incarnation } = message;
    if (memberOf(this.configuration, from)?.incarnation !== incarnation) {
      // One that was just removed may still be told so: that moves its progress, and nothing else.
      const leaving = this.#leadership?.peer(from)?.incarnation === incarnation;
      if (leaving && term === this.#term) {
        if (message.type === MessageType.appendResponse) {
          this.#leadership?.onAppendResponse(message, this.#nowMs);
        } else if (message.type === MessageType.snapshotResponse) {
          this.#leadership?.onSnapshotResponse(message, this.#nowMs);
        }
        return;
      }
      this.#onEvent("message refused", { problem: "not a member", from });
      return;
    }
    if (message.type === MessageType.preVoteResponse && message.granted) {
      // Names a term nobody has entered yet.
      if (this.#role === "preCandidate" && term === this.#term + 1) {
        this.#countVote(from, incarnation, true);
      }
      return;
    }
    if (term > this.#term) {
      this.#onEvent("a higher term was seen", { from, term, role: this.#role });
      this.#becomeFollower(term, 0);
      return;
    }
    if (term < this.#term) return;
    let problem: string | null = null;
    switch (message.type) {
      case MessageType.preVoteResponse:
        if (this.#role === "preCandidate") this.#countVote(from, incarnation, false);
        break;
      case MessageType.voteResponse:
        if (this.#role === "candidate") this.#countVote(from, incarnation, message.granted);
        break;
      case MessageType.readIndex:
        if (this.#leadership !== null) {
          this.#waitForRound(this.#leadership, from, incarnation, message.context);
        }
        break;
      case MessageType.readIndexResponse:
        if (from === this.#leader)
          this.#readIndexes.push({ context: message.context, index: message.index });
        break;
      case MessageType.transferRequest:
        if (this.#leadership !== null) problem = this.#wantTransfer(this.#leadership, from);
        break;
      case MessageType.appendResponse:
        problem = this.#leadership?.onAppendResponse(message, this.#nowMs) ?? null;
        this.#advanceCommit();
        break;
      case MessageType.heartbeatResponse:
        problem = this.#leadership?.onHeartbeatResponse(message, this.#nowMs) ?? null;
        break;
      case MessageType.snapshotResponse:
        problem = this.#leadership?.onSnapshotResponse(message, this.#nowMs) ?? null;
        this.#advanceCommit();
    }
    if (problem !== null) this.#onEvent("message refused", { problem, from });
  }

  // ---- following ---------------------------------------------------------------------------------

  /**
   * Whether the sender is the leader of our term, or of a newer one that we enter. A leader that is
   * behind is told our term: it would otherwise go on being refused for ever, since with PreVote we may
   * never campaign ourselves.
   */
  #followsSender(message: AppendRequest | HeartbeatRequest | SnapshotChunk): boolean {
    const { from, term, incarnation } = message;
    if (term < this.#term) {
      if (message.type === MessageType.append) {
        this.#reply(this.#appendResponse(from, incarnation, message.prevIndex, true, 0, 0));
      } else if (message.type === MessageType.heartbeat) {
        this.#replyHeartbeat(from, incarnation, 0);
      } else {
        this.#answerChunk(from, incarnation, message.snapshot.index, 0, false);
      }
      return false;
    }
    if (term > this.#term || this.#leader === 0) {
      assert(term > this.#term || this.#role !== "leader", "two leaders in one term");
      this.#becomeFollower(term, from);
      this.#onEvent("follows a leader", { term, leader: from });
    }
    assert(this.#role === "follower" && this.#leader === from, "two leaders in one term");
    this.#stickyUntilMs = this.#nowMs + this.#options.electionTimeoutMs;
    this.#electionDeadlineMs = this.#nowMs + this.#drawnTimeoutMs;
    return true;
  }

  #onAppend(message: AppendRequest): void {
    const { from, incarnation, prevIndex, entries } = message;
    const verdict = judgeAppend(this.#log, this.#commit, this.configuration.clusterId, message);
    if (verdict.kind === "refused") {
      this.#onEvent("append refused", { problem: verdict.problem, from, prevIndex });
      return;
    }
    if (verdict.kind === "mismatch") {
      const { hintIndex, hintTerm } = verdict;
      this.#reply(this.#appendResponse(from, incarnation, prevIndex, true, hintIndex, hintTerm));
      return;
    }
    if (verdict.truncateFrom !== 0) {
      this.#onEvent("log cut", { from: verdict.truncateFrom, last: this.#log.last });
      this.#truncate(verdict.truncateFrom);
    }
    for (let at = verdict.skip; at < entries.length; at += 1) this.#log.append(entries[at]!);
    for (const appended of verdict.configurations) {
      this.#configurations.push(appended);
    }
    if (verdict.configurations.length > 0) this.#quorum = this.#takeConfiguration();
    // Up to the anchor everything is committed, and there.
    const matched = Math.max(prevIndex + entries.length, this.#log.anchor);
    this.#commitTo(Math.min(message.commit, matched));
    // Leaves as a promise: durable by then, because the Persist of the same Ready holds it.
    this.#acknowledge = Math.max(this.#acknowledge, matched);
    this.#acknowledgeTo = from;
    this.#acknowledgeToIncarnation = incarnation;
  }

  #onHeartbeat(message: HeartbeatRequest): void {
    // The leader tells only what this node has acknowledged as durable in this term.
    if (message.commit > this.#log.last) {
      throw new LogRolledBackError("an acknowledged entry is gone from the log");
    }
    this.#commitTo(message.commit);
    this.#replyHeartbeat(message.from, message.incarnation, message.readRound);
  }

  #onChunk(message: SnapshotChunk): void {
    const { from, incarnation, snapshot } = message;
    const { clusterId } = this.configuration;
    if (this.#options.snapshots === undefined) {
      this.#onEvent("snapshot refused", { index: snapshot.index, problem: "no store for it" });
      return;
    }
    if (clusterId !== "" && snapshot.configuration.configuration.clusterId !== clusterId) {
      this.#onEvent("snapshot refused", { index: snapshot.index, problem: "of another cluster" });
      return;
    }
    if (this.#holdsSnapshot(snapshot)) {
      this.#answerChunk(from, incarnation, snapshot.index, snapshot.bytes, true);
      return;
    }
    const { accepted, complete, offset } = this.#receiver.offer(message);
    if (accepted !== null) this.#chunks.push(accepted);
    if (complete !== null) this.#verify = complete;
    if (offset >= 0) this.#answerChunk(from, incarnation, snapshot.index, offset, false);
  }

  /** Whether the log holds what the snapshot ends with; then that is committed. */
  #holdsSnapshot({ index, term }: SnapshotDescription): boolean {
    if (index <= this.#commit) return true;
    if (!this.#log.holds(index, term)) return false;
    this.#commitTo(index);
    return true;
  }

  /** Membership lives in the snapshot (trap 23): what the log said of it is gone with the log. */
  #install(snapshot: SnapshotDescription): void {
    const wasRemoved = this.isRemoved;
    this.#log.install(snapshot, this.#commit);
    this.#commit = snapshot.index;
    this.#acknowledge = -1;
    this.#configurations = [snapshot.configuration];
    this.#quorum = this.#takeConfiguration();
    this.#onEvent("configuration from a snapshot", { index: this.configurationIndex });
    if (this.isRemoved && !wasRemoved) this.#leave();
  }

  /** `installed` says that everything up to `index` is durable here: a promise. */
  #answerChunk(
    to: NodeId,
    toIncarnation: number,
    index: Index,
    offset: number,
    installed: boolean,
  ): void {
    const type = MessageType.snapshotResponse;
    const response: SnapshotResponse = {
      type,
      ...this.#envelope(to, toIncarnation),
      index,
      offset,
      installed,
    };
    if (installed) this.#promises.push(response);
    else this.#reply(response);
  }

  #truncate(index: Index): void {
    assert(index > this.#commit, "nothing committed is ever cut");
    this.#log.truncateFrom(index);
    // The configuration before the one that is cut is back in force (trap 02).
    const kept = this.#configurations.filter((appended) => appended.index < index);
    if (kept.length === this.#configurations.length) return;
    this.#configurations = kept;
    this.#quorum = this.#takeConfiguration();
    this.#onEvent("configuration back in force", { index: this.configurationIndex });
  }

  #appendResponse(
    to: NodeId,
    toIncarnation: number,
    index: Index,
    rejected: boolean,
    hintIndex: Index,
    hintTerm: Term,
  ): AppendResponse {
    const type = MessageType.appendResponse;
    return {
      type,
      from: this.#id,
      to,
      term: this.#term,
      incarnation: this.#options.incarnation,
      toIncarnation,
      index,
      rejected,
      hintIndex,
      hintTerm,
    };
  }

  #replyHeartbeat(to: NodeId, toIncarnation: number, readRound: number): void {
    const type = MessageType.heartbeatResponse;
    this.#reply({ type, ...this.#envelope(to, toIncarnation), readRound });
  }

  #envelope(to: NodeId, toIncarnation: number) {
    const { id: from, incarnation } = this.#options;
    return { from, to, term: this.#term, incarnation, toIncarnation };
  }

  // ---- commit ------------------------------------------------------------------------------------

  #advanceCommit(): void {
    if (this.#leadership !== null) this.#commitTo(this.#leadership.committable());
  }

  #commitTo(index: Index): void {
    if (index <= this.#commit) return;
    assert(index <= this.#log.last, "only what is in the log is committed");
    const wasRemoved = this.isRemoved;
    this.#leadership?.committed(this.#commit, index);
    this.#commit = index;
    this.#forgetConfigurations();
    if (this.isRemoved && !wasRemoved) this.#leave();
  }

  /** At most one configuration is uncommitted; behind a committed one the earlier are history. */
  #forgetConfigurations(): void {
    while (this.#configurations.length > 1 && this.#configurations[1]!.index <= this.#commit) {
      this.#configurations.shift();
    }
  }

  // ---- membership --------------------------------------------------------------------------------

  /** 0: not in our configuration, which may be older than theirs. */
  #incarnationOf(id: NodeId): number {
    return memberOf(this.configuration, id)?.incarnation ?? 0;
  }

  /** The configuration in force is another one. Returns its quorum. */
  #takeConfiguration(): Quorum {
    const { configuration } = this;
    const self = memberOf(configuration, this.#id);
    this.#isNamed = self?.incarnation === this.incarnation;
    this.#isWitness = this.#isNamed && self?.witness === true;
    this.#isVoter = isVoterIn(configuration, this.#id, this.incarnation);
    return new Quorum(configuration);
  }

  /**
   * What a replaced incarnation says may be older than its own end; what is meant for another incarnation of
   * this id may build on what that one had acknowledged. A sender our configuration does not know, or knows
   * as an older incarnation, may be named by a newer configuration.
   */
  #incarnationProblem({ from, incarnation, toIncarnation }: Message): string | null {
    if (toIncarnation !== 0 && toIncarnation !== this.incarnation) return "meant for another";
    const known = this.#incarnationOf(from);
    return incarnation < known ? "from one that was replaced" : null;
  }

  #appendConfiguration(configuration: Configuration): Index {
    const leadership = this.#leadership!;
    const index = this.#appendOwn(EntryKind.configuration, encodeConfiguration(configuration));
    this.#configurations.push({ index, configuration });
    this.#quorum = this.#takeConfiguration();
    leadership.configure(configuration, this.#quorum, this.#nowMs);
    const ids = allMembers(configuration).map(({ id }) => id);
    const joint = configuration.votersOutgoing.length > 0;
    this.#onEvent("configuration appended", { index, members: ids, joint });
    return index;
  }

  #membershipFacts(): MembershipFacts {
    const leadership = this.#leadership!;
    return {
      configuration: this.configuration,
      configurationIndex: this.configurationIndex,
      commit: this.#commit,
      ownTermStart: leadership.ownTermStart,
      nextIndex: this.#log.last + 1,
      transferring: this.transferring,
      health: (id, incarnation) => {
        if (id === this.#id && incarnation === this.incarnation)
          return { active: true, lagEntries: 0 };
        const peer = leadership.peer(id);
        if (peer?.incarnation !== incarnation) return { active: false, lagEntries: this.#log.last };
        const active = peer.heard && this.#nowMs - peer.heardMs < this.#options.electionTimeoutMs;
        // What it lacks was trimmed: how long a snapshot takes, no count of entries tells (trap 12).
        const lacksTrimmed = peer.match < this.#log.anchor;
        return { active, lagEntries: lacksTrimmed ? Infinity : this.#log.last - peer.match };
      },
    };
  }

  /**
   * A committed configuration does not name us: nothing is ours to do any more (trap 11). A leader hands
   * over as it goes: everything up to that configuration is committed, and nothing was proposed behind it.
   */
  #leave(): void {
    if (this.#leadership === null) {
      this.#onEvent("removed from the cluster", { index: this.configurationIndex });
      return;
    }
    const target = this.#bestTarget(this.#leadership);
    this.#successor = target;
    this.#onEvent("stepped down: removed", { term: this.#term, target });
    this.#leadership.tellCommitNow();
    this.#leadership.collectMessages(this.#messages, this.#commit, this.#nowMs);
    if (target !== 0) {
      const type = MessageType.timeoutNow;
      this.#messages.push({ type, ...this.#envelope(target, this.#incarnationOf(target)) });
    }
    this.#becomeFollower(this.#term, 0);
  }

  // ---- transfer ----------------------------------------------------------------------------------

  #targetProblem(target: NodeId): TransferRefusal | null {
    const member = memberOf(this.configuration, target);
    if (target === this.#id) return "the target is this node";
    if (member === null || !this.#mayTakeOver(target, member.incarnation)) {
      return member?.witness ? "the target is a witness" : "the target is not a voter";
    }
    const peer = this.#leadership!.peer(target);
    const silent = !peer?.heard || this.#nowMs - peer.heardMs >= this.#options.electionTimeoutMs;
    return silent ? "the target is not heard" : null;
  }

  /** A data node that will vote when the change under way is done. */
  #mayTakeOver(id: NodeId, incarnation: number): boolean {
    return this.configuration.voters.some(
      (voter) => voter.id === id && voter.incarnation === incarnation && voter.witness !== true,
    );
  }

  #bestTarget(leadership: Leadership): NodeId {
    return leadership.bestTarget(
      (id, incarnation) => this.#mayTakeOver(id, incarnation),
      this.#nowMs - this.#options.electionTimeoutMs,
    );
  }

  #wantTransfer(leadership: Leadership, target: NodeId): string | null {
    const problem = this.#targetProblem(target);
    if (problem === null) leadership.transferWanted = target;
    return problem;
  }

  #tickTransfer(leadership: Leadership): void {
    const { transfer } = leadership;
    if (transfer !== null) {
      if (this.#nowMs < transfer.deadlineMs) return;
      leadership.transfer = null;
      this.#onEvent("leadership transfer aborted", { term: this.#term, target: transfer.target });
      return;
    }
    if (this.#isWitness) {
      // Elected only to bring a data node level and hand over (trap 48).
      const target = this.#bestTarget(leadership);
      if (target !== 0) this.transferLeadership(target);
    } else if (this.#nowMs - this.#storageBusySinceMs >= this.#options.electionTimeoutMs) {
      // Our disk stands still, and somebody else's does not: it holds everything (trap 39).
      const target = this.#bestTarget(leadership);
      const level = leadership.peer(target)?.match === this.#log.last;
      if (level) leadership.transferWanted = target;
    }
  }

  // ---- reads -------------------------------------------------------------------------------------

  #waitForRound(leadership: Leadership, from: NodeId, incarnation: number, context: number): void {
    // Until the no-op is committed, what earlier leaders committed may be unknown here (trap 05).
    const index = Math.max(this.#commit, leadership.ownTermStart);
    const round = leadership.openRound();
    // It answers when it has applied that.
    if (from !== this.#id) leadership.hurryToTell(index);
    leadership.forwarded.add({ from, incarnation, context, round, index });
  }

  #answerForwardedReads(): void {
    const leadership = this.#leadership;
    if (leadership === null) return;
    const confirmed = this.#confirmedRound();
    if (!leadership.forwarded.hasConfirmed(confirmed)) return;
    for (const { from, incarnation, context, index } of leadership.forwarded.takeConfirmed(
      confirmed,
    )) {
      if (from === this.#id) {
        this.#readIndexes.push({ context, index });
        continue;
      }
      const type = MessageType.readIndexResponse;
      this.#messages.push({ type, ...this.#envelope(from, incarnation), context, index });
    }
  }

  #checkPointers(): void {
    const { last, flushed, submitted } = this.#log;
    assert(this.#applied <= this.#commit && this.#commit <= last, "applied <= commit <= last");
    assert(this.#applied <= flushed || this.#log.installing, "applied <= flushed");
    assert(flushed <= submitted && submitted <= last, "flushed <= submitted <= last");
    assert((this.#role === "leader") === (this.#leadership !== null), "a leader has a leadership");
  }
}

/** What the log says of membership, and behind what was trimmed of it the snapshot. */
function configurationsOf({ snapshot, configurations }: InitialState): IndexedConfiguration[] {
  const all = [...configurations];
  const kept = snapshot?.configuration;
  if (kept !== undefined && !all.some(({ index }) => index === kept.index)) all.push(kept);
  return all.sort((a, b) => a.index - b.index).slice(-2);
}
