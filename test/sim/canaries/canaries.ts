/**
 * What must be noticed: each canary takes one piece of safety out of a copy of the sources (patched.ts). The
 * seed that shows it is kept in ../../../docs/internals/simulator.md (see canary-table.ts).
 */

import type { FaultKind } from "../faults/faults.js";
import type { Mix } from "../workload/mix.js";
import type { Edit } from "./patched.js";

export interface Canary {
  readonly name: string;
  /** What the patch takes away, in words. */
  readonly breaks: string;
  readonly edits: readonly Edit[];
  /** Checkers that may be the first to see it. */
  readonly caughtBy: RegExp;
  /** Checkers that must not help, so that the others are shown to see it as well. */
  readonly muted?: readonly string[];
  /** Virtual ms with faults; as few as show it. */
  readonly durationMs?: number;
  readonly nodes?: number;
  /** Faults it needs, where drawn ones would be too rare. */
  readonly only?: readonly FaultKind[];
  readonly mix?: Partial<Mix>;
}

const AFTER_A_LOSS =
  /^(acknowledged|revealed|committed reads|linearizability|state-machine safety|leader completeness|quorum intersection|rollback|digest|assertion|log matching)/;

export const canaries: readonly Canary[] = [
  {
    name: "acknowledge-before-sync",
    breaks: "promises leave before the sync that keeps them",
    edits: [
      {
        package: "replica",
        file: "driver.ts",
        find: "if (this.#reported >= this.#handed) {",
        replace: "if (this.#reported >= 0) {",
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
        file: "driver.ts",
        find: "if (this.#reported >= this.#handed) {",
        replace: "if (this.#reported >= 0) {",
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
    caughtBy: AFTER_A_LOSS,
  },
  {
    name: "applied-twice",
    breaks: "an entry that is handed out again is applied again: no guard of its index",
    edits: [
      {
        package: "replica",
        file: "speculation.ts",
        find: '    assert(index === this.applied + 1, "each entry is applied once, in order");\n    assert(batchLogTimeMs',
        replace: "    assert(batchLogTimeMs",
      },
      {
        package: "replica",
        file: "driver.ts",
        find: "      speculation.apply(entry.index, entry.payload);",
        replace:
          "      speculation.apply(entry.index, entry.payload);\n      if (this.#ports.random.next() < 0.02) speculation.apply(entry.index, entry.payload);",
      },
    ],
    caughtBy: /^(digest|rollback|assertion|state-machine safety)/,
  },
  {
    name: "append-applied-twice",
    breaks: "followers append a suffix twice",
    edits: [
      {
        package: "keyspace",
        file: "effects/apply-batch.ts",
        find: "      mutations.appendString(store, null, effect.key, effect.bytes);",
        replace:
          "      mutations.appendString(store, null, effect.key, effect.bytes);\n      mutations.appendString(store, null, effect.key, effect.bytes);",
      },
    ],
    caughtBy: /^digest/,
  },
  {
    name: "reply-before-commit",
    breaks: "replies wait for nothing",
    edits: [
      {
        package: "replica",
        file: "reply-gate.ts",
        find: "const waits = needsRead || needsCommit > this.#committed;",
        replace: "const waits = false as boolean;",
      },
    ],
    caughtBy: /^(revealed|acknowledged|committed reads)/,
  },
  {
    name: "read-served-before-confirmation",
    breaks: "reads do not wait for leadership to be confirmed",
    edits: [
      {
        package: "replica",
        file: "reply-gate.ts",
        find: "const waits = needsRead || needsCommit > this.#committed;",
        replace: "needsRead = false; const waits = needsCommit > this.#committed;",
      },
    ],
    caughtBy: /^(committed reads|linearizability)/,
    only: ["isolateLeader", "pauseLeader"],
  },
  {
    name: "no-op-conditional-without-hazard",
    breaks: "a command that changed nothing does not wait for what it saw",
    edits: [
      {
        package: "replica",
        file: "executor.ts",
        find: "if (hazard > this.#greatestHazard) this.#greatestHazard = hazard;",
        replace: "if (hazard > Infinity) this.#greatestHazard = hazard;",
      },
    ],
    caughtBy: /^(revealed|committed reads|linearizability)/,
  },
  {
    name: "flushall-without-hazard-floor",
    breaks: "what FLUSHALL removed is told to be missing before it is committed",
    edits: [
      {
        package: "replica",
        file: "speculation.ts",
        find: "this.#hazardFloor = this.#openIndex;",
        replace: "",
      },
    ],
    caughtBy: /^(committed reads|linearizability)/,
  },
  {
    name: "expiry-by-local-clock",
    breaks: "a follower judges expiry by its own clock",
    edits: [
      {
        package: "replica",
        file: "executor.ts",
        find: 'txn.begin(keyspace.logTimeMs, "observe");',
        replace: 'txn.begin(this.#clock.wallMs(), "observe");',
      },
    ],
    caughtBy: /^monotone reads/,
  },
  {
    name: "undo-in-wrong-order",
    breaks: "undo is played oldest first",
    edits: [
      {
        package: "keyspace",
        file: "undo-journal.ts",
        find: "    while (this.tail > position) {\n      this.tail--;\n      const i = this.tail & mask;",
        replace:
          "    const end = this.tail;\n    while (this.tail > position) {\n      this.tail--;\n      const i = (position + end - 1 - this.tail) & mask;",
      },
    ],
    caughtBy: /^(digest|rollback equals rebuild|assertion)/,
  },
  {
    name: "rollback-to-newest-committed",
    breaks: "rollback keeps what is at or below the newest commit index, whoever's entry that is",
    edits: [
      {
        package: "replica",
        file: "speculation.ts",
        find: "  rollback(): void {\n",
        replace:
          "  rollback(commit: Index): void {\n    for (let next = this.#sealed[this.#sealedHead]; next !== undefined && next.index <= commit; next = this.#sealed[this.#sealedHead]) this.commitTo(next.term, next.index);\n",
      },
      {
        package: "replica",
        file: "driver.ts",
        find: "speculation.rollback();",
        replace: "speculation.rollback(ready.commit);",
      },
      {
        package: "replica",
        file: "driver.ts",
        find: "    const speculation = this.#speculation;\n    if (speculation.leading) {\n",
        replace:
          "    const speculation = this.#speculation;\n    if (entry.index <= speculation.applied) return;\n    if (speculation.leading) {\n",
      },
    ],
    caughtBy: /^(digest|rollback equals rebuild|assertion|state-machine safety|pointer chain)/,
  },
  {
    name: "rollback-forgets-log-time",
    breaks: "log time stays ahead after a rollback",
    edits: [
      {
        package: "replica",
        file: "speculation.ts",
        find: "this.keyspace.logTimeMs = this.#appliedLogTimeMs;",
        replace: "",
      },
    ],
    caughtBy: /^(rollback equals rebuild|digest|assertion)/,
  },
  {
    name: "exec-split-over-two-entries",
    breaks: "an EXEC is cut by sealing in its middle",
    edits: [
      {
        package: "replica",
        file: "replica.ts",
        find: "this.#executor.insideExec = (session, row) => this.#dispatcher.insideExec(session, row);",
        replace:
          "this.#executor.insideExec = (session, row) => this.#dispatcher.insideExec(session, row);\n    this.#executor.cut = () => { this.#seal(); return this.nextIndex; };",
      },
      {
        package: "replica",
        file: "executor.ts",
        find: "  insideExec: (session: Session, row: CommandRow) => void = () => undefined;",
        replace:
          "  insideExec: (session: Session, row: CommandRow) => void = () => undefined;\n  cut: () => Index = () => 0;",
      },
      {
        package: "replica",
        file: "executor.ts",
        find: "        if (failed !== null) break;",
        replace:
          "        if (failed !== null) break;\n        if (txn.effectCount === 1) this.#begin(this.cut());",
      },
    ],
    caughtBy: /^(transactions|assertion)/,
  },
  {
    name: "reads-before-caught-up",
    breaks: "a restarted node shows less than it had shown",
    edits: [
      {
        package: "replica",
        file: "driver.ts",
        find: "return this.#speculation.applied >= this.#catchUpTo;",
        replace: "return true as boolean;",
      },
    ],
    caughtBy: /^monotone reads/,
  },
  {
    name: "hazards-are-never-dropped",
    breaks: "what is committed is still remembered as uncommitted",
    edits: [
      {
        package: "replica",
        file: "speculation.ts",
        find: "if (index !== undefined && index <= this.#commitIndex) this.#hazards.delete(key);",
        replace: "",
      },
    ],
    caughtBy: /^(bounded memory|assertion)/,
  },
];
