/**
 * What a node knows only while it leads one term: its peers' progress, who was heard when, read rounds.
 * Made at election, dropped as a whole when leadership ends, so nothing of it can leak into another term.
 *
 * It never counts this node as a peer: its own share of a quorum is what it has flushed, the newest
 * round, and now.
 */
import { assert } from "./assert.js";
import { Progress } from "./progress.js";
import type { Quorum } from "./quorum.js";
import type { RaftLog } from "./raft-log.js";
import {
  type AppendResponse,
  type Configuration,
  type Entry,
  type HeartbeatResponse,
  type Index,
  type Message,
  MessageType,
  type NodeId,
  type Term,
} from "./types.js";

export interface LeadershipOptions {
  readonly id: NodeId;
  readonly term: Term;
  readonly log: RaftLog;
  readonly configuration: Configuration;
  readonly quorum: Quorum;
  readonly nowMs: number;
  readonly heartbeatIntervalMs: number;
  readonly appendBytesMax: number;
  readonly inflightAppendsMax: number;
  readonly inflightBytesMax: number;
}

/** One run of entries, shared by all peers that continue at the same index. */
interface Page {
  readonly first: Index;
  readonly entries: readonly Entry[];
  readonly bytes: number;
}

export class Leadership {
  /** Index of this term's no-op: entries from here on may be committed by counting (trap 04). */
  readonly ownTermStart: Index;
  /** Payload bytes of own-term entries that are not committed. */
  uncommittedBytes = 0;
  /** When heartbeats are due again. */
  intervalDueMs: number;
  readonly peers: readonly Progress[];
  readonly #options: LeadershipOptions;
  readonly #byId = new Map<NodeId, Progress>();
  #round = 0;
  #heartbeatWanted = false;
  // Made once: these run for every acknowledgement.
  readonly #matchOf: (id: NodeId) => number;
  readonly #roundOf: (id: NodeId) => number;
  readonly #heardOf: (id: NodeId) => number;

  constructor(options: LeadershipOptions) {
    this.#options = options;
    const { id, log, configuration, nowMs } = options;
    this.ownTermStart = log.last + 1;
    this.intervalDueMs = nowMs + options.heartbeatIntervalMs;
    for (const members of [
      configuration.voters,
      configuration.votersOutgoing,
      configuration.learners,
    ]) {
      for (const member of members) {
        if (member.id !== id && !this.#byId.has(member.id)) {
          this.#byId.set(member.id, this.#newProgress(member.id));
        }
      }
    }
    this.peers = [...this.#byId.values()];
    const byId = this.#byId;
    this.#matchOf = (voter) => (voter === id ? log.flushed : (byId.get(voter)?.match ?? 0));
    this.#roundOf = (voter) => (voter === id ? this.#round : (byId.get(voter)?.roundEchoed ?? 0));
    this.#heardOf = (voter) => (voter === id ? Infinity : (byId.get(voter)?.heardMs ?? 0));
  }

  peer(id: NodeId): Progress | undefined {
    return this.#byId.get(id);
  }

  /** The own-term index that is durable on a quorum; 0 while there is none (trap 04). */
  committable(): Index {
    const index = this.#options.quorum.reached(this.#matchOf);
    return index >= this.ownTermStart ? index : 0;
  }

  committed(from: Index, to: Index): void {
    for (let index = Math.max(from + 1, this.ownTermStart); index <= to; index += 1) {
      const entry = this.#options.log.peek(index);
      assert(entry !== undefined, "what was not committed is in memory");
      this.uncommittedBytes -= entry.payload.length;
    }
  }

  /**
   * Since when a quorum has been heard. Not a flag cleared once per timeout: a leader that was paused
   * compares the same moments with its first clock reading after the pause, and knows at once.
   */
  quorumHeardMs(): number {
    return this.#options.quorum.reached(this.#heardOf);
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
    return commit >= this.ownTermStart ? this.#options.quorum.reached(this.#roundOf) : 0;
  }

  tick(nowMs: number): void {
    if (nowMs < this.intervalDueMs) return;
    this.intervalDueMs = nowMs + this.#options.heartbeatIntervalMs;
    this.#heartbeatWanted = true;
    for (const peer of this.peers) peer.intervalPassed();
  }

  /** Returns why the response cannot be, or null. */
  onAppendResponse(message: AppendResponse, nowMs: number): string | null {
    const peer = this.#byId.get(message.from);
    if (peer === undefined) return "not a member";
    const log = this.#options.log;
    if (message.index > log.last) return "answer beyond the leader's log";
    peer.heardMs = nowMs;
    if (message.rejected) {
      // The hint is where the peer's log ends or has a term we could share. The same search in our
      // log skips a whole run of terms the peer cannot have.
      const hint = Math.min(message.hintIndex, log.last);
      peer.refused(message.index, log.lastIndexWithTermAtMost(hint, message.hintTerm));
    } else {
      peer.acknowledged(message.index);
    }
    peer.check(log.last);
    return null;
  }

  onHeartbeatResponse(message: HeartbeatResponse, nowMs: number): string | null {
    const peer = this.#byId.get(message.from);
    if (peer === undefined) return "not a member";
    if (message.readRound > this.#round) return "echo of a round that was never begun";
    peer.heardMs = nowMs;
    peer.roundEchoed = Math.max(peer.roundEchoed, message.readRound);
    return null;
  }

  hasMessages(commit: Index): boolean {
    if (this.#heartbeatWanted) return this.peers.length > 0;
    const last = this.#options.log.last;
    return this.peers.some((peer) => peer.wantsAppend(last, commit));
  }

  /** Heartbeats carry the newest round; appends carry all that was proposed since the last call. */
  collectMessages(messages: Message[], commit: Index): void {
    const { id, term, log } = this.#options;
    if (this.#heartbeatWanted) {
      this.#heartbeatWanted = false;
      for (const peer of this.peers) {
        messages.push({
          type: MessageType.heartbeat,
          from: id,
          to: peer.id,
          term,
          // Never beyond what the peer acknowledged: behind it, it may hold another history.
          commit: Math.min(peer.match, commit),
          readRound: this.#round,
        });
      }
    }
    let page: Page | null = null;
    for (const peer of this.peers) {
      while (peer.wantsAppend(log.last, commit)) {
        const fromDisk = peer.next < log.memoryFirst;
        page = this.#appendTo(peer, commit, page, messages);
        // A peer that lags far behind is served one page per Ready: reading is synchronous.
        if (fromDisk) break;
      }
    }
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
    const { id, term, log } = this.#options;
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

  #newProgress(id: NodeId): Progress {
    const { log, nowMs, inflightAppendsMax, inflightBytesMax } = this.#options;
    return new Progress(id, log.last + 1, nowMs, inflightAppendsMax, inflightBytesMax);
  }
}
