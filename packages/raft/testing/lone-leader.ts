/** A leader whose peers are the test: it answers for them, and looks at what leaves for whom, and when. */
import {
  type AppendRequest,
  type AppendResponse,
  bootstrapEntries,
  type Configuration,
  type Index,
  type Member,
  type Message,
  MessageType,
  type NodeId,
  Raft,
} from "../src/index.js";
import { SimulatedDisk } from "./simulated-node.js";

/** What every message between first incarnations says. */
export const born = { incarnation: 1, toIncarnation: 1 } as const;
export const DELAY_MS = 10;
export const LATE_MS = 4;
export const HEARTBEAT_MS = 50;
const ELECTED_MS = 250;

export const member = (id: NodeId): Member => ({ id, incarnation: 1, peerAddress: `node-${id}:1` });

export function configurationOf(voters: readonly Member[], rest: Partial<Configuration> = {}) {
  return { clusterId: "c", voters, votersOutgoing: [], learners: [], ...rest };
}

export const of = (...ids: NodeId[]) => configurationOf(ids.map(member));

/** Node 1 of `configuration`, just elected in term 2 by `electors`: its no-op (index 2) is on its way to all. */
export class LoneLeader {
  readonly raft: Raft;
  readonly #disk: SimulatedDisk;
  nowMs = ELECTED_MS;
  newestRound = 0;

  constructor(configuration: Configuration = of(1, 2, 3), electors: readonly NodeId[] = [2]) {
    this.#disk = new SimulatedDisk(bootstrapEntries(configuration));
    this.raft = new Raft({
      id: 1,
      incarnation: 1,
      initial: this.#disk.initialState(),
      reader: this.#disk,
      electionTimeoutMs: 200,
      heartbeatIntervalMs: HEARTBEAT_MS,
      random: () => 0,
      nowMs: 0,
      commitDelayMs: 2,
      reserves: { delayMs: DELAY_MS, lateMs: LATE_MS },
    });
    this.raft.tick(this.nowMs);
    for (const type of [MessageType.preVoteResponse, MessageType.voteResponse] as const) {
      this.messages();
      for (const from of electors) {
        this.raft.step({ ...born, type, from, to: 1, term: 2, granted: true });
      }
    }
    if (this.raft.role !== "leader") throw new Error("nobody elected it");
  }

  messages(): Message[] {
    const messages: Message[] = [];
    while (this.raft.hasReady()) {
      const ready = this.raft.ready();
      messages.push(...ready.messages, ...ready.promises);
      if (ready.persist === null) continue;
      this.#disk.write(ready.persist);
      this.raft.persisted(ready.persist.sequence);
    }
    return messages;
  }

  /** What leaves now: "2: 5-6 (4)" is entries 5 and 6 for node 2, which is told of commit 4. "2: round" is a heartbeat. */
  leaves(): string[] {
    return this.messages().flatMap((message) => {
      if (message.type === MessageType.append) return [shown(message)];
      if (message.type !== MessageType.heartbeat) return [];
      this.newestRound = message.readRound;
      return [`${message.to}: round`];
    });
  }

  propose(): void {
    this.raft.propose(new Uint8Array(1));
  }

  /** Time passes as for a host that meets every deadline; what leaves on the way is returned. */
  pass(ms: number): string[] {
    const until = this.nowMs + ms;
    const left = this.leaves();
    for (let steps = 0; ; steps++) {
      if (steps > 100) throw new Error("a deadline is not met: the host would spin");
      const dueMs = Math.max(this.nowMs, this.raft.nextDeadlineMs());
      this.nowMs = Math.min(until, dueMs);
      this.raft.tick(this.nowMs);
      left.push(...this.leaves());
      if (dueMs >= until) return left;
    }
  }

  acknowledge(from: NodeId, index = this.raft.lastIndex): void {
    this.raft.step(acknowledgement(from, index));
  }

  echo(from: NodeId, readRound: number): void {
    const type = MessageType.heartbeatResponse;
    this.raft.step({ ...born, type, from, to: 1, term: 2, readRound });
  }

  /** 2 is first, the others are reserves; all of them have everything. */
  settled(first: readonly NodeId[] = [2]): this {
    this.messages();
    for (const id of first) this.acknowledge(id);
    for (const { id } of this.raft.progress()) if (id !== 1) this.acknowledge(id);
    this.pass(DELAY_MS);
    return this;
  }
}

function shown({ to, entries, commit }: AppendRequest): string {
  if (entries.length === 0) return `${to}: (${commit})`;
  return `${to}: ${entries[0]!.index}-${entries.at(-1)!.index} (${commit})`;
}

/** Node `from` tells node 1, leader of term 2, that it has everything up to `index`. */
export function acknowledgement(from: NodeId, index: Index): AppendResponse {
  const type = MessageType.appendResponse;
  const envelope = { ...born, from, to: 1, term: 2 };
  return { type, ...envelope, index, rejected: false, hintIndex: 0, hintTerm: 0 };
}
