/**
 * A cluster of one on a log in memory: the production replica with connections, MULTI and waiting clients, but
 * without sockets and disk. Everything that was sent is done when it settles. What is committed is applied to
 * a second keyspace, too, as a follower would.
 */

import type { CommandRow } from "@redoubt/commands";
import { applyBatch, debugDigest, Keyspace, stateDigest } from "@redoubt/keyspace";
import { bootstrapEntries, type Entry, EntryKind, type Persist } from "@redoubt/raft";
import {
  type ClientSink,
  type DurableLog,
  type Host,
  Replica,
  type ReplicaPorts,
  type Session,
} from "@redoubt/replica";
import { hostHandlers } from "@redoubt/server";
import { splitReplies } from "./resp-value.js";

/** Turns of one `settle`: more means that the node spins. */
const SETTLE_TURNS_MAX = 20_000;
const ELECTION_TIMEOUT_MS = 500;

export class WholeNode {
  readonly follower = new Keyspace();
  readonly #log = new MemoryLog();
  readonly #replica: Replica;
  #awake = true;
  #nowMs = 0;

  constructor(random: () => number) {
    this.#replica = new Replica(
      {
        id: 1,
        incarnation: 1,
        electionTimeoutMs: ELECTION_TIMEOUT_MS,
        heartbeatIntervalMs: ELECTION_TIMEOUT_MS / 10,
        maxmemoryBytes: () => 0,
        onFatal: (error) => {
          throw error;
        },
      },
      this.#ports(random),
    );
    while (!this.#replica.serving) {
      this.#nowMs += ELECTION_TIMEOUT_MS;
      this.#awake = true;
      this.settle();
    }
    this.#endActiveExpiry();
  }

  get keyspace(): Keyspace {
    return this.#replica.keyspace;
  }

  connect(protocol: 2 | 3): WholeNodeClient {
    const client = new WholeNodeClient();
    client.session = this.#replica.connect(client, null);
    client.session.reply.protocol = protocol;
    return client;
  }

  /** Until nothing is left to do at this instant. */
  settle(): void {
    for (let turns = 0; this.#awake || this.#log.isBusy; turns++) {
      if (turns > SETTLE_TURNS_MAX) throw new Error("the node spins: it never settles");
      this.#awake = false;
      this.#log.complete();
      this.#replica.turn();
    }
  }

  /** Of both keyspaces, which must be equal in everything. */
  digest(): string {
    this.keyspace.logTimeMs = this.follower.logTimeMs;
    if (stateDigest(this.follower) !== stateDigest(this.keyspace)) {
      throw new Error("a follower is not what its leader is");
    }
    return debugDigest(this.keyspace);
  }

  /**
   * A cycle begins when there is a deadline, and the next one later: never, since time stands still. Expired keys
   * are then found by commands only, as on a redis-server that is told so.
   */
  #endActiveExpiry(): void {
    const client = this.connect(2);
    for (const line of ["SET k v EX 1000", "DEL k"]) {
      client.send(line.split(" ").map((word) => Buffer.from(word)));
      this.settle();
    }
  }

  #ports(random: () => number): ReplicaPorts {
    const nothing = (): void => {};
    return {
      clock: { monotonicMs: () => this.#nowMs, wallMs: () => Date.now() },
      random: { next: random },
      scheduler: {
        wake: () => {
          this.#awake = true;
        },
        wakeNow: () => {
          this.#awake = true;
        },
        wakeAt: nothing,
      },
      log: this.#log,
      transport: { send: nothing, sendAudit: nothing },
      memory: { outsideBytes: () => 0 },
      logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      host: new WholeNodeHost(() => this.#replica),
      directory: { clientAddress: () => null },
      observer: {
        sealed: nothing,
        rolledBack: nothing,
        turnEnded: nothing,
        applied: ({ kind, payload }) => {
          if (kind === EntryKind.batch) applyBatch(this.follower, payload);
        },
      },
    };
  }
}

export class WholeNodeClient implements ClientSink {
  session!: Session;
  #received: Uint8Array[] = [];
  #replies: Buffer[] = [];
  #taken = 0;

  get isBlocked(): boolean {
    return this.session.blocked;
  }

  send(argv: readonly Buffer[]): void {
    this.session.submit([...argv]);
  }

  /** Replies since the last call. */
  take(): Buffer[] {
    this.#split();
    const replies = this.#replies;
    this.#replies = [];
    this.#taken += replies.length;
    return replies;
  }

  /** Replies since the beginning. */
  get replyCount(): number {
    this.#split();
    return this.#taken + this.#replies.length;
  }

  /** What is written is whole replies. */
  #split(): void {
    if (this.#received.length === 0) return;
    const received = Buffer.concat(this.#received);
    this.#received = [];
    for (const reply of splitReplies(received).replies) this.#replies.push(reply);
  }

  write(chunks: readonly Uint8Array[]): void {
    this.#received.push(...chunks.map((chunk) => chunk.slice()));
  }

  end(): void {}
  pause(): void {}
}

/** Of the server's own commands those about clients. */
class WholeNodeHost implements Host {
  readonly #replica: () => Replica;

  constructor(replica: () => Replica) {
    this.#replica = replica;
  }

  execute(row: CommandRow, session: Session, argv: readonly Buffer[]): void {
    const services = { replica: this.#replica } as Parameters<
      NonNullable<ReturnType<typeof hostHandlers.get>>
    >[0];
    if (row.name !== "unblock") throw new Error(`${row.fullName} is not executed here`);
    hostHandlers.get(row.fullName)!(services, session, argv);
  }

  initiallyAuthenticated(): boolean {
    return true;
  }

  reset(): void {}
}

class MemoryLog implements DurableLog {
  readonly initial: DurableLog["initial"];
  readonly #entries: Entry[];
  #waiting: { readonly persist: Persist; readonly done: () => void }[] = [];

  constructor() {
    const voters = [{ id: 1, incarnation: 1, peerAddress: "test:1" }];
    const configuration = { clusterId: "test", voters, votersOutgoing: [], learners: [] };
    this.#entries = bootstrapEntries(configuration);
    this.initial = {
      hardState: { term: 1, vote: 0 },
      lastIndex: 1,
      lastChecksum: this.#entries[0]!.checksum,
      termRuns: [[1, 1]],
      configurations: [{ index: 1, configuration }],
    };
  }

  get isBusy(): boolean {
    return this.#waiting.length > 0;
  }

  persist(persist: Persist, done: () => void): void {
    this.#waiting.push({ persist, done });
  }

  complete(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { persist } of waiting) this.#entries.push(...persist.entries);
    for (const { done } of waiting) done();
  }

  readEntries(first: number, last: number): Entry[] {
    return this.#entries.slice(first - 1, last);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
