/** Pieces of safety of the core, and of what it stands on. */

import type { Mix } from "../workload/mix.js";
import { AFTER_A_LOSS, type Canary } from "./canary.js";

const FEW_WRITES: Partial<Mix> = {
  clients: 12,
  thinkMs: 4000,
  pipelines: { plain: 0.1, transaction: 0, compareAndSet: 0, follower: 1, large: 0 },
};

export const consensusCanaries: readonly Canary[] = [
  {
    name: "acknowledge-before-sync",
    breaks: "promises leave before the sync that keeps them",
    edits: [
      {
        package: "replica",
        file: "sync-promises.ts",
        find: "if (this.#reported >= this.#handed)",
        replace: "if (this.#reported >= 0)",
      },
    ],
    caughtBy: /^promises/,
  },
  {
    name: "acknowledge-before-sync-unseen",
    breaks: "the same, and nobody looks at what leaves",
    edits: [
      {
        package: "replica",
        file: "sync-promises.ts",
        find: "if (this.#reported >= this.#handed)",
        replace: "if (this.#reported >= 0)",
      },
    ],
    caughtBy: AFTER_A_LOSS,
    muted: ["promises"],
  },
  {
    name: "vote-not-persisted",
    breaks: "the hard state is written without the vote",
    edits: [
      {
        package: "raft",
        file: "raft.ts",
        find: "hardState = { term: this.#term, vote: this.#vote };",
        replace: "hardState = { term: this.#term, vote: 0 };",
      },
    ],
    caughtBy: /^promises/,
  },
  {
    name: "vote-for-two",
    breaks: "a vote that was given does not keep others from getting it",
    edits: [
      {
        package: "raft",
        file: "raft.ts",
        find: "(this.#vote === 0 && this.#leader === 0)",
        replace: "this.#leader === 0",
      },
    ],
    caughtBy: /^(one leader a term|assertion)/,
    muted: ["promises"],
    nodes: 5,
    only: ["delay", "isolateLeader", "powerLoss"],
  },
  {
    name: "truncation-by-an-old-append",
    breaks: "an append that holds nothing new cuts what follows it",
    edits: [
      {
        package: "raft",
        file: "follower-append.ts",
        find: 'if (first === undefined) return { kind: "accepted", skip, truncateFrom: 0, configurations: [] };',
        replace:
          'if (first === undefined) { const cut = prevIndex + entries.length + 1; return { kind: "accepted", skip, truncateFrom: entries.length > 0 && cut <= log.last && cut > commit ? cut : 0, configurations: [] }; }',
      },
    ],
    caughtBy: /^(promises|quorum intersection|log matching|state-machine safety|assertion)/,
  },
  {
    name: "hard-state-dropped",
    breaks: "a lost vote record is taken for a clean start: the term of the log, and no vote",
    edits: [
      {
        package: "world",
        file: "disk.ts",
        find: "    hardState: disk.hardState,\n",
        replace:
          "    hardState: { term: disk.entries.at(-1)?.term ?? disk.anchor.term, vote: 0 },\n",
      },
    ],
    caughtBy: /^(one leader a term|promises|assertion)/,
    only: ["strikeNewLeaders", "crashLoop", "powerLoss"],
  },
  {
    name: "wiped-node-votes",
    breaks: "a node that lost its disk goes on under its old incarnation",
    edits: [
      {
        package: "world",
        file: "cluster.ts",
        find: "    this.crash(node);\n    this.#emptyDisk(node);\n    this.joining.ask(node);",
        replace:
          "    const { incarnation } = node;\n    this.crash(node);\n    this.#emptyDisk(node);\n    node.incarnation = incarnation;\n    node.start();",
      },
    ],
    caughtBy: AFTER_A_LOSS,
    only: ["wipe", "isolateLeader", "crash"],
  },
  {
    name: "old-term-committed-by-counting",
    breaks: "entries of earlier terms are committed by counting replicas",
    edits: [
      {
        package: "raft",
        file: "leadership.ts",
        find: "return index >= this.ownTermStart ? index : 0;",
        replace: "return index;",
      },
    ],
    caughtBy: /^(leader completeness|assertion|state-machine safety)/,
    only: ["strikeNewLeaders", "slowDisk"],
  },
  {
    name: "joint-quorum-over-the-union",
    breaks: "a joint configuration is one group of all its voters",
    edits: [
      {
        package: "raft",
        file: "quorum.ts",
        find: "    this.#voters = configuration.voters;\n    this.#outgoing = configuration.votersOutgoing;\n",
        replace:
          "    const { voters, votersOutgoing } = configuration;\n    this.#voters = [...voters, ...votersOutgoing.filter((o) => !voters.some((v) => v.id === o.id && v.incarnation === o.incarnation))];\n    this.#outgoing = [];\n",
      },
    ],
    caughtBy: /^(quorum intersection|leader completeness|one leader a term)/,
    nodes: 5,
    only: ["membership", "slowLink", "slowDisk", "slowLeaderDisk"],
  },
  {
    name: "lease-from-ack-time",
    breaks: "a lease counts from when its round was answered",
    edits: [
      {
        package: "raft",
        file: "lease.ts",
        find: "  /** Until the term ends. */",
        replace:
          "  answered(round: number, nowMs: number): void {\n    const at = this.#rounds.indexOf(round);\n    if (at >= 0) this.#sentMs[at] = nowMs;\n  }\n\n  /** Until the term ends. */",
      },
      {
        package: "raft",
        file: "leadership.ts",
        find: "    peer.roundEchoed = Math.max(peer.roundEchoed, message.readRound);",
        replace:
          "    const before = this.#quorum.reached(this.#roundOf);\n    peer.roundEchoed = Math.max(peer.roundEchoed, message.readRound);\n    const confirmed = this.#quorum.reached(this.#roundOf);\n    if (confirmed > before) this.lease.answered(confirmed, nowMs);",
      },
    ],
    caughtBy: /^(lease exclusion|committed reads|linearizability)/,
    only: ["pauseLeader", "slowLink"],
    durationMs: 30_000,
    readMode: "lease",
  },
  {
    name: "lease-not-void-after-restart",
    breaks: "a node that was restarted votes at once, though a lease may count on it",
    edits: [
      {
        package: "raft",
        file: "raft.ts",
        find: "newborn ? nowMs : nowMs + options.electionTimeoutMs;",
        replace: "nowMs;",
      },
    ],
    caughtBy: /^(lease exclusion|committed reads|linearizability)/,
    only: ["crashLoop", "partialPartition"],
    // Few writes: whoever is cut off from the leader, and from nobody else, lacks nothing and may win.
    mix: FEW_WRITES,
    durationMs: 30_000,
    readMode: "lease",
  },
  {
    name: "lease-back-after-a-transfer",
    breaks: "the lease counts again once a transfer was given up: TimeoutNow may still arrive",
    edits: [
      {
        package: "raft",
        file: "lease.ts",
        find: "  /** Until the term ends. */",
        replace:
          "  restore(): void {\n    this.#void = false;\n  }\n\n  /** Until the term ends. */",
      },
      {
        package: "raft",
        file: "raft.ts",
        find: "      leadership.transfer = null;\n      this.#onEvent",
        replace:
          "      leadership.transfer = null;\n      leadership.lease.restore();\n      this.#onEvent",
      },
    ],
    caughtBy: /^(lease exclusion|committed reads|linearizability)/,
    // Who sleeps when it is told to take over hears of it later: it must be level, so few writes.
    only: ["transfer", "pause"],
    mix: FEW_WRITES,
    durationMs: 30_000,
    readMode: "lease",
  },
  {
    name: "snapshot-without-membership",
    breaks: "an installed snapshot leaves the configuration as it was before",
    edits: [
      {
        package: "raft",
        file: "raft.ts",
        find: "    this.#configurations = [snapshot.configuration];",
        replace: "    this.#configurations = [this.#configurations[0] ?? snapshot.configuration];",
      },
    ],
    caughtBy: /^(configuration in force|quorum intersection|leader completeness|one leader a term)/,
    only: ["membership", "outrun", "transfer"],
  },
];
