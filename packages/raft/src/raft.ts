/**
 * The consensus core: Raft (Ongaro, 2014) with PreVote, CheckQuorum, leader stickiness, read rounds
 * (section 6.4) and storage that completes later. Sans-IO: inputs are calls, outputs are `Ready`s; time
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
 * Parts with a state of their own live beside it: RaftLog, Leadership, Progress, Quorum.
 */
import { assert, assertSafe } from "./assert.js";
import { entryChecksum } from "./checksum.js";
import { emptyConfiguration } from "./configuration.js";
import * as limits from "./constants.js";
import { type AppendedConfiguration, judgeAppend } from "./follower-append.js";
import { Leadership } from "./leadership.js";
import { messageProblem } from "./message-check.js";
import type { ProgressState } from "./progress.js";
import { Quorum } from "./quorum.js";
import { RaftLog } from "./raft-log.js";
import {
  type AppendRequest,
  type AppendResponse,
  type Configuration,
  type Entry,
  EntryKind,
  type HeartbeatRequest,
  type HeartbeatResponse,
  type Index,
  type InitialState,
  type LogReader,
  type Message,
  MessageType,
  type NodeId,
  type Persist,
  type Ready,
  type Role,
  type Term,
  type VoteRequest,
  type VoteResponse,
} from "./types.js";

export interface RaftOptions {
  readonly id: NodeId;
  readonly initial: InitialState;
  readonly reader: LogReader;
  /** The minimum; each wait is drawn from [this, twice this). The same on every node. */
  readonly electionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly nowMs: number;
  /** Payload bytes of one append; at least one entry travels whatever its size. */
  readonly maxAppendBytes?: number;
  /** Per peer. */
  readonly maxInflightAppends?: number;
  readonly maxInflightBytes?: number;
  /** Payload bytes of `committed` per Ready; at least one entry. */
  readonly committedPageBytes?: number;
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
}

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
  readonly #votes = new Map<NodeId, boolean>();

  /** Ascending by index; the last is in force, from the moment it is appended (trap 02). */
  #configurations: AppendedConfiguration[];
  #quorum: Quorum;

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

  #messages: Message[] = [];
  #promises: Message[] = [];
  /** Highest index to acknowledge with the next Ready, and to which leader; -1: none. */
  #acknowledge: Index = -1;
  #acknowledgeTo: NodeId = 0;
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
    this.#configurations = [...initial.configurations];
    this.#quorum = new Quorum(this.configuration);
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

  /** Index of the no-op of the own term while leader, else 0. */
  get ownTermStart(): Index {
    return this.#leadership?.ownTermStart ?? 0;
  }

  get configuration(): Configuration {
    return this.#configurations.at(-1)?.configuration ?? emptyConfiguration;
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
    };
    const peers = this.#leadership.peers.map(({ id, match, next, state, heardMs }) => ({
      id,
      match,
      next,
      state,
      recentActive: this.#nowMs - heardMs < this.#options.electionTimeoutMs,
    }));
    return [self, ...peers];
  }

  /** When `tick` must be called next; Infinity: never. */
  nextDeadlineMs(): number {
    if (this.#leadership !== null) {
      const { intervalDueMs } = this.#leadership;
      const giveUpMs = Math.min(this.#quorumDeadlineMs(), this.#storageDeadlineMs());
      return Math.min(intervalDueMs, this.#withGrace(giveUpMs));
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

  /** At most one election timeout: by then the peers have chosen another. */
  #withGrace(deadlineMs: number): number {
    const latestMs = deadlineMs + this.#options.electionTimeoutMs;
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
    switch (message.type) {
      case MessageType.preVote:
      case MessageType.vote:
        this.#onVoteRequest(message);
        break;
      case MessageType.append:
        if (this.#followsSender(message)) this.#onAppend(message);
        break;
      case MessageType.heartbeat:
        if (this.#followsSender(message)) this.#onHeartbeat(message);
        break;
      default:
        this.#onResponse(message);
    }
    this.#checkPointers();
  }

  /** Leader only. Appends one batch and returns its index. The payload is never mutated afterwards. */
  propose(payload: Uint8Array): Index {
    assert(this.#leadership !== null, "only a leader proposes");
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

  /** All Persists up to `sequence` are durable. */
  persisted(sequence: number): void {
    assert(sequence <= this.#sequence, "storage reported a Persist it was never given");
    assert(sequence >= this.#persistedSequence, "storage completes Persists in order");
    this.#persistedSequence = sequence;
    this.#storageBusySinceMs = sequence === this.#sequence ? Infinity : this.#nowMs;
    this.#log.persisted(sequence);
    while (this.#hardStatesOut.length > 0 && this.#hardStatesOut[0]!.sequence <= sequence) {
      this.#durableTerm = this.#hardStatesOut.shift()!.term;
    }
    if (this.#role === "candidate" && this.#durableTerm === this.#term) {
      // Its own vote counts like any other: once it is durable.
      this.#countVote(this.#id, true);
    }
    this.#advanceCommit();
    this.#checkPointers();
  }

  /** The link to `peer` broke: what was on its way may be lost. */
  unreachable(peer: NodeId): void {
    this.#leadership?.peer(peer)?.unreachable();
  }

  hasReady(): boolean {
    const handed = this.#handed;
    return (
      this.#messages.length > 0 ||
      this.#promises.length > 0 ||
      this.#acknowledge >= 0 ||
      this.#applied < this.#applicable() ||
      this.#hasPersist() ||
      handed.role !== this.#role ||
      handed.term !== this.#term ||
      handed.leader !== this.#leader ||
      (this.#leadership !== null &&
        (this.#leadership.hasMessages(this.#commit) ||
          handed.confirmedRound !== this.#confirmedRound()))
    );
  }

  /** Each obligation is handed out once, in the order that is written on `Ready`. */
  ready(): Ready {
    this.#leadership?.collectMessages(this.#messages, this.#commit);
    this.#queueAcknowledgement();
    const messages = this.#messages;
    const promises = this.#promises;
    if (messages.length > 0) this.#messages = [];
    if (promises.length > 0) this.#promises = [];
    const persist = this.#takePersist();
    const committed = this.#takeCommitted();
    const confirmedRound = this.#confirmedRound();
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
    };
  }

  // ---- obligations -------------------------------------------------------------------------------

  #hasPersist(): boolean {
    return (
      this.#log.hasChange() ||
      this.#submittedTerm !== this.#term ||
      this.#submittedVote !== this.#vote
    );
  }

  #takePersist(): Persist | null {
    if (!this.#hasPersist()) return null;
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
    const { truncateFrom, entries } = this.#log.submit(sequence);
    return { sequence, hardState, truncateFrom, entries };
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
   */
  #applicable(): Index {
    return Math.min(this.#commit, this.#log.flushed);
  }

  /** One acknowledgement for all appends since the last Ready: the highest says it all. */
  #queueAcknowledgement(): void {
    if (this.#acknowledge < 0) return;
    this.#promises.push(this.#appendResponse(this.#acknowledgeTo, this.#acknowledge, false, 0, 0));
    this.#acknowledge = -1;
  }

  /** An answer that promises nothing but names our term: it waits only while that is not durable (trap 03). */
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
    this.#electionDeadlineMs = this.#nowMs + this.#drawnTimeoutMs;
  }

  #mayCampaign(): boolean {
    return this.#role !== "leader" && this.#quorum.isVoter(this.#id);
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
    this.#requestVotes(MessageType.preVote, this.#term + 1, this.#messages);
    this.#countVote(this.#id, true);
  }

  #becomeCandidate(): void {
    this.#enterTerm(this.#term + 1, this.#id);
    this.#role = "candidate";
    this.#votes.clear();
    this.#restartElectionTimer();
    this.#onEvent("asking for votes", { term: this.#term, lastIndex: this.#log.last });
    // They carry a new term and imply our own vote: after both are durable, which is also when that
    // vote counts (see `persisted`).
    this.#requestVotes(MessageType.vote, this.#term, this.#promises);
  }

  #requestVotes(type: VoteRequest["type"], term: Term, out: Message[]): void {
    const lastIndex = this.#log.last;
    const lastTerm = this.#log.lastTerm;
    for (const to of this.#quorum.voterIds) {
      if (to !== this.#id) out.push({ type, from: this.#id, to, term, lastIndex, lastTerm });
    }
  }

  #countVote(from: NodeId, granted: boolean): void {
    this.#votes.set(from, granted);
    const result = this.#quorum.tally(this.#votes);
    if (result === "lost") this.#becomeFollower(this.#term, 0);
    if (result !== "won") return;
    if (this.#role === "preCandidate") this.#becomeCandidate();
    else this.#becomeLeader();
  }

  #becomeLeader(): void {
    assert(this.#role === "candidate", "only a candidate becomes leader");
    assert(this.#durableTerm === this.#term, "a leader's own vote is durable");
    this.#role = "leader";
    this.#leader = this.#id;
    this.#votes.clear();
    const options = this.#options;
    this.#leadership = new Leadership({
      id: this.#id,
      term: this.#term,
      log: this.#log,
      configuration: this.configuration,
      quorum: this.#quorum,
      nowMs: this.#nowMs,
      heartbeatIntervalMs: options.heartbeatIntervalMs,
      appendBytesMax: options.maxAppendBytes ?? limits.appendBytesMax,
      inflightAppendsMax: options.maxInflightAppends ?? limits.inflightAppendsMax,
      inflightBytesMax: options.maxInflightBytes ?? limits.inflightBytesMax,
    });
    // Commits what earlier terms left behind (traps 04, 05).
    const noop = this.#appendOwn(EntryKind.noop, new Uint8Array(0));
    assert(noop === this.#leadership.ownTermStart, "the no-op opens the term");
    this.#onEvent("became leader", { term: this.#term, ownTermStart: noop });
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

  #onVoteRequest(message: VoteRequest): void {
    const { from, term } = message;
    const real = message.type === MessageType.vote;
    if (term < this.#term) {
      this.#answerVote(message, false);
      return;
    }
    const repeated = real && term === this.#term && this.#vote === from;
    if (this.#refusesVotes() && !repeated) {
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
    const response: VoteResponse = { type, from: this.#id, to: request.from, term, granted };
    if (real) this.#promises.push(response);
    else this.#reply(response);
  }

  #onResponse(message: VoteResponse | AppendResponse | HeartbeatResponse): void {
    const { from, term } = message;
    if (!this.#isMember(from)) {
      this.#onEvent("message refused", { problem: "not a member", from });
      return;
    }
    if (message.type === MessageType.preVoteResponse && message.granted) {
      // Names a term nobody has entered yet.
      if (this.#role === "preCandidate" && term === this.#term + 1) this.#countVote(from, true);
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
        if (this.#role === "preCandidate") this.#countVote(from, false);
        break;
      case MessageType.voteResponse:
        if (this.#role === "candidate") this.#countVote(from, message.granted);
        break;
      case MessageType.appendResponse:
        problem = this.#leadership?.onAppendResponse(message, this.#nowMs) ?? null;
        this.#advanceCommit();
        break;
      case MessageType.heartbeatResponse:
        problem = this.#leadership?.onHeartbeatResponse(message, this.#nowMs) ?? null;
    }
    if (problem !== null) this.#onEvent("message refused", { problem, from });
  }

  #isMember(id: NodeId): boolean {
    const { voters, votersOutgoing, learners } = this.configuration;
    const isIt = (member: { readonly id: NodeId }) => member.id === id;
    return voters.some(isIt) || votersOutgoing.some(isIt) || learners.some(isIt);
  }

  // ---- following ---------------------------------------------------------------------------------

  /**
   * Whether the sender is the leader of our term, or of a newer one that we enter. A leader that is
   * behind is told our term: it would otherwise go on being refused for ever, since with PreVote we may
   * never campaign ourselves.
   */
  #followsSender(message: AppendRequest | HeartbeatRequest): boolean {
    const { from, term } = message;
    if (term < this.#term) {
      if (message.type === MessageType.append) {
        this.#reply(this.#appendResponse(from, message.prevIndex, true, 0, 0));
      } else {
        this.#replyHeartbeat(from, 0);
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
    const { from, prevIndex, entries } = message;
    const verdict = judgeAppend(this.#log, this.#commit, this.configuration.clusterId, message);
    if (verdict.kind === "refused") {
      this.#onEvent("append refused", { problem: verdict.problem, from, prevIndex });
      return;
    }
    if (verdict.kind === "mismatch") {
      const { hintIndex, hintTerm } = verdict;
      this.#reply(this.#appendResponse(from, prevIndex, true, hintIndex, hintTerm));
      return;
    }
    if (verdict.truncateFrom !== 0) {
      this.#onEvent("log cut", { from: verdict.truncateFrom, last: this.#log.last });
      this.#truncate(verdict.truncateFrom);
    }
    for (let at = verdict.skip; at < entries.length; at += 1) this.#log.append(entries[at]!);
    for (const appended of verdict.configurations) this.#configurations.push(appended);
    if (verdict.configurations.length > 0) this.#quorum = new Quorum(this.configuration);
    const matched = prevIndex + entries.length;
    this.#commitTo(Math.min(message.commit, matched));
    // Leaves as a promise: durable by then, because the Persist of the same Ready holds it.
    this.#acknowledge = Math.max(this.#acknowledge, matched);
    this.#acknowledgeTo = from;
  }

  #onHeartbeat(message: HeartbeatRequest): void {
    // The leader tells only what this node has acknowledged as durable in this term.
    assert(message.commit <= this.#log.last, "an acknowledged entry is gone from the log");
    this.#commitTo(message.commit);
    this.#replyHeartbeat(message.from, message.readRound);
  }

  #truncate(index: Index): void {
    assert(index > this.#commit, "nothing committed is ever cut");
    this.#log.truncateFrom(index);
    // The configuration before the one that is cut is back in force (trap 02).
    const kept = this.#configurations.filter((appended) => appended.index < index);
    if (kept.length === this.#configurations.length) return;
    this.#configurations = kept;
    this.#quorum = new Quorum(this.configuration);
  }

  #appendResponse(
    to: NodeId,
    index: Index,
    rejected: boolean,
    hintIndex: Index,
    hintTerm: Term,
  ): AppendResponse {
    const type = MessageType.appendResponse;
    return { type, from: this.#id, to, term: this.#term, index, rejected, hintIndex, hintTerm };
  }

  #replyHeartbeat(to: NodeId, readRound: number): void {
    const type = MessageType.heartbeatResponse;
    this.#reply({ type, from: this.#id, to, term: this.#term, readRound });
  }

  // ---- commit ------------------------------------------------------------------------------------

  #advanceCommit(): void {
    if (this.#leadership !== null) this.#commitTo(this.#leadership.committable());
  }

  #commitTo(index: Index): void {
    if (index <= this.#commit) return;
    assert(index <= this.#log.last, "only what is in the log is committed");
    this.#leadership?.committed(this.#commit, index);
    this.#commit = index;
    // At most one configuration is uncommitted; behind a committed one the earlier are history.
    while (this.#configurations.length > 1 && this.#configurations[1]!.index <= index) {
      this.#configurations.shift();
    }
  }

  #checkPointers(): void {
    const { last, flushed, submitted } = this.#log;
    assert(this.#applied <= this.#commit && this.#commit <= last, "applied <= commit <= last");
    assert(this.#applied <= flushed, "applied <= flushed");
    assert(flushed <= submitted && submitted <= last, "flushed <= submitted <= last");
    assert((this.#role === "leader") === (this.#leadership !== null), "a leader has a leadership");
  }
}
