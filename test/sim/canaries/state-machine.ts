/** Pieces of safety of the replica: what is executed, undone, applied and told. */

import type { Canary } from "./canary.js";

export const stateMachineCanaries: readonly Canary[] = [
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
        find: "      const isAudited = speculation.apply(entry.index, entry.payload, isNew);",
        replace:
          "      const isAudited = speculation.apply(entry.index, entry.payload, false);\n      if (this.#ports.random.next() < 0.02) speculation.apply(entry.index, entry.payload, false);",
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
    name: "append-applied-twice-unseen",
    breaks: "the same, and only the nodes look at each other's states",
    edits: [
      {
        package: "keyspace",
        file: "effects/apply-batch.ts",
        find: "      mutations.appendString(store, null, effect.key, effect.bytes);",
        replace:
          "      mutations.appendString(store, null, effect.key, effect.bytes);\n      mutations.appendString(store, null, effect.key, effect.bytes);",
      },
    ],
    caughtBy: /^audit/,
    muted: ["digest", "rollback equals rebuild"],
  },
  {
    name: "audit-forgets-what-changes",
    breaks: "what changes while an audit walks is not in its digest",
    edits: [
      {
        package: "keyspace",
        file: "digest/audit-walk.ts",
        find: "      this.add(shard, key, value);\n    }\n    this.note(shard, key);",
        replace: "    }\n    this.note(shard, key);",
      },
    ],
    caughtBy: /^audit/,
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
    only: ["isolateAndPauseLeader"],
    readMode: "quorum",
    mix: { clients: 12, keysPerModel: 1 },
    durationMs: 20_000,
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
    caughtBy: /^(revealed|committed reads|monotone reads|linearizability)/,
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
    mix: {
      operations: {
        register: 1,
        counter: 0.3,
        expiring: 0,
        volatile: 0,
        collection: 0,
        queue: 0,
        flush: 0.1,
        library: 0,
        echo: 0,
      },
    },
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
    name: "replies-at-once",
    breaks: "replication-mode async: replies leave before anybody else holds what they say",
    edits: [
      {
        package: "replica",
        file: "ack-policy.ts",
        find: '  return { mode, holdsReplies: mode === "raft" };',
        replace: "  return { mode, holdsReplies: false };",
      },
    ],
    caughtBy: /^acknowledged/,
  },
  {
    name: "exec-split-over-two-entries",
    breaks: "an EXEC is cut by sealing in its middle",
    edits: [
      {
        package: "replica",
        file: "replica.ts",
        find: "      this.#dispatcher.insideExec(session, row, argv);",
        replace:
          "      this.#dispatcher.insideExec(session, row, argv);\n    this.#executor.cut = () => { this.#sealer.sealOpen(); return this.nextIndex; };",
      },
      {
        package: "replica",
        file: "executor.ts",
        find: "  insideExec: (session: Session, row: CommandRow, argv: Argv) => void = () => undefined;",
        replace:
          "  insideExec: (session: Session, row: CommandRow, argv: Argv) => void = () => undefined;\n  cut: () => Index = () => 0;",
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
        find: "applied >= this.#catchUpTo && ",
        replace: "",
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
      {
        package: "replica",
        file: "speculation.ts",
        find: "    if (this.lastInFlight === 0) this.#forgetHazards();\n  }\n\n  /**\n   * F",
        replace: "  }\n\n  /**\n   * F",
      },
    ],
    caughtBy: /^(bounded memory|assertion)/,
  },
];
