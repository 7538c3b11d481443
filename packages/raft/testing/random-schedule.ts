/**
 * A cluster driven by a seeded random schedule: messages lost, reordered and duplicated, links cut,
 * disks that lag, processes that crash with or without what they were writing. After every step the
 * whole cluster is looked at from above, with knowledge no node has:
 *
 *   election safety       one leader per term
 *   leader completeness   a new leader holds everything that was ever committed
 *   state machine safety  what was committed at an index never changes, on no node; applied in order
 *   durable commits       at the moment of commit the entry is durable on a quorum (each half of a joint one)
 *   persisted before promise   votes, acknowledgements and terms are on disk when they leave
 *   reads                 a confirmed round belongs to a leader that knew, or will know before serving,
 *                         everything committed when the round began
 *   forwarded reads       the index that is answered covers what was committed anywhere when it was asked
 *   lease                 nobody is elected while another leader has a lease; without transfers, not within one
 *                         election timeout of the start of a round that was confirmed while its leader leads
 *
 * With `changing`, members are also added, promoted, removed, wiped and replaced, by whoever believes to lead,
 * and leadership is transferred. A budget keeps every run survivable: wiped voters that are not replaced yet
 * are a minority of each half of every configuration in force anywhere.
 *
 * After the schedule the links heal, and the cluster must elect, commit and agree: safety that comes from
 * doing nothing does not pass.
 *
 * Longer than other files: what a step does and what is then looked at from above share one world and its history.
 */
import {
  bootstrapEntries,
  type Configuration,
  type Member,
  type Message,
  MessageType,
  type NodeId,
  type Ready,
} from "../src/index.js";
import { type Breach, SimulatedNode } from "./simulated-node.js";
import { tickLikeAHost } from "./tick-like-a-host.js";

const electionTimeoutMs = 100;
const heartbeatIntervalMs = 25;

export interface ScheduleOptions {
  readonly seed: number;
  readonly steps: number;
  readonly voters: readonly NodeId[];
  readonly votersOutgoing?: readonly NodeId[];
  readonly breach?: Breach;
  readonly witnesses?: readonly NodeId[];
  /** Members come and go, and leadership is transferred. */
  readonly changing?: boolean;
  /** Nodes make snapshots, trim their logs and send what they trimmed. */
  readonly snapshots?: boolean;
}

/** What a run went through, so that a test can see that its schedules are not idle. */
export interface ScheduleSummary {
  readonly committed: number;
  readonly elections: number;
  readonly roundsConfirmed: number;
  readonly crashes: number;
  readonly cuts: number;
  readonly changes: number;
  readonly promotions: number;
  readonly wipes: number;
  readonly transfers: number;
  /** Answers that needed no turn. */
  readonly noNews: number;
  readonly leases: number;
  readonly installs: number;
  readonly resumes: number;
  readonly readsAnswered: number;
  readonly keepalives: number;
  /** Rounds that left without a reserve. */
  readonly spared: number;
}

/** Heartbeat intervals after the last fault by which everything must be well again. */
const healedTurnsMax = 400;

/** Ids that may ever be members of a changing cluster. */
const idMax = 7;

interface Round {
  readonly number: number;
  readonly term: number;
  readonly begunMs: number;
  /** The highest index any node had committed when it began. */
  readonly committed: number;
}

export function runSchedule(options: ScheduleOptions): ScheduleSummary {
  const run = new Schedule(options);
  for (let step = 0; step < options.steps; step += 1) run.step();
  run.recover();
  return run.summary;
}

class Schedule {
  summary = {
    committed: 0,
    elections: 0,
    roundsConfirmed: 0,
    crashes: 0,
    cuts: 0,
    changes: 0,
    promotions: 0,
    wipes: 0,
    transfers: 0,
    noNews: 0,
    leases: 0,
    installs: 0,
    resumes: 0,
    readsAnswered: 0,
    keepalives: 0,
    spared: 0,
  };
  readonly #random: () => number;
  /** Living incarnations, and dead ones that may come back. */
  #nodes: SimulatedNode[];
  readonly #changing: boolean;
  readonly #snapshots: boolean;
  /** Snapshots whose history was compared with what was committed. */
  readonly #compared = new Set<number>();
  /** Leadership may be handed over: then a confirmed round alone proves no lease. */
  readonly #transfers: boolean;
  readonly #breach: Breach;
  /** "id.incarnation" of nodes whose disk is gone. */
  readonly #wiped = new Set<string>();
  #nowMs = 0;
  #network: Message[] = [];
  #cutLinks = new Set<string>();
  #faulty = true;
  /** Share of the faults that do happen: calm runs get further, stormy ones get stranger. */
  readonly #storm: number;
  readonly #leaderOfTerm = new Map<number, NodeId>();
  /** Checksum of every committed entry, from index 1. The chain makes one checksum speak for all before it. */
  readonly #committed: number[] = [];
  readonly #rounds = new Map<NodeId, Round[]>();
  /** Per node: start of the newest confirmed round, and the term it was confirmed in. */
  readonly #leases = new Map<NodeId, { readonly term: number; readonly begunMs: number }>();
  /** Forwarded reads under way: by context, what was committed anywhere when they were asked. */
  readonly #forwarded = new Map<SimulatedNode, Map<number, number>>();
  /** The term each node last said that it leads: what its helper thread goes on saying while it is busy. */
  readonly #ledTerm = new Map<SimulatedNode, number>();
  #payloads = 0;

  constructor(options: ScheduleOptions) {
    const { seed, voters, votersOutgoing = [], witnesses = [] } = options;
    const { breach = "none", changing = false, snapshots = false } = options;
    this.#random = mulberry32(seed);
    this.#changing = changing;
    this.#snapshots = snapshots;
    this.#transfers = changing || witnesses.length > 0;
    this.#breach = breach;
    this.#storm = this.#pick([0.1, 0.3, 1]);
    const member = (id: NodeId): Member => ({
      id,
      incarnation: 1,
      peerAddress: `node-${id}:1`,
      ...(witnesses.includes(id) ? { witness: true } : {}),
    });
    const configuration: Configuration = {
      clusterId: "random",
      voters: voters.map(member),
      votersOutgoing: votersOutgoing.map(member),
      learners: [],
    };
    const entries = bootstrapEntries(configuration);
    const ids = [...new Set([...voters, ...votersOutgoing])];
    this.#nodes = ids.map((id) => this.#makeNode(id, 1, entries));
  }

  #makeNode(
    id: NodeId,
    incarnation: number,
    entries: SimulatedNode["disk"]["entries"],
  ): SimulatedNode {
    const limits = {
      maxAppendBytes: 1 + this.#below(40),
      maxInflightAppends: 1 + this.#below(4),
      committedPageBytes: 1 + this.#below(40),
      ...(this.#snapshots ? { snapshotChunkBytes: 1 + this.#below(40) } : {}),
    };
    const lateMs = 1 + this.#below(heartbeatIntervalMs);
    const delayMs = lateMs + this.#below(heartbeatIntervalMs);
    const pace = {
      commitDelayMs: this.#below(2) * this.#below(10),
      ...(this.#below(4) === 0 ? {} : { reserves: { delayMs, lateMs } }),
    };
    const timing = { electionTimeoutMs, heartbeatIntervalMs, random: this.#random };
    const who = { id, incarnation, entries, breach: this.#breach };
    const onEvent = (event: string): void => {
      if (event === "snapshot installed") this.summary.installs += 1;
      if (event === "snapshot resumed") this.summary.resumes += 1;
    };
    return new SimulatedNode(
      { ...who, limits: { ...limits, ...pace }, onEvent, ...timing },
      this.#nowMs,
    );
  }

  step(): void {
    const node = this.#pick(this.#nodes);
    if (!node.alive && this.#below(8) === 0) node.restart(this.#nowMs);
    if (this.#snapshots && node.alive) this.#storeWork(node);
    const dice = this.#below(100);
    if (dice < 46) for (let more = this.#below(3); more >= 0; more -= 1) this.#deliverOne();
    else if (dice < 64) this.#takeReady(node);
    else if (dice < 80) this.#sync(node);
    else if (dice < 88) this.#advance(this.#below(this.#hasLeader() ? 10 : 80));
    else if (dice < 94) this.#propose(node);
    else if (dice < 97) this.#askOrKeepAlive(node);
    else if (this.#changing && this.#below(2) === 0) this.#change(this.#believedLeader() ?? node);
    else if (this.#random() > this.#storm) return;
    else if (dice === 97) this.#cutOrHeal();
    else if (dice === 98) node.raft.unreachable(this.#pick(this.#nodes).id);
    else if (this.#below(2) === 0) this.#crash(node);
    this.#observe();
  }

  /** No more faults: within a bounded time there is one leader, and everybody has what it has. */
  recover(): void {
    this.#faulty = false;
    this.#cutLinks.clear();
    for (const node of this.#nodes) if (!node.alive) node.restart(this.#nowMs);
    if (this.#snapshots) this.#catchUpUnderLoad();
    let proposed = false;
    for (let turn = 0; turn < healedTurnsMax; turn += 1) {
      const leader = this.#healedTurn();
      if (leader === undefined || !canPropose(leader)) continue;
      if (!proposed) leader.raft.propose(new Uint8Array([1]));
      proposed = true;
      const last = leader.raft.lastIndex;
      const whole = leader.raft.commit === last && this.#isSettled(leader);
      if (whole && this.#members(leader).every((node) => node.appliedIndex === last)) return;
    }
    this.#stuck("the healed cluster makes no progress");
  }

  /** Who lags gets what there was, although the log goes on and is trimmed all the while (trap 21). */
  #catchUpUnderLoad(): void {
    const goal = this.#committed.length;
    for (let turn = 0; turn < healedTurnsMax; turn += 1) {
      const leader = this.#healedTurn();
      if (leader === undefined) continue;
      if (this.#members(leader).every((node) => node.appliedIndex >= goal)) return;
      if (canPropose(leader)) leader.raft.propose(new Uint8Array([1]));
      for (const node of this.#nodes) node.snapshot(0);
    }
    this.#stuck("who lags never catches up with a log that is trimmed");
  }

  /** A heartbeat interval in which everything arrives and everything is written. Returns who leads. */
  #healedTurn(): SimulatedNode | undefined {
    this.#advance(heartbeatIntervalMs);
    for (let pass = 0; pass < 4; pass += 1) {
      for (const node of this.#nodes) {
        while (node.raft.hasReady()) this.#takeReady(node);
        this.#leave(node.sync(node.persists.length));
        node.verify();
      }
      for (const message of this.#network.splice(0)) this.#deliver(message);
      this.#observe();
    }
    const leader = this.#nodes.find((node) => node.raft.role === "leader");
    if (leader !== undefined) this.#repair(leader);
    return leader;
  }

  #members({ raft }: SimulatedNode): SimulatedNode[] {
    return this.#nodes.filter((node) => this.#isNamed(node, raft.configuration));
  }

  #stuck(text: string): never {
    throw new Error(`${text}: ${this.#nodes.map((node) => this.#describe(node)).join("; ")}`);
  }

  #describe(node: SimulatedNode): string {
    const { role, term, leader, lastIndex, commit, configuration } = node.raft;
    const ids = (members: readonly Member[]) =>
      members.map((member) => keyOf(member) + (member.promote ? "+" : "")).join(",");
    const { voters, votersOutgoing, learners } = configuration;
    const halves = `${ids(voters)}/${ids(votersOutgoing)}/${ids(learners)}`;
    const position = `${lastIndex} commit ${commit} applied ${node.appliedIndex}`;
    return `${nameOf(node)} ${role} term ${term} leader ${leader} last ${position} ${halves}`;
  }

  /** A node's store makes snapshots, verifies what came, and sometimes finds it damaged. */
  #storeWork(node: SimulatedNode): void {
    const dice = this.#below(40);
    if (dice < 2) node.snapshot(this.#below(6));
    else if (dice === 2 && this.#faulty) node.rot();
    else if (dice < 12) node.verify();
  }

  // ---- changes -----------------------------------------------------------------------------------

  /** An administrator asks `node`, which may or may not lead. */
  #change(node: SimulatedNode): void {
    if (!node.alive) return;
    const { raft } = node;
    const dice = this.#below(10);
    if (dice < 4) {
      const wiped = raft.configuration.learners.some((learner) => this.#wiped.has(keyOf(learner)));
      if (wiped || !raft.wantsConfiguration) return;
      if (raft.takePendingChange() !== 0) this.summary.promotions += 1;
    } else if (dice < 5) {
      if (raft.transferLeadership(this.#below(2) * (1 + this.#below(idMax))) === null) {
        this.summary.transfers += 1;
      }
    } else if (dice < 6) {
      if (this.#below(3) === 0) this.#wipe(this.#pick(this.#nodes));
    } else {
      this.#proposeChange(node);
    }
  }

  /** Whoever thinks so; now and then there are two. */
  #believedLeader(): SimulatedNode | undefined {
    const leaders = this.#nodes.filter((node) => node.alive && node.raft.role === "leader");
    return leaders.length === 0 ? undefined : this.#pick(leaders);
  }

  #proposeChange(node: SimulatedNode): void {
    const { raft } = node;
    const { voters, learners } = raft.configuration;
    const id = 1 + this.#below(idMax);
    const stranger: Member = { id, incarnation: 0, peerAddress: `node-${id}:1` };
    const isKnown = [...voters, ...learners].some((member) => member.id === id);
    const voter = voters.find((member) => member.id === id);
    const learner = learners.find((member) => member.id === id);
    let next: { voters: readonly Member[]; learners: readonly Member[] };
    if (voter !== undefined && learner === undefined && this.#wiped.has(keyOf(voter))) {
      next = { voters, learners: [...learners, { ...stranger, promote: true }] };
    } else if (!isKnown) {
      const promote = this.#below(4) === 0 ? {} : ({ promote: true } as const);
      next = { voters, learners: [...learners, { ...stranger, ...promote }] };
    } else if (learner !== undefined && voter === undefined && this.#below(2) === 0) {
      const { promote: _, ...plain } = learner;
      next = { voters: [...voters, plain], learners: learners.filter((one) => one !== learner) };
    } else {
      const others = (member: Member) => member.id !== id;
      next = { voters: voters.filter(others), learners: learners.filter(others) };
    }
    // Who is wiped in this very moment still counts as healthy: the two faults together cost the quorum.
    if (this.#wouldLoseQuorum(next.voters)) return;
    // Now and then somebody is in a hurry: the judgements of health are skipped, safety is not.
    const force = this.#faulty && this.#below(8) === 0;
    const result = raft.changeConfiguration({ expectedIndex: 0, ...next, force });
    if ("index" in result) this.summary.changes += 1;
  }

  #wipe(node: SimulatedNode): void {
    const key = `${node.id}.${node.raft.incarnation}`;
    const halves = this.#nodes.flatMap(({ raft }) => [
      raft.configuration.voters,
      raft.configuration.votersOutgoing,
    ]);
    for (const half of halves) {
      const lost = half.filter((voter) => keyOf(voter) === key || this.#wiped.has(keyOf(voter)));
      if (lost.length * 2 >= half.length && lost.some((voter) => keyOf(voter) === key)) return;
    }
    this.summary.wipes += 1;
    if (node.alive) node.crash(0);
    this.#wiped.add(key);
    this.#nodes = this.#nodes.filter((other) => other !== node);
    this.#rounds.delete(node.id);
  }

  #wouldLoseQuorum(voters: readonly Member[]): boolean {
    const living = voters.filter((voter) =>
      this.#nodes.some((node) => keyOf(voter) === nameOf(node)),
    );
    return living.length * 2 <= voters.length;
  }

  /** A member of a committed configuration comes to life with an empty disk, once. */
  #bear(configuration: Configuration): void {
    for (const { id, incarnation } of configuration.learners) {
      const known = this.#nodes.find((node) => node.id === id);
      if (this.#wiped.has(`${id}.${incarnation}`)) continue;
      if (known !== undefined && known.raft.incarnation >= incarnation) continue;
      // The predecessor was removed or wiped: two processes never share an id.
      if (known?.alive) known.crash(0);
      this.#nodes = this.#nodes.filter((node) => node !== known);
      this.#rounds.delete(id);
      this.#nodes.push(this.#makeNode(id, incarnation, []));
    }
  }

  /** What the hosts do by themselves: pending changes go on, who was wiped asks to be replaced. */
  #repair({ raft }: SimulatedNode): void {
    const { voters, votersOutgoing, learners } = raft.configuration;
    const isWhole = !learners.some((learner) => this.#wiped.has(keyOf(learner)));
    if ((isWhole || votersOutgoing.length > 0) && raft.wantsConfiguration) raft.takePendingChange();
    for (const member of [...voters, ...learners]) {
      if (!this.#wiped.has(keyOf(member))) continue;
      if (learners.some((one) => one.id === member.id && !this.#wiped.has(keyOf(one)))) continue;
      const { id, peerAddress } = member;
      const others = learners.filter((one) => one.id !== id);
      const reborn = { id, incarnation: 0, peerAddress, promote: true } as const;
      raft.changeConfiguration({
        expectedIndex: 0,
        voters,
        learners: [...others, reborn],
        force: false,
      });
    }
  }

  #isSettled({ raft }: SimulatedNode): boolean {
    const { voters, votersOutgoing, learners } = raft.configuration;
    const whole = voters.every((voter) => !this.#wiped.has(keyOf(voter)));
    return whole && votersOutgoing.length === 0 && !learners.some((learner) => learner.promote);
  }

  #isNamed(node: SimulatedNode, { voters, votersOutgoing, learners }: Configuration): boolean {
    const members = [...voters, ...votersOutgoing, ...learners];
    return members.some((member) => keyOf(member) === nameOf(node));
  }

  // ---- the schedule ------------------------------------------------------------------------------

  #deliverOne(): void {
    if (this.#network.length === 0) return;
    // Mostly the oldest: a schedule that only shuffles never gets anywhere.
    const at = this.#below(3) === 0 ? this.#below(this.#network.length) : 0;
    const message = this.#network[at]!;
    const fate = this.#below(20);
    if (fate !== 0) this.#network.splice(at, 1);
    if (fate !== 1) this.#deliver(message);
  }

  #deliver(message: Message): void {
    const node = this.#nodes.find(({ id }) => id === message.to);
    if (!node?.alive) return;
    const { raft } = node;
    raft.tick(this.#nowMs);
    const isNoNews = raft.needsNoTurn(message) && !raft.hasReady();
    const { commit } = raft;
    raft.step(message);
    if (!isNoNews) return;
    this.summary.noNews += 1;
    const isMissed = raft.hasReady() || raft.commit !== commit || raft.wantsConfiguration;
    if (isMissed) throw new Error("an answer that needs no turn changes something");
  }

  #advance(ms: number): void {
    const fromMs = this.#nowMs;
    this.#nowMs += ms;
    for (const node of this.#nodes) {
      // A paused process reads its clock later.
      if (!node.alive || (this.#faulty && this.#below(4) === 0)) continue;
      // One that stood still meets its deadlines late, and may then be given a moment of grace.
      if (this.#faulty && this.#below(2) === 0) node.raft.tick(this.#nowMs);
      else tickLikeAHost(node.raft, fromMs, this.#nowMs);
    }
  }

  #takeReady(node: SimulatedNode): void {
    if (!node.alive || !node.raft.hasReady()) return;
    node.raft.tick(this.#nowMs);
    const { ready, leaving } = node.takeReady();
    this.#ledTerm.set(node, ready.role === "leader" ? ready.term : 0);
    this.#checkForwarded(node, ready);
    this.#countSpared(ready);
    this.#leave(leaving);
    this.#checkConfirmed(node);
  }

  #countSpared({ messages }: Ready): void {
    const rounds = messages.filter(({ type }) => type === MessageType.heartbeat).length;
    if (rounds > 0 && rounds < this.#nodes.length - 1) this.summary.spared += 1;
  }

  #sync(node: SimulatedNode): void {
    if (!node.alive || node.persists.length === 0) return;
    node.raft.tick(this.#nowMs);
    this.#leave(node.sync(1 + this.#below(node.persists.length)));
  }

  #propose(node: SimulatedNode): void {
    if (!node.alive || node.raft.role !== "leader" || node.raft.transferring) return;
    if (node.raft.isWitness) return;
    this.#payloads += 1;
    node.raft.propose(new Uint8Array(1 + this.#below(20)).fill(this.#payloads));
  }

  #beginRound(node: SimulatedNode): void {
    if (!node.alive || node.raft.role !== "leader") return;
    const number = node.raft.beginReadRound();
    const committed = this.#committed.length;
    const round = { number, term: node.raft.term, begunMs: this.#nowMs, committed };
    const rounds = this.#rounds.get(node.id) ?? [];
    rounds.push(round);
    this.#rounds.set(node.id, rounds);
  }

  #askOrKeepAlive(node: SimulatedNode): void {
    const dice = this.#below(4);
    if (dice < 2) this.#beginRound(node);
    else if (dice === 2) this.#forwardRead(node);
    else this.#keepAlive(node);
  }

  #forwardRead(node: SimulatedNode): void {
    if (!node.alive) return;
    const context = node.raft.requestReadIndex();
    if (context === 0) return;
    const reads = this.#forwarded.get(node) ?? new Map<number, number>();
    reads.set(context, this.#committed.length);
    this.#forwarded.set(node, reads);
  }

  #checkForwarded(node: SimulatedNode, { readIndexes }: Ready): void {
    const reads = this.#forwarded.get(node);
    for (const { context, index } of readIndexes) {
      const committed = reads?.get(context);
      if (committed === undefined) continue;
      reads?.delete(context);
      this.summary.readsAnswered += 1;
      check(index >= committed, "a forwarded read would miss a committed entry");
    }
  }

  /** The thread beside a busy leader: heartbeats of a term that may be over, which confirm and commit nothing. */
  #keepAlive(node: SimulatedNode): void {
    const term = this.#ledTerm.get(node) ?? 0;
    if (!node.alive || term === 0) return;
    this.summary.keepalives += 1;
    const { id: from, raft } = node;
    const { incarnation } = raft;
    const type = MessageType.heartbeat;
    for (const { id: to, raft: other } of this.#nodes) {
      if (to === from || this.#cutLinks.has(`${from}-${to}`)) continue;
      const envelope = { from, to, term, incarnation, toIncarnation: other.incarnation };
      this.#network.push({ type, ...envelope, commit: 0, readRound: 0 });
    }
  }

  #cutOrHeal(): void {
    if (this.#below(3) !== 0) {
      this.#cutLinks.clear();
      return;
    }
    this.summary.cuts += 1;
    const node = this.#pick(this.#nodes).id;
    for (const { id } of this.#nodes) {
      if (this.#below(2) === 0) continue;
      this.#cutLinks.add(`${node}-${id}`);
      if (this.#below(3) !== 0) this.#cutLinks.add(`${id}-${node}`);
    }
  }

  #crash(node: SimulatedNode): void {
    if (!node.alive) return;
    this.summary.crashes += 1;
    node.crash(this.#below(node.persists.length + 1));
    this.#rounds.delete(node.id);
    this.#forwarded.delete(node);
    this.#ledTerm.delete(node);
  }

  /** Messages leave the node: what they promise is looked up on its disk. */
  #leave(messages: readonly Message[]): void {
    for (const message of messages) {
      this.#checkDurable(message);
      if (!this.#cutLinks.has(`${message.from}-${message.to}`)) this.#network.push(message);
    }
    if (this.#network.length > 400) this.#network.splice(0, 200);
  }

  // ---- the view from above -----------------------------------------------------------------------

  #checkDurable(message: Message): void {
    const node = this.#nodes.find((one) => one.id === message.from)!;
    const { disk } = node;
    const { hardState } = disk;
    const isPreVote =
      message.type === MessageType.preVote ||
      (message.type === MessageType.preVoteResponse && message.granted);
    if (isPreVote) return;
    check(hardState.term >= message.term, "a term left before it was durable");
    // The node may have moved on to a later term and cut its log since the promise was made.
    if (hardState.term > message.term) return;
    if (message.type === MessageType.voteResponse && message.granted) {
      check(hardState.vote === message.to, "a vote left before it was durable");
    }
    if (message.type === MessageType.vote) {
      check(hardState.vote === message.from, "a candidate's own vote is not durable");
    }
    if (message.type === MessageType.appendResponse && !message.rejected) {
      check(disk.lastIndex >= message.index, "an acknowledged entry is not durable");
      const leader = this.#nodes.find(({ id }) => id === message.to);
      if (leader?.alive && leader.raft.role === "leader" && leader.raft.term === message.term) {
        const checksum = disk.checksumAt(message.index);
        // What either has trimmed is committed, and compared there.
        if (checksum === undefined || message.index < leader.raft.anchorIndex) return;
        check(leader.raft.checksumAt(message.index) === checksum, "another entry was acknowledged");
      }
    }
    if (message.type === MessageType.snapshotResponse && message.installed) {
      check(disk.lastIndex >= message.index, "an installed snapshot is not durable");
      const checksum = disk.checksumAt(message.index) ?? this.#committed[message.index - 1];
      check(checksum === this.#committed[message.index - 1], "another state was installed");
    }
  }

  #observe(): void {
    for (const node of this.#nodes) {
      if (!node.alive) continue;
      this.#observeLeader(node);
      this.#observeCommit(node);
    }
    this.#observeMembers();
  }

  #observeMembers(): void {
    for (const { raft, alive } of this.#nodes) {
      if (!alive) continue;
      if (raft.leaseUntilMs() > this.#nowMs) this.summary.leases += 1;
      if (raft.role === "leader" && raft.configurationIndex <= raft.commit) {
        this.#bear(raft.configuration);
        return;
      }
    }
  }

  #observeLeader(node: SimulatedNode): void {
    const { role, term } = node.raft;
    if (role !== "leader") return;
    const known = this.#leaderOfTerm.get(term);
    if (known !== undefined) {
      check(known === node.id, "two leaders in one term");
      return;
    }
    this.#leaderOfTerm.set(term, node.id);
    this.summary.elections += 1;
    const last = this.#committed.length;
    check(node.raft.lastIndex > last, "a new leader lacks a committed entry");
    if (last > 0) {
      check(
        node.raft.checksumAt(last) === this.#committed[last - 1],
        "a new leader has another log",
      );
    }
    for (const other of this.#nodes) {
      if (other === node || !other.alive) continue;
      check(other.raft.leaseUntilMs() <= this.#nowMs, "elected under another leader's lease");
    }
    if (this.#transfers) return;
    for (const other of this.#nodes) {
      const lease = this.#leases.get(other.id);
      if (!other.alive || lease === undefined) continue;
      const holds = other.raft.role === "leader" && other.raft.term === lease.term;
      // A paused leader steps down at its next look at the clock: so the clock alone decides here.
      const valid = other.id !== node.id && holds;
      check(!valid || this.#nowMs >= lease.begunMs + electionTimeoutMs, "elected under a lease");
    }
  }

  #observeCommit(node: SimulatedNode): void {
    const { commit } = node.raft;
    const known = this.#committed.length;
    for (let index = known + 1; index <= commit; index += 1) {
      this.#committed.push(node.raft.checksumAt(index));
    }
    if (commit > known) this.#checkQuorumDurable(node, commit);
    this.summary.committed = this.#committed.length;
    this.#compareSnapshot(node);
    if (commit > 0) {
      const checksum = node.raft.checksumAt(commit);
      check(checksum === this.#committed[commit - 1], "a committed entry changed");
    }
    const applied = node.applied.at(-1);
    if (applied === undefined) return;
    check(applied.checksum === this.#committed[applied.index - 1], "another entry was applied");
  }

  /** Its bytes are the checksums of all it stands for. */
  #compareSnapshot({ disk }: SimulatedNode): void {
    const { snapshot } = disk;
    if (snapshot === null || this.#compared.has(snapshot.digest)) return;
    this.#compared.add(snapshot.digest);
    const bytes = Buffer.from(disk.files.get(snapshot.digest)!.bytes);
    check(bytes.length === 4 * snapshot.index, "a snapshot of another length");
    for (let index = 1; index <= snapshot.index; index += 1) {
      const checksum = bytes.readUInt32BE(4 * (index - 1));
      check(checksum === this.#committed[index - 1], "a snapshot holds what was never committed");
    }
  }

  /** By the configuration that was in force where it was committed. */
  #checkQuorumDurable({ raft }: SimulatedNode, index: number): void {
    const checksum = this.#committed[index - 1];
    const { voters, votersOutgoing } = raft.configuration;
    for (const half of [voters, votersOutgoing]) {
      if (half.length === 0) continue;
      const holders = half.filter((voter) => {
        // It may have acknowledged the entry before it lost it: the budget allows for that.
        if (this.#wiped.has(keyOf(voter))) return true;
        const holder = this.#nodes.find((node) => nameOf(node) === keyOf(voter));
        if (holder === undefined) return false;
        const { disk } = holder;
        return index < disk.anchor.index || disk.checksumAt(index) === checksum;
      });
      check(holders.length * 2 > half.length, "committed without a durable quorum");
    }
  }

  #checkConfirmed(node: SimulatedNode): void {
    if (node.confirmedRound === 0) return;
    const rounds = this.#rounds.get(node.id) ?? [];
    const open: Round[] = [];
    for (const round of rounds) {
      if (round.number > node.confirmedRound || round.term !== node.raft.term) {
        if (round.term === node.raft.term) open.push(round);
        continue;
      }
      this.summary.roundsConfirmed += 1;
      check(node.raft.commit >= round.committed, "a confirmed read would miss a committed entry");
      this.#leases.set(node.id, { term: round.term, begunMs: round.begunMs });
    }
    this.#rounds.set(node.id, open);
  }

  /** Without one, time passes faster: or else most of a run is waiting for an election. */
  #hasLeader(): boolean {
    return this.#nodes.some((node) => node.alive && node.raft.role === "leader");
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)]!;
  }
}

function canPropose({ raft }: SimulatedNode): boolean {
  return !raft.transferring && !raft.isWitness;
}

function keyOf({ id, incarnation }: Member): string {
  return `${id}.${incarnation}`;
}

function nameOf({ id, raft }: SimulatedNode): string {
  return `${id}.${raft.incarnation}`;
}

function check(holds: boolean, text: string): void {
  if (!holds) throw new Error(text);
}

/** A small seeded generator (Mulberry32), uniform in [0, 1). */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
